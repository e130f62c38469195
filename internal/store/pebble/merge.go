package pebble

import (
	"bytes"
	"container/heap"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// merge walks several key ranges side by side in the order of what follows their prefixes: the indexes
// of several tokens as one. Suffixes that several ranges have come one after the other.
type merge struct {
	sources    []*source
	descending bool
	started    bool
}

type source struct {
	iter   *pebble.Iterator
	prefix int // length
	suffix []byte
}

// newMerge opens the keys from prefix+from to before prefix+to of each prefix; an empty to means the end.
func newMerge(r pebble.Reader, prefixes [][]byte, from, to []byte, descending bool) (*merge, error) {
	m := &merge{descending: descending}
	for _, prefix := range prefixes {
		upper := prefixEnd(prefix)
		if len(to) > 0 {
			upper = append(bytes.Clone(prefix), to...)
		}
		iter, err := r.NewIter(&pebble.IterOptions{LowerBound: append(bytes.Clone(prefix), from...), UpperBound: upper})
		if err != nil {
			return nil, errors.Join(err, m.close())
		}
		m.sources = append(m.sources, &source{iter: iter, prefix: len(prefix)})
	}
	return m, nil
}

// next gives the suffix and the value that come next; both are valid until the next call. ok is false at
// the end.
func (m *merge) next() (suffix, value []byte, ok bool, err error) {
	if !m.started {
		m.started = true
		err = m.start()
	} else if len(m.sources) > 0 {
		err = m.advance()
	}
	if err != nil || len(m.sources) == 0 {
		return nil, nil, false, err
	}
	first := m.sources[0]
	value, err = first.iter.ValueAndErr()
	return first.suffix, value, err == nil, err
}

func (m *merge) start() error {
	live := m.sources[:0]
	for _, s := range m.sources {
		ok := false
		if m.descending {
			ok = s.iter.Last()
		} else {
			ok = s.iter.First()
		}
		if !ok {
			if err := s.iter.Close(); err != nil {
				return err
			}
			continue
		}
		s.suffix = s.iter.Key()[s.prefix:]
		live = append(live, s)
	}
	m.sources = live
	heap.Init((*mergeHeap)(m))
	return nil
}

func (m *merge) advance() error {
	first := m.sources[0]
	ok := false
	if m.descending {
		ok = first.iter.Prev()
	} else {
		ok = first.iter.Next()
	}
	if !ok {
		heap.Pop((*mergeHeap)(m))
		return first.iter.Close()
	}
	first.suffix = first.iter.Key()[first.prefix:]
	if len(m.sources) > 1 {
		heap.Fix((*mergeHeap)(m), 0)
	}
	return nil
}

func (m *merge) close() error {
	var errs []error
	for _, s := range m.sources {
		errs = append(errs, s.iter.Close())
	}
	m.sources = nil
	return errors.Join(errs...)
}

type mergeHeap merge

func (h *mergeHeap) Len() int { return len(h.sources) }
func (h *mergeHeap) Less(i, j int) bool {
	c := bytes.Compare(h.sources[i].suffix, h.sources[j].suffix)
	if h.descending {
		return c > 0
	}
	return c < 0
}
func (h *mergeHeap) Swap(i, j int) { h.sources[i], h.sources[j] = h.sources[j], h.sources[i] }
func (h *mergeHeap) Push(any)      {}
func (h *mergeHeap) Pop() any {
	last := h.sources[len(h.sources)-1]
	h.sources = h.sources[:len(h.sources)-1]
	return last
}
