package client

import "freshet"

// batch is the writes of one push.
type batch struct {
	letters   []letter
	atomic    bool
	results   []Result
	answered  int  // the first ones, which have results
	abandoned bool // nobody waits for the results
}

func (b *batch) done() bool { return b.answered == len(b.letters) }

func newBatch(writes []Write, atomic bool) (*batch, error) {
	b := &batch{atomic: atomic}
	for i := range writes {
		l, err := writes[i].letter()
		if err != nil {
			return nil, freshet.Errorf(freshet.Invalid, "writes[%d]: %s", i, freshet.MessageOf(err))
		}
		b.add(l)
	}
	return b, nil
}

func (b *batch) add(l letter) {
	b.letters = append(b.letters, l)
	b.results = append(b.results, Result{Counter: l.Counter, Model: l.Model})
}

func (b *batch) number(last uint64) uint64 {
	for i := range b.letters {
		last++
		b.letters[i].Counter, b.results[i].Counter = last, last
	}
	return last
}

// skip passes over the writes up to a number, and tells whether these are all.
func (b *batch) skip(answered uint64) bool {
	for !b.done() && b.letters[b.answered].Counter <= answered {
		b.answered++
	}
	return b.done()
}

// builds tells whether some of the writes are made on a version of a record among those that are touched, and notes
// what they touch. In one request the server takes the later one to know of the earlier, which writes of two pushes
// do not.
func (b *batch) builds(touched map[string]bool) bool {
	var records []string
	for i := range b.letters {
		l := &b.letters[i]
		if l.Key == nil {
			continue
		}
		record := l.record()
		if l.Base > 0 && touched[record] {
			return true
		}
		records = append(records, record)
	}
	for _, record := range records {
		touched[record] = true
	}
	return false
}
