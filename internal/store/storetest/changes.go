package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

func testTokenIndex(t *testing.T, open Open) {
	f := newFixture(t, open)
	f.commit(put("a", 0, "owner:ana", "public"))
	f.commit(put("b", 0, "owner:ana"))
	f.commit(put("c", 0, "owner:bob"))
	f.commit(put("a", 1, "owner:ana", "public"))
	f.commit(put("a", 2, "owner:ana", "public"))
	ana := tokens("owner:ana")
	f.wantChanges(store.ChangesQuery{Tokens: ana}, "2 b 1", "5 a 3")
	f.wantChanges(store.ChangesQuery{Tokens: ana, After: 2}, "5 a 3")
	f.wantChanges(store.ChangesQuery{Tokens: ana, After: 5})
	f.wantChanges(store.ChangesQuery{Tokens: tokens("public")}, "5 a 3")
	f.wantChanges(store.ChangesQuery{Tokens: tokens("owner:ana", "owner:bob", "public")}, "2 b 1", "3 c 1", "5 a 3")
	f.wantChanges(store.ChangesQuery{Tokens: tokens("owner:an", "owner:anas")})
	f.wantChanges(store.ChangesQuery{Tokens: ana, Until: 3}, "2 b 1")
	f.wantChanges(store.ChangesQuery{Tokens: ana, Until: 5}, "2 b 1", "5 a 3")
	got := f.changes(store.ChangesQuery{Tokens: ana, After: 2}).Changes[0]
	want := freshet.Change{Seq: 5, End: 5, Op: freshet.OpUpdate, Model: "Task", Key: freshet.StringKey("a"), Version: 3, At: got.At, Body: []byte(`{"id":"a","n":3}`)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the change (-want +got):\n%s", diff)
	}
}

func testRemovals(t *testing.T, open Open) {
	f := newFixture(t, open)
	ana, bob := store.ChangesQuery{Tokens: tokens("owner:ana")}, store.ChangesQuery{Tokens: tokens("owner:bob")}
	f.commit(put("a", 0, "owner:ana", "owner:bob"))
	f.commit(put("a", 1, "owner:ana"))
	f.wantChanges(ana, "2 a 2")
	f.wantChanges(bob, "2 -a 2")
	f.commit(put("a", 2, "owner:ana"))
	f.wantChanges(ana, "3 a 3")
	f.wantChanges(bob, "2 -a 2")
	f.commit(put("a", 3, "owner:ana", "owner:bob"))
	f.wantChanges(bob, "4 a 4")
	f.commit(put("a", 4, "owner:bob"))
	f.commit(del("a", 5, "owner:bob"))
	f.wantChanges(ana, "5 -a 5")
	f.wantChanges(bob, "6 -a 6")
	if r := f.get("a"); !r.Deleted || string(r.Body) != `{"id":"a","n":6}` {
		t.Errorf("the tombstone is %+v", r)
	}
	f.commit(put("a", 6, "owner:ana"))
	f.wantChanges(ana, "7 a 7")
	f.wantChanges(bob, "7 -a 7")
	// A record that nobody may read any more is a removal for all who could.
	f.commit(put("a", 7))
	f.wantChanges(ana, "8 -a 8")
	f.wantChanges(bob, "7 -a 7")
}

func testVisibleByOne(t *testing.T, open Open) {
	f := newFixture(t, open)
	both := store.ChangesQuery{Tokens: tokens("group:x", "owner:ana")}
	f.commit(put("a", 0, "group:x", "owner:ana"))
	f.commit(put("a", 1, "owner:ana"))
	f.wantChanges(both, "2 a 2")
	f.commit(put("b", 0, "owner:ana"))
	f.commit(put("a", 2, "owner:ana"))
	// The marker of group:x at 2 is no removal for who sees the record by another token, though that
	// one's entry has moved on.
	f.wantChanges(both, "3 b 1", "4 a 3")
	f.wantChanges(store.ChangesQuery{Tokens: both.Tokens, Until: 2})
	f.commit(put("a", 3, "public"))
	f.wantChanges(both, "3 b 1", "5 -a 4")
	f.wantChanges(store.ChangesQuery{Tokens: tokens("group:x")}, "2 -a 2")
}

