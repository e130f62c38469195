package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

func TestCreate(t *testing.T) {
	f := newFixture(t, tasks)
	ana, bob, admin, key := f.user("ana"), f.user("bob"), f.user("eve", "admins"), f.anyone()
	const made = `"createdAt":"2026-11-23T08:00:00.000Z","updatedAt":"2026-11-23T08:00:00.000Z"}`
	for _, c := range []struct {
		who    *freshet.Identity
		fields string
		want   string // the body without its times, or the code of the error
	}{
		{ana, `{"id":"a","title":"x"}`, `{"id":"a","title":"x","status":"OPEN","owner":"ana",`},
		{ana, `{"id":"b","title":"x","status":"DONE","owner":"ana"}`, `{"id":"b","title":"x","status":"DONE","owner":"ana",`},
		{ana, `{"id":"c","title":"x","status":null}`, `{"id":"c","title":"x","status":"OPEN","owner":"ana",`},
		{ana, `{"id":"d","title":"x","labels":["p","q","p"],"steps":["p","p"]}`, `{"id":"d","title":"x","status":"OPEN","labels":["p","q"],"steps":["p","p"],"owner":"ana",`},
		{ana, `{"id":"e","title":"x","priority":1.0,"place":{"city":"Bern","at":{"x":1}}}`, `{"id":"e","title":"x","status":"OPEN","priority":1,"place":{"city":"Bern","at":{"x":1}},"owner":"ana",`},
		{ana, `{"id":7,"title":"x"}`, `{"id":"7","title":"x","status":"OPEN","owner":"ana",`},
		{ana, `{"id":"g","title":"x","_version":3}`, `{"id":"g","title":"x","status":"OPEN","owner":"ana",`},
		{admin, `{"id":"h","title":"x"}`, `{"id":"h","title":"x","status":"OPEN","owner":"eve",`},
		{admin, `{"id":"i","title":"x","owner":"bob"}`, `{"id":"i","title":"x","status":"OPEN","owner":"bob",`},
		{admin, `{"id":"j","title":"x","owner":null}`, `{"id":"j","title":"x","status":"OPEN",`},
		{ana, `{"id":"n","title":"x","owner":null}`, "forbidden"},
		{ana, `{"id":"n","title":"x","owner":"bob"}`, "forbidden"},
		{ana, `{"id":"n","title":"x","owner":"bob","editors":["ana"]}`, "forbidden"},
		{bob, `{"id":"n","title":"x","owner":""}`, "forbidden"},
		{key, `{"id":"n","title":"x"}`, "forbidden"},
		{key, `{"id":"n","title":"x","owner":"ana"}`, "forbidden"},
		{ana, `{"id":"n"}`, "invalid"},
		{ana, `{"id":"n","title":null}`, "invalid"},
		{ana, `{"id":"n","title":1}`, "invalid"},
		{ana, `{"id":"n","title":"x","status":"LOST"}`, "invalid"},
		{ana, `{"id":"n","title":"x","colour":"red"}`, "invalid"},
		{ana, `{"id":"n","title":"x","place":{"planet":"Mars"}}`, "invalid"},
		{ana, `{"id":"n","title":"x","title":"y"}`, "invalid"},
		{ana, `{"id":"n","title":"x","createdAt":"2020-01-01T00:00:00.000Z"}`, "invalid"},
		{ana, `{"id":"n","title":"x","updatedAt":null}`, "invalid"},
		{ana, `{"id":"n","title":"x"`, "invalid"},
		{ana, `["n"]`, "invalid"},
		{ana, ``, "invalid"},
		{ana, `{"id":"a","title":"again"}`, "conflict"},
	} {
		if !strings.HasPrefix(c.want, "{") {
			f.refused(c.who, create(c.fields), freshet.Code(c.want))
			continue
		}
		head := f.Head().Seq
		w := f.write(c.who, create(c.fields))
		wantText(t, c.fields, string(w.Body), c.want+made)
		if w.Version != 1 || w.Seq != head+1 || w.At != f.Head().At || f.Head().Seq != head+1 {
			t.Errorf("%s: version %d, seq %d, at %d; the head is %+v", c.fields, w.Version, w.Seq, w.At, f.Head())
		}
		record := f.stored("Task", w.Key.Text())
		if diff := cmp.Diff([]string{string(w.Body), c.who.Name}, []string{string(record.Body), f.lastChange().By}); diff != "" {
			t.Errorf("%s: stored (-want +got):\n%s", c.fields, diff)
		}
	}
	if f.stored("Task", "n") != nil {
		t.Error("a refused create left a record")
	}
}

