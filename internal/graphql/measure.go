package graphql

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"freshet/internal/rawjson"
)

const (
	// maxTokens bounds what the parser reads of a document.
	maxTokens = 10_000
	// maxIntrospectionDepth is the depth below __schema and __type, which does not count as depth. The
	// standard introspection query needs 13 to 15.
	maxIntrospectionDepth = 30
	// maxValueDepth is how deep lists and objects nest in a value.
	maxValueDepth = rawjson.MaxDepth
	// maxWork bounds the selections of all definitions of a document together, as a multiple of Fields.
	// The validator walks all that each definition reaches, so that shared fragments count again.
	maxWork = 10
)

// measure checks the limits of a document that is not validated yet. It takes one look at each definition.
func measure(doc *ast.QueryDocument, limits Options) Errors {
	m := meter{named: make(map[string]*fragmentSize, len(doc.Fragments))}
	fragments := make([]fragmentSize, len(doc.Fragments))
	for i, f := range doc.Fragments {
		fragments[i].definition = f
		if m.named[f.Name] == nil {
			m.named[f.Name] = &fragments[i]
		}
	}
	work := 0
	for _, op := range doc.Operations {
		m.directives(op.Directives)
		for _, v := range op.VariableDefinitions {
			m.value(v.DefaultValue, 0)
			m.directives(v.Directives)
		}
		total := m.set(op.SelectionSet)
		if errs := total.over(limits); errs != nil {
			return errs
		}
		work += total.fields + total.spreads
	}
	for i := range fragments {
		total := m.fragment(&fragments[i])
		total.depth, total.introspection = 0, 0 // they count where the fragment is spread
		if errs := total.over(limits); errs != nil {
			return errs
		}
		work += total.fields + total.spreads
	}
	switch {
	case m.cycle != nil:
		return validationErrors(doc, gqlerror.List{m.cycle})
	case m.values > maxValueDepth:
		return overLimit("value depth", maxValueDepth)
	case work > maxWork*limits.Fields:
		return overLimit("document size", maxWork*limits.Fields)
	}
	return nil
}

func overLimit(name string, limit int) Errors {
	return Errors{{Fault: Limit, Message: fmt.Sprintf("The document exceeds the %s limit of %d", name, limit)}}
}

// size is the size of a selection set with its fragments expanded.
type size struct {
	depth         int
	introspection int // depth, from a field that holds __schema or __type
	fields        int
	spreads       int // fragments, named and inline
}

// enough is more than any limit. Counts stop there, for a few fragments can expand to billions of fields.
const enough = 1 << 30

func (s *size) add(other size) {
	s.depth = max(s.depth, other.depth)
	s.introspection = max(s.introspection, other.introspection)
	s.fields = min(s.fields+other.fields, enough)
	s.spreads = min(s.spreads+other.spreads, enough)
}

func (s size) over(limits Options) Errors {
	switch {
	case s.depth > limits.Depth:
		return overLimit("depth", limits.Depth)
	case s.introspection > maxIntrospectionDepth:
		return overLimit("introspection depth", maxIntrospectionDepth)
	case s.fields > limits.Fields:
		return overLimit("field", limits.Fields)
	case s.spreads > limits.Fields:
		return overLimit("fragment", limits.Fields)
	}
	return nil
}

// meter measures the parts of one document, each of them once.
type meter struct {
	named  map[string]*fragmentSize
	values int             // depth of the deepest value
	cycle  *gqlerror.Error // the first fragment found within itself
}

type fragmentSize struct {
	definition *ast.FragmentDefinition
	state      progress
	size       size
}

// progress is how far a thing is that may refer to itself.
type progress uint8

const (
	untouched progress = iota
	open
	done
)

func (m *meter) set(set ast.SelectionSet) size {
	var total size
	for _, selection := range set {
		switch it := selection.(type) {
		case *ast.Field:
			total.add(m.field(it))
		case *ast.InlineFragment:
			m.directives(it.Directives)
			total.add(size{spreads: 1})
			total.add(m.set(it.SelectionSet))
		case *ast.FragmentSpread:
			m.directives(it.Directives)
			total.add(size{spreads: 1})
			total.add(m.spread(it))
		}
	}
	return total
}

func (m *meter) field(f *ast.Field) size {
	for _, a := range f.Arguments {
		m.value(a.Value, 0)
	}
	m.directives(f.Directives)
	total := m.set(f.SelectionSet)
	total.fields++
	if f.Name == "__schema" || f.Name == "__type" {
		total.introspection = 1 + max(total.depth, total.introspection)
		total.depth = 1
		return total
	}
	total.depth++
	if total.introspection > 0 {
		total.introspection++
	}
	return total
}

func (m *meter) spread(it *ast.FragmentSpread) size {
	f := m.named[it.Name]
	if f == nil {
		return size{}
	}
	if f.state == open {
		if m.cycle == nil {
			m.cycle = ruleError("NoFragmentCycles", it.Position, "Cannot spread fragment '%s' within itself", it.Name)
		}
		return size{}
	}
	return m.fragment(f)
}

func (m *meter) fragment(f *fragmentSize) size {
	if f.state == untouched {
		f.state = open
		m.directives(f.definition.Directives)
		f.size = m.set(f.definition.SelectionSet)
		f.state = done
	}
	return f.size
}

func (m *meter) directives(list ast.DirectiveList) {
	for _, d := range list {
		for _, a := range d.Arguments {
			m.value(a.Value, 0)
		}
	}
}

func (m *meter) value(v *ast.Value, depth int) {
	if v == nil || v.Kind != ast.ListValue && v.Kind != ast.ObjectValue {
		return
	}
	m.values = max(m.values, depth+1)
	for _, child := range v.Children {
		m.value(child.Value, depth+1)
	}
}
