package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

func testEmptyValues(t *testing.T, open Open) {
	dir := t.TempDir()
	f := openFixture(t, open, dir)
	empty := store.Ref{Model: "M", Key: freshet.StringKey("")}
	zero := store.Ref{Model: "M\x00", Key: freshet.StringKey("a\x00b")}
	f.commit(
		store.Put{Ref: empty, Op: freshet.OpCreate, Body: []byte(`{}`)},
		store.Put{
			Ref: zero, Op: freshet.OpCreate, Body: []byte(`{}`), Meta: []byte{0}, By: "\x00",
			Audience: tokens("owner:\x00", "owner:\x00\xff"),
		},
	)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFixture(t, open, dir)
	records, err := f.Get(context.Background(), empty, zero, ref("none"))
	if err != nil {
		t.Fatal(err)
	}
	if records[0] == nil || string(records[0].Body) != `{}` || len(records[0].Audience) != 0 || len(records[0].Meta) != 0 {
		t.Errorf("empty values came back as %+v", records[0])
	}
	if records[1] == nil || string(records[1].Meta) != "\x00" || len(records[1].Audience) != 2 {
		t.Errorf("zero bytes came back as %+v", records[1])
	}
	if records[2] != nil {
		t.Errorf("a record that was never written came back as %+v", records[2])
	}
	for _, token := range []freshet.Token{"owner:\x00", "owner:\x00\xff"} {
		page := f.changes(store.ChangesQuery{Tokens: []freshet.Token{token}})
		if len(page.Changes) != 1 || page.Changes[0].Key != zero.Key || page.Changes[0].Model != zero.Model {
			t.Errorf("token %q sees %v", token, brief(page.Changes))
		}
	}
	for _, none := range [][]freshet.Token{nil, tokens("owner:"), tokens("")} {
		if page := f.changes(store.ChangesQuery{Tokens: none}); len(page.Changes) != 0 || page.Next != 2 {
			t.Errorf("tokens %q see %v up to %d", none, brief(page.Changes), page.Next)
		}
	}
	if receipt := f.commit(); receipt.First != 0 || receipt.Last != 2 {
		t.Errorf("a commit of nothing gave %+v", receipt)
	}
}

func testStale(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	f.commit(put("a", 0, "public"))
	f.commit(put("a", 1, "public"))
	for _, c := range []struct {
		name string
		put  store.Put
		want *freshet.Record
	}{
		{"create of what exists", put("a", 0, "public"), f.get("a")},
		{"older version", put("a", 1, "public"), f.get("a")},
		{"version of the future", put("a", 3, "public"), f.get("a")},
		{"update of what does not exist", put("b", 1, "public"), nil},
	} {
		_, err := f.Commit(ctx, store.Batch{Puts: []store.Put{c.put}})
		var stale *store.StaleError
		if !errors.As(err, &stale) {
			t.Errorf("%s: got %v", c.name, err)
			continue
		}
		if diff := cmp.Diff([]*freshet.Record{c.want}, stale.Current); diff != "" || stale.Refs[0] != c.put.Ref {
			t.Errorf("%s: %v, current (-want +got):\n%s", c.name, stale.Refs, diff)
		}
	}
	if head := f.Head(); head.Seq != 2 {
		t.Errorf("refused commits moved the head to %d", head.Seq)
	}
	// A tombstone has a version like any other, and the next write builds on it.
	f.commit(del("a", 2, "public"))
	if _, err := f.Commit(ctx, store.Batch{Puts: []store.Put{put("a", 0, "public")}}); err == nil {
		t.Error("a create over a tombstone passed for one of a record that does not exist")
	}
	f.commit(put("a", 3, "public"))
	if r := f.get("a"); r.Deleted || r.Version != 4 {
		t.Errorf("written again after a delete: %+v", r)
	}
}

func testAtomic(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	f.commit(put("a", 0, "public"))
	before := f.Head()
	_, err := f.Commit(ctx, store.Batch{
		Puts: []store.Put{
			put("b", 0, "public"), put("a", 1, "public"), put("c", 7, "public"), put("d", 0, "public"), put("e", 2, "public"),
		},
		Counter: &store.Counter{Client: "c", Results: []store.Result{{Counter: 1, Outcome: []byte("x")}}},
	})
	var stale *store.StaleError
	if !errors.As(err, &stale) || len(stale.Refs) != 2 {
		t.Fatalf("got %v, want both stale records", err)
	}
	if head := f.Head(); head != before {
		t.Errorf("the head moved from %+v to %+v", before, head)
	}
	for _, id := range []string{"b", "c", "d", "e"} {
		if r := f.get(id); r != nil {
			t.Errorf("half of the batch was written: %+v", r)
		}
	}
	if r := f.get("a"); r.Version != 1 {
		t.Errorf("a is at version %d", r.Version)
	}
	f.wantChanges(store.ChangesQuery{Tokens: tokens("public")}, "1 a 1")
	// The counter was not used either.
	if _, err := f.Commit(ctx, store.Batch{Counter: &store.Counter{Client: "c", Results: []store.Result{{Counter: 1}}}}); err != nil {
		t.Errorf("the refused batch used its counter: %v", err)
	}
}

