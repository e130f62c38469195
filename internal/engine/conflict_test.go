package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"freshet"
	"freshet/internal/store"
)

// conflictText tells of conflicts in short: "field yours theirs base".
func conflictText(conflicts []freshet.FieldConflict) string {
	var list []string
	for _, c := range conflicts {
		list = append(list, fmt.Sprintf("%s %s %s %s", c.Field, c.Yours, c.Theirs, c.Base))
	}
	return strings.Join(list, "; ")
}

// TestMerge holds, for one field, what becomes of a write on a stale base.
func TestMerge(t *testing.T) {
	for _, c := range []struct {
		what                string
		base, theirs, yours string // fields; theirs may be several writes, one a line
		field, want         string
		conflicts           string
		taken               bool
	}{
		{"another field", `"note":"b"`, `"priority":1`, `"note":"y"`, "note", `"y"`, "", true},
		{"the same scalar", `"note":"b"`, `"note":"t"`, `"note":"y"`, "note", `"t"`, `note "y" "t" "b"`, false},
		{"the same scalar, absent before", ``, `"note":"t"`, `"note":"y"`, "note", `"t"`, `note "y" "t" null`, false},
		{"alike", `"note":"b"`, `"note":"t"`, `"note":"t"`, "note", `"t"`, "", false},
		{"alike, in other letters", `"note":"b"`, `"note":"t"`, `"note":"\u0074"`, "note", `"t"`, "", false},
		{"not changed after all", `"note":"b"`, `"note":"t"`, `"note":"b"`, "note", `"t"`, "", false},
		{"there and back", `"note":"b"`, "\"note\":\"t\"\n\"note\":\"b\"", `"note":"y"`, "note", `"b"`, `note "y" "b" "b"`, false},
		{"one of two", `"note":"b"`, `"note":"t"`, `"note":"y","priority":1`, "priority", `1`, `note "y" "t" "b"`, true},
		{"taken away there", `"note":"b"`, `"note":null`, `"note":"y"`, "note", `"y"`, "", true},
		{"taken away here", `"note":"b"`, `"note":"t"`, `"note":null`, "note", `"t"`, `note null "t" "b"`, false},
		{"taken away by both", `"note":"b"`, `"note":null`, `"note":null`, "note", ``, "", false},

		{"list: both append", `"steps":["a"]`, `"steps":["a","t"]`, `"steps":["a","y"]`, "steps", `["a","t","y"]`, "", true},
		{"list: both append the same", `"steps":[]`, `"steps":["x"]`, `"steps":["x","y"]`, "steps", `["x","x","y"]`, "", true},
		{"list: remove here", `"steps":["a","b"]`, `"steps":["a","b","t"]`, `"steps":["b"]`, "steps", `["b","t"]`, "", true},
		{"list: remove there", `"steps":["a","b"]`, `"steps":["b"]`, `"steps":["a","b","y"]`, "steps", `["b","y"]`, "", true},
		{"list: remove the same", `"steps":["a","a","b"]`, `"steps":["a","b"]`, `"steps":["a","b","y"]`, "steps", `["b","y"]`, "", true},
		{"list: order only", `"steps":["a","b"]`, `"steps":["a","b","t"]`, `"steps":["b","a"]`, "steps", `["a","b","t"]`, "", false},
		{"list: null there", `"steps":["a"]`, `"steps":null`, `"steps":["a","y"]`, "steps", `["a","y"]`, "", true},
		{"list: null here", `"steps":["a"]`, `"steps":["a","t"]`, `"steps":null`, "steps", `["a","t"]`, `steps null ["a","t"] ["a"]`, false},
		{"list: null before", ``, `"steps":["t"]`, `"steps":["y"]`, "steps", `["t","y"]`, "", true},
		{"list: null elements", `"steps":[null]`, `"steps":[null,null]`, `"steps":["y"]`, "steps", `[null,"y"]`, "", true},
		{"set: unite", `"labels":["a"]`, `"labels":["a","x"]`, `"labels":["a","x","y"]`, "labels", `["a","x","y"]`, "", true},
		{"set: add and remove", `"labels":["a","b"]`, `"labels":["b","t"]`, `"labels":["a","y"]`, "labels", `["t","y"]`, "", true},
		{"set: letters", `"labels":["a"]`, `"labels":["a","t"]`, `"labels":["\u0061","\u0074"]`, "labels", `["a","t"]`, "", false},

		{"object: disjoint", `"place":{"city":"b","street":"b"}`, `"place":{"city":"t","street":"b"}`, `"place":{"city":"b","street":"y"}`, "place", `{"city":"t","street":"y"}`, "", true},
		{"object: the same", `"place":{"city":"b"}`, `"place":{"city":"t"}`, `"place":{"city":"y","street":"y"}`, "place", `{"city":"t","street":"y"}`, `place.city "y" "t" "b"`, true},
		{"object: left out", `"place":{"city":"b","street":"b"}`, `"place":{"city":"t","street":"b"}`, `"place":{"city":"b"}`, "place", `{"city":"t"}`, "", true},
		{"object: left out there", `"place":{"city":"b","street":"b"}`, `"place":{"city":"b"}`, `"place":{"city":"y","street":"b"}`, "place", `{"city":"y"}`, "", true},
		{"object: nested", `"place":{"at":{"x":1,"y":1}}`, `"place":{"at":{"x":2,"y":1}}`, `"place":{"at":{"x":3,"y":3}}`, "place", `{"at":{"x":2,"y":3}}`, `place.at.x 3 2 1`, true},
		{"object: null there", `"place":{"city":"b"}`, `"place":null`, `"place":{"city":"y"}`, "place", `{"city":"y"}`, "", true},
		{"object: null here", `"place":{"city":"b"}`, `"place":{"city":"t"}`, `"place":null`, "place", `{"city":"t"}`, `place null {"city":"t"} {"city":"b"}`, false},
		{"object: null before", ``, `"place":{"city":"t"}`, `"place":{"street":"y"}`, "place", `{"city":"t","street":"y"}`, "", true},
		{"object: null inside", `"place":{"city":"b"}`, `"place":{"city":null,"street":"t"}`, `"place":{"city":"y"}`, "place", `{"city":"y","street":"t"}`, "", true},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := newFixture(t, tasks)
			ana, bob := f.user("ana"), f.user("bob", "admins")
			base := f.write(ana, create(strings.TrimSuffix(`{"id":"a","title":"x",`+c.base, ",")+"}"))
			for theirs := range strings.Lines(c.theirs) {
				f.write(bob, update("a", 0, "{"+theirs+"}"))
			}
			head := f.Head().Seq
			w := f.write(ana, update("a", base.Version, "{"+c.yours+"}"))
			wantText(t, c.field, w.field(c.field), c.want)
			wantText(t, "conflicts", conflictText(w.Conflicts), c.conflicts)
			if taken := f.Head().Seq > head; taken != c.taken {
				t.Errorf("committed: %v, want %v", taken, c.taken)
			}
			record := f.stored("Task", "a")
			wantText(t, "stored", string(record.Body), string(w.Body))
			if w.Version != record.Version || w.Seq != record.Seq {
				t.Errorf("the writer is told version %d at %d, stored is %d at %d", w.Version, w.Seq, record.Version, record.Seq)
			}
		})
	}
}

