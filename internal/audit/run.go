package audit

import (
	"context"
	"encoding/json"
	"time"

	"freshet"
	"freshet/internal/accounts"
)

const (
	page       = 500         // entries in one commit
	tellEvery  = time.Minute // omitted entries are counted into one
	retryAfter = time.Second // a commit that failed
)

// Run writes what is recorded, until ctx is done; what waits then is for Close.
func (l *Log) Run(ctx context.Context) {
	tell := time.NewTicker(tellEvery)
	defer tell.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tell.C:
		case <-l.wake:
		}
		if err := l.flush(ctx, false); err != nil && ctx.Err() == nil {
			l.opts.Logger.ErrorContext(ctx, "audit entries are not kept yet", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(retryAfter):
				l.signal()
			}
		}
	}
}

// Close writes what still waits. It is idempotent, and comes after Run.
func (l *Log) Close() error { return l.flush(context.Background(), true) }

// flush writes what waits; with all, also what is only counted so far.
func (l *Log) flush(ctx context.Context, all bool) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	l.tellOmitted(all)
	for {
		next := l.take()
		if len(next) == 0 {
			return nil
		}
		if err := l.write(ctx, next); err != nil {
			l.mu.Lock()
			l.waiting = append(next, l.waiting...)
			l.mu.Unlock()
			return err
		}
	}
}

// tellOmitted makes an entry of what was left out, when it is time.
func (l *Log) tellOmitted(all bool) {
	now := l.opts.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !all && now.Sub(l.told) < tellEvery {
		return
	}
	l.told = now
	for of := range l.flows {
		if n := l.flows[of].omitted; n > 0 {
			l.flows[of].omitted = 0
			at := now.UTC().Truncate(time.Millisecond)
			l.add(of, Entry{Entry: accounts.Entry{At: at, What: Omitted, Outcome: flowNames[of]}, Omitted: n})
		}
	}
}

func (l *Log) take() []waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.waiting), page)
	next := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	return next
}

// write commits entries together.
func (l *Log) write(ctx context.Context, list []waiting) error {
	documents, bodies := make([]freshet.Document, len(list)), make([][]byte, len(list))
	for i, w := range list {
		body, err := json.Marshal(w.entry)
		if err != nil {
			return err
		}
		documents[i], bodies[i] = freshet.Document{Kind: kind, Key: w.key}, body
	}
	err := l.documents.Update(context.WithoutCancel(ctx), documents, func([][]byte) ([][]byte, error) { return bodies, nil })
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.written)
	l.written = make(chan struct{})
	return nil
}

func (l *Log) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
