package pebble

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"freshet"
	"freshet/internal/store"
)

const trimStepSize = 500 // graves that one step of a trim looks at

// trimStep is a part of a trim that goes through the committer, among the batches.
type trimStep struct {
	store.Trim
	after freshet.Seq // graves up to here were looked at
	more  bool
}

// Trim forgets old removals and old history, step by step.
func (d *DB) Trim(ctx context.Context, trim store.Trim) error {
	head := d.Head()
	step := &trimStep{Trim: store.Trim{
		Removals: max(head.Trimmed, min(trim.Removals, head.Seq)),
		History:  max(head.History, min(trim.History, head.Seq+1)),
	}}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := d.committer.do(&request{trim: step, done: make(chan struct{})}); err != nil {
			return err
		}
		if !step.more {
			return nil
		}
	}
}

// trim adds one step to the group.
func (c *committer) trim(g *group, step *trimStep) error {
	w := writer{committer: c, batch: g.batch}
	seen := 0
	err := scan(c.db.db, appendGraveKey(nil, step.after+1), appendGraveKey(nil, step.Removals+1), func(key, value []byte) error {
		if seen++; seen > trimStepSize {
			return errFull
		}
		step.after = seqOf(key)
		old, err := decodeGrave(value)
		if err != nil {
			return err
		}
		w.delete(key)
		return w.bury(g, step.after, &old)
	})
	step.more = errors.Is(err, errFull)
	if err != nil && !step.more {
		return err
	}
	if !step.more {
		if err := w.forgetClients(step.Removals); err != nil {
			return err
		}
		if step.History > c.head.History {
			if err := g.batch.DeleteRange(appendLogKey(nil, 0), appendLogKey(nil, step.History), nil); err != nil {
				return err
			}
			c.head.History = step.History
		}
	}
	c.head.Trimmed = max(c.head.Trimmed, step.Removals)
	w.scratch = binary.AppendUvarint(w.scratch[:0], uint64(c.head.Trimmed))
	w.scratch = binary.AppendUvarint(w.scratch, uint64(c.head.History))
	w.set(keyTrim, w.scratch)
	return w.err
}

// bury takes away what a change left behind, as far as no later change did.
func (w *writer) bury(g *group, seq freshet.Seq, old *grave) error {
	ref := store.Ref{Model: old.model, Key: old.key}
	r, err := w.committer.row(ref)
	if r == nil || err != nil {
		return err
	}
	if old.tombstone && r.Deleted && r.Seq == seq {
		for _, grant := range r.Audience {
			w.delete(appendTokenKey(w.key[:0], grant.Token, r.Seq))
		}
		for _, m := range r.left {
			w.delete(appendTokenKey(w.key[:0], m.token, m.seq))
		}
		eachIndexEntry(r, func(ik freshet.IndexKey, token freshet.Token) {
			w.delete(appendIndexKey(w.key[:0], r.Model, ik, token, r.Key))
		})
		w.delete(appendRecordKey(w.key[:0], r.Model, r.Key))
		g.rows[ref] = nil
		return nil
	}
	next := *r
	next.left = slices.DeleteFunc(slices.Clone(r.left), func(m marker) bool {
		if m.seq != seq {
			return false
		}
		w.delete(appendTokenKey(w.key[:0], m.token, m.seq))
		return true
	})
	if len(next.left) < len(r.left) {
		w.writeRow(&next)
		g.rows[ref] = &next
	}
	return nil
}

// forgetClients takes away the results of clients that wrote last at seq or before.
func (w *writer) forgetClients(seq freshet.Seq) error {
	return scan(w.db.db, []byte{spaceClient}, []byte{spaceClient + 1}, func(key, _ []byte) error {
		name := freshet.Key(key[1:]).Text()
		known, err := w.client(name)
		if err != nil || known.seq > seq {
			return err
		}
		w.delete(key)
		results := appendResultPrefix(nil, name)
		return w.batch.DeleteRange(results, prefixEnd(results), nil)
	})
}
