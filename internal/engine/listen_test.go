package engine

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

// hears gives the changes of the log that a listener is told of: "create a", "delete b".
func (f *fixture) hears(id *freshet.Identity, q ListenQuery) []string {
	f.t.Helper()
	l, err := f.Listener(id, q)
	if err != nil {
		f.t.Fatalf("%s listens to %+v: %v", id.Name, q, err)
	}
	changes, err := f.db.History(f.t.Context(), store.HistoryQuery{Limit: 1000})
	if err != nil {
		f.t.Fatal(err)
	}
	var heard []string
	for i := range changes {
		c := &changes[i]
		m := f.schema.Model(c.Model)
		if m == nil {
			continue
		}
		doc, err := m.Parse(c.Body)
		if err != nil {
			f.t.Fatal(err)
		}
		if l.Hears(c, doc) {
			heard = append(heard, fmt.Sprintf("%s %s", c.Op, c.Key.Text()))
		}
	}
	return heard
}

// TestListener writes a log, and lets listeners of every kind hear it.
func TestListener(t *testing.T) {
	f := newFixture(t, tasks+`
		type Part @model @auth(rules: [{allow: private, operations: [get]}, {allow: owner}]) { x: Int }
		type Open @model @auth(rules: [{allow: private}, {allow: owner}]) { x: Int owner: String }`)
	ana, bob, red, admin := f.user("ana"), f.user("bob"), f.user("ron", "red"), f.user("eve", "admins")
	f.write(ana, create(`{"id":"a","title":"x","editors":["bob"]}`))
	f.write(ana, create(`{"id":"b","title":"x","team":"red","priority":1}`))
	f.write(bob, create(`{"id":"c","title":"x"}`))
	f.write(ana, update("a", 0, `{"title":"y"}`))
	f.write(ana, update("a", 0, `{"editors":[]}`)) // bob loses it
	f.write(ana, update("b", 0, `{"team":null,"editors":["bob"]}`))
	f.write(ana, remove("a", 0))
	f.write(ana, remove("b", 0))
	f.write(ana, of("Part", create(`{"id":"p"}`)))
	f.write(bob, of("Open", create(`{"id":"o"}`)))
	const created, updated, deleted = freshet.OpCreate, freshet.OpUpdate, freshet.OpDelete
	owner := func(name string) map[string]string { return map[string]string{"owner": name} }
	for _, c := range []struct {
		who  *freshet.Identity
		q    ListenQuery
		want []string
	}{
		{ana, ListenQuery{Model: "Task", Op: created}, []string{"create a", "create b"}},
		{ana, ListenQuery{Model: "Task", Op: updated}, []string{"update a", "update a", "update b"}},
		{ana, ListenQuery{Model: "Task", Op: deleted}, []string{"delete a", "delete b"}},
		{bob, ListenQuery{Model: "Task", Op: created}, []string{"create a", "create c"}},
		{bob, ListenQuery{Model: "Task", Op: updated}, []string{"update a", "update b"}},
		{bob, ListenQuery{Model: "Task", Op: deleted}, []string{"delete b"}},
		{red, ListenQuery{Model: "Task", Op: created}, []string{"create b"}},
		{red, ListenQuery{Model: "Task", Op: updated}, nil},
		{red, ListenQuery{Model: "Task", Op: deleted}, nil},
		{admin, ListenQuery{Model: "Task", Op: created}, []string{"create a", "create b", "create c"}},
		{f.user("sue"), ListenQuery{Model: "Task", Op: created}, nil},
		{ana, ListenQuery{Model: "Task", Op: created, Owners: owner("ana")}, []string{"create a", "create b"}},
		{bob, ListenQuery{Model: "Task", Op: created, Owners: owner("bob")}, []string{"create c"}},
		{admin, ListenQuery{Model: "Task", Op: created, Owners: owner("bob")}, []string{"create c"}},
		{ana, ListenQuery{Model: "Task", Op: created, Filter: []byte(`{"priority":{"eq":1}}`)}, []string{"create b"}},
		{ana, ListenQuery{Model: "Task", Op: updated, Filter: []byte(`{"title":{"eq":"y"}}`)}, []string{"update a", "update a"}},
		{ana, ListenQuery{Model: "Task", Op: deleted, Filter: []byte(`{"title":{"eq":"y"}}`)}, []string{"delete a"}},
		{ana, ListenQuery{Model: "Part", Op: created}, []string{"create p"}},
		{bob, ListenQuery{Model: "Part", Op: created}, nil},
		{ana, ListenQuery{Model: "Open", Op: created}, []string{"create o"}},
		{ana, ListenQuery{Model: "Open", Op: created, Owners: owner("bob")}, []string{"create o"}},
		{ana, ListenQuery{Model: "Open", Op: created, Owners: owner("ana")}, nil},
	} {
		what := fmt.Sprintf("%s hears of %s: %s, %v, %s", c.who.Name, c.q.Model, c.q.Op, c.q.Owners, c.q.Filter)
		if diff := cmp.Diff(c.want, f.hears(c.who, c.q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestListenerRefused(t *testing.T) {
	f := newFixture(t, tasks+`
		type Mute @model @auth(rules: [{allow: owner, operations: [create, get, list, sync]}]) { x: Int }
		type Mine @model @auth(rules: [{allow: owner}]) { x: Int }`)
	ana := f.user("ana")
	for _, c := range []struct {
		who  *freshet.Identity
		q    ListenQuery
		want freshet.Code
	}{
		{ana, ListenQuery{Model: "Ghost"}, freshet.Invalid},
		{ana, ListenQuery{Model: settings}, freshet.Invalid},
		{ana, ListenQuery{Model: "Mute"}, freshet.Forbidden},
		{f.anyone(), ListenQuery{Model: "Task"}, freshet.Forbidden},
		{ana, ListenQuery{Model: "Mine", Owners: map[string]string{"owner": "bob"}}, freshet.Forbidden},
		{ana, ListenQuery{Model: "Mine", Owners: map[string]string{"owner": ""}}, freshet.Forbidden},
		{ana, ListenQuery{Model: "Mine", Owners: map[string]string{"ghost": "ana"}}, freshet.Invalid},
		{ana, ListenQuery{Model: "Mine", Filter: []byte(`{"ghost":{"eq":1}}`)}, freshet.Invalid},
		{ana, ListenQuery{Model: "Mine", Filter: []byte(`[`)}, freshet.Invalid},
	} {
		_, err := f.Listener(c.who, c.q)
		wantCode(t, fmt.Sprintf("%s listens to %+v", c.who.Name, c.q), err, c.want)
	}
}

// TestListenerSubUsername listens by each form in which an owner "sub::username" is known.
func TestListenerSubUsername(t *testing.T) {
	f := newFixture(t, `type T @model @auth(rules: [{allow: owner, identityClaim: "sub::username"}]) { x: Int owner: String }`)
	ana, bob := f.user("ana"), f.user("bob")
	w := f.write(ana, of("T", create(`{"id":"a"}`)))
	wantText(t, "the owner", w.field("owner"), `"sub-of-ana::ana"`)
	f.write(bob, of("T", create(`{"id":"b"}`)))
	f.write(ana, of("T", create(`{"id":"short","owner":"ana"}`)))
	for owner, want := range map[string][]string{
		"ana": {"create a", "create short"}, "sub-of-ana::ana": {"create a"}, "sub-of-ana": nil,
	} {
		q := ListenQuery{Model: "T", Op: freshet.OpCreate, Owners: map[string]string{"owner": owner}}
		if diff := cmp.Diff(want, f.hears(ana, q)); diff != "" {
			t.Errorf("ana as %s (-want +got):\n%s", owner, diff)
		}
		_, err := f.Listener(bob, q)
		wantCode(t, "bob as "+owner, err, freshet.Forbidden)
	}
}
