package client_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/client"
)

func openJournal(t *testing.T, path string) *client.Journal {
	t.Helper()
	j, err := client.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func with(j *client.Journal) func(*client.Options) {
	return func(o *client.Options) { o.Journal = j }
}

// TestCrashedTool ends a program in the middle of its writes, again and again; cut leaves the end of a line behind.
func TestCrashedTool(t *testing.T) {
	h := start(t)
	path := filepath.Join(t.TempDir(), "journal")
	if _, err := h.client().Write(t.Context(), task(freshet.OpCreate, "1", map[string]any{"title": "x"})); err != nil {
		t.Fatal(err)
	}
	var want []string
	for run, end := range []fault{loseAnswer, loseRequest, loseAnswer, loseAnswer} {
		j := openJournal(t, path)
		c := h.client(with(j))
		h.wire.set(nil)
		late, err := c.Flush(t.Context())
		if err != nil || len(late) != min(run, 1)*2 {
			t.Fatalf("run %d: %d writes were left, %v", run, len(late), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		h.wire.set(func(*http.Request) fault { cancel(); return end })
		first, second := fmt.Sprint(run, "a"), fmt.Sprint(run, "b")
		want = append(want, first, second)
		if _, err := c.Push(ctx, lines("1", first), lines("1", first, second)); err == nil {
			t.Fatal("nothing went wrong")
		}
		check(t, j.Close())
		file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		check(t, err)
		_, err = file.WriteString(`{"writes":[{"counter":99,"mod`)
		check(t, err)
		check(t, file.Close())
	}
	h.wire.set(nil)
	j := openJournal(t, path)
	late, err := h.client(with(j)).Flush(t.Context())
	if err != nil || len(late) != 2 {
		t.Fatalf("%d writes were left, %v", len(late), err)
	}
	check(t, j.Close())
	if diff := cmp.Diff(want, h.lines("1")); diff != "" {
		t.Errorf("the lines (-want +got):\n%s", diff)
	}
}

// What became of a write that was given up is not forgotten with the program.
func TestToldAfterACrash(t *testing.T) {
	h := start(t)
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path)
	c := h.client(with(j))
	ctx, cancel := context.WithCancel(t.Context())
	h.wire.set(func(*http.Request) fault { cancel(); return loseAnswer })
	if _, err := c.Push(ctx, task(freshet.OpCreate, "1", map[string]any{"title": "x"}), task(freshet.OpDelete, "9", nil)); err == nil {
		t.Fatal("nothing went wrong")
	}
	h.wire.set(nil)
	if _, err := c.Write(t.Context(), task(freshet.OpCreate, "2", map[string]any{"title": "x"})); err != nil || c.Pending() != 0 {
		t.Fatalf("%v, %d pending", err, c.Pending())
	}
	check(t, j.Close())
	for _, want := range [][]string{{"APPLIED 1 1", "REFUSED 9 not_found"}, {}} {
		j := openJournal(t, path)
		late, err := h.client(with(j)).Flush(t.Context())
		if diff := cmp.Diff(want, brief(late)); diff != "" || err != nil {
			t.Errorf("%v; told late (-want +got):\n%s", err, diff)
		}
		check(t, j.Close())
	}
}

// A journal that has grown begins anew when nothing is left in it, and its counters go on.
func TestJournalBeginsAnew(t *testing.T) {
	h := start(t)
	path := filepath.Join(t.TempDir(), "journal")
	title := strings.Repeat("x", 200_000)
	last := uint64(0)
	for range 2 {
		j := openJournal(t, path)
		c := h.client(with(j))
		for range 8 {
			r, err := c.Write(t.Context(), task(freshet.OpCreate, "", map[string]any{"title": title}))
			if err != nil || r.Counter != last+1 {
				t.Fatalf("after %d: %+v, %v", last, r.Counter, err)
			}
			last = r.Counter
		}
		check(t, j.Close())
		info, err := os.Stat(path)
		check(t, err)
		if info.Size() > 1_500_000 {
			t.Errorf("the journal has %d bytes", info.Size())
		}
	}
}

func TestJournalIsOnesOwn(t *testing.T) {
	h := start(t)
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path)
	if _, err := client.OpenJournal(path); freshet.CodeOf(err) != freshet.Conflict {
		t.Errorf("a journal in use gives %v", err)
	}
	h.client(with(j))
	if _, err := client.New(client.Options{Endpoint: h.Endpoint(), Credentials: client.APIKey("k"), Journal: j}); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("a journal with a client gives %v", err)
	}
	check(t, j.Close())
	for _, text := range []string{"hello\n", "hello", "{\"answer", "{\"answered\":1}\n", "\x00\x00\n"} {
		check(t, os.WriteFile(path, []byte(text), 0o600))
		if _, err := client.OpenJournal(path); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("%q gives %v", text, err)
		}
		if kept, _ := os.ReadFile(path); string(kept) != text {
			t.Errorf("%q was changed", text)
		}
	}
}

// A journal that cannot be written lets nothing out.
func TestBrokenJournal(t *testing.T) {
	h := start(t)
	j := openJournal(t, filepath.Join(t.TempDir(), "journal"))
	c := h.client(with(j))
	check(t, j.Close())
	for range 2 {
		if _, err := c.Write(t.Context(), task(freshet.OpCreate, "1", map[string]any{"title": "x"})); err == nil {
			t.Error("a write was done")
		}
	}
	if n := h.wire.count(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
