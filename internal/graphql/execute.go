package graphql

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/vektah/gqlparser/v2/ast"

	"freshet"
	"freshet/internal/rawjson"
)

// execution writes one response. All values go to one buffer; a null that has to propagate cuts it back to
// where the nearest nullable parent begins.
type execution struct {
	bound      *Bound
	buf        []byte
	isEvent    bool
	event      any
	path       []segment
	slots      [][]byte // values of raw objects, of all that are being written
	errors     []byte   // with commas between
	extensions []extension
	// stopped is set when the rest of a root field is given up. Every null propagates then.
	stopped bool
	// floor is where the result of an introspection field begins, -1 elsewhere; budget is how long these
	// results may still get.
	floor, budget int

	pathSpace [8]segment
	slotSpace [24][]byte
}

func (b *Bound) newExecution(dst []byte) *execution {
	x := &execution{bound: b, buf: dst, floor: -1, budget: maxIntrospection}
	x.path, x.slots = x.pathSpace[:0], x.slotSpace[:0]
	return x
}

func (x *execution) respond(ctx context.Context) []byte {
	x.buf = append(x.buf, `{"data":`...)
	start := len(x.buf)
	if !x.object(ctx, x.bound.op.root, source{isRoot: true}) {
		x.buf = append(x.buf[:start], rawjson.Null...)
	}
	if len(x.errors) > 0 {
		x.buf = append(append(append(x.buf, `,"errors":[`...), x.errors...), ']')
	}
	if len(x.extensions) > 0 {
		x.buf = append(appendExtensions(append(x.buf, `,"extensions":{`...), x.extensions), '}')
	}
	return append(x.buf, '}')
}

// source is where the fields of an object come from: the resolvers, an Object, or the slots from base on.
type source struct {
	isRoot bool
	object Object
	base   int
}

// object writes an object. It is false when a null has to propagate; what it wrote is cut off by the caller.
func (x *execution) object(ctx context.Context, sel *selection, from source) bool {
	x.buf = append(x.buf, '{')
	comma := false
	for i := range sel.fields {
		f := &sel.fields[i]
		if !f.included(x.bound.vars) {
			continue
		}
		if comma {
			x.buf = append(x.buf, ',')
		}
		comma = true
		x.buf = append(x.buf, f.label...)
		x.path = append(x.path, segment{key: f.key})
		ok := x.field(ctx, f, from)
		x.path = x.path[:len(x.path)-1]
		if !ok {
			return false
		}
	}
	x.buf = append(x.buf, '}')
	return true
}

func (x *execution) field(ctx context.Context, f *field, from source) bool {
	switch {
	case f.name == "__typename":
		x.buf = rawjson.AppendString(x.buf, f.parent)
		return true
	case from.isRoot:
		return x.rootField(ctx, f)
	case from.object == nil:
		return x.completeRaw(ctx, f, f.typ, x.slots[from.base+f.place])
	}
	v, err := x.read(ctx, f, from.object)
	if err != nil {
		return x.refuse(ctx, f, err)
	}
	return x.complete(ctx, f, f.typ, v)
}

func (x *execution) read(ctx context.Context, f *field, object Object) (any, error) {
	if f.takesArgs {
		if o, ok := object.(ObjectWithArgs); ok {
			return o.FieldWithArgs(ctx, &Call{bound: x.bound, field: f, run: x})
		}
	}
	return object.Field(f.name)
}

// rootField resolves and writes a root field. A panic of a resolver, or of what it returned, is an error of
// the field.
func (x *execution) rootField(ctx context.Context, f *field) (ok bool) {
	start, path := len(x.buf), len(x.path)
	x.stopped = false
	defer func() {
		if r := recover(); r != nil {
			x.buf, x.path, x.slots = x.buf[:start], x.path[:path], x.slots[:0]
			cause := fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			ok = x.refuse(ctx, f, freshet.Wrap(freshet.Internal, cause, "internal error"))
		}
	}()
	v, err := x.resolve(ctx, f)
	if err != nil {
		return x.refuse(ctx, f, err)
	}
	if f.name == "__schema" || f.name == "__type" {
		x.floor = start
		defer func() { x.budget, x.floor = x.budget-(len(x.buf)-start), -1 }()
	}
	// Where the field is given up, the others go on.
	return x.complete(ctx, f, f.typ, v) || !f.typ.NonNull
}

func (x *execution) resolve(ctx context.Context, f *field) (any, error) {
	if x.isEvent {
		return x.event, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return f.resolve(ctx, &Call{bound: x.bound, field: f, run: x})
}

// refuse records an error of a field and writes null. It is false when the null has to propagate.
func (x *execution) refuse(ctx context.Context, f *field, err error) bool {
	x.fail(ctx, f, err)
	x.buf = append(x.buf, rawjson.Null...)
	return !f.typ.NonNull
}

// fail records an error at the path.
func (x *execution) fail(ctx context.Context, f *field, err error) {
	call := &Call{bound: x.bound, field: f, run: x}
	if len(x.errors) > 0 {
		x.errors = append(x.errors, ',')
	}
	x.errors = appendError(x.errors, x.path, x.bound.op.schema.options.Describe(ctx, call, err), f.at)
}

// errNull is the error of a null where the schema does not allow one. DataStore knows the words.
func (x *execution) errNull(f *field, t *ast.Type) error {
	var path []byte
	for _, s := range x.path {
		if path = append(path, '/'); s.key != "" {
			path = append(path, s.key...)
		} else {
			path = rawjson.AppendInt(path, int64(s.index))
		}
	}
	nullable := *t
	nullable.NonNull = false
	return freshet.Errorf(freshet.Internal, "Cannot return null for non-nullable type: '%s' within parent '%s' (%s)",
		nullable.String(), f.parent, path)
}

// maxIntrospection bounds the result of an introspection field, which aliases can make any number of times
// as large as the schema.
const maxIntrospection = 8 << 20

// halt tells why the root field has to be given up, if it has to.
func (x *execution) halt(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if x.floor >= 0 && len(x.buf)-x.floor > x.budget {
		x.budget = 0
		return freshet.Errorf(freshet.TooLarge, "The result exceeds the introspection limit of %d bytes", maxIntrospection)
	}
	return nil
}

// misfitOf is the error of a resolver's value that is not what the schema says.
func misfitOf(f *field, v any) error {
	cause := fmt.Errorf("%s.%s of type %s: a resolver gave %T, which does not fit", f.parent, f.name, f.typ, v)
	return freshet.Wrap(freshet.Internal, cause, "internal error")
}
