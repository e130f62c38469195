package tokencache

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCache: the cache stays within its size, and holds what was put last.
func TestCache(t *testing.T) {
	var cache Cache[int]
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	until := now.Add(time.Hour)
	const size, n = 16 << 10, 2 * maxBytes / (16 << 10)
	token := func(i int) string { return fmt.Sprintf("%06d", i) + strings.Repeat("x", size-6) }
	for i := range n {
		cache.Put(token(i), 0, now)
		cache.Put(token(i), i, until)
		if got, found := cache.Get(token(i), now); !found || got != i {
			t.Fatalf("token %d is %d, %t", i, got, found)
		}
	}
	if cache.size != maxBytes || len(cache.tokens) != maxBytes/size {
		t.Errorf("%d tokens of %d bytes", len(cache.tokens), cache.size)
	}
	if _, found := cache.Get(token(n-1), until.Add(-1)); !found {
		t.Error("a token is forgotten too early")
	}
	for i := range n {
		if _, found := cache.Get(token(i), until); found {
			t.Errorf("token %d is there beyond its time", i)
		}
	}
	if cache.size != 0 || len(cache.tokens) != 0 {
		t.Errorf("of the tokens that had their time %d stay, of %d bytes", len(cache.tokens), cache.size)
	}
}
