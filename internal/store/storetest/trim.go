package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

func (f *fixture) trim(trim store.Trim) {
	f.t.Helper()
	if err := f.Trim(context.Background(), trim); err != nil {
		f.t.Fatalf("trim %+v: %v", trim, err)
	}
}

func testTrimRemovals(t *testing.T, open Open) {
	dir := t.TempDir()
	f := openFixture(t, open, dir)
	ctx := context.Background()
	f.commit(put("a", 0, "owner:ana"))              // 1
	f.commit(put("b", 0, "owner:ana", "owner:bob")) // 2
	f.commit(put("c", 0, "owner:ana"))              // 3
	f.commit(del("a", 1, "owner:ana"))              // 4
	f.commit(put("b", 1, "owner:ana"))              // 5: bob left
	f.commit(del("c", 1, "owner:ana"))              // 6
	f.commit(put("c", 2, "owner:ana"))              // 7: back
	f.trim(store.Trim{Removals: 6})
	if head := f.Head(); head.Trimmed != 6 || head.Seq != 7 {
		t.Errorf("the head is %+v", head)
	}
	if r := f.get("a"); r != nil {
		t.Errorf("the tombstone is still there: %+v", r)
	}
	if r := f.get("b"); r == nil || r.Version != 2 {
		t.Errorf("b is %+v", r)
	}
	if r := f.get("c"); r == nil || r.Deleted {
		t.Errorf("c, which came back, is %+v", r)
	}
	ana, bob := tokens("owner:ana"), tokens("owner:bob")
	for after := freshet.Seq(1); after < 6; after++ {
		_, err := f.Changes(ctx, store.ChangesQuery{Tokens: ana, After: after, Limit: 10})
		wantCode(t, fmt.Sprint("a cursor at ", after), err, freshet.Gone)
	}
	f.wantChanges(store.ChangesQuery{Tokens: ana}, "5 b 2", "7 c 3")
	f.wantChanges(store.ChangesQuery{Tokens: ana, After: 6}, "7 c 3")
	f.wantChanges(store.ChangesQuery{Tokens: bob})
	// The same key may be written anew, and bob may come back.
	f.commit(put("a", 0, "owner:ana"))
	f.commit(put("b", 2, "owner:bob"))
	f.wantChanges(store.ChangesQuery{Tokens: bob}, "9 b 3")
	// A trim to before the last one changes nothing, one beyond the head goes to the head.
	f.trim(store.Trim{Removals: 2})
	f.trim(store.Trim{Removals: 1000})
	if head := f.Head(); head.Trimmed != 9 {
		t.Errorf("trimmed up to %d", head.Trimmed)
	}
	f.wantChanges(store.ChangesQuery{Tokens: ana, After: 9})
	before := f.Head()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFixture(t, open, dir)
	if f.Head() != before {
		t.Errorf("reopened, the head went from %+v to %+v", before, f.Head())
	}
}

// testTrimFirstSync: a reader that began from nothing passes old places of the log, which are older than
// the trim, without having missed a removal; but not when the trim went beyond where it began.
func testTrimFirstSync(t *testing.T, open Open) {
	f := newFixture(t, open)
	for i := range 20 {
		f.commit(put(fmt.Sprint("r", i), 0, "public"))
	}
	f.commit(del("r3", 1, "public"))
	f.trim(store.Trim{Removals: f.Head().Seq})
	reader := newReplica("public")
	reader.pull(f, 2)
	if reader.after >= f.Head().Trimmed {
		t.Fatalf("the test wants a reader behind the trim, it is at %d", reader.after)
	}
	late := reader.clone()
	reader.pullAll(f, 2)
	if len(reader.holds) != 19 {
		t.Errorf("the reader holds %d records, want 19", len(reader.holds))
	}
	f.commit(del("r0", 1, "public"))
	f.trim(store.Trim{Removals: f.Head().Seq})
	_, err := f.Changes(context.Background(), store.ChangesQuery{Tokens: late.tokens, After: late.after, Known: late.known, Limit: 2})
	wantCode(t, "a first sync that a trim overtook", err, freshet.Gone)
}

func testTrimHistory(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	for i := range 10 {
		f.commit(put("a", freshet.Version(i), "public"))
	}
	f.commit(put("b", 0, "public"))
	f.trim(store.Trim{History: 8})
	if head := f.Head(); head.History != 8 || head.Trimmed != 0 {
		t.Errorf("the head is %+v", head)
	}
	a := ref("a")
	log, err := f.History(ctx, store.HistoryQuery{Ref: &a, Limit: 100})
	if diff := cmp.Diff([]string{"10 a 10", "9 a 9", "8 a 8"}, brief(log)); diff != "" || err != nil {
		t.Errorf("history of a record: %v (-want +got):\n%s", err, diff)
	}
	_, err = f.History(ctx, store.HistoryQuery{After: 6, Limit: 1})
	wantCode(t, "a walk from before the trim", err, freshet.Gone)
	log, err = f.History(ctx, store.HistoryQuery{After: 7, Limit: 100})
	if diff := cmp.Diff([]string{"8 a 8", "9 a 9", "10 a 10", "11 b 1"}, brief(log)); diff != "" || err != nil {
		t.Errorf("history of the log: %v (-want +got):\n%s", err, diff)
	}
	// The indexes need no history.
	f.trim(store.Trim{History: 100})
	f.wantChanges(store.ChangesQuery{Tokens: tokens("public")}, "10 a 10", "11 b 1")
	f.commit(put("a", 10, "public"))
	log, err = f.History(ctx, store.HistoryQuery{After: 11, Limit: 100})
	if diff := cmp.Diff([]string{"12 a 11"}, brief(log)); diff != "" || err != nil {
		t.Errorf("history after a trim of all: %v (-want +got):\n%s", err, diff)
	}
}

func testTrimClients(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	use := func(client string, n uint64) error {
		_, err := f.Commit(ctx, store.Batch{Puts: []store.Put{put(fmt.Sprint(client, n), 0)}, Counter: counter(client, n)})
		return err
	}
	for _, client := range []string{"old", "new"} {
		if err := use(client, 1); err != nil {
			t.Fatal(err)
		}
	}
	f.trim(store.Trim{Removals: 1})
	f.trim(store.Trim{Removals: 1})
	var seen *store.SeenError
	if err := use("new", 1); !errors.As(err, &seen) {
		t.Errorf("the client that wrote after the trim is forgotten: %v", err)
	}
	_, err := f.Commit(ctx, store.Batch{Counter: counter("old", 1)})
	if err != nil {
		t.Errorf("the client that wrote before the trim is remembered: %v", err)
	}
}
