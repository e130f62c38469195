package pebble

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"freshet"
	"freshet/internal/store"
)

// view is a durable state of the store: a snapshot, and the head that it shows.
type view struct {
	snapshot *pebble.Snapshot
	head     store.Head
	group    uint64 // the group of commits that made it; 0 at open
	refs     *atomic.Int32
	readers  *sync.WaitGroup // of all views; closing waits for them
}

func newView(db *pebble.DB, head store.Head, group uint64) view {
	v := view{snapshot: db.NewSnapshot(), head: head, group: group, refs: new(atomic.Int32)}
	v.refs.Store(1)
	return v
}

// release is for who acquired the view.
func (v view) release() {
	v.drop()
	v.readers.Done()
}

// drop takes one reference away; the last one closes the snapshot.
func (v view) drop() {
	if v.refs != nil && v.refs.Add(-1) == 0 {
		_ = v.snapshot.Close()
	}
}

// acquire gives the current view; the caller releases it.
func (d *DB) acquire() (view, error) {
	d.viewMu.RLock()
	defer d.viewMu.RUnlock()
	if d.current.snapshot == nil {
		return view{}, errClosed
	}
	d.current.refs.Add(1)
	v := d.current
	v.readers = &d.readers
	v.readers.Add(1)
	return v, nil
}

// publish shows v to readers and wakes those who wait for it.
func (d *DB) publish(v view) {
	d.viewMu.Lock()
	last, moved := d.current, d.moved
	d.current, d.moved = v, make(chan struct{})
	d.viewMu.Unlock()
	close(moved)
	last.drop()
}

// Head tells where the durable log ends.
func (d *DB) Head() store.Head {
	d.viewMu.RLock()
	defer d.viewMu.RUnlock()
	return d.current.head
}

// Wait returns the head as soon as it is beyond after.
func (d *DB) Wait(ctx context.Context, after freshet.Seq) (store.Head, error) {
	for {
		d.viewMu.RLock()
		head, moved, closed := d.current.head, d.moved, d.current.snapshot == nil
		d.viewMu.RUnlock()
		if closed {
			return head, errClosed
		}
		if head.Seq > after {
			return head, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return head, ctx.Err()
		}
	}
}
