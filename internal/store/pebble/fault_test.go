package pebble

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"freshet"
	"freshet/internal/store"
)

func write(d *DB, id string) error { return writeBody(d, id, `{}`) }

// writeLarge fills a log file within some hundred writes.
func writeLarge(d *DB, id string) error {
	return writeBody(d, id, `{"text":"`+strings.Repeat("x", 10_000)+`"}`)
}

func writeBody(d *DB, id, body string) error {
	_, err := d.Commit(context.Background(), store.Batch{Puts: []store.Put{{
		Ref: store.Ref{Model: "Task", Key: freshet.StringKey(id)}, Op: freshet.OpCreate,
		Body: []byte(body), Audience: []freshet.Token{"public"},
	}}})
	return err
}

func exists(t *testing.T, d *DB, id string) bool {
	t.Helper()
	records, err := d.Get(context.Background(), store.Ref{Model: "Task", Key: freshet.StringKey(id)})
	if err != nil {
		t.Fatal(err)
	}
	return records[0] != nil
}

func wantUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if freshet.CodeOf(err) != freshet.Unavailable {
		t.Errorf("%s: got %v, want an error with the code unavailable", what, err)
	}
}

func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	setFormat := func(text string) {
		t.Helper()
		file, err := vfs.Default.Create(vfs.Default.PathJoin(dir, formatFile), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		fmt.Sprintln(Format + 1): "use the newer program",
		"something else":         "does not hold a format version",
	} {
		setFormat(text)
		_, err := Open(dir, Options{})
		if freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("format %q: got %v, want %q", text, err, want)
		}
	}
	setFormat(fmt.Sprintln(Format))
	d, err = Open(dir, Options{})
	if err != nil {
		t.Fatalf("the refused opens left something behind: %v", err)
	}
	_ = d.Close()
}

func TestForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	file, err := vfs.Default.Create(vfs.Default.PathJoin(dir, "letter.txt"), vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	if _, err := Open(dir, Options{}); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("a directory of other files: got %v", err)
	}
}

func TestSecondOpen(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, Options{})
	wantUnavailable(t, "the second open of a directory", err)
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("the second open says %v", err)
	}
	if err := write(d, "a"); err != nil {
		t.Errorf("the first one was disturbed: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err = Open(dir, Options{})
	if err != nil {
		t.Fatalf("open after close: %v", err)
	}
	_ = d.Close()
}

// TestPowerCut takes the disk away at random moments: what a clone of it holds is what was synced, and any
// part of what was not. Every acknowledged write has to be there.
func TestPowerCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range 30 {
		fs := vfs.NewCrashableMem()
		d, err := Open("data", Options{FS: fs, MinFree: 1})
		if err != nil {
			t.Fatal(err)
		}
		var acknowledged sync.Map
		var count atomic.Int32
		var writers sync.WaitGroup
		stop := make(chan struct{})
		for w := range 4 {
			writers.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					id := fmt.Sprintf("%d-%d", w, i)
					if err := write(d, id); err != nil {
						t.Error(err)
						return
					}
					acknowledged.Store(id, true)
					count.Add(1)
				}
			})
		}
		for count.Load() < int32(20+rng.IntN(300)) {
			time.Sleep(100 * time.Microsecond) // waits for the writers, decides nothing
		}
		// What was acknowledged by now must be in the clone.
		must := make(map[string]bool)
		acknowledged.Range(func(id, _ any) bool { must[id.(string)] = true; return true })
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * (round % 2), RNG: rng})
		close(stop)
		writers.Wait()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		after, err := Open("data", Options{FS: clone, MinFree: 1})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for id := range must {
			if !exists(t, after, id) {
				t.Errorf("round %d: %s was acknowledged and is lost", round, id)
			}
		}
		wantSound(t, after)
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// faults makes chosen operations of a file system fail while it is on.
type faults struct {
	on   atomic.Bool
	kind errorfs.OpKind
	err  error
	path string
}

func (f *faults) String() string { return "faults" }

func (f *faults) MaybeError(op errorfs.Op) error {
	if f.on.Load() && op.Kind == f.kind && strings.HasSuffix(op.Path, f.path) {
		return f.err
	}
	return nil
}

