//go:build race

package accounts

// raceEnabled spares tests of arithmetic, which find no races and take ten times as long with the detector.
const raceEnabled = true
