package codegen

import (
	"slices"
	"strings"

	"freshet/internal/schema"
)

// scalars are the types of their values in JSON; those that are missing are strings.
var scalars = map[string]string{"Int": "number", "Float": "number", "Boolean": "boolean", "AWSTimestamp": "number"}

// typeOf gives the type of a value that is there.
func typeOf(t *schema.Type) string {
	switch {
	case t.Elem != nil:
		elem := nullable(t.Elem)
		if strings.ContainsAny(elem, " ") {
			elem = "(" + elem + ")"
		}
		return "readonly " + elem + "[]"
	case t.Enum != nil || t.Object != nil:
		return t.Name
	case scalars[t.Name] != "":
		return scalars[t.Name]
	}
	return "string"
}

func nullable(t *schema.Type) string {
	if t.NonNull {
		return typeOf(t)
	}
	return typeOf(t) + " | null"
}

func (w *writer) enum(e *schema.Enum) {
	w.line(0, "")
	w.doc(0, e.Description)
	w.line(0, "export type %s =", e.Name)
	for i, v := range e.Values {
		w.doc(1, v.Description)
		end := ""
		if i == len(e.Values)-1 {
			end = ";"
		}
		w.line(1, "| %s%s", quoted(v.Name), end)
	}
}

// member writes a member of an interface; one that may be missing may be null too, unless its type says otherwise.
func (w *writer) member(f *schema.Field, optional bool) {
	w.doc(1, f.Description)
	mark := ""
	if optional {
		mark = "?"
	}
	w.line(1, "readonly %s%s: %s;", f.Name, mark, nullable(f.Type))
}

func (w *writer) object(o *schema.Object) {
	w.line(0, "")
	w.doc(0, o.Description)
	w.line(0, "export interface %s {", o.Name)
	for _, f := range o.Fields {
		w.member(f, !f.Type.NonNull)
	}
	w.line(0, "}")
}

// model writes the interfaces of a model: a record, what makes one, what changes one, and what names one.
func (w *writer) model(m *schema.Model) {
	name := m.TypeName()
	w.line(0, "")
	w.doc(0, m.Description)
	w.line(0, "export interface %s {", name)
	for _, f := range m.Fields {
		w.member(f, !f.Type.NonNull)
	}
	w.doc(1, "Grows by 1 with each write of the record.")
	w.line(1, "readonly _version: number;")
	w.doc(1, "True for a record that was deleted.")
	w.line(1, "readonly _deleted?: boolean | null;")
	w.doc(1, "When the record was written last, in milliseconds.")
	w.line(1, "readonly _lastChangedAt: number;")
	w.line(0, "}")

	w.line(0, "")
	w.doc(0, "The fields of a new record.")
	w.line(0, "export interface %sCreate {", name)
	for _, f := range m.Fields {
		if !isReadonly(m, f) {
			w.member(f, !f.Type.NonNull || isFilledIn(m, f))
		}
	}
	w.line(0, "}")

	w.patch(m)
	w.key(m)
}

func (w *writer) patch(m *schema.Model) {
	w.line(0, "")
	w.doc(0, "What an update may change; null takes a value away.")
	fields := slices.DeleteFunc(slices.Clone(m.Fields), func(f *schema.Field) bool { return isReadonly(m, f) || m.IsKey(f) })
	if len(fields) == 0 { // an empty interface would take anything
		w.line(0, "export type %sPatch = Record<string, never>;", m.TypeName())
		return
	}
	w.line(0, "export interface %sPatch {", m.TypeName())
	for _, f := range fields {
		w.member(f, true)
	}
	w.line(0, "}")
}

func (w *writer) key(m *schema.Model) {
	w.line(0, "")
	w.doc(0, "What names a record.")
	if len(m.Key) == 1 {
		w.line(0, "export type %sKey = %s;", m.TypeName(), typeOf(m.Key[0].Type))
		return
	}
	w.line(0, "export interface %sKey {", m.TypeName())
	for _, f := range m.Key {
		w.line(1, "readonly %s: %s;", f.Name, typeOf(f.Type))
	}
	w.line(0, "}")
}

// isReadonly tells whether clients cannot write a field.
func isReadonly(m *schema.Model, f *schema.Field) bool { return f.Implicit && !m.IsKey(f) }

// isFilledIn tells whether the server gives a new record's field a value where it is absent.
func isFilledIn(m *schema.Model, f *schema.Field) bool {
	return f.Default != nil || f == m.ID() || f == m.CreatedAt() || f == m.UpdatedAt() || isOwner(m, f)
}

// isOwner tells whether a field is filled in with who creates the record.
func isOwner(m *schema.Model, f *schema.Field) bool {
	for _, rule := range m.Rules {
		if rule.Allow == schema.AllowOwner && rule.Field == f && rule.Access&schema.AccessCreate != 0 {
			return true
		}
	}
	return false
}
