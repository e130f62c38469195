package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// storedSchema is the schema that the store's records keep to. Pending names the models whose records are
// still to be brought into line with it, so that a rebuild that was cut off is done again.
type storedSchema struct {
	Sources []schema.Source     `json:"sources"`
	Pending []freshet.ModelName `json:"pending,omitempty"`
	Resend  []freshet.ModelName `json:"resend,omitempty"` // of those, the ones to be shown to readers anew
}

// StoredSources gives the schema that a store's records keep to, and tells whether it has one yet.
func StoredSources(ctx context.Context, st store.Store) ([]schema.Source, bool, error) {
	var kept storedSchema
	found, err := Documents{st}.Get(ctx, schemaSetting, &kept)
	return kept.Sources, found, err
}

// adopt makes the schema the store's: it refuses what the records would not survive, and rebuilds what
// depends on the schema.
func (e *Engine) adopt(ctx context.Context, sources []schema.Source) error {
	var kept storedSchema
	found, err := e.Documents().Get(ctx, schemaSetting, &kept)
	if err != nil {
		return err
	}
	if found && len(kept.Pending) == 0 && slices.Equal(kept.Sources, sources) {
		return nil
	}
	var old *schema.Schema
	if found {
		if old, err = schema.Load(kept.Sources...); err != nil {
			return freshet.Wrap(freshet.Internal, err, "the schema kept in the store cannot be read")
		}
	}
	difference := schema.Compare(old, e.schema)
	if err := e.checkDifference(ctx, difference); err != nil {
		return err
	}
	next := storedSchema{Sources: sources}
	for _, m := range e.schema.Models {
		if slices.Contains(difference.Rebuild, m) || slices.Contains(kept.Pending, m.Name) {
			next.Pending = append(next.Pending, m.Name)
		}
		if slices.Contains(difference.Resend, m) || slices.Contains(kept.Resend, m.Name) {
			next.Resend = append(next.Resend, m.Name)
		}
	}
	for {
		if err := freshet.PutDocument(ctx, e.Documents(), schemaSetting, next); err != nil || len(next.Pending) == 0 {
			return err
		}
		done := next.Pending[0]
		if err := e.rebuild(ctx, e.schema.Model(done), slices.Contains(next.Resend, done)); err != nil {
			return err
		}
		next.Pending = next.Pending[1:]
		next.Resend = slices.DeleteFunc(next.Resend, func(name freshet.ModelName) bool { return name == done })
	}
}

func (e *Engine) checkDifference(ctx context.Context, d schema.Difference) error {
	refused := d.Refused
	for _, name := range d.Dropped {
		empty, err := e.empty(ctx, name)
		if err != nil {
			return err
		}
		if !empty {
			refused = append(refused, fmt.Sprintf("the model %s is gone, and there are records of it; keep the model, or delete its records first", name))
		}
	}
	for _, m := range d.Filled {
		empty, err := e.empty(ctx, m.Name)
		if err != nil {
			return err
		}
		if !empty {
			refused = append(refused, fmt.Sprintf("%s has a field that needs a value now, and stored records have none; give it a @default, or let it be null", m.Name))
		}
	}
	if len(refused) > 0 {
		return freshet.Errorf(freshet.Invalid, "the schema cannot take the place of the one that the data was written with:\n- %s", strings.Join(refused, "\n- "))
	}
	return nil
}

// empty tells whether a model has no records but tombstones.
func (e *Engine) empty(ctx context.Context, name freshet.ModelName) (bool, error) {
	page, err := e.store.Query(ctx, store.Query{Model: name, All: true, Limit: 1})
	return len(page.Records) == 0, err
}

// rebuild looks at every record of a model again; with resend each is written, so that readers see it anew.
func (e *Engine) rebuild(ctx context.Context, m *schema.Model, resend bool) error {
	query := store.Query{Model: m.Name, All: true, Deleted: true, Limit: 500}
	done := 0
	for {
		page, err := e.store.Query(ctx, query)
		if err != nil {
			return err
		}
		if err := e.rebuildPage(ctx, m, page.Records, resend); err != nil {
			return err
		}
		done += len(page.Records)
		e.opts.Progress("rebuilding "+string(m.Name), done, 0)
		if page.Next == nil {
			return nil
		}
		query.After = page.Next
	}
}

// rebuildPage commits what a schema makes different of some records. It runs before anybody else writes,
// so that no record is stale; another node that writes meanwhile makes it begin again.
func (e *Engine) rebuildPage(ctx context.Context, m *schema.Model, records []*freshet.Record, resend bool) error {
	for {
		var batch store.Batch
		var refs []store.Ref
		for _, r := range records {
			if r == nil {
				continue // trimmed meanwhile
			}
			refs = append(refs, store.Ref{Model: r.Model, Key: r.Key})
			if err := e.rebuildRecord(m, r, resend, &batch); err != nil {
				return err
			}
		}
		if len(batch.Puts)+len(batch.Reindex) == 0 {
			return nil
		}
		_, err := e.store.Commit(ctx, batch)
		if _, stale := errors.AsType[*store.StaleError](err); !stale {
			return err
		}
		if records, err = e.store.Get(ctx, refs...); err != nil {
			return err
		}
	}
}

func (e *Engine) rebuildRecord(m *schema.Model, r *freshet.Record, resend bool, batch *store.Batch) error {
	doc, err := m.Parse(r.Body)
	if err != nil {
		return err
	}
	versions := decodeFieldVersions(m, r.Meta)
	changed := resend && !r.Deleted
	for i, f := range m.Fields {
		// A field that may be null keeps its null: a default is for new records.
		if f.Type.NonNull && f.Default != nil && rawjson.IsNull(doc[i]) {
			doc[i], versions[i], changed = f.Default, r.Version+1, true
		}
	}
	ref := store.Ref{Model: r.Model, Key: r.Key}
	index, err := m.IndexKeys(doc)
	if err != nil {
		return err
	}
	audience := m.Audience(doc)
	if !changed && slices.EqualFunc(r.Audience, audience, func(g freshet.Grant, t freshet.Token) bool { return g.Token == t }) {
		if !slices.Equal(index, r.Index) {
			batch.Reindex = append(batch.Reindex, store.Reindex{Ref: ref, Expect: r.Version, Index: index})
		}
		return nil
	}
	op := freshet.OpUpdate
	if r.Deleted {
		op = freshet.OpDelete
	}
	batch.Puts = append(batch.Puts, store.Put{
		Ref: ref, Expect: r.Version, Op: op, By: "schema",
		Body: m.Body(doc), Meta: versions.encode(m), Audience: audience, Index: index,
	})
	return nil
}
