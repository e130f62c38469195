package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// reopen opens the fixture's store with another schema.
func (f *fixture) reopen(sdl string) error {
	f.t.Helper()
	e, err := Open(f.t.Context(), f.db, source(sdl), f.opts)
	if err == nil {
		f.Engine = e
	}
	return err
}

func (f *fixture) mustReopen(sdl string) {
	f.t.Helper()
	if err := f.reopen(sdl); err != nil {
		f.t.Fatalf("open with %s: %v", sdl, err)
	}
}

func model(fields string) string {
	return "type T @model @auth(rules: [{allow: owner}]) { " + fields + " }"
}

func thing(fields string) freshet.Write { return of("T", create(fields)) }

// TestReopen holds that the same schema changes nothing, and that cursors and clients' counters go on.
func TestReopen(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.push(ana, "phone", count(1, create(`{"id":"a","title":"x"}`)), false)
	r := newReplica(Scope{})
	r.pullAll(f, ana, 10)
	head := f.Head()
	f.mustReopen(tasks)
	if f.Head() != head {
		t.Errorf("the head is %+v, and was %+v", f.Head(), head)
	}
	ana = f.user("ana")
	wantOutcomes(t, "sent again", f.push(ana, "phone", count(1, create(`{"id":"a","title":"x"}`)), false), "1 APPLIED a 1")
	f.write(ana, create(`{"id":"b","title":"x"}`))
	f.wantSights("from the cursor on", r, ana, "Task b 1")
	if r.resets > 0 {
		t.Error("the cursor was reset")
	}
}

// TestNewIndex adds, changes and takes away indexes of records that are there.
func TestNewIndex(t *testing.T) {
	f := newFixture(t, model(`color: String size: Int`))
	ana := f.user("ana")
	for n := range 1203 { // more than two pages of a rebuild
		f.write(ana, thing(fmt.Sprintf(`{"id":"%04d","color":"c%d","size":%d}`, n, n%3, n)))
	}
	f.write(ana, of("T", remove("0003", 0)))
	head := f.Head().Seq
	progress := 0
	f.opts.Progress = func(what string, done int, _ int64) {
		wantText(t, "the progress", what, "rebuilding T")
		progress = done
	}
	f.mustReopen(model(`color: String @index(name: "byColor", sortKeyFields: ["size"]) size: Int`))
	if progress != 1203 {
		t.Errorf("%d records were rebuilt", progress)
	}
	if got := f.Head().Seq - head; got > 3 {
		t.Errorf("the rebuild of an index made %d changes", got)
	}
	byColor := func() []string {
		condition := KeyCondition{Fields: f.schema.Model("T").Index("byColor").Fields, Partition: []byte(`"c0"`), Operator: "lt", Values: [][]byte{[]byte(`10`)}}
		keys, err := condition.Range()
		if err != nil {
			t.Fatal(err)
		}
		return f.listIDs(f.user("ana"), ListQuery{Model: "T", Index: "byColor", Range: keys})
	}
	if diff := cmp.Diff([]string{"0000", "0006", "0009"}, byColor()); diff != "" {
		t.Errorf("by the new index (-want +got):\n%s", diff)
	}
	f.write(f.user("ana"), of("T", update("0006", 0, `{"color":"c1"}`)))
	if diff := cmp.Diff([]string{"0000", "0009"}, byColor()); diff != "" {
		t.Errorf("after an update (-want +got):\n%s", diff)
	}
	f.mustReopen(model(`color: String size: Int`))
	if r := f.stored("T", "0000"); len(r.Index) != 0 || r.Version != 1 {
		t.Errorf("without the index the record is %+v", r)
	}
}

