package accounts

import (
	"context"
	"encoding/hex"
	"math"
	"strings"
	"time"

	"freshet"
	"freshet/internal/rate"
)

// How guessing is slowed. Every guess is counted before it is made, by account and by the network it comes
// from (a pair), and taken back when it was right.
//
//   - A pair has five guesses; then it waits 1 s after the last, 2 s, 4 s, ... 15 min. A stranger elsewhere is
//     another pair, so nobody can lock the owner out.
//   - An account that many pairs guess at costs more: while it has seen heavyGuessing wrong guesses of late, a
//     network that its owner has not signed in from has one guess in place of five, and waits from 30 s on. The
//     owner on a new network still gets in with the right password at the first try.
//   - Refresh tokens and the sessions of those who are signed in do not come by here.
//
// What one network guesses over many accounts is for the door to slow.
const (
	freeGuesses   = 5
	firstWait     = time.Second
	heavyGuessing = 50
	heavyFree     = 1
	heavyWait     = 30 * time.Second
	longestWait   = 15 * time.Minute
	guessHalfLife = time.Hour           // of an account's count
	guessMemory   = 24 * time.Hour      // of a pair's count, since its last guess
	knownMemory   = 90 * 24 * time.Hour // of a network that the owner signed in from
)

// attempts is what is kept of an account or of a pair.
type attempts struct {
	Failures float64   `json:"failures"`
	At       time.Time `json:"at"`             // the last guess
	Known    time.Time `json:"known,omitzero"` // the last right one of a pair, of any kind; it is with those at the password
	Until    time.Time `json:"until"`          // kept
}

// attempt is a guess that was counted as wrong.
type attempt struct {
	pool           *Pool
	of, pair, home freshet.Document
	atHome         bool // the owner has signed in from the network
}

// attempt counts a guess at an account: at the password of a user's id, or at something else of the user, which
// stands before it with a colon. Errors, when the pair has to wait: NotAuthorized, and TooManyFailedAttempts for what is
// no password.
func (p *Pool) attempt(ctx context.Context, account, address string) (*attempt, error) {
	network := " " + hex.EncodeToString(mac(p.secrets.codes, "network", rate.NetworkOf(address))[:16])
	counts := func(key string) freshet.Document { return freshet.Document{Kind: kindAttempt, Key: key} }
	id := account[strings.IndexByte(account, ':')+1:]
	a := &attempt{pool: p, of: counts(account), pair: counts(account + network), home: counts(id + network)}
	err := p.update(ctx, []freshet.Document{a.of, a.pair, a.home}, func(e *edit) error {
		now := p.now()
		var of, pair, home attempts
		e.get(a.of, &of)
		e.get(a.pair, &pair)
		e.get(a.home, &home)
		a.atHome = now.Sub(home.Known) < knownMemory
		of.At, pair.At = earlier(of.At, now), earlier(pair.At, now)
		of.fade(now)
		if now.Sub(pair.At) >= guessMemory {
			pair.Failures = 0
		}
		if wait := pair.At.Add(waitFor(of, pair, a.atHome)).Sub(now); wait > 0 {
			if id != account {
				return refuse(TooManyFailedAttempts, "Attempt limit exceeded, please try after some time: in %v.", wait.Round(time.Second))
			}
			return refuse(NotAuthorized, "Password attempts exceeded; try again in %v.", wait.Round(time.Second))
		}
		of.count(now, guessMemory)
		pair.count(now, max(guessMemory, pair.Known.Add(knownMemory).Sub(now)))
		e.put(a.of, of)
		e.put(a.pair, pair)
		return nil
	})
	return a, err
}

// succeeded takes the guess back: it was right. The network is known from now on.
func (a *attempt) succeeded(ctx context.Context) error {
	return a.pool.update(ctx, []freshet.Document{a.of, a.pair, a.home}, func(e *edit) error {
		now := a.pool.now()
		var of, home attempts
		if e.get(a.of, &of) {
			of.Failures = max(0, of.Failures-1)
			e.put(a.of, of)
		}
		e.put(a.pair, attempts{At: now, Until: now.Add(guessMemory)})
		e.get(a.home, &home)
		home.Known, home.Until = now, now.Add(knownMemory)
		e.put(a.home, home)
		return nil
	})
}

func waitFor(of, pair attempts, atHome bool) time.Duration {
	free, wait := freeGuesses, firstWait
	if of.Failures >= heavyGuessing && !atHome {
		free, wait = heavyFree, heavyWait
	}
	over := int(pair.Failures) - free
	if over < 0 {
		return 0
	}
	return min(wait<<min(over, 10), longestWait)
}

// earlier keeps a clock that was ahead, and is set right, from making anybody wait for where it was.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (a *attempts) fade(now time.Time) {
	a.Failures *= math.Exp2(-float64(now.Sub(a.At)) / float64(guessHalfLife))
}

func (a *attempts) count(now time.Time, kept time.Duration) {
	a.Failures++
	a.At, a.Until = now, now.Add(kept)
}
