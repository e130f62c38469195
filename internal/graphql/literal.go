package graphql

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"freshet/internal/rawjson"
)

// literal is what a document gives to an argument: JSON, or parts of which some wait for the variables.
// Exactly one of its members is set.
type literal struct {
	json     []byte
	variable int // 1 + the variable's place
	items    []*literal
	members  []member
}

// member is a field of an input object.
type member struct {
	name     string
	value    *literal
	fallback []byte // what it is where its variable is absent; nil: it is left out
}

// append appends the value with the variables in their places. An absent variable is null in a list.
func (v *literal) append(dst []byte, vars [][]byte) []byte {
	switch {
	case v.json != nil:
		return append(dst, v.json...)
	case v.variable > 0:
		return appendOrNull(dst, vars[v.variable-1])
	case v.items != nil:
		for i, item := range v.items {
			dst = item.append(append(dst, "[,"[min(i, 1)]), vars)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	start := len(dst)
	for _, m := range v.members {
		if m.value.variable > 0 && vars[m.value.variable-1] == nil {
			if m.fallback != nil {
				dst = append(appendLabel(dst, len(dst) > start, m.name), m.fallback...)
			}
			continue
		}
		dst = m.value.append(appendLabel(dst, len(dst) > start, m.name), vars)
	}
	return append(dst, '}')
}

// argument is an argument of a planned field.
type argument struct {
	name     string
	value    *literal // nil where the document gives none
	fallback []byte   // the default of the schema
}

func (a *argument) json(vars [][]byte) []byte {
	switch v := a.value; {
	case v == nil:
		return a.fallback
	case v.json != nil:
		return v.json
	case v.variable == 0:
		return v.append(nil, vars)
	case vars[v.variable-1] != nil:
		return vars[v.variable-1]
	}
	return a.fallback
}

// variable is a variable that an operation declares.
type variable struct {
	name     string
	typ      *inputType
	fallback []byte
}

// strictUse is a variable that may be null by its own type, in a place that may not.
type strictUse struct {
	variable int
	typ      string
}

// literals reads the values of a schema or of one operation.
type literals struct {
	schema    *Schema
	variables []variable // nil where only faults matter
	byName    map[string]int
	strict    []strictUse
	faults    gqlerror.List
}

const valuesRule = "ValuesOfCorrectType"

// wrong records a fault and gives null in place of the value.
func (l *literals) wrong(v *ast.Value, format string, args ...any) *literal {
	l.faults = append(l.faults, ruleError(valuesRule, v.Position, format, args...))
	return &literal{json: rawjson.Null}
}

func (l *literals) misfit(v *ast.Value, typ string) *literal {
	return l.wrong(v, "%s is no %s", excerpt(v.String()), typ)
}

// constant reads a value without variables.
func (l *literals) constant(v *ast.Value, t *inputType) []byte { return l.read(v, t).json }

// read reads a value of a type. Without a type, which is what custom scalars hold, anything goes.
func (l *literals) read(v *ast.Value, t *inputType) *literal {
	switch {
	case v.Kind == ast.Variable:
		return l.variable(v, t)
	case v.Kind == ast.NullValue:
		if t != nil && t.nonNull {
			return l.misfit(v, t.text)
		}
		return &literal{json: rawjson.Null}
	case t == nil:
		return l.untyped(v)
	case t.elem != nil && v.Kind == ast.ListValue:
		return l.list(v, t.elem)
	case t.elem != nil:
		return listOf([]*literal{l.read(v, t.elem)})
	case t.named.kind == ast.InputObject:
		return l.object(v, t.named)
	}
	return l.leaf(v, t.named)
}

func (l *literals) variable(v *ast.Value, t *inputType) *literal {
	i := l.byName[v.Raw]
	if t != nil && t.nonNull && l.variables != nil && !l.variables[i].typ.nonNull {
		l.strict = append(l.strict, strictUse{variable: i, typ: t.text})
	}
	return &literal{variable: i + 1}
}

func (l *literals) list(v *ast.Value, elem *inputType) *literal {
	items := make([]*literal, len(v.Children))
	for i, child := range v.Children {
		items[i] = l.read(child.Value, elem)
	}
	return listOf(items)
}

// listOf joins items into one text where none waits for a variable.
func listOf(items []*literal) *literal {
	list := &literal{items: items}
	if len(items) == 0 {
		return &literal{json: []byte("[]")}
	}
	for _, item := range items {
		if item.json == nil {
			return list
		}
	}
	return &literal{json: list.append(nil, nil)}
}

func objectOf(members []member) *literal {
	object := &literal{members: members}
	for _, m := range members {
		if m.value.json == nil {
			return object
		}
	}
	return &literal{json: object.append(nil, nil)}
}

func (l *literals) object(v *ast.Value, in *namedInput) *literal {
	if v.Kind != ast.ObjectValue {
		return l.misfit(v, in.name)
	}
	if in.oneOf && (len(v.Children) != 1 || v.Children[0].Value.Kind == ast.NullValue) {
		return l.wrong(v, "%s takes exactly one field, which is not null", in.name)
	}
	members := make([]member, 0, len(v.Children))
	for _, child := range v.Children {
		i, ok := in.byName[child.Name]
		if !ok {
			return l.wrong(child.Value, "Field '%s' is not defined by type '%s'", excerpt(child.Name), in.name)
		}
		f := &in.fields[i]
		m := member{name: f.name, value: l.read(child.Value, f.typ)}
		if m.value.variable > 0 {
			m.fallback = f.fallback // schemas have no variables, so that it is known by now
		}
		members = append(members, m)
	}
	for i := range in.fields {
		f := &in.fields[i]
		if v.Children.ForName(f.name) != nil {
			continue
		}
		if l.fieldDefault(f); f.fallback != nil {
			members = append(members, member{name: f.name, value: &literal{json: f.fallback}})
		} else if f.typ.nonNull {
			return l.wrong(v, "Field '%s' of required type '%s' was not provided", f.name, f.typ.text)
		}
	}
	return objectOf(members)
}

func (l *literals) leaf(v *ast.Value, in *namedInput) *literal {
	isText := v.Kind == ast.StringValue || v.Kind == ast.BlockValue
	fits := false
	switch in.name {
	case "Int":
		_, err := strconv.ParseInt(v.Raw, 10, 32)
		fits = v.Kind == ast.IntValue && err == nil
	case "Float":
		fits = (v.Kind == ast.IntValue || v.Kind == ast.FloatValue) && isFinite(v.Raw)
	case "String":
		fits = isText
	case "Boolean":
		fits = v.Kind == ast.BooleanValue
	case "ID":
		if isText || v.Kind == ast.IntValue {
			return &literal{json: rawjson.AppendString(nil, v.Raw)}
		}
	default:
		fits = in.kind == ast.Scalar || v.Kind == ast.EnumValue && in.values[v.Raw]
	}
	if !fits {
		return l.misfit(v, in.name)
	}
	return l.untyped(v)
}

// untyped gives a value as the JSON that looks like it.
func (l *literals) untyped(v *ast.Value) *literal {
	switch v.Kind {
	case ast.ListValue:
		return l.list(v, nil)
	case ast.ObjectValue:
		members := make([]member, len(v.Children))
		for i, child := range v.Children {
			members[i] = member{name: child.Name, value: l.read(child.Value, nil)}
		}
		return objectOf(members)
	case ast.StringValue, ast.BlockValue, ast.EnumValue:
		return &literal{json: rawjson.AppendString(nil, v.Raw)}
	}
	return &literal{json: []byte(v.Raw)} // numbers, true and false are written as in JSON
}
