package graphql

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// TestExecuteLikeTheSpecification compares the plans with an executor that follows the algorithms of the
// specification word by word, on random documents and values with nulls in the wrong places.
func TestExecuteLikeTheSpecification(t *testing.T) {
	f := newFixture(t, Options{})
	executed, failed := 0, 0
	for seed := range uint64(1000) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 1)), schema: f.ast, conditions: true}
		query := `query ($x: Boolean!, $y: Boolean!) ` + strings.Replace(g.document(), "{", "{ z: __typename @include(if: $x) @skip(if: $y) ", 1)
		op, errs := f.Prepare(query, "")
		if errs != nil {
			if !strings.Contains(errs.Error(), "OverlappingFieldsCanBeMerged") {
				t.Fatalf("%s: %v", query, errs)
			}
			continue
		}
		root := g.value(f.ast.Query, 4).(map[string]any)
		vars := map[string]bool{"x": seed&1 > 0, "y": seed&2 > 0}
		want := newReference(t, f.ast, query, vars).execute(root)
		bound, errs := op.Bind(fmt.Appendf(nil, `{"x":%v,"y":%v}`, vars["x"], vars["y"]))
		if errs != nil {
			t.Fatal(errs)
		}
		for _, asObject := range []bool{false, true} {
			f.values = rootValues(root, asObject)
			var got struct {
				Data   json.RawMessage
				Errors []any
			}
			if err := json.Unmarshal(checked(t, bound.Execute(t.Context(), nil)), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decoded(t, want), decoded(t, string(got.Data))); diff != "" {
				t.Fatalf("%s\nwith %v, objects %v: %s", query, vars, asObject, diff)
			}
			if executed++; got.Errors != nil {
				failed++
			}
		}
	}
	if executed < 1000 || failed < 100 {
		t.Errorf("%d executions, %d with errors; the test needs more of both", executed, failed)
	}
}

// decoded leaves the order of members to the tables of TestExecute: a key whose first occurrence is skipped
// may stand earlier than the specification has it.
func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// value makes a value of a type, with nulls, as JSON decodes to.
func (g generator) value(t *ast.Definition, depth int) any {
	switch {
	case t.Name == "Int" || t.Name == "Float":
		return float64(g.IntN(100))
	case t.Name == "Boolean":
		return g.IntN(2) == 0
	case t.IsLeafType():
		return fmt.Sprint(t.Name, g.IntN(100))
	case t.IsAbstractType():
		t = g.schema.Types[[]string{"Task", "User"}[g.IntN(2)]]
	}
	object := map[string]any{"__typename": t.Name}
	for _, f := range t.Fields {
		object[f.Name] = g.typed(f.Type, depth-1)
	}
	return object
}

func (g generator) typed(t *ast.Type, depth int) any {
	named := g.schema.Types[t.Name()]
	switch {
	case g.IntN(10) == 0 && !t.NonNull, g.IntN(12) == 0, depth < 0 && !named.IsLeafType():
		return nil
	case t.Elem == nil:
		return g.value(named, depth)
	}
	list := make([]any, g.IntN(3))
	for i := range list {
		list[i] = g.typed(t.Elem, depth)
	}
	return list
}

// rootValues gives what the resolvers return: raw JSON, or objects and lists.
func rootValues(root map[string]any, asObject bool) map[string]any {
	values := make(map[string]any)
	for name, v := range root {
		if asObject {
			values[name] = objects(v)
		} else if v != nil {
			text, _ := json.Marshal(v)
			values[name] = Raw(text)
		}
	}
	return values
}

func objects(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := make(object)
		for name, member := range v {
			o[name] = objects(member)
		}
		return o
	case []any:
		list := make(Slice[any], len(v))
		for i := range v {
			list[i] = objects(v[i])
		}
		return list
	case float64:
		return int(v)
	}
	return v
}

// reference executes queries as section 6 of the specification says.
type reference struct {
	schema *ast.Schema
	doc    *ast.QueryDocument
	vars   map[string]bool
}

func newReference(t *testing.T, schema *ast.Schema, query string, vars map[string]bool) reference {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	return reference{schema, doc, vars}
}

func (r reference) execute(root map[string]any) string {
	text, ok := r.selectionSet(r.doc.Operations[0].SelectionSet, r.schema.Query, root)
	if !ok {
		return "null"
	}
	return text
}

func (r reference) selectionSet(set ast.SelectionSet, t *ast.Definition, object map[string]any) (string, bool) {
	var keys, members []string
	groups := make(map[string][]*ast.Field)
	r.collect(set, t, &keys, groups, make(map[string]bool))
	for _, key := range keys {
		fields := groups[key]
		value, ok := fmt.Sprintf("%q", t.Name), true
		if name := fields[0].Name; name != "__typename" {
			value, ok = r.complete(t.Fields.ForName(name).Type, fields, object[name])
		}
		if !ok {
			return "", false
		}
		members = append(members, fmt.Sprintf("%q:%s", key, value))
	}
	return "{" + strings.Join(members, ",") + "}", true
}

func (r reference) collect(set ast.SelectionSet, t *ast.Definition, keys *[]string, groups map[string][]*ast.Field, visited map[string]bool) {
	for _, selection := range set {
		switch it := selection.(type) {
		case *ast.Field:
			if !r.included(it.Directives) {
				continue
			}
			if groups[it.Alias] == nil {
				*keys = append(*keys, it.Alias)
			}
			groups[it.Alias] = append(groups[it.Alias], it)
		case *ast.FragmentSpread:
			if !r.included(it.Directives) || visited[it.Name] {
				continue
			}
			visited[it.Name] = true
			if f := r.doc.Fragments.ForName(it.Name); r.applies(f.TypeCondition, t) {
				r.collect(f.SelectionSet, t, keys, groups, visited)
			}
		case *ast.InlineFragment:
			if r.included(it.Directives) && r.applies(it.TypeCondition, t) {
				r.collect(it.SelectionSet, t, keys, groups, visited)
			}
		}
	}
}

func (r reference) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		if v := d.Arguments.ForName("if").Value; r.vars[v.Raw] != (d.Name == "include") {
			return false
		}
	}
	return true
}

func (r reference) applies(condition string, t *ast.Definition) bool {
	return condition == "" || condition == t.Name || strings.Contains(strings.Join(t.Interfaces, " "), condition)
}

func (r reference) complete(t *ast.Type, fields []*ast.Field, v any) (string, bool) {
	if t.NonNull {
		nullable := *t
		nullable.NonNull = false
		text, ok := r.complete(&nullable, fields, v)
		return text, ok && text != "null"
	}
	text, ok := r.nullable(t, fields, v)
	if !ok {
		text = "null"
	}
	return text, true
}

func (r reference) nullable(t *ast.Type, fields []*ast.Field, v any) (string, bool) {
	switch v := v.(type) {
	case []any:
		items := make([]string, len(v))
		for i := range v {
			var ok bool
			if items[i], ok = r.complete(t.Elem, fields, v[i]); !ok {
				return "", false
			}
		}
		return "[" + strings.Join(items, ",") + "]", true
	case map[string]any:
		var merged ast.SelectionSet
		for _, f := range fields {
			merged = append(merged, f.SelectionSet...)
		}
		return r.selectionSet(merged, r.schema.Types[v["__typename"].(string)], v)
	}
	text, _ := json.Marshal(v)
	return string(text), true
}
