// Package graphql plans and executes documents against a schema, through resolvers. A door hands it the
// text of a document and variables as JSON, and gets the response as JSON; values stay the JSON text that
// they are from the request to the resolvers, and from there to the response.
//
// A document takes three steps: Prepare parses, limits, validates and plans it, and keeps the plan; Bind
// coerces the variables of one request; Execute answers a query or a mutation, AppendEvent one event of
// a subscription. Documents are hostile until proven otherwise: what one costs is bounded before it is
// validated.
//
// The semantics are those of the specification of October 2021, with @oneOf beside it.
package graphql

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"freshet"
)

// Options are the limits of a Schema, and how it shows errors. The zero value is the default.
type Options struct {
	Depth       int // of fields within fields; 12 when 0
	Fields      int // of a document, its fragments expanded; 1,000 when 0
	CachedPlans int // 1,000 when 0; they are bounded in bytes too

	// Describe gives what the client sees of an error of a resolver. Without it, that is the safe message
	// of a freshet.Error and its code.
	Describe func(ctx context.Context, call *Call, err error) Described
}

// Described is what the client sees of an error.
type Described struct {
	Message, Type string
	Data, Info    []byte // JSON; nil for null
}

func (o Options) withDefaults() Options {
	if o.Depth == 0 {
		o.Depth = 12
	}
	if o.Fields == 0 {
		o.Fields = 1000
	}
	if o.CachedPlans == 0 {
		o.CachedPlans = 1000
	}
	if o.Describe == nil {
		o.Describe = func(_ context.Context, _ *Call, err error) Described {
			return Described{Message: freshet.MessageOf(err), Type: string(freshet.CodeOf(err))}
		}
	}
	return o
}

// Schema is an executable schema. It is safe for concurrent use.
type Schema struct {
	ast       *ast.Schema
	options   Options
	resolvers map[string]Resolver
	inputs    map[string]*namedInput
	arguments map[*ast.FieldDefinition][]argumentInput
	rules     []validator.Rule
	plans     *planCache

	introspected atomic.Pointer[introspection]
}

// New builds a schema from SDL. The resolvers have keys like "Query.getTask"; every field of Query and
// Mutation has to have one, and no other field may. The events of a subscription come from outside.
func New(sdl string, resolvers map[string]Resolver, options Options) (*Schema, error) {
	loaded, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: sdl})
	if err != nil {
		return nil, fmt.Errorf("load the schema: %w", err)
	}
	if loaded.Query == nil {
		return nil, fmt.Errorf("load the schema: there is no type Query")
	}
	// The parser's own schema declares @defer, which is not in the specification and not supported.
	delete(loaded.Directives, "defer")
	options = options.withDefaults()
	s := &Schema{ast: loaded, options: options, plans: newPlanCache(options.CachedPlans)}
	if err := s.compileInputs(); err != nil {
		return nil, err
	}
	s.rules = s.validationRules()
	if err := s.attach(resolvers); err != nil {
		return nil, err
	}
	return s, nil
}

// attach checks that the resolvers and the fields that need one are the same.
func (s *Schema) attach(resolvers map[string]Resolver) error {
	s.resolvers = map[string]Resolver{
		s.ast.Query.Name + ".__schema": s.resolveSchema,
		s.ast.Query.Name + ".__type":   s.resolveType,
	}
	var wrong []string
	for _, root := range []*ast.Definition{s.ast.Query, s.ast.Mutation} {
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			key := root.Name + "." + f.Name
			if resolve := resolvers[key]; resolve != nil {
				s.resolvers[key] = resolve
			} else if s.resolvers[key] == nil {
				wrong = append(wrong, key+" has no resolver")
			}
		}
	}
	for key := range resolvers {
		if s.resolvers[key] == nil {
			wrong = append(wrong, "there is no field "+key+" to resolve")
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return fmt.Errorf("attach the resolvers: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// isPossible tells whether objects of type t are of the type named condition too.
func (s *Schema) isPossible(condition string, t *ast.Definition) bool {
	return condition == "" || condition == t.Name || slices.Contains(s.ast.PossibleTypes[condition], t)
}

// possibleTypes gives the object types that a value of an interface or a union may have.
func (s *Schema) possibleTypes(abstract *ast.Definition) []*ast.Definition {
	var types []*ast.Definition
	for _, t := range s.ast.PossibleTypes[abstract.Name] {
		if t.Kind == ast.Object {
			types = append(types, t)
		}
	}
	return types
}
