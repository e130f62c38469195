package graphql

import (
	"context"
	"crypto/sha256"
	"fmt"

	"freshet/internal/rawjson"
)

// Bound is an operation with the variables of one request. It does not change: a Bound of a subscription
// serves many goroutines.
type Bound struct {
	op    *Operation
	vars  [][]byte // by the place of the variable; nil for one that is absent
	space [4][]byte
}

// Bind coerces the variables of a request: a JSON object, or nothing. Members that the operation does not
// declare are left out.
func (o *Operation) Bind(variables []byte) (*Bound, Errors) {
	b := &Bound{op: o}
	if len(o.variables) == 0 {
		return b, nil
	}
	b.vars = append(b.space[:0], make([][]byte, len(o.variables))...)
	if !rawjson.IsNull(variables) {
		if errs := b.read(variables); errs != nil {
			return nil, errs
		}
	}
	if errs := b.coerce(len(variables)); errs != nil {
		return nil, errs
	}
	return b, nil
}

// read puts the variables in their places, as they came.
func (b *Bound) read(variables []byte) Errors {
	err := rawjson.Members(variables, func(name, value []byte) error {
		i, ok := b.op.byName[string(name)]
		if !ok {
			return nil
		}
		if b.vars[i] != nil {
			return Errors{b.op.variables[i].refuse(misfitf("it stands twice"))}
		}
		b.vars[i] = value
		return nil
	})
	switch err := err.(type) {
	case nil:
		return nil
	case Errors:
		return err
	default:
		return Errors{{Fault: Variables, Message: fmt.Sprintf("The variables are no JSON object: %s", err)}}
	}
}

// coerce puts the variables in the form that their types ask for. Size is how long they are together.
func (b *Bound) coerce(size int) Errors {
	var errs Errors
	space := make([]byte, 0, size+size/4)
	for i := range b.op.variables {
		v := &b.op.variables[i]
		if b.vars[i] == nil {
			if b.vars[i] = v.fallback; v.fallback == nil && v.typ.nonNull {
				errs = append(errs, v.refuse(&misfit{null: v.typ.text}))
			}
			continue
		}
		start := len(space)
		var err error
		if space, err = v.typ.append(space, b.vars[i]); err != nil {
			errs = append(errs, v.refuse(err))
			continue
		}
		b.vars[i] = space[start:len(space):len(space)]
	}
	for _, use := range b.op.strict {
		if value := b.vars[use.variable]; len(errs) == 0 && value != nil && rawjson.IsNull(value) {
			errs = append(errs, b.op.variables[use.variable].refuse(&misfit{null: use.typ}))
		}
	}
	return errs
}

// refuse words why a value is not good for the variable.
func (v *variable) refuse(err error) RequestError {
	message := fmt.Sprintf("Variable '%s' has an invalid value: %s", v.name, err)
	if m, ok := err.(*misfit); ok {
		message = fmt.Sprintf("Variable '%s%s' has an invalid value: %s", v.name, m.path, m.reason)
		if m.null != "" {
			message = fmt.Sprintf("Variable '%s%s' has coerced Null value for NonNull type '%s'", v.name, m.path, m.null)
		}
	}
	return RequestError{Fault: Variables, Message: message}
}

// Operation gives the operation that is bound.
func (b *Bound) Operation() *Operation { return b.op }

// Call gives the call of the only root field of a subscription.
func (b *Bound) Call() *Call { return &Call{bound: b, field: &b.op.root.fields[0]} }

// Key is equal for two subscriptions of a schema when AppendEvent gives the same bytes for the same value:
// they select the same, in the same places of their documents, with the same variables where these matter.
// The arguments of the root field do not.
func (b *Bound) Key() string {
	sum := sha256.Sum256(appendShape(nil, b.op.root, b.vars, true))
	return string(sum[:])
}

// appendShape appends all of a selection that the response depends on.
func appendShape(dst []byte, sel *selection, vars [][]byte, isRoot bool) []byte {
	dst = append(append(dst, sel.typ...), '{')
	for i := range sel.fields {
		f := &sel.fields[i]
		if !f.included(vars) {
			continue
		}
		dst = append(append(dst, f.label...), f.name...)
		// Errors say where the field is.
		dst = rawjson.AppendInt(append(dst, '@'), int64(f.at.Line))
		dst = rawjson.AppendInt(append(dst, ':'), int64(f.at.Column))
		if !isRoot {
			for j := range f.args {
				a := &f.args[j]
				dst = append(append(append(dst, '('), a.name...), ':')
				dst = append(append(dst, a.json(vars)...), ')')
			}
		}
		for _, below := range f.selections {
			dst = appendShape(dst, below, vars, false)
		}
	}
	return append(dst, '}')
}

// Execute answers a query or a mutation: it appends the response to dst. Root fields are resolved one
// after the other. When ctx is done, what is left becomes null, with an error that carries ctx.Err().
func (b *Bound) Execute(ctx context.Context, dst []byte) []byte {
	if b.op.kind == Subscription {
		return Errors{{Fault: Validation, Message: "A subscription cannot be executed as a request"}}.Append(dst)
	}
	if !b.op.static {
		return b.newExecution(dst).respond(ctx)
	}
	return b.op.schema.introspect(ctx, b, dst)
}

// AppendEvent appends the response of a subscription for one event, with value as the root field.
func (b *Bound) AppendEvent(ctx context.Context, dst []byte, value any) []byte {
	x := b.newExecution(dst)
	x.isEvent, x.event = true, value
	return x.respond(ctx)
}

// AppendError appends the response for a subscription that cannot go on: {"errors":[…]}, as Describe
// words the error.
func (b *Bound) AppendError(ctx context.Context, dst []byte, err error) []byte {
	call := b.Call()
	dst = append(dst, `{"errors":[`...)
	path := []segment{{key: call.field.key}}
	dst = appendError(dst, path, b.op.schema.options.Describe(ctx, call, err), call.field.at)
	return append(dst, `]}`...)
}
