package graphql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
)

const sdl = `
scalar JSON @specifiedBy(url: "https://example.org/json")
enum Status { OPEN DONE OLD @deprecated(reason: "never") }
interface Node { id: ID! }
type Task implements Node { id: ID! title: String! n: Int price: Float done: Boolean status: Status tags: [String] labels: [String!]
  owner: User notes(first: Int = 2, like: NoteFilter): [Note] data: JSON parent: Task strict: Strict grid: [[Int!]] }
type User implements Node { id: ID! name: String nick: String! tasks: [Task!] }
type Note { text: String! author: User! }
type Strict { id: ID! inner: Inner! }
type Inner { value: String! }
union Found = Task | User
type Page { items: [Task]! nextToken: String }
input NoteFilter { text: String and: [NoteFilter] limit: Int! = 5 }
input CreateTaskInput { id: ID title: String! n: Int price: Float done: Boolean status: Status = OPEN tags: [String!] grid: [[Int]]
  data: JSON filter: NoteFilter owner: OwnerInput }
input OwnerInput { id: ID! role: String! = "reader" }
input Choice @oneOf { id: ID name: String }
type Query {
  getTask(id: ID!): Task
  task: Task
  tasks(filter: NoteFilter, limit: Int = 10): Page
  list: [Task]
  found(choice: Choice): [Found]
  node: Node
  must: Task!
  hello: String
  args(int: Int, float: Float, string: String, bool: Boolean, id: ID, status: Status, ids: [ID!], grid: [[Int]], data: JSON,
    input: CreateTaskInput, choice: Choice, must: Int! = 7, strict: Int! = 1): String
}
type Mutation { createTask(input: CreateTaskInput!, condition: NoteFilter): Task  count: Int  mustCount: Int! }
type Subscription { onCreateTask(id: ID): Task  onMust: Task! }
`

// fixture is a schema whose resolvers answer from values, or with what they were called with.
type fixture struct {
	*Schema
	values map[string]any // by the name of the root field
}

func newFixture(t testing.TB, options Options) *fixture {
	t.Helper()
	f := &fixture{values: make(map[string]any)}
	resolve := func(_ context.Context, call *Call) (any, error) {
		switch v := f.values[call.Field()].(type) {
		case error:
			return nil, v
		case func(*Call) (any, error):
			return v(call)
		default:
			return v, nil
		}
	}
	resolvers := make(map[string]Resolver)
	for _, name := range []string{"getTask", "task", "tasks", "list", "found", "node", "must", "hello", "args"} {
		resolvers["Query."+name] = resolve
	}
	for _, name := range []string{"createTask", "count", "mustCount"} {
		resolvers["Mutation."+name] = resolve
	}
	s, err := New(sdl, resolvers, options)
	if err != nil {
		t.Fatal(err)
	}
	f.Schema = s
	return f
}

// do takes a request through all steps and gives the response.
func (f *fixture) do(t testing.TB, query, variables string) string {
	t.Helper()
	return string(f.answer(t, context.Background(), query, variables))
}

func (f *fixture) answer(t testing.TB, ctx context.Context, query, variables string) []byte {
	t.Helper()
	op, errs := f.Prepare(query, "")
	var bound *Bound
	if errs == nil {
		bound, errs = op.Bind([]byte(variables))
	}
	if errs != nil {
		return checked(t, errs.Append(nil))
	}
	return checked(t, bound.Execute(ctx, nil))
}

func checked(t testing.TB, response []byte) []byte {
	t.Helper()
	if !json.Valid(response) {
		t.Errorf("the response is not JSON: %s", response)
	}
	return response
}

// bind prepares and binds what has to be valid.
func (f *fixture) bind(t testing.TB, query, variables string) *Bound {
	t.Helper()
	op, errs := f.Prepare(query, "")
	if errs != nil {
		t.Fatal(errs)
	}
	b, errs := op.Bind([]byte(variables))
	if errs != nil {
		t.Fatal(errs)
	}
	return b
}

// object answers with values from a map; errors in it are errors of the field.
type object map[string]any

