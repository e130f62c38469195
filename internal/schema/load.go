package schema

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	pluralize "github.com/gertd/go-pluralize"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"freshet"
)

// Source is a file of SDL.
type Source struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Problem is a fault in the SDL, and what to write instead.
type Problem struct {
	File    string
	Line    int
	Message string
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message) }

// Problems is the error of Load: all that is wrong, in the order of the files.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Load reads a schema. What is wrong with it comes as Problems.
func Load(sources ...Source) (*Schema, error) {
	l := &loader{
		schema: &Schema{
			models:  make(map[freshet.ModelName]*Model),
			objects: make(map[string]*Object),
			enums:   make(map[string]*Enum),
		},
		definitions: make(map[string]*ast.Definition),
		plural:      pluralize.NewClient(),
	}
	inputs := make([]*ast.Source, len(sources))
	for i, source := range sources {
		inputs[i] = &ast.Source{Name: source.Name, Input: source.Text}
	}
	document, err := parser.ParseSchemas(inputs...)
	if err != nil {
		return nil, Problems{syntaxProblem(err)}
	}
	l.read(document)
	if len(l.problems) > 0 {
		sort.SliceStable(l.problems, func(i, j int) bool {
			a, b := l.problems[i], l.problems[j]
			return a.File < b.File || a.File == b.File && a.Line < b.Line
		})
		return nil, l.problems
	}
	var rules []*Rule
	for _, m := range l.schema.Models {
		m.readers = holdings(m.Rules, AccessRead)
		rules = append(rules, m.Rules...)
	}
	for _, m := range l.schema.Locals {
		rules = append(rules, m.access.Rules...)
	}
	for _, h := range l.schema.Hearings {
		rules = append(rules, h.access.Rules...)
	}
	l.schema.held = holdings(rules, AccessAll)
	return l.schema, nil
}

func syntaxProblem(err error) Problem {
	p := Problem{Message: err.Error()}
	var syntax *gqlerror.Error
	if errors.As(err, &syntax) {
		p.Message = syntax.Message
		p.File, _ = syntax.Extensions["file"].(string)
		if len(syntax.Locations) > 0 {
			p.Line = syntax.Locations[0].Line
		}
	}
	return p
}

// loader builds a Schema and gathers what is wrong.
type loader struct {
	schema      *Schema
	definitions map[string]*ast.Definition
	plural      *pluralize.Client
	roots       []*ast.Definition // what is declared of Mutation and Subscription
	problems    Problems
}

func (l *loader) problem(at *ast.Position, format string, args ...any) {
	p := Problem{Message: fmt.Sprintf(format, args...)}
	if at != nil {
		p.Line = at.Line
		if at.Src != nil {
			p.File = at.Src.Name
		}
	}
	l.problems = append(l.problems, p)
}

func (l *loader) read(document *ast.SchemaDocument) {
	for _, d := range document.Schema {
		l.problem(d.Position, "a schema definition is not needed; Query, Mutation and Subscription are generated: take it away")
	}
	for _, d := range document.Directives {
		l.problem(d.Position, "@%s: directives cannot be declared; take the declaration away", d.Name)
	}
	for _, d := range document.Definitions {
		if isRoot(d) {
			l.roots = append(l.roots, d)
			continue
		}
		if l.definitions[d.Name] != nil {
			l.problem(d.Position, "the type %s is declared twice; rename one, or merge them", d.Name)
			continue
		}
		l.definitions[d.Name] = d
	}
	for _, d := range document.Extensions {
		if isRoot(d) {
			l.roots = append(l.roots, d)
			continue
		}
		l.extend(d)
	}
	definitions := slices.DeleteFunc(slices.Clone(document.Definitions), func(d *ast.Definition) bool {
		return l.definitions[d.Name] != d || !l.allowed(d)
	})
	// Names first, so that fields can refer to types that come later.
	for _, d := range definitions {
		l.declare(d)
	}
	for _, d := range definitions {
		if d.Kind == ast.Object {
			l.fields(d)
		}
	}
	for _, m := range l.schema.Models {
		l.model(m, l.definitions[string(m.Name)])
	}
	l.generatedNames()
	l.locals()
}

