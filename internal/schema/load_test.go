package schema

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustLoad(t testing.TB, text string) *Schema {
	t.Helper()
	s, err := Load(Source{Name: "schema.graphql", Text: text})
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return s
}

func TestLoad(t *testing.T) {
	s := mustLoad(t, `
"What has to be done."
type Task @model @auth(rules: [{allow: owner}, {allow: owner, ownerField: "sharedWith", operations: [read, update]}]) @conflict(strategy: OPTIMISTIC) {
  title: String!
  status: Status @default(value: "OPEN") @index(name: "byStatus", queryField: "tasksByStatus", sortKeyFields: ["due", "title"])
  due: AWSDate @index
  tags: [String!] @set
  place: Place
  sharedWith: [String]
}
enum Status { OPEN DONE }
type Place { name: String! near: [Place] at: [Float!]! }
type Visit @model {
  person: ID! @primaryKey(sortKeyFields: ["n"])
  n: Int!
  createdAt: AWSDateTime
}
extend type Visit { note: String }
`)
	var got []string
	for _, m := range s.Models {
		line := fmt.Sprintf("%s/%s %s key", m.Name, m.Plural, m.Conflict)
		for _, f := range m.Key {
			line += " " + f.Name
		}
		for i, f := range m.Fields {
			if f.Ordinal != i || m.Field(f.Name) != f {
				t.Errorf("%s.%s has the ordinal %d at %d", m.Name, f.Name, f.Ordinal, i)
			}
			line += fmt.Sprintf("; %s: %s", f.Name, f.Type)
			if f.Implicit {
				line += " implicit"
			}
			if f.Owner {
				line += " owner"
			}
			if f.Set {
				line += " set"
			}
			if f.Default != nil {
				line += " = " + string(f.Default)
			}
		}
		for _, index := range m.Indexes {
			line += fmt.Sprintf("; index %s %s %v", index.Name, index.QueryField, names(index.Fields))
		}
		got = append(got, line)
	}
	want := []string{
		`Task/Tasks OPTIMISTIC key id; id: ID!; title: String!; status: Status = "OPEN"; due: AWSDate; tags: [String!] set; place: Place; ` +
			`sharedWith: [String] owner; owner: String implicit owner; createdAt: AWSDateTime! implicit; updatedAt: AWSDateTime! implicit; ` +
			`index byStatus tasksByStatus [status due title]; index byDue tasksByDue [due]`,
		`Visit/Visits AUTOMERGE key person n; person: ID!; n: Int!; createdAt: AWSDateTime; note: String; updatedAt: AWSDateTime! implicit`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
}

func TestPlurals(t *testing.T) {
	for name, want := range map[string]string{
		"Task": "Tasks", "Person": "People", "Category": "Categories", "EventsTable": "EventsTables", "Media": "Media",
		"Index": "Indices", "Status": "Statuses", "Hero": "Heroes", "Leaf": "Leaves", "Child": "Children", "todo": "todos", "News": "News",
	} {
		s := mustLoad(t, "type "+name+" @model { x: Int }")
		if got := s.Models[0].Plural; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestProblems holds what a schema may not say. Each answer names the line, and what to write instead.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"type T @model { x: Int", "1: "},
		{"type T @model {\n x: Strin\n}", `2: T.x: there is no type Strin; declare it, or use one of AWSDate,`},
		{"type T @model { x: Int }\ntype T { y: Int }", "2: the type T is declared twice"},
		{"type T @model { x: Int x: Int }", "1: T.x stands twice"},
		{"type Query { x: Int }", "1: the type Query is generated and cannot be declared"},
		{"type Change { x: Int }", "1: the type Change is generated"},
		{"type _T @model { x: Int }", "names that begin with an underscore are the server's own"},
		{"type T @model { _x: Int }", "names that begin with an underscore are the server's own"},
		{"scalar Money", "the scalar Money: own scalars cannot be declared; use AWSJSON"},
		{"scalar AWSDate", "AWSDate is a scalar that is always there"},
		{"interface I { x: Int }", "interfaces and unions are not supported; write an object type"},
		{"union U = A | B", "interfaces and unions are not supported"},
		{"input I { x: Int }", "inputs are generated"},
		{"schema { query: Q }", "a schema definition is not needed"},
		{"directive @x on OBJECT", "directives cannot be declared"},
		{"extend type T { x: Int }", "there is no such type to extend"},
		{"enum E { A A }", "E.A stands twice"},
		{"type T @model { x(a: Int): Int }", "T.x has arguments"},
		{"type T @model { u: U }\ntype U @model { x: Int }", "1: T.u: U is a model, and a record cannot hold another; store its id"},
		{"type T @model { us: [U] @hasMany }\ntype U @model { x: Int }", "U is a model"},
		{"type T @model { x: Int @hasOne }", "@hasOne on T.x: relations are not supported; store the other record's id"},
		{"type T @model { x: Int @nonsense }", "@nonsense on T.x is not known; fields may have @primaryKey"},
		{"type T @model @searchable { x: Int }", "@searchable on T is not known; types may have @model"},
		{"type T @auth(rules: []) { x: Int }", "only a type with @model may have it"},
		{"type T { x: Int @index }", "only fields of a type with @model can be keys"},
		{"type T { x: Int @default(value: \"1\") }", "only fields of a type with @model can have it"},
		{"type T @model(queries: null) { x: Int }", "@model(queries: …) on T is not supported"},
		{"type T @model { x: Int @auth(rules: [{allow: owner}]) }", "rules on single fields are not supported"},
		{"type T @model { x: Int @default(value: \"one\") }", `@default on T.x: "one" is no Int`},
		{"type T @model { x: Int @default(value: 1) }", `write @default(value: "…")`},
		{"type T @model { x: E @default(value: \"B\") }\nenum E { A }", `"B" is no E; write one of ["A"]`},
		{"type T @model { x: [Int] @default(value: \"1\") }", "only scalars and enum values have defaults"},
		{"type T @model { x: Int @set }", "only a list of scalars or enum values can be a set"},
		{"type T @model { id: Int! }", "T.id is the key and has to be of type ID!"},
		{"type T @model { x: Int @primaryKey }", "T.x is part of the primary key and has to be non-null; write Int!"},
		{"type T @model { x: [Int!]! @primaryKey }", "by which records cannot be ordered"},
		{"type T @model { x: Int! @primaryKey y: Int! @primaryKey }", "T has two primary keys"},
		{"type T @model { x: Int! @primaryKey(sortKeyFields: [\"z\"]) }", `there is no field "z" to sort by`},
		{"type T @model { x: Int! @primaryKey(sortKeyFields: [\"x\"]) }", `the field "x" stands twice`},
		{"type T @model { x: Int! @primaryKey(sortKey: [\"x\"]) }", "the only argument is sortKeyFields"},
		{"type T @model { x: AWSJSON @index(name: \"a\") y: Int @index(name: \"a\") }", `T has two indexes named "a"`},
		{"type T @model { x: Int @index(queryField: \"no good\") }", "the arguments are name, sortKeyFields and queryField"},
		{"type T @model { x: P @index }\ntype P { y: Int }", "by which records cannot be ordered"},
		{"type T @model { createdAt: Int }", "T.createdAt is set by the server and has to be of type AWSDateTime"},
		{"type T @model @conflict(strategy: NEWEST) { x: Int }", "write strategy: AUTOMERGE, OPTIMISTIC or LAST_WRITER"},
		{"type T @model @conflict(how: x) { x: Int }", "the only argument is strategy"},
		{"type T @model { x: Int }\ntype t @model { x: Int }", "t and T would both generate"},
		{"type T @model { x: Int @index(queryField: \"push\") }", "T and the server's own API would both generate push"},
		{"type T @model { x: Int }\ntype CreateTInput { x: Int }", "would both generate type CreateTInput"},
		{"type T @model @auth { x: Int }", "write @auth(rules: [{allow: …}])"},
		{"type T @model @auth(rules: [owner]) { x: Int }", "a rule is an object like {allow: owner}"},
		{"type T @model @auth(rules: [{allow: everyone}]) { x: Int }", "allow: everyone is not known; write allow: owner, groups, private, public or custom"},
		{"type T @model @auth(rules: [{allow: owner, provider: apiKey}]) { x: Int }", "allow: owner cannot have the provider apiKey"},
		{`type T @model @auth(rules: [{allow: owner, identityClaim: "a,b"}]) { x: Int }`, `the claim "a,b" has a bracket or a comma`},
		{`type T @model @auth(rules: [{allow: owner, identityClaim: "oidc"}]) { x: Int }`, `the claim "oidc" has the name of a provider`},
		{`type T @model @auth(rules: [{allow: groups, groups: ["a"], groupClaim: "oidc"}]) { x: Int }`, `the claim "oidc" has the name of a provider`},
		{"type T @model @auth(rules: [{allow: public, provider: userPools}]) { x: Int }", "allow: public cannot have the provider userPools"},
		{"type T @model @auth(rules: [{allow: public, groups: [\"a\"]}]) { x: Int }", "a rule with allow: public has no argument groups"},
		{"type T @model @auth(rules: [{allow: owner, operations: [write]}]) { x: Int }", `there is no operation "write"; write create, read,`},
		{"type T @model @auth(rules: [{allow: owner, ownerField: \"x\"}]) { x: Int }", "is of type Int; it has to be String or [String]"},
		{"type T @model @auth(rules: [{allow: groups}]) { x: Int }", `there is no field "groups" to name the groups; declare groups: [String]`},
		{"type T @model @auth(rules: [{allow: groups, groups: [\"a\"], groupsField: \"g\"}]) { g: String }", "not both"},
	} {
		_, err := Load(Source{Name: "schema.graphql", Text: c.text})
		var problems Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s\nwas accepted: %v", c.text, err)
			continue
		}
		if !strings.Contains(err.Error(), "schema.graphql:") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\nsays %q, want %q", c.text, err, c.want)
		}
	}
	// All problems come at once, of every file, in order.
	_, err := Load(Source{Name: "a", Text: "type T @model { x: X }\ntype U @model { y: Y }"}, Source{Name: "b", Text: "type V @model { z: Z }"})
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 3 || problems[0].Line != 1 || problems[1].Line != 2 || problems[2].File != "b" {
		t.Errorf("problems of two files: %v", err)
	}
}

