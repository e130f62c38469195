package graphql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// argument gives what the resolver of args sees of an argument; "absent" when it sees none.
func (f *fixture) argument(t *testing.T, name, query, variables string) (string, Errors) {
	t.Helper()
	seen := "absent"
	f.values["args"] = func(call *Call) (any, error) {
		if v := call.Arg(name); v != nil {
			seen = string(v)
		}
		return nil, nil
	}
	op, errs := f.Prepare(query, "")
	if errs != nil {
		return "", errs
	}
	b, errs := op.Bind([]byte(variables))
	if errs != nil {
		return "", errs
	}
	if got := string(b.Execute(t.Context(), nil)); got != `{"data":{"args":null}}` {
		t.Errorf("%s: %s", query, got)
	}
	return seen, nil
}

func TestLiterals(t *testing.T) {
	f := newFixture(t, Options{})
	for _, c := range []struct{ arg, literal, want string }{
		{"int", `5`, `5`},
		{"int", `-2147483648`, `-2147483648`},
		{"int", `null`, `null`},
		{"int", `2147483648`, `! 2147483648 is no Int`},
		{"int", `5.0`, `! 5.0 is no Int`},
		{"int", `"5"`, `! "5" is no Int`},
		{"int", `{}`, `! {} is no Int`},
		{"int", `[5]`, `! [5] is no Int`},
		{"int", `A`, `! A is no Int`},
		{"float", `5`, `5`},
		{"float", `5.25e3`, `5.25e3`},
		{"float", `1e999`, `! 1e999 is no Float`},
		{"float", `true`, `! true is no Float`},
		{"string", `"a\u0041\n\"ü"`, `"aA\n\"ü"`},
		{"string", "\"\"\"\n  block\n    text\n\"\"\"", `"block\n  text"`},
		{"string", `5`, `! 5 is no String`},
		{"string", `A`, `! A is no String`},
		{"bool", `true`, `true`},
		{"bool", `1`, `! 1 is no Boolean`},
		{"bool", `{}`, `! {} is no Boolean`},
		{"id", `"a"`, `"a"`},
		{"id", `5`, `"5"`},
		{"id", `99999999999999999999`, `"99999999999999999999"`},
		{"id", `5.5`, `! 5.5 is no ID`},
		{"status", `DONE`, `"DONE"`},
		{"status", `"DONE"`, `! "DONE" is no Status`},
		{"status", `NOPE`, `! NOPE is no Status`},
		{"status", `{}`, `! {} is no Status`},
		{"ids", `["a", 5]`, `["a","5"]`},
		{"ids", `5`, `["5"]`},
		{"ids", `[]`, `[]`},
		{"ids", `[null]`, `! null is no ID!`},
		{"grid", `[[1, 2], null, []]`, `[[1,2],null,[]]`},
		{"grid", `7`, `[[7]]`},
		{"grid", `[7]`, `[[7]]`},
		{"grid", `[["x"]]`, `! "x" is no Int`},
		{"data", `{a: [1, 2.5, "x", true, null, E], b: {}}`, `{"a":[1,2.5,"x",true,null,"E"],"b":{}}`},
		{"data", `12345678901234567890`, `12345678901234567890`},
		{"input", `{title: "t"}`, `{"title":"t","status":"OPEN"}`},
		{
			"input", `{title: "t", id: 7, tags: "a", owner: {id: 1}, filter: {and: {text: "x"}}}`,
			`{"title":"t","id":"7","tags":["a"],"owner":{"id":"1","role":"reader"},"filter":{"and":[{"text":"x","limit":5}],"limit":5},"status":"OPEN"}`,
		},
		{"input", `{title: "t", n: null, status: null}`, `{"title":"t","n":null,"status":null}`},
		{"input", `{}`, `! Field 'title' of required type 'String!' was not provided`},
		{"input", `{title: null}`, `! null is no String!`},
		{"input", `{title: "t", nope: 1}`, `! Field 'nope' is not defined by type 'CreateTaskInput'`},
		{"input", `{title: "t", n: "x"}`, `! "x" is no Int`},
		{"input", `5`, `! 5 is no CreateTaskInput`},
		{"input", `{title: "t", title: "u"}`, `! There can be only one input field named "title".`},
		{"choice", `{id: 1}`, `{"id":"1"}`},
		{"choice", `{}`, `! Choice takes exactly one field, which is not null`},
		{"choice", `{id: 1, name: "n"}`, `! Choice takes exactly one field, which is not null`},
		{"choice", `{id: null}`, `! Choice takes exactly one field, which is not null`},
		{"must", `null`, `! null is no Int!`},
	} {
		got, errs := f.argument(t, c.arg, fmt.Sprintf(`{ args(%s: %s) }`, c.arg, c.literal), "")
		if errs != nil {
			got = "! " + strings.TrimSuffix(errs[0].Message[strings.Index(errs[0].Message, ": ")+2:], " @ 'args'")
		}
		if got != c.want {
			t.Errorf("%s: %s became %s, want %s", c.arg, c.literal, got, c.want)
		}
	}
	for arg, want := range map[string]string{"int": "absent", "must": "7", "strict": "1", "nope": "absent"} {
		if got, errs := f.argument(t, arg, `{ args }`, ""); got != want {
			t.Errorf("%s left out became %s, %v, want %s", arg, got, errs, want)
		}
	}
}