// TestNewRules changes who may read; readers with a cursor are told.
func TestNewRules(t *testing.T) {
	owned := `type T @model @auth(rules: [{allow: owner}]) { x: Int owner: String team: String }`
	shared := `type T @model @auth(rules: [{allow: owner}, {allow: groups, groupsField: "team", operations: [read]}]) { x: Int owner: String team: String }`
	f := newFixture(t, owned)
	f.write(f.user("ana"), thing(`{"id":"a","team":"red"}`))
	f.write(f.user("ana"), thing(`{"id":"b"}`))
	f.write(f.user("ana"), thing(`{"id":"gone","team":"red"}`))
	f.write(f.user("ana"), of("T", remove("gone", 0)))
	ana, bob := newReplica(Scope{}), newReplica(Scope{})
	f.wantSights("ana before", ana, f.user("ana"), "T a 1", "T b 1")
	f.wantSights("bob before", bob, f.user("bob", "red"))
	f.mustReopen(shared)
	f.wantSights("ana with the team's rule", ana, f.user("ana"), "T a 2", "-T gone 3")
	f.wantSights("bob with the team's rule", bob, f.user("bob", "red"), "T a 2", "-T gone 3")
	f.mustReopen(owned)
	f.wantSights("bob without it again", bob, f.user("bob", "red"), "-T a 3")
	f.wantSights("ana without it again", ana, f.user("ana"), "T a 3", "-T gone 4")
	changes, err := f.db.History(t.Context(), store.HistoryQuery{Ref: &store.Ref{Model: "T", Key: freshet.StringKey("a")}, Limit: 1})
	if err != nil || len(changes) != 1 || changes[0].By != "schema" {
		t.Errorf("the log tells of it as %+v, %v", changes, err)
	}
	// What the schema changed is nobody's conflict.
	w := f.write(f.user("ana"), of("T", update("a", 1, `{"x":1}`)))
	wantText(t, "a write on a base from before", w.field("x"), "1")
}

func TestNewRequiredField(t *testing.T) {
	f := newFixture(t, model(`x: Int note: String`))
	ana := f.user("ana")
	f.write(ana, thing(`{"id":"a","x":1}`))
	f.write(ana, thing(`{"id":"b","x":1,"note":"n"}`))
	r := newReplica(Scope{})
	r.pullAll(f, ana, 10)
	f.mustReopen(model(`x: Int note: String! @default(value: "none") size: Int! @default(value: "3")`))
	ana = f.user("ana")
	f.wantSights("a reader", r, ana, "T a 2", "T b 2")
	for id, want := range map[string]string{"a": `note="none" size=3 `, "b": `note="n" size=3 `} {
		row, err := f.Get(t.Context(), ana, "T", freshet.StringKey(id), false)
		if err != nil {
			t.Fatal(err)
		}
		wantText(t, id, row.fields("note", "size"), want)
	}
	w := f.write(ana, of("T", update("a", 1, `{"x":2,"size":4}`)))
	wantText(t, "a write on a base without the field", w.fields("x", "size"), `x=2 size=3 `)
	wantText(t, "its conflict", conflictText(w.Conflicts), "size 4 3 null")
	// A default of a field that may be null is for new records.
	f.mustReopen(model(`x: Int note: String! @default(value: "none") size: Int! @default(value: "3") color: String @default(value: "red")`))
	wantText(t, "an old record", (&Row{Model: f.schema.Model("T"), Doc: mustParse(t, f, "a")}).field("color"), "")
}

func mustParse(t *testing.T, f *fixture, id string) schema.Doc {
	t.Helper()
	doc, err := f.schema.Model("T").Parse(f.stored("T", id).Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestRefusedSchemas opens with schemas that stored records do not survive, and with none of them there.
func TestRefusedSchemas(t *testing.T) {
	before := model(`x: Int note: String color: Color tags: [String]`) + ` enum Color { RED BLUE } type Other @model @auth(rules: [{allow: owner}]) { x: Int }`
	other := ` enum Color { RED BLUE } type Other @model @auth(rules: [{allow: owner}]) { x: Int }`
	for _, c := range []struct {
		what, after, reason string
		always              bool // refused without records too
	}{
		{"a field that is gone", model(`x: Int note: String color: Color`) + other, "T.tags is gone", true},
		{"another type", model(`x: String note: String color: Color tags: [String]`) + other, "T.x changed from Int to String", true},
		{"a list", model(`x: [Int] note: String color: Color tags: [String]`) + other, "T.x changed from Int to [Int]", true},
		{"a value that is gone", model(`x: Int note: String color: Color tags: [String]`) + strings.Replace(other, "BLUE", "", 1), "BLUE", true},
		{"another key", model(`x: Int! @primaryKey note: String color: Color tags: [String]`) + other, "the primary key of T changed", true},
		{"a needed value", model(`x: Int! note: String color: Color tags: [String]`) + other, "T has a field that needs a value now", false},
		{"a new field that needs a value", model(`x: Int note: String color: Color tags: [String] y: Int!`) + other, "T has a field that needs a value now", false},
		{"a model that is gone", strings.TrimPrefix(other, " enum Color { RED BLUE }"), "the model T is gone", false},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := newFixture(t, before)
			ana := f.user("ana")
			f.write(ana, thing(`{"id":"a","color":"BLUE"}`))
			head := f.Head()
			err := f.reopen(c.after)
			wantCode(t, "with records", err, freshet.Invalid)
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("the reason is %v, want %q in it", err, c.reason)
			}
			if f.Head() != head {
				t.Error("a refused schema changed something")
			}
			f.mustReopen(before) // the data still keeps to it
			f.write(ana, of("T", remove("a", 0)))
			if err := f.reopen(c.after); (err != nil) != c.always {
				t.Errorf("with tombstones only: %v", err)
			}
		})
	}
}

