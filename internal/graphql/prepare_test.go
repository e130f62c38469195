package graphql

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func nothing(context.Context, *Call) (any, error) { return nil, nil }

func TestChooseOperation(t *testing.T) {
	f := newFixture(t, Options{})
	const two = `query A { hello } mutation B { count }`
	for _, c := range []struct {
		query, name string
		kind        Kind
		want        string
	}{
		{`{ hello }`, "", Query, ""},
		{`subscription S { onCreateTask { id } }`, "", Subscription, ""},
		{two, "A", Query, ""},
		{two, "B", Mutation, ""},
		{two, "", "", "Must provide operation name if query contains multiple operations."},
		{two, "C", "", "Unknown operation named 'C'."},
		{`{ hello }`, "A", "", "Unknown operation named 'A'."},
		{``, "", "", "Must provide an operation."},
		{"# nothing\n", "A", "", "Must provide an operation."},
	} {
		op, errs := f.Prepare(c.query, c.name)
		if errs.Error() != c.want {
			t.Errorf("%s, %q: %v, want %s", c.query, c.name, errs, c.want)
		}
		if errs == nil && op.Kind() != c.kind {
			t.Errorf("%s, %q is a %s", c.query, c.name, op.Kind())
		}
	}
}

func TestErrors(t *testing.T) {
	f := newFixture(t, Options{})
	for _, c := range []struct {
		query string
		fault Fault
		want  string
	}{
		{"{\n  nope\n}", Validation, `{"errors":[{"path":null,"data":null,"errorType":"ValidationException","errorInfo":{"code":"invalid"},` +
			`"locations":[{"line":2,"column":3,"sourceName":null}],` +
			`"message":"Validation error of type FieldUndefined: Field 'nope' in type 'Query' is undefined @ 'nope'"}]}`},
		{"{ hello ", Syntax, `{"errors":[{"path":null,"data":null,"errorType":"BadRequestException","errorInfo":{"code":"invalid"},` +
			`"locations":[{"line":1,"column":9,"sourceName":null}],` +
			`"message":"Invalid syntax at line 1, column 9: Expected Name, found <EOF>"}]}`},
		{strings.Repeat("{ task", 20) + strings.Repeat("}", 20), Limit, `{"errors":[{"path":null,"data":null,"errorType":"LimitExceededException",` +
			`"errorInfo":{"code":"too_large"},"locations":null,"message":"The document exceeds the depth limit of 12"}]}`},
	} {
		_, errs := f.Prepare(c.query, "")
		if errs.Fault() != c.fault {
			t.Errorf("%s: fault %q", c.query, errs.Fault())
		}
		if diff := cmp.Diff(c.want, string(errs.Append(nil))); diff != "" {
			t.Errorf("%s: %s", c.query, diff)
		}
	}
	if fault := Errors(nil).Fault(); fault != "" {
		t.Errorf("no errors have the fault %q", fault)
	}
}

