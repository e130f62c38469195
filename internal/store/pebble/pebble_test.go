package pebble

import (
	"context"
	"errors"
	"sync"
	"testing"

	"freshet"
	"freshet/internal/store"
	"freshet/internal/store/storetest"
)

// checked is a store that is compared with itself, part by part, before it is closed.
type checked struct {
	*DB
	t testing.TB
}

func (c checked) Close() error {
	c.t.Helper()
	if c.Head().History > 0 { // still open
		wantSound(c.t, c.DB)
	}
	return c.DB.Close()
}

func wantSound(t testing.TB, d *DB) {
	t.Helper()
	report, err := d.Check(context.Background(), nil)
	if err != nil {
		t.Errorf("check: %v", err)
		return
	}
	for _, problem := range report.Problems {
		t.Errorf("check: %s", problem)
	}
}

func open(t testing.TB, dir string) store.Store {
	t.Helper()
	d, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return checked{d, t}
}

func TestStore(t *testing.T) { storetest.Run(t, open) }

// A key beyond all others of its model is taken for new without a look; one that is there never is.
func TestRisingKeys(t *testing.T) {
	dir := t.TempDir()
	create := func(d *DB, id string) bool {
		t.Helper()
		ref := store.Ref{Model: "Task", Key: freshet.StringKey(id)}
		if _, err := d.Get(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		_, err := d.Commit(t.Context(), store.Batch{Puts: []store.Put{{Ref: ref, Op: freshet.OpCreate, Body: []byte("{}")}}})
		if _, stale := errors.AsType[*store.StaleError](err); err != nil && !stale {
			t.Fatal(err)
		}
		return err == nil
	}
	for round, ids := range []string{"bda", "bcea", "fbg"} {
		d, err := Open(dir, Options{RecordCache: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			before, err := d.Get(t.Context(), store.Ref{Model: "Task", Key: freshet.StringKey(string(id))})
			if err != nil {
				t.Fatal(err)
			}
			if made := create(d, string(id)); made != (before[0] == nil) {
				t.Errorf("round %d: %c was made: %v, was there: %v", round, id, made, before[0] != nil)
			}
			if create(d, string(id)) {
				t.Errorf("round %d: %c was made twice", round, id)
			}
		}
		wantSound(t, d)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Closing waits for reads under way; those that come later are told.
func TestCloseWhileReading(t *testing.T) {
	d, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var batch store.Batch
	for i := range 500 {
		ref := store.Ref{Model: "Task", Key: freshet.Key(freshet.AppendInt(nil, int64(i)))}
		batch.Puts = append(batch.Puts, store.Put{Ref: ref, Op: freshet.OpCreate, Body: []byte("{}")})
	}
	if _, err := d.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	begun := make(chan struct{}, 4)
	for range cap(begun) {
		readers.Go(func() {
			for n := 0; ; n++ {
				_, err := d.Query(t.Context(), store.Query{Model: "Task", All: true, Limit: 1000})
				if n == 0 {
					begun <- struct{}{}
				}
				if err != nil {
					if freshet.CodeOf(err) != freshet.Unavailable {
						t.Errorf("a read beside the close: %v", err)
					}
					return
				}
			}
		})
	}
	for range cap(begun) {
		<-begun
	}
	if err := d.Close(); err != nil {
		t.Errorf("close beside reads: %v", err)
	}
	readers.Wait()
}
