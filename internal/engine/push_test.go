package engine

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// count numbers writes, from a counter on.
func count(from uint64, writes ...freshet.Write) []freshet.Write {
	for i := range writes {
		writes[i].Counter = from + uint64(i)
	}
	return writes
}

func (f *fixture) push(id *freshet.Identity, client string, writes []freshet.Write, atomic bool) []Outcome {
	f.t.Helper()
	outcomes, err := f.Push(f.t.Context(), id, client, writes, atomic)
	if err != nil {
		f.t.Fatalf("push: %v", err)
	}
	return outcomes
}

// outcomeText tells of an outcome in short: "counter STATUS key version code conflicts".
func outcomeText(outcomes []Outcome) []string {
	var list []string
	for _, o := range outcomes {
		key := "-"
		if o.Key != "" {
			key = o.Key.Text()
		}
		text := fmt.Sprintf("%d %s %s %d", o.Counter, o.Status, key, o.Version)
		if o.Err != nil {
			text += " " + string(o.Err.Code)
		}
		if len(o.Conflicts) > 0 {
			text += " " + conflictText(o.Conflicts)
		}
		list = append(list, text)
	}
	return list
}

func wantOutcomes(t testing.TB, what string, got []Outcome, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, outcomeText(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestPushOneByOne pushes writes with every outcome, and sends them again.
func TestPushOneByOne(t *testing.T) {
	f := newFixture(t, tasks)
	ana, bob := f.user("ana"), f.user("bob")
	f.write(ana, create(`{"id":"a","title":"x","note":"b"}`))
	f.write(ana, update("a", 1, `{"note":"t"}`))
	f.write(bob, create(`{"id":"other","title":"x"}`))
	writes := func() []freshet.Write {
		return count(1,
			create(`{"id":"new","title":"x"}`),
			update("a", 1, `{"note":"y","priority":1}`),
			update("other", 0, `{"title":"y"}`),
			create(`{"id":"bad","title":1}`),
			update("none", 0, `{"title":"y"}`),
			freshet.Write{Model: "Task", Op: freshet.OpUpdate, Fields: []byte(`{"title":"y"}`)},
			update("a", 1, `{"note":"late"}`),
			of("Ghost", create(`{"id":"a"}`)),
			remove("new", 1),
			create(`{"title":"id of the server"}`),
		)
	}
	outcomes := f.push(ana, "phone", writes(), false)
	id := outcomes[9].Key.Text()
	want := []string{
		"1 APPLIED new 1",
		`2 MERGED a 3 note "y" "t" "b"`,
		"3 REFUSED other 0 forbidden",
		"4 REFUSED - 0 invalid",
		"5 REFUSED none 0 not_found",
		"6 REFUSED - 0 invalid",
		`7 MERGED a 3 note "late" "t" "b"`,
		"8 REFUSED - 0 invalid",
		"9 APPLIED new 2",
		"10 APPLIED " + id + " 1",
	}
	wantOutcomes(t, "outcomes", outcomes, want...)
	for i, visible := range []bool{true, true, false, false, false, false, true, false, true, true} {
		if (outcomes[i].Row != nil) != visible {
			t.Errorf("write %d is shown %+v", i+1, outcomes[i].Row)
		}
	}
	for _, o := range outcomes {
		if o.Row == nil {
			continue
		}
		record := f.stored("Task", o.Key.Text())
		if o.Row.Seq == 0 || o.Row.At == 0 || o.Row.Version == record.Version && o.Row.Seq != record.Seq {
			t.Errorf("%s is shown at %d, stored at %d", o.Key.Text(), o.Row.Seq, record.Seq)
		}
	}
	head := f.Head()
	if first := f.stored("Task", "a").Seq; head.Seq != first+2 || f.lastChange().End != head.Seq {
		t.Errorf("the push is not one commit: the head is %d, the second write at %d", head.Seq, first)
	}

	again := f.push(ana, "phone", writes(), false)
	wantOutcomes(t, "sent again", again, want...)
	if diff := cmp.Diff(head, f.Head()); diff != "" {
		t.Errorf("sent again, and the head moved (-before +after):\n%s", diff)
	}
	for i, visible := range []bool{true, true, false, false, false, false, true, false, true, true} {
		if (again[i].Row != nil) != visible {
			t.Errorf("write %d, sent again, is shown %+v", i+1, again[i].Row)
		}
	}
	for i, o := range outcomes {
		if o.Err != nil && o.Err.Message != again[i].Err.Message {
			t.Errorf("write %d: %q, then %q", i+1, o.Err.Message, again[i].Err.Message)
		}
	}
}

// TestPushAtomic holds that all writes of a push are applied or none, and that each answer stands.
func TestPushAtomic(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x"}`))
	head := f.Head()
	outcomes := f.push(ana, "phone", count(1, update("a", 1, `{"note":"y"}`), update("none", 0, `{}`), create(`{"id":"b","title":"x"}`)), true)
	wantOutcomes(t, "one refused", outcomes, "1 SKIPPED a 0", "2 REFUSED none 0 not_found", "3 SKIPPED b 0")
	if f.Head().Seq != head.Seq || f.stored("Task", "b") != nil {
		t.Error("a refused push changed something")
	}
	if row := outcomes[0].Row; row == nil || row.Version != 1 {
		t.Errorf("a skipped write is shown %+v", row)
	}
	f.write(ana, create(`{"id":"none","title":"x"}`))
	outcomes = f.push(ana, "phone", count(1, update("a", 1, `{"note":"y"}`), update("none", 0, `{}`), create(`{"id":"b","title":"x"}`)), true)
	wantOutcomes(t, "the refused one again", outcomes, "1 SKIPPED a 0", "2 REFUSED none 0 not_found", "3 SKIPPED b 0")
	head = f.Head()
	for range 2 {
		outcomes = f.push(ana, "phone", count(4, update("a", 1, `{"note":"y"}`), create(`{"id":"b","title":"x"}`)), true)
		wantOutcomes(t, "without it", outcomes, "4 APPLIED a 2", "5 APPLIED b 1")
		if f.Head().Seq != head.Seq+2 {
			t.Errorf("the head is %d, after %d", f.Head().Seq, head.Seq)
		}
	}
	partly := count(5, create(`{"id":"b","title":"x"}`), of("Ghost", create(`{}`)), update("a", 0, `{"note":"z"}`))
	wantOutcomes(t, "partly seen", f.push(ana, "laptop", partly[:1], true), "5 REFUSED b 0 conflict")
	wantOutcomes(t, "partly seen", f.push(ana, "laptop", partly, true), "5 REFUSED b 0 conflict", "6 REFUSED - 0 invalid", "7 SKIPPED a 0")
	outcomes = f.push(ana, "phone", count(4, update("a", 1, `{"note":"y"}`), create(`{"id":"b","title":"x"}`), create(`{"id":"b","title":"x"}`)), true)
	wantOutcomes(t, "one more, refused", outcomes, "4 APPLIED a 2", "5 APPLIED b 1", "6 REFUSED b 0 conflict")
}

// TestPushOverlap sends a push of which the server has seen a part.
func TestPushOverlap(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	first := count(3, create(`{"id":"a","title":"1"}`), update("a", 1, `{"title":"2"}`))
	f.push(ana, "phone", first, false)
	outcomes := f.push(ana, "phone", count(3, create(`{"id":"a","title":"1"}`), update("a", 1, `{"title":"2"}`), update("a", 2, `{"title":"3"}`), create(`{"id":"b","title":"1"}`)), false)
	wantOutcomes(t, "overlapping", outcomes, "3 APPLIED a 1", "4 APPLIED a 2", "5 APPLIED a 3", "6 APPLIED b 1")
	outcomes = f.push(ana, "phone", count(2, create(`{"id":"skipped","title":"1"}`), create(`{"id":"a","title":"1"}`)), false)
	wantOutcomes(t, "a counter that was left out", outcomes, "2 REFUSED skipped 0 gone", "3 APPLIED a 1")

	for i := range uint64(store.KeptResults) {
		f.push(ana, "phone", count(10+i, update("a", 0, `{}`)), false)
	}
	outcomes = f.push(ana, "phone", count(3, create(`{"id":"a","title":"1"}`)), false)
	wantOutcomes(t, "long ago", outcomes, "3 REFUSED a 0 gone")
}

func TestPushInvalid(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	many := func(n int) []freshet.Write {
		writes := make([]freshet.Write, n)
		for i := range writes {
			writes[i] = create(fmt.Sprintf(`{"id":"n%d","title":"x"}`, i))
		}
		return count(1, writes...)
	}
	head := f.Head()
	for _, c := range []struct {
		what, client string
		writes       []freshet.Write
		want         freshet.Code
	}{
		{"no client", "", many(1), freshet.Invalid},
		{"a long client", strings.Repeat("x", maxClientID+1), many(1), freshet.Invalid},
		{"counter 0", "c", count(0, many(1)...), freshet.Invalid},
		{"the same counter", "c", append(many(1), many(1)...), freshet.Invalid},
		{"falling counters", "c", append(many(3), many(2)...), freshet.Invalid},
		{"101 writes", "c", many(101), freshet.TooLarge},
	} {
		_, err := f.Push(t.Context(), ana, c.client, c.writes, false)
		wantCode(t, c.what, err, c.want)
	}
	wantOutcomes(t, "no writes", f.push(ana, "c", nil, false))
	if f.Head() != head {
		t.Error("a refused push changed something")
	}
	f.push(ana, strings.Repeat("x", maxClientID), many(1), false)
	if outcomes := f.push(ana, "c", many(100), true); outcomes[99].Err != nil || outcomes[0].Err == nil {
		t.Errorf("100 writes: %v", outcomeText(outcomes))
	}
}

// TestPushBuildsOnItself writes several times to one record in a push. All writes have the base that the
// client knew; they do not conflict with each other, and do with what others wrote since.
func TestPushBuildsOnItself(t *testing.T) {
	for _, c := range []struct {
		what, theirs string
		yours        []string
		want         string
		outcomes     []string
	}{
		{
			"nobody else wrote", ``,
			[]string{`{"note":"1","steps":["a","y"]}`, `{"note":"2","steps":["a","y","z"]}`},
			`note="2" priority= steps=["a","y","z"] place={"city":"b","street":"b"} `,
			[]string{"1 APPLIED a 2", "2 APPLIED a 3"},
		},
		{
			"another field", `{"priority":5}`,
			[]string{`{"note":"1"}`, `{"note":"2"}`},
			`note="2" priority=5 steps=["a"] place={"city":"b","street":"b"} `,
			[]string{"1 APPLIED a 3", "2 APPLIED a 4"},
		},
		{
			"the same scalar", `{"note":"t"}`,
			[]string{`{"note":"1","priority":1}`, `{"note":"2","priority":2}`},
			`note="t" priority=2 steps=["a"] place={"city":"b","street":"b"} `,
			[]string{`1 MERGED a 3 note "1" "t" "b"`, `2 MERGED a 4 note "2" "t" "b"`},
		},
		{
			"the same scalar, taken away", `{"note":null}`,
			[]string{`{"note":"1"}`, `{"note":"2"}`},
			`note="2" priority= steps=["a"] place={"city":"b","street":"b"} `,
			[]string{"1 APPLIED a 3", "2 APPLIED a 4"},
		},
		{
			"a list, appended to", `{"steps":["a","t"]}`,
			[]string{`{"steps":["a","y"]}`, `{"steps":["a","y","z"]}`},
			`note="b" priority= steps=["a","t","y","z"] place={"city":"b","street":"b"} `,
			[]string{"1 APPLIED a 3", "2 APPLIED a 4"},
		},
		{
			"a list, appended to and taken back", `{"steps":["a","t"]}`,
			[]string{`{"steps":["a","y"]}`, `{"steps":["a"]}`},
			`note="b" priority= steps=["a","t"] place={"city":"b","street":"b"} `,
			[]string{"1 APPLIED a 3", "2 APPLIED a 4"},
		},
		{
			"an object", `{"place":{"city":"b","street":"t"}}`,
			[]string{`{"place":{"city":"1","street":"b"}}`, `{"place":{"city":"2","street":"b"}}`},
			`note="b" priority= steps=["a"] place={"city":"2","street":"t"} `,
			[]string{"1 APPLIED a 3", "2 APPLIED a 4"},
		},
		{
			"nothing taken after a write", `{"note":"t"}`,
			[]string{`{"priority":1}`, `{"note":"2"}`},
			`note="t" priority=1 steps=["a"] place={"city":"b","street":"b"} `,
			[]string{"1 APPLIED a 3", `2 MERGED a 3 note "2" "t" "b"`},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := newFixture(t, tasks)
			ana := f.user("ana")
			f.write(ana, create(`{"id":"a","title":"x","note":"b","steps":["a"],"place":{"city":"b","street":"b"}}`))
			if c.theirs != "" {
				f.write(f.user("eve", "admins"), update("a", 0, c.theirs))
			}
			var writes []freshet.Write
			for _, yours := range c.yours {
				writes = append(writes, update("a", 1, yours))
			}
			outcomes := f.push(ana, "phone", count(1, writes...), false)
			wantOutcomes(t, "outcomes", outcomes, c.outcomes...)
			last := outcomes[len(outcomes)-1].Row
			wantText(t, "the record", last.fields("note", "priority", "steps", "place"), c.want)
			if record := f.stored("Task", "a"); last.Seq != record.Seq || last.At != record.At || string(last.Body) != string(record.Body) {
				t.Errorf("shown %s at %d, stored %s at %d", last.Body, last.Seq, record.Body, record.Seq)
			}
		})
	}
}

// TestPushLife creates, changes, deletes and creates one record again in a push.
func TestPushLife(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	outcomes := f.push(ana, "phone", count(1,
		create(`{"id":"a","title":"1"}`), update("a", 0, `{"note":"n"}`), update("a", 1, `{"title":"2"}`),
		remove("a", 1), update("a", 0, `{"title":"3"}`), create(`{"id":"a","title":"4"}`), update("a", 2, `{"note":"m"}`),
	), false)
	wantOutcomes(t, "outcomes", outcomes, "1 APPLIED a 1", "2 APPLIED a 2", "3 APPLIED a 3", "4 APPLIED a 4", "5 REFUSED a 0 not_found", "6 APPLIED a 5", "7 APPLIED a 6")
	wantText(t, "the record", outcomes[6].Row.fields("title", "note"), `title="4" note="m" `)
	f.write(ana, update("a", 0, `{"title":"5"}`))
	outcomes = f.push(ana, "phone", count(8, update("a", 6, `{"note":"o"}`), remove("a", 6)), false)
	wantOutcomes(t, "a stale delete", outcomes, "8 APPLIED a 8", "9 REFUSED a 0 conflict")
	f.write(ana, update("a", 0, `{"status":"DONE"}`))
	f.write(ana, remove("a", 0))
	outcomes = f.push(ana, "phone", count(10, create(`{"id":"a","title":"6","note":"p"}`), update("a", 8, `{"note":"q","status":"DONE"}`)), false)
	wantOutcomes(t, "over a tombstone", outcomes, "10 APPLIED a 11", "11 APPLIED a 12")
	wantText(t, "the record", outcomes[1].Row.fields("title", "note", "status"), `title="6" note="q" status="DONE" `)
}

// TestPushClients holds that a client id is the own of who writes: another's counters are others.
func TestPushClients(t *testing.T) {
	f := newFixture(t, tasks)
	for _, name := range []string{"ana", "bob"} {
		for _, client := range []string{"phone", "laptop"} {
			id := name + client
			wantOutcomes(t, id, f.push(f.user(name), client, count(1, create(fmt.Sprintf(`{"id":%q,"title":"x"}`, id))), false), "1 APPLIED "+id+" 1")
		}
	}
}

// TestPushReadOnly: who may only read as somebody uses up none of the counters of that one's clients, and is told
// nothing of what they got.
func TestPushReadOnly(t *testing.T) {
	f := newFixture(t, tasks)
	ana, reader := f.user("ana"), f.user("ana")
	f.push(ana, "phone", count(1, create(`{"id":"a","title":"x"}`)), false)
	for _, operation := range []string{"read", "get", "list", "sync", "listen"} {
		reader.Scopes = []freshet.Scope{{Model: schema.AnyModel, Operations: []string{operation}}}
		for _, atomic := range []bool{false, true} {
			outcomes := f.push(reader, "phone", count(1, create(`{"id":"b","title":"x"}`)), atomic)
			wantOutcomes(t, "a counter that was used", outcomes, "1 REFUSED b 0 forbidden")
			outcomes = f.push(reader, "phone", count(1<<60, create(`{"id":"b","title":"x"}`)), atomic)
			wantOutcomes(t, "one that was not", outcomes, "1152921504606846976 REFUSED b 0 forbidden")
		}
	}
	wantOutcomes(t, "the next of the client", f.push(ana, "phone", count(2, create(`{"id":"b","title":"x"}`)), false), "2 APPLIED b 1")
}

// TestPushRace holds that a push which another node made stale, or answered, is resolved again.
func TestPushRace(t *testing.T) {
	f := newFixture(t, tasks)
	node := &Engine{store: f.db, schema: f.schema, opts: f.opts, seal: f.seal}
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x","note":"b"}`))
	writes := func() []freshet.Write {
		return count(1, update("a", 1, `{"note":"y","priority":1}`), create(`{"id":"b","title":"x"}`))
	}
	f.store = &racing{f.db, []func(){
		func() {
			if _, err := node.Write(t.Context(), ana, update("a", 1, `{"note":"t"}`)); err != nil {
				t.Error(err)
			}
		},
		func() {
			if _, err := node.Push(t.Context(), ana, "phone", writes()[:1], false); err != nil {
				t.Error(err)
			}
		},
	}}
	wantOutcomes(t, "outcomes", f.push(ana, "phone", writes(), false), `1 MERGED a 3 note "y" "t" "b"`, "2 APPLIED b 1")
	if f.stored("Task", "a").Version != 3 {
		t.Errorf("written twice: %+v", f.stored("Task", "a"))
	}
}

// TestPushConcurrent lets clients push to the same records at the same time, each push twice.
func TestPushConcurrent(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x"}`))
	f.write(ana, create(`{"id":"b","title":"x"}`))
	const clients, pushes = 4, 10
	var group sync.WaitGroup
	for c := range clients {
		for range 2 {
			group.Go(func() {
				for n := range uint64(pushes) {
					step := fmt.Sprintf(`{"steps":["%d-%d"]}`, c, n)
					ids := []string{"a", "b"}
					if c%2 == 1 {
						ids = []string{"b", "a"}
					}
					_, err := f.Push(t.Context(), ana, fmt.Sprint("client", c), count(2*n+1, update(ids[0], 1, step), update(ids[1], 1, step)), false)
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	group.Wait()
	for _, id := range []string{"a", "b"} {
		record := f.stored("Task", id)
		if n := strings.Count(string(record.Body), "-") - strings.Count("2026-11-23 2026-11-23", "-"); n != clients*pushes || record.Version != clients*pushes+1 {
			t.Errorf("%s has %d steps at version %d, want %d: %s", id, n, record.Version, clients*pushes, record.Body)
		}
	}
}
