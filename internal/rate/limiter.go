// Package rate slows callers who ask for the same thing again and again, each on its own account.
//
// Its invariant: over any time t a caller is admitted no more than Burst + t/Every times, as long as no more than
// maxCallers are known at once; the counts lie in the memory of the process.
package rate

import (
	"sync"
	"time"
)

// maxCallers bounds the callers that are counted at once. Over it new ones are not counted.
const maxCallers = 100_000

// Limiter admits each caller Burst times at once, and once every Every from then on. Its fields are not changed
// after the first use; its methods may be called concurrently.
type Limiter struct {
	Every time.Duration
	Burst int

	mu    sync.Mutex
	spent map[string]time.Time // by caller: when all that it was admitted to is paid for
	swept time.Time
}

// Admits counts a request of a caller, and tells whether it may pass. One that may not is not counted.
func (l *Limiter) Admits(caller string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over(caller, now) {
		return false
	}
	l.count(caller, now)
	return true
}

// Over tells whether a caller has had all that it may have for now.
func (l *Limiter) Over(caller string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over(caller, now)
}

// Count counts something of a caller, admitted or not: what is over the burst is paid for by a longer wait.
func (l *Limiter) Count(caller string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(caller, now)
}

func (l *Limiter) over(caller string, now time.Time) bool {
	return l.spent[caller].Sub(now) > time.Duration(l.Burst-1)*l.Every
}

func (l *Limiter) count(caller string, now time.Time) {
	spent, known := l.spent[caller]
	if spent.Before(now) {
		spent = now
	}
	if known || l.hasRoom(now) {
		l.spent[caller] = spent.Add(l.Every)
	}
}

// hasRoom tells whether another caller can be counted. Those who have paid are forgotten for it, now and then.
func (l *Limiter) hasRoom(now time.Time) bool {
	if l.spent == nil {
		l.spent = make(map[string]time.Time)
	}
	if len(l.spent) >= maxCallers && now.Sub(l.swept) >= l.Every {
		l.swept = now
		for caller, spent := range l.spent {
			if !spent.After(now) {
				delete(l.spent, caller)
			}
		}
	}
	return len(l.spent) < maxCallers
}
