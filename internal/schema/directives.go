package schema

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"freshet/internal/rawjson"
)

// model reads the directives of a model, and adds the fields that are not declared.
func (l *loader) model(m *Model, d *ast.Definition) {
	for _, directive := range d.Directives {
		switch directive.Name {
		case "model":
			for _, a := range directive.Arguments {
				l.problem(a.Position, "@model(%s: …) on %s is not supported; take the argument away", a.Name, m.Name)
			}
		case "auth":
			l.rules(m, directive)
		case "conflict":
			l.conflict(m, directive)
		default:
			l.problem(directive.Position, "@%s on %s is not known; types may have @model, @auth and @conflict", directive.Name, m.Name)
		}
	}
	l.key(m, d)
	for _, fd := range d.Fields {
		for _, directive := range fd.Directives {
			if f := m.fields[fd.Name]; f != nil && directive.Name == "index" {
				l.index(m, f, directive)
			}
		}
	}
	dateTime := &Type{Name: "AWSDateTime", NonNull: true}
	m.createdAt = l.serverField(m, "createdAt", dateTime)
	m.updatedAt = l.serverField(m, "updatedAt", dateTime)
}

// serverField gives a field that the server fills in: the declared one, or one that it adds.
func (l *loader) serverField(m *Model, name string, t *Type) *Field {
	if f := m.fields[name]; f != nil {
		if f.Type.Name != t.Name || f.Type.IsList() {
			l.problem(l.position(m, name), "%s.%s is set by the server and has to be of type %s", m.Name, name, t.Name)
		}
		return f
	}
	f := &Field{Name: name, Type: t, Ordinal: len(m.Fields), Implicit: true}
	m.Fields = append(m.Fields, f)
	m.fields[name] = f
	return f
}

func (l *loader) position(m *Model, field string) *ast.Position {
	d := l.definitions[string(m.Name)]
	if fd := d.Fields.ForName(field); fd != nil {
		return fd.Position
	}
	return d.Position
}

func (l *loader) conflict(m *Model, directive *ast.Directive) {
	name := ""
	for _, a := range directive.Arguments {
		if a.Name != "strategy" {
			l.problem(a.Position, "@conflict(%s: …) on %s: the only argument is strategy", a.Name, m.Name)
			return
		}
		name = a.Value.Raw
	}
	m.Conflict = Strategy(name)
	if !slices.Contains([]Strategy{AutoMerge, Optimistic, LastWriter}, m.Conflict) {
		l.problem(directive.Position, "@conflict on %s: write strategy: %s, %s or %s", m.Name, AutoMerge, Optimistic, LastWriter)
	}
}

func (l *loader) defaultValue(f *Field, name string, directive *ast.Directive) {
	a := directive.Arguments.ForName("value")
	if a == nil || len(directive.Arguments) != 1 || a.Value.Kind != ast.StringValue {
		l.problem(directive.Position, `@default on %s: write @default(value: "…"), with the value as a string`, name)
		return
	}
	value := []byte(a.Value.Raw)
	leaf := f.Type
	switch s := scalars[leaf.Name]; {
	case leaf.IsList() || leaf.Object != nil:
		l.problem(directive.Position, "@default on %s: only scalars and enum values have defaults", name)
		return
	case s == nil || s.key == keyText:
		value = rawjson.AppendString(nil, a.Value.Raw)
	}
	if _, err := rawjson.Trim(value); err != nil {
		l.problem(directive.Position, "@default on %s: %q is no %s", name, a.Value.Raw, leaf.Name)
		return
	}
	stored, err := leaf.Append(nil, value)
	if err != nil {
		l.problem(directive.Position, "@default on %s: %v", name, err)
		return
	}
	f.Default = stored
}

// key reads @primaryKey; without one the field id is the key.
func (l *loader) key(m *Model, d *ast.Definition) {
	for _, fd := range d.Fields {
		f := m.fields[fd.Name]
		directives := fd.Directives.ForNames("primaryKey")
		if f == nil || len(directives) == 0 {
			continue
		}
		if m.CustomKey || len(directives) > 1 {
			l.problem(directives[0].Position, "%s has two primary keys; keep one, and name its further fields in sortKeyFields", m.Name)
			return
		}
		for _, a := range directives[0].Arguments {
			if a.Name != "sortKeyFields" {
				l.problem(a.Position, "@primaryKey(%s: …) on %s.%s: the only argument is sortKeyFields", a.Name, m.Name, f.Name)
			}
		}
		m.CustomKey = true
		m.Key = append(m.Key, f)
		m.Key = append(m.Key, l.sortFields(m, f, directives[0])...)
		for _, part := range m.Key {
			if !l.keyField(m, part, directives[0]) {
				continue
			}
			if !part.Type.NonNull {
				l.problem(l.position(m, part.Name), "%s.%s is part of the primary key and has to be non-null; write %s!", m.Name, part.Name, part.Type)
			}
		}
	}
	if m.CustomKey {
		return
	}
	m.id = m.fields["id"]
	if m.id == nil {
		return // its declaration was refused
	}
	if m.id.Type.IsList() || m.id.Type.Name != "ID" && m.id.Type.Name != "String" {
		l.problem(l.position(m, "id"), "%s.id is the key and has to be of type ID!; or declare another field as the key with @primaryKey", m.Name)
	}
	m.id.Type.NonNull = true
	m.Key = []*Field{m.id}
}

