// Package tokencache remembers what tokens proved, so that one is not verified with each request: an RSA signature
// takes 47 µs to verify, a hash of the token 1.
//
// Its invariant: it is bounded in bytes, and gives nothing beyond the time for which it was put in. Only tokens that
// were verified belong into it, so that callers without a good one cannot fill it.
package tokencache

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxBytes bounds the tokens in memory by the bytes of their text: some 10,000 of the usual kilobyte.
const maxBytes = 10 << 20

// Cache keeps a value for each token. The zero value is empty; its methods may be called at the same time.
type Cache[V any] struct {
	mu     sync.Mutex
	tokens map[sum]entry[V]
	size   int // bytes
}

type sum [sha256.Size]byte

type entry[V any] struct {
	value V
	until time.Time
	size  int // bytes
}

// Get gives the value of a token that was put for longer than now.
func (c *Cache[V]) Get(token string, now time.Time) (value V, found bool) {
	key := sum(sha256.Sum256([]byte(token)))
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found := c.tokens[key]
	if found && !now.Before(e.until) {
		c.remove(key)
		return value, false
	}
	return e.value, found
}

// Put keeps the value of a token until a time, or until others need the room.
func (c *Cache[V]) Put(token string, value V, until time.Time) {
	key := sum(sha256.Sum256([]byte(token)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil {
		c.tokens = make(map[sum]entry[V])
	}
	c.remove(key)
	for other := range c.tokens { // in no order, so any one goes
		if c.size+len(token) <= maxBytes {
			break
		}
		c.remove(other)
	}
	c.tokens[key] = entry[V]{value, until, len(token)}
	c.size += len(token)
}

func (c *Cache[V]) remove(key sum) {
	c.size -= c.tokens[key].size
	delete(c.tokens, key)
}
