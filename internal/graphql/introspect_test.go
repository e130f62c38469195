package graphql

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// introspectionQuery is what graphql-js asks with all its options.
const introspectionQuery = `
query IntrospectionQuery {
  __schema {
    description
    queryType { name kind }
    mutationType { name kind }
    subscriptionType { name kind }
    types { ...FullType }
    directives {
      name
      description
      isRepeatable
      locations
      args(includeDeprecated: true) { ...InputValue }
    }
  }
}
fragment FullType on __Type {
  kind
  name
  description
  specifiedByURL
  isOneOf
  fields(includeDeprecated: true) {
    name
    description
    args(includeDeprecated: true) { ...InputValue }
    type { ...TypeRef }
    isDeprecated
    deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
  name
  description
  type { ...TypeRef }
  defaultValue
  isDeprecated
  deprecationReason
}
fragment TypeRef on __Type {
  kind
  name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}`

// allKinds is printed like printSchema prints an introspected schema.
const allKinds = `"All kinds of things."
schema {
  query: Root
  mutation: Mutation
  subscription: Live
}

directive @mark(by: String = "me", old: Int @deprecated(reason: "why not")) repeatable on FIELD | OBJECT

input Either @oneOf {
  a: Int
  b: String
}

scalar JSON @specifiedBy(url: "https://example.org/json")

type Live {
  on: [[Int!]!]
}

type Mutation {
  "Sets a thing."
  set(in: Settings!, list: [Int!]! = [1,2] @deprecated(reason: "No longer supported")): Thing
}

"Has an id."
interface Named implements Node {
  id: ID!
  name: String
}

interface Node {
  id: ID!
}

type Other {
  x: Int
}

type Root {
  either(in: Either): Int
  find(kinds: [Kind!] = [A,B]): [Union]
}

input Settings {
  "On or off."
  on: Boolean! = true
  deep: Settings = {on:false,deep:null,text:"q\"\n"}
  text: String
  kind: Kind = A
  old: Int @deprecated(reason: "gone")
}

"""A
thing."""
type Thing implements Named & Node {
  id: ID!
  name: String
  old: Float @deprecated(reason: "use name")
}

union Union = Thing | Other

"Kinds."
enum Kind {
  A
  "The second."
  B
  C @deprecated(reason: "No longer supported")
}
`

type introspectedType struct {
	Kind, Name                string
	Description               *string
	SpecifiedByURL            *string
	IsOneOf                   *bool
	Fields                    []introspectedField
	InputFields               []introspectedField
	Interfaces, PossibleTypes []introspectedType
	EnumValues                []introspectedField
	OfType                    *introspectedType
}

type introspectedField struct {
	Name              string
	Description       *string
	Args              []introspectedField
	Type              *introspectedType
	DefaultValue      *string
	IsDeprecated      bool
	DeprecationReason *string
}

type introspectedSchema struct {
	Description             *string
	QueryType, MutationType *introspectedType
	SubscriptionType        *introspectedType
	Types                   []introspectedType
	Directives              []introspectedDirective
}

type introspectedDirective struct {
	Name         string
	IsRepeatable bool
	Locations    []string
	Args         []introspectedField
}

func introspectAll(t *testing.T, s *Schema) introspectedSchema {
	t.Helper()
	op, errs := s.Prepare(introspectionQuery, "")
	if errs != nil {
		t.Fatal(errs)
	}
	b, _ := op.Bind(nil)
	first := string(b.Execute(t.Context(), nil))
	if again := string(b.Execute(t.Context(), []byte("x"))); again != "x"+first {
		t.Error("the cached introspection differs")
	}
	var response struct {
		Data struct {
			Schema introspectedSchema `json:"__schema"`
		}
		Errors []any
	}
	if err := json.Unmarshal([]byte(first), &response); err != nil || response.Errors != nil {
		t.Fatal(err, response.Errors)
	}
	return response.Data.Schema
}

