package graphql

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Operation is a planned operation of a document. It is safe for concurrent use.
type Operation struct {
	schema    *Schema
	kind      Kind
	root      *selection
	variables []variable
	byName    map[string]int
	strict    []strictUse
	static    bool // introspection only, and nothing depends on variables
	cost      int  // in bytes, roughly
}

// Kind tells what the operation does.
func (o *Operation) Kind() Kind { return o.kind }

// selection is what a document asks of objects of one type.
type selection struct {
	typ    string
	fields []field
	// places gives each name that is read of an object a number, so that aliases of one field share it.
	places map[string]int
}

// field is a field of a selection, made of all the fields of the document with its key.
type field struct {
	key        string // in the response
	label      string // the key as it is written there, with its colon
	name       string
	parent     string // the type that has the field
	typ        *ast.Type
	leaf       *ast.Definition // nil for a field with selections
	selections []*selection    // one for each object type that may stand here
	place      int             // in the places of the selection
	args       []argument
	takesArgs  bool
	when       []conjunction // nil: always
	at         Location
	resolve    Resolver // of a root field
}

// conjunction is a chain of @skip and @include; all have to hold.
type conjunction []condition

// condition wants the boolean variable to have a value.
type condition struct {
	variable int
	want     bool
}

// included tells whether one of the field's occurrences in the document is not skipped.
func (f *field) included(vars [][]byte) bool {
	if f.when == nil {
		return true
	}
	for _, all := range f.when {
		if all.holds(vars) {
			return true
		}
	}
	return false
}

func (c conjunction) holds(vars [][]byte) bool {
	for _, one := range c {
		if (vars[one.variable][0] == 't') != one.want {
			return false
		}
	}
	return true
}

// of gives the selection for objects of a type; nil when the field cannot hold them.
func (f *field) of(typ string) *selection {
	for _, sel := range f.selections {
		if sel.typ == typ {
			return sel
		}
	}
	return nil
}

// isAbstract tells whether the objects of the field have to say what type they are of.
func (f *field) isAbstract() bool {
	return len(f.selections) != 1 || f.selections[0].typ != f.typ.Name()
}

const (
	// maxPlanned bounds the fields of a plan, as a multiple of the fields of the document: below an
	// interface or a union, each object type has its own.
	maxPlanned = 10
	// fieldCost estimates the bytes that a planned field takes.
	fieldCost = 500
)

// planner plans one operation of a valid document.
type planner struct {
	literals
	doc     *ast.QueryDocument
	planned int
}

func (s *Schema) plan(doc *ast.QueryDocument, def *ast.OperationDefinition) (*Operation, Errors) {
	p := &planner{doc: doc, literals: literals{schema: s, byName: make(map[string]int, len(def.VariableDefinitions))}}
	for i, v := range def.VariableDefinitions {
		declared := variable{name: v.Variable, typ: s.inputType(v.Type)}
		if v.DefaultValue != nil {
			declared.fallback = p.constant(v.DefaultValue, declared.typ)
		}
		p.byName[v.Variable] = i
		p.variables = append(p.variables, declared)
	}
	root := map[ast.Operation]*ast.Definition{
		ast.Query: s.ast.Query, ast.Mutation: s.ast.Mutation, ast.Subscription: s.ast.Subscription,
	}[def.Operation]
	op := &Operation{schema: s, kind: Kind(def.Operation)}
	op.root = p.selection(root, []use{{set: def.SelectionSet}})
	if op.kind == Subscription {
		p.checkSubscription(op.root, def)
	}
	if len(p.faults) > 0 {
		return nil, validationErrors(doc, p.faults)
	}
	if limit := maxPlanned * s.options.Fields; p.planned > limit {
		return nil, overLimit("planned field", limit)
	}
	op.variables, op.byName, op.strict = p.variables, p.byName, p.strict
	op.static = len(p.variables) == 0 && isIntrospection(op.root)
	op.cost = fieldCost * (1 + p.planned + len(p.variables))
	return op, nil
}

// checkSubscription checks that there is exactly one root field, in every request.
func (p *planner) checkSubscription(root *selection, def *ast.OperationDefinition) {
	if len(root.fields) != 1 || root.fields[0].when != nil {
		p.faults = append(p.faults, ruleError("SingleFieldSubscriptions", def.Position,
			"A subscription must select one top level field, without conditions"))
	}
}

func isIntrospection(root *selection) bool {
	for i := range root.fields {
		if !strings.HasPrefix(root.fields[i].name, "__") {
			return false
		}
	}
	return true
}

// use is a selection set of the document in a place, and the conditions that lead there.
type use struct {
	set  ast.SelectionSet
	when conjunction
}

