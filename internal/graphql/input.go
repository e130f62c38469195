package graphql

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"freshet/internal/rawjson"
)

// inputType is what a variable, an argument or a field of an input object may hold.
type inputType struct {
	text    string // in the schema's language: "[ID!]!"
	nonNull bool
	elem    *inputType  // of a list
	named   *namedInput // of any other type
}

// namedInput is a scalar, an enum or an input object.
type namedInput struct {
	name   string
	kind   ast.DefinitionKind
	values map[string]bool // of an enum
	fields []inputField    // of an input object
	byName map[string]int
	oneOf  bool
}

type inputField struct {
	definition *ast.FieldDefinition
	name       string
	typ        *inputType
	fallback   []byte // the default as JSON; nil where there is none
	state      progress
}

// argumentInput is an argument of a field in the schema.
type argumentInput struct {
	name     string
	typ      *inputType
	fallback []byte
}

// compileInputs prepares all that the schema takes in. Types come first, for they refer to each other, then
// the defaults, which may need the defaults of other types.
func (s *Schema) compileInputs() error {
	s.inputs = make(map[string]*namedInput)
	for name, d := range s.ast.Types {
		if d.IsInputType() {
			s.inputs[name] = newNamedInput(d)
		}
	}
	for name, in := range s.inputs {
		for i, f := range s.ast.Types[name].Fields {
			in.byName[f.Name] = i
			in.fields = append(in.fields, inputField{definition: f, name: f.Name, typ: s.inputType(f.Type)})
		}
	}
	l := literals{schema: s}
	for _, in := range s.inputs {
		for i := range in.fields {
			l.fieldDefault(&in.fields[i])
		}
	}
	s.arguments = make(map[*ast.FieldDefinition][]argumentInput)
	for _, d := range s.ast.Types {
		for _, f := range d.Fields {
			for _, a := range f.Arguments {
				in := argumentInput{name: a.Name, typ: s.inputType(a.Type)}
				if a.DefaultValue != nil {
					in.fallback = l.constant(a.DefaultValue, in.typ)
				}
				s.arguments[f] = append(s.arguments[f], in)
			}
		}
	}
	if len(l.faults) > 0 {
		return fmt.Errorf("read the defaults of the schema: %w", l.faults)
	}
	return nil
}

func newNamedInput(d *ast.Definition) *namedInput {
	in := &namedInput{
		name: d.Name, kind: d.Kind, oneOf: d.Directives.ForName("oneOf") != nil,
		values: make(map[string]bool, len(d.EnumValues)), byName: make(map[string]int, len(d.Fields)),
	}
	for _, v := range d.EnumValues {
		in.values[v.Name] = true
	}
	return in
}

func (s *Schema) inputType(t *ast.Type) *inputType {
	in := &inputType{text: t.String(), nonNull: t.NonNull}
	if t.Elem != nil {
		in.elem = s.inputType(t.Elem)
	} else {
		in.named = s.inputs[t.NamedType]
	}
	return in
}

// fieldDefault computes the default of a field, once.
func (l *literals) fieldDefault(f *inputField) {
	switch {
	case f.definition.DefaultValue == nil || f.state == done:
	case f.state == open:
		l.faults = append(l.faults, gqlerror.ErrorPosf(f.definition.Position, "the default of %s contains itself", f.name))
	default:
		f.state = open
		f.fallback = l.constant(f.definition.DefaultValue, f.typ)
		f.state = done
	}
}

// misfit says why a value does not fit its type, and where in it.
type misfit struct {
	path   string // from the variable: ".tags[2]"
	null   string // the type that wants a value, where there is none
	reason string
}

func misfitf(format string, args ...any) *misfit {
	return &misfit{reason: fmt.Sprintf(format, args...)}
}

func (m *misfit) in(step string) *misfit {
	m.path = step + m.path
	return m
}

func (m *misfit) Error() string { return m.path + ": " + m.reason }

// append checks a JSON value of a variable and appends it, without white space, as the type has it: defaults
// filled in, a single value as a list of one where a list is expected, an ID as a string.
func (t *inputType) append(dst, value []byte) ([]byte, error) {
	switch {
	case rawjson.IsNull(value):
		if t.nonNull {
			return dst, &misfit{null: t.text}
		}
		return append(dst, rawjson.Null...), nil
	case t.elem != nil:
		return t.appendList(dst, value)
	}
	return t.named.append(dst, value)
}

func (t *inputType) appendList(dst, value []byte) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	if value[0] != '[' {
		dst, err = t.elem.append(dst, value)
		return append(dst, ']'), err
	}
	n := 0
	err = rawjson.Elements(value, func(element []byte) error {
		if n > 0 {
			dst = append(dst, ',')
		}
		n++
		var err error
		if dst, err = t.elem.append(dst, element); err != nil {
			return within(err, "["+strconv.Itoa(n-1)+"]")
		}
		return nil
	})
	return append(dst, ']'), err
}

// within adds a step to the path of a misfit.
func within(err error, step string) error {
	if m, ok := err.(*misfit); ok {
		return m.in(step)
	}
	return err
}

