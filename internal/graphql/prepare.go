package graphql

import (
	"errors"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Kind is what an operation does.
type Kind string

// The kinds.
const (
	Query        Kind = "query"
	Mutation     Kind = "mutation"
	Subscription Kind = "subscription"
)

// Prepare gives the operation of a document that has the name, or its only one when the name is empty.
// The same document with the same name is parsed, validated and planned once, as long as it is cached.
func (s *Schema) Prepare(query, operationName string) (*Operation, Errors) {
	key := planKey{query: query, operation: operationName}
	if op := s.plans.get(key); op != nil {
		return op, nil
	}
	op, errs := s.prepare(query, operationName)
	if errs != nil {
		return nil, errs
	}
	s.plans.put(key, op)
	return op, nil
}

func (s *Schema) prepare(query, operationName string) (*Operation, Errors) {
	doc, errs := parse(query)
	if errs == nil {
		errs = measure(doc, s.options)
	}
	if errs == nil {
		errs = s.validate(doc)
	}
	if errs != nil {
		return nil, errs
	}
	chosen, errs := choose(doc, operationName)
	if errs != nil {
		return nil, errs
	}
	op, errs := s.plan(doc, chosen)
	if errs == nil {
		op.cost += len(query) + len(operationName)
	}
	return op, errs
}

func parse(query string) (*ast.QueryDocument, Errors) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, maxTokens)
	if err == nil {
		return doc, nil
	}
	syntax, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		return nil, Errors{{Fault: Syntax, Message: "Invalid syntax: " + excerpt(err.Error())}}
	}
	// The parser knows the place of every error except of too many tokens.
	if len(syntax.Locations) == 0 {
		return nil, overLimit("token", maxTokens)
	}
	at := locationsOf(syntax)
	message := fmt.Sprintf("Invalid syntax at line %d, column %d: %s", at[0].Line, at[0].Column, excerpt(syntax.Message))
	return nil, Errors{{Fault: Syntax, Message: message, Locations: at}}
}

func choose(doc *ast.QueryDocument, name string) (*ast.OperationDefinition, Errors) {
	if name == "" && len(doc.Operations) == 1 {
		return doc.Operations[0], nil
	}
	message := fmt.Sprintf("Unknown operation named '%s'.", excerpt(name))
	switch {
	case len(doc.Operations) == 0:
		message = "Must provide an operation."
	case name == "":
		message = "Must provide operation name if query contains multiple operations."
	default:
		if op := doc.Operations.ForName(name); op != nil {
			return op, nil
		}
	}
	return nil, Errors{{Fault: Validation, Message: message}}
}
