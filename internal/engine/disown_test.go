package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
	"freshet/internal/store/pebble"
	"freshet/internal/store/storetest"
)

// estates has every way in which a record names its owners.
const estates = tasks + `
	type Profile @model @auth(rules: [{allow: owner}, {allow: private, operations: [read]}]) { owner: String! @primaryKey city: String! }
	type Safe @model @auth(rules: [{allow: owner}]) { owner: String! @primaryKey pin: Int! }
	type Order @model @auth(rules: [{allow: owner, ownerField: "by"}, {allow: owner, ownerField: "for", operations: [read, update]}]) {
		by: String! @index(name: "byBuyer") for: String
	}
	type Draft @model @auth(rules: [{allow: owner, identityClaim: "sub::username"}]) { text: String! owner: String }
	type Wish @model @auth(rules: [{allow: owner, operations: [create]}, {allow: private, operations: [read]}]) { text: String! owner: String }`

func (f *fixture) disown(owner *freshet.Identity, what Disposal) {
	f.t.Helper()
	if err := f.Disown(f.t.Context(), owner, what); err != nil {
		f.t.Fatalf("disown %s: %v", owner.Name, err)
	}
}

// wantStored wants a record's version and fields, with a minus before a tombstone, without its times.
func (f *fixture) wantStored(model freshet.ModelName, key freshet.Key, want string) {
	f.t.Helper()
	records, err := f.db.Get(f.t.Context(), store.Ref{Model: model, Key: key})
	if err != nil || records[0] == nil {
		f.t.Fatalf("%s %s: %v, %v", model, key.Text(), records, err)
	}
	m := f.schema.Model(model)
	row, err := f.row(m, records[0])
	if err != nil {
		f.t.Fatal(err)
	}
	row.Doc[m.CreatedAt().Ordinal], row.Doc[m.UpdatedAt().Ordinal] = nil, nil
	got := fmt.Sprintf("%d %s", row.Version, m.Body(row.Doc))
	if row.Deleted {
		got = "-" + got
	}
	wantText(f.t, fmt.Sprintf("%s %s", model, key.Text()), got, want)
}

// wantStranger holds that an identity is shown no more than a stranger, whatever the way.
func (f *fixture) wantStranger(who *freshet.Identity) {
	f.t.Helper()
	stranger := f.user("a stranger")
	sync := func(id *freshet.Identity) []string {
		return sightText(newReplica(Scope{}).pull(f, id, 1000).Changes)
	}
	wantText(f.t, who.Name+" syncs", fmt.Sprint(sync(who)), fmt.Sprint(sync(stranger)))
	for _, m := range f.schema.Models {
		if m.MayEver(stranger, schema.AccessList) {
			q := ListQuery{Model: m.Name, Deleted: true, Limit: 1000}
			wantText(f.t, who.Name+" lists "+string(m.Name), fmt.Sprint(f.listIDs(who, q)), fmt.Sprint(f.listIDs(stranger, q)))
		}
		all, err := f.db.Query(f.t.Context(), store.Query{Model: m.Name, All: true, Deleted: true, Limit: 10_000})
		if err != nil {
			f.t.Fatal(err)
		}
		for _, r := range all.Records {
			get := func(id *freshet.Identity) bool {
				row, _ := f.Get(f.t.Context(), id, m.Name, r.Key, false)
				return row != nil
			}
			if get(who) != get(stranger) {
				f.t.Errorf("%s gets %s %s", who.Name, m.Name, r.Key.Text())
			}
		}
	}
}

// anaAgain is somebody else who took the name.
func (f *fixture) anaAgain() *freshet.Identity {
	return f.Identify(freshet.Identity{
		Name: "user ana", Providers: []freshet.Provider{freshet.UserPools}, Claims: map[string]any{"username": "ana", "sub": "another-sub"},
	})
}

