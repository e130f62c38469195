package graphql

import (
	"bytes"
	"context"
	"testing"
)

const benchTask = `{"id":"0195d3c1-7f4e-7c3a-9e54-8d2a1b6f0c11","title":"Write the report","n":12,"price":2.5,"done":false,` +
	`"status":"OPEN","tags":["work","urgent"],"owner":{"id":"u1","name":"Ana"},"_version":3,"_lastChangedAt":1732190400000,"_deleted":null}`

// BenchmarkMutation is a whole request: the plan is cached, the resolver gives a record as it is stored.
func BenchmarkMutation(b *testing.B) {
	f := newFixture(b, Options{})
	f.values["createTask"] = Raw(benchTask)
	query := `mutation operation($input: CreateTaskInput!, $condition: NoteFilter) {
  createTask(input: $input, condition: $condition) { id title n price done status tags owner { id name } }
}`
	variables := []byte(`{"input":{"id":"0195d3c1-7f4e-7c3a-9e54-8d2a1b6f0c11","title":"Write the report","n":12,"price":2.5,` +
		`"done":false,"status":"OPEN","tags":["work","urgent"]},"condition":null}`)
	ctx, buf := context.Background(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		op, errs := f.Prepare(query, "")
		if errs != nil {
			b.Fatal(errs)
		}
		bound, errs := op.Bind(variables)
		if errs != nil {
			b.Fatal(errs)
		}
		buf = bound.Execute(ctx, buf[:0])
	}
	if bytes.Contains(buf, []byte("errors")) {
		b.Fatalf("%s", buf)
	}
}

// BenchmarkList100 is a page of 100 stored records.
func BenchmarkList100(b *testing.B) {
	f := newFixture(b, Options{})
	items := make(Slice[Raw], 100)
	for i := range items {
		items[i] = Raw(benchTask)
	}
	f.values["tasks"] = object{"items": items}
	bound := f.bind(b, `{ tasks { items { id title n price done status tags owner { id name } } nextToken } }`, ``)
	ctx, buf := context.Background(), make([]byte, 0, 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		buf = bound.Execute(ctx, buf[:0])
	}
	if bytes.Contains(buf, []byte("errors")) {
		b.Fatalf("%s", buf)
	}
}

// BenchmarkEvent is one event for one selection.
func BenchmarkEvent(b *testing.B) {
	f := newFixture(b, Options{})
	bound := f.bind(b, `subscription { onCreateTask { id title n price done status tags owner { id name } } }`, ``)
	ctx, buf := context.Background(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = bound.AppendEvent(ctx, buf[:0], Raw(benchTask))
	}
}

// BenchmarkPrepare is what a document costs that is not cached.
func BenchmarkPrepare(b *testing.B) {
	f := newFixture(b, Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, errs := f.prepare(`query ($id: ID!) { getTask(id: $id) { id title n price done status tags owner { id name } } }`, ""); errs != nil {
			b.Fatal(errs)
		}
	}
}