func (in *namedInput) append(dst, value []byte) ([]byte, error) {
	switch in.kind {
	case ast.InputObject:
		return in.appendObject(dst, value)
	case ast.Enum:
		return in.appendEnum(dst, value)
	}
	isText, isNumber := value[0] == '"', value[0] == '-' || value[0] >= '0' && value[0] <= '9'
	switch in.name {
	case "Int":
		if n, ok := int32Of(value); isNumber && ok {
			return rawjson.AppendInt(dst, n), nil
		}
		return dst, misfitf("%s is no whole number of 32 bits", excerpt(string(value)))
	case "Float":
		if isNumber && isFinite(string(value)) {
			return append(dst, value...), nil
		}
	case "String":
		if isText {
			return append(dst, value...), nil
		}
	case "Boolean":
		if value[0] == 't' || value[0] == 'f' {
			return append(dst, value...), nil
		}
	case "ID":
		if isText {
			return append(dst, value...), nil
		}
		if isNumber && !bytes.ContainsAny(value, ".eE") {
			return append(append(append(dst, '"'), value...), '"'), nil
		}
	default:
		return rawjson.AppendCompact(dst, value), nil
	}
	return dst, misfitf("%s is no %s", excerpt(string(value)), in.name)
}

// int32Of reads a number that may be written like 5.0 or 1e3.
func int32Of(value []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(value), 10, 32)
	if err == nil {
		return n, true
	}
	if errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(value), 64)
	return int64(f), err == nil && f == math.Trunc(f) && f >= math.MinInt32 && f <= math.MaxInt32
}

// isFinite tells whether the number fits a double.
func isFinite(number string) bool {
	_, err := strconv.ParseFloat(number, 64)
	return err == nil
}

func (in *namedInput) appendEnum(dst, value []byte) ([]byte, error) {
	if value[0] == '"' && in.values[string(value[1:len(value)-1])] {
		return append(dst, value...), nil
	}
	if name, err := rawjson.String(value); err == nil && in.values[name] {
		return rawjson.AppendString(dst, name), nil
	}
	return dst, misfitf("%s is no value of the enum %s", excerpt(string(value)), in.name)
}

func (in *namedInput) appendObject(dst, value []byte) ([]byte, error) {
	if value[0] != '{' {
		return dst, misfitf("%s is no %s, which is an object", excerpt(string(value)), in.name)
	}
	var space [64]bool
	seen := space[:]
	if len(in.fields) > len(space) {
		seen = make([]bool, len(in.fields))
	}
	dst, err := in.appendMembers(append(dst, '{'), value, seen)
	switch {
	case err != nil:
		return dst, err
	case in.oneOf:
		err = in.checkOneOf(seen, dst)
	default:
		dst, err = in.appendDefaults(dst, seen)
	}
	return append(dst, '}'), err
}

// appendMembers appends the members of an object that dst ends with, and notes which fields it saw.
func (in *namedInput) appendMembers(dst, object []byte, seen []bool) ([]byte, error) {
	start := len(dst)
	err := rawjson.Members(object, func(name, member []byte) error {
		i, ok := in.byName[string(name)]
		if !ok {
			// DataStore asks again without a filter when it meets these words.
			return misfitf("The variables input contains a field name '%s' that is not defined for input object type '%s'",
				excerpt(string(name)), in.name)
		}
		if seen[i] {
			return misfitf("the field '%s' stands twice", name)
		}
		seen[i] = true
		f := &in.fields[i]
		dst = appendLabel(dst, len(dst) > start, f.name)
		var err error
		if dst, err = f.typ.append(dst, member); err != nil {
			return within(err, "."+f.name)
		}
		return nil
	})
	return dst, err
}

// appendDefaults appends the defaults of the fields that were not seen to the object that dst ends with.
func (in *namedInput) appendDefaults(dst []byte, seen []bool) ([]byte, error) {
	for i := range in.fields {
		f := &in.fields[i]
		switch {
		case seen[i]:
		case f.fallback != nil:
			dst = append(appendLabel(dst, dst[len(dst)-1] != '{', f.name), f.fallback...)
		case f.typ.nonNull:
			return dst, (&misfit{null: f.typ.text}).in("." + f.name)
		}
	}
	return dst, nil
}

// checkOneOf checks that exactly one field of the object that dst ends with was given, and not as null.
func (in *namedInput) checkOneOf(seen []bool, dst []byte) error {
	count := 0
	for i := range in.fields {
		if seen[i] {
			count++
		}
	}
	if count != 1 || bytes.HasSuffix(dst, rawjson.Null) {
		return misfitf("%s takes exactly one field, which is not null", in.name)
	}
	return nil
}

// appendLabel appends "name": with a comma before it where one is needed. Names of the schema need no
// escapes.
func appendLabel(dst []byte, comma bool, name string) []byte {
	if comma {
		dst = append(dst, ',')
	}
	dst = append(append(dst, '"'), name...)
	return append(dst, '"', ':')
}