func TestCompare(t *testing.T) {
	const base = `type T @model @auth(rules: [{allow: owner}]) { title: String! n: Int status: S tags: [String] place: P @index(name: "x") at: AWSDate } enum S { A B } type P { x: Int next: P }`
	old := strings.Replace(base, ` @index(name: "x")`, "", 1)
	edit := func(from, to string) string {
		if !strings.Contains(old, from) {
			t.Fatalf("%q is not in the schema", from)
		}
		return strings.Replace(old, from, to, 1)
	}
	for _, c := range []struct {
		name, next      string
		rebuild, filled bool
		dropped         bool
		refused         string
	}{
		{name: "nothing", next: old},
		{name: "new model", next: old + " type U @model { x: Int }"},
		{name: "new field", next: edit("n: Int", "n: Int m: Int")},
		{name: "new field with a value needed", next: edit("n: Int", "n: Int m: Int!"), filled: true},
		{name: "new field with a default", next: edit("n: Int", `n: Int m: Int! @default(value: "1")`), rebuild: true},
		{name: "value needed", next: edit("n: Int", "n: Int!"), filled: true},
		{name: "value not needed", next: edit("title: String!", "title: String")},
		{name: "new index", next: edit("n: Int", "n: Int @index"), rebuild: true},
		{name: "new enum value", next: edit("A B", "A B C")},
		{name: "new nested field", next: edit("x: Int", "x: Int y: Int")},
		{name: "wider type", next: edit("n: Int", "n: Float")},
		{name: "wider text", next: edit("at: AWSDate", "at: String")},
		{name: "rules for readers", next: edit("{allow: owner}", "{allow: owner}, {allow: public}"), rebuild: true},
		{name: "rules for writers", next: edit("{allow: owner}", "{allow: owner}, {allow: public, operations: [create]}")},
		{name: "strategy", next: edit("@model @auth", "@model @conflict(strategy: OPTIMISTIC) @auth")},
		{name: "model gone", next: "type U @model { x: Int }", dropped: true},
		{name: "field gone", next: edit("n: Int", ""), refused: "T.n is gone, and its values would be"},
		{name: "narrower type", next: edit("n: Int", "n: Boolean"), refused: "T.n changed from Int to Boolean"},
		{name: "list", next: edit("n: Int", "n: [Int]"), refused: "a list and a single value are stored differently"},
		{name: "stricter list", next: edit("[String]", "[String!]"), refused: "stored lists may hold nulls"},
		{name: "enum value gone", next: edit("A B", "A"), refused: "the value B, which is gone"},
		{name: "nested field gone", next: edit("x: Int", "y: Int"), refused: "its field x is gone"},
		{name: "nested value needed", next: edit("x: Int", "x: Int y: Int!"), refused: "its new field y needs a value"},
		{name: "key", next: edit("title: String!", "title: String! @primaryKey id: ID"), refused: "the primary key of T changed"},
	} {
		d := Compare(mustLoad(t, old), mustLoad(t, c.next))
		refused := strings.Join(d.Refused, "\n")
		if (len(d.Rebuild) > 0) != c.rebuild || (len(d.Filled) > 0) != c.filled || (len(d.Dropped) > 0) != c.dropped ||
			(c.refused == "") != (refused == "") || !strings.Contains(refused, c.refused) {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
	if d := Compare(nil, mustLoad(t, old)); len(d.Rebuild)+len(d.Filled)+len(d.Refused) > 0 {
		t.Errorf("a first schema: %+v", d)
	}
}
