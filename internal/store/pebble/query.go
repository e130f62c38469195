package pebble

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"freshet"
	"freshet/internal/store"
)

const queryBytes = 8 << 20 // a page ends early when its images are larger in sum

// Query gives a page of records in the order of an index, merged over the tokens' parts of it.
func (d *DB) Query(_ context.Context, query store.Query) (store.QueryPage, error) {
	v, err := d.acquire()
	if err != nil {
		return store.QueryPage{}, err
	}
	defer v.release()
	if query.All {
		if query.Index != store.Primary || query.Descending {
			return store.QueryPage{}, freshet.Errorf(freshet.Invalid, "all records are listed by their keys, upwards")
		}
		return d.queryAll(v, query)
	}
	from, to := query.From, query.To
	if len(query.After) > 0 {
		// What follows After in the order of the walk. No key is a prefix of another, so a zero byte
		// more is the next possible one.
		if query.Descending {
			to = query.After
		} else {
			from = append(bytes.Clone(query.After), 0)
		}
	}
	prefixes := make([][]byte, len(query.Tokens))
	for i, token := range query.Tokens {
		prefixes[i] = appendIndexPrefix(nil, query.Model, query.Index, token)
	}
	m, err := newMerge(v.snapshot, prefixes, from, to, query.Descending)
	if err != nil {
		return store.QueryPage{}, err
	}
	page, err := d.collect(v, query, m)
	return page, errors.Join(err, m.close())
}

func (d *DB) collect(v view, query store.Query, m *merge) (page store.QueryPage, err error) {
	rows := rowReader{db: d, view: v, model: query.Model, sequential: query.Index == store.Primary && !query.Descending}
	defer func() { err = errors.Join(err, rows.close()) }()
	var last []byte // the suffix that was looked at last
	size := 0
	for {
		suffix, value, ok, err := m.next()
		if !ok || err != nil {
			return page, err
		}
		if bytes.Equal(suffix, last) {
			continue // the same record, by another token
		}
		deleted, key, err := splitIndexEntry(suffix, value)
		if err != nil {
			return page, err
		}
		if deleted && !query.Deleted {
			last = append(last[:0], suffix...)
			continue
		}
		if len(page.Records) == query.Limit || size > queryBytes {
			page.Next = last
			return page, nil
		}
		last = append(last[:0], suffix...)
		r, err := rows.get(key)
		if err != nil {
			return page, err
		}
		if r == nil {
			return page, corrupt("index entry without a record", suffix)
		}
		page.Records = append(page.Records, &r.Record)
		size += len(r.Body)
	}
}

func splitIndexEntry(suffix, value []byte) (deleted bool, key freshet.Key, err error) {
	d := decoder{rest: value}
	deleted = d.byte()&flagDeleted != 0
	n := d.uvarint()
	if d.bad || n > uint64(len(suffix)) {
		return false, "", corrupt("index entry", suffix)
	}
	return deleted, freshet.Key(suffix[len(suffix)-int(n):]), nil
}

// rowReader reads the rows of index entries. Keys that come in their own order are read with one
// iterator, which costs far less than a look-up each where they lie close together.
type rowReader struct {
	db         *DB
	view       view
	model      freshet.ModelName
	sequential bool
	iter       *pebble.Iterator
	key        []byte
}

func (rr *rowReader) get(key freshet.Key) (*row, error) {
	if !rr.sequential {
		return rr.db.getIn(rr.view, store.Ref{Model: rr.model, Key: key})
	}
	if rr.iter == nil {
		prefix := appendRecordPrefix(nil, rr.model)
		iter, err := rr.view.snapshot.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: prefixEnd(prefix)})
		if err != nil {
			return nil, err
		}
		rr.iter = iter
	}
	rr.key = appendRecordKey(rr.key[:0], rr.model, key)
	if !rr.iter.SeekGE(rr.key) || !bytes.Equal(rr.iter.Key(), rr.key) {
		return nil, rr.iter.Error()
	}
	value, err := rr.iter.ValueAndErr()
	if err != nil {
		return nil, err
	}
	return decodeRow(rr.model, key, value)
}

func (rr *rowReader) close() error {
	if rr.iter == nil {
		return nil
	}
	return rr.iter.Close()
}

