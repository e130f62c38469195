package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"freshet"
	"freshet/internal/store"
)

// Report is what Check found.
type Report struct {
	Head     store.Head
	Records  int // tombstones included
	Changes  int // in the log
	Entries  int // in the indexes of tokens
	Indexed  int // entries in the indexes of models
	Problems []string
	more     int
}

const keptProblems = 100

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) == keptProblems {
		r.more++
		r.Problems[keptProblems-1] = fmt.Sprintf("and %d more", r.more+1)
		return
	}
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Check reads the whole store, as it stands when it is called, and compares every part with every other:
// the log has no hole and its clock never goes back, each record is what the log says of it last, and the
// indexes hold what the records say and nothing else. progress is called now and then.
func (d *DB) Check(ctx context.Context, progress func(stage string, done int)) (*Report, error) {
	v, err := d.acquire()
	if err != nil {
		return nil, err
	}
	defer v.release()
	c := &checker{ctx: ctx, view: v, report: &Report{Head: v.head}, progress: progress}
	for _, stage := range []func() error{c.log, c.records, c.tokenEntries, c.indexEntries} {
		if err := stage(); err != nil {
			return nil, err
		}
	}
	return c.report, nil
}

type checker struct {
	ctx      context.Context // of the one call that this checker serves
	view     view
	report   *Report
	progress func(stage string, done int)

	wantEntries, wantIndexed int
}

func (c *checker) scan(stage string, lower, upper []byte, visit func(key, value []byte) error) error {
	done := 0
	err := scan(c.view.snapshot, lower, upper, func(key, value []byte) error {
		if done++; done%10_000 == 0 {
			if c.progress != nil {
				c.progress(stage, done)
			}
			if err := c.ctx.Err(); err != nil {
				return err
			}
		}
		return visit(key, value)
	})
	if err != nil {
		return fmt.Errorf("check %s: %w", stage, err)
	}
	return nil
}

func (c *checker) log() error {
	next, at, end := c.view.head.History, freshet.Millis(0), freshet.Seq(0)
	err := c.scan("log", []byte{spaceLog}, []byte{spaceLog + 1}, func(key, value []byte) error {
		seq := seqOf(key)
		c.report.Changes++
		if seq != next {
			c.report.problem("the log has %d where %d should be", seq, next)
		}
		next = seq + 1
		change, err := decodeChange(seq, value)
		if err != nil {
			c.report.problem("change %d cannot be read", seq)
			return nil
		}
		if change.At < at {
			c.report.problem("change %d is from an earlier time than the one before", seq)
		}
		at = change.At
		if end >= seq && change.End != end {
			c.report.problem("change %d does not end with the commit it is part of", seq)
		}
		end = change.End
		return c.chain(&change)
	})
	if err == nil && next != c.view.head.Seq+1 {
		c.report.problem("the log ends at %d, the head is %d", next-1, c.view.head.Seq)
	}
	if err == nil && end > c.view.head.Seq {
		c.report.problem("the last commit should end at %d, the head is %d", end, c.view.head.Seq)
	}
	return err
}

// chain compares a change with the one before it of the same record.
func (c *checker) chain(change *freshet.Change) error {
	if change.Prev == 0 || change.Prev < c.view.head.History {
		return nil
	}
	value, err := getCopy(c.view.snapshot, appendLogKey(nil, change.Prev))
	if errors.Is(err, pebble.ErrNotFound) {
		c.report.problem("change %d follows %d, which is not in the log", change.Seq, change.Prev)
		return nil
	}
	if err != nil {
		return err
	}
	before, err := decodeChange(change.Prev, value)
	if err != nil || before.Model != change.Model || before.Key != change.Key || before.Version+1 != change.Version {
		c.report.problem("change %d of %s %s version %d does not follow change %d", change.Seq, change.Model, change.Key.Text(), change.Version, change.Prev)
	}
	return nil
}

func (c *checker) records() error {
	return c.scan("records", []byte{spaceRecord}, []byte{spaceRecord + 1}, func(key, value []byte) error {
		c.report.Records++
		ref, err := refOf(key)
		if err != nil {
			c.report.problem("the record at %x has a malformed key", key)
			return nil
		}
		r, err := decodeRow(ref.Model, ref.Key, value)
		if err != nil {
			c.report.problem("record %s %s cannot be read", ref.Model, ref.Key.Text())
			return nil
		}
		return c.record(r)
	})
}

