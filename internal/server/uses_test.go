package server

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"freshet"
	"freshet/internal/api/control"
	"freshet/internal/documentstest"
)

func openTestUses(t *testing.T, documents freshet.Documents) *keyUses {
	t.Helper()
	uses, err := openUses(t.Context(), documents, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

// countedWrites counts the documents that are written.
type countedWrites struct {
	documentstest.Memory
	writes atomic.Int64
}

func (c *countedWrites) Update(ctx context.Context, documents []freshet.Document, change func([][]byte) ([][]byte, error)) error {
	c.writes.Add(int64(len(documents)))
	return c.Memory.Update(ctx, documents, change)
}

// Requests write nothing; a key that is used all the time is written once a minute, one that is not is not, and the
// last use is kept by a clean end.
func TestUsesAreStoredOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		documents := new(countedWrites)
		uses := openTestUses(t, documents)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { uses.run(ctx) })
		begin := time.Now()
		wrote := func(when string, want int64) {
			t.Helper()
			synctest.Wait()
			if got := documents.writes.Swap(0); got != want {
				t.Errorf("%s: %d writes, want %d", when, got, want)
			}
		}
		for range 59 * 10 {
			uses.note("busy")
			uses.note("busy too")
			time.Sleep(100 * time.Millisecond)
		}
		wrote("in the first minute", 0)
		time.Sleep(time.Second)
		wrote("after it", 2)
		time.Sleep(5 * time.Minute)
		wrote("while nothing is used", 0)
		uses.note("busy")
		stop()
		running.Wait()
		wrote("at the end", 1)
		again := openTestUses(t, documents)
		for ref, want := range map[string]time.Duration{"busy": 6 * time.Minute, "busy too": 58 * time.Second} {
			if got, kept := uses.Last(ref).Sub(begin), again.Last(ref).Sub(begin); got != want || kept != want {
				t.Errorf("the last use of %s is %v after the first, and %v after a restart; want %v", ref, got, kept, want)
			}
		}
		if got := uses.Last("never"); !got.IsZero() {
			t.Errorf("a key that was never used was at %v", got)
		}
	})
}

func TestUsesThatWereNotStoredAreNotLost(t *testing.T) {
	documents := new(documentstest.Memory)
	uses := openTestUses(t, documents)
	uses.note("key")
	documents.Fail(freshet.Errorf(freshet.Unavailable, "the disk is full"))
	if err := uses.store(t.Context()); freshet.CodeOf(err) != freshet.Unavailable {
		t.Errorf("on a full disk: %v", err)
	}
	documents.Fail(nil)
	if err := uses.store(t.Context()); err != nil {
		t.Error(err)
	}
	if got, want := openTestUses(t, documents).Last("key"), uses.Last("key"); !got.Equal(want) || want.IsZero() {
		t.Errorf("%v was stored, want %v", got, want)
	}
}

func TestForgottenUses(t *testing.T) {
	documents := new(documentstest.Memory)
	uses := openTestUses(t, documents)
	for _, stored := range []bool{true, false} {
		uses.note("key")
		uses.note("other")
		if stored {
			if err := uses.store(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		uses.Forget(t.Context(), "key")
		if err := uses.store(t.Context()); err != nil {
			t.Fatal(err)
		}
		if again := openTestUses(t, documents); len(again.last) != 1 || again.Last("other").IsZero() || len(uses.last) != 1 {
			t.Errorf("there are %v, and after a restart %v", uses.last, again.last)
		}
	}
}

// More uses than one commit stores.
func TestManyUses(t *testing.T) {
	documents := new(documentstest.Memory)
	uses := openTestUses(t, documents)
	const keys = 2*usePage + 1
	for i := range keys {
		uses.note("key " + strconv.Itoa(i))
	}
	if err := uses.store(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := openTestUses(t, documents); len(again.last) != keys || len(uses.fresh) != 0 {
		t.Errorf("%d are stored, %d left", len(again.last), len(uses.fresh))
	}
}

// Both kinds of keys are noted when they let in, and only then.
func TestKeysAreNoted(t *testing.T) {
	s := startIAM(t)
	_, secret, err := s.keyring.Create(t.Context(), "phone", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	robot, credentials := s.accessKey(t, "robot", time.Time{})
	desk := control.Desk{Keyring: s.keyring, AccessKeys: s.people.keys, Uses: s.uses}
	used := func() map[string]bool {
		t.Helper()
		found := make(map[string]bool)
		keys, err := desk.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			found[key.Name] = !key.Used.IsZero()
		}
		signed, err := desk.SignedKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range signed {
			found[key.Name] = !key.Used.IsZero()
		}
		return found
	}
	want := func(what string, names ...string) {
		t.Helper()
		found := used()
		for _, name := range []string{"phone", "robot", keyName} {
			if wanted := slices.Contains(names, name); found[name] != wanted {
				t.Errorf("%s: that %s was used is %v", what, name, found[name])
			}
		}
	}
	_, _ = tell(t, s.dial(t), "connection_init", `{"x-api-key":"`+secret+`x"}`)
	wrong := credentials
	wrong.SecretAccessKey = "x"
	_, _ = tell(t, s.dial(t), "connection_init", text(t, s.connection(t, wrong, time.Now())))
	want("refused")
	s.connect(t, `{"x-api-key":"`+secret+`"}`)
	want("an API key", "phone")
	s.connect(t, text(t, s.connection(t, credentials, time.Now())))
	want("an access key", "phone", "robot")
	s.connect(t, `{"x-api-key":"`+s.APIKey()+`"}`)
	want("a fixed key", "phone", "robot", keyName)

	if _, err := s.people.keys.Revoke(t.Context(), robot.ID); err != nil {
		t.Fatal(err)
	}
	want("a revoked access key is still shown", "phone", "robot", keyName)
}
