package apitest

import (
	"context"
	"slices"
	"sync"

	"freshet/internal/accounts"
)

// Journal is an audit that tests read.
type Journal struct {
	mu      sync.Mutex
	entries []accounts.Entry
}

// Record keeps an entry.
func (j *Journal) Record(_ context.Context, e accounts.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
}

// Entries gives all that was kept.
func (j *Journal) Entries() []accounts.Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// Take gives what was kept since the last time.
func (j *Journal) Take() []accounts.Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	taken := j.entries
	j.entries = nil
	return taken
}
