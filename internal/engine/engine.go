// Package engine is the only writer. Whatever the door, a write comes through here: it is validated
// against the schema, held against the rules on the record as it is and as it will be, resolved with what
// others wrote meanwhile, and committed. Reads and deltas come through here too, cut to what the caller
// may see.
//
// Its invariant: nothing is committed that the rules do not allow to the writer at that version, and a
// reader is shown nothing that they do not allow to the reader.
package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"time"

	"freshet"
	"freshet/internal/rate"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// Limits bound what one request may ask for. The zero value of each is its default.
type Limits struct {
	RecordBytes int // the fields of one record; default 256 KiB
	BatchWrites int // the writes of one push; default 100
	ListPage    int // the records of one list; default 1,000
	ChangesPage int // the changes of one frame; default 10,000
	LocalBytes  int // the fields of one local message; default 64 KiB
	LocalRate   int // the local messages of one caller in a second; default 50
}

func (l Limits) withDefaults() Limits {
	set := func(value *int, usual int) {
		if *value == 0 {
			*value = usual
		}
	}
	set(&l.RecordBytes, 256<<10)
	set(&l.BatchWrites, 100)
	set(&l.ListPage, 1000)
	set(&l.ChangesPage, 10_000)
	set(&l.LocalBytes, 64<<10)
	set(&l.LocalRate, 50)
	return l
}

// Options tune an Engine. The zero value is the default.
type Options struct {
	Limits   Limits
	Logger   *slog.Logger                             // default: discards
	Now      func() time.Time                         // default: time.Now
	Progress func(what string, done int, total int64) // of work at opening that takes long; total 0: not known
}

// Engine writes and reads records of a schema in a store.
type Engine struct {
	store  store.Store
	schema *schema.Schema
	opts   Options
	locks  keyLocks
	seal   cursorSeal

	announcing rate.Limiter
}

// Open makes an engine for the schema that the sources hold. Records that an older schema left in the
// store are brought into line first, with Progress; a schema that they cannot be brought into line with is
// refused with the code invalid, and schema.Problems come as they are.
func Open(ctx context.Context, st store.Store, sources []schema.Source, opts Options) (*Engine, error) {
	opts.Limits = opts.Limits.withDefaults()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Progress == nil {
		opts.Progress = func(string, int, int64) {}
	}
	s, err := schema.Load(sources...)
	if err != nil {
		return nil, err
	}
	e := &Engine{store: st, schema: s, opts: opts}
	e.announcing.Every, e.announcing.Burst = time.Second/time.Duration(opts.Limits.LocalRate), announceBurst*opts.Limits.LocalRate
	if e.seal, err = loadSeal(ctx, e); err != nil {
		return nil, err
	}
	if err := e.adopt(ctx, sources); err != nil {
		return nil, err
	}
	return e, nil
}

// Schema gives the schema.
func (e *Engine) Schema() *schema.Schema { return e.schema }

// Limits gives the limits.
func (e *Engine) Limits() Limits { return e.opts.Limits }

// Head tells where the log ends.
func (e *Engine) Head() store.Head { return e.store.Head() }

func (e *Engine) model(name freshet.ModelName) (*schema.Model, error) {
	if m := e.schema.Model(name); m != nil {
		return m, nil
	}
	return nil, freshet.Errorf(freshet.Invalid, "there is no model %q", name)
}

// settings are the engine's own.
const settings freshet.ModelName = "_Setting"

var (
	sealSetting   = freshet.Document{Kind: settings, Key: "cursor seal"}
	schemaSetting = freshet.Document{Kind: settings, Key: "schema"}
)

// loadSeal gives the key that cursors are sealed with, and makes it in a new store. Of several nodes that open
// a new store at once, one makes it.
func loadSeal(ctx context.Context, e *Engine) (cursorSeal, error) {
	type setting struct{ Key []byte }
	var kept setting
	err := e.Documents().Update(ctx, []freshet.Document{sealSetting}, func(bodies [][]byte) ([][]byte, error) {
		if bodies[0] != nil {
			return bodies, json.Unmarshal(bodies[0], &kept)
		}
		kept.Key = make([]byte, 32)
		_, _ = rand.Read(kept.Key)
		body, err := json.Marshal(kept)
		return [][]byte{body}, err
	})
	return cursorSeal(kept.Key), err
}