func TestVariables(t *testing.T) {
	f := newFixture(t, Options{})
	const null = "has coerced Null value for NonNull type"
	for _, c := range []struct{ arg, typ, variables, want string }{
		{"int", `Int`, `{"v":5}`, `5`},
		{"int", `Int`, `{"v":5.0}`, `5`},
		{"int", `Int`, `{"v":1e2}`, `100`},
		{"int", `Int`, `{"v":null}`, `null`},
		{"int", `Int`, `{}`, `absent`},
		{"int", `Int`, `null`, `absent`},
		{"int", `Int`, ``, `absent`},
		{"int", `Int = 3`, ``, `3`},
		{"int", `Int = 3`, `{"v":null}`, `null`},
		{"int", `Int`, `{"v":2147483648}`, `! 'v' has an invalid value: 2147483648 is no whole number of 32 bits`},
		{"int", `Int`, `{"v":1.5}`, `! 'v' has an invalid value: 1.5 is no whole number of 32 bits`},
		{"int", `Int`, `{"v":"5"}`, `! 'v' has an invalid value: "5" is no whole number of 32 bits`},
		{"int", `Int!`, `{"v":null}`, `! 'v' ` + null + ` 'Int!'`},
		{"int", `Int!`, `{}`, `! 'v' ` + null + ` 'Int!'`},
		{"float", `Float`, `{"v":5}`, `5`},
		{"float", `Float`, `{"v":-2.50}`, `-2.50`},
		{"float", `Float`, `{"v":1e999}`, `! 'v' has an invalid value: 1e999 is no Float`},
		{"string", `String`, `{"v":"\u00fc"}`, `"\u00fc"`},
		{"string", `String`, `{"v":5}`, `! 'v' has an invalid value: 5 is no String`},
		{"bool", `Boolean`, `{"v":false}`, `false`},
		{"bool", `Boolean`, `{"v":"true"}`, `! 'v' has an invalid value: "true" is no Boolean`},
		{"id", `ID`, `{"v":"a"}`, `"a"`},
		{"id", `ID`, `{"v":12}`, `"12"`},
		{"id", `ID`, `{"v":1.5}`, `! 'v' has an invalid value: 1.5 is no ID`},
		{"id", `ID`, `{"v":true}`, `! 'v' has an invalid value: true is no ID`},
		{"status", `Status`, `{"v":"DONE"}`, `"DONE"`},
		{"status", `Status`, `{"v":"D\u004fNE"}`, `"DONE"`},
		{"status", `Status`, `{"v":"NOPE"}`, `! 'v' has an invalid value: "NOPE" is no value of the enum Status`},
		{"status", `Status`, `{"v":1}`, `! 'v' has an invalid value: 1 is no value of the enum Status`},
		{"ids", `[ID!]`, `{"v":["a", 5]}`, `["a","5"]`},
		{"ids", `[ID!]`, `{"v":5}`, `["5"]`},
		{"ids", `[ID!]`, `{"v":null}`, `null`},
		{"ids", `[ID!]`, `{"v":["a",null]}`, `! 'v[1]' ` + null + ` 'ID!'`},
		{"grid", `[[Int]]`, `{"v":[[1],null,3]}`, `[[1],null,[3]]`},
		{"grid", `[[Int]]`, `{"v":[[1],["x"]]}`, `! 'v[1][0]' has an invalid value: "x" is no whole number of 32 bits`},
		{"data", `JSON`, `{"v": {"a" : [1, "b c"], "a": 2} }`, `{"a":[1,"b c"],"a":2}`},
		{"data", `JSON`, `{"v":"x"}`, `"x"`},
		{"input", `CreateTaskInput`, `{"v":{"title":"t"}}`, `{"title":"t","status":"OPEN"}`},
		{"input", `CreateTaskInput`, `{"v":{"title":"t", "owner":{"id":3}, "tags":"x"}}`, `{"title":"t","owner":{"id":"3","role":"reader"},"tags":["x"],"status":"OPEN"}`},
		{"input", `CreateTaskInput!`, `{"v":{"title":"t","status":null,"n":null}}`, `{"title":"t","status":null,"n":null}`},
		{"input", `CreateTaskInput!`, `{"v":null}`, `! 'v' ` + null + ` 'CreateTaskInput!'`},
		{"input", `CreateTaskInput!`, `{"v":{}}`, `! 'v.title' ` + null + ` 'String!'`},
		{"input", `CreateTaskInput!`, `{"v":{"title":null}}`, `! 'v.title' ` + null + ` 'String!'`},
		{"input", `CreateTaskInput!`, `{"v":{"title":"t","owner":{"role":"r"}}}`, `! 'v.owner.id' ` + null + ` 'ID!'`},
		{"input", `CreateTaskInput!`, `{"v":{"title":"t","tags":["a",null]}}`, `! 'v.tags[1]' ` + null + ` 'String!'`},
		{"input", `CreateTaskInput!`, `{"v":{"title":"t","title":"u"}}`, `! 'v' has an invalid value: the field 'title' stands twice`},
		{
			"input", `CreateTaskInput!`, `{"v":{"title":"t","filter":{"and":[{"not":1}]}}}`,
			`! 'v.filter.and[0]' has an invalid value: The variables input contains a field name 'not' that is not defined for input object type 'NoteFilter'`,
		},
		{"input", `CreateTaskInput!`, `{"v":"t"}`, `! 'v' has an invalid value: "t" is no CreateTaskInput, which is an object`},
		{"choice", `Choice`, `{"v":{"name":"n"}}`, `{"name":"n"}`},
		{"choice", `Choice`, `{"v":{"id":null}}`, `! 'v' has an invalid value: Choice takes exactly one field, which is not null`},
		{"choice", `Choice`, `{"v":{"id":1,"name":"n"}}`, `! 'v' has an invalid value: Choice takes exactly one field, which is not null`},
		{"must", `Int`, `{}`, `7`},
		{"must", `Int`, `{"v":null}`, `! 'v' ` + null + ` 'Int!'`},
		{"must", `Int = 4`, ``, `4`},
		{"int", `Int`, `{"v":1,"v":2}`, `! 'v' has an invalid value: it stands twice`},
		{"int", `Int`, `{"other":{},"v":1}`, `1`},
	} {
		got, errs := f.argument(t, c.arg, fmt.Sprintf(`query ($v: %s) { args(%s: $v) }`, c.typ, c.arg), c.variables)
		if errs != nil {
			got = "! " + strings.TrimPrefix(errs[0].Message, "Variable ")
			if errs.Fault() != Variables || len(errs) != 1 {
				t.Errorf("%s: %v", c.variables, errs)
			}
		}
		if got != c.want {
			t.Errorf("%s, %s: %s became %s, want %s", c.arg, c.typ, c.variables, got, c.want)
		}
	}
	for _, variables := range []string{`[]`, `{"v":}`, `{"v":1} x`, `5`} {
		if _, errs := f.argument(t, "int", `query ($v: Int) { args(int: $v) }`, variables); !strings.HasPrefix(errs.Error(), "The variables are no JSON object: ") {
			t.Errorf("%s: %v", variables, errs)
		}
	}
}

