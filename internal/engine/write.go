package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/filter"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// Written is the record after a write, and the fields that a merge did not take.
type Written struct {
	*Row
	Conflicts []freshet.FieldConflict
}

// Write applies one write and returns once it is durable.
func (e *Engine) Write(ctx context.Context, id *freshet.Identity, w freshet.Write) (Written, error) {
	r, err := e.read(w)
	if err != nil {
		return Written{}, err
	}
	defer e.locks.lock(r.ref())()
	for {
		records, err := e.store.Get(ctx, r.ref())
		if err != nil {
			return Written{}, err
		}
		p, err := e.resolve(ctx, id, r, state{current: records[0], others: records[0]})
		if err != nil || p.put == nil {
			return p.written, err
		}
		receipt, err := e.store.Commit(ctx, store.Batch{Puts: []store.Put{*p.put}})
		if err == nil {
			p.written.Seq, p.written.At = receipt.First, receipt.At
			return p.written, nil
		}
		if _, stale := errors.AsType[*store.StaleError](err); !stale {
			return Written{}, err
		}
	}
}

// request is a write that was read against the schema, before its record is known.
type request struct {
	freshet.Write
	model     *schema.Model
	patch     schema.Doc
	condition *filter.Filter
}

func (r *request) ref() store.Ref { return store.Ref{Model: r.Model, Key: r.Key} }

// read checks a write as far as that can be done without its record, and gives a new record its key.
func (e *Engine) read(w freshet.Write) (*request, error) {
	m, err := e.model(w.Model)
	if err != nil {
		return nil, err
	}
	r := &request{Write: w, model: m}
	if r.condition, err = filter.Compile(m, w.Condition); err != nil {
		return nil, err
	}
	if len(w.Fields) == 0 {
		r.Fields = []byte("{}")
	}
	if r.patch, err = m.Patch(r.Fields); err != nil {
		return nil, err
	}
	if w.Op == freshet.OpCreate {
		if f := m.ID(); f != nil && w.Key == "" && rawjson.IsNull(r.patch[f.Ordinal]) {
			r.patch[f.Ordinal] = rawjson.AppendString(nil, uuid.Must(uuid.NewV7()).String())
		}
	}
	if w.Key == "" {
		if r.Key, err = m.KeyOf(r.patch); err != nil {
			return nil, err
		}
		return r, nil
	}
	key := make(schema.Doc, len(m.Fields))
	if err := m.SetKey(key, w.Key); err != nil {
		return nil, err
	}
	for _, f := range m.Key {
		if r.patch[f.Ordinal] != nil && !rawjson.Equal(r.patch[f.Ordinal], key[f.Ordinal]) {
			return nil, freshet.Errorf(freshet.Invalid, "%s.%s: the key of a record does not change; delete it and create another", m.Name, f.Name)
		}
		r.patch[f.Ordinal] = key[f.Ordinal]
	}
	return r, nil
}

// state is a record as a write finds it; both are nil where there is none.
type state struct {
	current *freshet.Record
	others  *freshet.Record // as others left it, before the same push wrote to it
	mine    schema.Doc      // the fields that the same push wrote since; nil outside of a push
}

// stale tells whether others wrote after a version. What the same push wrote is no conflict.
func (s state) stale(base freshet.Version) bool {
	return base != 0 && s.others != nil && base < s.others.Version
}

// after is the state that a write of a push leaves to the next ones.
func (s state) after(r *request, done *prepared) state {
	s.current = &freshet.Record{
		Model: r.Model, Key: r.Key, Version: done.put.Expect + 1, Deleted: r.Op == freshet.OpDelete, Body: done.put.Body, Meta: done.put.Meta,
	}
	if r.Op == freshet.OpCreate {
		s.others = nil
	}
	mine := make(schema.Doc, len(r.patch))
	copy(mine, s.mine)
	for i, value := range r.patch {
		refused := func(c freshet.FieldConflict) bool { return c.Field == r.model.Fields[i].Name }
		if value != nil && !slices.ContainsFunc(done.written.Conflicts, refused) {
			mine[i] = value
		}
	}
	s.mine = mine
	return s
}

