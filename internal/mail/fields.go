package mail

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// checkFields looks for a field that a template asks for and no letter has, on every branch: to render the
// template once would show only those that it came by. trees finds the templates that it calls.
func checkFields(tree *parse.Tree, fields []string, trees func(name string) *parse.Tree) error {
	c := fieldChecker{fields: fields, trees: trees, seen: make(map[string]bool)}
	c.walk(tree, tree.Root)
	return c.err
}

type fieldChecker struct {
	fields []string
	trees  func(name string) *parse.Tree
	seen   map[string]bool // templates that were called
	err    error           // the first
}

func (c *fieldChecker) walk(tree *parse.Tree, node parse.Node) {
	if c.err != nil || node == nil || reflect.ValueOf(node).IsNil() {
		return
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			c.walk(tree, child)
		}
	case *parse.ActionNode:
		c.walk(tree, n.Pipe)
	case *parse.IfNode:
		c.branch(tree, &n.BranchNode)
	case *parse.RangeNode:
		c.branch(tree, &n.BranchNode)
	case *parse.WithNode:
		c.branch(tree, &n.BranchNode)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			for _, argument := range command.Args {
				c.walk(tree, argument)
			}
		}
	case *parse.ChainNode:
		c.walk(tree, n.Node)
	case *parse.FieldNode:
		c.field(tree, n, n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			c.field(tree, n, n.Ident[1:])
		}
	case *parse.TemplateNode:
		c.walk(tree, n.Pipe)
		if called := c.trees(n.Name); called != nil && !c.seen[n.Name] {
			c.seen[n.Name] = true
			c.walk(called, called.Root)
		}
	}
}

func (c *fieldChecker) branch(tree *parse.Tree, n *parse.BranchNode) {
	c.walk(tree, n.Pipe)
	c.walk(tree, n.List)
	c.walk(tree, n.ElseList)
}

func (c *fieldChecker) field(tree *parse.Tree, node parse.Node, path []string) {
	if len(path) == 1 && slices.Contains(c.fields, path[0]) {
		return
	}
	where, _ := tree.ErrorContext(node)
	c.err = fmt.Errorf("%s: there is no .%s; there are %s", where, strings.Join(path, "."), strings.Join(c.fields, ", "))
}