func TestIntrospection(t *testing.T) {
	s, err := New(allKinds, map[string]Resolver{"Root.either": nothing, "Root.find": nothing, "Mutation.set": nothing}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := introspectAll(t, s)
	if diff := cmp.Diff(sorted(allKinds), sorted(printed(got))); diff != "" {
		t.Error(diff)
	}
	var builtIn []string
	for _, d := range got.Directives {
		builtIn = append(builtIn, d.Name)
	}
	if diff := cmp.Diff("deprecated include mark oneOf skip specifiedBy", strings.Join(builtIn, " ")); diff != "" {
		t.Error(diff)
	}
	names := make(map[string]introspectedType)
	for _, typ := range got.Types {
		names[typ.Name] = typ
	}
	for _, name := range []string{"Int", "Float", "String", "Boolean", "ID", "__Schema", "__Type", "__TypeKind", "__Field", "__InputValue", "__EnumValue", "__Directive", "__DirectiveLocation"} {
		if names[name].Name == "" {
			t.Errorf("the type %s is missing", name)
		}
	}
	if possible := names["Named"].PossibleTypes; len(possible) != 1 || possible[0].Name != "Thing" {
		t.Errorf("possible types of an interface: %v", possible)
	}
	if names["Thing"].PossibleTypes != nil || names["Thing"].InputFields != nil || names["Thing"].EnumValues != nil || names["Kind"].Fields != nil ||
		names["Kind"].Interfaces != nil || names["Other"].Interfaces == nil {
		t.Error("lists that a kind does not have are null, and those that it has are not")
	}
}

// sorted puts the definitions of a schema in a common order.
func sorted(sdl string) map[string]bool {
	parts := make(map[string]bool)
	for _, part := range strings.Split(strings.TrimSpace(sdl), "\n\n") {
		parts[part] = true
	}
	return parts
}

func printed(s introspectedSchema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sschema {\n  query: %s\n  mutation: %s\n  subscription: %s\n}\n", described(s.Description, ""), s.QueryType.Name,
		s.MutationType.Name, s.SubscriptionType.Name)
	for _, d := range s.Directives {
		if d.Name == "mark" {
			repeatable := map[bool]string{true: " repeatable"}[d.IsRepeatable]
			fmt.Fprintf(&b, "\ndirective @mark%s%s on %s\n", argumentsSDL(d.Args), repeatable, strings.Join(d.Locations, " | "))
		}
	}
	for _, t := range s.Types {
		if !strings.HasPrefix(t.Name, "__") && !strings.Contains("Int Float String Boolean ID", t.Name) {
			b.WriteString("\n" + t.sdl())
		}
	}
	return b.String()
}

func (t introspectedType) sdl() string {
	head := described(t.Description, "")
	switch t.Kind {
	case "SCALAR":
		return fmt.Sprintf("%sscalar %s @specifiedBy(url: %q)\n", head, t.Name, *t.SpecifiedByURL)
	case "UNION":
		return fmt.Sprintf("%sunion %s = %s\n", head, t.Name, strings.Join(refs(t.PossibleTypes), " | "))
	case "ENUM":
		head += "enum " + t.Name
	case "INPUT_OBJECT":
		head += "input " + t.Name
		if *t.IsOneOf {
			head += " @oneOf"
		}
	default:
		head += map[string]string{"OBJECT": "type ", "INTERFACE": "interface "}[t.Kind] + t.Name
		if len(t.Interfaces) > 0 {
			head += " implements " + strings.Join(refs(t.Interfaces), " & ")
		}
	}
	head += " {\n"
	for _, list := range [][]introspectedField{t.Fields, t.InputFields, t.EnumValues} {
		for _, f := range list {
			head += described(f.Description, "  ") + "  " + f.sdl() + "\n"
		}
	}
	return head + "}\n"
}

func (f introspectedField) sdl() string {
	text := f.Name + argumentsSDL(f.Args)
	if f.Type != nil {
		text += ": " + f.Type.ref()
	}
	if f.DefaultValue != nil {
		text += " = " + *f.DefaultValue
	}
	if f.IsDeprecated {
		text += fmt.Sprintf(" @deprecated(reason: %q)", *f.DeprecationReason)
	}
	return text
}

