package api

import (
	"context"
	"strings"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/graphql"
)

// history resolves the versions of a record.
func (a *API) history(ctx context.Context, call *graphql.Call) (any, error) {
	model, err := textArg(call, "model")
	if err != nil {
		return nil, err
	}
	q := engine.HistoryQuery{Model: freshet.ModelName(model)}
	m := a.engine.Schema().Model(q.Model)
	if m == nil {
		return nil, freshet.Errorf(freshet.Invalid, "model: there is no model %q", model)
	}
	key, err := textArg(call, "key")
	if err != nil {
		return nil, err
	}
	if q.Key, err = m.ParseKey(key); err != nil {
		return nil, freshet.Errorf(freshet.Invalid, "key: %s", freshet.MessageOf(err))
	}
	if q.Limit, err = intArg(call, "limit"); err != nil {
		return nil, err
	}
	if q.Token, err = textArg(call, "nextToken"); err != nil {
		return nil, err
	}
	page, err := a.engine.History(ctx, caller(ctx), q)
	if err != nil {
		return nil, err
	}
	return historyPage(page), nil
}

// historyPage shows a page as a HistoryPage.
type historyPage engine.HistoryPage

// Field gives one field of a page.
func (p historyPage) Field(name string) (any, error) {
	switch name {
	case "items":
		return versions(p.Versions), nil
	case "nextToken":
		if p.NextToken != "" {
			return p.NextToken, nil
		}
	}
	return nil, nil
}

type versions []engine.Version

func (v versions) Len() int       { return len(v) }
func (v versions) Item(i int) any { return (*version)(&v[i]) }

// version shows one as a HistoryEntry.
type version engine.Version

// Field gives one field of a version.
func (v *version) Field(name string) (any, error) {
	switch name {
	case "version":
		return int64(v.Version), nil
	case "op":
		return strings.ToUpper(v.Op.String()), nil
	case "at":
		return int64(v.At), nil
	case "by":
		if v.By != "" {
			return v.By, nil
		}
	case "record":
		return shownBody(v.Model, v.Body)
	case "changed":
		if v.Changed != nil {
			return texts(v.Changed), nil
		}
	}
	return nil, nil
}

type texts []string

func (t texts) Len() int       { return len(t) }
func (t texts) Item(i int) any { return t[i] }
