// Package filter compiles the filter and condition inputs of the API into predicates on records.
//
// A predicate means what DynamoDB's filter expressions mean: an absent value equals nothing and differs
// from everything; ranges include their ends; strings compare by their bytes.
package filter

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// Filter is a compiled filter of one model. A nil Filter matches every record.
type Filter struct {
	match   predicate
	deleted bool
}

// predicate tells whether a record matches.
type predicate func(doc schema.Doc, deleted bool) bool

// deletedField is the name under which filters ask for tombstones.
const deletedField = "_deleted"

// Compile reads a filter: a JSON object as ModelXFilterInput describes it, with values as the API accepts
// them. Null and absent give a nil Filter. What cannot be read gives an error with the code invalid.
func Compile(m *schema.Model, input []byte) (*Filter, error) {
	if rawjson.IsNull(input) {
		return nil, nil
	}
	c := compiler{model: m}
	match, err := c.object(input)
	if err != nil {
		if _, malformed := err.(*rawjson.SyntaxError); malformed {
			err = freshet.Errorf(freshet.Invalid, "the filter of %s: %v", m.Name, err)
		}
		return nil, err
	}
	return &Filter{match: match, deleted: c.deleted}, nil
}

// Match tells whether a record matches.
func (f *Filter) Match(doc schema.Doc, deleted bool) bool {
	return f == nil || f.match(doc, deleted)
}

// Deleted tells whether the filter speaks of tombstones, which are hidden otherwise.
func (f *Filter) Deleted() bool { return f != nil && f.deleted }

type compiler struct {
	model   *schema.Model
	deleted bool
}

func (c *compiler) invalid(format string, args ...any) error {
	return freshet.Errorf(freshet.Invalid, "the filter of "+string(c.model.Name)+": "+format, args...)
}

// object compiles the members of a filter; all of them have to match.
func (c *compiler) object(input []byte) (predicate, error) {
	if rawjson.IsNull(input) {
		return func(schema.Doc, bool) bool { return true }, nil
	}
	var all []predicate
	err := rawjson.Members(input, func(name, value []byte) error {
		p, err := c.member(string(name), value)
		if err == nil && p != nil {
			all = append(all, p)
		}
		return err
	})
	return and(all), err
}

func (c *compiler) member(name string, value []byte) (predicate, error) {
	if rawjson.IsNull(value) {
		return nil, nil
	}
	switch name {
	case "and":
		list, err := c.list(value)
		return and(list), err
	case "or":
		list, err := c.list(value)
		return or(list), err
	case "not":
		p, err := c.object(value)
		return func(doc schema.Doc, deleted bool) bool { return !p(doc, deleted) }, err
	case deletedField:
		c.deleted = true
		return c.operators(name, nil, value)
	}
	f := c.model.Field(name)
	if f == nil {
		return nil, c.invalid("there is no field %q", name)
	}
	if f.Type.Leaf().Object != nil {
		return nil, c.invalid("%s is an object; filter by strings, numbers, booleans, enums and lists of them", name)
	}
	return c.operators(name, f, value)
}

func (c *compiler) list(value []byte) ([]predicate, error) {
	if value[0] != '[' {
		p, err := c.object(value)
		return []predicate{p}, err
	}
	var list []predicate
	err := rawjson.Elements(value, func(element []byte) error {
		p, err := c.object(element)
		list = append(list, p)
		return err
	})
	return list, err
}

func and(list []predicate) predicate {
	if len(list) == 1 {
		return list[0]
	}
	return func(doc schema.Doc, deleted bool) bool {
		for _, p := range list {
			if !p(doc, deleted) {
				return false
			}
		}
		return true
	}
}

func or(list []predicate) predicate {
	return func(doc schema.Doc, deleted bool) bool {
		for _, p := range list {
			if p(doc, deleted) {
				return true
			}
		}
		return len(list) == 0
	}
}

// test tells whether a stored value, nil for an absent one, passes.
type test func(value []byte) bool