func (f *fixture) lastChange() freshet.Change {
	f.t.Helper()
	changes, err := f.db.History(f.t.Context(), store.HistoryQuery{After: f.Head().Seq - 1, Limit: 1})
	if err != nil || len(changes) != 1 {
		f.t.Fatalf("history: %v, %v", changes, err)
	}
	return changes[0]
}

func TestCreateKeys(t *testing.T) {
	f := newFixture(t, `
		type Seat @model @auth(rules: [{allow: public}]) { hall: String! @primaryKey(sortKeyFields: ["row", "number"]) row: Int! number: Int! taken: Boolean }
		type Note @model @auth(rules: [{allow: public}]) { text: String }`)
	key := f.anyone()
	seat := func(fields string) freshet.Write { return of("Seat", create(fields)) }

	first, second := f.write(key, of("Note", create(`{}`))), f.write(key, of("Note", create(`{}`)))
	if first.Key == second.Key || first.field("id") != fmt.Sprintf("%q", first.Key.Text()) {
		t.Errorf("ids of the server: %s and %s, in the record %s", first.Key.Text(), second.Key.Text(), first.field("id"))
	}
	given := of("Note", create(`{"text":"x"}`))
	given.Key = freshet.StringKey("given")
	wantText(t, "a key beside the fields", f.write(key, given).fields("id", "text"), `id="given" text="x" `)
	given.Key, given.Fields = freshet.StringKey("p"), []byte(`{"id":"q"}`)
	f.refused(key, given, freshet.Invalid)

	w := f.write(key, seat(`{"hall":"A","row":3,"number":14}`))
	wantText(t, "a composite key", w.Key.Text(), `["A",3,14]`)
	f.refused(key, seat(`{"hall":"A","row":3,"number":14}`), freshet.Conflict)
	f.write(key, seat(`{"hall":"A","row":3,"number":15}`))
	f.refused(key, seat(`{"hall":"A","row":3}`), freshet.Invalid)
	f.refused(key, seat(`{"hall":"A","row":null,"number":1}`), freshet.Invalid)
	malformed := seat(`{}`)
	malformed.Key = freshet.StringKey("A")
	f.refused(key, malformed, freshet.Invalid)
	f.refused(key, of("Ghost", create(`{}`)), freshet.Invalid)
	f.refused(key, of(settings, create(`{}`)), freshet.Invalid)
	f.refused(key, freshet.Write{Model: "Note", Key: freshet.StringKey("given")}, freshet.Invalid)
}

