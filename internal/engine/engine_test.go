package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
	"freshet/internal/store/pebble"
)

// tasks is the schema of most tests: owners, people whom a record is shared with, and two kinds of groups.
const tasks = `
	enum Status { OPEN DONE }
	type Place { city: String street: String at: Spot }
	type Spot { x: Int y: Int }
	type Task @model @auth(rules: [
		{allow: owner}
		{allow: owner, ownerField: "editors", operations: [read, update]}
		{allow: owner, ownerField: "blind", operations: [update]}
		{allow: groups, groups: ["admins"]}
		{allow: groups, groupsField: "team", operations: [read]}
	]) {
		title: String!
		status: Status @default(value: "OPEN")
		priority: Int
		note: String
		labels: [String] @set
		steps: [String]
		place: Place
		owner: String
		editors: [String]
		blind: [String]
		team: String
	}`

// tb is what tests and the checks of a property have in common.
type tb interface {
	rapid.TB
	Context() context.Context
	Cleanup(func())
}

// fixture is an engine under test over the embedded store, with short words for what tests do.
type fixture struct {
	*Engine
	t     tb
	db    *pebble.DB
	clock time.Time
}

func newFixture(t testing.TB, sdl string, limits ...Limits) *fixture {
	t.Helper()
	return newFixtureIn(t, t.TempDir(), sdl, limits...)
}

func newFixtureIn(t tb, dir, sdl string, limits ...Limits) *fixture {
	t.Helper()
	f := &fixture{t: t, db: openStore(t, dir), clock: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	opts := Options{Now: func() time.Time { return f.clock }}
	for _, opts.Limits = range limits {
	}
	e, err := Open(t.Context(), f.db, source(sdl), opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	f.Engine = e
	return f
}

func source(sdl string) []schema.Source { return []schema.Source{{Name: "test.graphql", Text: sdl}} }

// openStore opens a store that is compared with itself, part by part, before the test closes it.
func openStore(t tb, dir string) *pebble.DB {
	t.Helper()
	db, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		report, err := db.Check(context.Background(), nil)
		if err != nil {
			t.Errorf("check: %v", err)
		} else if len(report.Problems) > 0 {
			t.Errorf("check: %q", report.Problems)
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// user makes a signed-in caller, a member of groups.
func (e *Engine) user(name string, groups ...string) *freshet.Identity {
	return e.Identify(freshet.Identity{
		Name: "user " + name, Providers: []freshet.Provider{freshet.UserPools},
		Claims: map[string]any{"username": name, "sub": "sub-of-" + name, "cognito:groups": groups},
	})
}

func (e *Engine) anyone() *freshet.Identity {
	return e.Identify(freshet.Identity{Name: "key web", Providers: []freshet.Provider{freshet.APIKey}})
}

func (e *Engine) operator() *freshet.Identity {
	return e.Identify(freshet.Identity{Name: "operator", System: true})
}

func create(fields string) freshet.Write {
	return freshet.Write{Model: "Task", Op: freshet.OpCreate, Fields: []byte(fields)}
}

func update(id string, base freshet.Version, fields string) freshet.Write {
	return freshet.Write{Model: "Task", Op: freshet.OpUpdate, Key: freshet.StringKey(id), Base: base, Fields: []byte(fields)}
}

func remove(id string, base freshet.Version) freshet.Write {
	return freshet.Write{Model: "Task", Op: freshet.OpDelete, Key: freshet.StringKey(id), Base: base}
}

// of makes the write one of another model.
func of(model freshet.ModelName, w freshet.Write) freshet.Write {
	w.Model = model
	return w
}

func (f *fixture) write(id *freshet.Identity, w freshet.Write) Written {
	f.t.Helper()
	written, err := f.Write(f.t.Context(), id, w)
	if err != nil {
		f.t.Fatalf("%s %s %s %s: %v", id.Name, w.Op, w.Key.Text(), w.Fields, err)
	}
	return written
}

// refused wants a write to fail with a code, and to leave the log as it is.
func (f *fixture) refused(id *freshet.Identity, w freshet.Write, code freshet.Code) *freshet.Error {
	f.t.Helper()
	head := f.Head()
	written, err := f.Write(f.t.Context(), id, w)
	what := fmt.Sprintf("%s %s %s %s", id.Name, w.Op, w.Key.Text(), w.Fields)
	wantCode(f.t, what, err, code)
	if written.Row != nil {
		f.t.Errorf("%s: refused, and gives %s", what, written.Body)
	}
	if diff := cmp.Diff(head, f.Head()); diff != "" {
		f.t.Errorf("%s: refused, and the head moved (-before +after):\n%s", what, diff)
	}
	e, _ := err.(*freshet.Error)
	if e == nil {
		e = &freshet.Error{}
	}
	return e
}

// stored gives a record as it is in the store; nil where there is none.
func (f *fixture) stored(model freshet.ModelName, id string) *freshet.Record {
	f.t.Helper()
	records, err := f.db.Get(f.t.Context(), store.Ref{Model: model, Key: freshet.StringKey(id)})
	if err != nil {
		f.t.Fatalf("get %s %s: %v", model, id, err)
	}
	return records[0]
}

// field gives a field of a row; "" where it is absent.
func (r *Row) field(name string) string { return string(r.Doc[r.Model.Field(name).Ordinal]) }

// fields gives fields of a row, one after the other.
func (r *Row) fields(names ...string) string {
	text := ""
	for _, name := range names {
		text += name + "=" + r.field(name) + " "
	}
	return text
}

func wantCode(t tb, what string, err error, code freshet.Code) {
	t.Helper()
	if err == nil || freshet.CodeOf(err) != code {
		t.Errorf("%s: got error %v, want one with the code %s", what, err, code)
	}
}

func wantText(t tb, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}