func (c *checker) record(r *row) error {
	name := fmt.Sprintf("record %s %s version %d", r.Model, r.Key.Text(), r.Version)
	if err := c.latest(r, name); err != nil {
		return err
	}
	want := entryImage
	if r.Deleted {
		want = entryTombstone
	}
	for _, grant := range r.Audience {
		if err := c.tokenEntry(r, name, grant.Token, r.Seq, want); err != nil {
			return err
		}
	}
	for _, m := range r.left {
		if err := c.tokenEntry(r, name, m.token, m.seq, entryLeft); err != nil {
			return err
		}
	}
	var failed error
	eachIndexEntry(r, func(ik freshet.IndexKey, token freshet.Token) {
		c.wantIndexed++
		value, err := getCopy(c.view.snapshot, appendIndexKey(nil, r.Model, ik, token, r.Key))
		switch {
		case errors.Is(err, pebble.ErrNotFound):
			c.report.problem("%s is not in index %q for token %q", name, ik.Index, token)
		case err != nil:
			failed = err
		case !bytes.Equal(value, appendIndexValue(nil, r)):
			c.report.problem("%s has a wrong entry in index %q for token %q", name, ik.Index, token)
		}
	})
	return failed
}

// latest compares a record with the change that made it.
func (c *checker) latest(r *row, name string) error {
	if r.Seq > c.view.head.Seq {
		c.report.problem("%s is from change %d, the head is %d", name, r.Seq, c.view.head.Seq)
		return nil
	}
	if r.Seq < c.view.head.History {
		return nil
	}
	value, err := getCopy(c.view.snapshot, appendLogKey(nil, r.Seq))
	if errors.Is(err, pebble.ErrNotFound) {
		c.report.problem("%s is from change %d, which is not in the log", name, r.Seq)
		return nil
	}
	if err != nil {
		return err
	}
	change, err := decodeChange(r.Seq, value)
	if err != nil || change.Model != r.Model || change.Key != r.Key || change.Version != r.Version ||
		(change.Op == freshet.OpDelete) != r.Deleted || !r.noHistory && !bytes.Equal(change.Body, r.Body) {
		c.report.problem("%s is not what change %d says", name, r.Seq)
	}
	return nil
}

// tokenEntry looks for the entry of a record in a token's index. In the place of an image a pointer will do.
func (c *checker) tokenEntry(r *row, name string, token freshet.Token, seq freshet.Seq, want entryKind) error {
	c.wantEntries++
	value, err := getCopy(c.view.snapshot, appendTokenKey(nil, token, seq))
	if errors.Is(err, pebble.ErrNotFound) {
		c.report.problem("%s is not in the index of token %q at %d", name, token, seq)
		return nil
	}
	if err != nil {
		return err
	}
	e, err := decodeEntry(seq, value)
	switch {
	case err != nil:
		c.report.problem("%s: the entry of token %q at %d cannot be read", name, token, seq)
	case string(e.model) != string(r.Model) || string(e.key) != string(r.Key):
		c.report.problem("%s: the entry of token %q at %d is of another record", name, token, seq)
	case e.kind != want && (want != entryImage || e.kind != entryPointer):
		c.report.problem("%s: the entry of token %q at %d is of the wrong kind", name, token, seq)
	case e.kind == entryImage && !bytes.Equal(e.body, r.Body):
		c.report.problem("%s: the entry of token %q at %d has another image", name, token, seq)
	}
	return nil
}

// Every entry that a record calls for was found; when there are no more than those, no other is there.

func (c *checker) tokenEntries() error {
	err := c.scan("token entries", []byte{spaceToken}, []byte{spaceToken + 1}, func(_, _ []byte) error {
		c.report.Entries++
		return nil
	})
	if err == nil && c.report.Entries != c.wantEntries {
		c.report.problem("the indexes of tokens hold %d entries, the records call for %d", c.report.Entries, c.wantEntries)
	}
	return err
}

func (c *checker) indexEntries() error {
	err := c.scan("index entries", []byte{spaceIndex}, []byte{spaceIndex + 1}, func(_, _ []byte) error {
		c.report.Indexed++
		return nil
	})
	if err == nil && c.report.Indexed != c.wantIndexed {
		c.report.problem("the indexes of models hold %d entries, the records call for %d", c.report.Indexed, c.wantIndexed)
	}
	return err
}

// refOf splits the key of a row.
func refOf(key []byte) (store.Ref, error) {
	elements := freshet.Key(key[1:])
	n := elements.First()
	if n == 0 {
		return store.Ref{}, corrupt("record key", key)
	}
	return store.Ref{Model: freshet.ModelName(elements[:n].Text()), Key: elements[n:]}, nil
}