func TestDisown(t *testing.T) {
	for what, want := range map[Disposal]struct {
		records map[string]string
		ana     []string // what her own client is shown
		ed      []string // what somebody with whom she shared is shown
		deletes []string // what those hear who listen
	}{
		KeepRecords: {
			records: map[string]string{
				"Task mine": `2 {"id":"mine","title":"x","status":"OPEN"}`, "Task shared": `2 {"id":"shared","title":"x","status":"OPEN","editors":["ed"]}`,
				"Order mine": `2 {"id":"mine","by":"","for":"ed"}`, "Draft d": `2 {"id":"d","text":"x"}`, "Wish w": `2 {"id":"w","text":"x"}`,
			},
			ana: []string{"-Draft d 2", "-Order ed's 2", "-Order mine 2", "-Profile ana 2", "-Task ed's 2", "-Task gone 3", "-Task mine 2", "-Task shared 2"},
			ed:  []string{"-Profile ana 2", "Order ed's 2", "Order mine 2", "Task ed's 2", "Task shared 2", "Wish w 2"},
		},
		DeleteRecords: {
			records: map[string]string{
				"Task mine": `-2 {"id":"mine","title":"x","status":"OPEN"}`, "Task shared": `-2 {"id":"shared","title":"x","status":"OPEN","editors":["ed"]}`,
				"Order mine": `-2 {"id":"mine","by":"","for":"ed"}`, "Draft d": `-2 {"id":"d","text":"x"}`, "Wish w": `-2 {"id":"w","text":"x"}`,
			},
			ana:     []string{"-Draft d 2", "-Order ed's 2", "-Order mine 2", "-Profile ana 2", "-Task ed's 2", "-Task gone 3", "-Task mine 2", "-Task shared 2"},
			ed:      []string{"-Order mine 2", "-Profile ana 2", "-Task shared 2", "-Wish w 2", "Order ed's 2", "Task ed's 2"},
			deletes: []string{"delete shared"},
		},
	} {
		t.Run(string(what), func(t *testing.T) {
			f := newFixture(t, estates)
			ana, ed := f.user("ana"), f.user("ed")
			f.write(ana, create(`{"id":"mine","title":"x"}`))
			f.write(ana, create(`{"id":"shared","title":"x","editors":["ed","ana"]}`))
			f.write(ana, create(`{"id":"gone","title":"x"}`))
			f.write(ana, remove("gone", 0))
			f.write(ed, create(`{"id":"ed's","title":"x","editors":["ana"],"blind":["ana","eve"]}`))
			f.write(ed, create(`{"id":"blind","title":"x","blind":["ana"]}`))
			f.write(ed, create(`{"id":"ed's alone","title":"ana"}`))
			f.write(ana, of("Profile", create(`{"owner":"ana","city":"Rome"}`)))
			f.write(ana, of("Order", create(`{"id":"mine","by":"ana","for":"ed"}`)))
			f.write(ed, of("Order", create(`{"id":"ed's","by":"ed","for":"ana"}`)))
			f.write(ana, of("Draft", create(`{"id":"d","text":"x"}`)))
			f.write(ana, of("Wish", create(`{"id":"w","text":"x"}`)))
			client, others := newReplica(Scope{}), newReplica(Scope{})
			client.pullAll(f, ana, 100)
			others.pullAll(f, ed, 100)

			f.disown(ana, what)
			for name, want := range want.records {
				model, id, _ := strings.Cut(name, " ")
				f.wantStored(freshet.ModelName(model), freshet.StringKey(id), want)
			}
			// These are alike in both: the name is taken out, or cannot be.
			f.wantStored("Task", freshet.StringKey("gone"), `-3 {"id":"gone","title":"x","status":"OPEN"}`)
			f.wantStored("Task", freshet.StringKey("ed's"), `2 {"id":"ed's","title":"x","status":"OPEN","owner":"ed","editors":[],"blind":["eve"]}`)
			f.wantStored("Task", freshet.StringKey("blind"), `2 {"id":"blind","title":"x","status":"OPEN","owner":"ed","blind":[]}`)
			f.wantStored("Task", freshet.StringKey("ed's alone"), `1 {"id":"ed's alone","title":"ana","status":"OPEN","owner":"ed"}`)
			f.wantStored("Profile", freshet.StringKey("ana"), `-2 {"owner":"ana"}`)
			f.wantStored("Order", freshet.StringKey("ed's"), `2 {"id":"ed's","by":"ed"}`)

			head := f.Head()
			f.disown(ana, what)
			if f.Head() != head {
				t.Errorf("disowned again, and the log went from %d to %d", head.Seq, f.Head().Seq)
			}
			wantSorted := func(who string, got, want []string) {
				t.Helper()
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%s is shown %q, want %q", who, got, want)
				}
			}
			sights := slices.DeleteFunc(client.pullAll(f, ana, 3), func(s string) bool { return s == "Wish w 2" || s == "-Wish w 2" }) // it is everybody's
			wantSorted("ana", sights, want.ana)
			seen := slices.DeleteFunc(others.pullAll(f, ed, 3), func(s string) bool { return s == "Task blind 2" })
			wantSorted("ed", seen, want.ed)
			if heard := f.hears(ed, ListenQuery{Model: "Task", Op: freshet.OpDelete}); !slices.Equal(heard, want.deletes) {
				t.Errorf("ed hears %q, want %q", heard, want.deletes)
			}
		})
	}
}