// prepared is what a write comes to. A nil put changes nothing.
type prepared struct {
	put     *store.Put
	written Written
}

// resolve decides what becomes of a write. It is the one place that does.
func (e *Engine) resolve(ctx context.Context, id *freshet.Identity, r *request, s state) (prepared, error) {
	switch r.Op {
	case freshet.OpCreate:
		return e.create(id, r, s)
	case freshet.OpUpdate:
		return e.update(ctx, id, r, s)
	case freshet.OpDelete:
		return e.delete(id, r, s)
	}
	return prepared{}, freshet.Errorf(freshet.Invalid, "a write creates, updates or deletes")
}

func (e *Engine) create(id *freshet.Identity, r *request, s state) (prepared, error) {
	m := r.model
	if err := r.checkImplicit(id); err != nil {
		return prepared{}, err
	}
	next := slices.Clone(r.patch)
	m.SetDefaults(next)
	m.SetOwners(id, next)
	now := timestamp(e.opts.Now())
	for _, f := range []*schema.Field{m.CreatedAt(), m.UpdatedAt()} {
		if f != nil && rawjson.IsNull(next[f.Ordinal]) {
			next[f.Ordinal] = now
		}
	}
	if !m.Allows(id, schema.AccessCreate, next) {
		return prepared{}, forbidden(m, "create this")
	}
	if err := m.Complete(next); err != nil {
		return prepared{}, err
	}
	if !r.condition.Match(make(schema.Doc, len(m.Fields)), false) {
		return prepared{}, conditionFailed()
	}
	version := freshet.Version(1)
	if s.current != nil {
		if err := e.mayRecreate(id, m, s.current); err != nil {
			return prepared{}, err
		}
		version = s.current.Version + 1
	}
	return e.prepare(id, r, version, next, newFieldVersions(m, version), nil)
}

// mayRecreate lets a key be used again after its record was deleted, by those who might have written to
// that record.
func (e *Engine) mayRecreate(id *freshet.Identity, m *schema.Model, old *freshet.Record) error {
	row, err := e.row(m, old)
	if err != nil {
		return err
	}
	if old.Deleted && m.Allows(id, schema.AccessUpdate|schema.AccessDelete, row.Doc) {
		return nil
	}
	taken := freshet.Errorf(freshet.Conflict, "The conditional request failed: the key %s of %s is taken", old.Key.Text(), m.Name)
	if m.Allows(id, schema.AccessGet, row.Doc) {
		taken.Current = old
	}
	return taken
}

func (e *Engine) update(ctx context.Context, id *freshet.Identity, r *request, s state) (prepared, error) {
	m := r.model
	if err := r.checkImplicit(id); err != nil {
		return prepared{}, err
	}
	row, err := e.writable(id, r, s, schema.AccessUpdate)
	if err != nil {
		return prepared{}, err
	}
	stale := s.stale(r.Base)
	if stale && m.Conflict == schema.Optimistic {
		return prepared{}, e.conflict(id, row, "the record was changed: version %d, and the write was made on %d", row.Version, r.Base)
	}
	versions := decodeFieldVersions(m, row.Meta)
	next := append(schema.Doc(nil), row.Doc...)
	mg := merge{model: m, changed: func(*schema.Field) bool { return false }}
	if stale && m.Conflict == schema.AutoMerge {
		others := decodeFieldVersions(m, s.others.Meta)
		mg.mine = s.mine
		mg.changed = func(f *schema.Field) bool { return f != m.UpdatedAt() && others[f.Ordinal] > r.Base }
		if mg.base, err = e.version(ctx, m, r.ref(), r.Base); err != nil {
			return prepared{}, err
		}
	}
	mg.apply(next, r.patch)
	version := row.Version + 1
	taken := !stale
	for i := range next {
		if !sameValue(next[i], row.Doc[i]) {
			versions[i] = version
			taken = taken || m.Fields[i] != m.UpdatedAt()
		}
	}
	if !taken {
		unchanged := Written{Row: row, Conflicts: mg.conflicts}
		if !m.Allows(id, schema.AccessRead, row.Doc) {
			unchanged = r.blind(unchanged)
		}
		return prepared{written: unchanged}, nil
	}
	if f := m.UpdatedAt(); f != nil && r.patch[f.Ordinal] == nil {
		next[f.Ordinal], versions[f.Ordinal] = timestamp(e.opts.Now()), version
	}
	if err := m.Complete(next); err != nil {
		return prepared{}, err
	}
	if !m.Allows(id, schema.AccessUpdate, next) {
		return prepared{}, freshet.Errorf(freshet.Forbidden, "not allowed to give this %s away: after the update its rules would not allow you to update it", m.Name)
	}
	return e.prepare(id, r, version, next, versions, mg.conflicts)
}

