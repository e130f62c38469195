package server

import (
	"context"
	"fmt"
	"sort"
	"time"

	"freshet"
	"freshet/internal/store"
)

const trimEvery = time.Hour

// trimOften forgets what is older than it has to be kept, until ctx is done.
func (s *Server) trimOften(ctx context.Context) {
	ticker := time.NewTicker(trimEvery)
	defer ticker.Stop()
	for {
		if err := trim(ctx, s.store, s.now(), s.cfg.KeepTombstones, s.cfg.KeepHistory); err != nil && ctx.Err() == nil {
			s.logger.Error("old removals and history were not forgotten", "err", err)
		}
		if err := s.people.trim(ctx, s.now(), s.cfg.KeepAudit); err != nil && ctx.Err() == nil {
			s.logger.Error("old sessions, codes and audit entries were not forgotten", "err", err)
		}
		if s.agenda != nil {
			if err := s.agenda.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.logger.Error("keys of calendars that are gone were not revoked", "err", err)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// trimmable is the part of a store that a trim needs.
type trimmable interface {
	Head() store.Head
	History(ctx context.Context, query store.HistoryQuery) ([]freshet.Change, error)
	Trim(ctx context.Context, trim store.Trim) error
}

func trim(ctx context.Context, st trimmable, now time.Time, keepTombstones, keepHistory time.Duration) error {
	var t store.Trim
	var err error
	if keepTombstones != Forever {
		if t.Removals, err = seqAt(ctx, st, now.Add(-keepTombstones)); err != nil {
			return err
		}
	}
	if keepHistory != Forever {
		last, err := seqAt(ctx, st, now.Add(-keepHistory))
		if err != nil {
			return err
		}
		t.History = last + 1
	}
	if head := st.Head(); t.Removals <= head.Trimmed && t.History <= head.History {
		return nil
	}
	return st.Trim(ctx, t)
}

// seqAt gives the place of the last change up to a time. It is 0 where no such change is kept: how old
// those are that are not kept any more, nobody knows.
func seqAt(ctx context.Context, log trimmable, t time.Time) (freshet.Seq, error) {
	head, at := log.Head(), freshet.MillisOf(t)
	if head.Seq < head.History {
		return 0, nil // no change is kept
	}
	var failed error
	// Commit times never go back, so the changes after t are those from some place on.
	n := sort.Search(int(head.Seq-head.History)+1, func(i int) bool {
		if failed != nil {
			return true
		}
		changes, err := log.History(ctx, store.HistoryQuery{After: head.History + freshet.Seq(i) - 1, Limit: 1})
		if err != nil || len(changes) == 0 {
			failed = fmt.Errorf("read change %d: %w", head.History+freshet.Seq(i), err)
			return true
		}
		return changes[0].At > at
	})
	if failed != nil || n == 0 {
		return 0, failed
	}
	return head.History + freshet.Seq(n) - 1, nil
}