func testLargeAudience(t *testing.T, open Open) {
	f := newFixture(t, open)
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("owner:%03d", i))
	}
	slices.Sort(many)
	body := []byte(`{"text":"` + strings.Repeat("x", 3000) + `"}`)
	create, update := put("a", 0, many...), put("a", 1, many[1:]...)
	create.Body, update.Body = body, body
	f.commit(create)
	for _, name := range []string{many[0], many[150], many[299]} {
		page := f.changes(store.ChangesQuery{Tokens: tokens(name)})
		if len(page.Changes) != 1 || string(page.Changes[0].Body) != string(body) {
			t.Fatalf("%s sees %v", name, brief(page.Changes))
		}
	}
	f.commit(update)
	f.wantChanges(store.ChangesQuery{Tokens: tokens(many[0])}, "2 -a 2")
	f.wantChanges(store.ChangesQuery{Tokens: tokens(many[0], many[1])}, "2 a 2")
	f.wantChanges(store.ChangesQuery{Tokens: tokens(many...)}, "2 a 2")
}

func testChangePages(t *testing.T, open Open) {
	f := newFixture(t, open)
	public := tokens("public")
	f.commit(put("a", 0, "public"), put("b", 0, "public"), put("c", 0, "public"))
	f.commit(put("d", 0, "owner:ana"), put("e", 0, "public"))
	f.commit(put("f", 0, "owner:ana"))
	for _, c := range []struct {
		query   store.ChangesQuery
		changes []string
		next    freshet.Seq
		more    bool
	}{
		{store.ChangesQuery{Limit: 1}, []string{"1 a 1", "2 b 1", "3 c 1"}, 3, true},
		{store.ChangesQuery{Limit: 3}, []string{"1 a 1", "2 b 1", "3 c 1"}, 3, true},
		{store.ChangesQuery{Limit: 4}, []string{"1 a 1", "2 b 1", "3 c 1", "5 e 1"}, 6, false},
		{store.ChangesQuery{Limit: 100}, []string{"1 a 1", "2 b 1", "3 c 1", "5 e 1"}, 6, false},
		{store.ChangesQuery{Limit: 100, Bytes: 1}, []string{"1 a 1", "2 b 1", "3 c 1"}, 3, true},
		{store.ChangesQuery{Limit: 1, After: 3}, []string{"5 e 1"}, 6, false},
		{store.ChangesQuery{Limit: 1, After: 5}, nil, 6, false},
		{store.ChangesQuery{Limit: 1, After: 6}, nil, 6, false},
		{store.ChangesQuery{Limit: 100, Until: 3}, []string{"1 a 1", "2 b 1", "3 c 1"}, 3, false},
		{store.ChangesQuery{Limit: 100, After: 5, Until: 3}, nil, 5, false},
	} {
		c.query.Tokens = public
		page := f.changes(c.query)
		if diff := cmp.Diff(c.changes, brief(page.Changes)); diff != "" || page.Next != c.next || page.More != c.more || page.Head.Seq != 6 {
			t.Errorf("%+v: next %d, more %v, head %d, changes (-want +got):\n%s", c.query, page.Next, page.More, page.Head.Seq, diff)
		}
	}
	_, err := f.Changes(context.Background(), store.ChangesQuery{Tokens: public, After: 7, Limit: 1})
	wantCode(t, "a cursor beyond the head", err, freshet.Gone)
}

// script writes random changes: creates, updates that move records between owners, deletes, and batches
// of them.
type script struct {
	rand     *rand.Rand
	versions map[string]freshet.Version
	audience map[string][]string
	names    []string
}

func newScript(seed uint64) *script {
	return &script{
		rand:     rand.New(rand.NewPCG(seed, 1)),
		versions: make(map[string]freshet.Version),
		audience: make(map[string][]string),
		names:    []string{"owner:ana", "owner:bob", "group:x", "public"},
	}
}