func TestValidation(t *testing.T) {
	f := newFixture(t, Options{})
	for _, c := range []struct{ query, want string }{
		{`{ task { nope } }`, `FieldUndefined: Field 'nope' in type 'Task' is undefined @ 'task/nope'`},
		{`{ task { owner { tasks { nope } } } }`, `FieldUndefined: Field 'nope' in type 'Task' is undefined @ 'task/owner/tasks/nope'`},
		{`{ ...F } fragment F on Query { task { nope } }`, `FieldUndefined: Field 'nope' in type 'Task' is undefined @ 'F/task/nope'`},
		{`{ task { ... { ... on Task { nope } } } }`, `FieldUndefined: Field 'nope' in type 'Task' is undefined @ 'task/nope'`},
		{`{ getTask(id: 1, y: 2) { id } }`, `UnknownArgument: Unknown field argument y @ 'getTask'`},
		{`{ hello @skip(if: true, y: 2) }`, `UnknownArgument: Unknown directive argument y @ 'hello'`},
		{`{ getTask { id } }`, `ProvidedRequiredArguments: Field "getTask" argument "id" of type "ID!" is required, but it was not provided. @ 'getTask'`},
		{`{ task }`, `ScalarLeafs: Field "task" of type "Task" must have a selection of subfields. @ 'task'`},
		{`{ hello { x } }`, `ScalarLeafs: Field "hello" must not have a selection since type "String" has no subfields. @ 'hello'`},
		{`{ getTask(id: $x) { id } }`, `NoUndefinedVariables: Variable "$x" is not defined. @ 'getTask'`},
		{`query ($x: Int) { hello }`, `NoUnusedVariables: Variable "$x" is never used.`},
		{`query ($x: Nope) { args(int: $x) }`, `KnownTypeNames: Unknown type "Nope".`},
		{`query ($x: Task) { args(data: $x) }`, `VariablesAreInputTypes: Variable "$x" cannot be non-input type "Task".`},
		{`query ($x: String) { args(int: $x) }`, `VariablesInAllowedPosition: Variable "$x" of type "String" used in position expecting type "Int". @ 'args'`},
		{`query ($x: Int = "s") { args(int: $x) }`, `ValuesOfCorrectType: "s" is no Int`},
		{`query ($x: Int, $x: Int) { args(int: $x) }`, `UniqueVariableNames: There can be only one variable named "$x".`},
		{`query A { hello } query B { args(int: true) }`, `ValuesOfCorrectType: true is no Int @ 'args'`},
		{`{ hello @skip(if: "x") }`, `ValuesOfCorrectType: "x" is no Boolean @ 'hello'`},
		{`{ hello @skip }`, `ProvidedRequiredArguments: Directive "@skip" argument "if" of type "Boolean!" is required, but it was not provided. @ 'hello'`},
		{`{ hello @nope }`, `KnownDirectives: Unknown directive "@nope". @ 'hello'`},
		{`{ ... @defer { hello } }`, `KnownDirectives: Unknown directive "@defer".`},
		{`{ ...F }`, `KnownFragmentNames: Unknown fragment "F".`},
		{`{ hello } fragment F on Task { id }`, `NoUnusedFragments: Fragment "F" is never used.`},
		{`{ ...F } fragment F on Query { ...F }`, `NoFragmentCycles: Cannot spread fragment 'F' within itself @ 'F'`},
		{`{ ...F } fragment F on Query { ...G } fragment G on Query { ... { ...F } }`, `NoFragmentCycles: Cannot spread fragment 'F' within itself @ 'G'`},
		{`{ ...F } fragment F on Query { hello } fragment F on Query { hello }`, `UniqueFragmentNames: There can be only one fragment named "F".`},
		{`{ task { ... on User { id } } }`, `PossibleFragmentSpreads: Fragment cannot be spread here as objects of type "Task" can never be of type "User". @ 'task'`},
		{`{ hello } { hello }`, `LoneAnonymousOperation: This anonymous operation must be the only defined operation.`},
		{`{ x: hello x: task { id } }`, `OverlappingFieldsCanBeMerged: Fields 'x' conflict because they return conflicting types 'String' and 'Task' @ 'task'`},
		{`subscription { onCreateTask { id } onMust { id } }`, `SingleFieldSubscriptions: Anonymous Subscription must select only one top level field. @ 'onMust'`},
		{`subscription { a: onCreateTask { id } b: onCreateTask { id } }`, `SingleFieldSubscriptions: A subscription must select one top level field, without conditions`},
		{`subscription ($x: Boolean!) { onCreateTask @skip(if: $x) { id } }`, `SingleFieldSubscriptions: A subscription must select one top level field, without conditions`},
		{`{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }`, `MaxIntrospectionDepth: Maximum introspection depth exceeded @ '__schema'`},
	} {
		_, errs := f.Prepare(c.query, "")
		if !slices.Contains(strings.Split(errs.Error(), "\n"), "Validation error of type "+c.want) {
			t.Errorf("%s: %v, want %s", c.query, errs, c.want)
		}
	}
	_, errs := f.Prepare("{"+strings.Repeat("nope ", 900)+"y: yeah }", "")
	if len(errs) != maxErrors {
		t.Errorf("%d errors", len(errs))
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("{ parent ", n) + "{ id }" + strings.Repeat("}", n) }
	list := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	chain := func(n int) string {
		var b strings.Builder
		b.WriteString("{ ...F0 }")
		for i := range n {
			fmt.Fprintf(&b, " fragment F%d on Query { ...F%d }", i, i+1)
		}
		fmt.Fprintf(&b, " fragment F%d on Query { hello }", n)
		return b.String()
	}
	for _, c := range []struct {
		limit     string
		under, is string
	}{
		{"depth limit of 12", "{ task " + nested(10) + " }", "{ task " + nested(11) + " }"},
		{"depth limit of 12", "{ task { ...F } } fragment F on Task " + nested(10), "{ task { ...F } } fragment F on Task " + nested(11)},
		{"introspection depth limit of 30", ofTypes(30), ofTypes(31)},
		{"field limit of 1000", "{" + strings.Repeat("hello ", 1000) + "}", "{" + strings.Repeat("hello ", 1001) + "}"},
		{
			"field limit of 1000", "{" + strings.Repeat("...F ", 10) + "} fragment F on Query {" + strings.Repeat("hello ", 100) + "}",
			"{ hello " + strings.Repeat("...F ", 10) + "} fragment F on Query {" + strings.Repeat("hello ", 100) + "}",
		},
		{
			"fragment limit of 1000", "{" + strings.Repeat("...F ", 500) + "} fragment F on Query { ... { hello } }",
			"{" + strings.Repeat("...F ", 501) + "} fragment F on Query { ... { hello } }",
		},
		{"value depth limit of 64", "{ args(data: " + list(64) + ") }", "{ args(data: " + list(65) + ") }"},
		{"value depth limit of 64", "query ($x: JSON = " + list(64) + ") { args(data: $x) }", "query ($x: JSON = " + list(65) + ") { args(data: $x) }"},
		{"document size limit of 10000", chain(138), chain(140)},
		{"token limit of 10000", "{ args(ids: [" + strings.Repeat("1 ", 9991) + "]) }", "{ args(ids: [" + strings.Repeat("1 ", 9992) + "]) }"},
	} {
		f := newFixture(t, Options{})
		if _, errs := f.Prepare(c.under, ""); errs != nil {
			t.Errorf("just under the %s: %v", c.limit, errs)
		}
		_, errs := f.Prepare(c.is, "")
		if want := "The document exceeds the " + c.limit; errs.Error() != want || errs.Fault() != Limit {
			t.Errorf("%.100s: %.200v, want %s", c.is, errs, want)
		}
	}
}

