package graphql

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	spec "github.com/vektah/gqlparser/v2/validator/rules"
)

// maxErrors is how many things a document is told to be wrong with it.
const maxErrors = 50

// validationRules gives the rules of the specification. Cycles of fragments are found by measure. None makes
// suggestions: their cost grows with the length of the names in the document.
func (s *Schema) validationRules() []validator.Rule {
	return []validator.Rule{
		{Name: "FieldUndefined", RuleFunc: fieldUndefined},
		{Name: "UnknownArgument", RuleFunc: unknownArgument},
		spec.FragmentsOnCompositeTypesRule,
		spec.KnownDirectivesRule,
		spec.KnownFragmentNamesRule,
		spec.KnownRootTypeRule,
		spec.KnownTypeNamesRuleWithoutSuggestions,
		spec.LoneAnonymousOperationRule,
		spec.MaxIntrospectionDepth,
		spec.NoUndefinedVariablesRule,
		spec.NoUnusedFragmentsRule,
		spec.NoUnusedVariablesRule,
		{Name: "OverlappingFieldsCanBeMerged", RuleFunc: mergeable},
		spec.PossibleFragmentSpreadsRule,
		spec.ProvidedRequiredArgumentsRule,
		spec.ScalarLeafsRuleWithoutSuggestions,
		spec.SingleFieldSubscriptionsRule,
		spec.UniqueArgumentNamesRule,
		spec.UniqueDirectivesPerLocationRule,
		spec.UniqueFragmentNamesRule,
		spec.UniqueInputFieldNamesRule,
		spec.UniqueOperationNamesRule,
		spec.UniqueVariableNamesRule,
		{Name: valuesRule, RuleFunc: s.valuesFit},
		spec.VariablesAreInputTypesRule,
		spec.VariablesInAllowedPositionRule,
	}
}

// fieldUndefined and unknownArgument have the words that clients of AppSync know.
func fieldUndefined(observers *validator.Events, add validator.AddErrFunc) {
	observers.OnField(func(_ *validator.Walker, f *ast.Field) {
		if f.Definition == nil && f.ObjectDefinition != nil && f.ObjectDefinition.IsCompositeType() {
			add(explain(f.Position, "Field '%s' in type '%s' is undefined", f.Name, f.ObjectDefinition.Name))
		}
	})
}

func unknownArgument(observers *validator.Events, add validator.AddErrFunc) {
	observers.OnField(func(_ *validator.Walker, f *ast.Field) {
		if f.Definition == nil {
			return
		}
		for _, a := range f.Arguments {
			if f.Definition.Arguments.ForName(a.Name) == nil {
				add(explain(a.Position, "Unknown field argument %s", a.Name))
			}
		}
	})
	observers.OnDirective(func(_ *validator.Walker, d *ast.Directive) {
		if d.Definition == nil {
			return
		}
		for _, a := range d.Arguments {
			if d.Definition.Arguments.ForName(a.Name) == nil {
				add(explain(a.Position, "Unknown directive argument %s", a.Name))
			}
		}
	})
}

// valuesFit is the rule ValuesOfCorrectType, by the code that reads the values for a plan.
func (s *Schema) valuesFit(observers *validator.Events, add validator.AddErrFunc) {
	check := func(v *ast.Value, t *ast.Type) {
		l := literals{schema: s}
		l.read(v, s.inputType(t))
		for _, wrong := range l.faults {
			add(func(err *gqlerror.Error) { *err = *wrong })
		}
	}
	arguments := func(defs ast.ArgumentDefinitionList, given ast.ArgumentList) {
		for _, a := range given {
			if def := defs.ForName(a.Name); def != nil {
				check(a.Value, def.Type)
			}
		}
	}
	observers.OnField(func(_ *validator.Walker, f *ast.Field) {
		if f.Definition != nil {
			arguments(f.Definition.Arguments, f.Arguments)
		}
	})
	observers.OnDirective(func(_ *validator.Walker, d *ast.Directive) {
		if d.Definition != nil {
			arguments(d.Definition.Arguments, d.Arguments)
		}
	})
	observers.OnVariable(func(_ *validator.Walker, v *ast.VariableDefinition) {
		if v.DefaultValue != nil && v.Definition != nil && v.Definition.IsInputType() {
			check(v.DefaultValue, v.Type)
		}
	})
}

