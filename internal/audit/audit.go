// Package audit keeps what happened to accounts, keys and mail: who did what, from where, with what outcome.
//
// Its invariants: whoever records never waits for the store; what was recorded lies there once Close has
// returned; and no flood of requests makes it grow without bound: what is over the bound is counted in place of
// being kept. It stands beside the path of a write: doors and the user pool record, Run writes, an operator reads.
package audit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/engine"
)

// kind is that of the documents that hold the entries.
const kind freshet.ModelName = "_Audit"

// Entry is what is kept of one thing that happened.
type Entry struct {
	accounts.Entry
	Omitted int `json:"omitted,omitempty"` // of an entry Omitted: how many entries it stands for
}

// Omitted is the What of an entry that stands for others, which came faster than they are kept; its Outcome
// says whose they were: strangers, users or operators. It comes within a minute of them, or when the log closes.
const Omitted = "Omitted"

// Options tune a log. The zero value is the default.
type Options struct {
	Logger *slog.Logger     // gets a line of every entry, kept or not; default: discards
	Level  slog.Level       // of these lines
	Now    func() time.Time // default time.Now
}

// Log is the entries. Its methods may be called at the same time.
type Log struct {
	documents engine.Documents
	opts      Options
	wake      chan struct{} // holds one signal: something waits
	turn      chan struct{} // held by the one who writes

	mu      sync.Mutex
	waiting []waiting
	last    int64 // milliseconds in the last key
	number  int   // of the last key
	flows   [flows]flow
	told    time.Time     // when omitted entries were last counted into an entry
	written chan struct{} // closed when more is in the store
}

type waiting struct {
	key   string
	entry Entry
}

var _ accounts.Audit = (*Log)(nil)

// New makes a log over the server's own records.
func New(documents engine.Documents, opts Options) *Log {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Log{
		documents: documents, opts: opts, told: opts.Now(),
		wake: make(chan struct{}, 1), turn: make(chan struct{}, 1), written: make(chan struct{}),
	}
}

// Record takes an entry, and returns at once. An entry without a time gets the one of now.
func (l *Log) Record(ctx context.Context, e accounts.Entry) {
	now := l.opts.Now()
	if e.At.IsZero() {
		e.At = now.UTC().Truncate(time.Millisecond)
	}
	l.opts.Logger.LogAttrs(ctx, l.opts.Level, "audit", slog.String("what", e.What), slog.String("who", e.Who), slog.String("by", e.By),
		slog.String("client", e.Client), slog.String("from", e.From), slog.String("outcome", e.Outcome))
	l.mu.Lock()
	defer l.mu.Unlock()
	of := flowOf(e)
	if len(l.waiting) >= maxWaiting || !l.flows[of].admits(rates[of], now) {
		l.flows[of].omitted++
		return
	}
	l.add(of, Entry{Entry: e})
}

// add puts an entry behind those that wait. Its caller holds mu.
func (l *Log) add(of int, e Entry) {
	l.last = max(l.last, e.At.UnixMilli())
	l.number++
	l.waiting = append(l.waiting, waiting{newKey(l.last, l.number, of), e})
	l.signal()
}
