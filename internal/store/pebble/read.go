package pebble

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"freshet"
	"freshet/internal/store"
)

// Get gives the latest durable version of each record.
func (d *DB) Get(_ context.Context, refs ...store.Ref) ([]*freshet.Record, error) {
	records := make([]*freshet.Record, len(refs))
	for i, ref := range refs {
		r, err := d.get(ref)
		if err != nil {
			return nil, err
		}
		records[i] = recordOf(r)
	}
	return records, nil
}

func (d *DB) get(ref store.Ref) (*row, error) {
	if r, ok := d.cache.get(ref); ok {
		return r, nil
	}
	v, err := d.acquire()
	if err != nil {
		return nil, err
	}
	defer v.release()
	if isNew, err := d.isNew(ref); isNew || err != nil {
		return nil, err
	}
	r, err := readRow(v.snapshot, ref)
	if err != nil {
		return nil, err
	}
	d.cache.read(ref, r, v.group)
	return r, nil
}

// getIn gives a record as the view shows it.
func (d *DB) getIn(v view, ref store.Ref) (*row, error) {
	// The cache holds the latest state; where that is not beyond the view, it is the view's.
	if r, ok := d.cache.get(ref); ok && r != nil && r.Seq <= v.head.Seq {
		return r, nil
	}
	return readRow(v.snapshot, ref)
}

// readRow gives nil where there is no such record.
func readRow(r pebble.Reader, ref store.Ref) (*row, error) {
	value, closer, err := r.Get(appendRecordKey(nil, ref.Model, ref.Key))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return decodeRow(ref.Model, ref.Key, value)
}

// History gives changes in full: of one record, the latest first, or of the log, the oldest first.
func (d *DB) History(_ context.Context, query store.HistoryQuery) ([]freshet.Change, error) {
	v, err := d.acquire()
	if err != nil {
		return nil, err
	}
	defer v.release()
	if query.Ref != nil {
		return d.recordHistory(v, query)
	}
	if query.After+1 < v.head.History {
		return nil, freshet.Errorf(freshet.Gone, "the log begins at %d; what came before was trimmed", v.head.History)
	}
	page := changePage{limit: query.Limit, bytes: query.Bytes}
	err = scan(v.snapshot, appendLogKey(nil, query.After+1), appendLogKey(nil, v.head.Seq+1), func(key, value []byte) error {
		change, err := decodeChange(seqOf(key), value)
		if err == nil && !page.add(&change) {
			err = errFull
		}
		return err
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	return page.changes, err
}

// recordHistory follows a record's changes back, from each to the one before.
func (d *DB) recordHistory(v view, query store.HistoryQuery) ([]freshet.Change, error) {
	r, err := readRow(v.snapshot, *query.Ref)
	if r == nil || err != nil {
		return nil, err
	}
	page := changePage{limit: query.Limit, bytes: query.Bytes}
	first, err := d.historyFrom(v, r, query.Before)
	if err != nil {
		return nil, err
	}
	for seq := first; seq >= max(v.head.History, 1); {
		value, closer, err := v.snapshot.Get(appendLogKey(nil, seq))
		if err != nil {
			return nil, err
		}
		change, err := decodeChange(seq, value)
		if err = errors.Join(err, closer.Close()); err != nil {
			return nil, err
		}
		if (query.Before == 0 || seq < query.Before) && !page.add(&change) {
			break
		}
		seq = change.Prev
	}
	return page.changes, nil
}

// historyFrom gives where to begin a walk of a record's changes. Where the walk went on from before one of
// them, that one's entry tells; the walk need not come down from the latest again.
func (d *DB) historyFrom(v view, r *row, before freshet.Seq) (freshet.Seq, error) {
	if before == 0 || before > r.Seq {
		return r.Seq, nil
	}
	value, closer, err := v.snapshot.Get(appendLogKey(nil, before))
	if errors.Is(err, pebble.ErrNotFound) {
		return r.Seq, nil
	}
	if err != nil {
		return 0, err
	}
	change, err := decodeChange(before, value)
	if err = errors.Join(err, closer.Close()); err != nil || change.Model != r.Model || change.Key != r.Key {
		return r.Seq, err
	}
	return change.Prev, nil
}

// changePage collects changes up to a limit.
type changePage struct {
	changes []freshet.Change
	limit   int
	bytes   int
	held    int
}

var errFull = errors.New("the page is full")

// add takes a change unless the page is full; an empty page takes any.
func (p *changePage) add(change *freshet.Change) bool {
	if len(p.changes) > 0 && (len(p.changes) >= p.limit || p.bytes > 0 && p.held+len(change.Body) > p.bytes) {
		return false
	}
	p.changes = append(p.changes, *change)
	p.held += len(change.Body)
	return true
}
