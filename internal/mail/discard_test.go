package mail

import (
	"testing"

	"freshet"
	"freshet/internal/documentstest"
)

// A letter to nobody costs what another one costs, fails when another one fails, and comes to nothing.
func TestDiscard(t *testing.T) {
	for _, config := range []Config{{}, {Server: "smtp://127.0.0.1:1", From: "no-reply@example.com"}} {
		documents := new(documentstest.Memory)
		m, err := Open(t.Context(), documents, config)
		if err != nil {
			t.Fatal(err)
		}
		writes := func(send func() error) int {
			t.Helper()
			before := documents.Writes()
			if err := send(); err != nil {
				t.Error(err)
			}
			return documents.Writes() - before
		}
		want := writes(func() error { return m.Send(t.Context(), code("bea@example.com")) })
		for range 2 * maxDiscards {
			if got := writes(func() error { return m.Discard(t.Context(), code("")) }); got != want {
				t.Fatalf("%d writes, %d of a letter", got, want)
			}
		}
		list, err := m.List(t.Context())
		if err != nil || len(list) != 1 || list[0].To != "bea@example.com" {
			t.Errorf("%+v, %v", list, err)
		}
		if n := documents.Count(discardKind); n == 0 || n > maxDiscards {
			t.Errorf("%d letters to nobody stay", n)
		}
		again, err := Open(t.Context(), documents, config)
		if err != nil || len(again.waiting)+len(again.kept) != 1 {
			t.Errorf("after a restart there are %+v and %q, %v", again.waiting, again.kept, err)
		}

		wantCode(t, m.Discard(t.Context(), Message{Template: "none"}), freshet.Invalid, "none")
		documents.Fail(freshet.Errorf(freshet.Unavailable, "the disk is full"))
		wantCode(t, m.Discard(t.Context(), code("")), freshet.Unavailable, "the disk is full")
		documents.Fail(nil)
		m.pending = maxWaiting
		if config.Server != "" {
			wantCode(t, m.Discard(t.Context(), code("")), freshet.Unavailable, "letters wait")
		}
	}
}