func (e *Engine) delete(id *freshet.Identity, r *request, s state) (prepared, error) {
	row, err := e.writable(id, r, s, schema.AccessDelete)
	if err != nil {
		return prepared{}, err
	}
	if s.stale(r.Base) && r.model.Conflict != schema.LastWriter {
		return prepared{}, e.conflict(id, row, "the record was changed: version %d, and the delete was made on %d", row.Version, r.Base)
	}
	return e.prepare(id, r, row.Version+1, row.Doc, decodeFieldVersions(r.model, row.Meta), nil)
}

// writable gives the record that an update or a delete is about, as far as the writer may write to it.
func (e *Engine) writable(id *freshet.Identity, r *request, s state, access schema.Access) (*Row, error) {
	m := r.model
	if s.current == nil {
		if !m.MayEver(id, access) {
			return nil, forbidden(m, r.Op.String()+" a")
		}
		return nil, notFound(r)
	}
	row, err := e.row(m, s.current)
	if err != nil {
		return nil, err
	}
	if !m.Allows(id, access, row.Doc) {
		return nil, forbidden(m, r.Op.String()+" this")
	}
	switch {
	case row.Deleted && r.Base != 0:
		return nil, e.conflict(id, row, "the record was deleted")
	case row.Deleted:
		return nil, notFound(r)
	case r.condition != nil && !m.Allows(id, schema.AccessGet, row.Doc):
		// What matches would tell what the record holds.
		return nil, freshet.Errorf(freshet.Forbidden, "not allowed to set a condition on a %s that you may not get", m.Name)
	case !r.condition.Match(row.Doc, false):
		return nil, conditionFailed()
	case r.Base > row.Version:
		return nil, e.conflict(id, row, "the record is at version %d, and the write was made on %d", row.Version, r.Base)
	}
	return row, nil
}

func notFound(r *request) error {
	return freshet.Errorf(freshet.NotFound, "The conditional request failed: there is no %s with the key %s", r.Model, r.Key.Text())
}

func conditionFailed() error {
	return freshet.Errorf(freshet.Conflict, "The conditional request failed: the record does not match the condition")
}

// conflict tells a writer how the record stands now, as far as it may see that.
func (e *Engine) conflict(id *freshet.Identity, row *Row, format string, args ...any) error {
	err := freshet.Errorf(freshet.Conflict, "Conflict resolver rejects mutation: "+format, args...)
	if row.Model.Allows(id, schema.AccessGet, row.Doc) {
		err.Current = row.Record
	}
	return err
}

// checkImplicit refuses fields that were not declared: only the operator writes them, in an import.
func (r *request) checkImplicit(id *freshet.Identity) error {
	if id.System {
		return nil
	}
	for i, value := range r.patch {
		if f := r.model.Fields[i]; value != nil && f.Implicit && !r.model.IsKey(f) {
			return freshet.Errorf(freshet.Invalid, "%s.%s is set by the server; declare the field to write it", r.model.Name, f.Name)
		}
	}
	return nil
}