func (l *loader) extend(d *ast.Definition) {
	base := l.definitions[d.Name]
	if base == nil || base.Kind != d.Kind {
		l.problem(d.Position, "extend %s: there is no such type to extend; declare it, or take the word extend away", d.Name)
		return
	}
	base.Fields = append(base.Fields, d.Fields...)
	base.EnumValues = append(base.EnumValues, d.EnumValues...)
	base.Directives = append(base.Directives, d.Directives...)
}

// generated are the types that every API has beside those made from the schema.
var generated = []string{
	"Query", "Mutation", "Subscription", "JSON", "Boolean", "Change", "ChangeFrame", "ChangeOp", "WriteInput", "WriteOp",
	"WriteResult", "WriteStatus", "WriteConflict", "WriteError", "PushResult", "HistoryPage", "HistoryEntry", "ModelSortDirection", "ModelAttributeTypes",
}

// allowed tells whether a definition may stand in a schema at all.
func (l *loader) allowed(d *ast.Definition) bool {
	switch {
	case slices.Contains(generated, d.Name):
		l.problem(d.Position, "the type %s is generated and cannot be declared; rename yours", d.Name)
	case strings.HasPrefix(d.Name, "_"):
		l.problem(d.Position, "the type %s: names that begin with an underscore are the server's own; rename it", d.Name)
	case IsScalar(d.Name):
		l.problem(d.Position, "%s is a scalar that is always there; take the declaration away", d.Name)
	case d.Kind == ast.Scalar:
		l.problem(d.Position, "the scalar %s: own scalars cannot be declared; use AWSJSON, String or another of %s", d.Name, scalarNames())
	case d.Kind == ast.Interface || d.Kind == ast.Union:
		l.problem(d.Position, "%s: interfaces and unions are not supported; write an object type with the fields of all", d.Name)
	case d.Kind == ast.InputObject:
		l.problem(d.Position, "the input %s: inputs are generated from the models; take it away", d.Name)
	default:
		return true
	}
	return false
}

func scalarNames() string { return strings.Join(Scalars(), ", ") }

func (l *loader) declare(d *ast.Definition) {
	if d.Kind == ast.Enum {
		enum := &Enum{Name: d.Name, Description: d.Description}
		for _, v := range d.EnumValues {
			if enum.has(v.Name) {
				l.problem(v.Position, "%s.%s stands twice", d.Name, v.Name)
			}
			enum.Values = append(enum.Values, EnumValue{Name: v.Name, Description: v.Description})
		}
		l.schema.Enums = append(l.schema.Enums, enum)
		l.schema.enums[d.Name] = enum
		return
	}
	if len(d.Interfaces) > 0 {
		l.problem(d.Position, "%s implements %s: interfaces are not supported; take that away", d.Name, strings.Join(d.Interfaces, ", "))
	}
	if d.Directives.ForName("model") == nil {
		object := &Object{Name: d.Name, Description: d.Description, fields: make(map[string]*Field)}
		l.schema.Objects = append(l.schema.Objects, object)
		l.schema.objects[d.Name] = object
		return
	}
	m := &Model{
		Name: freshet.ModelName(d.Name), Description: d.Description, Plural: l.plural.Plural(d.Name),
		Conflict: AutoMerge, fields: make(map[string]*Field),
	}
	l.schema.Models = append(l.schema.Models, m)
	l.schema.models[m.Name] = m
}

