package accounts

import (
	"sync"
	"time"
)

// liveSize bounds the sessions that are believed without a look at the store.
const liveSize = 20_000

// liveCache remembers sessions that were not over a moment ago.
type liveCache struct {
	mu       sync.Mutex
	until    map[liveKey]time.Time
	removals uint64
}

type liveKey struct{ user, session string }

// get tells whether a session is believed; if not, the count says what put may rely on.
func (c *liveCache) get(userID, sessionID string, now time.Time) (live bool, removals uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	until, found := c.until[liveKey{userID, sessionID}]
	return found && now.Before(until), c.removals
}

// put remembers a session, unless one was removed since the count: it may have been read before that.
func (c *liveCache) put(userID, sessionID string, until time.Time, removals uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.removals != removals {
		return
	}
	if c.until == nil {
		c.until = make(map[liveKey]time.Time)
	}
	for other := range c.until { // in no order, so any one goes
		if len(c.until) < liveSize {
			break
		}
		delete(c.until, other)
	}
	c.until[liveKey{userID, sessionID}] = until
}

func (c *liveCache) remove(userID, sessionID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removals++
	delete(c.until, liveKey{userID, sessionID})
}
