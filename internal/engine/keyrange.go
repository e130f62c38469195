package engine

import (
	"slices"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// KeyRange is a range of index keys: From <= key < To; empty bounds leave it open.
type KeyRange struct {
	From, To []byte
}

// KeyCondition asks for a range of an index, or of the key, whose fields are a partition and those that
// sort within it.
type KeyCondition struct {
	Fields    []*schema.Field
	Partition []byte   // JSON: the value of the first field
	Operator  string   // eq, le, lt, ge, gt, between, beginsWith; empty: the whole partition
	Values    [][]byte // JSON: for each operand, values of the first of the other fields
}

// Range turns the condition into bounds. Several sort fields are compared as a tuple; an operand may leave
// out the last ones.
func (c *KeyCondition) Range() (KeyRange, error) {
	prefix, err := appendElement(nil, c.Fields[0], c.Partition)
	if err != nil {
		return KeyRange{}, err
	}
	whole := KeyRange{From: prefix, To: after(prefix)}
	if c.Operator == "" {
		return whole, nil
	}
	if len(c.Values) == 0 || c.Operator == "between" && len(c.Values) != 2 {
		return KeyRange{}, freshet.Errorf(freshet.Invalid, "%s: between needs two values, every other operator one", c.Fields[1].Name)
	}
	operands := make([][]byte, len(c.Values))
	for i, value := range c.Values {
		if operands[i], err = c.operand(slices.Clone(prefix), value); err != nil {
			return KeyRange{}, err
		}
	}
	first, last := operands[0], operands[len(operands)-1]
	switch c.Operator {
	case "eq", "beginsWith":
		return KeyRange{From: first, To: after(first)}, nil
	case "le":
		return KeyRange{From: whole.From, To: after(first)}, nil
	case "lt":
		return KeyRange{From: whole.From, To: first}, nil
	case "ge":
		return KeyRange{From: first, To: whole.To}, nil
	case "gt":
		return KeyRange{From: after(first), To: whole.To}, nil
	case "between":
		return KeyRange{From: first, To: after(last)}, nil
	}
	return KeyRange{}, freshet.Errorf(freshet.Invalid, "%s: there is no operator %q", c.Fields[1].Name, c.Operator)
}

// operand appends the sort values of one operand: the value itself for a single sort field, the members of
// an object for several.
func (c *KeyCondition) operand(key, value []byte) ([]byte, error) {
	sort := c.Fields[1:]
	values := make([][]byte, len(sort))
	if len(sort) == 1 {
		values[0] = value
	} else {
		err := rawjson.Members(value, func(name, value []byte) error {
			i := slices.IndexFunc(sort, func(f *schema.Field) bool { return f.Name == string(name) })
			if i < 0 {
				return freshet.Errorf(freshet.Invalid, "there is no sort field %q", name)
			}
			values[i] = value
			return nil
		})
		if _, malformed := err.(*rawjson.SyntaxError); malformed {
			return nil, freshet.Errorf(freshet.Invalid, "a key condition on several fields needs an object of their values: %v", err)
		}
		if err != nil {
			return nil, err
		}
	}
	given := slices.IndexFunc(values, rawjson.IsNull)
	if given < 0 {
		given = len(values)
	}
	if slices.ContainsFunc(values[given:], func(v []byte) bool { return !rawjson.IsNull(v) }) || given == 0 {
		return nil, freshet.Errorf(freshet.Invalid, "a key condition needs a value for %s", sort[given].Name)
	}
	for i, value := range values[:given] {
		var err error
		if c.Operator == "beginsWith" && i == given-1 && sort[i].IsText() {
			return sort[i].AppendKeyPrefix(key, value)
		}
		if key, err = appendElement(key, sort[i], value); err != nil {
			return nil, err
		}
	}
	return key, nil
}

func appendElement(key []byte, f *schema.Field, value []byte) ([]byte, error) {
	if rawjson.IsNull(value) {
		return nil, freshet.Errorf(freshet.Invalid, "%s: null, and the key needs a value", f.Name)
	}
	stored, err := f.Type.Append(nil, value)
	if err != nil {
		return nil, freshet.Errorf(freshet.Invalid, "%s: %v", f.Name, err)
	}
	return f.AppendKey(key, stored)
}

// after gives a key beyond all that begin with the elements of prefix, or with the part of a string that
// it ends in: no element, and no rune, begins with 0xFF, which stands for a zero byte's escape.
func after(prefix []byte) []byte { return append(slices.Clone(prefix), 0xFF) }
