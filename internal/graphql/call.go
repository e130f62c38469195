package graphql

import (
	"context"

	"freshet/internal/rawjson"
)

// Resolver gives the value of a root field: nil, Raw, Object, List, string, bool, int, int64 or float64.
type Resolver func(ctx context.Context, call *Call) (any, error)

// Call is the request for one field: a root field, or a field with arguments of an Object. It must not be
// used after the resolver returned.
type Call struct {
	bound *Bound
	field *field
	run   *execution // nil outside of an execution
}

// Type gives the name of the type that has the field: "Mutation".
func (c *Call) Type() string { return c.field.parent }

// Field gives the name of the field, which is not its alias.
func (c *Call) Field() string { return c.field.name }

// Arg gives an argument as JSON without white space, in the form that its type asks for and with
// defaults filled in. It is nil for an absent argument without default, and "null" for an explicit null.
// The bytes must not be changed.
func (c *Call) Arg(name string) []byte {
	for i := range c.field.args {
		if a := &c.field.args[i]; a.name == name {
			return a.json(c.bound.vars)
		}
	}
	return nil
}

// Selects tells whether the client asks for a field below this one. The path holds names of fields, and
// passes through lists.
func (c *Call) Selects(path ...string) bool { return c.field.selects(path, c.bound.vars) }

func (f *field) selects(path []string, vars [][]byte) bool {
	if len(path) == 0 {
		return true
	}
	for _, sel := range f.selections {
		for i := range sel.fields {
			below := &sel.fields[i]
			if below.name == path[0] && below.included(vars) && below.selects(path[1:], vars) {
				return true
			}
		}
	}
	return false
}

// Extend appends a JSON value to the array extensions.name of the response. It does nothing for the call
// of a subscription, whose answer is not one response.
func (c *Call) Extend(name string, value []byte) {
	if c.run == nil {
		return
	}
	for i := range c.run.extensions {
		if e := &c.run.extensions[i]; e.name == name {
			e.values = append(append(e.values, ','), value...)
			return
		}
	}
	c.run.extensions = append(c.run.extensions, extension{name: name, values: append([]byte(nil), value...)})
}

// extension is a member of extensions: the values of its array, with commas between.
type extension struct {
	name   string
	values []byte
}

func appendExtensions(dst []byte, extensions []extension) []byte {
	for i, e := range extensions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendString(dst, e.name), ':', '[')
		dst = append(append(dst, e.values...), ']')
	}
	return dst
}