// prepare makes the put of a record's next version.
func (e *Engine) prepare(id *freshet.Identity, r *request, version freshet.Version, next schema.Doc, versions fieldVersions, conflicts []freshet.FieldConflict) (prepared, error) {
	m := r.model
	if r.Op != freshet.OpDelete {
		for i, f := range m.Fields {
			if f.Set && !rawjson.IsNull(next[i]) {
				next[i] = unique(next[i])
			}
		}
	}
	put, err := newPut(m, r.Key, r.Op, version, next, versions)
	if err != nil {
		return prepared{}, err
	}
	put.By = id.Name
	if limit := e.opts.Limits.RecordBytes; len(put.Body) > limit && r.Op != freshet.OpDelete {
		return prepared{}, freshet.Errorf(freshet.TooLarge, "the %s has %d bytes, and the largest record is %d bytes", m.Name, len(put.Body), limit)
	}
	record := &freshet.Record{
		Model: r.Model, Key: r.Key, Version: version, Deleted: r.Op == freshet.OpDelete, Body: put.Body, Meta: put.Meta, Index: put.Index,
	}
	written := Written{Row: &Row{Record: record, Model: m, Doc: next}, Conflicts: conflicts}
	if r.Op != freshet.OpCreate && !m.Allows(id, schema.AccessRead, next) {
		written = r.blind(written)
	}
	return prepared{put: put, written: written}, nil
}

// newPut makes the put of a record's version, with what depends on its fields.
func newPut(m *schema.Model, key freshet.Key, op freshet.Op, version freshet.Version, doc schema.Doc, versions fieldVersions) (*store.Put, error) {
	index, err := m.IndexKeys(doc)
	if err != nil {
		return nil, err
	}
	return &store.Put{
		Ref: store.Ref{Model: m.Name, Key: key}, Expect: version - 1, Op: op,
		Body: m.Body(doc), Meta: versions.encode(m), Audience: m.Audience(doc), Index: index,
	}, nil
}

// blind leaves to a writer who may write to a record and not read it what it wrote itself.
func (r *request) blind(w Written) Written {
	own := make(schema.Doc, len(w.Doc))
	for i, value := range w.Doc {
		if f := r.model.Fields[i]; r.model.IsKey(f) || f == r.model.UpdatedAt() || r.patch[i] != nil && sameValue(r.patch[i], value) {
			own[i] = value
		}
	}
	record := *w.Record
	record.Body = r.model.Body(own)
	blind := Written{Row: &Row{Record: &record, Model: r.model, Doc: own}}
	for _, c := range w.Conflicts {
		blind.Conflicts = append(blind.Conflicts, freshet.FieldConflict{Field: c.Field, Yours: c.Yours, Theirs: rawjson.Null, Base: rawjson.Null})
	}
	return blind
}

// version gives a record as it was at an earlier version; nil where its history does not go back so far.
func (e *Engine) version(ctx context.Context, m *schema.Model, ref store.Ref, version freshet.Version) (schema.Doc, error) {
	query := store.HistoryQuery{Ref: &ref, Limit: 16}
	for {
		changes, err := e.store.History(ctx, query)
		if err != nil || len(changes) == 0 {
			return nil, err
		}
		for _, c := range changes {
			if c.Version == version && c.Body != nil {
				return m.Parse(c.Body)
			}
			if c.Version <= version || c.Prev == 0 {
				return nil, nil
			}
			query.Before = c.Seq
		}
	}
}

// timestamp gives a time as AWSDateTime.
func timestamp(t time.Time) []byte {
	return t.UTC().AppendFormat(make([]byte, 0, 26), `"2006-01-02T15:04:05.000Z"`)
}
