package pebble

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"freshet"
)

// failure is how a store stops writing and goes on reading. The first fault of the disk that leaves open
// what was written is final: only a restart, which reads back what is there, can tell.
type failure struct {
	mu     sync.Mutex
	cause  *freshet.Error
	failed chan struct{} // closed with the first cause

	flushing  atomic.Pointer[freshet.Error] // why the last flush could not be done; the database tries again
	lastFlush atomic.Pointer[error]
}

func (f *failure) set(cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cause == nil {
		f.cause = freshet.Wrap(freshet.Unavailable, cause, "the store takes no more writes, for the disk refused one; repair it or free some space, then restart the server")
		close(f.failed)
	}
}

// err gives why writes cannot be taken; nil where they can.
func (f *failure) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cause != nil {
		return f.cause
	}
	if flushing := f.flushing.Load(); flushing != nil {
		return flushing
	}
	return nil
}

func (f *failure) final() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cause == nil {
		return nil
	}
	return f.cause
}

// flushed notes how a flush ended. One that had nothing to write ends with an error too; a real one is
// reported by background after it.
func (f *failure) flushed(info pebble.FlushInfo) {
	f.lastFlush.Store(&info.Err)
	f.flushing.Store(nil)
}

func (f *failure) background(err error) {
	if last := f.lastFlush.Load(); last != nil && *last != nil && errors.Is(err, *last) {
		f.flushing.Store(freshet.Wrap(freshet.Unavailable, err, "the disk takes no more data; free some space, and writes go on"))
	}
}

// park stops a goroutine of the database that cannot go on. Ending it, or panicking, would release locks
// that it does not hold.
func park() { select {} }

// fatalLogger takes the place of ending the process: the database calls Fatalf where it cannot go on
// writing. Reads from snapshots still work then.
type fatalLogger struct{ db *DB }

func (l fatalLogger) Infof(string, ...any) {}

func (l fatalLogger) Errorf(format string, args ...any) {
	l.db.opts.Logger.Error("store: " + fmt.Sprintf(format, args...))
}

func (l fatalLogger) Fatalf(format string, args ...any) {
	l.db.fail(fmt.Errorf(format, args...))
	park()
}

// fatalFS does the same where the database would panic: when it can make no new log file.
type fatalFS struct {
	vfs.FS
	db   *DB
	open *atomic.Bool // before, the error goes to who opens
}

func (fs fatalFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.Create(name, category)
	fs.parkOn(name, err)
	return yielding(name, file), err
}

func (fs fatalFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.ReuseForWrite(oldname, newname, category)
	fs.parkOn(newname, err)
	return yielding(newname, file), err
}

func (fs fatalFS) parkOn(name string, err error) {
	if err != nil && fs.open.Load() && strings.HasSuffix(name, ".log") {
		fs.db.fail(err)
		park()
	}
}

func (fs fatalFS) Unwrap() vfs.FS { return fs.FS }

// fail stops all writes for good, with the first reason.
func (d *DB) fail(cause error) {
	d.opts.Logger.Error("store: writes stop", "err", cause)
	d.failure.set(cause)
}
