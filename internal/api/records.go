package api

import (
	"context"
	"strconv"
	"time"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/filter"
	"freshet/internal/graphql"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// record shows a row as its model's type.
type record struct{ *engine.Row }

// Field gives one field.
func (r record) Field(name string) (any, error) {
	switch name {
	case "_version":
		return int64(r.Version), nil
	case "_deleted":
		if !r.Deleted {
			return nil, nil
		}
		return true, nil
	case "_lastChangedAt":
		return int64(r.At), nil
	}
	f := r.Model.Field(name)
	if f == nil || r.Doc[f.Ordinal] == nil {
		return nil, nil
	}
	if f.SubUsername {
		return graphql.Raw(shownOwner(r.Doc[f.Ordinal])), nil
	}
	return graphql.Raw(r.Doc[f.Ordinal]), nil
}

// shownOwner shows owners that are stored as "sub::username" by their username.
func shownOwner(value []byte) []byte {
	if rawjson.IsNull(value) {
		return value
	}
	show := func(dst, value []byte) []byte {
		name, err := rawjson.String(value)
		if err != nil {
			return append(dst, value...)
		}
		return rawjson.AppendString(dst, schema.ShownOwner(name))
	}
	if value[0] != '[' {
		return show(nil, value)
	}
	list := []byte{'['}
	_ = rawjson.Elements(value, func(element []byte) error { // stored values are valid
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = show(list, element)
		return nil
	})
	return append(list, ']')
}

// shownBody is a record's fields as one JSON object, as readers are shown them.
func shownBody(m *schema.Model, body []byte) (graphql.Raw, error) {
	if !m.HidesSub() {
		return body, nil
	}
	doc, err := m.Parse(body)
	if err != nil {
		return nil, err
	}
	for i, f := range m.Fields {
		if f.SubUsername && doc[i] != nil {
			doc[i] = shownOwner(doc[i])
		}
	}
	return m.Body(doc), nil
}

func (a *API) get(o operation) graphql.Resolver {
	return func(ctx context.Context, call *graphql.Call) (any, error) {
		key, err := keyOf(o.model, call)
		if err != nil {
			return nil, err
		}
		row, err := a.engine.Get(ctx, caller(ctx), o.model.Name, key, false)
		if err != nil || row == nil {
			return nil, err
		}
		return record{row}, nil
	}
}

func keyOf(m *schema.Model, call *graphql.Call) (freshet.Key, error) {
	doc := make(schema.Doc, len(m.Fields))
	for _, f := range m.Key {
		value, err := f.Type.Append(nil, call.Arg(f.Name))
		if err != nil {
			return "", freshet.Errorf(freshet.Invalid, "%s.%s: %v", m.Name, f.Name, err)
		}
		doc[f.Ordinal] = value
	}
	return m.KeyOf(doc)
}

// list resolves a list of a model, by its key or by an index.
func (a *API) list(o operation) graphql.Resolver {
	return func(ctx context.Context, call *graphql.Call) (any, error) {
		query := engine.ListQuery{Model: o.model.Name, Index: o.index}
		var err error
		if query.Range, err = o.keyRange(call); err != nil {
			return nil, err
		}
		if query.Filter, err = filter.Compile(o.model, call.Arg("filter")); err != nil {
			return nil, err
		}
		if query.Limit, err = intArg(call, "limit"); err != nil {
			return nil, err
		}
		if query.Token, err = textArg(call, "nextToken"); err != nil {
			return nil, err
		}
		query.Descending = string(call.Arg("sortDirection")) == `"DESC"`
		started := freshet.MillisOf(time.Now())
		page, err := a.engine.List(ctx, caller(ctx), query)
		if err != nil {
			return nil, err
		}
		return connectionPage{page, started}, nil
	}
}

// keyRange reads the arguments that bound a list by its key.
func (o *operation) keyRange(call *graphql.Call) (engine.KeyRange, error) {
	if len(o.keys) == 0 {
		return engine.KeyRange{}, nil
	}
	condition := engine.KeyCondition{Fields: o.keys, Partition: call.Arg(o.keys[0].Name)}
	var sort []byte
	if o.sort != "" {
		sort = call.Arg(o.sort)
	}
	if rawjson.IsNull(condition.Partition) {
		if !rawjson.IsNull(sort) {
			return engine.KeyRange{}, freshet.Errorf(freshet.Invalid, "%s: needs a value for %s too", o.sort, o.keys[0].Name)
		}
		return engine.KeyRange{}, nil
	}
	if rawjson.IsNull(sort) {
		return condition.Range()
	}
	err := rawjson.Members(sort, func(name, value []byte) error {
		if rawjson.IsNull(value) {
			return nil
		}
		if condition.Operator != "" {
			return freshet.Errorf(freshet.Invalid, "%s: write one operator, not %s and %s", o.sort, condition.Operator, name)
		}
		condition.Operator = string(name)
		if condition.Operator != "between" {
			condition.Values = [][]byte{value}
			return nil
		}
		return rawjson.Elements(value, func(element []byte) error {
			condition.Values = append(condition.Values, element)
			return nil
		})
	})
	if err != nil {
		return engine.KeyRange{}, err
	}
	return condition.Range()
}

// connectionPage shows a page of a list.
type connectionPage struct {
	engine.ListPage
	started freshet.Millis
}

// Field gives one field of a connection.
func (p connectionPage) Field(name string) (any, error) {
	switch name {
	case "items":
		return rows(p.Rows), nil
	case "nextToken":
		if p.NextToken != "" {
			return p.NextToken, nil
		}
	case "startedAt":
		return int64(p.started), nil
	}
	return nil, nil
}

type rows []*engine.Row

func (r rows) Len() int       { return len(r) }
func (r rows) Item(i int) any { return record{r[i]} }

// write resolves a mutation of one record.
func (a *API) write(o operation) graphql.Resolver {
	return func(ctx context.Context, call *graphql.Call) (any, error) {
		w := freshet.Write{Model: o.model.Name, Op: o.op, Fields: call.Arg("input"), Condition: call.Arg("condition")}
		base, err := versionOf(w.Fields)
		if err != nil {
			return nil, err
		}
		w.Base = base
		written, err := a.engine.Write(ctx, caller(ctx), w)
		if err != nil {
			return nil, err
		}
		for _, c := range written.Conflicts {
			call.Extend("conflicts", encodeConflict(c))
		}
		return record{written.Row}, nil
	}
}

// versionOf reads the version that a writer knew out of an input.
func versionOf(input []byte) (freshet.Version, error) {
	var version freshet.Version
	err := rawjson.Members(input, func(name, value []byte) error {
		if string(name) != "_version" || rawjson.IsNull(value) {
			return nil
		}
		n, err := strconv.ParseUint(string(value), 10, 63)
		if err != nil {
			return freshet.Errorf(freshet.Invalid, "_version: %s is no version; send the one that was read", value)
		}
		version = freshet.Version(n)
		return nil
	})
	return version, err
}

func intArg(call *graphql.Call, name string) (int, error) {
	value := call.Arg(name)
	if rawjson.IsNull(value) {
		return 0, nil
	}
	n, err := strconv.Atoi(string(value))
	if err != nil || n < 1 {
		return 0, freshet.Errorf(freshet.Invalid, "%s: %s is too small; write 1 or more", name, value)
	}
	return n, nil
}

func textArg(call *graphql.Call, name string) (string, error) {
	value := call.Arg(name)
	if rawjson.IsNull(value) {
		return "", nil
	}
	return rawjson.String(value)
}
