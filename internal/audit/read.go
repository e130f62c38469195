package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Query asks for entries.
type Query struct {
	Since  time.Time // zero: all that are kept
	Who    []string  // only what has to do with one of these, and what was left out; empty: everything
	Follow bool      // go on with those to come, until ctx is done
}

const shownAtOnce = 500

// Read calls visit with entries in their order, some at a time. An error of visit ends it and is returned.
func (l *Log) Read(ctx context.Context, q Query, visit func([]Entry) error) error {
	if err := l.flush(ctx, false); err != nil {
		return fmt.Errorf("write what waits: %w", err)
	}
	from := keyAt(q.Since)
	for {
		written := l.nextWritten()
		last, err := l.read(ctx, from, q.Who, visit)
		if err != nil || !q.Follow {
			return err
		}
		if last != "" {
			from = last + "\x00" // behind it
		}
		select {
		case <-written:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// nextWritten gives what is closed when more is in the store.
func (l *Log) nextWritten() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written
}

// read visits what there is from a key on, and gives the last key that it saw.
func (l *Log) read(ctx context.Context, from string, who []string, visit func([]Entry) error) (last string, err error) {
	var list []Entry
	err = l.documents.From(ctx, kind, from, func(key string, body []byte) error {
		last = key
		var e Entry
		if err := json.Unmarshal(body, &e); err != nil {
			return fmt.Errorf("audit entry %s: %w", key, err)
		}
		if len(who) > 0 && e.What != Omitted && !slices.Contains(who, e.Who) {
			return nil
		}
		if list = append(list, e); len(list) < shownAtOnce {
			return nil
		}
		err := visit(list)
		list = nil
		return err
	})
	if err == nil && len(list) > 0 {
		err = visit(list)
	}
	return last, err
}
