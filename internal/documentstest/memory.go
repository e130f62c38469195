// Package documentstest is for the tests of those who keep documents: Memory stands in for a store, and Run holds
// it and the true one to the same contract.
package documentstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"freshet"
)

// Memory is Documents in a map. Like a store, it finds out at the end of an update whether another one was faster
// with what changes. The zero value is empty.
type Memory struct {
	mu       sync.Mutex
	stored   map[freshet.Document]versioned
	fail     error
	accesses int
	writes   int
}

type versioned struct {
	body    []byte // nil: taken away
	version int
}

var _ freshet.Documents = (*Memory)(nil)

// Get decodes a document into value, and tells whether there is one.
func (m *Memory) Get(_ context.Context, document freshet.Document, value any) (bool, error) {
	m.mu.Lock()
	m.accesses++
	v := m.stored[document]
	m.mu.Unlock()
	if v.body == nil {
		return false, nil
	}
	return true, json.Unmarshal(v.body, value)
}

// Update changes some documents, all or none.
func (m *Memory) Update(_ context.Context, documents []freshet.Document, change func([][]byte) ([][]byte, error)) error {
	for {
		before, bodies := m.read(documents)
		next, err := change(bodies)
		if err != nil {
			return err
		}
		if stale, err := m.commit(documents, before, next); !stale {
			return err
		}
	}
}

func (m *Memory) read(documents []freshet.Document) (before []versioned, bodies [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accesses++
	for _, d := range documents {
		before = append(before, m.stored[d])
		bodies = append(bodies, m.stored[d].body)
	}
	return before, bodies
}

func (m *Memory) commit(documents []freshet.Document, before []versioned, next [][]byte) (stale bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed := make(map[freshet.Document]versioned)
	for i, d := range documents {
		if (before[i].body == nil) == (next[i] == nil) && bytes.Equal(before[i].body, next[i]) {
			continue
		}
		if m.stored[d].version != before[i].version {
			return true, nil
		}
		if next[i] != nil && !json.Valid(next[i]) {
			return false, fmt.Errorf("%s is no JSON", next[i])
		}
		changed[d] = versioned{next[i], before[i].version + 1}
	}
	if m.fail != nil && len(changed) > 0 {
		return false, m.fail
	}
	if m.stored == nil {
		m.stored = make(map[freshet.Document]versioned)
	}
	if len(changed) > 0 {
		m.writes++
	}
	maps.Copy(m.stored, changed)
	return false, nil
}

// Under calls visit with every document of a kind whose key begins with a prefix, in the order of the keys.
func (m *Memory) Under(_ context.Context, kind freshet.ModelName, prefix string, visit func(string, []byte) error) error {
	bodies := make(map[string][]byte)
	for d, body := range m.All() {
		if d.Kind == kind && strings.HasPrefix(d.Key, prefix) {
			bodies[d.Key] = body
		}
	}
	for _, key := range slices.Sorted(maps.Keys(bodies)) {
		if err := visit(key, bodies[key]); err != nil {
			return err
		}
	}
	return nil
}

// Fail has every update that changes something fail from now on; nil lets them through again.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// Set writes a body as another server might, nil to take it away.
func (m *Memory) Set(document freshet.Document, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stored == nil {
		m.stored = make(map[freshet.Document]versioned)
	}
	m.stored[document] = versioned{body, m.stored[document].version + 1}
}

// All gives what lies there.
func (m *Memory) All() map[freshet.Document][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	bodies := make(map[freshet.Document][]byte)
	for d, v := range m.stored {
		if v.body != nil {
			bodies[d] = v.body
		}
	}
	return bodies
}

// Count gives how many documents there are of a kind.
func (m *Memory) Count(kind freshet.ModelName) (n int) {
	for d := range m.All() {
		if d.Kind == kind {
			n++
		}
	}
	return n
}

// String gives all that lies there, as text.
func (m *Memory) String() string {
	var lines []string
	for d, body := range m.All() {
		lines = append(lines, fmt.Sprintf("%s %s %s\n", d.Kind, d.Key, body))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// Accesses gives how often documents were read or updated, for those who must not betray what is there.
func (m *Memory) Accesses() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.accesses
}

// Writes gives how many updates changed something: those a store waits for.
func (m *Memory) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}
