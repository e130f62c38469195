package api

import (
	"fmt"
	"slices"
	"strings"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// generated is the API of a schema: its SDL, and the operation behind each root field.
type generated struct {
	sdl        strings.Builder
	operations map[string]operation // by "Query.getTask"
	declared   map[string]bool      // the input types that are declared once for all models
}

// operation is what a root field does.
type operation struct {
	kind  kind
	model *schema.Model
	keys  []*schema.Field // of a list: the partition and the fields that sort within it
	index string          // of a list: store.Primary, or the name of an index
	sort  string          // of a list: the argument with the condition on the sort fields
	op    freshet.Op      // of a mutation or subscription

	local   *schema.Local
	hearing *schema.Hearing
}

type kind int

const (
	kindGet kind = iota
	kindList
	kindWrite
	kindListen
	kindAnnounce
	kindHear
)

// generate makes the API that Amplify generates for the same models, and the native one beside it; with people, also
// the queries for who somebody is.
func generate(s *schema.Schema, withPeople bool) *generated {
	g := &generated{operations: make(map[string]operation), declared: make(map[string]bool)}
	for _, scalar := range schema.Scalars() {
		if strings.HasPrefix(scalar, "AWS") { // GraphQL has the others
			g.line("scalar %s", scalar)
		}
	}
	g.line("%s", nativeTypes)
	for _, e := range s.Enums {
		g.enum(e)
	}
	for _, o := range s.Objects {
		g.object(o)
	}
	var queries, mutations, subscriptions []string
	for _, m := range s.Models {
		g.model(m)
		g.filters(m)
		queries = append(queries, g.queries(m)...)
		mutations = append(mutations, g.mutations(m)...)
		subscriptions = append(subscriptions, g.subscriptions(m)...)
	}
	for _, m := range s.Locals {
		g.operations["Mutation."+m.Name] = operation{kind: kindAnnounce, local: m}
		mutations = append(mutations, described(m.Description, m.Name+arguments(m.Arguments)+": "+m.Result.String()))
	}
	for _, h := range s.Hearings {
		g.operations["Subscription."+h.Name] = operation{kind: kindHear, hearing: h}
		subscriptions = append(subscriptions, described(h.Description, h.Name+arguments(h.Arguments)+": "+h.Result.String()))
	}
	if withPeople {
		queries = append(queries, g.people(s)...)
	}
	g.block("type Query", append(queries, nativeChanges, nativeHistory))
	g.block("type Mutation", append(mutations, nativePush))
	g.block("type Subscription", append(subscriptions, nativeChanges))
	return g
}

func (g *generated) line(format string, args ...any) { fmt.Fprintf(&g.sdl, format+"\n", args...) }

func (g *generated) block(head string, lines []string) {
	g.line("%s {", head)
	for _, line := range lines {
		g.line("  %s", line)
	}
	g.line("}")
}

// described puts a description before a line.
func described(text, line string) string {
	if text == "" {
		return line
	}
	return `"""` + "\n" + strings.ReplaceAll(text, `"""`, `\"""`) + "\n" + `"""` + "\n" + line
}

func (g *generated) enum(e *schema.Enum) {
	var values []string
	for _, v := range e.Values {
		values = append(values, described(v.Description, v.Name))
	}
	g.block(described(e.Description, "enum "+e.Name), values)
	g.block(fmt.Sprintf("input Model%sInput", e.Name), []string{"eq: " + e.Name, "ne: " + e.Name})
	g.block(fmt.Sprintf("input Model%sListInput", e.Name), []string{
		fmt.Sprintf("eq: [%s]", e.Name), fmt.Sprintf("ne: [%s]", e.Name), "contains: " + e.Name, "notContains: " + e.Name,
	})
}

func (g *generated) object(o *schema.Object) {
	var fields, inputs []string
	for _, f := range o.Fields {
		fields = append(fields, described(f.Description, f.Name+": "+f.Type.String()))
		inputs = append(inputs, described(f.Description, f.Name+": "+inputType(f.Type)))
	}
	g.block(described(o.Description, "type "+o.Name), fields)
	g.block("input "+o.Name+"Input", inputs)
}

// inputType gives the type of a field where it is written.
func inputType(t *schema.Type) string {
	s := t.Name
	switch {
	case t.Elem != nil:
		s = "[" + inputType(t.Elem) + "]"
	case t.Object != nil:
		s += "Input"
	}
	if t.NonNull {
		s += "!"
	}
	return s
}

func nullable(t string) string { return strings.TrimSuffix(t, "!") }

func (g *generated) model(m *schema.Model) {
	name := m.TypeName()
	var fields, create, update, remove []string
	for _, f := range m.Fields {
		fields = append(fields, described(f.Description, f.Name+": "+f.Type.String()))
		isKey := m.IsKey(f)
		if f.Implicit && !isKey {
			continue
		}
		t := inputType(f.Type)
		required := t
		if f.Default != nil || f == m.ID() || f == m.CreatedAt() || f == m.UpdatedAt() {
			required = nullable(t)
		}
		create = append(create, described(f.Description, f.Name+": "+required))
		if isKey {
			update = append(update, f.Name+": "+nullable(t)+"!")
			remove = append(remove, f.Name+": "+nullable(t)+"!")
		} else {
			update = append(update, described(f.Description, f.Name+": "+nullable(t)))
		}
	}
	g.block(described(m.Description, "type "+string(m.Name)), append(fields,
		described("Grows by 1 with each write; send it back with a write to have conflicts found.", "_version: Int!"),
		described("True for a record that was deleted.", "_deleted: Boolean"),
		described("When the record was written last, in milliseconds.", "_lastChangedAt: AWSTimestamp!")))
	version := "_version: Int"
	g.block("input Create"+name+"Input", append(create, version))
	g.block("input Update"+name+"Input", append(update, version))
	g.block("input Delete"+name+"Input", append(remove, version))
	g.block("type "+connection(m), []string{
		fmt.Sprintf("items: [%s]!", m.Name), "nextToken: String", "startedAt: AWSTimestamp",
	})
}

func connection(m *schema.Model) string { return "Model" + m.TypeName() + "Connection" }

const pageArguments = "limit: Int, nextToken: String"

func (g *generated) queries(m *schema.Model) []string {
	var keys []string
	for _, f := range m.Key {
		keys = append(keys, f.Name+": "+nullable(inputType(f.Type))+"!")
	}
	get := "get" + m.TypeName()
	g.operations["Query."+get] = operation{kind: kindGet, model: m}
	list := "list" + m.PluralName()
	o := operation{kind: kindList, model: m, index: store.Primary}
	arguments := ""
	if m.CustomKey {
		o.keys = m.Key
		arguments = m.Key[0].Name + ": " + nullable(inputType(m.Key[0].Type)) + ", "
		arguments += g.sortArgument(&o, "Primary") + "sortDirection: ModelSortDirection, "
	}
	g.operations["Query."+list] = o
	fields := []string{
		fmt.Sprintf("%s(%s): %s", get, strings.Join(keys, ", "), m.Name),
		fmt.Sprintf("%s(%sfilter: Model%sFilterInput, %s): %s", list, arguments, m.TypeName(), pageArguments, connection(m)),
	}
	for _, ix := range m.Indexes {
		if ix.QueryField == "" {
			continue
		}
		o := operation{kind: kindList, model: m, index: ix.Name, keys: ix.Fields}
		arguments := fmt.Sprintf("%s: %s!, ", ix.Fields[0].Name, nullable(inputType(ix.Fields[0].Type)))
		arguments += g.sortArgument(&o, pascal(ix.Name))
		g.operations["Query."+ix.QueryField] = o
		fields = append(fields, fmt.Sprintf("%s(%ssortDirection: ModelSortDirection, filter: Model%sFilterInput, %s): %s",
			ix.QueryField, arguments, m.TypeName(), pageArguments, connection(m)))
	}
	return fields
}

// sortArgument declares the argument with the condition on the sort fields of a key.
func (g *generated) sortArgument(o *operation, keyName string) string {
	sort := o.keys[1:]
	switch len(sort) {
	case 0:
		return ""
	case 1:
		o.sort = sort[0].Name
		return fmt.Sprintf("%s: %s, ", o.sort, g.keyCondition(sort[0]))
	}
	o.sort = sort[0].Name
	var members []string
	for i, f := range sort {
		if i > 0 {
			o.sort += upperFirst(f.Name)
		}
		members = append(members, f.Name+": "+nullable(inputType(f.Type)))
	}
	value := fmt.Sprintf("Model%s%sCompositeKeyInput", o.model.TypeName(), keyName)
	condition := fmt.Sprintf("Model%s%sCompositeKeyConditionInput", o.model.TypeName(), keyName)
	g.block("input "+value, members)
	g.block("input "+condition, rangeOperators(value, true))
	return fmt.Sprintf("%s: %s, ", o.sort, condition)
}

func rangeOperators(t string, prefix bool) []string {
	operators := []string{"eq: " + t, "le: " + t, "lt: " + t, "ge: " + t, "gt: " + t, "between: [" + t + "]"}
	if prefix {
		operators = append(operators, "beginsWith: "+t)
	}
	return operators
}

func (g *generated) mutations(m *schema.Model) []string {
	var fields []string
	for _, op := range []freshet.Op{freshet.OpCreate, freshet.OpUpdate, freshet.OpDelete} {
		name := op.String() + m.TypeName()
		g.operations["Mutation."+name] = operation{kind: kindWrite, model: m, op: op}
		fields = append(fields, fmt.Sprintf("%s(input: %s%sInput!, condition: Model%sConditionInput): %s",
			name, upperFirst(op.String()), m.TypeName(), m.TypeName(), m.Name))
	}
	return fields
}

func (g *generated) subscriptions(m *schema.Model) []string {
	owners := ""
	for _, f := range m.OwnerFields() {
		owners += ", " + f.Name + ": String"
	}
	var fields []string
	for _, op := range []freshet.Op{freshet.OpCreate, freshet.OpUpdate, freshet.OpDelete} {
		name := "on" + upperFirst(op.String()) + m.TypeName()
		g.operations["Subscription."+name] = operation{kind: kindListen, model: m, op: op}
		fields = append(fields, fmt.Sprintf("%s(filter: ModelSubscription%sFilterInput%s): %s", name, m.TypeName(), owners, m.Name))
	}
	return fields
}

// people declares who somebody is. A schema that has a Person of its own keeps the name.
func (g *generated) people(s *schema.Schema) []string {
	name := "Person"
	if s.Declares(name) {
		name = "_Person"
	}
	g.block(described("A user, as others may know them.", "type "+name), []string{
		described("As owner fields hold it.", "username: String!"), described("As it is shown.", "name: String"),
	})
	return []string{
		described("Who has exactly this verified address; null where nobody has.", "userByEmail(email: AWSEmail!): "+name),
		described("Who has these user names, in their order; null for those who are not there.", "people(usernames: [String!]!): ["+name+"]!"),
	}
}

// arguments declares the arguments of a field that stands in the schema itself.
func arguments(list []*schema.Argument) string {
	if len(list) == 0 {
		return ""
	}
	var declared []string
	for _, a := range list {
		text := a.Name + ": " + inputType(a.Type)
		if a.Default != "" {
			text += " = " + a.Default
		}
		declared = append(declared, described(a.Description, text))
	}
	return "(" + strings.Join(declared, ", ") + ")"
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// pascal gives an index's name as it stands in the names of types: ByOwner for by-owner.
func pascal(name string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
		b.WriteString(upperFirst(word))
	}
	return b.String()
}

const (
	nativeChanges = `"""
What changed after a cursor, for the caller: a first sync without one, a delta with one. As a subscription
it goes on live; the first frame is a barrier, and nothing that is committed after it is missed.
"""
changes(after: String, models: [String!], filter: JSON, limit: Int): ChangeFrame!`
	nativeHistory = `"""
The versions of a record, the newest first, for those who may get it as it is now: of these the ones that they might
read then. Also of a record that was deleted, for those who might get it last.
"""
history(model: String!, key: ID!, limit: Int, nextToken: String): HistoryPage!`
	nativePush = `"""
Applies a client's writes in their order, each on its own or, with atomic, all or none. A write whose
counter was used before is answered as the first time and changes nothing.
"""
push(client: ID!, writes: [WriteInput!]!, atomic: Boolean): PushResult!`
)

var nativeTypes = `
scalar JSON
enum ModelSortDirection { ASC DESC }
enum ModelAttributeTypes { binary binarySet bool list map number numberSet string stringSet _null }
enum ChangeOp { PUT REMOVE }
type ChangeFrame {
  "Send it back to go on from here."
  cursor: String!
  "False while there is more to catch up with."
  upToDate: Boolean!
  "True when the cursor's place is lost: drop what this and the next frames do not bring."
  reset: Boolean!
  changes: [Change!]!
}
type Change {
  model: String!
  op: ChangeOp!
  "The id; a composite key as a JSON array, in text."
  key: ID!
  version: Int!
  "When it was committed, in milliseconds."
  at: AWSTimestamp!
  "The fields; null for REMOVE."
  record: JSON
}
type HistoryPage { items: [HistoryEntry!]! nextToken: String }
type HistoryEntry {
  version: Int!
  op: WriteOp!
  "When it was committed, in milliseconds."
  at: AWSTimestamp!
  "Who wrote it, as the log knows them."
  by: String
  "The fields; of a delete the last ones."
  record: JSON!
  "The fields that differ from the version before; null where that one is not kept, or not for the caller."
  changed: [String!]
}
enum WriteOp { CREATE UPDATE DELETE }
enum WriteStatus { ` + strings.Join([]string{string(engine.Applied), string(engine.Merged), string(engine.Refused), string(engine.Skipped)}, " ") + ` }
input WriteInput {
  "The client's own count of its writes; it rises with each."
  counter: Int!
  model: String!
  op: WriteOp!
  "May be left out of a create; a composite key is a JSON array, in text."
  key: ID
  "The fields of a new record, or those that change; null takes one away."
  fields: JSON
  "The version that the client knew; without it the write applies to whatever there is."
  base: Int
  "A filter that the current record has to match."
  condition: JSON
}
type PushResult { results: [WriteResult!]! }
type WriteResult {
  counter: Int!
  status: WriteStatus!
  model: String!
  key: ID
  version: Int
  "The record as the write left it, or as it is now where the write was refused or answered before."
  record: JSON
  "The version of that record; of a deleted one, which is not shown, too. Null where the writer may see none."
  recordVersion: Int
  "When that version was committed, in milliseconds."
  recordAt: AWSTimestamp
  conflicts: [WriteConflict!]!
  error: WriteError
}
"A field whose value a merge did not take."
type WriteConflict { field: String! yours: JSON theirs: JSON base: JSON }
type WriteError { code: String! message: String! }`

// deletedArgument is the name by which tombstones are asked for in a filter.
const deletedArgument = "_deleted"

// unique adds an input type that several models share, once.
func (g *generated) unique(name string, lines []string) string {
	if !g.declared[name] {
		g.declared[name] = true
		g.block("input "+name, lines)
	}
	return name
}

func isOwner(m *schema.Model, f *schema.Field) bool { return slices.Contains(m.OwnerFields(), f) }