func testBuildsOnItself(t *testing.T, open Open) {
	f := newFixture(t, open)
	receipt := f.commit(put("a", 0, "owner:ana"), put("b", 0, "public"), put("a", 1, "owner:bob"), del("a", 2, "owner:bob"), put("a", 3, "public"))
	if receipt.First != 1 || receipt.Last != 5 {
		t.Errorf("receipt %+v", receipt)
	}
	if r := f.get("a"); r.Version != 4 || r.Seq != 5 || r.Deleted {
		t.Errorf("a is %+v", r)
	}
	f.wantChanges(store.ChangesQuery{Tokens: tokens("public")}, "2 b 1", "5 a 4")
	f.wantChanges(store.ChangesQuery{Tokens: tokens("owner:ana")}, "3 -a 2")
	f.wantChanges(store.ChangesQuery{Tokens: tokens("owner:bob")}, "5 -a 4")
	log, err := f.History(context.Background(), store.HistoryQuery{Ref: &store.Ref{Model: "Task", Key: freshet.StringKey("a")}, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"5 a 4", "4 a 3", "3 a 2", "1 a 1"}, brief(log)); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	_, err = f.Commit(context.Background(), store.Batch{Puts: []store.Put{put("c", 0), put("c", 0)}})
	wantCode(t, "two creates of one record in a batch", err, freshet.Internal)
	if f.get("c") != nil {
		t.Error("half of the wrong batch was written")
	}
}

