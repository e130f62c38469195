package graphql

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"freshet/internal/rawjson"
)

// complete writes the value of a field, or of an item of its list, as type t. It is false when a null has to
// propagate, and the null is written all the same.
func (x *execution) complete(ctx context.Context, f *field, t *ast.Type, v any) bool {
	start := len(x.buf)
	return x.write(ctx, f, t, v) || x.cut(start, t)
}

// completeRaw is complete for a value that is JSON; nil is an absent one.
func (x *execution) completeRaw(ctx context.Context, f *field, t *ast.Type, v []byte) bool {
	start := len(x.buf)
	return x.writeRaw(ctx, f, t, v) || x.cut(start, t)
}

// cut replaces what was written since start by null.
func (x *execution) cut(start int, t *ast.Type) bool {
	x.buf = append(x.buf[:start], rawjson.Null...)
	return !t.NonNull && !x.stopped
}

// write writes a value. It is false when the value is in error, which is recorded.
func (x *execution) write(ctx context.Context, f *field, t *ast.Type, v any) bool {
	if v == nil {
		return x.null(ctx, f, t)
	}
	if raw, ok := v.(Raw); ok {
		return x.writeRaw(ctx, f, t, raw)
	}
	switch {
	case t.Elem != nil:
		if l, ok := v.(List); ok {
			return x.list(ctx, f, t.Elem, l)
		}
	case f.leaf != nil:
		if x.scalar(f.leaf, v) {
			return true
		}
	default:
		if o, ok := v.(Object); ok {
			return x.fields(ctx, f, o)
		}
	}
	x.fail(ctx, f, misfitOf(f, v))
	return false
}

func (x *execution) null(ctx context.Context, f *field, t *ast.Type) bool {
	if t.NonNull {
		x.fail(ctx, f, x.errNull(f, t))
		return false
	}
	x.buf = append(x.buf, rawjson.Null...)
	return true
}

func (x *execution) list(ctx context.Context, f *field, elem *ast.Type, l List) bool {
	raws, isRaw := l.(Slice[Raw]) // spares a copy of each item on the heap
	x.buf = append(x.buf, '[')
	for i := range l.Len() {
		if !x.beginItem(ctx, f, i) {
			return false
		}
		var ok bool
		if isRaw {
			ok = x.completeRaw(ctx, f, elem, raws[i])
		} else {
			ok = x.complete(ctx, f, elem, l.Item(i))
		}
		x.path = x.path[:len(x.path)-1]
		if !ok {
			return false
		}
	}
	x.buf = append(x.buf, ']')
	return true
}

// beginItem prepares the next item of a list. It is false when the field is given up.
func (x *execution) beginItem(ctx context.Context, f *field, i int) bool {
	if err := x.halt(ctx); err != nil {
		x.fail(ctx, f, err)
		x.stopped = true
		return false
	}
	if i > 0 {
		x.buf = append(x.buf, ',')
	}
	x.path = append(x.path, segment{index: i})
	return true
}

// fields writes what is selected of an object.
func (x *execution) fields(ctx context.Context, f *field, o Object) bool {
	if !f.isAbstract() {
		return x.object(ctx, f.selections[0], source{object: o})
	}
	name, err := o.Field("__typename")
	if err != nil {
		x.fail(ctx, f, err)
		return false
	}
	if text, ok := name.(string); ok {
		if sel := f.of(text); sel != nil {
			return x.object(ctx, sel, source{object: o})
		}
	}
	x.fail(ctx, f, misfitOf(f, name))
	return false
}

// writeRaw is write for a value that is JSON.
func (x *execution) writeRaw(ctx context.Context, f *field, t *ast.Type, v []byte) bool {
	switch {
	case rawjson.IsNull(v):
		return x.null(ctx, f, t)
	case t.Elem != nil:
		if v[0] == '[' {
			return x.rawList(ctx, f, t.Elem, v)
		}
	case f.leaf != nil:
		x.buf = append(x.buf, v...)
		return true
	case v[0] == '{':
		return x.rawObject(ctx, f, v)
	}
	x.fail(ctx, f, misfitOf(f, Raw(v)))
	return false
}

var errGivenUp = errors.New("the list is given up")

func (x *execution) rawList(ctx context.Context, f *field, elem *ast.Type, v []byte) bool {
	if f.leaf != nil && elem.Elem == nil && !elem.NonNull {
		x.buf = append(x.buf, v...)
		return true
	}
	x.buf = append(x.buf, '[')
	i, ok := 0, true
	err := rawjson.Elements(v, func(item []byte) error {
		if ok = x.beginItem(ctx, f, i); !ok {
			return errGivenUp
		}
		i++
		ok = x.completeRaw(ctx, f, elem, item)
		x.path = x.path[:len(x.path)-1]
		if !ok {
			return errGivenUp
		}
		return nil
	})
	if ok && err != nil {
		x.fail(ctx, f, misfitOf(f, Raw(v)))
	}
	x.buf = append(x.buf, ']')
	return err == nil
}

// rawObject takes what is selected out of an object.
func (x *execution) rawObject(ctx context.Context, f *field, v []byte) bool {
	var sel *selection
	if !f.isAbstract() {
		sel = f.selections[0]
	} else if sel = f.of(typenameOf(v)); sel == nil {
		x.fail(ctx, f, misfitOf(f, Raw(v)))
		return false
	}
	base := len(x.slots)
	defer func() { x.slots = x.slots[:base] }()
	for range sel.places {
		x.slots = append(x.slots, nil)
	}
	err := rawjson.Members(v, func(name, member []byte) error {
		if place, ok := sel.places[string(name)]; ok {
			x.slots[base+place] = member
		}
		return nil
	})
	if err != nil {
		x.fail(ctx, f, misfitOf(f, Raw(v)))
		return false
	}
	return x.object(ctx, sel, source{base: base})
}

// typenameOf gives the member __typename of an object; empty when there is none.
func typenameOf(object []byte) string {
	var typename string
	_ = rawjson.Members(object, func(name, member []byte) error {
		if string(name) == "__typename" {
			typename, _ = rawjson.String(member)
		}
		return nil
	})
	return typename
}

// scalar writes a value of a scalar or an enum. It is false, and nothing is written, when it does not fit.
// A custom scalar takes any value.
func (x *execution) scalar(leaf *ast.Definition, v any) bool {
	isText, isID := leaf.Name == "String" || leaf.Kind == ast.Enum, leaf.Name == "ID"
	isNumber := leaf.Name == "Int" || leaf.Name == "Float"
	isBoolean := leaf.Name == "Boolean"
	switch v := v.(type) {
	case string:
		if isNumber || isBoolean {
			return false
		}
		x.buf = rawjson.AppendString(x.buf, v)
	case bool:
		if isText || isID || isNumber {
			return false
		}
		x.buf = strconv.AppendBool(x.buf, v)
	case int:
		return x.scalar(leaf, int64(v))
	case int64:
		if isText || isBoolean || leaf.Name == "Int" && v != int64(int32(v)) {
			return false
		}
		if isID {
			x.buf = append(rawjson.AppendInt(append(x.buf, '"'), v), '"')
			return true
		}
		x.buf = rawjson.AppendInt(x.buf, v)
	case float64:
		if isText || isID || isBoolean || leaf.Name == "Int" || math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
		x.buf = appendFloat(x.buf, v)
	default:
		return false
	}
	return true
}

// appendFloat appends v with an exponent only where it is very large or very small.
func appendFloat(dst []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs >= 1e21 || abs > 0 && abs < 1e-6 {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}
