package graphql

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
)

func TestCall(t *testing.T) {
	f := newFixture(t, Options{})
	const query = `mutation ($in: CreateTaskInput!, $yes: Boolean!) {
		x: createTask(input: $in) { id owner { a: tasks { title @include(if: $yes) n @skip(if: $yes) } } ...F } }
		fragment F on Task { notes { text } ... @skip(if: $yes) { price } }`
	f.values["createTask"] = func(call *Call) (any, error) {
		got := fmt.Sprintln(call.Type(), call.Field(), string(call.Arg("input")), call.Arg("condition") == nil, call.Arg("nope") == nil)
		if want := "Mutation createTask {\"title\":\"t\",\"status\":\"OPEN\"} true true\n"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		for path, want := range map[string]bool{
			"": true, "id": true, "title": false, "owner": true, "owner/tasks": true, "owner/tasks/title": true, "owner/tasks/n": false,
			"owner/a": false, "notes/text": true, "price": false, "id/x": false,
		} {
			var steps []string
			if path != "" {
				steps = strings.Split(path, "/")
			}
			if call.Selects(steps...) != want {
				t.Errorf("selects %q: %v", path, !want)
			}
		}
		call.Extend("a", []byte(`1`))
		call.Extend(`b"`, []byte(`{"x":2}`))
		call.Extend("a", []byte(`null`))
		return nil, nil
	}
	want := `{"data":{"x":null},"extensions":{"a":[1,null],"b\"":[{"x":2}]}}`
	if diff := cmp.Diff(want, f.do(t, query, `{"in":{"title":"t"},"yes":true}`)); diff != "" {
		t.Error(diff)
	}
}

func TestExtendFromBelow(t *testing.T) {
	f := newFixture(t, Options{})
	f.values["task"] = extending{}
	want := `{"data":{"task":{"notes":null}},"errors":[` + errorAt(`["task","notes"]`, 1, 10, "not_found", "gone") + `],"extensions":{"from":["Task"]}}`
	if diff := cmp.Diff(want, f.do(t, `{ task { notes { text } } }`, "")); diff != "" {
		t.Error(diff)
	}
}

type extending struct{ object }

func (extending) FieldWithArgs(_ context.Context, call *Call) (any, error) {
	call.Extend("from", []byte(`"`+call.Type()+`"`))
	return nil, freshet.Errorf(freshet.NotFound, "gone")
}

func TestDescribe(t *testing.T) {
	cause := errors.New("cause")
	f := newFixture(t, Options{Describe: func(_ context.Context, call *Call, err error) Described {
		if !errors.Is(err, cause) {
			t.Errorf("described %v", err)
		}
		return Described{
			Message: call.Type() + "." + call.Field(), Type: "Type\n", Data: []byte(`{"id":1}`), Info: []byte(`[2]`),
		}
	}})
	f.values["task"] = object{"n": cause}
	f.values["getTask"] = fmt.Errorf("more: %w", cause)
	want := `{"data":{"x":{"y":null},"getTask":null},"errors":[` +
		`{"path":["x","y"],"data":{"id":1},"errorType":"Type\n","errorInfo":[2],"locations":[{"line":1,"column":13,"sourceName":null}],"message":"Task.n"},` +
		`{"path":["getTask"],"data":{"id":1},"errorType":"Type\n","errorInfo":[2],"locations":[{"line":2,"column":1,"sourceName":null}],"message":"Query.getTask"}]}`
	if diff := cmp.Diff(want, f.do(t, "{ x: task { y: n }\ngetTask(id: 1) { id } }", "")); diff != "" {
		t.Error(diff)
	}
}

type panicking struct{}

func (panicking) Field(string) (any, error) { panic("at the disco") }

type panickingList struct{ Slice[Raw] }

func (panickingList) Len() int { return 2 }

