package engine

import (
	"context"
	"encoding/base64"

	"freshet"
	"freshet/internal/filter"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// Row is a record with its fields found.
type Row struct {
	*freshet.Record
	Model *schema.Model
	Doc   schema.Doc
}

func (e *Engine) row(m *schema.Model, r *freshet.Record) (*Row, error) {
	doc, err := m.Parse(r.Body)
	if err != nil {
		return nil, err
	}
	return &Row{Record: r, Model: m, Doc: doc}, nil
}

// Identify gives the identity its tokens. Every identity passes here once, before it asks for anything.
func (e *Engine) Identify(id freshet.Identity) *freshet.Identity {
	id.Tokens = e.schema.TokensOf(&id)
	return &id
}

func forbidden(m *schema.Model, what string) error {
	return freshet.Errorf(freshet.Forbidden, "not allowed to %s %s", what, m.Name)
}

// Get gives a record; nil where there is none, or only a tombstone that was not asked for. One that the
// caller may not get gives the code forbidden.
func (e *Engine) Get(ctx context.Context, id *freshet.Identity, model freshet.ModelName, key freshet.Key, deleted bool) (*Row, error) {
	m, err := e.model(model)
	if err != nil {
		return nil, err
	}
	if !m.MayEver(id, schema.AccessGet) {
		return nil, forbidden(m, "get a")
	}
	records, err := e.store.Get(ctx, store.Ref{Model: model, Key: key})
	if err != nil || records[0] == nil {
		return nil, err
	}
	row, err := e.row(m, records[0])
	if err != nil {
		return nil, err
	}
	if !m.Allows(id, schema.AccessGet, row.Doc) {
		return nil, forbidden(m, "get this")
	}
	if row.Deleted && !deleted {
		return nil, nil
	}
	return row, nil
}

// ListQuery asks for a page of a model's records.
type ListQuery struct {
	Model      freshet.ModelName
	Index      string // store.Primary, or the name of an index
	Range      KeyRange
	Filter     *filter.Filter
	Descending bool
	Deleted    bool   // tombstones too
	Limit      int    // 0: 100, or the largest page where that is less
	Token      string // the NextToken of the page before
}

// ListPage is a page of records. NextToken is empty when there is no more.
type ListPage struct {
	Rows      []*Row
	NextToken string
}

const (
	usualListPage = 100
	// maxScanned bounds what one page looks at when its filter matches little, so that a page takes a
	// bounded time; the next one goes on from there.
	maxScanned = 10_000
)

// List gives a page of the records that the caller may list, in the order of the index. A page may be
// short when its filter matches little; NextToken tells whether there is more.
func (e *Engine) List(ctx context.Context, id *freshet.Identity, q ListQuery) (ListPage, error) {
	m, err := e.model(q.Model)
	if err != nil {
		return ListPage{}, err
	}
	if !m.MayEver(id, schema.AccessList) {
		return ListPage{}, forbidden(m, "list")
	}
	if q.Limit == 0 {
		q.Limit = min(usualListPage, e.opts.Limits.ListPage)
	}
	if q.Limit < 0 || q.Limit > e.opts.Limits.ListPage {
		return ListPage{}, freshet.Errorf(freshet.TooLarge, "limit: %d is over the largest page, %d records", q.Limit, e.opts.Limits.ListPage)
	}
	query := store.Query{
		Model: q.Model, Index: q.Index, Tokens: m.ReadTokens(id), From: q.Range.From, To: q.Range.To,
		Descending: q.Descending, Deleted: q.Deleted || q.Filter.Deleted(),
	}
	if id.System && q.Index == store.Primary {
		query.All = true
	}
	if q.Token != "" {
		if query.After, err = base64.RawURLEncoding.DecodeString(q.Token); err != nil || len(query.After) == 0 {
			return ListPage{}, freshet.Errorf(freshet.Invalid, "nextToken cannot be read; send one as the server gave it, or none for the first page")
		}
	}
	var page ListPage
	for scanned := 0; ; {
		query.Limit = q.Limit - len(page.Rows)
		found, err := e.store.Query(ctx, query)
		if err != nil {
			return ListPage{}, err
		}
		for _, r := range found.Records {
			row, err := e.row(m, r)
			if err != nil {
				return ListPage{}, err
			}
			if m.Partial() && !m.Allows(id, schema.AccessList, row.Doc) {
				continue
			}
			if q.Filter.Match(row.Doc, row.Deleted) {
				page.Rows = append(page.Rows, row)
			}
		}
		scanned += len(found.Records)
		if found.Next == nil {
			return page, nil
		}
		if len(page.Rows) == q.Limit || scanned >= maxScanned {
			page.NextToken = base64.RawURLEncoding.EncodeToString(found.Next)
			return page, nil
		}
		query.After = found.Next
	}
}
