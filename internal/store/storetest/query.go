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

// queryIDs gives the ids of all pages of a query.
func (f *fixture) queryIDs(query store.Query) []string {
	f.t.Helper()
	var ids []string
	for pages := 0; ; pages++ {
		page, err := f.Query(context.Background(), query)
		if err != nil {
			f.t.Fatalf("query %+v: %v", query, err)
		}
		if len(page.Records) > query.Limit {
			f.t.Fatalf("a page of %d holds %d", query.Limit, len(page.Records))
		}
		for _, r := range page.Records {
			ids = append(ids, r.Key.Text())
		}
		if page.Next == nil {
			return ids
		}
		if pages > 10_000 {
			f.t.Fatalf("query %+v does not end", query)
		}
		query.After = page.Next
	}
}

func intKey(n int64) freshet.Key { return freshet.Key(freshet.AppendInt(nil, n)) }

func testQueryOrder(t *testing.T, open Open) {
	f := newFixture(t, open)
	indexed := func(id string, n int64, audience ...string) store.Put {
		p := put(id, 0, audience...)
		p.Index = []freshet.IndexKey{{Index: "byN", Key: intKey(n)}}
		return p
	}
	f.commit(
		indexed("e", -5, "public"), indexed("a", 300, "public"), indexed("c", 2, "owner:ana", "public"),
		indexed("b", 2, "owner:ana"), indexed("d", 7, "owner:bob"), put("unindexed", 0, "public"),
	)
	other := put("z", 0, "public")
	other.Model = "Other"
	f.commit(other)
	all := tokens("owner:ana", "owner:bob", "public")
	for _, c := range []struct {
		name  string
		query store.Query
		want  []string
	}{
		{"by key", store.Query{Tokens: all}, []string{"a", "b", "c", "d", "e", "unindexed"}},
		{"by key, down", store.Query{Tokens: all, Descending: true}, []string{"unindexed", "e", "d", "c", "b", "a"}},
		{"one token", store.Query{Tokens: tokens("owner:ana")}, []string{"b", "c"}},
		{"no token", store.Query{}, nil},
		{"a token without records", store.Query{Tokens: tokens("owner:eve")}, nil},
		{"by index", store.Query{Index: "byN", Tokens: all}, []string{"e", "b", "c", "d", "a"}},
		{"by index, down", store.Query{Index: "byN", Tokens: all, Descending: true}, []string{"a", "d", "c", "b", "e"}},
		{"from", store.Query{Index: "byN", Tokens: all, From: []byte(intKey(2))}, []string{"b", "c", "d", "a"}},
		{"to", store.Query{Index: "byN", Tokens: all, To: []byte(intKey(7))}, []string{"e", "b", "c"}},
		{"from and to, down", store.Query{Index: "byN", Tokens: all, From: []byte(intKey(0)), To: []byte(intKey(100)), Descending: true}, []string{"d", "c", "b"}},
		{"an index that is not there", store.Query{Index: "byX", Tokens: all}, nil},
	} {
		c.query.Model = "Task"
		for _, limit := range []int{1, 2, 3, 100} {
			c.query.Limit = limit
			if diff := cmp.Diff(c.want, f.queryIDs(c.query)); diff != "" {
				t.Errorf("%s, pages of %d (-want +got):\n%s", c.name, limit, diff)
			}
		}
	}
}