// TestMergeWithoutBase merges with a base that history does not go back to.
func TestMergeWithoutBase(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x","note":"b","steps":["a","b"],"labels":["a"],"place":{"city":"b"}}`))
	f.write(ana, update("a", 1, `{"note":"t","steps":["b","t"],"labels":["t"],"place":{"city":"t","street":"t"}}`))
	if err := f.db.Trim(t.Context(), store.Trim{History: f.Head().Seq}); err != nil {
		t.Fatal(err)
	}
	w := f.write(ana, update("a", 1, `{"title":"y","note":"y","steps":["a","b","y"],"labels":["a","t","y"],"place":{"city":"y","at":{"x":1}}}`))
	wantText(t, "merged", w.fields("title", "note", "steps", "labels", "place"),
		`title="y" note="t" steps=["b","t","a","y"] labels=["t","a","y"] place={"city":"t","street":"t","at":{"x":1}} `)
	wantText(t, "conflicts", conflictText(w.Conflicts), `note "y" "t" null; place.city "y" "t" null; place.street null "t" null`)
}

// TestStrategies writes on a stale base, on the current one and on none, by each strategy.
func TestStrategies(t *testing.T) {
	sdl := ""
	for _, strategy := range []string{"AUTOMERGE", "OPTIMISTIC", "LAST_WRITER"} {
		sdl += fmt.Sprintf("type %s @model @conflict(strategy: %s) @auth(rules: [{allow: owner}]) { p: String q: String r: String list: [String] }\n", strings.ReplaceAll(strategy, "_", ""), strategy)
	}
	f := newFixture(t, sdl)
	ana := f.user("ana")
	for _, c := range []struct {
		model freshet.ModelName
		base  freshet.Version
		want  string // the fields, or the code of the error
	}{
		{"AUTOMERGE", 0, `p="y" q="t" r="y" list=["b","y"] `},
		{"AUTOMERGE", 1, `p="t" q="t" r="y" list=["b","t","y"] `},
		{"AUTOMERGE", 2, `p="y" q="t" r="y" list=["b","y"] `},
		{"OPTIMISTIC", 0, `p="y" q="t" r="y" list=["b","y"] `},
		{"OPTIMISTIC", 1, "conflict"},
		{"OPTIMISTIC", 2, `p="y" q="t" r="y" list=["b","y"] `},
		{"LASTWRITER", 0, `p="y" q="t" r="y" list=["b","y"] `},
		{"LASTWRITER", 1, `p="y" q="t" r="y" list=["b","y"] `},
		{"LASTWRITER", 2, `p="y" q="t" r="y" list=["b","y"] `},
	} {
		id := fmt.Sprint("on", c.base)
		f.write(ana, of(c.model, create(fmt.Sprintf(`{"id":%q,"p":"b","q":"b","r":"b","list":["b"]}`, id))))
		f.write(ana, of(c.model, update(id, 1, `{"p":"t","q":"t","list":["b","t"]}`)))
		stale := of(c.model, update(id, c.base, `{"p":"y","r":"y","list":["b","y"]}`))
		if c.want == "conflict" {
			if err := f.refused(ana, stale, freshet.Conflict); err.Current == nil || err.Current.Version != 2 {
				t.Errorf("%s: the writer is shown %+v", c.model, err.Current)
			}
			continue
		}
		wantText(t, fmt.Sprintf("%s on %d", c.model, c.base), f.write(ana, stale).fields("p", "q", "r", "list"), c.want)
	}
	head := f.Head().Seq
	f.write(ana, of("LASTWRITER", update("on1", 1, `{"p":"y"}`)))
	if f.Head().Seq != head {
		t.Error("a stale write that changes nothing was committed")
	}
}

