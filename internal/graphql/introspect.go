package graphql

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"freshet/internal/rawjson"
)

// introspection is the response of the introspection that was asked for last.
type introspection struct {
	op       *Operation
	response []byte
}

// introspect executes an operation that always has the same response, or repeats that.
func (s *Schema) introspect(ctx context.Context, b *Bound, dst []byte) []byte {
	if known := s.introspected.Load(); known != nil && known.op == b.op {
		return append(dst, known.response...)
	}
	start := len(dst)
	x := b.newExecution(dst)
	dst = x.respond(ctx)
	if len(x.errors) == 0 {
		s.introspected.Store(&introspection{op: b.op, response: bytes.Clone(dst[start:])})
	}
	return dst
}

func (s *Schema) resolveSchema(context.Context, *Call) (any, error) {
	return schemaInfo{s.ast}, nil
}

func (s *Schema) resolveType(_ context.Context, call *Call) (any, error) {
	name, err := rawjson.String(call.Arg("name"))
	if err != nil || s.ast.Types[name] == nil {
		return nil, nil
	}
	return typeInfo{schema: s.ast, def: s.ast.Types[name]}, nil
}

// The types below are those of the introspection schema, which says what their fields mean.

type schemaInfo struct{ *ast.Schema }

func (s schemaInfo) Field(name string) (any, error) {
	switch name {
	case "description":
		return textOrNull(s.Description), nil
	case "types":
		var types Slice[Object]
		for _, name := range slices.Sorted(maps.Keys(s.Types)) {
			types = append(types, typeInfo{schema: s.Schema, def: s.Types[name]})
		}
		return types, nil
	case "queryType":
		return s.root(s.Query), nil
	case "mutationType":
		return s.root(s.Mutation), nil
	case "subscriptionType":
		return s.root(s.Subscription), nil
	case "directives":
		var directives Slice[Object]
		for _, name := range slices.Sorted(maps.Keys(s.Directives)) {
			directives = append(directives, directiveInfo{s.Schema, s.Directives[name]})
		}
		return directives, nil
	}
	return nil, nil
}

func (s schemaInfo) root(def *ast.Definition) any {
	if def == nil {
		return nil
	}
	return typeInfo{schema: s.Schema, def: def}
}

// typeInfo is a type with a name, or a list or a non-null type around another.
type typeInfo struct {
	schema  *ast.Schema
	def     *ast.Definition
	wrapper string
	of      *ast.Type
}

func typeOf(schema *ast.Schema, t *ast.Type) typeInfo {
	switch {
	case t.NonNull:
		nullable := *t
		nullable.NonNull = false
		return typeInfo{schema: schema, wrapper: "NON_NULL", of: &nullable}
	case t.Elem != nil:
		return typeInfo{schema: schema, wrapper: "LIST", of: t.Elem}
	}
	return typeInfo{schema: schema, def: schema.Types[t.NamedType]}
}

func (t typeInfo) Field(name string) (any, error) {
	if t.def == nil {
		switch name {
		case "kind":
			return t.wrapper, nil
		case "ofType":
			return typeOf(t.schema, t.of), nil
		}
		return nil, nil
	}
	switch name {
	case "kind":
		return string(t.def.Kind), nil
	case "name":
		return t.def.Name, nil
	case "description":
		return textOrNull(t.def.Description), nil
	case "specifiedByURL":
		return directiveText(t.def.Directives, "specifiedBy", "url", ""), nil
	case "isOneOf":
		if t.def.Kind == ast.InputObject {
			return t.def.Directives.ForName("oneOf") != nil, nil
		}
	case "interfaces":
		if t.def.Kind == ast.Object || t.def.Kind == ast.Interface {
			return t.interfaces(), nil
		}
	case "possibleTypes":
		if t.def.IsAbstractType() {
			return t.possibleTypes(), nil
		}
	}
	return nil, nil
}

func (t typeInfo) FieldWithArgs(_ context.Context, call *Call) (any, error) {
	if t.def == nil {
		return nil, nil
	}
	deprecated := includesDeprecated(call)
	switch call.Field() {
	case "fields":
		if t.def.Kind == ast.Object || t.def.Kind == ast.Interface {
			return t.fields(deprecated), nil
		}
	case "inputFields":
		if t.def.Kind == ast.InputObject {
			return t.inputFields(deprecated), nil
		}
	case "enumValues":
		if t.def.Kind == ast.Enum {
			return t.enumValues(deprecated), nil
		}
	}
	return nil, nil
}

func (t typeInfo) interfaces() Slice[Object] {
	var list Slice[Object]
	for _, name := range t.def.Interfaces {
		list = append(list, typeInfo{schema: t.schema, def: t.schema.Types[name]})
	}
	return list
}