func TestPanics(t *testing.T) {
	var causes []error
	f := newFixture(t, Options{Describe: func(_ context.Context, _ *Call, err error) Described {
		causes = append(causes, err)
		return Described{Message: freshet.MessageOf(err), Type: string(freshet.CodeOf(err))}
	}})
	f.values["hello"] = func(*Call) (any, error) { panic("resolver") }
	f.values["task"] = Slice[object]{}
	f.values["list"] = panickingList{}
	f.values["getTask"] = panicking{}
	f.values["must"] = object{"id": "1", "owner": panicking{}}
	f.values["args"] = "fine"
	for query, want := range map[string]string{
		`{ hello args }`:                    `{"data":{"hello":null,"args":"fine"},"errors":[` + errorAt(`["hello"]`, 1, 3, "internal", "internal error") + `]}`,
		`{ list { id } args }`:              `{"data":{"list":null,"args":"fine"},"errors":[` + errorAt(`["list"]`, 1, 3, "internal", "internal error") + `]}`,
		`{ getTask(id: 1) { id } args }`:    `{"data":{"getTask":null,"args":"fine"},"errors":[` + errorAt(`["getTask"]`, 1, 3, "internal", "internal error") + `]}`,
		`{ must { id owner { id } } args }`: `{"data":null,"errors":[` + errorAt(`["must"]`, 1, 3, "internal", "internal error") + `]}`,
	} {
		if diff := cmp.Diff(want, f.do(t, query, "")); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	for _, err := range causes {
		if !strings.Contains(err.Error(), "panic: ") || !strings.Contains(err.Error(), "run_test.go") && !strings.Contains(err.Error(), "complete.go") {
			t.Errorf("the cause does not say where: %v", err)
		}
	}
}

func TestDoneContext(t *testing.T) {
	f := newFixture(t, Options{Describe: func(_ context.Context, _ *Call, err error) Described {
		return Described{Message: err.Error(), Type: "T"}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	f.values["hello"] = "x"
	f.values["list"] = func(*Call) (any, error) {
		cancel()
		return Raw(`[{"id":"1"},{"id":"2"}]`), nil
	}
	got := string(f.answer(t, ctx, `{ a: hello list { id } b: hello }`, ""))
	want := `{"data":{"a":"x","list":null,"b":null},"errors":[` + errorAt(`["list"]`, 1, 12, "T", "context canceled") + `,` +
		errorAt(`["b"]`, 1, 24, "T", "context canceled") + `]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = string(f.answer(t, ctx, `{ must { id } b: hello }`, ""))
	if diff := cmp.Diff(`{"data":null,"errors":[`+errorAt(`["must"]`, 1, 3, "T", "context canceled")+`]}`, got); diff != "" {
		t.Error(diff)
	}
}

// TestDoneWithinNestedLists gives the whole root field up, and not only the list that noticed.
func TestDoneWithinNestedLists(t *testing.T) {
	f := newFixture(t, Options{Describe: func(_ context.Context, _ *Call, err error) Described {
		return Described{Message: err.Error(), Type: "T"}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	f.values["list"] = Slice[any]{object{"grid": Slice[any]{cancelling{cancel}, Raw(`[]`)}}, object{}}
	got := string(f.answer(t, ctx, `{ list { grid } }`, ""))
	if diff := cmp.Diff(`{"data":{"list":null},"errors":[`+errorAt(`["list",0,"grid"]`, 1, 10, "T", "context canceled")+`]}`, got); diff != "" {
		t.Error(diff)
	}
}

type cancelling struct{ cancel func() }

func (c cancelling) Len() int {
	c.cancel()
	return 0
}
func (c cancelling) Item(int) any { return nil }

func TestSerialMutations(t *testing.T) {
	f := newFixture(t, Options{})
	n := 0
	f.values["count"] = func(*Call) (any, error) {
		n++
		return n, nil
	}
	if got, want := f.do(t, `mutation { a: count b: count ... { c: count } a: count }`, ""), `{"data":{"a":1,"b":2,"c":3}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAppendToBuffer(t *testing.T) {
	f := newFixture(t, Options{})
	f.values["must"] = Raw(`{"id":null}`)
	b := f.bind(t, `{ hello must { id } }`, "")
	if got := string(b.Execute(t.Context(), []byte("before"))); !strings.HasPrefix(got, `before{"data":null,"errors":[{`) {
		t.Error(got)
	}
}

func TestSubscription(t *testing.T) {
	f := newFixture(t, Options{})
	b := f.bind(t, `subscription S($id: ID) { ev: onCreateTask(id: $id) { id owner { name } } }`, `{"id":5}`)
	if b.Operation().Kind() != Subscription {
		t.Error(b.Operation().Kind())
	}
	call := b.Call()
	if got := fmt.Sprintln(call.Type(), call.Field(), string(call.Arg("id")), call.Selects("owner", "name"), call.Selects("n")); got != "Subscription onCreateTask \"5\" true false\n" {
		t.Error(got)
	}
	call.Extend("x", []byte("1"))
	for _, c := range []struct {
		value any
		want  string
	}{
		{Raw(`{"id":"1","owner":{"name":"A"}}`), `{"data":{"ev":{"id":"1","owner":{"name":"A"}}}}`},
		{object{"id": "1"}, `{"data":{"ev":{"id":"1","owner":null}}}`},
		{nil, `{"data":{"ev":null}}`},
		{Raw(`{}`), `{"data":{"ev":null},"errors":[` + errorAt(`["ev","id"]`, 1, 55, "internal",
			"Cannot return null for non-nullable type: 'ID' within parent 'Task' (/ev/id)") + `]}`},
		{panicking{}, `{"data":{"ev":null},"errors":[` + errorAt(`["ev"]`, 1, 27, "internal", "internal error") + `]}`},
	} {
		if diff := cmp.Diff("x"+c.want, string(b.AppendEvent(t.Context(), []byte("x"), c.value))); diff != "" {
			t.Error(diff)
		}
	}
	want := `{"errors":[` + errorAt(`["ev"]`, 1, 27, "forbidden", "no") + `]}`
	if diff := cmp.Diff(want, string(b.AppendError(t.Context(), nil, freshet.Errorf(freshet.Forbidden, "no")))); diff != "" {
		t.Error(diff)
	}
	if got := string(b.Execute(t.Context(), nil)); !strings.Contains(got, "A subscription cannot be executed as a request") {
		t.Error(got)
	}
	must := f.bind(t, `subscription { onMust { id } }`, "")
	if got := string(must.AppendEvent(t.Context(), nil, nil)); !strings.HasPrefix(got, `{"data":null,"errors":[`) {
		t.Error(got)
	}
}

func TestKey(t *testing.T) {
	f := newFixture(t, Options{})
	key := func(query, variables string) string { return f.bind(t, query, variables).Key() }
	const (
		plain  = `subscription { onCreateTask { id title } }`
		cond   = `subscription ($x: Boolean!, $y: Boolean = false) { onCreateTask { id title @include(if: $x) n @skip(if: $y) } }`
		root   = `subscription ($id: ID) { onCreateTask(id: $id) { id } }`
		nested = `subscription ($n: Int, $f: NoteFilter) { onCreateTask { notes(first: $n, like: $f) { text } } }`
	)
	for _, c := range []struct {
		query, a, other, b string
		same               bool
	}{
		{plain, ``, plain, ``, true},
		{plain, ``, plain + ` `, ``, true},
		{plain, ``, `subscription { onCreateTask { id n } }`, ``, false},
		{plain, ``, `subscription { onCreateTask { id title: n } }`, ``, false},
		{plain, ``, `subscription { onCreateTask { title id } }`, ``, false},
		{plain, ``, `subscription { onMust       { id title } }`, ``, false},
		{plain, ``, `subscription {onCreateTask { id title } }`, ``, false}, // errors say where fields are
		{cond, `{"x":true}`, cond, `{"x":true,"y":false}`, true},
		{cond, `{"x":true}`, cond, `{"x":false}`, false},
		{cond, `{"x":true}`, cond, `{"x":true,"y":true}`, false},
		{root, `{"id":1}`, root, `{"id":2}`, true},
		{root, `{"id":1}`, root, ``, true},
		{nested, `{"n":1}`, nested, `{"n":2}`, false},
		{nested, ``, nested, `{"n":2}`, true}, // the default
		{nested, ``, nested, `{"n":null}`, false},
		{nested, `{"f":{"text":"a", "limit":5}}`, nested, `{"f":{"text":"a"}}`, true},
		{nested, `{"f":{"text":"a"}}`, nested, `{"f":{"text":"b"}}`, false},
	} {
		if same := key(c.query, c.a) == key(c.other, c.b); same != c.same {
			t.Errorf("%s with %s and %s with %s have the same key: %v", c.query, c.a, c.other, c.b, same)
		}
	}
}

func TestConcurrency(t *testing.T) {
	f := newFixture(t, Options{CachedPlans: 3})
	f.values["task"] = Raw(rawTask)
	f.values["list"] = Slice[Raw]{Raw(rawTask), Raw(rawTask)}
	f.values["args"] = func(call *Call) (any, error) { return string(call.Arg("input")), nil }
	event := f.bind(t, `subscription ($x: Boolean = true) { onCreateTask { id title @include(if: $x) } }`, "")
	queries := []string{
		`{ task { id title owner { name } } }`, `{ list { id tags } }`, introspectionQuery,
		`query ($x: JSON) { args(input: {title: "t", data: {x: $x}}) }`, `{ nope }`, `{ list { ...F } } fragment F on Task { id }`,
	}
	var want []string
	for _, query := range queries {
		want = append(want, f.do(t, query, `{"x":[1]}`))
	}
	var running sync.WaitGroup
	for worker := range 8 {
		running.Go(func() {
			for i := range 50 {
				n := (worker + i) % len(queries)
				if got := f.do(t, queries[n], `{"x":[1]}`); got != want[n] {
					t.Errorf("%s: %s", queries[n], got)
				}
				got := event.AppendEvent(t.Context(), nil, Raw(rawTask))
				if !bytes.HasPrefix(got, []byte(`{"data":{"onCreateTask":{"id":"1"`)) || event.Key() == "" {
					t.Errorf("%s", got)
				}
			}
		})
	}
	running.Wait()
}