// TestImplicitFields holds that only the operator writes fields that the schema does not declare, and that
// declared ones are everybody's.
func TestImplicitFields(t *testing.T) {
	f := newFixture(t, `
		type Plain @model @auth(rules: [{allow: owner}]) { x: Int }
		type Own @model @auth(rules: [{allow: owner}]) { x: Int createdAt: AWSDateTime updatedAt: AWSDateTime owner: String }`)
	ana, operator := f.user("ana"), f.operator()
	const dated = `{"id":"a","createdAt":"2020-01-01T00:00:00.000Z","updatedAt":"2020-01-02T00:00:00.000Z","owner":"ana"}`
	want := `createdAt="2020-01-01T00:00:00.000Z" updatedAt="2020-01-02T00:00:00.000Z" owner="ana" `
	f.refused(ana, of("Plain", create(dated)), freshet.Invalid)
	f.refused(ana, of("Plain", create(`{"id":"a","owner":"ana"}`)), freshet.Invalid)
	wantText(t, "an import", f.write(operator, of("Plain", create(dated))).fields("createdAt", "updatedAt", "owner"), want)
	wantText(t, "declared", f.write(ana, of("Own", create(dated))).fields("createdAt", "updatedAt", "owner"), want)
	f.refused(ana, of("Plain", update("a", 0, `{"owner":"bob"}`)), freshet.Invalid)
	f.refused(ana, of("Plain", update("a", 0, `{"updatedAt":"2021-01-01T00:00:00.000Z"}`)), freshet.Invalid)
	f.clock = f.clock.Add(time.Hour)
	wantText(t, "an update", f.write(ana, of("Plain", update("a", 0, `{"x":1}`))).fields("createdAt", "updatedAt"),
		`createdAt="2020-01-01T00:00:00.000Z" updatedAt="2026-11-23T09:00:00.000Z" `)
	f.write(ana, of("Own", update("a", 0, `{"x":1}`)))
	late := f.write(ana, of("Own", update("a", 1, `{"x":1,"createdAt":null,"updatedAt":"2022-01-01T00:00:00.000Z"}`)))
	wantText(t, "a merge with a time", late.fields("createdAt", "updatedAt")+conflictText(late.Conflicts), `createdAt=null updatedAt="2022-01-01T00:00:00.000Z" `)
	wantText(t, "an update with a time", f.write(ana, of("Own", update("a", 0, `{"updatedAt":"2021-01-01T00:00:00.000Z"}`))).field("updatedAt"),
		`"2021-01-01T00:00:00.000Z"`)
}

// TestTaken tells of the record that has the key only to who may get it.
func TestTaken(t *testing.T) {
	f := newFixture(t, tasks)
	ana, editor, stranger := f.user("ana"), f.user("ed"), f.user("bob")
	f.write(ana, create(`{"id":"a","title":"x","editors":["ed"]}`))
	for who, sees := range map[*freshet.Identity]bool{ana: true, editor: true, stranger: false} {
		if err := f.refused(who, create(`{"id":"a","title":"y"}`), freshet.Conflict); (err.Current != nil) != sees {
			t.Errorf("%s is shown %v", who.Name, err.Current)
		}
	}
}

// TestRecreate holds that a key is used again by who might have written to its tombstone.
func TestRecreate(t *testing.T) {
	f := newFixture(t, tasks)
	ana, editor, stranger := f.user("ana"), f.user("ed"), f.user("bob")
	f.write(ana, create(`{"id":"a","title":"x","editors":["ed"],"team":"red"}`))
	f.write(ana, remove("a", 0))
	if err := f.refused(f.user("ron", "red"), create(`{"id":"a","title":"mine"}`), freshet.Conflict); err.Current == nil {
		t.Error("who may read the tombstone is not shown it")
	}
	if err := f.refused(stranger, create(`{"id":"a","title":"mine"}`), freshet.Conflict); err.Current != nil {
		t.Errorf("a stranger is shown %s", err.Current.Body)
	}
	w := f.write(editor, create(`{"id":"a","title":"again"}`))
	if w.Version != 3 || w.Deleted || w.field("owner") != `"ed"` {
		t.Errorf("created again as version %d: %s", w.Version, w.Body)
	}
	if change := f.lastChange(); change.Op != freshet.OpCreate || !slices.Equal(change.Left, []freshet.Token{"group:red", "owner:ana"}) {
		t.Errorf("the log tells of it as %+v", change)
	}
	f.refused(ana, create(`{"id":"a","title":"mine again"}`), freshet.Conflict)
}

