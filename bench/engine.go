package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
)

// inProcess is Freshet's engine over its store, without a server around it.
type inProcess struct {
	db     *pebble.DB
	engine *engine.Engine
	key    *freshet.Identity // who holds the API key
}

// storeDir is where the server keeps its store in a data directory.
func storeDir(dir string) string { return filepath.Join(dir, "store") }

func openEngine(ctx context.Context, dir string) (*inProcess, error) {
	text, err := os.ReadFile("bench.graphql")
	if err != nil {
		return nil, err
	}
	db, err := pebble.Open(storeDir(dir), pebble.Options{})
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(ctx, db, []schema.Source{{Name: "bench.graphql", Text: string(text)}}, engine.Options{})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	key := e.Identify(freshet.Identity{Name: "key bench", Providers: []freshet.Provider{freshet.APIKey}})
	return &inProcess{db: db, engine: e, key: key}, nil
}

// create writes a new record and gives its key.
func (p *inProcess) create(ctx context.Context, model freshet.ModelName, fields string) (freshet.Key, error) {
	written, err := p.engine.Write(ctx, p.key, freshet.Write{Model: model, Op: freshet.OpCreate, Fields: []byte(fields)})
	if err != nil {
		return "", err
	}
	return written.Key, nil
}

// bodyLength gives the bytes of a record's fields as they are stored.
func (p *inProcess) bodyLength(ctx context.Context, model freshet.ModelName, key freshet.Key) (int, error) {
	row, err := p.engine.Get(ctx, p.key, model, key, false)
	if err != nil {
		return 0, err
	}
	return len(row.Body), nil
}

// user gives the identity that the bench's issuer names.
func (p *inProcess) user(name string) *freshet.Identity {
	return p.engine.Identify(freshet.Identity{
		Name: "user " + name, Providers: []freshet.Provider{freshet.OIDC},
		Claims: map[string]any{"iss": issuer, "sub": name},
	})
}

func (p *inProcess) Close() error { return p.db.Close() }

// fillFreshet writes records into a new directory as the server would, as many at a time as make large
// group commits. Of mine of them, spread evenly, ana is the owner.
func fillFreshet(ctx context.Context, dir string, model freshet.ModelName, records, mine int) error {
	p, err := openEngine(ctx, dir)
	if err != nil {
		return err
	}
	const writers = 256
	every := max(records/max(mine, 1), 1)
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		wait.Go(func() {
			for errs[i] == nil {
				n := int(next.Add(1)) - 1
				if n >= records {
					return
				}
				owner := fmt.Sprintf("user%d", n%1000)
				if n%every == 0 && n/every < mine {
					owner = "ana"
				}
				if errs[i] = ctx.Err(); errs[i] == nil {
					_, errs[i] = p.create(ctx, model, task(title(n), owner, n))
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errors.Join(errs...), p.Close())
}