func TestVariablesInLiterals(t *testing.T) {
	f := newFixture(t, Options{})
	for _, c := range []struct{ arg, declared, literal, variables, want string }{
		{"ids", `$a: ID!, $b: ID!`, `[$a, "x", $b]`, `{"a":1,"b":"2"}`, `["1","x","2"]`},
		{"grid", `$a: Int, $b: [Int]`, `[[$a, 2], $b]`, `{}`, `[[null,2],null]`},
		{"grid", `$a: Int, $b: [Int]`, `[[$a, 2], $b]`, `{"a":1,"b":3}`, `[[1,2],[3]]`},
		{"input", `$t: String!, $n: Int, $s: Status`, `{title: $t, n: $n, status: $s}`, `{"t":"x"}`, `{"title":"x","status":"OPEN"}`},
		{"input", `$t: String!, $n: Int, $s: Status`, `{n: $n, status: $s, title: $t}`, `{"t":"x","n":null,"s":"DONE"}`, `{"n":null,"status":"DONE","title":"x"}`},
		{"input", `$r: String, $t: String = "t"`, `{title: $t, owner: {id: 1, role: $r}}`, ``, `{"title":"t","owner":{"id":"1","role":"reader"},"status":"OPEN"}`},
		{"input", `$r: String`, `{title: "t", owner: {id: 1, role: $r}}`, `{"r":null}`, `! 'r' has coerced Null value for NonNull type 'String!'`},
		{"data", `$x: JSON, $y: Int`, `{a: $x, b: [$y], c: $y, d: 1}`, `{"x":{"k":1}}`, `{"a":{"k":1},"b":[null],"d":1}`},
		{
			"input", `$f: NoteFilter`, `{title: "t", filter: {and: [$f, {text: "x"}]}}`, `{"f":{"limit":1}}`,
			`{"title":"t","filter":{"and":[{"limit":1},{"text":"x","limit":5}],"limit":5},"status":"OPEN"}`,
		},
	} {
		got, errs := f.argument(t, c.arg, fmt.Sprintf(`query (%s) { args(%s: %s) }`, c.declared, c.arg, c.literal), c.variables)
		if errs != nil {
			got = "! " + strings.TrimPrefix(errs[0].Message, "Variable ")
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s with %s: %s", c.literal, c.variables, diff)
		}
	}
}

func TestWideInput(t *testing.T) {
	var fields strings.Builder
	for i := range 100 {
		fmt.Fprintf(&fields, "f%d: Int ", i)
	}
	s, err := New(`type Query { x(in: Wide): String } input Wide { `+fields.String()+`last: Int! }`, map[string]Resolver{"Query.x": nothing}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	op, errs := s.Prepare(`query ($in: Wide) { x(in: $in) }`, "")
	if errs != nil {
		t.Fatal(errs)
	}
	if _, errs := op.Bind([]byte(`{"in":{"f99":1,"last":2}}`)); errs != nil {
		t.Error(errs)
	}
	if _, errs := op.Bind([]byte(`{"in":{"f99":1,"f99":2,"last":2}}`)); errs == nil {
		t.Error("a field that stands twice was accepted")
	}
	if _, errs := op.Bind([]byte(`{"in":{"f99":1}}`)); errs == nil {
		t.Error("a required field was left out")
	}
}
