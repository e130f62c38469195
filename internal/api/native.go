package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/graphql"
	"freshet/internal/rawjson"
)

const usualFrame = 1000 // the changes of a frame when the reader does not say

// changes resolves one frame of what the caller has not seen.
func (a *API) changes(ctx context.Context, call *graphql.Call) (any, error) {
	reader, cursor, reset, err := a.openReader(caller(ctx), call)
	if err != nil {
		return nil, err
	}
	limit, err := intArg(call, "limit")
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = usualFrame
	}
	page, err := reader.Page(ctx, &cursor, limit)
	if err != nil {
		return nil, err
	}
	page.Reset = page.Reset || reset
	return frame{page, reader.Seal(&cursor)}, nil
}

// openReader makes the reader that the arguments of changes ask for, and gives its place.
func (a *API) openReader(id *freshet.Identity, call *graphql.Call) (r *engine.Reader, c freshet.Cursor, reset bool, err error) {
	if r, err = a.reader(id, call); err != nil {
		return nil, c, false, err
	}
	after, err := textArg(call, "after")
	if err != nil {
		return nil, c, false, err
	}
	c, reset, err = r.Open(after)
	return r, c, reset, err
}

func (a *API) reader(id *freshet.Identity, call *graphql.Call) (*engine.Reader, error) {
	scope := engine.Scope{Filter: call.Arg("filter")}
	if models := call.Arg("models"); !rawjson.IsNull(models) {
		err := rawjson.Elements(models, func(element []byte) error {
			name, err := rawjson.String(element)
			scope.Models = append(scope.Models, freshet.ModelName(name))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return a.engine.Reader(id, scope)
}

// frame shows a page as a ChangeFrame.
type frame struct {
	engine.Page
	cursor string
}

// Field gives one field of a frame.
func (f frame) Field(name string) (any, error) {
	switch name {
	case "cursor":
		return f.cursor, nil
	case "upToDate":
		return f.UpToDate, nil
	case "reset":
		return f.Reset, nil
	case "changes":
		return sights(f.Changes), nil
	}
	return nil, nil
}

type sights []engine.Sight

func (s sights) Len() int       { return len(s) }
func (s sights) Item(i int) any { return (*change)(&s[i]) }

// change shows a sight as a Change.
type change engine.Sight

// Field gives one field of a change.
func (c *change) Field(name string) (any, error) {
	switch name {
	case "model":
		return string(c.Model.Name), nil
	case "op":
		if c.Body == nil {
			return "REMOVE", nil
		}
		return "PUT", nil
	case "key":
		return c.Key.Text(), nil
	case "version":
		return int64(c.Version), nil
	case "at":
		return int64(c.At), nil
	case "record":
		if c.Body == nil {
			return nil, nil
		}
		return shownBody(c.Model, c.Body)
	}
	return nil, nil
}

// push resolves a batch of writes of one client.
func (a *API) push(ctx context.Context, call *graphql.Call) (any, error) {
	client, err := textArg(call, "client")
	if err != nil {
		return nil, err
	}
	var writes []freshet.Write
	err = rawjson.Elements(call.Arg("writes"), func(element []byte) error {
		w, err := a.readWrite(element)
		if err != nil {
			return freshet.Errorf(freshet.Invalid, "writes[%d].%s", len(writes), freshet.MessageOf(err))
		}
		writes = append(writes, w)
		return nil
	})
	if err != nil {
		return nil, err
	}
	outcomes, err := a.engine.Push(ctx, caller(ctx), client, writes, string(call.Arg("atomic")) == "true")
	if err != nil {
		return nil, err
	}
	return pushResult(outcomes), nil
}

var writeOps = map[string]freshet.Op{"CREATE": freshet.OpCreate, "UPDATE": freshet.OpUpdate, "DELETE": freshet.OpDelete}

// readWrite reads a WriteInput. The model and what it holds are read by the engine, so that a write that
// is wrong there is answered on its own.
func (a *API) readWrite(input []byte) (freshet.Write, error) {
	var w freshet.Write
	var key *string
	err := rawjson.Members(input, func(name, value []byte) error {
		if rawjson.IsNull(value) {
			return nil
		}
		switch string(name) {
		case "counter", "base":
			n, err := strconv.ParseUint(string(value), 10, 63)
			if err != nil {
				return fmt.Errorf("%s: %s is negative", name, value)
			}
			if string(name) == "base" {
				w.Base = freshet.Version(n)
			} else {
				w.Counter = n
			}
			return nil
		case "fields", "condition":
			if value[0] != '{' {
				return freshet.Errorf(freshet.Invalid, "%s: write a JSON object, not text or a list", name)
			}
			if string(name) == "fields" {
				w.Fields = value
			} else {
				w.Condition = value
			}
			return nil
		}
		text, err := rawjson.String(value)
		switch string(name) {
		case "model":
			w.Model = freshet.ModelName(text)
		case "op":
			w.Op = writeOps[text]
		case "key":
			key = &text
		}
		return err
	})
	if err != nil || key == nil {
		return w, err
	}
	m := a.engine.Schema().Model(w.Model)
	if m == nil {
		return w, freshet.Errorf(freshet.Invalid, "model: there is no model %q", w.Model)
	}
	if w.Key, err = m.ParseKey(*key); err != nil {
		return w, freshet.Errorf(freshet.Invalid, "key: %s", freshet.MessageOf(err))
	}
	return w, nil
}

// pushResult shows outcomes as a PushResult.
type pushResult []engine.Outcome

// Field gives the results.
func (p pushResult) Field(string) (any, error) { return outcomes(p), nil }

type outcomes []engine.Outcome

func (o outcomes) Len() int       { return len(o) }
func (o outcomes) Item(i int) any { return (*outcome)(&o[i]) }

// outcome shows what became of a write as a WriteResult.
type outcome engine.Outcome

// Field gives one field of a result.
func (o *outcome) Field(name string) (any, error) {
	switch name {
	case "counter":
		return int64(o.Counter), nil
	case "status":
		return string(o.Status), nil
	case "model":
		return string(o.Model), nil
	case "key":
		if o.Key != "" {
			return o.Key.Text(), nil
		}
	case "version":
		if o.Version != 0 {
			return int64(o.Version), nil
		}
	case "record":
		if o.Row != nil && !o.Row.Deleted {
			return shownBody(o.Row.Model, o.Row.Body)
		}
	case "recordVersion":
		if o.Row != nil {
			return int64(o.Row.Version), nil
		}
	case "recordAt":
		if o.Row != nil {
			return int64(o.Row.At), nil
		}
	case "conflicts":
		list := make(graphql.Raw, 0, 2)
		list = append(list, '[')
		for i, c := range o.Conflicts {
			if i > 0 {
				list = append(list, ',')
			}
			list = append(list, encodeConflict(c)...)
		}
		return append(list, ']'), nil
	case "error":
		if o.Err != nil {
			b := rawjson.AppendString([]byte(`{"code":`), string(o.Err.Code))
			b = rawjson.AppendString(append(b, `,"message":`...), o.Err.Message)
			return graphql.Raw(append(b, '}')), nil
		}
	}
	return nil, nil
}

func encodeConflict(c freshet.FieldConflict) []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // its parts are valid JSON
	}
	return b
}
