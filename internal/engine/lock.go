package engine

import (
	"slices"
	"sync"

	"freshet/internal/store"
)

// keyLocks let one write at a time prepare and commit a record, so that writers of the same record in
// this process wait for each other instead of finding their work stale. They are no guard: the store's
// versions are.
type keyLocks struct {
	mu   sync.Mutex
	held map[store.Ref]*keyLock
}

type keyLock struct {
	sync.Mutex
	users int
}

// lock locks records, in an order of its own so that two callers cannot wait for each other.
func (l *keyLocks) lock(refs ...store.Ref) (unlock func()) {
	if len(refs) > 1 {
		slices.SortFunc(refs, compareRefs)
		refs = slices.Compact(refs)
	}
	locks := make([]*keyLock, len(refs))
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[store.Ref]*keyLock)
	}
	for i, ref := range refs {
		lock := l.held[ref]
		if lock == nil {
			lock = new(keyLock)
			l.held[ref] = lock
		}
		lock.users++
		locks[i] = lock
	}
	l.mu.Unlock()
	for _, lock := range locks {
		lock.Lock()
	}
	return func() {
		for _, lock := range locks {
			lock.Unlock()
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, lock := range locks {
			if lock.users--; lock.users == 0 {
				delete(l.held, refs[i])
			}
		}
	}
}

func compareRefs(a, b store.Ref) int {
	switch {
	case a.Model < b.Model, a.Model == b.Model && a.Key < b.Key:
		return -1
	case a == b:
		return 0
	}
	return 1
}