func (l *loader) sortFields(m *Model, f *Field, directive *ast.Directive) []*Field {
	a := directive.Arguments.ForName("sortKeyFields")
	if a == nil {
		return nil
	}
	var fields []*Field
	for _, name := range stringsOf(a.Value) {
		sort := m.fields[name]
		switch {
		case sort == nil:
			l.problem(a.Position, "@%s on %s.%s: there is no field %q to sort by", directive.Name, m.Name, f.Name, name)
		case sort == f || slices.Contains(fields, sort):
			l.problem(a.Position, "@%s on %s.%s: the field %q stands twice", directive.Name, m.Name, f.Name, name)
		default:
			fields = append(fields, sort)
		}
	}
	return fields
}

func (l *loader) keyField(m *Model, f *Field, directive *ast.Directive) bool {
	s := scalars[f.Type.Name]
	if f.Type.IsList() || f.Type.Object != nil || s != nil && s.key == keyBool && directive.Name == "primaryKey" {
		l.problem(directive.Position, "@%s: %s.%s is of type %s, by which records cannot be ordered; use a string, number or enum field", directive.Name, m.Name, f.Name, f.Type)
		return false
	}
	return true
}

// index reads one @index, with the names that Amplify's transformer gives where they are left out.
func (l *loader) index(m *Model, f *Field, directive *ast.Directive) {
	index := &Index{Fields: append([]*Field{f}, l.sortFields(m, f, directive)...)}
	for _, field := range index.Fields {
		if !l.keyField(m, field, directive) {
			return
		}
	}
	by := make([]string, len(index.Fields))
	for i, field := range index.Fields {
		by[i] = upperFirst(field.Name)
	}
	index.Name = "by" + strings.Join(by, "And")
	index.QueryField = lowerFirst(m.Plural) + "By" + strings.Join(by, "And")
	for _, a := range directive.Arguments {
		switch {
		case a.Name == "sortKeyFields":
		case a.Name == "name" && a.Value.Kind == ast.StringValue && a.Value.Raw != "":
			index.Name = a.Value.Raw
		case a.Name == "queryField" && a.Value.Kind == ast.StringValue && isName(a.Value.Raw):
			index.QueryField = a.Value.Raw
		case a.Name == "queryField" && a.Value.Kind == ast.NullValue:
			index.QueryField = ""
		default:
			l.problem(a.Position, "@index(%s: %s) on %s.%s: the arguments are name, sortKeyFields and queryField", a.Name, a.Value, m.Name, f.Name)
		}
	}
	if m.Index(index.Name) != nil {
		l.problem(directive.Position, "%s has two indexes named %q; give one another name", m.Name, index.Name)
		return
	}
	m.Indexes = append(m.Indexes, index)
}

func isName(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && !strings.HasPrefix(s, "__")
}

// stringsOf gives the strings of a list; one string counts as a list of one.
func stringsOf(v *ast.Value) []string {
	if v.Kind != ast.ListValue {
		if v.Kind == ast.StringValue || v.Kind == ast.EnumValue {
			return []string{v.Raw}
		}
		return nil
	}
	var list []string
	for _, child := range v.Children {
		list = append(list, child.Value.Raw)
	}
	return list
}

// generatedNames refuses models whose generated types or fields would have the same names.
func (l *loader) generatedNames() {
	taken := make(map[string]string)
	clashes := make(map[[2]string]bool)
	claim := func(m *Model, name string) {
		other, ok := taken[name]
		if ok && !clashes[[2]string{string(m.Name), other}] {
			clashes[[2]string{string(m.Name), other}] = true
			l.problem(l.position(m, ""), "%s and %s would both generate %s; rename one", m.Name, other, name)
		}
		taken[name] = string(m.Name)
	}
	for _, name := range []string{"changes", "push", "history", "userByEmail", "people"} {
		taken[name] = "the server's own API"
	}
	for name := range l.definitions {
		taken["type "+name] = name
	}
	for _, m := range l.schema.Models {
		t := m.TypeName()
		for _, name := range []string{"get" + t, "list" + m.PluralName(), "create" + t, "update" + t, "delete" + t} {
			claim(m, name)
		}
		for _, index := range m.Indexes {
			if index.QueryField != "" {
				claim(m, index.QueryField)
			}
		}
		for _, name := range []string{"Create" + t + "Input", "Update" + t + "Input", "Delete" + t + "Input", "Model" + t + "Connection", "Model" + t + "FilterInput", "Model" + t + "ConditionInput"} {
			claim(m, "type "+name)
		}
	}
}

// nameField gives a field that may hold the names of owners or groups; nil where there is none.
func (l *loader) nameField(m *Model, name, argument string, at *ast.Position) *Field {
	f := m.fields[name]
	if f == nil {
		return nil
	}
	leaf := f.Type.Leaf()
	if leaf.Name != "String" && leaf.Name != "ID" && leaf.Name != "AWSEmail" || f.Type.IsList() && f.Type.Elem.IsList() {
		l.problem(at, "@auth on %s: the %s %q is of type %s; it has to be String or [String]", m.Name, argument, name, f.Type)
		return nil
	}
	return f
}