// fields reads the fields of an object type or a model.
func (l *loader) fields(d *ast.Definition) {
	fields := make(map[string]*Field)
	var list []*Field
	if d.Directives.ForName("model") != nil && d.Fields.ForName("id") == nil && !hasDirective(d.Fields, "primaryKey") {
		// The id of a model that declares no key comes first.
		id := &Field{Name: "id", Type: &Type{Name: "ID", NonNull: true}}
		list, fields["id"] = append(list, id), id
	}
	for _, fd := range d.Fields {
		if fields[fd.Name] != nil {
			l.problem(fd.Position, "%s.%s stands twice", d.Name, fd.Name)
			continue
		}
		if f := l.field(d, fd); f != nil {
			f.Ordinal = len(list)
			list, fields[fd.Name] = append(list, f), f
		}
	}
	if m := l.schema.models[freshet.ModelName(d.Name)]; m != nil {
		m.Fields, m.fields = list, fields
	} else if o := l.schema.objects[d.Name]; o != nil {
		o.Fields, o.fields = list, fields
		for _, directive := range d.Directives {
			l.problem(directive.Position, "@%s on %s: only a type with @model may have it; add @model, or take it away", directive.Name, d.Name)
		}
	}
}

func hasDirective(fields ast.FieldList, name string) bool {
	return slices.ContainsFunc(fields, func(fd *ast.FieldDefinition) bool { return fd.Directives.ForName(name) != nil })
}

func (l *loader) field(d *ast.Definition, fd *ast.FieldDefinition) *Field {
	name := d.Name + "." + fd.Name
	if strings.HasPrefix(fd.Name, "_") {
		l.problem(fd.Position, "%s: names that begin with an underscore are the server's own; rename the field", name)
		return nil
	}
	if len(fd.Arguments) > 0 {
		l.problem(fd.Position, "%s has arguments, which stored fields cannot have; take them away", name)
		return nil
	}
	t := l.typeOf(name, fd.Type)
	if t == nil {
		return nil
	}
	f := &Field{Name: fd.Name, Description: fd.Description, Type: t}
	isModel := d.Directives.ForName("model") != nil
	for _, directive := range fd.Directives {
		switch {
		case directive.Name == "primaryKey" || directive.Name == "index":
			if !isModel {
				l.problem(directive.Position, "@%s on %s: only fields of a type with @model can be keys", directive.Name, name)
			}
		case directive.Name == "default" && isModel:
			l.defaultValue(f, name, directive)
		case directive.Name == "set" && isModel:
			if f.Set = t.IsList() && t.Elem.Elem == nil && t.Elem.Object == nil; !f.Set {
				l.problem(directive.Position, "@set on %s: only a list of scalars or enum values can be a set", name)
			}
		case !isModel && (directive.Name == string(FillCaller) || directive.Name == string(FillNow)):
			l.fill(f, name, directive)
		case directive.Name == "default" || directive.Name == "set":
			l.problem(directive.Position, "@%s on %s: only fields of a type with @model can have it", directive.Name, name)
		case directive.Name == "auth":
			l.problem(directive.Position, "@auth on %s: rules on single fields are not supported; move the field to a model of its own with these rules", name)
		case slices.Contains([]string{"hasOne", "hasMany", "belongsTo", "manyToMany"}, directive.Name):
			l.problem(directive.Position, "@%s on %s: relations are not supported; store the other record's id in a field of type ID, with an @index to list by it", directive.Name, name)
		default:
			l.problem(directive.Position, "@%s on %s is not known; fields may have @primaryKey, @index, @default and @set", directive.Name, name)
		}
	}
	return f
}

func (l *loader) typeOf(name string, at *ast.Type) *Type {
	if at.Elem != nil {
		elem := l.typeOf(name, at.Elem)
		if elem == nil {
			return nil
		}
		return &Type{Name: elem.Name, NonNull: at.NonNull, Elem: elem}
	}
	t := &Type{Name: at.NamedType, NonNull: at.NonNull, Enum: l.schema.enums[at.NamedType], Object: l.schema.objects[at.NamedType]}
	switch {
	case IsScalar(t.Name) || t.Enum != nil || t.Object != nil:
		return t
	case l.schema.models[freshet.ModelName(t.Name)] != nil:
		l.problem(at.Position, "%s: %s is a model, and a record cannot hold another; store its id in a field of type ID", name, t.Name)
	case l.definitions[t.Name] != nil:
		// What is wrong with that type was said at its declaration.
	default:
		l.problem(at.Position, "%s: there is no type %s; declare it, or use one of %s", name, t.Name, scalarNames())
	}
	return nil
}
