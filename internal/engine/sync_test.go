package engine

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
)

const syncSDL = `
	type Task @model @auth(rules: [
		{allow: owner}
		{allow: owner, ownerField: "editors", operations: [read, update]}
		{allow: groups, groupsField: "team", operations: [read]}
		{allow: groups, groups: ["admins"]}
	]) { priority: Int owner: String editors: [String] team: String }
	type Note @model @auth(rules: [{allow: groups, groups: ["staff"]}]) { priority: Int owner: String editors: [String] team: String }
	type Part @model @auth(rules: [
		{allow: private, operations: [list]}
		{allow: owner, operations: [get, update]}
		{allow: groups, groupsField: "team", operations: [sync]}
	]) { priority: Int owner: String editors: [String] team: String }
	type Duty @model @auth(rules: [{allow: owner, operations: [get]}, {allow: groups, groups: ["staff"], operations: [sync]}]) {
		priority: Int owner: String editors: [String] team: String }`

var scopes = []Scope{
	{},
	{Models: []freshet.ModelName{"Task"}, Filter: []byte(`{"Task":{"priority":{"eq":1}}}`)},
	{Filter: []byte(`{"Part":{"priority":{"eq":1}}}`)},
	{Models: []freshet.ModelName{"Task", "Part"}},
}

// TestSync lets random writers, groups and readers work on one store. Whenever a reader is up to date it
// holds exactly what its user may see, whatever was cut, resumed, gained, lost or trimmed before.
func TestSync(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "engine")
		if err != nil {
			rt.Fatal(err)
		}
		rt.Cleanup(func() { _ = os.RemoveAll(dir) })
		w := &world{fixture: newFixtureIn(rt, dir, syncSDL), groups: make(map[string][]string)}
		for _, scope := range scopes {
			for _, user := range []string{"ana", "bob"} {
				w.readers = append(w.readers, &reader{user: user, replica: newReplica(scope)})
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"write":   w.writeOne,
			"push":    w.pushSome,
			"group":   w.changeGroups,
			"pull":    w.pullOne,
			"rescope": w.rescopeOne,
			"catchUp": w.catchUp,
			"cut":     w.cut,
			"live":    w.goLive,
			"follow":  w.follow,
			"trim":    w.trim,
			"disown":  w.disown,
		})
		for _, r := range w.readers {
			r.pullAll(w.fixture, w.identity(r.user), 3)
		}
		for _, l := range w.lives {
			w.followOne(l)
		}
	})
}

// world is the state of TestSync.
type world struct {
	*fixture
	groups  map[string][]string // of users
	readers []*reader
	lives   []*live
}

type reader struct {
	user string
	*replica
	kept *replica // as it was at some time, to go back to
}

// live is a replica that follows the log itself, as an identity had it once.
type live struct {
	id   *freshet.Identity
	see  *Reader
	seq  freshet.Seq
	data *replica
}

func (w *world) identity(user string) *freshet.Identity { return w.user(user, w.groups[user]...) }

// draw draws a write that the record's state allows.
func (w *world) draw(rt *rapid.T, deleted map[store.Ref]bool) freshet.Write {
	model := rapid.SampledFrom([]freshet.ModelName{"Task", "Task", "Note", "Part", "Duty"}).Draw(rt, "model")
	id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "id")
	ref := store.Ref{Model: model, Key: freshet.StringKey(id)}
	if _, known := deleted[ref]; !known {
		record := w.stored(model, id)
		deleted[ref] = record == nil || record.Deleted
	}
	name := func(label string, names ...any) any { return rapid.SampledFrom(names).Draw(rt, label) }
	fields := text(map[string]any{
		"priority": rapid.IntRange(0, 1).Draw(rt, "priority"), "owner": name("owner", nil, "ana", "bob"),
		"editors": []any{name("editor", nil, "ana", "bob"), name("editor", nil, "ana", "bob")}, "team": name("team", nil, "red", "blue"),
	})
	change := of(model, update(id, 0, fields))
	switch {
	case deleted[ref]:
		change.Op = freshet.OpCreate
	case rapid.IntRange(0, 3).Draw(rt, "delete") == 0:
		change.Op, change.Fields = freshet.OpDelete, nil
	}
	deleted[ref] = change.Op == freshet.OpDelete
	return change
}

func (w *world) writeOne(rt *rapid.T) {
	w.write(w.operator(), w.draw(rt, make(map[store.Ref]bool)))
}

func (w *world) pushSome(rt *rapid.T) {
	deleted := make(map[store.Ref]bool)
	var writes []freshet.Write
	for range rapid.IntRange(2, 5).Draw(rt, "writes") {
		writes = append(writes, w.draw(rt, deleted))
	}
	for _, o := range w.fixture.push(w.operator(), fmt.Sprint("client", w.Head().Seq), count(1, writes...), true) {
		if o.Err != nil {
			rt.Fatalf("push: %v", o.Err)
		}
	}
}

func (w *world) changeGroups(rt *rapid.T) {
	user := rapid.SampledFrom([]string{"ana", "bob"}).Draw(rt, "user")
	group := rapid.SampledFrom([]string{"red", "blue", "admins", "staff"}).Draw(rt, "group")
	had := w.groups[user]
	without := slices.DeleteFunc(slices.Clone(had), func(g string) bool { return g == group })
	if len(without) == len(had) {
		without = append(without, group)
	}
	w.groups[user] = without
}

func (w *world) rescopeOne(rt *rapid.T) {
	w.drawReader(rt).scope = rapid.SampledFrom(scopes).Draw(rt, "scope")
}

