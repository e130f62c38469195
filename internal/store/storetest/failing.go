package storetest

import (
	"context"
	"sync"

	"freshet"
	"freshet/internal/store"
)

// Failing is a store whose commits fail when they are told to, for the tests of what stands above a store.
type Failing struct {
	store.Store

	mu    sync.Mutex
	plans []Failure
}

// Failure is how a commit fails.
type Failure int

// The failures.
const (
	Works      Failure = iota
	Refused            // nothing is written
	AnswerLost         // the commit is durable, and the caller is not told
)

// Plan says how the next commits go, in their order; those after them work.
func (f *Failing) Plan(failures ...Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plans = append(f.plans, failures...)
}

func (f *Failing) next() Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.plans) == 0 {
		return Works
	}
	plan := f.plans[0]
	f.plans = f.plans[1:]
	return plan
}

// Commit commits, or fails as planned with the code unavailable.
func (f *Failing) Commit(ctx context.Context, batch store.Batch) (store.Receipt, error) {
	plan := f.next()
	if plan == Refused {
		return store.Receipt{}, freshet.Errorf(freshet.Unavailable, "the store was told to refuse")
	}
	receipt, err := f.Store.Commit(ctx, batch)
	if err == nil && plan == AnswerLost {
		return store.Receipt{}, freshet.Errorf(freshet.Unavailable, "the store was told to lose its answer")
	}
	return receipt, err
}
