package accounts

import (
	"context"
	"runtime"
	"sync/atomic"
)

// maxWaiting bounds the log-ins that wait for their arithmetic: those beyond it are told to come again.
const maxWaiting = 512

// arithmetic lets a few goroutines at a time do expensive sums, so that a storm of log-ins leaves half the
// processors to the data path.
type arithmetic struct {
	slots   chan struct{}
	waiting atomic.Int64
	done    atomic.Int64 // sums, for tests that count them
}

func newArithmetic() *arithmetic {
	return &arithmetic{slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// guess runs a sum for one who has proven nothing yet, when its turn comes.
func (a *arithmetic) guess(ctx context.Context, sum func()) error {
	if a.waiting.Add(1) > maxWaiting {
		a.waiting.Add(-1)
		return refuse(TooManyRequests, "too many people sign in at this moment; try again shortly")
	}
	defer a.waiting.Add(-1)
	return a.do(ctx, sum)
}

// do runs a sum for one who has proven who it is, when its turn comes. It is never told to come again: a refresh
// token must not be lost in a storm.
func (a *arithmetic) do(ctx context.Context, sum func()) error {
	select {
	case a.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-a.slots }()
	a.done.Add(1)
	sum()
	return nil
}
