package api

import (
	"fmt"

	"freshet/internal/schema"
)

// filters declares the inputs by which a model's records are picked.
func (g *generated) filters(m *schema.Model) {
	var filter, condition, subscription []string
	for _, f := range m.Fields {
		if f.Type.Leaf().Object != nil {
			continue
		}
		t := g.filterType(f.Type)
		filter = append(filter, f.Name+": "+t)
		if !m.IsKey(f) {
			condition = append(condition, f.Name+": "+t)
		}
		if isOwner(m, f) {
			subscription = append(subscription, f.Name+": "+g.filterType(&schema.Type{Name: "String"}))
		} else {
			subscription = append(subscription, f.Name+": "+g.subscriptionType(f.Type))
		}
	}
	deleted := deletedArgument + ": " + g.filterType(&schema.Type{Name: "Boolean"})
	g.recursive("Model"+m.TypeName()+"FilterInput", append(filter, deleted))
	g.recursive("Model"+m.TypeName()+"ConditionInput", append(condition, deleted))
	g.recursive("ModelSubscription"+m.TypeName()+"FilterInput", subscription)
}

func (g *generated) recursive(name string, fields []string) {
	g.block("input "+name, append(fields, fmt.Sprintf("and: [%s]", name), fmt.Sprintf("or: [%s]", name), "not: "+name))
}

// filterType gives the input type that picks by a field. Timestamps have one of their own, for milliseconds
// do not fit an Int.
func (g *generated) filterType(t *schema.Type) string {
	leaf := t.Leaf()
	if leaf.Enum != nil {
		if t.IsList() {
			return "Model" + leaf.Name + "ListInput"
		}
		return "Model" + leaf.Name + "Input"
	}
	name := family(leaf)
	scalar := scalarOf(name)
	existence := []string{"attributeExists: Boolean", "attributeType: ModelAttributeTypes"}
	operators := append([]string{"ne: " + scalar}, rangeOperators(scalar, false)...)
	switch name {
	case "Boolean":
		operators = []string{"ne: Boolean", "eq: Boolean"}
	case "String", "ID":
		size := g.unique("ModelSizeInput", append([]string{"ne: Int"}, rangeOperators("Int", false)...))
		operators = append(operators, "contains: "+scalar, "notContains: "+scalar, "beginsWith: "+scalar, "size: "+size)
	default:
		if t.IsList() {
			operators = append(operators, "contains: "+scalar, "notContains: "+scalar)
			name += "List"
		}
	}
	return g.unique("Model"+name+"Input", append(operators, existence...))
}

func (g *generated) subscriptionType(t *schema.Type) string {
	name := family(t.Leaf())
	scalar := scalarOf(name)
	operators := append([]string{"ne: " + scalar}, rangeOperators(scalar, false)...)
	lists := []string{fmt.Sprintf("in: [%s]", scalar), fmt.Sprintf("notIn: [%s]", scalar)}
	switch name {
	case "Boolean":
		operators, lists = []string{"ne: Boolean", "eq: Boolean"}, nil
	case "String", "ID":
		operators = append(operators, "contains: "+scalar, "notContains: "+scalar, "beginsWith: "+scalar)
	default:
		if t.IsList() {
			operators = append(operators, "contains: "+scalar, "notContains: "+scalar)
			name += "List"
		}
	}
	return g.unique("ModelSubscription"+name+"Input", append(operators, lists...))
}

func (g *generated) keyCondition(f *schema.Field) string {
	name := family(f.Type)
	return g.unique("Model"+name+"KeyConditionInput", rangeOperators(scalarOf(name), name == "String" || name == "ID"))
}

// family names the kind of a leaf's values in filters: the scalars of AWS that are text count as String.
func family(leaf *schema.Type) string {
	switch leaf.Name {
	case "ID", "Int", "Float", "Boolean":
		return leaf.Name
	case "AWSTimestamp":
		return "Timestamp"
	}
	return "String"
}

func scalarOf(family string) string {
	if family == "Timestamp" {
		return "AWSTimestamp"
	}
	return family
}