// TestMergeAcrossDelete writes on a base from before the record was deleted and created again.
func TestMergeAcrossDelete(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"x","note":"b"}`))
	f.write(ana, remove("a", 1))
	f.write(ana, create(`{"id":"a","title":"again","priority":1}`))
	w := f.write(ana, update("a", 1, `{"title":"y","note":"y","priority":2}`))
	wantText(t, "merged", w.fields("title", "note", "priority"), `title="again" note="y" priority=1 `)
	wantText(t, "conflicts", conflictText(w.Conflicts), `title "y" "again" "x"; priority 2 1 null`)
}

// TestLargeSet holds that a set of very many elements is written and merged in a time that grows with it,
// not with its square.
func TestLargeSet(t *testing.T) {
	f := newFixture(t, `type T @model @auth(rules: [{allow: owner}]) { set: [Int] @set list: [Int] }`)
	ana := f.user("ana")
	numbers := func(from int) string {
		var list []int
		for n := range 30_000 {
			list = append(list, from+n)
		}
		b, _ := json.Marshal(list)
		return string(b)
	}
	f.write(ana, of("T", create(`{"id":"a","set":`+numbers(0)+`}`)))
	f.write(ana, of("T", update("a", 1, `{"set":`+numbers(1)+`}`)))
	f.write(ana, of("T", update("a", 1, `{"set":`+numbers(-1)+`}`)))
	w := f.write(ana, of("T", update("a", 1, `{"list":[1,2]}`)))
	var set []int
	if err := json.Unmarshal([]byte(w.field("set")), &set); err != nil {
		t.Fatal(err)
	}
	slices.Sort(set)
	if len(set) != 30_000 || set[0] != -1 || set[1] != 1 || set[29_999] != 30_000 {
		t.Errorf("the set has %d elements, from %d to %d", len(set), set[0], set[len(set)-1])
	}
}

// TestConcurrentWriters lets writers change one record, each a field of its own and a common list.
func TestConcurrentWriters(t *testing.T) {
	const writers, each = 6, 25
	sdl := "type T @model @auth(rules: [{allow: public}]) { list: [String]"
	for i := range writers {
		sdl += fmt.Sprintf(" f%d: Int", i)
	}
	f := newFixture(t, sdl+"}")
	key := f.anyone()
	f.write(key, of("T", create(`{"id":"a","list":[]}`)))
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			base, list := freshet.Version(1), []string{}
			for n := range each {
				list = append(list, fmt.Sprintf("%d-%d", i, n))
				text, _ := json.Marshal(list)
				w, err := f.Write(t.Context(), key, of("T", update("a", base, fmt.Sprintf(`{"f%d":%d,"list":%s}`, i, n+1, text))))
				if err != nil || len(w.Conflicts) > 0 {
					t.Errorf("writer %d: %v, %v", i, err, w.Conflicts)
					return
				}
				base, list = w.Version, nil
				if err := json.Unmarshal([]byte(w.field("list")), &list); err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}
		})
	}
	group.Wait()
	row, err := f.Get(t.Context(), key, "T", freshet.StringKey("a"), false)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	_ = json.Unmarshal([]byte(row.field("list")), &list)
	slices.Sort(list)
	if n := len(slices.Compact(list)); n != writers*each {
		t.Errorf("the list has %d different elements, want %d", n, writers*each)
	}
	for i := range writers {
		wantText(t, fmt.Sprint("field ", i), row.field(fmt.Sprint("f", i)), fmt.Sprint(each))
	}
	if row.Version != writers*each+1 {
		t.Errorf("version %d after %d writes", row.Version, writers*each+1)
	}
}

// TestMergeProperty compares the merge of random patches with the rules, said field by field.
func TestMergeProperty(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		id := fmt.Sprint("r", n)
		base, theirs, yours := drawFields(rt, "base", false), drawFields(rt, "theirs", true), drawFields(rt, "yours", true)
		fields := maps.Clone(base)
		fields["id"], fields["title"] = id, "x"
		f.write(ana, create(text(fields)))
		f.write(ana, update(id, 1, text(theirs)))
		w := f.write(ana, update(id, 1, text(yours)))
		var conflicts, wantConflicts []string
		for _, c := range w.Conflicts {
			conflicts = append(conflicts, c.Field)
		}
		for _, name := range []string{"note", "priority", "steps", "labels", "place"} {
			var got any
			if value := w.field(name); value != "" {
				if err := json.Unmarshal([]byte(value), &got); err != nil {
					rt.Fatalf("%s is %s: %v", name, value, err)
				}
			}
			s := mergeSpec{set: name == "labels"}
			want := s.field(name, base[name], theirs, yours)
			if diff := cmp.Diff(want, sorted(got)); diff != "" {
				rt.Errorf("%s: base %v, theirs %v, yours %v (-want +got):\n%s", name, base[name], theirs, yours, diff)
			}
			wantConflicts = append(wantConflicts, s.conflicts...)
		}
		slices.Sort(conflicts)
		slices.Sort(wantConflicts)
		if diff := cmp.Diff(wantConflicts, conflicts); diff != "" {
			rt.Errorf("conflicts: base %v, theirs %v, yours %v (-want +got):\n%s", base, theirs, yours, diff)
		}
	})
}

func text(value any) string {
	b, _ := json.Marshal(value)
	return string(b)
}

// drawFields draws values of some fields of a Task; in a patch null is one.
func drawFields(rt *rapid.T, label string, patch bool) map[string]any {
	letters := rapid.SampledFrom([]any{"a", "b", "c", "d"})
	place := rapid.Custom(func(rt *rapid.T) any {
		m := make(map[string]any)
		for _, name := range []string{"city", "street"} {
			if rapid.Bool().Draw(rt, name) {
				m[name] = letters.Draw(rt, name)
			}
		}
		if rapid.Bool().Draw(rt, "at") {
			m["at"] = map[string]any{"x": float64(rapid.IntRange(1, 3).Draw(rt, "x")), "y": float64(rapid.IntRange(1, 3).Draw(rt, "y"))}
		}
		return m
	})
	fields := make(map[string]any)
	for _, f := range []struct {
		name   string
		values *rapid.Generator[any]
	}{
		{"note", letters},
		{"priority", rapid.Map(rapid.IntRange(1, 3), func(n int) any { return float64(n) })},
		{"steps", rapid.SliceOfN(letters, 0, 4).AsAny()},
		{"labels", rapid.SliceOfNDistinct(letters, 0, 4, rapid.ID[any]).AsAny()},
		{"place", place},
	} {
		switch kind := rapid.IntRange(0, 3).Draw(rt, label+" "+f.name); {
		case kind > 1:
			fields[f.name] = f.values.Draw(rt, label+" "+f.name)
		case kind == 1 && patch:
			fields[f.name] = nil
		}
	}
	return fields
}
