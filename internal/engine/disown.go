package engine

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// Disposal says what becomes of the records of an owner who goes.
type Disposal string

// The disposals.
const (
	KeepRecords   Disposal = "keep"   // they stay, and the owner's name is taken out
	DeleteRecords Disposal = "delete" // those that were the owner's are deleted; others lose the name
)

// disownBatch bounds the records that one commit disowns.
const disownBatch = 100

// Disown takes every name of an owner out of every record, so that whoever gets the name later finds nothing. With
// DeleteRecords, those that name it in a field with a single owner by which rules let owners create or delete are
// deleted. One whose key names it is deleted in any case, for a key does not change; of its fields only the key
// stays. Tombstones lose the name too.
//
// Each is a change of the log like any other. Work that was cut off is taken up by disowning again. The caller sees
// to it that nobody writes as that owner any more.
func (e *Engine) Disown(ctx context.Context, owner *freshet.Identity, what Disposal) error {
	d := disowning{engine: e, owner: owner, what: what, tokens: e.schema.OwnerTokens(owner)}
	if err := d.visible(ctx); err != nil {
		return err
	}
	for _, m := range e.schema.Models {
		if m.HidesOwned(owner) {
			if err := d.all(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// disowning is one Disown under way.
type disowning struct {
	engine *Engine
	owner  *freshet.Identity
	what   Disposal
	tokens []freshet.Token
}

// visible goes through the log's index of the owner's tokens. What is disowned or written on the way comes up again
// at its end, and so nothing is missed; it is passed over when the name is out of it.
func (d *disowning) visible(ctx context.Context) error {
	if len(d.tokens) == 0 {
		return nil
	}
	query := store.ChangesQuery{Tokens: d.tokens, Known: d.engine.Head().Seq, Limit: disownBatch, Bytes: pageBytes}
	for {
		page, err := d.engine.store.Changes(ctx, query)
		if err != nil {
			return err
		}
		refs := make([]store.Ref, len(page.Changes))
		for i := range page.Changes {
			refs[i] = store.Ref{Model: page.Changes[i].Model, Key: page.Changes[i].Key}
		}
		if err := d.disown(ctx, refs); err != nil || !page.More {
			return err
		}
		if query.After = page.Next; query.After >= query.Known {
			query.Known = 0
		}
	}
}

// all goes through all records of a model.
func (d *disowning) all(ctx context.Context, m *schema.Model) error {
	query := store.Query{Model: m.Name, All: true, Deleted: true, Limit: disownBatch}
	for {
		page, err := d.engine.store.Query(ctx, query)
		if err != nil {
			return err
		}
		refs := make([]store.Ref, len(page.Records))
		for i, r := range page.Records {
			refs[i] = store.Ref{Model: r.Model, Key: r.Key}
		}
		if err := d.disown(ctx, refs); err != nil || page.Next == nil {
			return err
		}
		query.After = page.Next
	}
}

// disown looks at some records, each once among them, and commits those that name the owner.
func (d *disowning) disown(ctx context.Context, refs []store.Ref) error {
	for refs := range slices.Chunk(refs, disownBatch) { // a page ends with a commit, and may be longer
		if err := d.commit(ctx, refs); err != nil {
			return err
		}
	}
	return nil
}

func (d *disowning) commit(ctx context.Context, refs []store.Ref) error {
	defer d.engine.locks.lock(refs...)()
	for {
		records, err := d.engine.store.Get(ctx, refs...)
		if err != nil {
			return err
		}
		var batch store.Batch
		for _, r := range records {
			if r == nil {
				continue // trimmed meanwhile
			}
			put, err := d.put(r)
			if err != nil {
				return err
			}
			if put != nil {
				batch.Puts = append(batch.Puts, *put)
			}
		}
		if len(batch.Puts) == 0 {
			return nil
		}
		_, err = d.engine.store.Commit(ctx, batch)
		if _, stale := errors.AsType[*store.StaleError](err); !stale {
			return err
		}
	}
}

// put makes the next version of a record; nil where it does not name the owner, or no more than its key has to.
func (d *disowning) put(r *freshet.Record) (*store.Put, error) {
	m := d.engine.schema.Model(r.Model)
	if m == nil {
		return nil, nil // a tombstone of a model that is gone
	}
	row, err := d.engine.row(m, r)
	if err != nil {
		return nil, err
	}
	parted, named := m.Part(d.owner, row.Doc)
	if !named {
		return nil, nil
	}
	op := freshet.OpUpdate
	if r.Deleted || parted.Keyed || parted.Owned && d.what == DeleteRecords {
		op = freshet.OpDelete
	}
	next, version := parted.Doc, r.Version+1
	if f := m.UpdatedAt(); f != nil && op == freshet.OpUpdate {
		next[f.Ordinal] = timestamp(d.engine.opts.Now())
	}
	versions := decodeFieldVersions(m, r.Meta)
	for i := range next {
		if !sameValue(next[i], row.Doc[i]) {
			versions[i] = version
		}
	}
	put, err := newPut(m, r.Key, op, version, next, versions)
	if err != nil {
		return nil, err
	}
	put.By = "server"
	put.Audience = missing(put.Audience, d.tokens)
	if r.Deleted && bytes.Equal(put.Body, r.Body) && len(put.Audience) == len(r.Audience) {
		return nil, nil
	}
	return put, nil
}
