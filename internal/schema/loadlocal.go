package schema

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"freshet"
)

const (
	mutationType     = "Mutation"
	subscriptionType = "Subscription"
)

// isRoot tells whether a definition declares local mutations or subscriptions to them.
func isRoot(d *ast.Definition) bool {
	return d.Kind == ast.Object && (d.Name == mutationType || d.Name == subscriptionType)
}

// locals reads the fields of Mutation and Subscription that were declared.
func (l *loader) locals() {
	taken := l.rootFields()
	var hearings []*ast.FieldDefinition
	for _, root := range l.roots {
		if len(root.Directives) > 0 || len(root.Interfaces) > 0 {
			l.problem(root.Position, "%s can have neither directives nor interfaces; take them away", root.Name)
		}
		for _, fd := range root.Fields {
			name := root.Name + "." + fd.Name
			if taken[name] {
				l.problem(fd.Position, "%s is there already; rename it", name)
				continue
			}
			taken[name] = true
			if root.Name == mutationType {
				l.local(fd)
			} else {
				hearings = append(hearings, fd)
			}
		}
	}
	for _, fd := range hearings { // which may name mutations that come later
		l.hearing(fd)
	}
	l.filledFields()
}

// rootFields gives the names of the fields that are generated.
func (l *loader) rootFields() map[string]bool {
	taken := map[string]bool{mutationType + ".push": true, subscriptionType + ".changes": true}
	for _, m := range l.schema.Models {
		for _, op := range []string{"create", "update", "delete"} {
			taken[mutationType+"."+op+m.TypeName()] = true
			taken[subscriptionType+".on"+upperFirst(op)+m.TypeName()] = true
		}
	}
	return taken
}

func (l *loader) local(fd *ast.FieldDefinition) {
	name := mutationType + "." + fd.Name
	m := &Local{Name: fd.Name, Description: fd.Description, access: &Model{Name: freshet.ModelName(name), fields: make(map[string]*Field)}}
	mark := fd.Directives.ForName("local")
	if mark == nil {
		l.problem(fd.Position, "%s: mutations of records are generated; mark one that stores nothing with @local, or take it away", name)
		return
	}
	if m.Result, m.Arguments = l.result(name, fd); m.Result == nil {
		return
	}
	l.localRules(m.access, fd, "local")
	for _, a := range mark.Arguments {
		if a.Name != "reads" {
			l.problem(a.Position, "@local(%s: …) on %s: the only argument is reads", a.Name, name)
			continue
		}
		m.Reads = l.reads(m, name, a)
	}
	for _, f := range m.Result.Object.Fields {
		i := slices.IndexFunc(m.Arguments, func(a *Argument) bool { return a.Field == f })
		switch {
		case i >= 0 && f.Fill != "":
			l.problem(fd.Position, "%s: %s.%s is filled in by the server; take the argument away", name, m.Result.Name, f.Name)
		case f.Type.NonNull && f.Fill == "" && (i < 0 || !m.Arguments[i].Type.NonNull):
			l.problem(fd.Position, "%s: %s.%s is non-null; add the argument %s: %s", name, m.Result.Name, f.Name, f.Name, f.Type)
		}
	}
	l.schema.Locals = append(l.schema.Locals, m)
}

// result reads what a field gives and takes; nil where it cannot be used.
func (l *loader) result(name string, fd *ast.FieldDefinition) (*Type, []*Argument) {
	if strings.HasPrefix(fd.Name, "_") {
		l.problem(fd.Position, "%s: names that begin with an underscore are the server's own; rename it", name)
		return nil, nil
	}
	if fd.Type.Elem != nil || l.schema.objects[fd.Type.NamedType] == nil {
		l.problem(fd.Position, "%s: a local message is of a type without @model; declare one, and give that", name)
		return nil, nil
	}
	result := l.typeOf(name, fd.Type)
	var arguments []*Argument
	for _, ad := range fd.Arguments {
		t := l.typeOf(name+"."+ad.Name, ad.Type)
		if t == nil {
			return nil, nil
		}
		a := &Argument{Name: ad.Name, Description: ad.Description, Type: t, Field: result.Object.fields[ad.Name]}
		if ad.DefaultValue != nil {
			a.Default = ad.DefaultValue.String()
		}
		if a.Field != nil && strings.TrimSuffix(a.Field.Type.String(), "!") != strings.TrimSuffix(t.String(), "!") {
			l.problem(ad.Position, "%s: the argument %s is of type %s, and %s.%s of type %s; give them one type", name, ad.Name, t, result.Name, ad.Name, a.Field.Type)
		}
		for _, directive := range ad.Directives {
			l.problem(directive.Position, "@%s on %s.%s: arguments have no directives; take it away", directive.Name, name, ad.Name)
		}
		arguments = append(arguments, a)
	}
	return result, arguments
}

