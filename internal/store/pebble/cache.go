package pebble

import (
	"container/list"
	"hash/maphash"
	"sync"

	"freshet/internal/store"
)

// recordCache keeps the rows that were used last, and the knowledge that there is no row. What it holds
// is always the latest durable state: commits replace entries, and a reader may add what it read only if
// no commit touched that shard since its view.
type recordCache struct {
	seed   maphash.Seed
	shards [64]cacheShard
}

type cacheShard struct {
	mu      sync.Mutex
	entries map[store.Ref]*list.Element
	recent  list.List // of *cacheEntry, the latest used first
	bytes   int64
	limit   int64
	written uint64 // the latest group of commits that touched this shard
}

type cacheEntry struct {
	ref  store.Ref
	row  *row // nil: there is no such record
	size int64
}

func newRecordCache(limit int64) *recordCache {
	c := &recordCache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].entries = make(map[store.Ref]*list.Element)
		c.shards[i].limit = limit / int64(len(c.shards))
	}
	return c
}

func (c *recordCache) shard(ref store.Ref) *cacheShard {
	return &c.shards[maphash.String(c.seed, string(ref.Key))%uint64(len(c.shards))]
}

func (c *recordCache) get(ref store.Ref) (r *row, known bool) {
	s := c.shard(ref)
	s.mu.Lock()
	defer s.mu.Unlock()
	element, ok := s.entries[ref]
	if !ok {
		return nil, false
	}
	s.recent.MoveToFront(element)
	return element.Value.(*cacheEntry).row, true
}

// committed stores the state that a group of commits left.
func (c *recordCache) committed(ref store.Ref, r *row, group uint64) {
	s := c.shard(ref)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = group
	s.put(ref, r)
}

// read stores what a reader found in the view that group made.
func (c *recordCache) read(ref store.Ref, r *row, group uint64) {
	s := c.shard(ref)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written <= group {
		s.put(ref, r)
	}
}

// absent notes that there is no such record, unless something is known of it.
func (c *recordCache) absent(ref store.Ref) {
	s := c.shard(ref)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.entries[ref]; !known {
		s.put(ref, nil)
	}
}

func (s *cacheShard) put(ref store.Ref, r *row) {
	size := int64(100 + len(ref.Key))
	if r != nil {
		size = int64(r.size())
	}
	if element, ok := s.entries[ref]; ok {
		entry := element.Value.(*cacheEntry)
		s.bytes += size - entry.size
		entry.row, entry.size = r, size
		s.recent.MoveToFront(element)
	} else {
		s.entries[ref] = s.recent.PushFront(&cacheEntry{ref: ref, row: r, size: size})
		s.bytes += size
	}
	for s.bytes > s.limit && s.recent.Len() > 1 {
		oldest := s.recent.Remove(s.recent.Back()).(*cacheEntry)
		delete(s.entries, oldest.ref)
		s.bytes -= oldest.size
	}
}