func (o object) Field(name string) (any, error) {
	if err, ok := o[name].(error); ok {
		return nil, err
	}
	return o[name], nil
}

// noteful is an object that shows the arguments of its fields.
type noteful struct{ object }

func (o noteful) FieldWithArgs(_ context.Context, call *Call) (any, error) {
	text := fmt.Sprintf("%s.%s first %s like %s", call.Type(), call.Field(), call.Arg("first"), call.Arg("like"))
	return Slice[object]{{"text": text}}, nil
}

const rawTask = `{"id":"1","title":"Gr\u00fcn","n":5,"price":2.5,"done":true,"status":"OPEN","tags":["a","b"],"labels":["x"],` +
	`"owner":{"id":"u1","name":"Ana","tasks":[{"id":"2","title":"B"}]},"data":{"k":[1, 2]},"grid":[[1,2],null,[]],"hidden":1}`

func TestExecute(t *testing.T) {
	task := object{
		"id": 7, "title": "T", "n": int64(5), "price": 1.5, "done": false, "status": "DONE", "tags": Slice[string]{"a", "ü\n"},
		"owner": object{"id": "u", "name": nil, "tasks": Slice[object]{{"id": "x", "title": "X"}}}, "data": Raw(`{"a":1}`),
	}
	for _, c := range []struct {
		name, query, variables string
		values                 map[string]any
		want                   string
	}{
		{
			"a raw object", `{ task { title id n price done status } }`, ``,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"task":{"title":"Gr\u00fcn","id":"1","n":5,"price":2.5,"done":true,"status":"OPEN"}}}`,
		},
		{
			"raw lists and objects within", `{ task { tags labels grid data owner { name tasks { title n } } } }`, ``,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"task":{"tags":["a","b"],"labels":["x"],"grid":[[1,2],null,[]],"data":{"k":[1, 2]},` +
				`"owner":{"name":"Ana","tasks":[{"title":"B","n":null}]}}}}`,
		},
		{
			"aliases of one field", `{ a: task { x: id y: id id } }`, ``,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"a":{"x":"1","y":"1","id":"1"}}}`,
		},
		{
			"an object", `{ task { id title n price done status tags data owner { name tasks { id } } } }`, ``,
			map[string]any{"task": task},
			`{"data":{"task":{"id":"7","title":"T","n":5,"price":1.5,"done":false,"status":"DONE","tags":["a","ü\n"],"data":{"a":1},` +
				`"owner":{"name":null,"tasks":[{"id":"x"}]}}}}`,
		},
		{"nothing", `{ task { id } hello list { id } }`, ``, nil, `{"data":{"task":null,"hello":null,"list":null}}`},
		{
			"a list of raw objects", `{ list { id } }`, ``,
			map[string]any{"list": Slice[Raw]{Raw(`{"id":"1"}`), nil, Raw(`null`)}},
			`{"data":{"list":[{"id":"1"},null,null]}}`,
		},
		{
			"a raw list of objects", `{ list { id } }`, ``,
			map[string]any{"list": Raw(`[{"id":"1"}, null]`)},
			`{"data":{"list":[{"id":"1"},null]}}`,
		},
		{
			"a page", `{ tasks { items { id } nextToken } }`, ``,
			map[string]any{"tasks": object{"items": Slice[Raw]{Raw(rawTask)}, "nextToken": "n"}},
			`{"data":{"tasks":{"items":[{"id":"1"}],"nextToken":"n"}}}`,
		},
		{
			"arguments of a nested field", `{ task { notes(like: {text: "a"}) { text } other: notes(first: 9) { text } } }`, ``,
			map[string]any{"task": noteful{}},
			`{"data":{"task":{"notes":[{"text":"Task.notes first 2 like {\"text\":\"a\",\"limit\":5}"}],` +
				`"other":[{"text":"Task.notes first 9 like "}]}}}`,
		},
		{
			"a variable in a nested argument", `query ($n: Int, $f: NoteFilter) { task { notes(first: $n, like: $f) { text } } }`,
			`{"f":{"limit":1}}`,
			map[string]any{"task": noteful{}},
			`{"data":{"task":{"notes":[{"text":"Task.notes first 2 like {\"limit\":1}"}]}}}`,
		},
		{
			"__typename", `{ __typename t: task { __typename owner { __typename } } }`, ``,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"__typename":"Query","t":{"__typename":"Task","owner":{"__typename":"User"}}}}`,
		},
		{
			"fragments", `{ task { ...F ... on Task { n } ... { done } ... on Node { id } } } fragment F on Task { title ...G } fragment G on Task { price }`,
			``,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"task":{"title":"Gr\u00fcn","price":2.5,"n":5,"done":true,"id":"1"}}}`,
		},
		{
			"merged fields", `{ task { owner { id } ...F } task { n owner { ... { id } name } } } fragment F on Task { owner { name } }`,
			``,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"task":{"owner":{"id":"u1","name":"Ana"},"n":5}}}`,
		},
		{
			"an interface", `{ node { __typename id ... on User { name } ... on Task { title } } }`, ``,
			map[string]any{"node": Raw(`{"__typename":"User","id":"u","name":"Ana","title":"no"}`)},
			`{"data":{"node":{"__typename":"User","id":"u","name":"Ana"}}}`,
		},
		{
			"a union", `{ found { ... on Task { x: title } ... on User { x: nick } ... on Node { id } } }`, ``,
			map[string]any{"found": Slice[any]{Raw(`{"__typename":"Task","title":"T","id":"1"}`), object{"__typename": "User", "nick": "A", "id": "2"}}},
			`{"data":{"found":[{"x":"T","id":"1"},{"x":"A","id":"2"}]}}`,
		},
		{
			"@skip and @include", `{ a: hello @skip(if: true) b: hello @skip(if: false) c: hello @include(if: false) d: hello @include(if: true) }`,
			``, nil, `{"data":{"b":null,"d":null}}`,
		},
		{"all skipped", `{ hello @skip(if: true) }`, ``, nil, `{"data":{}}`},
		{
			"conditions from variables", `query ($x: Boolean!, $y: Boolean = true) { a: hello @include(if: $x) b: hello @skip(if: $x)
			c: hello @include(if: $y) d: hello @include(if: $y) @skip(if: $x) ... @include(if: $x) { e: hello } }`, `{"x":false}`, nil,
			`{"data":{"b":null,"c":null,"d":null}}`,
		},
		{
			"conditions of merged fields", `query ($x: Boolean!) { task { owner @include(if: $x) { id } owner @skip(if: $x) { name } owner { tasks { id } } } }`,
			`{"x":true}`,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"task":{"owner":{"id":"u1","tasks":[{"id":"2"}]}}}}`,
		},
		{
			"a merged field that no one includes", `query ($x: Boolean!, $y: Boolean!) { task { id n @include(if: $x) n @include(if: $y) } }`,
			`{"x":false,"y":false}`,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"task":{"id":"1"}}}`,
		},
		{
			"a merged field that one includes", `query ($x: Boolean!, $y: Boolean!) { task { id n @include(if: $x) n @include(if: $y) } }`,
			`{"x":false,"y":true}`,
			map[string]any{"task": Raw(rawTask)},
			`{"data":{"task":{"id":"1","n":5}}}`,
		},
		{
			"a mutation", `mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } n: count m: mustCount }`,
			`{"input":{"title":"x"}}`,
			map[string]any{"createTask": Raw(`{"id":"9"}`), "count": 1, "mustCount": 2.0},
			`{"data":null,"errors":[` + errorAt(`["m"]`, 1, 81, "internal", "internal error") + `]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, Options{})
			f.values = c.values
			if diff := cmp.Diff(c.want, f.do(t, c.query, c.variables)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func errorAt(path string, line, column int, typ, message string) string {
	return fmt.Sprintf(`{"path":%s,"data":null,"errorType":"%s","errorInfo":null,"locations":[{"line":%d,"column":%d,"sourceName":null}],"message":"%s"}`,
		path, typ, line, column, message)
}

func TestNullPropagation(t *testing.T) {
	cannot := func(path string, column int, typ, parent, at string) string {
		return errorAt(path, 1, column, "internal", fmt.Sprintf("Cannot return null for non-nullable type: '%s' within parent '%s' (%s)", typ, parent, at))
	}
	boom := freshet.Errorf(freshet.Forbidden, "no")
	for _, c := range []struct {
		name, query string
		values      map[string]any
		want        string
	}{
		{
			"to the nearest nullable parent", `{ task { n strict { id inner { value } } } hello }`,
			map[string]any{"task": Raw(`{"n":1,"strict":{"id":"1","inner":{"value":null}}}`), "hello": "x"},
			`{"data":{"task":{"n":1,"strict":null},"hello":"x"},"errors":[` +
				cannot(`["task","strict","inner","value"]`, 32, "String", "Inner", "/task/strict/inner/value") + `]}`,
		},
		{
			"to the root", `{ hello must { id } }`,
			map[string]any{"hello": "x"},
			`{"data":null,"errors":[` + cannot(`["must"]`, 9, "Task", "Query", "/must") + `]}`,
		},
		{
			"to an item", `{ list { id title } }`,
			map[string]any{"list": Raw(`[{"id":"1","title":"a"},{"id":"2"},{"id":"3","title":"c"}]`)},
			`{"data":{"list":[{"id":"1","title":"a"},null,{"id":"3","title":"c"}]},"errors":[` +
				cannot(`["list",1,"title"]`, 13, "String", "Task", "/list/1/title") + `]}`,
		},
		{
			"past an item", `{ task { labels owner { tasks { id } name } } }`,
			map[string]any{"task": Raw(`{"labels":["a",null],"owner":{"name":"n","tasks":[{"id":"1"},null]}}`)},
			`{"data":{"task":{"labels":null,"owner":{"tasks":null,"name":"n"}}},"errors":[` +
				cannot(`["task","labels",1]`, 10, "String", "Task", "/task/labels/1") + `,` +
				cannot(`["task","owner","tasks",1]`, 25, "Task", "User", "/task/owner/tasks/1") + `]}`,
		},
		{
			"a nested list", `{ task { grid } }`,
			map[string]any{"task": Raw(`{"grid":[[1],[2,null]]}`)},
			`{"data":{"task":{"grid":[[1],null]}},"errors":[` + cannot(`["task","grid",1,1]`, 10, "Int", "Task", "/task/grid/1/1") + `]}`,
		},
		{
			"an error of a nullable field", `{ task { n data } }`,
			map[string]any{"task": object{"n": boom, "data": true}},
			`{"data":{"task":{"n":null,"data":true}},"errors":[` + errorAt(`["task","n"]`, 1, 10, "forbidden", "no") + `]}`,
		},
		{
			"an error of a non-null field", `{ task { n title } hello }`,
			map[string]any{"task": object{"n": 1, "title": boom}},
			`{"data":{"task":null,"hello":null},"errors":[` + errorAt(`["task","title"]`, 1, 12, "forbidden", "no") + `]}`,
		},
		{
			"an error of a root field", `{ must { id } hello }`,
			map[string]any{"must": boom},
			`{"data":null,"errors":[` + errorAt(`["must"]`, 1, 3, "forbidden", "no") + `]}`,
		},
		{
			"several errors", `{ a: task { id } b: task { id } }`,
			map[string]any{"task": errors.New("secret")},
			`{"data":{"a":null,"b":null},"errors":[` + errorAt(`["a"]`, 1, 3, "internal", "internal error") + `,` +
				errorAt(`["b"]`, 1, 18, "internal", "internal error") + `]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, Options{})
			f.values = c.values
			if diff := cmp.Diff(c.want, f.do(t, c.query, "")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMisfits(t *testing.T) {
	for _, c := range []struct {
		query, field string
		value        any
	}{
		{`{ x: task { id } }`, "task", Raw(`[1]`)},
		{`{ x: task { id } }`, "task", Raw(`"text"`)},
		{`{ x: task { id } }`, "task", Raw(`{"id":1`)},
		{`{ x: task { id } }`, "task", "text"},
		{`{ x: task { id } }`, "task", Slice[Raw]{}},
		{`{ x: task { id } }`, "task", []byte(`{"id":1}`)},
		{`{ x: list { id } }`, "list", Raw(`{"id":1}`)},
		{`{ x: list { id } }`, "list", Raw(`[{"id":1}`)},
		{`{ x: list { id } }`, "list", object{}},
		{`{ x: node { id } }`, "node", Raw(`{"id":1}`)},
		{`{ x: node { id } }`, "node", Raw(`{"id":1,"__typename":"Note"}`)},
		{`{ x: node { id } }`, "node", object{"id": 1}},
		{`{ x: node { id } }`, "node", object{"id": 1, "__typename": "Note"}},
		{`{ x: hello }`, "hello", 1},
		{`{ x: hello }`, "hello", true},
		{`{ x: hello }`, "hello", 1.5},
		{`{ x: hello }`, "hello", object{}},
		{`mutation { x: count }`, "count", "1"},
		{`mutation { x: count }`, "count", 1.0},
		{`mutation { x: count }`, "count", 1 << 31},
		{`mutation { x: count }`, "count", true},
	} {
		f := newFixture(t, Options{})
		f.values[c.field] = c.value
		want := `{"data":{"x":null},"errors":[` + errorAt(`["x"]`, 1, map[bool]int{true: 12, false: 3}[c.query[0] == 'm'], "internal", "internal error") + `]}`
		if diff := cmp.Diff(want, f.do(t, c.query, "")); diff != "" {
			t.Errorf("%s with %v: %s", c.query, c.value, diff)
		}
	}
}

func TestScalars(t *testing.T) {
	for _, c := range []struct {
		field string
		value any
		want  string
	}{
		{"price", 0.1, `0.1`},
		{"price", 1e21, `1e+21`},
		{"price", 1e6, `1000000`},
		{"price", 1e-7, `1e-07`},
		{"price", 3, `3`},
		{"n", -1 << 31, `-2147483648`},
		{"id", int64(1) << 40, `"1099511627776"`},
		{"id", "a\"b", `"a\"b"`},
		{"data", "text", `"text"`},
		{"data", 1.5, `1.5`},
		{"data", false, `false`},
		{"status", "OPEN", `"OPEN"`},
	} {
		f := newFixture(t, Options{})
		f.values["task"] = object{c.field: c.value}
		want := `{"data":{"task":{"x":` + c.want + `}}}`
		if got := f.do(t, `{ task { x: `+c.field+` } }`, ""); got != want {
			t.Errorf("%s %v: %s, want %s", c.field, c.value, got, want)
		}
	}
}

func TestNew(t *testing.T) {
	none := func(context.Context, *Call) (any, error) { return nil, nil }
	for _, c := range []struct {
		sdl       string
		resolvers map[string]Resolver
		want      string
	}{
		{
			`type Query { a: Int b: Int } type Mutation { c: Int }`,
			map[string]Resolver{"Query.a": none, "Query.x": none},
			"attach the resolvers: Mutation.c has no resolver; Query.b has no resolver; there is no field Query.x to resolve",
		},
		{
			`type Query { a: Int } type Subscription { b: Int }`,
			map[string]Resolver{"Query.a": none, "Subscription.b": none},
			"attach the resolvers: there is no field Subscription.b to resolve",
		},
		{`type Query { a: Nope }`, nil, "load the schema: schema:1:17: Undefined type Nope."},
		{`type A { a: Int }`, nil, "load the schema: there is no type Query"},
		{
			`type Query { a(x: Int = "s"): Int }`,
			map[string]Resolver{"Query.a": none},
			"read the defaults of the schema: schema:1:26: \"s\" is no Int\n",
		},
		{
			`type Query { a(x: I): Int } input I { i: I = {} }`,
			map[string]Resolver{"Query.a": none},
			"read the defaults of the schema: schema:1:39: the default of i contains itself\n",
		},
	} {
		if _, err := New(c.sdl, c.resolvers, Options{}); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.sdl, err, c.want)
		}
	}
}