func (w *world) drawReader(rt *rapid.T) *reader {
	return w.readers[rapid.IntRange(0, len(w.readers)-1).Draw(rt, "reader")]
}

func (w *world) pullOne(rt *rapid.T) {
	r := w.drawReader(rt)
	id := w.identity(r.user)
	if page := r.pull(w.fixture, id, rapid.IntRange(1, 4).Draw(rt, "limit")); page.UpToDate {
		w.wantHolds(id, r.replica)
	}
}

func (w *world) catchUp(rt *rapid.T) {
	r := w.drawReader(rt)
	r.pullAll(w.fixture, w.identity(r.user), rapid.IntRange(1, 4).Draw(rt, "limit"))
}

// cut takes a reader back to where it was: a client that stops before it has stored a page.
func (w *world) cut(rt *rapid.T) {
	r := w.drawReader(rt)
	if r.kept != nil && rapid.Bool().Draw(rt, "back") {
		r.replica = r.kept.clone()
	}
	r.kept = r.clone()
}

func (w *world) goLive(rt *rapid.T) {
	r := w.drawReader(rt)
	id := w.identity(r.user)
	r.pullAll(w.fixture, id, 4)
	see, err := w.Reader(id, r.scope)
	if err != nil {
		rt.Fatal(err)
	}
	w.lives = append(w.lives, &live{id: id, see: see, seq: w.Head().Seq, data: r.clone()})
}

func (w *world) follow(rt *rapid.T) {
	if len(w.lives) == 0 {
		rt.Skip("nobody is live")
	}
	w.followOne(w.lives[rapid.IntRange(0, len(w.lives)-1).Draw(rt, "live")])
}

func (w *world) followOne(l *live) {
	for l.seq < w.Head().Seq {
		changes, err := w.db.History(w.t.Context(), store.HistoryQuery{After: l.seq, Limit: 100})
		if freshet.CodeOf(err) == freshet.Gone && err != nil {
			w.lives = slices.DeleteFunc(slices.Clone(w.lives), func(other *live) bool { return other == l })
			return
		}
		if err != nil {
			w.t.Fatal(err)
		}
		for i := range changes {
			sight, ok, err := l.see.See(&changes[i])
			if err != nil {
				w.t.Fatal(err)
			}
			if ok && sight.Body != nil && !w.shows(l.id, l.data.scope, sight.Model, sight.Body) {
				w.t.Fatalf("%s is shown %s live", l.id.Name, sight.Body)
			}
			if ok {
				l.data.apply(&sight)
			}
			l.seq = changes[i].Seq
		}
	}
	w.wantHolds(l.id, l.data)
}

func (w *world) trim(rt *rapid.T) {
	draw := func(label string) freshet.Seq {
		return freshet.Seq(rapid.Uint64Range(0, uint64(w.Head().Seq)).Draw(rt, label))
	}
	trim := store.Trim{Removals: draw("removals") / 2, History: draw("history") / 2}
	if err := w.db.Trim(w.t.Context(), trim); err != nil {
		rt.Fatal(err)
	}
}

// TestCutAndResume cuts a reader off after every single change, and lets another go on from there.
func TestCutAndResume(t *testing.T) {
	f := newFixture(t, syncSDL)
	operator, ana, member := f.operator(), f.user("ana"), f.user("ana", "red")
	for n := range 8 {
		f.write(operator, create(fmt.Sprintf(`{"id":"o%d","owner":"ana"}`, n)))
		f.write(operator, create(fmt.Sprintf(`{"id":"t%d","owner":"bob","team":"red"}`, n)))
	}
	points := []*replica{newReplica(Scope{})}
	walk := func(id *freshet.Identity) {
		r := points[len(points)-1].clone()
		for !r.pull(f, id, 1).UpToDate {
			points = append(points, r.clone())
		}
		points = append(points, r)
	}
	walk(ana)
	walk(member) // gains what is the team's
	for n := range 4 {
		f.write(operator, remove(fmt.Sprint("o", n), 0))
		f.write(operator, update(fmt.Sprint("t", n), 0, `{"team":"blue"}`))
	}
	walk(member)
	walk(ana) // loses it
	for i, point := range points {
		for _, id := range []*freshet.Identity{ana, member} {
			for _, limit := range []int{1, 100} {
				r := point.clone()
				r.pullAll(f, id, limit)
				if r.resets > 0 {
					t.Errorf("from point %d: reset", i)
				}
			}
		}
	}
	if len(points) < 30 {
		t.Errorf("cut at %d points only", len(points))
	}
}

// TestModelOf tells that the test's own idea of what may be seen is not empty: every rule shows something.
func TestVisible(t *testing.T) {
	f := newFixture(t, syncSDL)
	for _, m := range f.schema.Models {
		f.write(f.operator(), of(m.Name, create(`{"id":"a","owner":"ana","editors":["bob"],"team":"red","priority":1}`)))
	}
	for who, want := range map[*freshet.Identity][]string{
		f.user("ana"): {"Task"}, f.user("bob"): {"Task"}, f.user("cy"): nil, f.user("cy", "red"): {"Part", "Task"},
		f.user("cy", "staff"): {"Duty", "Note"}, f.user("cy", "admins"): {"Task"},
	} {
		var got []string
		for ref := range maps.Keys(f.visible(who, Scope{})) {
			got = append(got, string(ref.Model))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s with %q sees %q, want %q", who.Name, who.Tokens, got, want)
		}
	}
	if m := f.schema.Model("Part"); !m.Partial() || m.MayEver(f.user("ana"), schema.AccessCreate) {
		t.Error("the rules of Part are not in part")
	}
}
