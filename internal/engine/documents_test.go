package engine

import (
	"testing"

	"freshet"
	"freshet/internal/documentstest"
	"freshet/internal/store"
)

func TestDocuments(t *testing.T) {
	documentstest.Run(t, func(t *testing.T) freshet.Documents { return newFixture(t, tasks).Documents() })
}

// TestDocumentsForget holds that neither the tombstone nor the log keeps what was secret.
func TestDocumentsForget(t *testing.T) {
	f := newFixture(t, tasks)
	account := freshet.Document{Kind: "_Account", Key: "ana"}
	for _, secret := range []string{"tulip", "rose"} {
		if err := freshet.PutDocument(t.Context(), f.Documents(), account, secret); err != nil {
			t.Fatal(err)
		}
	}
	if err := freshet.RemoveDocuments(t.Context(), f.Documents(), account); err != nil {
		t.Fatal(err)
	}
	if r := f.stored("_Account", "ana"); r == nil || !r.Deleted || string(r.Body) != "{}" || len(r.Audience) > 0 {
		t.Errorf("the tombstone is %+v", r)
	}
	changes, err := f.db.History(t.Context(), store.HistoryQuery{Limit: 1000})
	if err != nil || len(changes) < 3 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	for _, c := range changes {
		if c.Body != nil || len(c.Audience) > 0 {
			t.Errorf("the log holds %s of %s %s for %q", c.Body, c.Model, c.Key.Text(), c.Audience)
		}
	}
}

// TestDocumentsHidden holds that no caller sees the server's own records, not even the operator by a door.
func TestDocumentsHidden(t *testing.T) {
	f := newFixture(t, tasks)
	if err := freshet.PutDocument(t.Context(), f.Documents(), freshet.Document{Kind: "_Account", Key: "ana"}, "secret"); err != nil {
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

func TestDocumentsFrom(t *testing.T) {
	documents := newFixture(t, tasks).Documents()
	for _, d := range []freshet.Document{{Kind: "_A", Key: "1"}, {Kind: "_A", Key: "12"}, {Kind: "_A", Key: "2"}, {Kind: "_B", Key: "3"}} {
		if err := freshet.PutDocument(t.Context(), documents, d, d.Key); err != nil {
			t.Fatal(err)
		}
	}
	for from, want := range map[string]string{"": "1 12 2 ", "1": "1 12 2 ", "1\x00": "12 2 ", "13": "2 ", "2": "2 ", "3": ""} {
		got := ""
		err := documents.From(t.Context(), "_A", from, func(key string, body []byte) error {
			got += key + " "
			return nil
		})
		if err != nil || got != want {
			t.Errorf("from %q on there are %q, %v, want %q", from, got, err, want)
		}
	}
}
