// Package storetest is the suite that every engine of package store passes, and a wrapper that makes a
// store fail on purpose. An engine's own tests call Run; what the suite does not ask of an engine, nobody
// may rely on.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

// Open opens the store that lies in dir, new where there is none. The suite closes what it opens, and
// opens a directory again after that.
type Open func(t testing.TB, dir string) store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"empty values":           testEmptyValues,
		"stale version":          testStale,
		"batch is atomic":        testAtomic,
		"batch builds on itself": testBuildsOnItself,
		"dense log":              testDenseLog,
		"clock":                  testClock,
		"token index":            testTokenIndex,
		"removals":               testRemovals,
		"visible by one token":   testVisibleByOne,
		"large audience":         testLargeAudience,
		"change pages":           testChangePages,
		"cut and resume":         testCutAndResume,
		"reopen":                 testReopen,
		"history":                testHistory,
		"no history":             testNoHistory,
		"query order":            testQueryOrder,
		"query pages":            testQueryPages,
		"query meanwhile":        testQueryMeanwhile,
		"query all":              testQueryAll,
		"reindex":                testReindex,
		"counters":               testCounters,
		"counters kept":          testCountersKept,
		"trim removals":          testTrimRemovals,
		"trim and first sync":    testTrimFirstSync,
		"trim history":           testTrimHistory,
		"trim clients":           testTrimClients,
		"wait":                   testWait,
		"closed":                 testClosed,
		"against a model":        testAgainstModel,
		"concurrent writers":     testConcurrentWriters,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// fixture is a store under test, with short words for what tests do.
type fixture struct {
	store.Store
	t testing.TB
}

func newFixture(t testing.TB, open Open) *fixture {
	return openFixture(t, open, t.TempDir())
}

func openFixture(t testing.TB, open Open, dir string) *fixture {
	t.Helper()
	f := &fixture{Store: open(t, dir), t: t}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func ref(id string) store.Ref { return store.Ref{Model: "Task", Key: freshet.StringKey(id)} }

func tokens(names ...string) []freshet.Token {
	var list []freshet.Token
	for _, name := range names {
		list = append(list, freshet.Token(name))
	}
	slices.Sort(list)
	return list
}

// put is a create, or an update where a version is expected.
func put(id string, expect freshet.Version, audience ...string) store.Put {
	op := freshet.OpUpdate
	if expect == 0 {
		op = freshet.OpCreate
	}
	return store.Put{
		Ref: ref(id), Expect: expect, Op: op, By: "test", Audience: tokens(audience...),
		Body: fmt.Appendf(nil, `{"id":%q,"n":%d}`, id, expect+1),
	}
}

func del(id string, expect freshet.Version, audience ...string) store.Put {
	p := put(id, expect, audience...)
	p.Op = freshet.OpDelete
	return p
}

func (f *fixture) commit(puts ...store.Put) store.Receipt {
	f.t.Helper()
	receipt, err := f.Commit(context.Background(), store.Batch{Puts: puts})
	if err != nil {
		f.t.Fatalf("commit: %v", err)
	}
	return receipt
}

func (f *fixture) get(id string) *freshet.Record {
	f.t.Helper()
	records, err := f.Get(context.Background(), ref(id))
	if err != nil {
		f.t.Fatalf("get %s: %v", id, err)
	}
	return records[0]
}

func (f *fixture) changes(query store.ChangesQuery) store.ChangesPage {
	f.t.Helper()
	if query.Limit == 0 {
		query.Limit = 1000
	}
	page, err := f.Changes(context.Background(), query)
	if err != nil {
		f.t.Fatalf("changes %+v: %v", query, err)
	}
	return page
}

// brief tells a change in short: "seq id version", with a minus before a removal.
func brief(changes []freshet.Change) []string {
	var list []string
	for _, c := range changes {
		sign := ""
		if c.Body == nil {
			sign = "-"
		}
		list = append(list, fmt.Sprintf("%d %s%s %d", c.Seq, sign, c.Key.Text(), c.Version))
	}
	return list
}

func (f *fixture) wantChanges(query store.ChangesQuery, want ...string) {
	f.t.Helper()
	if diff := cmp.Diff(want, brief(f.changes(query).Changes)); diff != "" {
		f.t.Errorf("changes for %v after %d (-want +got):\n%s", query.Tokens, query.After, diff)
	}
}

func wantCode(t testing.TB, what string, err error, code freshet.Code) {
	t.Helper()
	if err == nil || freshet.CodeOf(err) != code {
		t.Errorf("%s: got error %v, want one with the code %s", what, err, code)
	}
}

// replica is a reader of the log: what it holds after applying pages in order.
type replica struct {
	tokens []freshet.Token
	after  freshet.Seq
	known  freshet.Seq
	holds  map[store.Ref]freshet.Version
}

func newReplica(names ...string) *replica {
	return &replica{tokens: tokens(names...), holds: make(map[store.Ref]freshet.Version)}
}

// pull takes one page; more tells that there is another.
func (r *replica) pull(f *fixture, limit int) (more bool) {
	f.t.Helper()
	page := f.changes(store.ChangesQuery{Tokens: r.tokens, After: r.after, Known: r.known, Limit: limit})
	if r.after == 0 && page.Next < page.Head.Seq {
		r.known = page.Head.Seq
	}
	last := r.after
	for _, c := range page.Changes {
		if c.Seq <= last || c.End > page.Next {
			f.t.Errorf("a page after %d up to %d holds change %d of the commit up to %d", r.after, page.Next, c.Seq, c.End)
		}
		last = c.Seq
		ref := store.Ref{Model: c.Model, Key: c.Key}
		if c.Body == nil {
			delete(r.holds, ref)
		} else {
			r.holds[ref] = c.Version
		}
	}
	r.after = page.Next
	if r.after >= r.known {
		r.known = 0
	}
	return page.More
}

func (r *replica) pullAll(f *fixture, limit int) {
	f.t.Helper()
	for r.pull(f, limit) {
	}
}

func (r *replica) clone() *replica {
	c := *r
	c.holds = make(map[store.Ref]freshet.Version, len(r.holds))
	for ref, version := range r.holds {
		c.holds[ref] = version
	}
	return &c
}