func TestUpdate(t *testing.T) {
	f := newFixture(t, tasks)
	ana, editor, admin, stranger, key := f.user("ana"), f.user("ed"), f.user("eve", "admins"), f.user("bob"), f.anyone()
	f.write(ana, create(`{"id":"a","title":"x","note":"n","editors":["ed"]}`))
	f.write(ana, create(`{"id":"gone","title":"x"}`))
	f.write(ana, remove("gone", 0))
	condition := func(w freshet.Write, condition string) freshet.Write {
		w.Condition = []byte(condition)
		return w
	}
	for _, c := range []struct {
		what  string
		who   *freshet.Identity
		write freshet.Write
		want  freshet.Code // empty: applied
	}{
		{"by the owner", ana, update("a", 0, `{"title":"y"}`), ""},
		{"by an editor", editor, update("a", 0, `{"title":"y"}`), ""},
		{"by an admin", admin, update("a", 0, `{"title":"y"}`), ""},
		{"by a stranger", stranger, update("a", 0, `{"title":"y"}`), freshet.Forbidden},
		{"by a key", key, update("a", 0, `{"title":"y"}`), freshet.Forbidden},
		{"by a stranger who makes itself owner", stranger, update("a", 0, `{"owner":"bob"}`), freshet.Forbidden},
		{"absent", ana, update("none", 0, `{"title":"y"}`), freshet.NotFound},
		{"absent, by a key", key, update("none", 0, `{"title":"y"}`), freshet.Forbidden},
		{"absent, with a base", ana, update("none", 3, `{"title":"y"}`), freshet.NotFound},
		{"deleted", ana, update("gone", 0, `{"title":"y"}`), freshet.NotFound},
		{"deleted, with a base", ana, update("gone", 1, `{"title":"y"}`), freshet.Conflict},
		{"deleted, by a stranger", stranger, update("gone", 1, `{"title":"y"}`), freshet.Forbidden},
		{"a base in the future", ana, update("a", 99, `{"title":"y"}`), freshet.Conflict},
		{"without a key", ana, freshet.Write{Model: "Task", Op: freshet.OpUpdate, Fields: []byte(`{"title":"y"}`)}, freshet.Invalid},
		{"the key in the fields", ana, freshet.Write{Model: "Task", Op: freshet.OpUpdate, Fields: []byte(`{"id":"a","title":"y"}`)}, ""},
		{"the key in both", ana, update("a", 0, `{"id":"a","title":"y"}`), ""},
		{"another key", ana, update("a", 0, `{"id":"b","title":"y"}`), freshet.Invalid},
		{"no key", ana, update("a", 0, `{"id":null,"title":"y"}`), freshet.Invalid},
		{"null takes away", ana, update("a", 0, `{"note":null}`), ""},
		{"null of a needed field", ana, update("a", 0, `{"title":null}`), freshet.Invalid},
		{"nothing", ana, update("a", 0, `{}`), ""},
		{"an unknown field", ana, update("a", 0, `{"colour":"red"}`), freshet.Invalid},
		{"giving away", ana, update("a", 0, `{"owner":"bob"}`), freshet.Forbidden},
		{"giving away, by an editor", editor, update("a", 0, `{"editors":["bob"]}`), freshet.Forbidden},
		{"taking the owner, and staying editor", editor, update("a", 0, `{"owner":"ed"}`), ""},
		{"no owner any more, by an admin", admin, update("a", 0, `{"owner":null}`), ""},
		{"back to the owner, by an admin", admin, update("a", 0, `{"owner":"ana"}`), ""},
		{"condition true", ana, condition(update("a", 0, `{"title":"z"}`), `{"title":{"eq":"y"}}`), ""},
		{"condition false", ana, condition(update("a", 0, `{"title":"q"}`), `{"title":{"eq":"y"}}`), freshet.Conflict},
		{"condition wrong", ana, condition(update("a", 0, `{"title":"q"}`), `{"colour":{"eq":"y"}}`), freshet.Invalid},
	} {
		t.Run(c.what, func(t *testing.T) {
			f.t = t
			if c.want != "" {
				f.refused(c.who, c.write, c.want)
				return
			}
			before := f.stored("Task", "a")
			f.clock = f.clock.Add(time.Minute)
			w := f.write(c.who, c.write)
			if w.Version != before.Version+1 || w.Seq != f.Head().Seq {
				t.Errorf("version %d at %d, after %d; the head is %+v", w.Version, w.Seq, before.Version, f.Head())
			}
			wantText(t, "updatedAt", w.field("updatedAt"), string(timestamp(f.clock)))
			wantText(t, "stored", string(f.stored("Task", "a").Body), string(w.Body))
		})
	}
	f.t = t
	if note := string(f.stored("Task", "a").Body); strings.Contains(note, "note") {
		t.Errorf("null did not take the note away: %s", note)
	}
	for who, sees := range map[*freshet.Identity]bool{ana: true, editor: false} {
		err := f.refused(who, update("gone", 1, `{"title":"y"}`), map[bool]freshet.Code{true: freshet.Conflict, false: freshet.Forbidden}[sees])
		if (err.Current != nil) != sees {
			t.Errorf("%s is shown %v", who.Name, err.Current)
		}
	}
}

