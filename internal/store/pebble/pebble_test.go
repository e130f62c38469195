package pebble

import (
	"context"
	"testing"

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