func argumentsSDL(args []introspectedField) string {
	if len(args) == 0 {
		return ""
	}
	var list []string
	for _, a := range args {
		list = append(list, a.sdl())
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func (t introspectedType) ref() string {
	switch t.Kind {
	case "NON_NULL":
		return t.OfType.ref() + "!"
	case "LIST":
		return "[" + t.OfType.ref() + "]"
	}
	return t.Name
}

func refs(types []introspectedType) []string {
	var list []string
	for _, t := range types {
		list = append(list, t.ref())
	}
	return list
}

func described(description *string, indent string) string {
	switch {
	case description == nil:
		return ""
	case strings.Contains(*description, "\n"):
		return indent + `"""` + *description + `"""` + "\n"
	}
	return indent + `"` + *description + `"` + "\n"
}

func TestIntrospectionByName(t *testing.T) {
	f := newFixture(t, Options{})
	for _, c := range []struct{ query, variables, want string }{
		{`{ __type(name: "Status") { name enumValues { name } } }`, ``, `{"__type":{"name":"Status","enumValues":[{"name":"OPEN"},{"name":"DONE"}]}}`},
		{
			`{ __type(name: "Status") { enumValues(includeDeprecated: true) { name isDeprecated deprecationReason } } }`, ``,
			`{"__type":{"enumValues":[{"name":"OPEN","isDeprecated":false,"deprecationReason":null},{"name":"DONE","isDeprecated":false,` +
				`"deprecationReason":null},{"name":"OLD","isDeprecated":true,"deprecationReason":"never"}]}}`,
		},
		{
			`query ($n: String!) { __type(name: $n) { __typename kind ofType { kind } fields { name } } }`, `{"n":"Strict"}`,
			`{"__type":{"__typename":"__Type","kind":"OBJECT","ofType":null,"fields":[{"name":"id"},{"name":"inner"}]}}`,
		},
		{`query ($n: String!) { __type(name: $n) { kind } }`, `{"n":"Note"}`, `{"__type":{"kind":"OBJECT"}}`},
		{`{ __type(name: "Nope") { name } __typename }`, ``, `{"__type":null,"__typename":"Query"}`},
		{`{ __type(name: "Query") { fields { name } } }`, ``, `{"__type":{"fields":[{"name":"getTask"},{"name":"task"},{"name":"tasks"},{"name":"list"},` +
			`{"name":"found"},{"name":"node"},{"name":"must"},{"name":"hello"},{"name":"args"}]}}`},
		{`{ hello __schema { mutationType { name } } }`, ``, `{"hello":null,"__schema":{"mutationType":{"name":"Mutation"}}}`},
	} {
		if diff := cmp.Diff(`{"data":`+c.want+`}`, f.do(t, c.query, c.variables)); diff != "" {
			t.Errorf("%s: %s", c.query, diff)
		}
	}
	if got := f.do(t, `{ hello __schema { types { name } } }`, ""); !strings.Contains(got, `"hello":null,`) || strings.Contains(got, "errors") {
		t.Error(got)
	}
}

// TestIntrospectionIsBounded asks for many times the schema.
func TestIntrospectionIsBounded(t *testing.T) {
	var sdl strings.Builder
	sdl.WriteString("type Query { x: Int } ")
	for i := range 300 {
		fmt.Fprintf(&sdl, "type T%d { %s }", i, strings.Repeat("a", 50)+": Int "+strings.Repeat("b", 50)+": Int ")
	}
	s, err := New(sdl.String(), map[string]Resolver{"Query.x": nothing}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var query strings.Builder
	for i := range 240 {
		fmt.Fprintf(&query, "a%d: __schema { types { fields { name } } } ", i)
	}
	op, errs := s.Prepare("{ x "+query.String()+"}", "")
	if errs != nil {
		t.Fatal(errs)
	}
	b, _ := op.Bind(nil)
	response := string(b.Execute(t.Context(), nil))
	if len(response) > 2*maxIntrospection || !strings.Contains(response, "The result exceeds the introspection limit of 8388608 bytes") {
		t.Errorf("%d bytes", len(response))
	}
}