func TestDelete(t *testing.T) {
	f := newFixture(t, `
		type Task @model @auth(rules: [{allow: owner}, {allow: owner, ownerField: "editors", operations: [read, update]}]) { title: String! owner: String editors: [String] }
		type Strict @model @conflict(strategy: OPTIMISTIC) @auth(rules: [{allow: owner}]) { title: String }
		type Last @model @conflict(strategy: LAST_WRITER) @auth(rules: [{allow: owner}]) { title: String }`)
	ana, editor, stranger := f.user("ana"), f.user("ed"), f.user("bob")
	f.write(ana, create(`{"id":"a","title":"x","editors":["ed"]}`))
	f.refused(editor, remove("a", 0), freshet.Forbidden)
	f.refused(stranger, remove("a", 0), freshet.Forbidden)
	f.refused(ana, remove("none", 0), freshet.NotFound)
	w := f.write(ana, remove("a", 1))
	if !w.Deleted || w.Version != 2 {
		t.Errorf("the tombstone is %+v", w.Record)
	}
	wantText(t, "the image of a tombstone", string(f.stored("Task", "a").Body), string(w.Body))
	wantText(t, "the title of a tombstone", w.field("title"), `"x"`)
	f.refused(ana, remove("a", 0), freshet.NotFound)
	f.refused(ana, remove("a", 2), freshet.Conflict)

	for model, want := range map[freshet.ModelName]freshet.Code{"Task": freshet.Conflict, "Strict": freshet.Conflict, "Last": ""} {
		f.write(ana, of(model, create(`{"id":"b","title":"x"}`)))
		f.write(ana, of(model, update("b", 1, `{"title":"y"}`)))
		stale := of(model, remove("b", 1))
		if want == "" {
			f.write(ana, stale)
			continue
		}
		if err := f.refused(ana, stale, want); err.Current == nil || err.Current.Version != 2 {
			t.Errorf("%s: a stale delete is shown %+v", model, err.Current)
		}
		f.write(ana, of(model, remove("b", 2)))
	}
	conditional := remove("c", 0)
	conditional.Condition = []byte(`{"title":{"eq":"y"}}`)
	f.write(ana, create(`{"id":"c","title":"x"}`))
	f.refused(ana, conditional, freshet.Conflict)
	f.write(ana, update("c", 0, `{"title":"y"}`))
	f.write(ana, conditional)
}

// TestRecordLimit writes a record of the largest size, and one that is one byte larger.
func TestRecordLimit(t *testing.T) {
	f := newFixture(t, tasks, Limits{RecordBytes: 1000})
	ana := f.user("ana")
	size := len(f.write(ana, create(`{"id":"a","title":""}`)).Body)
	title := func(n int) string { return fmt.Sprintf(`{"title":%q}`, strings.Repeat("x", n)) }
	if w := f.write(ana, update("a", 0, title(1000-size))); len(w.Body) != 1000 {
		t.Errorf("the record has %d bytes", len(w.Body))
	}
	err := f.refused(ana, update("a", 0, title(1001-size)), freshet.TooLarge)
	wantText(t, "the error", err.Message, "the Task has 1001 bytes, and the largest record is 1000 bytes")
	f.refused(ana, create(`{"id":"b",`+title(1001 - size)[1:]), freshet.TooLarge)
	f.write(ana, create(`{"id":"b",`+title(1000 - size)[1:]))
	f.write(ana, remove("b", 0))
}

