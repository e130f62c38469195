package engine

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

func TestInternal(t *testing.T) {
	f := newFixture(t, tasks)
	ctx := t.Context()
	accounts := f.Internal("_Account")
	type account struct{ Secret string }
	var got account
	if found, err := accounts.Get(ctx, "ana", &got); found || err != nil {
		t.Errorf("nothing is there, and is found: %v, %v", found, err)
	}
	if deleted, err := accounts.Delete(ctx, "ana"); deleted || err != nil {
		t.Errorf("nothing is there, and is deleted: %v, %v", deleted, err)
	}
	for _, secret := range []string{"tulip", "rose"} {
		if err := accounts.Put(ctx, "ana", account{secret}); err != nil {
			t.Fatal(err)
		}
		if found, err := accounts.Get(ctx, "ana", &got); !found || err != nil || got.Secret != secret {
			t.Errorf("got %+v, %v, %v", got, found, err)
		}
	}
	if err := accounts.Put(ctx, "bob", make(chan int)); err == nil {
		t.Error("what is no JSON was put")
	}
	if deleted, err := accounts.Delete(ctx, "ana"); !deleted || err != nil {
		t.Errorf("deleted: %v, %v", deleted, err)
	}
	if deleted, err := accounts.Delete(ctx, "ana"); deleted || err != nil {
		t.Errorf("deleted twice: %v, %v", deleted, err)
	}
	if found, err := accounts.Get(ctx, "ana", &got); found || err != nil {
		t.Errorf("deleted, and found: %v, %v", found, err)
	}
	// Neither the tombstone nor the log keeps what was secret.
	if r := f.stored("_Account", "ana"); r == nil || !r.Deleted || string(r.Body) != "{}" || len(r.Audience) > 0 {
		t.Errorf("the tombstone is %+v", r)
	}
	changes, err := f.db.History(ctx, store.HistoryQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Body != nil || len(c.Audience) > 0 || bytes.Contains(c.Body, []byte("rose")) {
			t.Errorf("the log holds %s of %s %s for %q", c.Body, c.Model, c.Key.Text(), c.Audience)
		}
	}
	if err := accounts.Put(ctx, "ana", account{"lily"}); err != nil {
		t.Fatal(err)
	}
	if found, err := accounts.Get(ctx, "ana", &got); !found || err != nil || got.Secret != "lily" {
		t.Errorf("put again: %+v, %v, %v", got, found, err)
	}
}

func TestInternalEach(t *testing.T) {
	f := newFixture(t, tasks)
	keys := f.Internal("_Key")
	var want []string
	for n := range 1005 { // more than a page
		key := fmt.Sprintf("k%04d", n)
		if err := keys.Put(t.Context(), key, n); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%s %d", key, n))
	}
	if _, err := keys.Delete(t.Context(), "k0003"); err != nil {
		t.Fatal(err)
	}
	want = append(want[:3], want[4:]...)
	var got []string
	err := keys.Each(t.Context(), func(key string, body []byte) error {
		got = append(got, fmt.Sprintf("%s %s", key, body))
		return nil
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("each: %v (-want +got):\n%s", err, diff)
	}
	enough := errors.New("enough")
	if err := keys.Each(t.Context(), func(string, []byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a visit that fails: %v", err)
	}
}

// TestInternalHidden holds that no caller sees the server's own records, not even the operator by a door.
func TestInternalHidden(t *testing.T) {
	f := newFixture(t, tasks)
	if err := f.Internal("_Account").Put(t.Context(), "ana", "secret"); err != nil {
		t.Fatal(err)
	}
	key := freshet.StringKey("ana")
	for _, id := range []*freshet.Identity{f.user("ana", "admins"), f.anyone(), f.operator()} {
		_, err := f.Get(t.Context(), id, "_Account", key, true)
		wantCode(t, "get", err, freshet.Invalid)
		_, err = f.List(t.Context(), id, ListQuery{Model: "_Account"})
		wantCode(t, "list", err, freshet.Invalid)
		_, err = f.Reader(id, Scope{Models: []freshet.ModelName{"_Account"}})
		wantCode(t, "read", err, freshet.Invalid)
		_, err = f.Listener(id, ListenQuery{Model: "_Account", Op: freshet.OpCreate})
		wantCode(t, "listen", err, freshet.Invalid)
		f.refused(id, freshet.Write{Model: "_Account", Op: freshet.OpUpdate, Key: key, Fields: []byte(`{}`)}, freshet.Invalid)
		for _, o := range f.push(id, "phone", count(1, freshet.Write{Model: "_Account", Op: freshet.OpDelete, Key: key}), false) {
			if o.Status != Refused || o.Row != nil {
				t.Errorf("a push gives %+v", o)
			}
		}
	}
	r := newReplica(Scope{})
	f.wantSights("a first sync", r, f.user("ana", "admins"))
	reader, err := f.Reader(f.user("ana", "admins"), Scope{})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := f.db.History(t.Context(), store.HistoryQuery{Limit: 100})
	if err != nil || len(changes) == 0 {
		t.Fatalf("history: %v, %v", changes, err)
	}
	for i := range changes {
		if _, ok, err := reader.See(&changes[i]); ok || err != nil {
			t.Errorf("the live view shows %+v: %v", changes[i], err)
		}
	}
}