func (t typeInfo) possibleTypes() Slice[Object] {
	var list Slice[Object]
	for _, def := range t.schema.PossibleTypes[t.def.Name] {
		if def.Kind == ast.Object {
			list = append(list, typeInfo{schema: t.schema, def: def})
		}
	}
	return list
}

func (t typeInfo) fields(deprecated bool) Slice[Object] {
	var list Slice[Object]
	for _, f := range t.def.Fields {
		if !strings.HasPrefix(f.Name, "__") && (deprecated || !isDeprecated(f.Directives)) {
			list = append(list, fieldInfo{t.schema, f})
		}
	}
	return list
}

func (t typeInfo) inputFields(deprecated bool) Slice[Object] {
	var list Slice[Object]
	for _, f := range t.def.Fields {
		if deprecated || !isDeprecated(f.Directives) {
			list = append(list, inputInfo{t.schema, f.Name, f.Description, f.Type, f.DefaultValue, f.Directives})
		}
	}
	return list
}

func (t typeInfo) enumValues(deprecated bool) Slice[Object] {
	var list Slice[Object]
	for _, v := range t.def.EnumValues {
		if deprecated || !isDeprecated(v.Directives) {
			list = append(list, enumValueInfo{v})
		}
	}
	return list
}

type fieldInfo struct {
	schema *ast.Schema
	def    *ast.FieldDefinition
}

func (f fieldInfo) Field(name string) (any, error) {
	if name == "type" {
		return typeOf(f.schema, f.def.Type), nil
	}
	return describedField(name, f.def.Name, f.def.Description, f.def.Directives), nil
}

func (f fieldInfo) FieldWithArgs(_ context.Context, call *Call) (any, error) {
	return arguments(f.schema, f.def.Arguments, includesDeprecated(call)), nil
}

func arguments(schema *ast.Schema, args ast.ArgumentDefinitionList, deprecated bool) Slice[Object] {
	var list Slice[Object]
	for _, a := range args {
		if deprecated || !isDeprecated(a.Directives) {
			list = append(list, inputInfo{schema, a.Name, a.Description, a.Type, a.DefaultValue, a.Directives})
		}
	}
	return list
}

// inputInfo is an argument or a field of an input object.
type inputInfo struct {
	schema            *ast.Schema
	name, description string
	typ               *ast.Type
	defaultValue      *ast.Value
	directives        ast.DirectiveList
}

func (in inputInfo) Field(name string) (any, error) {
	switch name {
	case "type":
		return typeOf(in.schema, in.typ), nil
	case "defaultValue":
		if in.defaultValue == nil {
			return nil, nil
		}
		return in.defaultValue.String(), nil
	}
	return describedField(name, in.name, in.description, in.directives), nil
}

type enumValueInfo struct{ def *ast.EnumValueDefinition }

func (v enumValueInfo) Field(name string) (any, error) {
	return describedField(name, v.def.Name, v.def.Description, v.def.Directives), nil
}

type directiveInfo struct {
	schema *ast.Schema
	def    *ast.DirectiveDefinition
}

func (d directiveInfo) Field(name string) (any, error) {
	switch name {
	case "isRepeatable":
		return d.def.IsRepeatable, nil
	case "locations":
		var list Slice[string]
		for _, location := range d.def.Locations {
			list = append(list, string(location))
		}
		return list, nil
	}
	return describedField(name, d.def.Name, d.def.Description, nil), nil
}

func (d directiveInfo) FieldWithArgs(_ context.Context, call *Call) (any, error) {
	return arguments(d.schema, d.def.Arguments, includesDeprecated(call)), nil
}

// describedField gives the fields that most of the types have in common.
func describedField(field, name, description string, directives ast.DirectiveList) any {
	switch field {
	case "name":
		return name
	case "description":
		return textOrNull(description)
	case "isDeprecated":
		return isDeprecated(directives)
	case "deprecationReason":
		return directiveText(directives, "deprecated", "reason", "No longer supported")
	}
	return nil
}

func includesDeprecated(call *Call) bool {
	return string(call.Arg("includeDeprecated")) == "true"
}

func isDeprecated(directives ast.DirectiveList) bool { return directives.ForName("deprecated") != nil }

// directiveText gives an argument of a directive: fallback where it is left out, null without the directive.
func directiveText(directives ast.DirectiveList, name, argument, fallback string) any {
	d := directives.ForName(name)
	if d == nil {
		return nil
	}
	if a := d.Arguments.ForName(argument); a != nil && a.Value.Kind != ast.NullValue {
		return a.Value.Raw
	}
	return fallback
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
