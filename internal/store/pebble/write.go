package pebble

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"freshet"
	"freshet/internal/store"
)

// write adds a checked batch to the group: from here on it has its place in the log.
func (c *committer) write(g *group, batch *store.Batch, priors []prior) (store.Receipt, error) {
	receipt := store.Receipt{Last: c.head.Seq, At: c.now()}
	if n := freshet.Seq(len(batch.Puts)); n > 0 {
		receipt.First, receipt.Last = c.head.Seq+1, c.head.Seq+n
	}
	w := writer{committer: c, batch: g.batch}
	rows := make([]*row, len(batch.Puts))
	for i := range batch.Puts {
		replaced := priors[i].row
		if priors[i].put >= 0 {
			replaced = rows[priors[i].put]
		}
		if replaced == nil {
			if err := c.db.frontier.pass(c.db.db, batch.Puts[i].Ref); err != nil {
				return store.Receipt{}, err
			}
		}
		change := changeOf(&batch.Puts[i], replaced, receipt.First+freshet.Seq(i), &receipt)
		rows[i] = rowOf(&batch.Puts[i], replaced, &change)
		w.put(rows[i], replaced, &change)
		g.rows[rows[i].ref()] = rows[i]
	}
	for i, reindex := range batch.Reindex {
		replaced := priors[len(batch.Puts)+i].row
		next := *replaced
		next.Index = reindex.Index
		w.indexes(&next, replaced)
		w.writeRow(&next)
		g.rows[reindex.Ref] = &next
	}
	if batch.Counter != nil {
		if err := w.results(g, batch.Counter, receipt.Last); err != nil {
			return store.Receipt{}, err
		}
	}
	if w.err != nil {
		return store.Receipt{}, w.err
	}
	if len(batch.Puts) > 0 {
		c.head.Seq, c.head.At = receipt.Last, receipt.At
	}
	return receipt, nil
}

func changeOf(put *store.Put, replaced *row, seq freshet.Seq, receipt *store.Receipt) freshet.Change {
	change := freshet.Change{
		Seq: seq, End: receipt.Last, At: receipt.At, Op: put.Op, By: put.By,
		Model: put.Model, Key: put.Key, Version: put.Expect + 1,
		Audience: put.Audience, Body: put.Body,
	}
	if replaced != nil {
		change.Prev = replaced.Seq
		for _, grant := range replaced.Audience {
			if _, stays := slices.BinarySearch(put.Audience, grant.Token); !stays {
				change.Left = append(change.Left, grant.Token)
			}
		}
	}
	return change
}

func rowOf(put *store.Put, replaced *row, change *freshet.Change) *row {
	r := &row{
		Record: freshet.Record{
			Model: put.Model, Key: put.Key, Version: change.Version, Seq: change.Seq, At: change.At,
			Deleted: put.Op == freshet.OpDelete, Body: put.Body, Meta: put.Meta, Index: put.Index,
			Audience: make([]freshet.Grant, len(put.Audience)),
		},
		noHistory: put.NoHistory,
	}
	for i, token := range put.Audience {
		r.Audience[i] = freshet.Grant{Token: token, Since: change.Seq}
	}
	if replaced == nil {
		return r
	}
	for i, token := range put.Audience {
		for _, grant := range replaced.Audience {
			if grant.Token == token {
				r.Audience[i].Since = grant.Since
			}
		}
	}
	for _, m := range replaced.left {
		if _, back := slices.BinarySearch(put.Audience, m.token); !back {
			r.left = append(r.left, m)
		}
	}
	for _, token := range change.Left {
		r.left = append(r.left, marker{token: token, seq: change.Seq})
	}
	return r
}

// writer puts rows and their entries into a database batch. The first error sticks.
type writer struct {
	*committer
	batch *pebble.Batch
	key   [256]byte
	err   error
}

func (w *writer) set(key, value []byte) {
	if err := w.batch.Set(key, value, nil); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) delete(key []byte) {
	if err := w.batch.Delete(key, nil); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) writeRow(r *row) {
	w.scratch = appendRow(w.scratch[:0], r)
	w.set(appendRecordKey(w.key[:0], r.Model, r.Key), w.scratch)
}

// put writes a row and its change: the log, the tokens' indexes, the model's indexes.
func (w *writer) put(r, replaced *row, change *freshet.Change) {
	w.writeRow(r)
	w.log(r, change)
	w.tokens(r, replaced, change)
	w.indexes(r, replaced)
	if r.Deleted || len(change.Left) > 0 {
		g := grave{model: r.Model, key: r.Key, tombstone: r.Deleted, left: change.Left}
		w.scratch = appendGrave(w.scratch[:0], &g)
		w.set(appendGraveKey(w.key[:0], change.Seq), w.scratch)
	}
}

func (w *writer) log(r *row, change *freshet.Change) {
	entry := *change
	if r.noHistory {
		entry.Body = nil
	}
	w.scratch = appendChange(w.scratch[:0], &entry)
	w.set(appendLogKey(w.key[:0], change.Seq), w.scratch)
}

// tokens moves the record in the index of each token that has, had or gets it.
func (w *writer) tokens(r, replaced *row, change *freshet.Change) {
	if replaced != nil {
		for _, grant := range replaced.Audience {
			w.delete(appendTokenKey(w.key[:0], grant.Token, replaced.Seq))
		}
		for _, m := range replaced.left {
			if _, back := slices.BinarySearch(change.Audience, m.token); back {
				w.delete(appendTokenKey(w.key[:0], m.token, m.seq))
			}
		}
	}
	kind := entryImage
	switch n := len(change.Audience); {
	case r.Deleted:
		kind = entryTombstone
	case n > 1 && n*len(change.Body) > inlineBytes:
		kind = entryPointer
	}
	if len(change.Audience) > 0 {
		w.scratch = appendEntry(w.scratch[:0], kind, change)
		for _, token := range change.Audience {
			w.set(appendTokenKey(w.key[:0], token, change.Seq), w.scratch)
		}
	}
	if len(change.Left) > 0 {
		w.scratch = appendEntry(w.scratch[:0], entryLeft, change)
		for _, token := range change.Left {
			w.set(appendTokenKey(w.key[:0], token, change.Seq), w.scratch)
		}
	}
}

