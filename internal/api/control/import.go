package control

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

const (
	importWriters = 64 // at a time, so that one fsync serves many
	progressEvery = 250 * time.Millisecond
	keptRefusals  = 20
	keptReasons   = 20
	otherReasons  = "other reasons"
)

// item is a record of a file on its way into the store.
type item struct {
	place  int    // in the file, rising
	where  string // for the operator
	model  *schema.Model
	remove bool
	fields []byte // a JSON object
	err    error  // why it cannot be read
}

// source reads a file. Next gives io.EOF at its end; any other error means that the rest cannot be read.
type source interface {
	next() (item, error)
}

// Import writes the records of a file. Several are written at a time, in no order.
func (d *Desk) Import(ctx context.Context, q ImportQuery, file io.Reader, progress func(Imported)) (Imported, error) {
	src, err := openSource(d.Engine.Schema(), q, file)
	if err != nil {
		return Imported{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var t tally
	items := make(chan item, importWriters)
	var writers sync.WaitGroup
	for range importWriters {
		writers.Go(func() {
			for it := range items {
				done, err := d.write(ctx, &it, q.Replace)
				if code := freshet.CodeOf(err); err != nil && (code == freshet.Unavailable || code == freshet.Internal) {
					cancel(err) // not the record's fault
				}
				t.count(&it, done, err)
			}
		})
	}
	err = read(ctx, src, items, func() { progress(t.sum()) })
	close(items)
	writers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return t.sum(), err
}

// read hands the items of a file to the writers.
func read(ctx context.Context, src source, items chan<- item, progress func()) error {
	said := time.Now()
	for n := 0; ; n++ {
		it, err := src.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		it.place = n
		select {
		case items <- it:
		case <-ctx.Done():
			return ctx.Err()
		}
		if now := time.Now(); now.Sub(said) >= progressEvery {
			said = now
			progress()
		}
	}
}

// deed is what became of an item.
type deed int

const (
	created deed = iota
	replaced
	deleted
)

func (d *Desk) write(ctx context.Context, it *item, replace bool) (deed, error) {
	if it.err != nil {
		return 0, it.err
	}
	w := freshet.Write{Model: it.model.Name, Op: freshet.OpCreate, Fields: it.fields}
	if it.remove || isTombstone(it.fields) {
		return deleted, d.remove(ctx, w, it.remove || replace)
	}
	for {
		_, err := d.Engine.Write(ctx, &operator, w)
		taken := freshet.CodeOf(err) == freshet.Conflict
		if err == nil || !taken {
			return created, err
		}
		if !replace {
			return 0, keyTaken(err)
		}
		update := w
		update.Op = freshet.OpUpdate
		if update.Fields, err = whole(it.model, it.fields); err != nil {
			return 0, err
		}
		// Between the two it may have been deleted.
		if _, err = d.Engine.Write(ctx, &operator, update); err == nil || freshet.CodeOf(err) != freshet.NotFound {
			return replaced, err
		}
	}
}

// remove sees to it that a record is not there. An export's tombstone only does so where it may take the
// place of a record.
func (d *Desk) remove(ctx context.Context, w freshet.Write, allowed bool) error {
	m := d.Engine.Schema().Model(w.Model)
	doc, err := m.Patch(w.Fields)
	if err != nil {
		return err
	}
	if w.Key, err = m.KeyOf(doc); err != nil {
		return err
	}
	row, err := d.Engine.Get(ctx, &operator, w.Model, w.Key, false)
	if row == nil || err != nil {
		return err
	}
	if !allowed {
		return freshet.Errorf(freshet.Conflict, "the key %q is taken, and the file says that it is deleted", w.Key.Text())
	}
	w.Op, w.Fields = freshet.OpDelete, nil
	_, err = d.Engine.Write(ctx, &operator, w)
	if freshet.CodeOf(err) == freshet.NotFound {
		return nil
	}
	return err
}

func keyTaken(err error) error {
	if e, ok := errors.AsType[*freshet.Error](err); ok && e.Current != nil {
		return freshet.Errorf(freshet.Conflict, "the key %q is taken", e.Current.Key.Text())
	}
	return err
}

func isTombstone(fields []byte) bool {
	if !bytes.Contains(fields, []byte(`"_deleted"`)) {
		return false
	}
	is := false
	_ = rawjson.Members(fields, func(name, value []byte) error {
		is = is || string(name) == "_deleted" && string(value) == "true"
		return nil
	})
	return is
}

// whole gives fields as a patch that leaves nothing of what was there before.
func whole(m *schema.Model, fields []byte) ([]byte, error) {
	doc, err := m.Patch(fields)
	if err != nil {
		return nil, err
	}
	patch := []byte{'{'}
	for i, f := range m.Fields {
		value := doc[i]
		if value == nil && !f.Implicit && !m.IsKey(f) && f != m.CreatedAt() && f != m.UpdatedAt() {
			if value = f.Default; value == nil && !f.Type.NonNull {
				value = rawjson.Null
			}
		}
		if value == nil {
			continue
		}
		if len(patch) > 1 {
			patch = append(patch, ',')
		}
		patch = append(append(rawjson.AppendString(patch, f.Name), ':'), value...)
	}
	return append(patch, '}'), nil
}

// tally counts what became of the items.
type tally struct {
	mu      sync.Mutex
	done    Imported
	reasons map[string]int
}

func (t *tally) count(it *item, done deed, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err != nil:
		t.refuse(it, err)
	case done == created:
		t.done.Created++
	case done == replaced:
		t.done.Replaced++
	case done == deleted:
		t.done.Deleted++
	}
}

func (t *tally) refuse(it *item, err error) {
	t.done.Refused++
	refusal := Refusal{Where: it.where, Message: err.Error(), place: it.place}
	i, _ := slices.BinarySearchFunc(t.done.First, refusal, func(a, b Refusal) int { return cmp.Compare(a.place, b.place) })
	if i < keptRefusals {
		t.done.First = slices.Insert(t.done.First, i, refusal)
		t.done.First = t.done.First[:min(len(t.done.First), keptRefusals)]
	}
	if t.reasons == nil {
		t.reasons = make(map[string]int)
	}
	reason := reasonOf(refusal.Message)
	if _, known := t.reasons[reason]; !known && len(t.reasons) >= keptReasons {
		reason = otherReasons
	}
	t.reasons[reason]++
}

var particulars = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\b\d[\d.]*\b`)

// reasonOf takes away from a message what is of one record.
func reasonOf(message string) string {
	general, hint, found := strings.Cut(message, "; ")
	general = particulars.ReplaceAllString(general, "…")
	if found {
		return general + "; " + hint
	}
	return general
}

func (t *tally) sum() Imported {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := t.done
	sum.First = slices.Clone(t.done.First)
	for text, count := range t.reasons {
		sum.Reasons = append(sum.Reasons, Reason{Text: text, Count: count})
	}
	slices.SortFunc(sum.Reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	return sum
}
