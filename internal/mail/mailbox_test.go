package mail

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

func TestLocalMailbox(t *testing.T) {
	var log bytes.Buffer
	documents, c := new(documentstest.Memory), newClock()
	m := open(t, documents, Config{Now: c.now, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	mustSend(t, m, code("bea@example.com"))
	list, err := m.List(t.Context())
	if err != nil || len(list) != 1 || list[0].State != StateKept || list[0].To != "bea@example.com" {
		t.Fatalf("%+v, %v", list, err)
	}
	kept, err := m.Show(t.Context(), list[0].ID)
	if err != nil || !strings.Contains(kept.Text, "482913") || !strings.Contains(kept.HTML, "482913") || kept.Entry != list[0] {
		t.Errorf("%+v, %v", kept, err)
	}
	_, err = m.Show(t.Context(), "nothing")
	wantCode(t, err, freshet.NotFound, "nothing")
	if line := log.String(); !strings.Contains(line, "local mailbox") || !strings.Contains(line, list[0].ID) || strings.Contains(line, "482913") || strings.Contains(line, "bea") {
		t.Errorf("logged %s", line)
	}
}

func TestMailboxIsBounded(t *testing.T) {
	documents, c := new(documentstest.Memory), newClock()
	m := open(t, documents, Config{Now: c.now})
	const extra = 25
	for i := range maxKept + extra {
		c.move(time.Millisecond)
		mustSend(t, m, code(fmt.Sprintf("n%d@example.com", i)))
		if i == maxKept/2 { // the bound holds across a restart
			m = open(t, documents, Config{Now: c.now})
		}
	}
	list, err := m.List(t.Context())
	if err != nil || len(list) != maxKept {
		t.Fatalf("%d letters, %v", len(list), err)
	}
	if list[0].To != fmt.Sprintf("n%d@example.com", maxKept+extra-1) || list[maxKept-1].To != fmt.Sprintf("n%d@example.com", extra) {
		t.Errorf("from %s to %s", list[maxKept-1].To, list[0].To)
	}
	if documents.Count(mailboxKind) != maxKept || len(m.kept) != maxKept {
		t.Errorf("%d stored, %d known", documents.Count(mailboxKind), len(m.kept))
	}

	// A letter that was given up after two days is older than all of them: it does not come in.
	old := Kept{Entry: Entry{ID: newID(c.now().Add(-time.Hour)), State: StateFailed}}
	if err := m.keep(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if documents.Count(mailboxKind) != maxKept || len(m.kept) != maxKept {
		t.Errorf("%d stored, %d known", documents.Count(mailboxKind), len(m.kept))
	}

	// When the store fails nothing is forgotten.
	before := slices.Clone(m.kept)
	documents.Fail(errDisk)
	c.move(time.Second)
	if err := m.Send(t.Context(), code("bea@example.com")); err == nil {
		t.Error("kept, and nothing is stored")
	}
	if !slices.Equal(m.kept, before) {
		t.Error("the mailbox is not what it was")
	}
}
