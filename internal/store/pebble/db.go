// Package pebble is the embedded engine: records, log and indexes in one Pebble database.
//
// Its invariant: one goroutine decides what is committed and in which order; another makes each group of
// commits durable and only then shows it, to its writers as an acknowledgement and to readers as a new
// snapshot. No reader ever sees what a power cut could take back.
package pebble

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"freshet"
	"freshet/internal/store"
)

// Format is the version of the data format that this package reads and writes.
const Format = 1

const formatFile = "FRESHET-FORMAT"

// Options tune a DB. The zero value is the default.
type Options struct {
	RecordCache int64            // bytes of decoded records kept; default 64 MiB
	BlockCache  int64            // bytes of stored blocks kept; default 128 MiB
	MinFree     uint64           // bytes free on the disk below which writes are refused; default 128 MiB
	Logger      *slog.Logger     // default: discards
	Now         func() time.Time // default: time.Now
	FS          vfs.FS           // default: the operating system's
}

func (o Options) withDefaults() Options {
	if o.RecordCache == 0 {
		o.RecordCache = 64 << 20
	}
	if o.BlockCache == 0 {
		o.BlockCache = 128 << 20
	}
	if o.MinFree == 0 {
		o.MinFree = 128 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	return o
}

// DB is an open store. One process at a time can open a directory.
type DB struct {
	opts  Options
	dir   string
	db    *pebble.DB
	cache *recordCache

	frontier frontier

	current view // what readers see
	viewMu  sync.RWMutex
	moved   chan struct{}  // closed when current is replaced
	readers sync.WaitGroup // who reads a view; none begins after the close

	committer committer
	failure   failure
	closing   sync.Once
	closeErr  error
}

var _ store.Store = (*DB)(nil)

// Open opens the store in dir, and makes one where there is none. A directory that another process has
// open gives an error with the code unavailable, one of a newer format the code invalid.
func Open(dir string, opts Options) (*DB, error) {
	opts = opts.withDefaults()
	if err := makeDir(opts.FS, dir); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := pebble.LockDirectory(dir, opts.FS)
	if err != nil {
		return nil, freshet.Wrap(freshet.Unavailable, err, "the data directory %s is in use by another process; is a server running on it?", dir)
	}
	if err := checkFormat(opts.FS, dir); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	d := &DB{opts: opts, dir: dir, cache: newRecordCache(opts.RecordCache), moved: make(chan struct{})}
	d.failure.failed = make(chan struct{})
	var opened atomic.Bool
	d.db, err = pebble.Open(dir, d.pebbleOptions(lock, &opened))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the store in %s: %w", dir, err), lock.Close())
	}
	head, err := d.loadHead()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the store in %s: %w", dir, err), d.db.Close(), lock.Close())
	}
	opened.Store(true)
	d.current = newView(d.db, head, 0)
	d.committer.start(d, head)
	d.committer.unlock = lock.Close
	return d, nil
}

func (d *DB) pebbleOptions(lock *pebble.Lock, opened *atomic.Bool) *pebble.Options {
	o := &pebble.Options{
		FS:                          fatalFS{FS: d.opts.FS, db: d, open: opened},
		Lock:                        lock,
		CacheSize:                   d.opts.BlockCache,
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		Logger:                      fatalLogger{d},
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       64,
		LBaseMaxBytes:               256 << 20,
		BytesPerSync:                1 << 20,
		WALBytesPerSync:             0,
		EventListener: &pebble.EventListener{
			BackgroundError: func(err error) {
				d.opts.Logger.Error("store: background work", "err", err)
				d.failure.background(err)
			},
			FlushEnd: d.failure.flushed,
			WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
				d.opts.Logger.Warn("store: writes wait for compaction", "reason", info.Reason)
			},
		},
	}
	for i := range o.Levels {
		o.Levels[i].BlockSize = 16 << 10
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// checkFormat reads the version of the data format, and writes it into an empty directory.
func checkFormat(fs vfs.FS, dir string) error {
	path := fs.PathJoin(dir, formatFile)
	file, err := fs.Open(path)
	if err != nil {
		return writeFormat(fs, dir, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, 64))
	err = errors.Join(err, file.Close())
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	format, err := strconv.Atoi(strings.TrimSpace(string(text)))
	switch {
	case err != nil:
		return freshet.Errorf(freshet.Invalid, "%s does not hold a format version; is %s a data directory of Freshet?", path, dir)
	case format > Format:
		return freshet.Errorf(freshet.Invalid, "the data in %s has format %d, this program knows formats up to %d; use the newer program that wrote it", dir, format, Format)
	}
	return nil
}

func writeFormat(fs vfs.FS, dir, path string) error {
	names, err := fs.List(dir)
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	for _, name := range names {
		if name != "LOCK" {
			return freshet.Errorf(freshet.Invalid, "%s holds files but no %s; give an empty directory or a data directory of Freshet", dir, formatFile)
		}
	}
	file, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = file.Write(fmt.Appendf(nil, "%d\n", Format))
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(fs, dir)
}

// makeDir makes dir so that it survives a power cut.
func makeDir(fs vfs.FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(fs, fs.PathDir(dir))
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// loadHead reads where the log ends, and begins a log with a new epoch in an empty store.
func (d *DB) loadHead() (store.Head, error) {
	var head store.Head
	epoch, err := getCopy(d.db, keyEpoch)
	if errors.Is(err, pebble.ErrNotFound) {
		_, _ = rand.Read(head.Epoch[:])
		head.History = 1
		return head, d.db.Set(keyEpoch, head.Epoch[:], pebble.Sync)
	}
	if err != nil {
		return head, err
	}
	copy(head.Epoch[:], epoch)
	head.History = 1
	for _, setting := range []struct {
		key  []byte
		read func(*decoder)
	}{
		{keyHead, func(r *decoder) {
			head.Seq, head.At = freshet.Seq(r.uvarint()), freshet.Millis(r.uvarint())
		}},
		{keyTrim, func(r *decoder) {
			head.Trimmed, head.History = freshet.Seq(r.uvarint()), freshet.Seq(r.uvarint())
		}},
	} {
		value, err := getCopy(d.db, setting.key)
		if errors.Is(err, pebble.ErrNotFound) {
			continue
		}
		if err != nil {
			return head, err
		}
		r := decoder{rest: value}
		if setting.read(&r); r.bad {
			return head, corrupt("setting", setting.key)
		}
	}
	return head, nil
}

func getCopy(r pebble.Reader, key []byte) ([]byte, error) {
	value, closer, err := r.Get(key)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return append([]byte(nil), value...), nil
}

// Close waits for commits under way and closes the database.
func (d *DB) Close() error {
	d.closing.Do(func() {
		d.committer.stop()
		d.viewMu.Lock()
		last := d.current
		d.current = view{}
		close(d.moved)
		d.viewMu.Unlock()
		last.drop()
		d.readers.Wait()
		if d.failure.final() == nil {
			d.closeErr = errors.Join(d.db.Close(), d.committer.unlock())
		}
		// After a failed write the database cannot be closed in order; the process's end does it.
	})
	return d.closeErr
}

// Metrics gives a text of the database's own figures, for operators.
func (d *DB) Metrics() string { return d.db.Metrics().String() }

var errClosed = freshet.Errorf(freshet.Unavailable, "the store is closed")
