package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"freshet"
	"freshet/internal/store"
)

// model is the contract said once more, as simply as it can be: a list of changes.
type model struct {
	log []freshet.Change
}

func (m *model) latest(ref store.Ref) *freshet.Change {
	for i := range slices.Backward(m.log) {
		if m.log[i].Model == ref.Model && m.log[i].Key == ref.Key {
			return &m.log[i]
		}
	}
	return nil
}

func (m *model) version(ref store.Ref) freshet.Version {
	if c := m.latest(ref); c != nil {
		return c.Version
	}
	return 0
}

// apply gives false, and changes nothing, when a put is stale.
func (m *model) apply(puts []store.Put) bool {
	next := model{log: slices.Clone(m.log)}
	for _, p := range puts {
		if next.version(p.Ref) != p.Expect {
			return false
		}
		next.log = append(next.log, freshet.Change{
			Seq: freshet.Seq(len(next.log) + 1), Op: p.Op, Model: p.Model, Key: p.Key, Version: p.Expect + 1, Audience: p.Audience,
		})
	}
	m.log = next.log
	return true
}

// changes gives, for each record that the tokens see or saw, its last word, in the order of the log.
func (m *model) changes(tokens []freshet.Token, after freshet.Seq) []string {
	last := make(map[store.Ref]string)
	at := make(map[store.Ref]freshet.Seq)
	seen := make(map[store.Ref]map[freshet.Token]bool) // as it is: who sees it
	for _, c := range m.log {
		ref := store.Ref{Model: c.Model, Key: c.Key}
		before, now := seen[ref], make(map[freshet.Token]bool)
		for _, token := range tokens {
			if slices.Contains(c.Audience, token) {
				now[token] = true
			}
		}
		seen[ref] = now
		if len(before) == 0 && len(now) == 0 {
			continue
		}
		sign := "-"
		if len(now) > 0 && c.Op != freshet.OpDelete {
			sign = ""
		}
		at[ref], last[ref] = c.Seq, fmt.Sprintf("%d %s%s %d", c.Seq, sign, c.Key.Text(), c.Version)
	}
	refs := slices.SortedFunc(maps.Keys(at), func(a, b store.Ref) int { return int(at[a]) - int(at[b]) })
	var list []string
	for _, ref := range refs {
		if at[ref] > after {
			list = append(list, last[ref])
		}
	}
	return list
}

// visible gives the ids that the tokens see, in order.
func (m *model) visible(tokens []freshet.Token) []string {
	var ids []string
	for i, c := range m.log {
		if m.latest(store.Ref{Model: c.Model, Key: c.Key}) != &m.log[i] || c.Op == freshet.OpDelete {
			continue
		}
		if slices.ContainsFunc(c.Audience, func(token freshet.Token) bool { return slices.Contains(tokens, token) }) {
			ids = append(ids, c.Key.Text())
		}
	}
	slices.Sort(ids)
	return ids
}

// testAgainstModel applies random batches, some of them stale, to the store and to the model, and compares
// what random readers are given.
func testAgainstModel(t *testing.T, open Open) {
	names := []string{"group:x", "owner:ana", "owner:bob"}
	subset := rapid.SliceOfDistinct(rapid.SampledFrom(names), func(s string) string { return s })
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "storetest")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		f := &fixture{Store: open(t, dir), t: t}
		defer f.Close()
		var m model
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(rt *rapid.T) {
				var puts []store.Put
				versions := make(map[string]freshet.Version)
				for range rapid.IntRange(1, 4).Draw(rt, "puts") {
					id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "id")
					if _, ok := versions[id]; !ok {
						versions[id] = m.version(ref(id))
						if rapid.IntRange(0, 9).Draw(rt, "stale") == 0 {
							versions[id]++
						}
					}
					p := put(id, versions[id], subset.Draw(rt, "audience")...)
					if versions[id] > 0 && rapid.IntRange(0, 3).Draw(rt, "delete") == 0 {
						p.Op = freshet.OpDelete
						p.Audience = slices.Clone(p.Audience)
						if latest := m.latest(ref(id)); latest != nil && len(puts) == 0 {
							p.Audience = latest.Audience
						}
					}
					versions[id]++
					puts = append(puts, p)
				}
				_, err := f.Commit(context.Background(), store.Batch{Puts: puts})
				var stale *store.StaleError
				if ok := m.apply(puts); ok != (err == nil) || err != nil && !errors.As(err, &stale) {
					rt.Fatalf("the store says %v, the model %v", err, ok)
				}
			},
			"read": func(rt *rapid.T) {
				held := tokens(subset.Draw(rt, "held")...)
				after := freshet.Seq(rapid.IntRange(0, len(m.log)).Draw(rt, "after"))
				got := brief(f.changes(store.ChangesQuery{Tokens: held, After: after}).Changes)
				if diff := cmp.Diff(m.changes(held, after), got); diff != "" {
					rt.Fatalf("changes for %v after %d (-model +store):\n%s", held, after, diff)
				}
				listed := f.queryIDs(store.Query{Model: "Task", Tokens: held, Limit: rapid.IntRange(1, 5).Draw(rt, "limit")})
				if diff := cmp.Diff(m.visible(held), listed); diff != "" {
					rt.Fatalf("list for %v (-model +store):\n%s", held, diff)
				}
			},
		})
	})
}

// testConcurrentWriters lets many writers race for few records. Every acknowledged version has to be
// there once, in an order that the versions allow, while readers follow.
func testConcurrentWriters(t *testing.T, open Open) {
	f := newFixture(t, open)
	ctx := context.Background()
	const writers, each, ids = 8, 60, 5
	var acknowledged sync.Map // "id version" → true
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				id := fmt.Sprint("r", (w*7+i)%ids)
				for {
					records, err := f.Get(ctx, ref(id))
					if err != nil {
						t.Error(err)
						return
					}
					var version freshet.Version
					if records[0] != nil {
						version = records[0].Version
					}
					_, err = f.Commit(ctx, store.Batch{Puts: []store.Put{put(id, version, "public")}})
					var stale *store.StaleError
					if errors.As(err, &stale) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if _, twice := acknowledged.LoadOrStore(fmt.Sprintf("%s %d", id, version+1), true); twice {
						t.Errorf("version %d of %s was acknowledged twice", version+1, id)
					}
					break
				}
			}
		})
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			reader := newReplica("public")
			for {
				select {
				case <-stop:
					reader.pullAll(f, 3)
					if len(reader.holds) != ids {
						t.Errorf("a reader holds %d records, want %d", len(reader.holds), ids)
					}
					return
				default:
					reader.pull(f, 3)
				}
			}
		})
	}
	group.Wait()
	close(stop)
	readers.Wait()
	if head := f.Head(); head.Seq != writers*each {
		t.Errorf("the log holds %d changes, want %d", head.Seq, writers*each)
	}
	log, err := f.History(ctx, store.HistoryQuery{Limit: writers*each + 1})
	if err != nil {
		t.Fatal(err)
	}
	last := make(map[freshet.Key]freshet.Version)
	for _, c := range log {
		if c.Version != last[c.Key]+1 {
			t.Errorf("change %d is version %d of %s, after %d", c.Seq, c.Version, c.Key.Text(), last[c.Key])
		}
		last[c.Key] = c.Version
		if _, ok := acknowledged.Load(fmt.Sprintf("%s %d", c.Key.Text(), c.Version)); !ok {
			t.Errorf("version %d of %s is in the log and was not acknowledged", c.Version, c.Key.Text())
		}
	}
}