// operators compiles an object like {gt: 1, le: 5}.
func (c *compiler) operators(name string, f *schema.Field, input []byte) (predicate, error) {
	var tests []test
	err := rawjson.Members(input, func(op, operand []byte) error {
		t, err := c.operator(name, string(op), operand)
		if err == nil && t != nil {
			tests = append(tests, t)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := func(value []byte) bool {
		for _, t := range tests {
			if !t(value) {
				return false
			}
		}
		return true
	}
	if f == nil {
		return func(_ schema.Doc, deleted bool) bool {
			if !deleted {
				return all(nil) || all([]byte("false"))
			}
			return all([]byte("true"))
		}, nil
	}
	ordinal := f.Ordinal
	return func(doc schema.Doc, _ bool) bool {
		value := doc[ordinal]
		if rawjson.IsNull(value) {
			value = nil
		}
		return all(value)
	}, nil
}

func (c *compiler) operator(name, op string, operand []byte) (test, error) {
	switch op {
	case "eq", "ne":
		eq := equals(operand)
		if op == "ne" {
			return func(value []byte) bool { return !eq(value) }, nil
		}
		return eq, nil
	case "lt", "le", "gt", "ge":
		return c.compare(name, op, operand)
	}
	if rawjson.IsNull(operand) {
		return nil, nil
	}
	switch op {
	case "between":
		bounds, err := c.operands(name, op, operand)
		if err != nil {
			return nil, err
		}
		if len(bounds) != 2 {
			return nil, c.invalid("%s: between needs two values", name)
		}
		low, errLow := c.compare(name, "ge", bounds[0])
		high, errHigh := c.compare(name, "le", bounds[1])
		if errLow != nil || errHigh != nil {
			return nil, c.invalid("%s: between needs two values of the field's type", name)
		}
		return func(value []byte) bool { return low(value) && high(value) }, nil
	case "contains", "notContains":
		contains := contains(operand)
		if op == "contains" {
			return contains, nil
		}
		return func(value []byte) bool { return !contains(value) }, nil
	case "beginsWith":
		prefix, err := rawjson.String(operand)
		if err != nil {
			return nil, c.invalid("%s: beginsWith needs a string", name)
		}
		return func(value []byte) bool {
			s, ok := text(value)
			return ok && strings.HasPrefix(s, prefix)
		}, nil
	case "in", "notIn":
		list, err := c.operands(name, op, operand)
		if err != nil {
			return nil, err
		}
		var any []test
		for _, one := range list {
			any = append(any, equals(one))
		}
		return func(value []byte) bool {
			for _, eq := range any {
				if eq(value) {
					return op == "in"
				}
			}
			return op == "notIn"
		}, nil
	case "attributeExists":
		want := operand[0] == 't'
		return func(value []byte) bool { return (value != nil) == want }, nil
	case "attributeType":
		kind, err := rawjson.String(operand)
		if err != nil {
			return nil, c.invalid("%s: attributeType needs the name of a type", name)
		}
		return func(value []byte) bool { return isOfType(value, kind) }, nil
	case "size":
		return c.size(name, operand)
	}
	return nil, c.invalid("%s: there is no operator %q", name, op)
}

func (c *compiler) operands(name, op string, operand []byte) ([][]byte, error) {
	if operand[0] != '[' {
		return [][]byte{operand}, nil
	}
	var list [][]byte
	err := rawjson.Elements(operand, func(element []byte) error {
		list = append(list, element)
		return nil
	})
	if err != nil {
		return nil, c.invalid("%s: %s needs a list", name, op)
	}
	return list, nil
}

func (c *compiler) size(name string, operand []byte) (test, error) {
	var tests []test
	err := rawjson.Members(operand, func(op, operand []byte) error {
		t, err := c.operator(name+": size", string(op), operand)
		if err == nil && t != nil {
			tests = append(tests, t)
		}
		return err
	})
	return func(value []byte) bool {
		n := sizeOf(value)
		for _, t := range tests {
			if !t(n) {
				return false
			}
		}
		return true
	}, err
}

// sizeOf gives the length of a string in characters, of a list in elements; nil where there is none.
func sizeOf(value []byte) []byte {
	if s, ok := text(value); ok {
		return strconv.AppendInt(nil, int64(utf8.RuneCountInString(s)), 10)
	}
	if len(value) > 0 && value[0] == '[' {
		n := int64(0)
		_ = rawjson.Elements(value, func([]byte) error { n++; return nil })
		return strconv.AppendInt(nil, n, 10)
	}
	return nil
}

// compare compiles an order relation; values of different kinds are in none.
func (c *compiler) compare(name, op string, operand []byte) (test, error) {
	if s, ok := text(operand); ok {
		return func(value []byte) bool {
			v, ok := text(value)
			return ok && holds(op, strings.Compare(v, s))
		}, nil
	}
	n, ok := number(operand)
	if !ok {
		return nil, c.invalid("%s: %s needs a string or a number", name, op)
	}
	return func(value []byte) bool {
		v, ok := number(value)
		if !ok {
			return false
		}
		switch {
		case v < n:
			return holds(op, -1)
		case v > n:
			return holds(op, 1)
		}
		return holds(op, 0)
	}, nil
}

func holds(op string, order int) bool {
	switch op {
	case "lt":
		return order < 0
	case "le":
		return order <= 0
	case "gt":
		return order > 0
	}
	return order >= 0
}

// equals compiles equality. Null equals what is absent.
func equals(operand []byte) test {
	if rawjson.IsNull(operand) {
		return func(value []byte) bool { return value == nil }
	}
	if s, ok := text(operand); ok {
		return func(value []byte) bool {
			if bytes.Equal(value, operand) {
				return true
			}
			v, ok := text(value)
			return ok && v == s
		}
	}
	return func(value []byte) bool { return value != nil && rawjson.Equal(value, operand) }
}

// contains compiles membership in a list, and being a part of a string.
func contains(operand []byte) test {
	eq := equals(operand)
	part, isText := text(operand)
	return func(value []byte) bool {
		if len(value) == 0 {
			return false
		}
		if value[0] == '[' {
			found := false
			_ = rawjson.Elements(value, func(element []byte) error {
				found = found || eq(element)
				return nil
			})
			return found
		}
		s, ok := text(value)
		return ok && isText && strings.Contains(s, part)
	}
}

func isOfType(value []byte, kind string) bool {
	if value == nil {
		return kind == "_null"
	}
	switch value[0] {
	case '"':
		return kind == "string"
	case '[':
		return kind == "list"
	case '{':
		return kind == "map"
	case 't', 'f':
		return kind == "bool"
	}
	return kind == "number"
}

func text(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	s, err := rawjson.String(value)
	return s, err == nil
}

func number(value []byte) (float64, bool) {
	if len(value) == 0 || value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(value), 64)
	return n, err == nil
}
