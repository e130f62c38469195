package graphql

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzPrepare takes any document and variables through all steps: nothing panics, and every answer is JSON.
func FuzzPrepare(f *testing.F) {
	for _, seed := range []struct{ query, variables string }{
		{`{ task { id owner { name tasks { id } } notes(first: 3, like: {text: "a"}) { text } } }`, ``},
		{
			`query ($in: CreateTaskInput, $x: Boolean = true) { args(input: $in) task { ...F @include(if: $x) } } fragment F on Task { data tags }`,
			`{"in":{"title":"t","tags":["a",1],"filter":{"and":[{"text":null}]},"grid":[[1],2]},"x":null}`,
		},
		{`query ($a: ID!, $d: JSON) { args(ids: [$a, 5], data: {a: $d, b: [E, 1.5e3, true, null, """x"""]}) }`, `{"a":7,"d":{"k":[]}}`},
		{`mutation M { createTask(input: {title: "\u00fc", status: DONE}) { __typename } count mustCount }`, ``},
		{`subscription { x: onCreateTask(id: 1) { id ... on Node { id } } }`, `{}`},
		{`{ node { __typename ... on User { nick } } found(choice: {id: 1}) { ... on Task { n } } __type(name: "Task") { fields { name } } }`, ``},
		{`{ ...A } fragment A on Query { ...B } fragment B on Query { ...A hello }`, ``},
		{introspectionQuery, ``},
		{"{ # comment\n hello @skip(if: false) }", `{"x":`},
	} {
		f.Add(seed.query, seed.variables)
	}
	fix := newFixture(f, Options{})
	fix.values = map[string]any{
		"task": noteful{object{"id": 1, "title": "T", "data": Raw(`{"a":[]}`)}}, "getTask": Raw(rawTask), "list": Raw(`[` + rawTask + `,null,{}]`),
		"node": Raw(`{"__typename":"User","id":"u"}`), "found": Slice[any]{object{"__typename": "Task", "n": 1}, nil},
		"hello": "x", "count": 1, "createTask": Raw(rawTask), "tasks": object{"items": Slice[Raw]{nil, Raw(rawTask)}},
		"args": func(call *Call) (any, error) {
			for _, a := range call.field.args {
				if v := call.Arg(a.name); v != nil && !json.Valid(v) {
					panic("the argument is not JSON: " + string(v))
				}
			}
			return nil, nil
		},
	}
	f.Fuzz(func(t *testing.T, query, variables string) {
		op, errs := fix.Prepare(query, "")
		if errs != nil {
			checked(t, errs.Append(nil))
			return
		}
		b, errs := op.Bind([]byte(variables))
		if errs != nil {
			checked(t, errs.Append(nil))
			return
		}
		if op.Kind() == Subscription {
			checked(t, b.AppendEvent(t.Context(), nil, Raw(rawTask)))
			if key := b.Key(); key != b.Key() {
				t.Error("the key changes")
			}
			return
		}
		if got := string(checked(t, b.Execute(t.Context(), nil))); strings.Contains(got, `["args"]`) {
			t.Errorf("an argument is wrong: %s", got)
		}
	})
}
