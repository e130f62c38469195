package pebble

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"freshet"
	"freshet/internal/store"
)

// frontier knows the greatest key of each model's records, those that are about to be written too. A key
// beyond it is new and need not be looked up, which for a key that is not there is the dearest of reads.
// Records whose ids the server makes come in rising order.
type frontier struct {
	mu   sync.Mutex
	last map[freshet.ModelName]freshet.Key
}

// isNew tells whether a record's key is beyond all others of its model, and notes in the cache that there is
// no such record. While the lock is held no commit can write it, so the note is true until one replaces it.
func (d *DB) isNew(ref store.Ref) (bool, error) {
	d.frontier.mu.Lock()
	defer d.frontier.mu.Unlock()
	last, err := d.frontier.of(d.db, ref.Model)
	if err != nil || ref.Key <= last {
		return false, err
	}
	d.cache.absent(ref)
	return true, nil
}

// pass notes a record that is about to be written for the first time.
func (f *frontier) pass(db *pebble.DB, ref store.Ref) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	last, err := f.of(db, ref.Model)
	if err == nil && ref.Key > last {
		f.last[ref.Model] = ref.Key
	}
	return err
}

// of gives the greatest key of a model, empty for a model without records; the lock is held. It is read once:
// nothing of the model is on its way then, for what is has passed here.
func (f *frontier) of(db *pebble.DB, model freshet.ModelName) (freshet.Key, error) {
	if last, ok := f.last[model]; ok {
		return last, nil
	}
	prefix := appendRecordPrefix(nil, model)
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: prefixEnd(prefix)})
	if err != nil {
		return "", err
	}
	var last freshet.Key
	if it.Last() {
		last = freshet.Key(it.Key()[len(prefix):])
	}
	if err := it.Close(); err != nil {
		return "", err
	}
	if f.last == nil {
		f.last = make(map[freshet.ModelName]freshet.Key)
	}
	f.last[model] = last
	return last, nil
}
