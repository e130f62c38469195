package codegen

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/schema"
)

var update = flag.Bool("update", false, "write the modules that the tests of the client compile")

func load(t *testing.T, sdl string) *schema.Schema {
	t.Helper()
	s, err := schema.Load(schema.Source{Name: "schema.graphql", Text: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTypeScript compares with the modules that the tests of the client compile and use.
func TestTypeScript(t *testing.T) {
	for _, file := range []string{"../../schemas/workspace.graphql", "../../schemas/agenda.graphql", "testdata/features.graphql"} {
		got, err := TypeScript(load(t, read(t, file)), Options{Sources: []string{file}})
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".graphql") + ".ts"
		golden := filepath.Join("../../web/client/test/codegen/generated", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(read(t, golden), string(got)); diff != "" {
			t.Errorf("%s is not what is generated; go test ./internal/codegen -update writes it (-is +generated):\n%s", golden, diff)
		}
	}
}

// TestVersion: the version of a schema tells what matters to a client, and nothing else.
func TestVersion(t *testing.T) {
	const base = `type Note @model @auth(rules: [{allow: owner}]) { title: String! text: String @index(name: "byText") kind: Kind }
		enum Kind { A B }`
	for _, c := range []struct {
		what, old, new string
		another        bool
	}{
		{"a description", "title: String!", `"The title." title: String!`, false},
		{"the order of fields", "title: String! text: String", "text: String title: String!", false},
		{"who may read", "{allow: owner}", "{allow: owner}, {allow: private, operations: [read]}", false},
		{"a field's need", "title: String!", "title: String", true},
		{"a field's type", "title: String!", "title: ID!", true},
		{"a new field", "title: String!", "title: String! place: String", true},
		{"a default", "title: String!", `title: String! @default(value: "new")`, true},
		{"an index", `@index(name: "byText")`, "", true},
		{"the name of an index", "byText", "byTheText", true},
		{"the key", "title: String!", "title: String! @primaryKey", true},
		{"conflicts", "@model", "@model @conflict(strategy: OPTIMISTIC)", true},
		{"the owner", "{allow: owner}", "{allow: private}", true},
		{"an enum", "{ A B }", "{ A B C }", true},
		{"a model", "enum Kind", "type Other @model @auth(rules: [{allow: owner}]) { id: ID! } enum Kind", true},
	} {
		changed := strings.Replace(base, c.old, c.new, 1)
		if c.what == "the order of fields" {
			changed = `type Note @model @auth(rules: [{allow: owner}]) { kind: Kind text: String @index(name: "byText") title: String! } enum Kind { A B }`
		}
		if changed == base {
			t.Fatalf("%s is not changed", c.what)
		}
		if another := version(load(t, base)) != version(load(t, changed)); another != c.another {
			t.Errorf("%s makes another version: %v, want %v", c.what, another, c.another)
		}
	}
}

// TestNames: what cannot be used is refused, all of it at once, with what to do.
func TestNames(t *testing.T) {
	const model = "@model @auth(rules: [{allow: public}])"
	for sdl, want := range map[string]string{
		`type Conflict ` + model + ` { id: ID! }`:                                   "the model Conflict: its records would be client.conflicts, which is the client's own; rename the model Conflict",
		`type File ` + model + ` { id: ID! }`:                                       "the model File: its records would be client.files, which is the client's own; rename the model File",
		`type Status ` + model + ` { id: ID! }`:                                     "",
		`type Task ` + model + ` { id: ID! and: String }`:                           "the model Task: the field and could not be told from the operator and in a where; rename the field",
		`type Task ` + model + ` { id: ID! } enum TaskPatch { A }`:                  "the model Task: the enum TaskPatch makes the type TaskPatch too; rename one of them",
		`type Task ` + model + ` { id: ID! } type TaskKey ` + model + ` { a: Int }`: "the model TaskKey: the model Task makes the type TaskKey too; rename one of them",
		`type Task ` + model + ` { kind: class } enum class { A }`:                  "the enum class: no TypeScript type can be named class; rename the enum class",
		`type Task ` + model + ` { at: Schema } type Schema { x: Int }`:             "the type Schema: no TypeScript type can be named Schema; rename the type Schema",
		`type Task ` + model + ` { class: String new: Int constructor: Int }`:       "",
	} {
		_, err := TypeScript(load(t, sdl), Options{})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", sdl, err)
		case want != "" && (freshet.CodeOf(err) != freshet.Invalid || freshet.MessageOf(err) != want):
			t.Errorf("%s: %v\nwant %s", sdl, err, want)
		}
	}
	_, err := TypeScript(load(t, `type File `+model+` { or: Int } enum any { A }`), Options{})
	if lines := strings.Count(freshet.MessageOf(err), "\n"); lines != 2 {
		t.Errorf("three faults: %v", err)
	}
}