func ofTypes(n int) string {
	return `{ __type(name: "Task") ` + strings.Repeat("{ ofType ", n-2) + "{ name }" + strings.Repeat("}", n-1)
}

func TestOwnLimits(t *testing.T) {
	f := newFixture(t, Options{Depth: 2, Fields: 3})
	for query, want := range map[string]string{
		`{ task { id n } }`:                               "",
		`{ task { owner { id } } }`:                       "The document exceeds the depth limit of 2",
		`{ task { id n title } }`:                         "The document exceeds the field limit of 3",
		`{ hello ... { ... { ... { ... { hello } } } } }`: "The document exceeds the fragment limit of 3",
	} {
		if _, errs := f.Prepare(query, ""); errs.Error() != want {
			t.Errorf("%s: %v, want %q", query, errs, want)
		}
	}
}

// TestPlannedFields reaches the limit that only interfaces can: each object type has its own plan.
func TestPlannedFields(t *testing.T) {
	sdl := "type Query { n: N } interface N { n: N } "
	for i := range 20 {
		sdl += fmt.Sprintf("type T%d implements N { n: N } ", i)
	}
	s, err := New(sdl, map[string]Resolver{"Query.n": nothing}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, errs := s.Prepare(`{ n { n { n { __typename } } } }`, ""); errs != nil {
		t.Error(errs)
	}
	_, errs := s.Prepare(`{ n { n { n { n { n { n { n { __typename } } } } } } } }`, "")
	if want := "The document exceeds the planned field limit of 10000"; errs.Error() != want {
		t.Errorf("%v, want %s", errs, want)
	}
	_, errs = s.Prepare("{ n "+overlapping(11)+" }", "")
	if errs == nil {
		t.Error("fields that take too long to compare were accepted")
	}
}

// overlapping asks for fields of the interface and of two of its types, at every level.
func overlapping(depth int) string {
	if depth == 1 {
		return "{ __typename }"
	}
	return "{ ... on T0 { n { __typename } } ... on T1 { n { __typename } } ... on T2 { n { __typename } } n " + overlapping(depth-1) + " }"
}

// TestHostileDocuments ends soon, or the test run does not.
func TestHostileDocuments(t *testing.T) {
	var bomb, pairs, operations strings.Builder
	bomb.WriteString("{ ...F0 } ")
	for i := range 60 {
		fmt.Fprintf(&bomb, "fragment F%d on Query { ...F%d ...F%d } ", i, i+1, i+1)
	}
	bomb.WriteString("fragment F60 on Query { hello }")
	pairs.WriteString("{ ")
	for i := range 30 {
		fmt.Fprintf(&pairs, "...F%d ", i)
	}
	pairs.WriteString("}")
	for i := range 30 {
		fmt.Fprintf(&pairs, " fragment F%d on Query { %s }", i, strings.Repeat("task { id } ", 16))
	}
	for i := range 9 {
		fmt.Fprintf(&operations, "query Q%d { ...F } ", i)
	}
	operations.WriteString("fragment F on Query { " + strings.Repeat("hello ", 900) + "}")
	f := newFixture(t, Options{})
	for name, query := range map[string]string{
		"fragment bomb":             bomb.String(),
		"pairs of fragments":        pairs.String(),
		"operations on a fragment":  operations.String(),
		"one key":                   "{" + strings.Repeat("hello ", 1000) + "}",
		"one key, nested":           "{" + strings.Repeat("task {"+strings.Repeat("id ", 30)+"} ", 30) + "}",
		"deep selections":           strings.Repeat("{ task ", 100_000),
		"deep inline fragments":     strings.Repeat("{ ... ", 900) + "{ hello }" + strings.Repeat("}", 900),
		"deep values":               "{ args(data: " + strings.Repeat("[", 100_000),
		"wide values":               "{ tasks(filter: " + strings.Repeat("{ and: [", 30) + strings.Repeat("{ text: 1 } ", 1500) + strings.Repeat("]}", 30) + ") { nextToken } }",
		"long names":                "{ " + strings.Repeat("a", 1_000_000) + " {" + strings.Repeat("b ", 900) + "} }",
		"unknown fields":            "{" + strings.Repeat("nope ", 999) + "}",
		"arguments":                 "{" + strings.Repeat("args("+strings.Repeat(`string: "" `, 300)+") ", 10) + "}",
		"directives":                "{ hello " + strings.Repeat("@skip(if: true) ", 1400) + "}",
		"comments":                  strings.Repeat("#\n", 1_000_000) + "{ hello }",
		"variables":                 "query (" + strings.Repeat("$x: Int ", 2000) + ") { hello }",
		"duplicates of a fragment":  "{ ...F }" + strings.Repeat(" fragment F on Query { hello }", 1000),
		"an unused, large fragment": "{ hello } fragment F on Query {" + strings.Repeat("hello ", 5000) + "}",
	} {
		op, errs := f.Prepare(query, "")
		if errs == nil {
			if b, errs := op.Bind(nil); errs == nil {
				checked(t, b.Execute(t.Context(), nil))
			}
			continue
		}
		if n := len(checked(t, errs.Append(nil))); n > 100_000 {
			t.Errorf("%s: %d bytes of errors", name, n)
		}
	}
}

func TestPlansAreCached(t *testing.T) {
	f := newFixture(t, Options{CachedPlans: 2})
	prepare := func(query, name string) *Operation {
		op, errs := f.Prepare(query, name)
		if errs != nil {
			t.Fatal(errs)
		}
		return op
	}
	const two = `query A { hello } query B { hello }`
	a, b := prepare(two, "A"), prepare(two, "B")
	if a == b || prepare(two, "A") != a || prepare(two, "B") != b {
		t.Error("plans are not cached by document and operation")
	}
	prepare(two, "A")
	prepare(`{ hello }`, "")
	if prepare(two, "A") != a {
		t.Error("a plan in use was dropped")
	}
	if prepare(two, "B") == b {
		t.Error("a third plan was kept")
	}
	if n := f.plans.recent.Len(); n != 2 || len(f.plans.plans) != 2 {
		t.Errorf("%d plans are kept", n)
	}
}

func TestPlansAreBoundedInBytes(t *testing.T) {
	c := newPlanCache(1000)
	for i := range 10 {
		c.put(planKey{query: fmt.Sprint(i)}, &Operation{cost: maxPlanBytes / 4})
	}
	if c.recent.Len() != 4 || c.bytes != maxPlanBytes {
		t.Errorf("%d plans with %d bytes are kept", c.recent.Len(), c.bytes)
	}
	c.put(planKey{query: "large"}, &Operation{cost: maxPlanBytes + 1})
	if c.recent.Len() != 0 || c.bytes != 0 || len(c.plans) != 0 {
		t.Errorf("%d plans with %d bytes are kept", c.recent.Len(), c.bytes)
	}
}
