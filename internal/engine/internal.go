package engine

import (
	"context"
	"encoding/json"
	"errors"

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
	_, err = in.write(ctx, key, func(*freshet.Record) (freshet.Op, []byte) { return freshet.OpUpdate, body })
	return err
}

// Delete takes a record away, and tells whether there was one.
func (in Internal) Delete(ctx context.Context, key string) (bool, error) {
	return in.write(ctx, key, func(current *freshet.Record) (freshet.Op, []byte) {
		if current == nil || current.Deleted {
			return 0, nil
		}
		return freshet.OpDelete, []byte("{}") // a tombstone does not keep the secret
	})
}

// write commits what decide makes of the current record; the operation 0 stands for nothing.
func (in Internal) write(ctx context.Context, key string, decide func(*freshet.Record) (freshet.Op, []byte)) (bool, error) {
	for {
		records, err := in.engine.store.Get(ctx, in.ref(key))
		if err != nil {
			return false, err
		}
		op, body := decide(records[0])
		if op == 0 {
			return false, nil
		}
		put := store.Put{Ref: in.ref(key), Op: op, Body: body, By: "server", NoHistory: true}
		if records[0] != nil {
			put.Expect = records[0].Version
		} else {
			put.Op = freshet.OpCreate
		}
		_, err = in.engine.store.Commit(ctx, store.Batch{Puts: []store.Put{put}})
		var stale *store.StaleError
		if !errors.As(err, &stale) {
			return err == nil, err
		}
	}
}

// Each calls visit with every record, in the order of the keys.
func (in Internal) Each(ctx context.Context, visit func(key string, body []byte) error) error {
	query := store.Query{Model: in.model, All: true, Limit: 1000}
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