func testDenseLog(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	next := freshet.Seq(1)
	for i := range 30 {
		var puts []store.Put
		for j := range i % 4 {
			puts = append(puts, put(fmt.Sprintf("%d-%d", i, j), 0, "public"))
		}
		receipt := f.commit(puts...)
		if n := freshet.Seq(len(puts)); n > 0 {
			if receipt.First != next || receipt.Last != next+n-1 {
				t.Fatalf("commit %d of %d went to %d-%d, want %d on", i, n, receipt.First, receipt.Last, next)
			}
			next += n
		}
		if i%5 == 0 {
			_, _ = f.Commit(ctx, store.Batch{Puts: []store.Put{put("refused", 9)}})
		}
		if f.Head().Seq != next-1 {
			t.Fatalf("the head is %d after a commit up to %d", f.Head().Seq, next-1)
		}
	}
	var after freshet.Seq
	for after < next-1 {
		log, err := f.History(ctx, store.HistoryQuery{After: after, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range log {
			if c.Seq != after+1 {
				t.Fatalf("the log has %d after %d", c.Seq, after)
			}
			after = c.Seq
		}
	}
}

func testClock(t *testing.T, open Open) {
	f := newFixture(t, open)
	var last freshet.Millis
	for i := range 20 {
		before := freshet.MillisOf(time.Now())
		receipt := f.commit(put(fmt.Sprint(i), 0, "public"))
		if receipt.At < last || receipt.At < before {
			t.Errorf("commit %d is from %d, begun at %d, after one from %d", i, receipt.At, before, last)
		}
		last = receipt.At
		if r := f.get(fmt.Sprint(i)); r.At != receipt.At || f.Head().At != receipt.At {
			t.Errorf("the record says %d, the head %d, the receipt %d", r.At, f.Head().At, receipt.At)
		}
	}
}

func counter(client string, counters ...uint64) *store.Counter {
	c := &store.Counter{Client: client}
	for _, n := range counters {
		c.Results = append(c.Results, store.Result{Counter: n, Outcome: fmt.Appendf(nil, "outcome %d", n)})
	}
	return c
}

func testCounters(t *testing.T, open Open) {
	dir := t.TempDir()
	f := openFixture(t, open, dir)
	ctx := context.Background()
	if _, err := f.Commit(ctx, store.Batch{Puts: []store.Put{put("a", 0)}, Counter: counter("c1", 1, 2)}); err != nil {
		t.Fatal(err)
	}
	// Refusals are remembered without a put; another client's counters are its own.
	before := f.Head()
	if _, err := f.Commit(ctx, store.Batch{Counter: counter("c1", 5)}); err != nil {
		t.Fatal(err)
	}
	if f.Head() != before {
		t.Errorf("a commit without a change moved the head from %+v to %+v", before, f.Head())
	}
	if _, err := f.Commit(ctx, store.Batch{Puts: []store.Put{put("b", 0)}, Counter: counter("c2", 1)}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFixture(t, open, dir)
	for _, c := range []struct {
		resent *store.Counter
		last   uint64
		want   []store.Result
	}{
		{counter("c1", 1), 5, counter("c1", 1).Results},
		{counter("c1", 1, 2, 3), 5, counter("c1", 1, 2).Results},
		{counter("c1", 5, 6), 5, counter("c1", 5).Results},
		{counter("c2", 1, 2), 1, counter("c2", 1).Results},
	} {
		_, err := f.Commit(ctx, store.Batch{Puts: []store.Put{put("twice", 0)}, Counter: c.resent})
		var seen *store.SeenError
		if !errors.As(err, &seen) {
			t.Fatalf("%v was sent again: got %v", c.resent, err)
		}
		if diff := cmp.Diff(c.want, seen.Results); diff != "" || seen.Last != c.last {
			t.Errorf("%v was sent again: last %d, results (-want +got):\n%s", c.resent, seen.Last, diff)
		}
	}
	if f.get("twice") != nil {
		t.Error("a write that was sent again was applied again")
	}
	_, err := f.Commit(ctx, store.Batch{Counter: counter("c1", 7, 7)})
	wantCode(t, "counters that do not rise", err, freshet.Invalid)
	if _, err := f.Commit(ctx, store.Batch{Counter: counter("c1", 7, 9)}); err != nil {
		t.Errorf("counters with a gap: %v", err)
	}
}

func testCountersKept(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	const n = 3*store.KeptResults + 5
	for i := uint64(1); i <= n; i += 3 {
		if _, err := f.Commit(ctx, store.Batch{Counter: counter("c", i, i+1, i+2)}); err != nil {
			t.Fatal(err)
		}
	}
	last := uint64(n+2) / 3 * 3
	var all []uint64
	for i := uint64(1); i <= last; i++ {
		all = append(all, i)
	}
	_, err := f.Commit(ctx, store.Batch{Counter: counter("c", all...)})
	var seen *store.SeenError
	if !errors.As(err, &seen) || seen.Last != last {
		t.Fatalf("got %v", err)
	}
	got := make(map[uint64]bool)
	for _, result := range seen.Results {
		if string(result.Outcome) != fmt.Sprintf("outcome %d", result.Counter) {
			t.Errorf("counter %d has the outcome %q", result.Counter, result.Outcome)
		}
		got[result.Counter] = true
	}
	for i := last - store.KeptResults + 1; i <= last; i++ {
		if !got[i] {
			t.Errorf("the result of %d is not kept, the last is %d", i, last)
		}
	}
}

func testReindex(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	f.commit(put("a", 0, "public"), put("b", 0, "public"))
	by := func(id string) []freshet.IndexKey {
		return []freshet.IndexKey{{Index: "byName", Key: freshet.StringKey("name of " + id)}}
	}
	_, err := f.Commit(ctx, store.Batch{Reindex: []store.Reindex{
		{Ref: ref("a"), Expect: 1, Index: by("a")}, {Ref: ref("b"), Expect: 2, Index: by("b")},
	}})
	var stale *store.StaleError
	if !errors.As(err, &stale) {
		t.Fatalf("reindex of an older version: %v", err)
	}
	before := f.Head()
	if _, err := f.Commit(ctx, store.Batch{Reindex: []store.Reindex{
		{Ref: ref("a"), Expect: 1, Index: by("a")}, {Ref: ref("b"), Expect: 1, Index: by("b")},
	}}); err != nil {
		t.Fatal(err)
	}
	if head := f.Head(); head.Seq != before.Seq {
		t.Errorf("a reindex moved the head from %d to %d", before.Seq, head.Seq)
	}
	query := store.Query{Model: "Task", Index: "byName", Tokens: tokens("public"), Limit: 10}
	if got := f.queryIDs(query); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("the new index lists %v", got)
	}
	if r := f.get("a"); r.Version != 1 || len(r.Index) != 1 {
		t.Errorf("reindexed: %+v", r)
	}
	if _, err := f.Commit(ctx, store.Batch{Reindex: []store.Reindex{{Ref: ref("a"), Expect: 1}}}); err != nil {
		t.Fatal(err)
	}
	if got := f.queryIDs(query); !cmp.Equal(got, []string{"b"}) {
		t.Errorf("the index lists %v after a went out of it", got)
	}
}