func explain(at *ast.Position, format string, args ...any) validator.ErrorOption {
	return func(err *gqlerror.Error) { *err = *ruleError(err.Rule, at, format, args...) }
}

// ruleError makes an error of a validation rule.
func ruleError(rule string, at *ast.Position, format string, args ...any) *gqlerror.Error {
	err := gqlerror.ErrorPosf(at, format, args...)
	err.Rule = rule
	return err
}

func (s *Schema) validate(doc *ast.QueryDocument) Errors {
	var list gqlerror.List
	observers := &validator.Events{}
	for _, rule := range s.rules {
		rule.RuleFunc(observers, func(options ...validator.ErrorOption) {
			if len(list) >= 2*maxErrors { // the walk passes twice over fragments
				return
			}
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			list = append(list, err)
		})
	}
	validator.Walk(s.ast, doc, observers)
	return validationErrors(doc, list)
}

// validationErrors words the errors of rules for the client, each of them once.
func validationErrors(doc *ast.QueryDocument, list gqlerror.List) Errors {
	if len(list) == 0 {
		return nil
	}
	var errs Errors
	paths := pathsOf(doc)
	seen := make(map[string]bool)
	for _, err := range list {
		at := locationsOf(err)
		rule := strings.TrimSuffix(err.Rule, "WithoutSuggestions")
		message := fmt.Sprintf("Validation error of type %s: %s", rule, excerpt(err.Message))
		if len(at) > 0 && paths[at[0]] != "" {
			message += " @ '" + paths[at[0]] + "'"
		}
		if id := fmt.Sprint(message, at); !seen[id] && len(errs) < maxErrors {
			seen[id] = true
			errs = append(errs, RequestError{Fault: Validation, Message: message, Locations: at})
		}
	}
	return errs
}

func locationsOf(err *gqlerror.Error) []Location {
	locations := make([]Location, len(err.Locations))
	for i, l := range err.Locations {
		locations[i] = Location{Line: l.Line, Column: l.Column}
	}
	return locations
}

// excerpt shortens what a client may have written at any length.
func excerpt(text string) string {
	const limit = 300
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// pathsOf gives, for each place of a document where a rule may find an error, the names of the fields that
// lead there. A path within a fragment begins with the fragment's name.
func pathsOf(doc *ast.QueryDocument) map[Location]string {
	p := paths{}
	for _, op := range doc.Operations {
		p.set("", op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		p.directives(f.Name, f.Directives)
		p.set(f.Name, f.SelectionSet)
	}
	return p
}

type paths map[Location]string

func (p paths) note(path string, at *ast.Position) {
	if at != nil {
		p[Location{Line: at.Line, Column: at.Column}] = path
	}
}

func (p paths) set(path string, set ast.SelectionSet) {
	for _, selection := range set {
		switch it := selection.(type) {
		case *ast.Field:
			below := it.Name
			if path != "" {
				below = path + "/" + it.Name
			}
			below = excerpt(below)
			p.note(below, it.Position)
			p.arguments(below, it.Arguments)
			p.directives(below, it.Directives)
			p.set(below, it.SelectionSet)
		case *ast.InlineFragment:
			p.note(path, it.Position)
			p.directives(path, it.Directives)
			p.set(path, it.SelectionSet)
		case *ast.FragmentSpread:
			p.note(path, it.Position)
			p.directives(path, it.Directives)
		}
	}
}

func (p paths) directives(path string, list ast.DirectiveList) {
	for _, d := range list {
		p.note(path, d.Position)
		p.arguments(path, d.Arguments)
	}
}

func (p paths) arguments(path string, list ast.ArgumentList) {
	for _, a := range list {
		p.note(path, a.Position)
		p.value(path, a.Value)
	}
}

func (p paths) value(path string, v *ast.Value) {
	if v == nil {
		return
	}
	p.note(path, v.Position)
	for _, child := range v.Children {
		p.note(path, child.Position)
		p.value(path, child.Value)
	}
}