// localRules reads the rules of a field, which look at the caller alone: there is no record.
func (l *loader) localRules(access *Model, fd *ast.FieldDefinition, mark string) {
	for _, directive := range fd.Directives {
		switch directive.Name {
		case "auth":
			l.rules(access, directive)
		case mark:
		default:
			l.problem(directive.Position, "@%s on %s is not known; it may have @%s and @auth", directive.Name, access.Name, mark)
		}
	}
	if fd.Directives.ForName("auth") == nil {
		access.Rules = []*Rule{{Allow: AllowPrivate, Provider: freshet.UserPools, Access: AccessAll}}
	}
	for _, rule := range access.Rules {
		if rule.Field != nil || rule.Access != AccessAll {
			l.problem(fd.Position, "@auth on %s: a rule can look at the caller alone here: write allow: private, public, custom, or groups: […], without operations; for those who may read a record write @local(reads: …)", access.Name)
		}
	}
}

// reads reads {model: "Task", key: "taskId"}.
func (l *loader) reads(m *Local, name string, a *ast.Argument) *Reads {
	var given [2]string
	for _, child := range a.Value.Children {
		switch child.Name {
		case "model":
			given[0] = child.Value.Raw
		case "key":
			given[1] = child.Value.Raw
		}
	}
	r := &Reads{Model: l.schema.models[freshet.ModelName(given[0])], Key: given[1]}
	i := slices.IndexFunc(m.Arguments, func(a *Argument) bool { return a.Name == r.Key })
	if a.Value.Kind != ast.ObjectValue || len(a.Value.Children) != 2 || r.Model == nil || i < 0 || m.Arguments[i].Type.String() != "ID!" && m.Arguments[i].Type.String() != "String!" {
		l.problem(a.Position, `@local on %s: write reads: {model: "…", key: "…"}, with a model and an argument of type ID! that holds a record's key`, name)
		return nil
	}
	return r
}

func (l *loader) hearing(fd *ast.FieldDefinition) {
	name := subscriptionType + "." + fd.Name
	h := &Hearing{Name: fd.Name, Description: fd.Description, access: &Model{Name: freshet.ModelName(name), fields: make(map[string]*Field)}}
	mark := fd.Directives.ForName("aws_subscribe")
	if mark == nil || mark.Arguments.ForName("mutations") == nil || len(mark.Arguments) != 1 {
		l.problem(fd.Position, `%s: name the @local mutations that it hears: @aws_subscribe(mutations: ["…"]); subscriptions to records are generated`, name)
		return
	}
	if h.Result, h.Arguments = l.result(name, fd); h.Result == nil {
		return
	}
	if h.Result.NonNull {
		l.problem(fd.Position, "%s: a subscription gives a type that can be null; take the ! away", name)
	}
	l.localRules(h.access, fd, "aws_subscribe")
	for _, a := range h.Arguments {
		if a.Field == nil || a.Type.IsList() || a.Type.Object != nil {
			l.problem(fd.Position, "%s: the argument %s has to be a field of %s that is a scalar or an enum value, to be equal to", name, a.Name, h.Result.Name)
		}
	}
	for _, mutation := range stringsOf(mark.Arguments.ForName("mutations").Value) {
		i := slices.IndexFunc(l.schema.Locals, func(m *Local) bool { return m.Name == mutation })
		if i < 0 || l.schema.Locals[i].Result.Name != h.Result.Name {
			l.problem(mark.Position, "%s: there is no @local mutation %s that gives a %s; subscriptions to records are generated", name, mutation, h.Result.Name)
			continue
		}
		h.Mutations = append(h.Mutations, l.schema.Locals[i])
	}
	l.schema.Hearings = append(l.schema.Hearings, h)
}

// fill reads @caller or @now of a field.
func (l *loader) fill(f *Field, name string, directive *ast.Directive) {
	f.Fill = Fill(directive.Name)
	usual := map[Fill][]string{FillCaller: {"String", "ID"}, FillNow: {"AWSTimestamp", "AWSDateTime"}}[f.Fill]
	if f.Type.IsList() || !slices.Contains(usual, f.Type.Name) || len(directive.Arguments) > 0 {
		l.problem(directive.Position, "@%s on %s: the field has to be of type %s, and the directive has no arguments", directive.Name, name, strings.Join(usual, " or "))
	}
}

// filledFields refuses fields that nobody would fill in: @caller and @now are for what local mutations give.
func (l *loader) filledFields() {
	given := make(map[*Object]bool)
	for _, m := range l.schema.Locals {
		given[m.Result.Object] = true
	}
	for _, o := range l.schema.Objects {
		for _, f := range o.Fields {
			if f.Fill != "" && !given[o] {
				l.problem(l.definitions[o.Name].Position, "@%s on %s.%s: no @local mutation gives a %s; take the directive away", f.Fill, o.Name, f.Name, o.Name)
			}
			l.unfilled(o.Name, f)
		}
	}
	for _, m := range l.schema.Models {
		for _, f := range m.Fields {
			l.unfilled(string(m.Name), f)
		}
	}
}

func (l *loader) unfilled(of string, f *Field) {
	o := f.Type.Leaf().Object
	if o != nil && slices.ContainsFunc(o.Fields, func(f *Field) bool { return f.Fill != "" }) {
		l.problem(l.definitions[of].Position, "%s.%s: a %s has fields that the server fills in when a @local mutation gives it; it cannot be a part of something else", of, f.Name, o.Name)
	}
}