func TestWrongSDL(t *testing.T) {
	f := newFixture(t, tasks)
	err := f.reopen("type T @model { x: Ghost }\ntype _U @model { x: Int }")
	var problems schema.Problems
	if !errors.As(err, &problems) || len(problems) != 2 || problems[0].Line != 1 || problems[1].Line != 2 {
		t.Errorf("the problems are %v", err)
	}
	f.mustReopen(tasks)
}

// TestRebuildCutOff cuts a rebuild off after each of its commits; the next open does the rest.
func TestRebuildCutOff(t *testing.T) {
	before := model(`x: Int`) + ` type U @model @auth(rules: [{allow: owner}]) { x: Int }`
	after := model(`x: Int @index(name: "byX") y: Int! @default(value: "7")`) + ` type U @model @auth(rules: [{allow: owner}]) { x: Int y: Int! @default(value: "8") }`
	for cut := range 7 {
		t.Run(fmt.Sprint("after commit ", cut), func(t *testing.T) {
			f := newFixture(t, before)
			ana := f.user("ana")
			for n := 0; n < 700; n += 100 { // two pages of a rebuild
				var writes []freshet.Write
				for i := range 100 {
					writes = append(writes, thing(fmt.Sprintf(`{"id":"%04d","x":%d}`, n+i, n+i)))
				}
				f.push(ana, "loader", count(uint64(n+1), writes...), true)
			}
			f.write(ana, of("U", create(`{"id":"u"}`)))
			ctx, cancel := context.WithCancel(t.Context())
			cutting := &cuttingStore{Store: f.db, left: cut, cancel: cancel}
			if _, err := Open(ctx, cutting, source(after), f.opts); err == nil && cutting.left < 0 {
				t.Fatal("the rebuild was not cut off")
			}
			f.mustReopen(after)
			ana = f.user("ana")
			if got := len(f.listIDs(ana, ListQuery{Model: "T", Limit: 1000, Filter: f.filter("T", `{"y":{"eq":7}}`)})); got != 700 {
				t.Errorf("%d records of T have the new field", got)
			}
			if got := len(f.listIDs(ana, ListQuery{Model: "U", Filter: f.filter("U", `{"y":{"eq":8}}`)})); got != 1 {
				t.Errorf("%d records of U have the new field", got)
			}
			condition := KeyCondition{Fields: f.schema.Model("T").Index("byX").Fields, Partition: []byte(`650`)}
			keys, err := condition.Range()
			if err != nil {
				t.Fatal(err)
			}
			f.wantList("by the new index", ana, ListQuery{Model: "T", Index: "byX", Range: keys}, "0650")
			if version := f.stored("T", "0650").Version; version != 2 {
				t.Errorf("a record was rebuilt to version %d", version)
			}
			var kept storedSchema
			if _, err := f.Documents().Get(t.Context(), schemaSetting, &kept); err != nil || len(kept.Pending) > 0 {
				t.Errorf("still pending: %q, %v", kept.Pending, err)
			}
		})
	}
}

// cuttingStore cancels the work after some commits.
type cuttingStore struct {
	store.Store
	left   int
	cancel func()
}

func (c *cuttingStore) Commit(ctx context.Context, batch store.Batch) (store.Receipt, error) {
	if c.left--; c.left < 0 {
		c.cancel()
	}
	return c.Store.Commit(ctx, batch)
}

// TestRebuildRace holds that a rebuild looks again at records that another node writes meanwhile.
func TestRebuildRace(t *testing.T) {
	f := newFixture(t, model(`x: Int`))
	node := f.Engine
	ana := f.user("ana")
	f.write(ana, thing(`{"id":"a","x":1}`))
	f.write(ana, thing(`{"id":"b","x":1}`))
	nothing := func() {}
	racing := &racing{f.db, []func(){nothing, func() {
		if _, err := node.Write(t.Context(), ana, of("T", update("a", 0, `{"x":2}`))); err != nil {
			t.Error(err)
		}
	}}}
	after := model(`x: Int y: Int! @default(value: "7")`)
	e, err := Open(t.Context(), racing, source(after), f.opts)
	if err != nil {
		t.Fatal(err)
	}
	f.Engine = e
	wantText(t, "the record", (&Row{Model: f.schema.Model("T"), Doc: mustParse(t, f, "a")}).fields("x", "y"), "x=2 y=7 ")
}
