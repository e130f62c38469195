package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"freshet"
	"freshet/internal/store"
)

// Internal is a set of the server's own records: accounts, keys, settings. They have no audience, so no
// caller ever sees them, and no history, for they may hold secrets.
type Internal struct {
	engine *Engine
	model  freshet.ModelName
}

// Internal gives the server's own records of a model, whose name begins with an underscore.
func (e *Engine) Internal(model freshet.ModelName) Internal { return Internal{engine: e, model: model} }

func (in Internal) ref(key string) store.Ref {
	return store.Ref{Model: in.model, Key: freshet.StringKey(key)}
}

// Get decodes a record into value, and tells whether there is one.
func (in Internal) Get(ctx context.Context, key string, value any) (bool, error) {
	records, err := in.engine.store.Get(ctx, in.ref(key))
	if err != nil || records[0] == nil || records[0].Deleted {
		return false, err
	}
	return true, json.Unmarshal(records[0].Body, value)
}

// Put writes a record, whatever there was.
func (in Internal) Put(ctx context.Context, key string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return in.engine.UpdateDocuments(ctx, []Document{{in.model, key}}, func([][]byte) ([][]byte, error) { return [][]byte{body}, nil })
}

// Delete takes a record away, and tells whether there was one.
func (in Internal) Delete(ctx context.Context, key string) (found bool, err error) {
	err = in.engine.UpdateDocuments(ctx, []Document{{in.model, key}}, func(bodies [][]byte) ([][]byte, error) {
		found = bodies[0] != nil
		return [][]byte{nil}, nil
	})
	return found, err
}

// Document names one of the server's own records.
type Document struct {
	Model freshet.ModelName
	Key   string
}

// UpdateDocuments changes some of the server's own records, all or none. change is given their bodies, nil for
// one that is not there, and gives what they become: nil takes one away, the body itself leaves it as it is.
// When another writer was faster it is called again with what is there then.
func (e *Engine) UpdateDocuments(ctx context.Context, documents []Document, change func(bodies [][]byte) ([][]byte, error)) error {
	refs := make([]store.Ref, len(documents))
	for i, d := range documents {
		refs[i] = e.Internal(d.Model).ref(d.Key)
	}
	for {
		records, err := e.store.Get(ctx, refs...)
		if err != nil {
			return err
		}
		bodies := make([][]byte, len(records))
		for i, r := range records {
			if r != nil && !r.Deleted {
				bodies[i] = r.Body
			}
		}
		next, err := change(slices.Clone(bodies))
		if err != nil {
			return err
		}
		var batch store.Batch
		for i, body := range next {
			if put, ok := documentPut(refs[i], records[i], bodies[i], body); ok {
				batch.Puts = append(batch.Puts, put)
			}
		}
		if len(batch.Puts) == 0 {
			return nil
		}
		_, err = e.store.Commit(ctx, batch)
		if _, stale := errors.AsType[*store.StaleError](err); !stale {
			return err
		}
	}
}

func documentPut(ref store.Ref, current *freshet.Record, before, after []byte) (store.Put, bool) {
	put := store.Put{Ref: ref, Op: freshet.OpUpdate, Body: after, By: "server", NoHistory: true}
	if current != nil {
		put.Expect = current.Version
	}
	switch {
	case before == nil && after == nil, before != nil && bytes.Equal(before, after):
		return put, false
	case before == nil:
		put.Op = freshet.OpCreate
	case after == nil:
		put.Op, put.Body = freshet.OpDelete, []byte("{}") // a tombstone does not keep the secret
	}
	return put, true
}

// Each calls visit with every record, in the order of the keys.
func (in Internal) Each(ctx context.Context, visit func(key string, body []byte) error) error {
	return in.Under(ctx, "", visit)
}

// Under calls visit with every record whose key begins with a prefix, in the order of the keys.
func (in Internal) Under(ctx context.Context, prefix string, visit func(key string, body []byte) error) error {
	from := freshet.AppendStringPrefix(nil, prefix)
	query := store.Query{Model: in.model, All: true, From: from, To: after(from), Limit: 1000}
	for {
		page, err := in.engine.store.Query(ctx, query)
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			if err := visit(r.Key.Text(), r.Body); err != nil {
				return err
			}
		}
		if page.Next == nil {
			return nil
		}
		query.After = page.Next
	}
}