// TestDiskFails: when the disk refuses what a commit needs, no writer is told that it was written, later
// writes are refused at once, reads go on, and after a restart everything that was acknowledged is there.
func TestDiskFails(t *testing.T) {
	for _, c := range []struct {
		name string
		kind errorfs.OpKind
		err  error
		path string
	}{
		{"fsync fails", errorfs.OpFileSyncData, syscall.EIO, ".log"},
		{"disk full", errorfs.OpFileWrite, syscall.ENOSPC, ".log"},
		{"no new log file", errorfs.OpCreate, syscall.ENOSPC, ".log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := vfs.NewCrashableMem()
			fault := &faults{kind: c.kind, err: c.err, path: c.path}
			d, err := Open("data", Options{FS: errorfs.Wrap(mem, fault), MinFree: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				if err := write(d, fmt.Sprint("before ", i)); err != nil {
					t.Fatal(err)
				}
			}
			fault.on.Store(true)
			var writers sync.WaitGroup
			var acknowledged sync.Map
			for w := range 8 {
				writers.Go(func() {
					for i := range 50 {
						id := fmt.Sprintf("during %d-%d", w, i)
						if err := writeLarge(d, id); err == nil {
							acknowledged.Store(id, true)
						} else {
							wantUnavailable(t, "write", err)
						}
					}
				})
			}
			writers.Wait()
			fault.on.Store(false)
			wantUnavailable(t, "a write after the fault", write(d, "after"))
			// Reads show what was acknowledged, and that alone.
			count := 20
			acknowledged.Range(func(id, _ any) bool { count++; return true })
			if head := d.Head(); head.Seq != freshet.Seq(count) {
				t.Errorf("the head is %d after %d acknowledged writes", head.Seq, count)
			}
			page, err := d.Changes(context.Background(), store.ChangesQuery{Tokens: []freshet.Token{"public"}, Limit: 1000})
			if err != nil || len(page.Changes) != count {
				t.Errorf("a delta gives %d changes of %d, %v", len(page.Changes), count, err)
			}
			if !exists(t, d, "before 3") || exists(t, d, "after") {
				t.Error("get shows something else")
			}
			clone := mem.CrashClone(vfs.CrashCloneCfg{})
			if err := d.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			after, err := Open("data", Options{FS: clone, MinFree: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer after.Close()
			for i := range 20 {
				acknowledged.Store(fmt.Sprint("before ", i), true)
			}
			acknowledged.Range(func(id, _ any) bool {
				if !exists(t, after, id.(string)) {
					t.Errorf("%s was acknowledged and is lost", id)
				}
				return true
			})
			wantSound(t, after)
			if err := write(after, "again"); err != nil {
				t.Errorf("a write after the restart: %v", err)
			}
		})
	}
}

// TestOpenedAndClosedWithoutWrites: a flush that has nothing to write is no fault.
func TestOpenedAndClosedWithoutWrites(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		db, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	batch := store.Batch{Puts: []store.Put{{Ref: store.Ref{Model: "Task", Key: freshet.StringKey("1")}, Op: freshet.OpCreate, Body: []byte("{}")}}}
	if _, err := db.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// TestFlushFails: what was accepted cannot be moved from memory to the disk. Writes are refused until it can.
func TestFlushFails(t *testing.T) {
	fault := &faults{kind: errorfs.OpCreate, err: syscall.ENOSPC, path: ".sst"}
	d, err := Open("data", Options{FS: errorfs.Wrap(vfs.NewMem(), fault), MinFree: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	fault.on.Store(true)
	written := 0
	for ; written < 10_000; written++ {
		if err = writeLarge(d, fmt.Sprint(written)); err != nil {
			break
		}
	}
	wantUnavailable(t, "writes while no flush succeeds", err)
	if head := d.Head(); head.Seq != freshet.Seq(written) {
		t.Errorf("the head is %d after %d acknowledged writes", head.Seq, written)
	}
	if !exists(t, d, "0") {
		t.Error("reads do not go on")
	}
	fault.on.Store(false)
	for range 100 {
		if err = write(d, "after"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond) // until the database has tried again
	}
	if err != nil {
		t.Errorf("writes did not go on after space was freed: %v", err)
	}
	wantSound(t, d)
}

// smallDisk reports how much space is left.
type smallDisk struct {
	vfs.FS
	free atomic.Uint64
}

func (s *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: s.free.Load(), TotalBytes: 1 << 40}, nil
}

func TestNearlyFullDisk(t *testing.T) {
	disk := &smallDisk{FS: vfs.NewMem()}
	disk.free.Store(1 << 30)
	var now atomic.Int64
	d, err := Open("data", Options{FS: disk, MinFree: 100 << 20, Now: func() time.Time { return time.Unix(now.Load(), 0) }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := write(d, "a"); err != nil {
		t.Fatal(err)
	}
	disk.free.Store(99 << 20)
	now.Add(2)
	err = write(d, "b")
	wantUnavailable(t, "a write to a nearly full disk", err)
	if err == nil || !strings.Contains(err.Error(), "99 MiB are free") {
		t.Errorf("the error says %v", err)
	}
	if !exists(t, d, "a") || exists(t, d, "b") {
		t.Error("reads are wrong on a nearly full disk")
	}
	disk.free.Store(101 << 20)
	now.Add(2)
	if err := write(d, "b"); err != nil {
		t.Errorf("a write after space was freed: %v", err)
	}
}

// TestCheckFinds: the check reports what does not agree; it would be no check otherwise.
func TestCheckFinds(t *testing.T) {
	for name, damage := range map[string]func(d *DB) error{
		"log entry lost":       func(d *DB) error { return d.db.Delete(appendLogKey(nil, 2), nil) },
		"end of the log lost":  func(d *DB) error { return d.db.Delete(appendLogKey(nil, 3), nil) },
		"token entry lost":     func(d *DB) error { return d.db.Delete(appendTokenKey(nil, "public", 2), nil) },
		"token entry too many": func(d *DB) error { return d.db.Set(appendTokenKey(nil, "public", 1), []byte("x"), nil) },
		"token entry of another": func(d *DB) error {
			value, err := getCopy(d.db, appendTokenKey(nil, "public", 3))
			return errors.Join(err, d.db.Set(appendTokenKey(nil, "public", 2), value, nil))
		},
		"index entry lost": func(d *DB) error {
			return d.db.Delete(appendIndexKey(nil, "Task", freshet.IndexKey{}, "public", freshet.StringKey("a")), nil)
		},
		"index entry too many": func(d *DB) error {
			return d.db.Set(appendIndexKey(nil, "Task", freshet.IndexKey{}, "public", freshet.StringKey("z")), []byte{0, 3}, nil)
		},
		"record lost": func(d *DB) error { return d.db.Delete(appendRecordKey(nil, "Task", freshet.StringKey("a")), nil) },
		"record unknown": func(d *DB) error {
			return d.db.Set(appendRecordKey(nil, "Task", freshet.StringKey("a")), []byte{1}, nil)
		},
		"record changed": func(d *DB) error { return damageRow(d, func(r *row) { r.Body = []byte(`{"x":1}`) }) },
		"record older":   func(d *DB) error { return damageRow(d, func(r *row) { r.Seq = 1 }) },
		"audience larger": func(d *DB) error {
			return damageRow(d, func(r *row) { r.Audience = append(r.Audience, freshet.Grant{Token: "x"}) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Open(t.TempDir(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			for _, id := range []string{"a", "b"} {
				if err := write(d, id); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := d.Commit(context.Background(), store.Batch{Puts: []store.Put{{
				Ref: store.Ref{Model: "Task", Key: freshet.StringKey("a")}, Expect: 1, Op: freshet.OpUpdate, Body: []byte(`{}`), Audience: []freshet.Token{"public"},
			}}}); err != nil {
				t.Fatal(err)
			}
			wantSound(t, d)
			if err := damage(d); err != nil {
				t.Fatal(err)
			}
			d.publish(newView(d.db, d.Head(), 99))
			report, err := d.Check(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Problems) == 0 {
				t.Error("the check found nothing")
			}
		})
	}
}

func damageRow(d *DB, change func(*row)) error {
	ref := store.Ref{Model: "Task", Key: freshet.StringKey("a")}
	r, err := readRow(d.db, ref)
	if err != nil {
		return err
	}
	change(r)
	return d.db.Set(appendRecordKey(nil, ref.Model, ref.Key), appendRow(nil, r), nil)
}