// group is all the fields of a place with one key.
type group struct {
	key    string
	fields []*ast.Field
	whens  []conjunction
}

// selection merges selection sets for one object type.
func (p *planner) selection(t *ast.Definition, uses []use) *selection {
	sel := &selection{typ: t.Name, places: make(map[string]int)}
	groups := collector{planner: p, typ: t, byKey: make(map[string]int)}
	for _, u := range uses {
		groups.collect(u)
	}
	for _, g := range groups.list {
		if p.planned++; p.planned > maxPlanned*p.schema.options.Fields {
			break
		}
		f := p.field(t, g)
		if _, known := sel.places[f.name]; !known {
			sel.places[f.name] = len(sel.places)
		}
		f.place = sel.places[f.name]
		sel.fields = append(sel.fields, f)
	}
	return sel
}

// collector gathers the fields that apply to objects of a type, in the order of the response. A field that
// occurs several times has the place of the first, even in a request that includes only a later one.
type collector struct {
	*planner
	typ   *ast.Definition
	list  []group
	byKey map[string]int
}

func (c *collector) collect(u use) {
	for _, selection := range u.set {
		switch it := selection.(type) {
		case *ast.Field:
			if when, ok := c.conditions(it.Directives, u.when); ok {
				c.add(it, when)
			}
		case *ast.InlineFragment:
			c.fragment(it.TypeCondition, it.SelectionSet, it.Directives, u.when)
		case *ast.FragmentSpread:
			c.fragment(it.Definition.TypeCondition, it.Definition.SelectionSet, it.Directives, u.when)
		}
	}
}

func (c *collector) fragment(condition string, set ast.SelectionSet, list ast.DirectiveList, when conjunction) {
	if !c.schema.isPossible(condition, c.typ) {
		return
	}
	if when, ok := c.conditions(list, when); ok {
		c.collect(use{set: set, when: when})
	}
}

func (c *collector) add(f *ast.Field, when conjunction) {
	i, ok := c.byKey[f.Alias]
	if !ok {
		i = len(c.list)
		c.byKey[f.Alias] = i
		c.list = append(c.list, group{key: f.Alias})
	}
	g := &c.list[i]
	g.fields = append(g.fields, f)
	g.whens = append(g.whens, when)
}

// conditions adds the conditions of @skip and @include to those that hold already. It is not ok when they
// exclude the selection in every request.
func (p *planner) conditions(list ast.DirectiveList, outer conjunction) (when conjunction, ok bool) {
	when = outer
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		want := d.Name == "include"
		boolean := &inputType{text: "Boolean!", nonNull: true, named: p.schema.inputs["Boolean"]}
		v := p.read(d.Arguments.ForName("if").Value, boolean)
		if v.variable == 0 {
			if (v.json[0] == 't') != want {
				return nil, false
			}
			continue
		}
		when = append(when[:len(when):len(when)], condition{variable: v.variable - 1, want: want})
	}
	return when, true
}

// field plans the fields of a group, which mean the same: the document is valid.
func (p *planner) field(t *ast.Definition, g group) field {
	first := g.fields[0]
	def := t.Fields.ForName(first.Name)
	if def == nil { // __typename
		def = first.Definition
	}
	f := field{
		key: g.key, label: string(appendLabel(nil, false, g.key)), name: first.Name, parent: t.Name, typ: def.Type,
		when: g.whens, at: Location{Line: first.Position.Line, Column: first.Position.Column},
		resolve: p.schema.resolvers[t.Name+"."+first.Name],
	}
	for _, when := range g.whens {
		if len(when) == 0 {
			f.when = nil
			break
		}
	}
	p.arguments(&f, def, first.Arguments)
	result := p.schema.ast.Types[f.typ.Name()]
	if result.IsLeafType() {
		f.leaf = result
		return f
	}
	uses := make([]use, len(g.fields))
	for i, one := range g.fields {
		uses[i] = use{set: one.SelectionSet, when: g.whens[i]}
	}
	types := []*ast.Definition{result}
	if result.IsAbstractType() {
		types = p.schema.possibleTypes(result)
	}
	for _, possible := range types {
		f.selections = append(f.selections, p.selection(possible, uses))
	}
	return f
}

func (p *planner) arguments(f *field, def *ast.FieldDefinition, given ast.ArgumentList) {
	inputs := p.schema.arguments[def]
	f.takesArgs = len(inputs) > 0
	for _, in := range inputs {
		a := argument{name: in.name, fallback: in.fallback}
		if arg := given.ForName(in.name); arg != nil {
			a.value = p.read(arg.Value, in.typ)
		}
		f.args = append(f.args, a)
	}
}
