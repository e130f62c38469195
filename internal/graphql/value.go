package graphql

import "context"

// Raw is one complete JSON value. Where the schema says that it is an object, or a list of objects, what
// the client selects is taken out of it; elsewhere it is written as it is.
type Raw []byte

// Object gives the fields of an object, one at a time and only those that are asked for. For a field whose
// type is an interface or a union, the object gives the name of its type as __typename.
type Object interface {
	Field(name string) (any, error)
}

// ObjectWithArgs is an Object that sees the arguments of fields. It is asked by FieldWithArgs for the fields
// that have arguments in the schema, and by Field for the others.
type ObjectWithArgs interface {
	Object
	FieldWithArgs(ctx context.Context, call *Call) (any, error)
}

// List is a list of values, of any kind that a resolver may give.
type List interface {
	Len() int
	Item(i int) any
}

// Slice makes a List of a slice.
type Slice[T any] []T

// Len gives the number of items.
func (s Slice[T]) Len() int { return len(s) }

// Item gives an item.
func (s Slice[T]) Item(i int) any { return s[i] }

var _ List = Slice[Raw](nil)
