package graphql

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	spec "github.com/vektah/gqlparser/v2/validator/rules"
)

func TestMergeable(t *testing.T) {
	f := newFixture(t, Options{})
	for _, c := range []struct {
		query, want string
	}{
		{`{ hello hello }`, ``},
		{`{ task { id } task { id } }`, ``},
		{`{ x: hello x: __typename }`, `'hello' and '__typename' are different fields`},
		{`{ x: args x: hello }`, `'args' and 'hello' are different fields`},
		{`{ task { x: owner { id } } task { x: parent { id } } }`, `'owner' and 'parent' are different fields`},
		{`{ task { id } ...F } fragment F on Query { task { id: title } }`, `conflicting types 'ID!' and 'String!'`},
		{`{ x: task { owner { y: name } } ... { x: task { owner { y: id } } } }`, `conflicting types 'String' and 'ID!'`},
		{`{ args(int: 1) args(int: 1) }`, ``},
		{`{ args(int: 1, id: 2) args(id: 2, int: 1) }`, ``},
		{`{ args(int: 1) args(int: 2) }`, `differing arguments`},
		{`{ args(int: 1) args }`, `differing arguments`},
		{`{ args(data: {a: 1, b: [1]}) args(data: {b: [1], a: 1}) }`, ``},
		{`{ args(data: [1, 2]) args(data: [2, 1]) }`, `differing arguments`},
		{`query ($x: Int, $y: Int) { args(int: $x) args(int: $y) }`, `differing arguments`},
		{`{ node { ... on Task { x: n } ... on User { x: name } } }`, `conflicting types 'Int' and 'String'`},
		{`{ node { ... on Task { x: owner { y: id } } ... on User { x: tasks { y: id } } } }`, `conflicting types 'User' and '[Task!]'`},
		{`{ node { ... on Task { x: owner { y: name } } ... on User { x: name } } }`, `conflicting types`},
		{`{ node { ... on Task { x: id } ... on User { x: id } id } }`, ``},
		{`{ node { ... on Task { x: title } ... on User { x: nick } } }`, ``},
		{`{ node { ... on Task { x: title } ... on User { x: nick } ... on Node { x: id } } }`, `conflicting types 'String!' and 'ID!'`},
		{`{ found { ... on Task { x: title } ... on Task { x: id } } }`, `conflicting types 'String!' and 'ID!'`},
	} {
		_, errs := f.Prepare(c.query, "")
		if c.want == "" && errs != nil || !strings.Contains(errs.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.query, errs, c.want)
		}
	}
}

// TestMergeableLikeTheParser compares the rule with the parser's own one, on random documents.
func TestMergeableLikeTheParser(t *testing.T) {
	f := newFixture(t, Options{})
	mine := validator.Rule{Name: "mine", RuleFunc: mergeable}
	rejected := 0
	for seed := range uint64(3000) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 0)), schema: f.ast}
		query := g.document()
		got, want := f.refuses(t, query, mine), f.refuses(t, query, spec.OverlappingFieldsCanBeMergedRule)
		if (len(got) > 0) != (len(want) > 0) {
			t.Fatalf("%s: refused %v, the parser says %v", query, got, want)
		}
		rejected += min(len(got), 1)
	}
	if rejected < 300 || rejected > 2700 {
		t.Errorf("%d of 3000 documents have conflicts; the test needs both kinds", rejected)
	}
}

func (f *fixture) refuses(t *testing.T, query string, rule validator.Rule) gqlerror.List {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var list gqlerror.List
	observers := &validator.Events{}
	rule.RuleFunc(observers, func(options ...validator.ErrorOption) {
		err := &gqlerror.Error{}
		for _, option := range options {
			option(err)
		}
		list = append(list, err)
	})
	validator.Walk(f.ast, doc, observers)
	return list
}

// generator writes random documents with few keys, so that these meet.
type generator struct {
	*rand.Rand
	schema     *ast.Schema
	conditions bool // @skip and @include by $x and $y too
}

// fragmentTypes are the conditions of the fragments F0, F1 and F2.
var fragmentTypes = []string{"Task", "User", "Node"}

func (g generator) document() string {
	var b strings.Builder
	g.set(&b, g.schema.Query, 4, true)
	for i, on := range fragmentTypes {
		if strings.Contains(b.String(), fmt.Sprintf("...F%d", i)) {
			fmt.Fprintf(&b, "fragment F%d on %s ", i, on)
			g.set(&b, g.schema.Types[on], 2, false)
		}
	}
	return b.String()
}

func (g generator) set(b *strings.Builder, t *ast.Definition, depth int, spreads bool) {
	b.WriteString("{ __typename ")
	for range 1 + g.IntN(3) {
		i := g.IntN(3)
		on := fragmentTypes[i]
		fits := on == t.Name || t.IsAbstractType() || on == "Node" && len(t.Interfaces) > 0
		switch {
		case spreads && fits && g.IntN(3) == 0:
			fmt.Fprintf(b, "...F%d %s", i, g.condition())
		case depth > 0 && fits && g.IntN(2) == 0:
			fmt.Fprintf(b, "... on %s %s", on, g.condition())
			g.set(b, g.schema.Types[on], depth-1, spreads)
		default:
			g.field(b, t, depth, spreads)
		}
	}
	b.WriteString("} ")
}

func (g generator) condition() string {
	if !g.conditions || g.IntN(3) > 0 {
		return ""
	}
	return []string{"@include(if: $x) ", "@skip(if: $x) ", "@include(if: $y) ", "@include(if: $x) @skip(if: $y) "}[g.IntN(4)]
}

func (g generator) field(b *strings.Builder, t *ast.Definition, depth int, spreads bool) {
	if len(t.Fields) == 0 {
		return
	}
	f := t.Fields[g.IntN(len(t.Fields))]
	result := g.schema.Types[f.Type.Name()]
	if strings.HasPrefix(f.Name, "__") || f.Name == "getTask" || depth == 0 && !result.IsLeafType() {
		return
	}
	key := []string{"a: ", "b: ", ""}[g.IntN(3)]
	if g.conditions && g.IntN(10) > 0 { // most documents should be valid
		key = ""
	}
	b.WriteString(key + f.Name)
	if f.Arguments.ForName("first") != nil {
		fmt.Fprintf(b, "(first: %d)", g.IntN(2))
	}
	b.WriteString(" " + g.condition())
	if !result.IsLeafType() {
		g.set(b, result, depth-1, spreads)
	}
}
