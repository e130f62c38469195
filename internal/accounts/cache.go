package accounts

import (
	"crypto/sha256"
	"sync"
	"time"

	"freshet"
)

const (
	// verifiedSize bounds the verified tokens in memory, by the bytes of their text: some 10,000.
	verifiedSize = 10 << 20
	// liveSize bounds the sessions that are believed without a look at the store.
	liveSize = 20_000
)

// tokenCache remembers tokens that were verified: an RSA signature takes much longer to verify than a hash.
type tokenCache struct {
	mu     sync.Mutex
	tokens map[[sha256.Size]byte]verifiedToken
	size   int
}

type verifiedToken struct {
	identity      freshet.Identity
	use           string // access or id
	user, session string
	scope         string
	expires       time.Time
	size          int
}

// get finds a token that was verified and has not expired since.
func (c *tokenCache) get(sum [sha256.Size]byte, now time.Time) (verifiedToken, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, found := c.tokens[sum]
	if found && !now.Before(v.expires) {
		c.remove(sum)
		return verifiedToken{}, false
	}
	return v, found
}

func (c *tokenCache) put(sum [sha256.Size]byte, v verifiedToken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil {
		c.tokens = make(map[[sha256.Size]byte]verifiedToken)
	}
	c.remove(sum)
	for other := range c.tokens { // in no order, so any one goes
		if c.size+v.size <= verifiedSize {
			break
		}
		c.remove(other)
	}
	c.tokens[sum] = v
	c.size += v.size
}

func (c *tokenCache) remove(sum [sha256.Size]byte) {
	c.size -= c.tokens[sum].size
	delete(c.tokens, sum)
}

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
