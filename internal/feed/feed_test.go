package feed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"freshet"
	"freshet/internal/feed"
	"freshet/internal/store"
	"freshet/internal/store/pebble"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a store with a feed that follows it.
type house struct {
	t       *testing.T
	store   *pebble.DB
	feed    *feed.Feed
	version map[string]freshet.Version
}

func open(t *testing.T) *house {
	t.Helper()
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: db, feed: feed.New(db), version: make(map[string]freshet.Version)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.feed.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// commit writes records in one commit, each with an audience.
func (h *house) commit(puts ...store.Put) store.Receipt {
	h.t.Helper()
	for i := range puts {
		p := &puts[i]
		p.Expect, p.Op = h.version[string(p.Key)], freshet.OpUpdate
		if p.Expect == 0 {
			p.Op = freshet.OpCreate
		}
		h.version[string(p.Key)]++
		slices.Sort(p.Audience)
	}
	receipt, err := h.store.Commit(h.t.Context(), store.Batch{Puts: puts})
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt
}

func put(key string, audience ...freshet.Token) store.Put {
	return store.Put{
		Ref: store.Ref{Model: "Task", Key: freshet.StringKey(key)}, Audience: audience, Body: fmt.Appendf(nil, `{"id":%q}`, key),
	}
}

// follower collects what a subscription gives.
type follower struct {
	*feed.Subscription
	t    *testing.T
	wake chan struct{}
	seqs []freshet.Seq
	read int // how often it was behind
}

func (h *house) follow(after freshet.Seq, tokens ...freshet.Token) *follower {
	f := &follower{t: h.t, wake: make(chan struct{}, 1)}
	slices.Sort(tokens)
	f.Subscription = h.feed.Subscribe(tokens, after, func() {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	})
	h.t.Cleanup(f.Close)
	return f
}

// until takes events until the follower is at a place, where a change concerns it.
func (f *follower) until(at freshet.Seq, limit int) {
	f.t.Helper()
	for f.At() < at {
		if !f.take(limit) && f.At() < at {
			select {
			case <-f.wake:
			case <-f.t.Context().Done():
				f.t.Fatal("not woken")
			}
		}
	}
}

// take takes the next events, and tells whether there are more.
func (f *follower) take(limit int) bool {
	f.t.Helper()
	events, more, behind := f.Next(limit)
	if behind {
		f.read++
		var err error
		if events, more, err = f.Read(f.t.Context(), limit); err != nil {
			f.t.Fatal(err)
		}
	}
	for _, e := range events {
		f.seqs = append(f.seqs, e.Seq)
	}
	return more
}

func (f *follower) got(seqs ...freshet.Seq) {
	f.t.Helper()
	if diff := cmp.Diff(seqs, f.seqs); diff != "" {
		f.t.Errorf("events (-want +got):\n%s", diff)
	}
	f.seqs = nil
}

func TestSubscriptionIsGivenWhatConcernsItsTokens(t *testing.T) {
	h := open(t)
	ana, ben := h.follow(0, "owner:ana"), h.follow(0, "owner:ben", "public")
	h.commit(put("1", "owner:ana"))
	h.commit(put("2", "owner:ben"))
	h.commit(put("3", "owner:ana", "owner:ben", "public"))
	h.commit(put("4"))
	h.commit(put("1", "owner:ben")) // leaves ana
	ana.until(5, 10)
	ben.until(5, 10)
	ana.got(1, 3, 5)
	ben.got(2, 3, 5)
	if ana.read+ben.read != 0 {
		t.Errorf("live subscriptions read the log %d times", ana.read+ben.read)
	}
}

func TestSubscriptionBehindReadsTheLogThenGoesLive(t *testing.T) {
	h := open(t)
	for i := range 10 {
		h.commit(put(fmt.Sprint(i), "public"), put(fmt.Sprint("other", i), "owner:ana"))
	}
	late := h.follow(2, "public")
	late.until(20, 3)
	late.got(3, 5, 7, 9, 11, 13, 15, 17, 19)
	if late.read == 0 {
		t.Error("it was given events that no topic had kept")
	}
	read := late.read
	h.commit(put("live", "public"))
	late.until(21, 3)
	late.got(21)
	if late.read != read {
		t.Error("it read the log for an event that the feed keeps")
	}
}

func TestNextEndsWithACommit(t *testing.T) {
	h := open(t)
	f := h.follow(0, "public")
	h.commit(put("1", "public"), put("2"), put("3", "public"), put("4"))
	h.commit(put("5", "public"))
	for f.At() < 5 {
		events, more, behind := f.Next(1)
		if behind {
			t.Fatal("behind")
		}
		for _, e := range events {
			f.seqs = append(f.seqs, e.Seq)
		}
		if at := f.At(); at != 0 && at != 4 && at != 5 {
			t.Errorf("at %d, inside a commit", at)
		}
		if !more && f.At() < 5 {
			<-f.wake
		}
	}
	f.got(1, 3, 5)
}

func TestReadTellsThatTheLogWasTrimmed(t *testing.T) {
	h := open(t)
	for range 5 {
		h.commit(put("1", "public"))
	}
	if err := h.store.Trim(t.Context(), store.Trim{History: 4}); err != nil {
		t.Fatal(err)
	}
	f := h.follow(1, "public")
	if _, _, behind := f.Next(10); !behind {
		t.Fatal("not behind")
	}
	if _, _, err := f.Read(t.Context(), 10); freshet.CodeOf(err) != freshet.Gone {
		t.Errorf("Read gave %v, want the code gone", err)
	}
	f.Seek(5)
	h.commit(put("1", "public"))
	f.until(6, 10)
	f.got(6)
}

func TestSubscriptionsComeAndGo(t *testing.T) {
	h := open(t)
	for i := range 20 {
		f := h.follow(h.store.Head().Seq, "public")
		receipt := h.commit(put("1", "public"))
		if i%2 == 0 {
			f.until(receipt.Last, 10)
			f.got(receipt.First)
		}
		f.Close()
		f.Close()
		h.commit(put("1", "public"))
	}
}

func TestEncodingsAreMadeOnce(t *testing.T) {
	h := open(t)
	a, b := h.follow(0, "public"), h.follow(0, "public", "owner:ana")
	h.commit(put("1", "public", "owner:ana"))
	made := 0
	for _, f := range []*follower{a, b} {
		<-f.wake
		events, _, _ := f.Next(10)
		for _, e := range events {
			got := e.Encode("whole", func() []byte { made++; return e.Body })
			if string(got) != `{"id":"1"}` {
				t.Errorf("encoding %s", got)
			}
		}
	}
	if made != 1 {
		t.Errorf("the encoding was made %d times", made)
	}
}

// A slow subscription, whatever it does between its reads, gets every change that concerns it exactly once
// and in order.
func TestNothingIsMissed(t *testing.T) {
	tokens := []freshet.Token{"owner:ana", "owner:ben", "owner:cid", "public"}
	subset := rapid.SliceOfNDistinct(rapid.SampledFrom(tokens), 1, -1, func(t freshet.Token) freshet.Token { return t })
	rapid.Check(t, func(rt *rapid.T) {
		h := open(t)
		type expectation struct {
			*follower
			tokens []freshet.Token
			want   []freshet.Seq
		}
		var followers []*expectation
		audience := make(map[string][]freshet.Token)
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				held := subset.Draw(rt, "held")
				followers = append(followers, &expectation{follower: h.follow(h.store.Head().Seq, held...), tokens: held})
			case 1:
				if len(followers) > 0 {
					f := rapid.SampledFrom(followers).Draw(rt, "follower")
					f.take(rapid.IntRange(1, 5).Draw(rt, "limit"))
				}
			default:
				var puts []store.Put
				for i := range rapid.IntRange(1, 4).Draw(rt, "puts") {
					puts = append(puts, put(fmt.Sprint(i), subset.Draw(rt, "audience")...))
				}
				receipt := h.commit(puts...)
				for i, p := range puts {
					concerned := append(slices.Clone(p.Audience), audience[string(p.Key)]...)
					audience[string(p.Key)] = p.Audience
					for _, f := range followers {
						if slices.ContainsFunc(f.tokens, func(t freshet.Token) bool { return slices.Contains(concerned, t) }) {
							f.want = append(f.want, receipt.First+freshet.Seq(i))
						}
					}
				}
			}
		}
		last := h.commit(put("last", tokens...))
		for _, f := range followers {
			f.want = append(f.want, last.First)
			f.until(h.store.Head().Seq, 3)
			if !slices.Equal(f.want, f.seqs) {
				rt.Errorf("holder of %v got %v, want %v", f.tokens, f.seqs, f.want)
			}
			f.Close()
		}
	})
}
