package audit

import (
	"crypto/rand"
	"fmt"
	"time"
)

// A key is the time, a number, the flow and something random: 019cb9a1b800-00002a-1kqzj4m. So keys rise in the order
// in which entries were recorded, and what is too old or too many is found without a look into them.

func newKey(millis int64, number, of int) string {
	return fmt.Sprintf("%s-%06x-%d%s", keyAt(time.UnixMilli(millis)), number&0xffffff, of, rand.Text()[:6])
}

// keyAt gives what the keys of a time begin with.
func keyAt(at time.Time) string { return fmt.Sprintf("%012x", max(0, at.UnixMilli())) }

const flowPlace = 12 + 1 + 6 + 1 // in a key

// flowIn gives the flow of the entry that has a key.
func flowIn(key string) int {
	if len(key) <= flowPlace || key[flowPlace] < '0' || key[flowPlace] >= '0'+flows {
		return strangers
	}
	return int(key[flowPlace] - '0')
}