// TestDisownedName holds what the next one of the name may, and may not.
func TestDisownedName(t *testing.T) {
	for _, what := range []Disposal{KeepRecords, DeleteRecords} {
		f := newFixture(t, estates)
		ana, ed := f.user("ana"), f.user("ed")
		f.write(ana, create(`{"id":"a","title":"x","editors":["ed"]}`))
		f.write(ed, create(`{"id":"blind","title":"x","blind":["ana"]}`))
		f.write(ana, create(`{"id":"gone","title":"x"}`))
		f.write(ana, remove("gone", 0))
		f.write(ana, of("Profile", create(`{"owner":"ana","city":"Rome"}`)))
		f.write(ana, of("Safe", create(`{"owner":"ana","pin":4711}`)))
		f.write(ana, of("Order", create(`{"id":"o","by":"ana"}`)))
		f.disown(ana, what)

		next := f.anaAgain()
		f.wantStranger(next)
		for _, id := range []string{"a", "blind"} {
			f.refused(next, update(id, 0, `{"title":"y"}`), freshet.Forbidden)
			f.refused(next, remove(id, 0), freshet.Forbidden)
		}
		for _, id := range []string{"a", "gone"} {
			if err := f.refused(next, create(fmt.Sprintf(`{"id":%q,"title":"y"}`, id)), freshet.Conflict); err.Current != nil {
				t.Errorf("%s: the refusal shows %s", what, err.Current.Body)
			}
		}
		nobody := KeyCondition{Fields: f.schema.Model("Order").Index("byBuyer").Fields, Partition: []byte(`"ana"`)}
		keys, err := nobody.Range()
		if err != nil {
			t.Fatal(err)
		}
		f.wantList("by her name", f.operator(), ListQuery{Model: "Order", Index: "byBuyer", Range: keys, Deleted: true})
		if what == KeepRecords {
			f.write(ed, update("a", 1, `{"title":"ed goes on, from before"}`))
		}
		// A key that is her name is hers now; of what was there before only that it was is left.
		if err := f.refused(next, freshet.Write{Model: "Profile", Op: freshet.OpUpdate, Key: freshet.StringKey("ana"), Base: 1, Fields: []byte(`{}`)}, freshet.Conflict); err.Current == nil || string(err.Current.Body) != `{"owner":"ana"}` {
			t.Errorf("the refusal shows %+v", err.Current)
		}
		f.write(next, of("Profile", create(`{"owner":"ana","city":"Oslo"}`)))
		f.wantSights("her own alone", newReplica(Scope{}), next, "Profile ana 3")
	}
}

// TestDisownCutOff cuts the work off at each of its commits; done again it does the rest, each record once.
func TestDisownCutOff(t *testing.T) {
	for _, how := range []storetest.Failure{storetest.Refused, storetest.AnswerLost} {
		for cut := range 6 {
			f := newFixture(t, estates)
			ana := f.user("ana")
			const records = 250 // three commits by the index
			for n := 0; n < records; n += 50 {
				var writes []freshet.Write
				for i := range 50 {
					writes = append(writes, create(fmt.Sprintf(`{"id":"%04d","title":"x"}`, n+i)))
				}
				f.push(ana, "loader", count(uint64(n+1), writes...), true)
			}
			for i := range 150 { // two commits by the walk of the model
				f.write(f.user("ed"), create(fmt.Sprintf(`{"id":"b%04d","title":"x","blind":["ana"]}`, i)))
			}
			before := f.Head().Seq
			failing := &storetest.Failing{Store: f.db}
			failing.Plan(append(make([]storetest.Failure, cut), how)...)
			node := &Engine{store: failing, schema: f.schema, opts: f.opts, seal: f.seal}
			err := node.Disown(t.Context(), ana, KeepRecords)
			if cut < 5 {
				wantCode(t, "cut off", err, freshet.Unavailable)
			} else if err != nil {
				t.Fatal(err)
			}
			f.disown(ana, KeepRecords)
			if got := f.Head().Seq - before; got != records+150 {
				t.Errorf("cut off at commit %d: %d changes, want each record once", cut, got)
			}
			f.wantStranger(f.anaAgain())
		}
	}
}

