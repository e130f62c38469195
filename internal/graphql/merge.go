package graphql

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
)

// maxComparisons bounds the work of mergeable on one operation. What the limits of a document allow needs
// fewer, unless interfaces make every type's fields count again at every level.
const maxComparisons = 100_000

// mergeable is the rule OverlappingFieldsCanBeMerged: fields of one key must mean the same. The parser's
// own rule compares all pairs of fields. This one merges first and compares with one of each group, so
// that its time grows with the size of the document.
func mergeable(observers *validator.Events, add validator.AddErrFunc) {
	observers.OnOperation(func(w *validator.Walker, op *ast.OperationDefinition) {
		m := merger{schema: w.Schema, left: maxComparisons, add: add}
		sets := []ast.SelectionSet{op.SelectionSet}
		if m.shapes(sets) {
			m.meanings(sets)
		}
		if m.left < 0 {
			add(explain(op.Position, "The fields of the operation take too long to compare"))
		}
	})
}

type merger struct {
	schema *ast.Schema
	left   int
	add    validator.AddErrFunc
}

// shapes checks that the fields of each key have one type, whatever objects they are of, so that a client
// can know what it gets. It ends with the first conflict.
func (m *merger) shapes(sets []ast.SelectionSet) bool {
	for _, fields := range m.groups(sets) {
		first := fields[0]
		for _, f := range fields[1:] {
			if !m.sameShape(first.Definition.Type, f.Definition.Type) {
				return m.conflict(f, "they return conflicting types '%s' and '%s'", first.Definition.Type, f.Definition.Type)
			}
		}
		if !m.shapes(selectionsOf(fields)) {
			return false
		}
	}
	return true
}

func (m *merger) sameShape(a, b *ast.Type) bool {
	if a.NonNull != b.NonNull || (a.Elem == nil) != (b.Elem == nil) {
		return false
	}
	if a.Elem != nil {
		return m.sameShape(a.Elem, b.Elem)
	}
	isLeaf := m.schema.Types[a.NamedType].IsLeafType() || m.schema.Types[b.NamedType].IsLeafType()
	return !isLeaf || a.NamedType == b.NamedType
}

// meanings checks that the fields of each key that one object can have are one field with one set of
// arguments.
func (m *merger) meanings(sets []ast.SelectionSet) bool {
	for _, fields := range m.groups(sets) {
		for _, together := range byParent(fields) {
			first := together[0]
			for _, f := range together[1:] {
				if f.Name != first.Name {
					return m.conflict(f, "'%s' and '%s' are different fields", first.Name, f.Name)
				}
				if !sameArguments(first.Arguments, f.Arguments) {
					return m.conflict(f, "they have differing arguments")
				}
			}
			if !m.meanings(selectionsOf(together)) {
				return false
			}
		}
	}
	return true
}

func (m *merger) conflict(f *ast.Field, format string, args ...any) bool {
	m.add(explain(f.Position, "Fields '"+f.Alias+"' conflict because "+format, args...))
	return false
}

// groups gives the fields of selection sets by their key, in the order of the document. Fields that are
// not in the schema are left to other rules.
func (m *merger) groups(sets []ast.SelectionSet) [][]*ast.Field {
	var groups [][]*ast.Field
	byKey := make(map[string]int)
	var collect func(set ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, selection := range set {
			if m.left--; m.left < 0 {
				return
			}
			switch it := selection.(type) {
			case *ast.Field:
				if it.Definition == nil || it.ObjectDefinition == nil {
					continue
				}
				i, ok := byKey[it.Alias]
				if !ok {
					i = len(groups)
					byKey[it.Alias] = i
					groups = append(groups, nil)
				}
				groups[i] = append(groups[i], it)
			case *ast.InlineFragment:
				collect(it.SelectionSet)
			case *ast.FragmentSpread:
				if it.Definition != nil {
					collect(it.Definition.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	return groups
}

// byParent divides fields into those that one object can have together: of one object type, and of
// interfaces.
func byParent(fields []*ast.Field) [][]*ast.Field {
	var types []*ast.Definition
	for _, f := range fields {
		if t := f.ObjectDefinition; t.Kind == ast.Object && !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	if len(types) < 2 {
		return [][]*ast.Field{fields}
	}
	groups := make([][]*ast.Field, len(types))
	for i, t := range types {
		for _, f := range fields {
			if f.ObjectDefinition == t || f.ObjectDefinition.Kind != ast.Object {
				groups[i] = append(groups[i], f)
			}
		}
	}
	return groups
}

func selectionsOf(fields []*ast.Field) []ast.SelectionSet {
	sets := make([]ast.SelectionSet, len(fields))
	for i, f := range fields {
		sets[i] = f.SelectionSet
	}
	return sets
}

func sameArguments(a, b ast.ArgumentList) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(arg *ast.Argument) bool {
		other := b.ForName(arg.Name)
		return other == nil || !sameValue(arg.Value, other.Value)
	})
}

func sameValue(a, b *ast.Value) bool {
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	for i, child := range a.Children {
		other := b.Children[i].Value
		if a.Kind == ast.ObjectValue {
			other = b.Children.ForName(child.Name)
		}
		if other == nil || !sameValue(child.Value, other) {
			return false
		}
	}
	return true
}
