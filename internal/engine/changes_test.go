package engine

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

// wantSights wants what a reader is shown until it is up to date.
func (f *fixture) wantSights(what string, r *replica, id *freshet.Identity, want ...string) {
	f.t.Helper()
	if diff := cmp.Diff(want, r.pullAll(f, id, 100)); diff != "" {
		f.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestChanges follows records into and out of the sight of their owner, an editor, an admin and a stranger.
func TestChanges(t *testing.T) {
	f := newFixture(t, tasks)
	ana, editor, admin, stranger := f.user("ana"), f.user("ed"), f.user("eve", "admins"), f.user("sue")
	type follower struct {
		id *freshet.Identity
		r  *replica
	}
	followers := []follower{{ana, newReplica(Scope{})}, {editor, newReplica(Scope{})}, {admin, newReplica(Scope{})}, {stranger, newReplica(Scope{})}}
	wantAll := func(what string, want ...string) {
		t.Helper()
		for i, follower := range followers {
			var list []string
			if want[i] != "" {
				list = strings.Split(want[i], ", ")
			}
			f.wantSights(what+", for "+follower.id.Name, follower.r, follower.id, list...)
		}
	}
	wantAll("an empty log", "", "", "", "")
	f.write(ana, create(`{"id":"a","title":"x"}`))
	f.write(ana, create(`{"id":"b","title":"x","editors":["ed"]}`))
	f.write(ana, update("a", 0, `{"title":"y"}`))
	wantAll("a first sync", "Task b 1, Task a 2", "Task b 1", "Task b 1, Task a 2", "")
	wantAll("nothing new", "", "", "", "")
	f.write(ana, update("a", 0, `{"editors":["ed"]}`))
	wantAll("shared", "Task a 3", "Task a 3", "Task a 3", "")
	f.write(ana, update("b", 0, `{"editors":[]}`))
	wantAll("not shared any more", "Task b 2", "-Task b 2", "Task b 2", "")
	f.write(ana, update("b", 0, `{"title":"z"}`))
	wantAll("changed after that", "Task b 3", "", "Task b 3", "")
	f.write(ana, remove("a", 0))
	wantAll("deleted", "-Task a 4", "-Task a 4", "-Task a 4", "")
	f.write(ana, create(`{"id":"a","title":"again"}`))
	wantAll("created again", "Task a 5", "-Task a 5", "Task a 5", "")
	f.write(admin, update("a", 0, `{"owner":"sue"}`))
	wantAll("given away", "-Task a 6", "", "Task a 6", "Task a 6")
	f.write(ana, create(`{"id":"brief","title":"x"}`))
	f.write(ana, remove("brief", 0))
	wantAll("created and deleted between two reads", "-Task brief 2", "", "-Task brief 2", "")

	late := newReplica(Scope{})
	f.wantSights("a late first sync holds no removals", late, admin, "Task b 3", "Task a 6")
	if _, err := f.Reader(f.anyone(), Scope{}); err != nil {
		t.Error(err)
	}
	_, err := newReplica(Scope{}).tryPull(f, f.anyone(), 1)
	wantCode(t, "a reader who may see no model", err, freshet.Forbidden)
}

// TestTokens gains and loses groups: a reader is sent what it gained, and removals of what it lost.
func TestTokens(t *testing.T) {
	f := newFixture(t, syncSDL)
	operator := f.operator()
	task := func(id, fields string) { f.write(operator, create(`{"id":"`+id+`",`+fields+`}`)) }
	task("own", `"owner":"ana"`)
	task("both", `"owner":"ana","team":"red"`)
	task("red1", `"team":"red"`)
	task("red2", `"team":"red"`)
	task("blue", `"team":"blue"`)
	f.write(operator, of("Note", create(`{"id":"n"}`)))
	f.write(operator, of("Part", create(`{"id":"p","owner":"ana","team":"red"}`)))
	f.write(operator, of("Duty", create(`{"id":"d","owner":"ana"}`)))
	ana := func(groups ...string) *freshet.Identity { return f.user("ana", groups...) }

	r := newReplica(Scope{})
	f.wantSights("without groups", r, ana(), "Task own 1", "Task both 1")
	f.wantSights("gained red: what was not shown before", r, ana("red"), "Task red1 1", "Task red2 1", "Part p 1")
	f.wantSights("gained blue and staff", r, ana("red", "blue", "staff"), "Task blue 1", "Note n 1", "Duty d 1")
	f.write(operator, update("red1", 0, `{"priority":1}`))
	task("red3", `"team":"red"`)
	f.write(operator, update("red2", 0, `{"team":"blue"}`))
	task("red4", `"team":"red"`)
	f.write(operator, remove("red4", 0))
	f.write(operator, update("blue", 0, `{"team":"red"}`))
	f.wantSights("lost red: removals of what was shown, and nothing of what came after", r, ana("blue", "staff"),
		"-Part p 1", "-Task red1 2", "-Task red2 2", "Task red2 2", "-Task blue 2")
	f.wantSights("lost the only group with a model", r, ana("blue"), "-Note n 1", "-Duty d 1")
	f.wantSights("lost all", r, ana(), "-Task red2 2")
	f.wantSights("gained all", r, ana("blue", "red", "staff"), "Task red2 2", "Part p 1", "Task red1 2", "Task red3 1", "Task blue 2", "Note n 1", "Duty d 1")

	narrow := newReplica(Scope{Models: []freshet.ModelName{"Task"}, Filter: []byte(`{"Task":{"priority":{"eq":1}}}`)})
	f.wantSights("nothing that matches", narrow, ana())
	f.wantSights("gained with a filter", narrow, ana("red", "staff"), "Task red1 2")
	f.wantSights("lost with a filter", narrow, ana(), "-Task red1 2", "-Task red3 1", "-Task blue 2")
}

// TestSeenNothing holds that a reader whose tokens changed before it was shown anything just begins with
// the new ones.
func TestSeenNothing(t *testing.T) {
	f := newFixture(t, syncSDL)
	f.write(f.operator(), create(`{"id":"a","team":"red"}`))
	reader, err := f.Reader(f.user("ana", "blue"), Scope{})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := reader.Open("")
	if err != nil {
		t.Fatal(err)
	}
	r := newReplica(Scope{})
	r.cursor = reader.Seal(&c)
	f.wantSights("the first page", r, f.user("ana", "red"), "Task a 1")
}

// TestFilters holds that a record which stops to match is taken away.
func TestFilters(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	r := newReplica(Scope{Filter: []byte(`{"Task":{"status":{"eq":"OPEN"}}}`)})
	f.write(ana, create(`{"id":"a","title":"x"}`))
	f.write(ana, create(`{"id":"b","title":"x","status":"DONE"}`))
	f.wantSights("a first sync", r, ana, "Task a 1")
	f.write(ana, update("a", 0, `{"status":"DONE"}`))
	f.write(ana, update("b", 0, `{"status":"OPEN"}`))
	f.wantSights("one in, one out", r, ana, "-Task a 2", "Task b 2")
	f.write(ana, update("a", 0, `{"title":"y"}`))
	f.wantSights("one that stays out", r, ana, "-Task a 3")

	for _, text := range []string{`[]`, `"Task"`, `{`, `{"Task":1}`, `{"Task":{"colour":{"eq":1}}}`, `{"Ghost":{}}`} {
		_, err := f.Reader(ana, Scope{Filter: []byte(text)})
		wantCode(t, "the filter "+text, err, freshet.Invalid)
	}
	for _, text := range []string{``, `null`, ` {} `, `{"Task":null}`, `{"Task":{}}`} {
		if _, err := f.Reader(ana, Scope{Filter: []byte(text)}); err != nil {
			t.Errorf("the filter %s: %v", text, err)
		}
	}
}

func TestScope(t *testing.T) {
	f := newFixture(t, syncSDL)
	ana, staff := f.user("ana"), f.user("ana", "staff")
	for _, m := range f.schema.Models {
		f.write(f.operator(), of(m.Name, create(`{"id":"a","owner":"ana","team":"red"}`)))
	}
	scope := func(models ...freshet.ModelName) Scope { return Scope{Models: models} }
	f.wantSights("one model", newReplica(scope("Task")), staff, "Task a 1")
	f.wantSights("two, in any order and number", newReplica(scope("Note", "Task", "Note")), staff, "Task a 1", "Note a 1")
	for model, want := range map[freshet.ModelName]freshet.Code{"Note": freshet.Forbidden, "Duty": freshet.Forbidden, "Ghost": freshet.Invalid, settings: freshet.Invalid} {
		r, err := f.Reader(ana, scope("Task", model))
		if err == nil {
			_, _, err = r.Open("")
		}
		wantCode(t, "a reader of "+string(model), err, want)
	}
	named := newReplica(scope("Note"))
	f.wantSights("a model by name", named, staff, "Note a 1")
	f.wantSights("the same, when the group with its right is lost", named, ana, "-Note a 1")
	_, err := f.Reader(ana, Scope{Models: []freshet.ModelName{"Task"}, Filter: []byte(`{"Part":{}}`)})
	wantCode(t, "a filter of a model that is not read", err, freshet.Invalid)

	red := f.user("ana", "red")
	r := newReplica(scope("Task"))
	for _, step := range []struct {
		what  string
		scope Scope
		want  []string
	}{
		{"a model", scope("Task"), []string{"Task a 1"}},
		{"the same, in another order and number", scope("Task", "Task"), nil},
		{"another model too", scope("Task", "Part"), []string{"Part a 1"}},
		{"one of two", scope("Part"), nil},
		{"all of them", Scope{}, []string{"Task a 1"}},
		{"a filter", Scope{Filter: []byte(`{"Task":{}}`)}, []string{"Task a 1"}},
		{"another filter", Scope{Filter: []byte(`{"Task":{"priority":{"eq":7}}}`)}, nil},
		{"no filter", Scope{}, []string{"Task a 1"}},
	} {
		r.scope = step.scope
		f.wantSights(step.what, r, red, step.want...)
	}
	r.scope = scope("Task")
	f.wantSights("a model again", r, red)
	r.scope = scope("Task", "Note")
	_, err = r.tryPull(f, red, 10)
	wantCode(t, "a model that ana may not sync", err, freshet.Forbidden)
	if r.resets != 0 {
		t.Errorf("%d resets", r.resets)
	}
}

// TestCursors gives back cursors that the server did not make, or made for another log.
func TestCursors(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x"}`))
	good := newReplica(Scope{})
	good.pullAll(f, ana, 10)
	for _, cursor := range []string{"?", "AAAA", base64.StdEncoding.EncodeToString(make([]byte, 17))} {
		r := good.clone()
		r.cursor = cursor
		_, err := r.tryPull(f, ana, 1)
		wantCode(t, "the cursor "+cursor, err, freshet.Invalid)
	}
	sealed, err := base64.RawURLEncoding.DecodeString(good.cursor)
	if err != nil {
		t.Fatal(err)
	}
	reset := func(what, cursor string) {
		t.Helper()
		r := good.clone()
		r.cursor = cursor
		f.wantSights(what, r, ana, "Task a 1")
		if r.resets != 1 {
			t.Errorf("%s: %d resets", what, r.resets)
		}
	}
	for i := range sealed {
		tampered := append([]byte(nil), sealed...)
		tampered[i] ^= 1
		reset(fmt.Sprint("tampered with at byte ", i), base64.RawURLEncoding.EncodeToString(tampered))
	}
	reader, err := f.Reader(ana, Scope{})
	if err != nil {
		t.Fatal(err)
	}
	head := f.Head()
	reset("another epoch", reader.Seal(&freshet.Cursor{Epoch: freshet.Epoch{1}, Seq: 1, Scope: reader.scope, Tokens: reader.Tokens()}))
	reset("beyond the head", reader.Seal(&freshet.Cursor{Epoch: head.Epoch, Seq: head.Seq + 1, Scope: reader.scope, Tokens: reader.Tokens()}))
	reset("begun beyond the head", reader.Seal(&freshet.Cursor{Epoch: head.Epoch, Seq: 1, Known: head.Seq + 1, Scope: reader.scope, Tokens: reader.Tokens()}))
	if c, ours, err := cursorSeal("another key").open(good.cursor, head.Epoch); ours || err != nil || c.Epoch != (freshet.Epoch{}) {
		t.Errorf("a cursor sealed with another key opens as %+v, %v", c, err)
	}
	reset("of another store", newFixture(t, tasks).seal.seal(&freshet.Cursor{Epoch: head.Epoch, Seq: 2}))
}

// TestTrimmed holds that a cursor from before forgotten removals begins anew, and a newer one goes on.
func TestTrimmed(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x"}`))
	f.write(ana, create(`{"id":"b","title":"x"}`))
	old := newReplica(Scope{})
	old.pullAll(f, ana, 10)
	f.write(ana, remove("a", 0))
	fresh := newReplica(Scope{})
	fresh.pullAll(f, ana, 10)
	if err := f.db.Trim(t.Context(), store.Trim{Removals: f.Head().Seq}); err != nil {
		t.Fatal(err)
	}
	f.write(ana, update("b", 0, `{"title":"y"}`))
	f.wantSights("a cursor after the trim", fresh, ana, "Task b 2")
	f.wantSights("a cursor before the trim", old, ana, "Task b 2")
	if fresh.resets != 0 || old.resets != 1 {
		t.Errorf("%d and %d resets", fresh.resets, old.resets)
	}
}

// TestPageLimit holds the bounds of a page, and that none ends inside a commit.
func TestPageLimit(t *testing.T) {
	f := newFixture(t, tasks, Limits{ChangesPage: 5})
	ana := f.user("ana")
	var writes []freshet.Write
	for n := range 8 {
		writes = append(writes, create(fmt.Sprintf(`{"id":"a%d","title":"x"}`, n)))
	}
	f.push(ana, "phone", count(1, writes...), false)
	f.write(ana, create(`{"id":"b","title":"x"}`))
	for _, limit := range []int{-1, 0, 6} {
		_, err := newReplica(Scope{}).tryPull(f, ana, limit)
		wantCode(t, fmt.Sprint("a page of ", limit), err, freshet.TooLarge)
	}
	for _, limit := range []int{1, 5} {
		r := newReplica(Scope{})
		if page := r.pull(f, ana, limit); len(page.Changes) != 8 || page.UpToDate {
			t.Errorf("a page of %d has %d changes, up to date %v", limit, len(page.Changes), page.UpToDate)
		}
		if page := r.pull(f, ana, limit); len(page.Changes) != 1 || !page.UpToDate {
			t.Errorf("the next page of %d has %d changes, up to date %v", limit, len(page.Changes), page.UpToDate)
		}
		if page := r.pull(f, ana, limit); len(page.Changes) != 0 || !page.UpToDate {
			t.Errorf("the last page of %d has %d changes, up to date %v", limit, len(page.Changes), page.UpToDate)
		}
	}
	r := newReplica(Scope{})
	r.pull(f, ana, 1)
	cursor := r.cursor
	f.write(f.user("bob"), create(`{"id":"c","title":"x"}`))
	r.pullAll(f, ana, 1)
	if r.cursor == cursor {
		t.Error("the cursor of an idle reader does not advance")
	}
}