func (s *script) batch() []store.Put {
	var puts []store.Put
	for range 1 + s.rand.IntN(3) {
		id := fmt.Sprint("r", s.rand.IntN(12))
		version := s.versions[id]
		s.versions[id]++
		if version > 0 && s.rand.IntN(5) == 0 {
			puts = append(puts, del(id, version, s.audience[id]...))
			continue
		}
		var audience []string
		for _, name := range s.names {
			if s.rand.IntN(3) == 0 {
				audience = append(audience, name)
			}
		}
		s.audience[id] = audience
		puts = append(puts, put(id, version, audience...))
	}
	return puts
}

// testCutAndResume lets readers stop after every single change and go on from there, while the writes go
// on too, and compares what they hold with what they may see.
func testCutAndResume(t *testing.T, open Open) {
	f := newFixture(t, open)
	readers := [][]string{{"owner:ana"}, {"owner:bob", "public"}, {"owner:ana", "owner:bob", "group:x", "public"}, {"nobody"}}
	s := newScript(7)
	var cut []*replica // at every place so far
	step := func(limit int) {
		for _, r := range cut {
			if more := r.pull(f, limit); more && s.rand.IntN(2) == 0 {
				r.pull(f, limit)
			}
		}
	}
	for range 60 {
		f.commit(s.batch()...)
		for _, names := range readers {
			cut = append(cut, newReplica(names...))
		}
		step(1)
	}
	// From every place that each reader could have stopped at, a page of any size leads to the same end.
	for _, r := range cut {
		for _, limit := range []int{1, 2, 5, 1000} {
			end := r.clone()
			end.pullAll(f, limit)
			want := f.visible(end.tokens)
			if diff := cmp.Diff(want, end.holds); diff != "" {
				t.Fatalf("a reader with %v that stood at %d and went on by pages of %d (-want +got):\n%s", r.tokens, r.after, limit, diff)
			}
		}
	}
}

// visible gives what a reader may see, asked record by record.
func (f *fixture) visible(tokens []freshet.Token) map[store.Ref]freshet.Version {
	f.t.Helper()
	want := make(map[store.Ref]freshet.Version)
	for i := range 12 {
		r := f.get(fmt.Sprint("r", i))
		if r == nil || r.Deleted {
			continue
		}
		for _, grant := range r.Audience {
			if slices.Contains(tokens, grant.Token) {
				want[store.Ref{Model: r.Model, Key: r.Key}] = r.Version
			}
		}
	}
	return want
}

func testReopen(t *testing.T, open Open) {
	dir := t.TempDir()
	f := openFixture(t, open, dir)
	if head := f.Head(); head.Seq != 0 || head.History != 1 {
		t.Errorf("a new log begins with %+v", head)
	}
	s := newScript(3)
	reader := newReplica("owner:ana", "public")
	for i := range 40 {
		f.commit(s.batch()...)
		reader.pull(f, 2)
		if i%8 == 7 {
			before := f.Head()
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			f = openFixture(t, open, dir)
			if f.Head() != before {
				t.Fatalf("reopened, the head went from %+v to %+v", before, f.Head())
			}
		}
	}
	reader.pullAll(f, 3)
	if diff := cmp.Diff(f.visible(reader.tokens), reader.holds); diff != "" {
		t.Errorf("after reopening a reader holds (-want +got):\n%s", diff)
	}
	if other := newFixture(t, open); other.Head().Epoch == f.Head().Epoch {
		t.Error("two logs have the same epoch")
	}
}

