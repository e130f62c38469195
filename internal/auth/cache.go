package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"freshet"
)

const (
	// cacheSize bounds the verified tokens in memory, by the bytes of their text: some 10,000 of the usual
	// kilobyte.
	cacheSize = 10 << 20

	// cacheAge is for how long a token is not verified again. A key that its issuer withdraws counts for
	// keysAge and cacheAge at most.
	cacheAge = 10 * time.Minute
)

// tokenCache remembers tokens that were verified: an RSA signature takes 47 µs to verify, a hash of the
// token 1. It holds no token that was refused, so callers without a good one cannot fill it.
type tokenCache struct {
	mu     sync.Mutex
	tokens map[[sha256.Size]byte]verifiedToken
	size   int
}

type verifiedToken struct {
	identity freshet.Identity
	expires  time.Time
	verified time.Time
	size     int
}

// get finds a token that was verified lately and has not expired since.
func (c *tokenCache) get(sum [sha256.Size]byte, now time.Time) (verifiedToken, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, found := c.tokens[sum]
	if found && (!now.Before(v.expires) || now.Sub(v.verified) >= cacheAge) {
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
		if c.size+v.size <= cacheSize {
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