// indexes writes the entries of r that replaced does not have alike, and deletes those that only
// replaced has.
func (w *writer) indexes(r, replaced *row) {
	if replaced != nil && replaced.Deleted == r.Deleted &&
		slices.Equal(replaced.Index, r.Index) && slices.EqualFunc(replaced.Audience, r.Audience, sameToken) {
		return
	}
	if replaced != nil {
		eachIndexEntry(replaced, func(ik freshet.IndexKey, token freshet.Token) {
			if !isIndexed(r, ik, token) {
				w.delete(appendIndexKey(w.key[:0], r.Model, ik, token, r.Key))
			}
		})
	}
	eachIndexEntry(r, func(ik freshet.IndexKey, token freshet.Token) {
		if replaced == nil || replaced.Deleted != r.Deleted || !isIndexed(replaced, ik, token) {
			w.scratch = appendIndexValue(w.scratch[:0], r)
			w.set(appendIndexKey(w.key[:0], r.Model, ik, token, r.Key), w.scratch)
		}
	})
}

func sameToken(a, b freshet.Grant) bool { return a.Token == b.Token }

// eachIndexEntry calls visit for each entry of r in the model's indexes. The primary index has no key
// beside the record's.
func eachIndexEntry(r *row, visit func(freshet.IndexKey, freshet.Token)) {
	each := func(token freshet.Token) {
		visit(freshet.IndexKey{Index: store.Primary}, token)
		for _, ik := range r.Index {
			visit(ik, token)
		}
	}
	if len(r.Audience) == 0 {
		each(store.NoAudience)
	}
	for _, grant := range r.Audience {
		each(grant.Token)
	}
}

func isIndexed(r *row, ik freshet.IndexKey, token freshet.Token) bool {
	if ik.Index != store.Primary && !slices.Contains(r.Index, ik) {
		return false
	}
	if len(r.Audience) == 0 {
		return token == store.NoAudience
	}
	return slices.ContainsFunc(r.Audience, func(grant freshet.Grant) bool { return grant.Token == token })
}

// The value of an index entry: whether the record is deleted, and where in the entry's key its own begins.
func appendIndexValue(b []byte, r *row) []byte {
	var flags byte
	if r.Deleted {
		flags = flagDeleted
	}
	return binary.AppendUvarint(append(b, flags), uint64(len(r.Key)))
}

// client is what is known of a client that writes exactly once.
type client struct {
	last  uint64      // its last counter
	total uint64      // how many results it has had
	seq   freshet.Seq // the head when it wrote last
}

// results stores the outcomes of a client's writes, each in the place of the one KeptResults before it.
func (w *writer) results(g *group, counter *store.Counter, head freshet.Seq) error {
	known, err := w.client(counter.Client)
	if err != nil {
		return err
	}
	for _, result := range counter.Results {
		w.scratch = binary.AppendUvarint(w.scratch[:0], result.Counter)
		w.scratch = append(w.scratch, result.Outcome...)
		w.set(appendResultKey(w.key[:0], counter.Client, known.total%store.KeptResults), w.scratch)
		known.last = result.Counter
		known.total++
	}
	known.seq = head
	w.scratch = binary.AppendUvarint(w.scratch[:0], known.last)
	w.scratch = binary.AppendUvarint(w.scratch, known.total)
	w.scratch = binary.AppendUvarint(w.scratch, uint64(known.seq))
	w.set(appendClientKey(w.key[:0], counter.Client), w.scratch)
	g.clients[counter.Client] = known
	return nil
}

func readClient(r pebble.Reader, name string) (client, error) {
	value, err := getCopy(r, appendClientKey(nil, name))
	if errors.Is(err, pebble.ErrNotFound) {
		return client{}, nil
	}
	if err != nil {
		return client{}, err
	}
	return decodeClient(name, value)
}

func decodeClient(name string, value []byte) (client, error) {
	d := decoder{rest: value}
	known := client{last: d.uvarint(), total: d.uvarint(), seq: freshet.Seq(d.uvarint())}
	if d.bad {
		return known, corrupt("client", []byte(name))
	}
	return known, nil
}

// readResults gives the outcomes that are kept of a client, by counter.
func readResults(r pebble.Reader, name string) (map[uint64][]byte, error) {
	prefix := appendResultPrefix(nil, name)
	kept := make(map[uint64][]byte)
	err := scan(r, prefix, prefixEnd(prefix), func(_, value []byte) error {
		d := decoder{rest: value}
		counter := d.uvarint()
		if d.bad {
			return corrupt("result", prefix)
		}
		kept[counter] = append([]byte(nil), d.rest...)
		return nil
	})
	return kept, err
}

// scan visits every key from lower to before upper; the slices are valid during the visit only.
func scan(r pebble.Reader, lower, upper []byte, visit func(key, value []byte) error) error {
	iter, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	for ok := iter.First(); ok; ok = iter.Next() {
		value, err := iter.ValueAndErr()
		if err == nil {
			err = visit(iter.Key(), value)
		}
		if err != nil {
			return errors.Join(err, iter.Close())
		}
	}
	return iter.Close()
}