// TestBlindWriter holds that who may write to a record and not read it gets nothing back but what it wrote.
func TestBlindWriter(t *testing.T) {
	f := newFixture(t, tasks)
	ana, blind := f.user("ana"), f.user("bo")
	f.write(ana, create(`{"id":"a","title":"secret","note":"n","steps":["s"],"blind":["bo"]}`))
	w := f.write(blind, update("a", 0, `{"note":"mine"}`))
	wantText(t, "a write", string(w.Body), `{"id":"a","note":"mine","updatedAt":"2026-11-23T08:00:00.000Z"}`)
	f.write(ana, update("a", 0, `{"note":"theirs","title":"t","steps":["s","u"]}`))

	w = f.write(blind, update("a", 2, `{"note":"late","steps":["t"],"priority":1}`))
	wantText(t, "a merge", string(w.Body), `{"id":"a","priority":1,"updatedAt":"2026-11-23T08:00:00.000Z"}`)
	want := []freshet.FieldConflict{{Field: "note", Yours: []byte(`"late"`), Theirs: []byte("null"), Base: []byte("null")}}
	if diff := cmp.Diff(want, w.Conflicts); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	w = f.write(blind, update("a", 2, `{"note":"late"}`))
	wantText(t, "a merge that took nothing", string(w.Body), `{"id":"a","updatedAt":"2026-11-23T08:00:00.000Z"}`)
	if w.field("title") != "" {
		t.Errorf("its fields hold %q", w.Doc)
	}
	for _, refused := range []freshet.Write{update("a", 99, `{"note":"x"}`), create(`{"id":"a","title":"x"}`)} {
		if err := f.refused(blind, refused, freshet.Conflict); err.Current != nil || strings.Contains(err.Message, "secret") {
			t.Errorf("a conflict shows %v: %s", err.Current, err.Message)
		}
	}
	f.refused(blind, remove("a", 0), freshet.Forbidden)
	_, err := f.Get(t.Context(), blind, "Task", freshet.StringKey("a"), false)
	wantCode(t, "a get", err, freshet.Forbidden)
}

// racing is a store in which another node commits just before each of this one's first commits.
type racing struct {
	store.Store
	before []func()
}

func (r *racing) Commit(ctx context.Context, batch store.Batch) (store.Receipt, error) {
	if len(r.before) > 0 {
		first := r.before[0]
		r.before = r.before[1:]
		first()
	}
	return r.Store.Commit(ctx, batch)
}

// TestRace holds that a write which another node made stale is resolved again.
func TestRace(t *testing.T) {
	f := newFixture(t, tasks)
	node := &Engine{store: f.db, schema: f.schema, opts: f.opts, seal: f.seal}
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x"}`))
	other := func(writes ...freshet.Write) func() {
		return func() {
			for _, w := range writes {
				if _, err := node.Write(t.Context(), ana, w); err != nil {
					t.Errorf("the other node: %v", err)
				}
			}
		}
	}

	f.store = &racing{f.db, []func(){other(update("a", 1, `{"note":"n"}`)), other(update("a", 2, `{"priority":1}`))}}
	wantText(t, "an update", f.write(ana, update("a", 1, `{"title":"y","note":"m"}`)).fields("title", "note", "priority"), `title="y" note="n" priority=1 `)
	f.write(ana, remove("a", 0))
	f.store = &racing{f.db, []func(){other(create(`{"id":"a","title":"theirs"}`), remove("a", 0))}}
	if w := f.write(ana, create(`{"id":"a","title":"mine"}`)); w.Version != 8 {
		t.Errorf("created as version %d: %s", w.Version, w.Body)
	}
	f.store = &racing{f.db, []func(){other(create(`{"id":"b","title":"theirs"}`))}}
	_, err := f.Write(t.Context(), ana, create(`{"id":"b","title":"mine"}`))
	wantCode(t, "a create that was too late", err, freshet.Conflict)
}