// queryAll walks the records themselves.
func (d *DB) queryAll(v view, query store.Query) (store.QueryPage, error) {
	var page store.QueryPage
	prefix := appendRecordPrefix(nil, query.Model)
	size := 0
	from, to := query.From, prefixEnd(prefix)
	if bytes.Compare(query.After, from) > 0 {
		from = query.After
	}
	if len(query.To) > 0 {
		to = append(bytes.Clone(prefix), query.To...)
	}
	err := scan(v.snapshot, append(bytes.Clone(prefix), from...), to, func(key, value []byte) error {
		suffix := key[len(prefix):]
		if bytes.Equal(suffix, query.After) {
			return nil
		}
		r, err := decodeRow(query.Model, freshet.Key(suffix), value)
		if err != nil {
			return err
		}
		if r.Deleted && !query.Deleted {
			return nil
		}
		if len(page.Records) == query.Limit || size > queryBytes {
			page.Next = []byte(page.Records[len(page.Records)-1].Key)
			return errFull
		}
		page.Records = append(page.Records, &r.Record)
		size += len(r.Body)
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	return page, err
}

// Changes gives a page of the merged indexes of some tokens.
func (d *DB) Changes(_ context.Context, query store.ChangesQuery) (store.ChangesPage, error) {
	v, err := d.acquire()
	if err != nil {
		return store.ChangesPage{}, err
	}
	defer v.release()
	page := store.ChangesPage{Head: v.head}
	if query.After > 0 && max(query.After, query.Known) < v.head.Trimmed {
		return page, freshet.Errorf(freshet.Gone, "removals up to %d were trimmed, the cursor stands at %d", v.head.Trimmed, max(query.After, query.Known))
	}
	if query.After > v.head.Seq || query.Known > v.head.Seq {
		return page, freshet.Errorf(freshet.Gone, "the cursor stands at %d, the log ends at %d", max(query.After, query.Known), v.head.Seq)
	}
	until := v.head.Seq
	if query.Until > 0 {
		until = min(until, query.Until)
	}
	page.Next = until
	if query.After >= until {
		page.Next = query.After
		return page, nil
	}
	prefixes := make([][]byte, len(query.Tokens))
	for i, token := range query.Tokens {
		prefixes[i] = appendTokenPrefix(nil, token)
	}
	m, err := newMerge(v.snapshot, prefixes, seqSuffix(query.After+1), seqSuffix(until+1), false)
	if err != nil {
		return page, err
	}
	c := changesCollector{db: d, view: v, query: query, page: &page}
	err = c.collect(m)
	return page, errors.Join(err, m.close())
}

func seqSuffix(seq freshet.Seq) []byte { return binary.BigEndian.AppendUint64(nil, uint64(seq)) }

// changesCollector turns entries of token indexes into a page of changes.
type changesCollector struct {
	db    *DB
	view  view
	query store.ChangesQuery
	page  *store.ChangesPage

	images []byte // the page's images one after the other, to copy them with few allocations
	held   int
	names  map[string]freshet.ModelName
}

func (c *changesCollector) collect(m *merge) error {
	c.names = make(map[string]freshet.ModelName)
	for {
		suffix, value, ok, err := m.next()
		if !ok || err != nil {
			return err
		}
		seq := freshet.Seq(binary.BigEndian.Uint64(suffix))
		e, err := decodeEntry(seq, value)
		if err != nil {
			return err
		}
		if n := len(c.page.Changes); n > 0 {
			last := &c.page.Changes[n-1]
			if last.Seq == seq {
				if err := c.combine(last, &e); err != nil {
					return err
				}
				continue
			}
			full := n >= c.query.Limit || c.query.Bytes > 0 && c.held >= c.query.Bytes
			if full && seq > last.End {
				c.page.Next, c.page.More = last.End, true
				return nil
			}
		}
		if err := c.add(seq, &e); err != nil {
			return err
		}
	}
}

// add appends the change that an entry tells of.
func (c *changesCollector) add(seq freshet.Seq, e *entry) error {
	change := freshet.Change{
		Seq: seq, End: e.end, Op: e.op, Version: e.version, At: e.at,
		Model: c.name(e.model), Key: freshet.Key(e.key),
	}
	if e.kind == entryLeft && len(c.query.Tokens) > 1 {
		// Another of the tokens may have a later word on the record.
		r, err := c.db.getIn(c.view, store.Ref{Model: change.Model, Key: change.Key})
		if err != nil {
			return err
		}
		if r != nil && r.latestFor(c.query.Tokens) > seq {
			return nil
		}
	}
	c.page.Changes = append(c.page.Changes, change)
	return c.combine(&c.page.Changes[len(c.page.Changes)-1], e)
}

// combine adds what another token's entry says of the same change: visible by one is visible.
func (c *changesCollector) combine(change *freshet.Change, e *entry) error {
	if e.kind == entryTombstone || e.kind == entryLeft || change.Body != nil {
		return nil
	}
	if e.kind == entryImage {
		change.Body = c.copy(e.body)
		return nil
	}
	r, err := c.db.getIn(c.view, store.Ref{Model: change.Model, Key: change.Key})
	if err != nil {
		return err
	}
	if r == nil || r.Seq != change.Seq {
		return corrupt("token entry without its record", seqSuffix(change.Seq))
	}
	change.Body = r.Body
	c.held += len(r.Body)
	return nil
}

func (c *changesCollector) copy(body []byte) []byte {
	if cap(c.images)-len(c.images) < len(body) {
		c.images = make([]byte, 0, max(64<<10, len(body)))
	}
	n := len(c.images)
	c.images = append(c.images, body...)
	c.held += len(body)
	return c.images[n:len(c.images):len(c.images)]
}

func (c *changesCollector) name(b []byte) freshet.ModelName {
	if name, ok := c.names[string(b)]; ok {
		return name
	}
	name := freshet.ModelName(b)
	c.names[string(b)] = name
	return name
}

// latestFor gives the seq at which any of the tokens' indexes speaks of the record last.
func (r *row) latestFor(tokens []freshet.Token) freshet.Seq {
	latest := freshet.Seq(0)
	for _, grant := range r.Audience {
		if slices.Contains(tokens, grant.Token) {
			latest = r.Seq
		}
	}
	for _, m := range r.left {
		if slices.Contains(tokens, m.token) {
			latest = max(latest, m.seq)
		}
	}
	return latest
}