func testQueryPages(t *testing.T, open Open) {
	f := newFixture(t, open)
	for i := range 10 {
		f.commit(put(fmt.Sprint(i), 0, "public"))
	}
	for _, i := range []int{0, 4, 5, 9} {
		f.commit(del(fmt.Sprint(i), 1, "public"))
	}
	f.commit(put("5", 2, "public"))
	for _, limit := range []int{1, 2, 6, 7} {
		query := store.Query{Model: "Task", Tokens: tokens("public"), Limit: limit}
		if got := f.queryIDs(query); !cmp.Equal(got, []string{"1", "2", "3", "5", "6", "7", "8"}) {
			t.Errorf("pages of %d list %v", limit, got)
		}
		query.Deleted = true
		if got := f.queryIDs(query); !cmp.Equal(got, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}) {
			t.Errorf("pages of %d with tombstones list %v", limit, got)
		}
	}
	// A page that ends with the last record says so.
	page, err := f.Query(context.Background(), store.Query{Model: "Task", Tokens: tokens("public"), Limit: 7})
	if err != nil || page.Next != nil {
		t.Errorf("a full last page goes on at %x, %v", page.Next, err)
	}
	// The audience moves a record between tokens' parts of the index.
	f.commit(put("1", 1, "owner:ana"))
	f.commit(put("2", 1, "owner:ana", "public"))
	if got := f.queryIDs(store.Query{Model: "Task", Tokens: tokens("owner:ana"), Limit: 5}); !cmp.Equal(got, []string{"1", "2"}) {
		t.Errorf("ana lists %v", got)
	}
	if got := f.queryIDs(store.Query{Model: "Task", Tokens: tokens("public"), Limit: 5}); !cmp.Equal(got, []string{"2", "3", "5", "6", "7", "8"}) {
		t.Errorf("the public lists %v", got)
	}
}

// testQueryMeanwhile pages through a list while records before and behind the page change, go and come.
// What is there throughout has to come exactly once.
func testQueryMeanwhile(t *testing.T, open Open) {
	f := newFixture(t, open)
	versions := make(map[string]freshet.Version)
	write := func(id string, audience ...string) {
		f.commit(put(id, versions[id], audience...))
		versions[id]++
	}
	var stay []string
	for i := range 40 {
		id := fmt.Sprintf("%02d", i)
		write(id, "owner:ana")
		if i%4 != 0 {
			stay = append(stay, id)
		}
	}
	for _, descending := range []bool{false, true} {
		query := store.Query{Model: "Task", Tokens: tokens("owner:ana", "public"), Limit: 3, Descending: descending}
		seen := make(map[string]int)
		for n := 0; ; n++ {
			page, err := f.Query(context.Background(), query)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Records {
				seen[r.Key.Text()]++
			}
			// Updates everywhere, audiences that move from token to token, records that come and go.
			for i := n % 3; i < 40; i += 3 {
				id := fmt.Sprintf("%02d", i)
				switch {
				case i%4 == 0 && n%2 == 0:
					f.commit(del(id, versions[id], "owner:ana"))
					versions[id]++
				case n%5 == 0:
					write(id, "public")
				default:
					write(id, "owner:ana", "public")
				}
			}
			write(fmt.Sprintf("new %d", n), "public")
			if page.Next == nil || n > 100 {
				break
			}
			query.After = page.Next
		}
		for _, id := range stay {
			if seen[id] != 1 {
				t.Errorf("descending %v: %s was there throughout and listed %d times", descending, id, seen[id])
			}
		}
		for id, n := range seen {
			if n > 1 {
				t.Errorf("descending %v: %s was listed %d times", descending, id, n)
			}
		}
	}
}

func testQueryAll(t *testing.T, open Open) {
	f := newFixture(t, open)
	f.commit(put("a", 0, "public"), put("b", 0), put("c", 0, "owner:ana"), put("d", 0, "owner:bob"))
	f.commit(del("d", 1, "owner:bob"))
	for _, limit := range []int{1, 2, 3, 10} {
		if got := f.queryIDs(store.Query{Model: "Task", All: true, Limit: limit}); !cmp.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("pages of %d: %v", limit, got)
		}
		if got := f.queryIDs(store.Query{Model: "Task", All: true, Deleted: true, Limit: limit}); !cmp.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Errorf("pages of %d with tombstones: %v", limit, got)
		}
		from, to := []byte(freshet.StringKey("b")), []byte(freshet.StringKey("d"))
		if got := f.queryIDs(store.Query{Model: "Task", All: true, From: from, To: to, Deleted: true, Limit: limit}); !cmp.Equal(got, []string{"b", "c"}) {
			t.Errorf("pages of %d from b to d: %v", limit, got)
		}
	}
	if got := f.queryIDs(store.Query{Model: "Task", Tokens: []freshet.Token{store.NoAudience}, Limit: 10}); !slices.Equal(got, []string{"b"}) {
		t.Errorf("records without an audience: %v", got)
	}
}