// TestDisownLongCommit: a commit may be longer than a batch of this work.
func TestDisownLongCommit(t *testing.T) {
	f := newFixture(t, tasks, Limits{BatchWrites: 1000})
	ana := f.user("ana")
	var writes []freshet.Write
	for i := range 350 {
		writes = append(writes, create(fmt.Sprintf(`{"id":"%04d","title":"x"}`, i)))
	}
	f.push(ana, "loader", count(1, writes...), true)
	counting := &longest{Store: f.db}
	node := &Engine{store: counting, schema: f.schema, opts: f.opts, seal: f.seal}
	if err := node.Disown(t.Context(), ana, DeleteRecords); err != nil {
		t.Fatal(err)
	}
	if counting.puts > disownBatch {
		t.Errorf("a commit has %d records", counting.puts)
	}
	f.wantStranger(f.anaAgain())
}

// longest is a store that notes its longest commit.
type longest struct {
	store.Store
	puts int
}

func (l *longest) Commit(ctx context.Context, batch store.Batch) (store.Receipt, error) {
	l.puts = max(l.puts, len(batch.Puts))
	return l.Store.Commit(ctx, batch)
}

// TestDisownMeanwhile lets another go on writing to what is shared. Nothing of it is lost, and no record stays with
// the name.
func TestDisownMeanwhile(t *testing.T) {
	f := newFixture(t, tasks)
	ana, ed := f.user("ana"), f.user("ed")
	const records = 300
	id := func(n int) string { return fmt.Sprintf("%04d", n) }
	for n := range records {
		f.write(ana, create(fmt.Sprintf(`{"id":%q,"title":"x","editors":["ed"]}`, id(n))))
	}
	var writing sync.WaitGroup
	for writer := range 3 {
		writing.Go(func() {
			for n := writer; n < records; n += 3 {
				if _, err := f.Write(t.Context(), ed, update(id(records-1-n), 0, `{"note":"ed was here"}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	f.disown(ana, KeepRecords)
	writing.Wait()
	for n := range records {
		f.wantStored("Task", freshet.StringKey(id(n)), fmt.Sprintf(`3 {"id":%q,"title":"x","status":"OPEN","note":"ed was here","editors":["ed"]}`, id(n)))
	}
	f.wantStranger(f.anaAgain())
}

// TestDisownRace holds that a record which another node writes in between is looked at again.
func TestDisownRace(t *testing.T) {
	f := newFixture(t, tasks)
	ana, ed := f.user("ana"), f.user("ed")
	f.write(ana, create(`{"id":"a","title":"x","editors":["ed"]}`))
	racing := &racing{f.db, []func(){func() { f.write(ed, update("a", 0, `{"title":"y"}`)) }}}
	node := &Engine{store: racing, schema: f.schema, opts: f.opts, seal: f.seal}
	if err := node.Disown(t.Context(), ana, KeepRecords); err != nil {
		t.Fatal(err)
	}
	f.wantStored("Task", freshet.StringKey("a"), `3 {"id":"a","title":"y","status":"OPEN","editors":["ed"]}`)
}

// TestDisownOverLimit: a record beyond a limit that was lowered since does not keep an account from going.
func TestDisownOverLimit(t *testing.T) {
	dir := t.TempDir()
	db, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e, err := Open(t.Context(), db, source(tasks), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ana := e.user("ana")
	if _, err := e.Write(t.Context(), ana, create(`{"id":"a","title":"`+strings.Repeat("x", 2000)+`"}`)); err != nil {
		t.Fatal(err)
	}
	if e, err = Open(t.Context(), db, source(tasks), Options{Limits: Limits{RecordBytes: 1000}}); err != nil {
		t.Fatal(err)
	}
	if err := e.Disown(t.Context(), ana, KeepRecords); err != nil {
		t.Error(err)
	}
}

// disown takes a user's names out of all records of the world, which readers and those who are live have to follow.
func (w *world) disown(rt *rapid.T) {
	user := rapid.SampledFrom([]string{"ana", "bob"}).Draw(rt, "user")
	what := rapid.SampledFrom([]Disposal{KeepRecords, DeleteRecords}).Draw(rt, "disposal")
	w.fixture.disown(w.user(user), what)
	w.wantStranger(w.Identify(freshet.Identity{
		Name: "user " + user, Providers: []freshet.Provider{freshet.UserPools}, Claims: map[string]any{"username": user, "sub": "another"},
	}))
}
