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

// Documents keeps the server's own records in the store, each kind as a model. They have no audience, so no caller
// ever sees them, and no history, for they may hold secrets.
type Documents struct{ store store.Store }

var _ freshet.Documents = Documents{}

// Documents gives the server's own records.
func (e *Engine) Documents() Documents { return Documents{e.store} }

func documentRef(d freshet.Document) store.Ref {
	return store.Ref{Model: d.Kind, Key: freshet.StringKey(d.Key)}
}

// Get decodes a document into value, and tells whether there is one.
func (ds Documents) Get(ctx context.Context, document freshet.Document, value any) (bool, error) {
	records, err := ds.store.Get(ctx, documentRef(document))
	if err != nil || records[0] == nil || records[0].Deleted {
		return false, err
	}
	return true, json.Unmarshal(records[0].Body, value)
}

// Update changes some documents, all or none.
func (ds Documents) Update(ctx context.Context, documents []freshet.Document, change func(bodies [][]byte) ([][]byte, error)) error {
	refs := make([]store.Ref, len(documents))
	for i, d := range documents {
		refs[i] = documentRef(d)
	}
	for {
		records, err := ds.store.Get(ctx, refs...)
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
		_, err = ds.store.Commit(ctx, batch)
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

// Under calls visit with every document of a kind whose key begins with a prefix, in the order of the keys.
func (ds Documents) Under(ctx context.Context, kind freshet.ModelName, prefix string, visit func(key string, body []byte) error) error {
	from := freshet.AppendStringPrefix(nil, prefix)
	return ds.visit(ctx, kind, from, after(from), visit)
}

// From calls visit with every document of a kind from a key on, in the order of the keys.
func (ds Documents) From(ctx context.Context, kind freshet.ModelName, key string, visit func(key string, body []byte) error) error {
	return ds.visit(ctx, kind, freshet.AppendStringPrefix(nil, key), after(freshet.AppendStringPrefix(nil, "")), visit)
}

func (ds Documents) visit(ctx context.Context, kind freshet.ModelName, from, to []byte, visit func(key string, body []byte) error) error {
	query := store.Query{Model: kind, All: true, From: from, To: to, Limit: 1000}
	for {
		page, err := ds.store.Query(ctx, query)
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