func testHistory(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	f.commit(put("a", 0, "owner:ana", "owner:bob"), put("b", 0, "public"))
	f.commit(put("a", 1, "owner:ana"))
	f.commit(del("a", 2, "owner:ana"))
	of := func(query store.HistoryQuery) []string {
		t.Helper()
		log, err := f.History(ctx, query)
		if err != nil {
			t.Fatal(err)
		}
		return brief(log)
	}
	a, none := ref("a"), ref("none")
	for _, c := range []struct {
		query store.HistoryQuery
		want  []string
	}{
		{store.HistoryQuery{Ref: &a, Limit: 10}, []string{"4 a 3", "3 a 2", "1 a 1"}},
		{store.HistoryQuery{Ref: &a, Limit: 2}, []string{"4 a 3", "3 a 2"}},
		{store.HistoryQuery{Ref: &a, Limit: 2, Before: 3}, []string{"1 a 1"}},
		{store.HistoryQuery{Ref: &a, Limit: 2, Before: 4}, []string{"3 a 2", "1 a 1"}},
		{store.HistoryQuery{Ref: &a, Limit: 2, Before: 1}, nil},
		{store.HistoryQuery{Ref: &a, Limit: 2, Before: 2}, []string{"1 a 1"}},
		{store.HistoryQuery{Ref: &a, Limit: 2, Before: 9}, []string{"4 a 3", "3 a 2"}},
		{store.HistoryQuery{Ref: &none, Limit: 2}, nil},
		{store.HistoryQuery{Limit: 10}, []string{"1 a 1", "2 b 1", "3 a 2", "4 a 3"}},
		{store.HistoryQuery{Limit: 2, After: 1}, []string{"2 b 1", "3 a 2"}},
		{store.HistoryQuery{Limit: 10, Bytes: 1}, []string{"1 a 1"}},
		{store.HistoryQuery{Limit: 10, After: 4}, nil},
	} {
		if diff := cmp.Diff(c.want, of(c.query)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.query, diff)
		}
	}
	log, err := f.History(ctx, store.HistoryQuery{After: 2, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := freshet.Change{
		Seq: 3, End: 3, Prev: 1, Op: freshet.OpUpdate, Model: "Task", Key: a.Key, Version: 2, By: "test", At: log[0].At,
		Body: []byte(`{"id":"a","n":2}`), Audience: tokens("owner:ana"), Left: tokens("owner:bob"),
	}
	if diff := cmp.Diff(want, log[0]); diff != "" {
		t.Errorf("a change in full (-want +got):\n%s", diff)
	}
}

func testNoHistory(t *testing.T, open Open) {
	f := newFixture(t, open)
	secret := put("a", 0)
	secret.NoHistory = true
	f.commit(secret)
	log, err := f.History(context.Background(), store.HistoryQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != 1 || log[0].Body != nil {
		t.Errorf("the log keeps %s of a record without history", log[0].Body)
	}
	if r := f.get("a"); string(r.Body) != `{"id":"a","n":1}` {
		t.Errorf("the record itself is %s", r.Body)
	}
}

func testWait(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	f.commit(put("a", 0))
	if head, err := f.Wait(ctx, 0); err != nil || head.Seq != 1 {
		t.Errorf("wait for what is there gave %d, %v", head.Seq, err)
	}
	type answer struct {
		head store.Head
		err  error
	}
	answers := make(chan answer)
	for range 3 {
		go func() {
			head, err := f.Wait(ctx, 1)
			answers <- answer{head, err}
		}()
	}
	f.commit(put("b", 0))
	for range 3 {
		if a := <-answers; a.err != nil || a.head.Seq != 2 {
			t.Errorf("a waiter was told %d, %v", a.head.Seq, a.err)
		}
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := f.Wait(stopped, 99); err == nil {
		t.Error("a wait that was given up gave no error")
	}
}

func testClosed(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	f.commit(put("a", 0))
	waited := make(chan error)
	go func() {
		_, err := f.Wait(ctx, 99)
		waited <- err
	}()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("the second close: %v", err)
	}
	wantCode(t, "a wait that the close ended", <-waited, freshet.Unavailable)
	_, err := f.Commit(ctx, store.Batch{Puts: []store.Put{put("b", 0)}})
	wantCode(t, "commit", err, freshet.Unavailable)
	_, err = f.Changes(ctx, store.ChangesQuery{Tokens: tokens("public"), Limit: 1})
	wantCode(t, "changes", err, freshet.Unavailable)
	_, err = f.Query(ctx, store.Query{Model: "Task", Tokens: tokens("public"), Limit: 1})
	wantCode(t, "query", err, freshet.Unavailable)
	_, err = f.History(ctx, store.HistoryQuery{Limit: 1})
	wantCode(t, "history", err, freshet.Unavailable)
	_, err = f.Get(ctx, ref("z"))
	wantCode(t, "get", err, freshet.Unavailable)
	wantCode(t, "trim", f.Trim(ctx, store.Trim{}), freshet.Unavailable)
}
