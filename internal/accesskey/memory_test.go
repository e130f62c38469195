package accesskey

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// memory is Documents in a map.
type memory struct {
	mu     sync.Mutex
	bodies map[Document][]byte
	fail   error // of every write
}

func (m *memory) Get(_ context.Context, kind, key string, value any) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, found := m.bodies[Document{kind, key}]
	if !found {
		return false, nil
	}
	return true, json.Unmarshal(body, value)
}

func (m *memory) Update(_ context.Context, documents []Document, change func([][]byte) ([][]byte, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	bodies := make([][]byte, len(documents))
	for i, d := range documents {
		bodies[i] = m.bodies[d]
	}
	next, err := change(bodies)
	if err != nil {
		return err
	}
	if m.bodies == nil {
		m.bodies = make(map[Document][]byte)
	}
	for i, d := range documents {
		if next[i] == nil {
			delete(m.bodies, d)
		} else {
			m.bodies[d] = next[i]
		}
	}
	return nil
}

func (m *memory) Under(_ context.Context, kind, prefix string, visit func(string, []byte) error) error {
	m.mu.Lock()
	bodies := maps.Clone(m.bodies)
	m.mu.Unlock()
	for _, d := range slices.SortedFunc(maps.Keys(bodies), func(a, b Document) int { return strings.Compare(a.Key, b.Key) }) {
		if d.Kind != kind || !strings.HasPrefix(d.Key, prefix) {
			continue
		}
		if err := visit(d.Key, bodies[d]); err != nil {
			return err
		}
	}
	return nil
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
