package schema

import (
	"errors"
	"fmt"
	"strconv"

	"freshet"
	"freshet/internal/rawjson"
)

// A value is JSON text. Append checks one against a type and appends it in the form it is stored in:
// without white space, numbers plain, a single value where a list is expected as a list of one.
func (t *Type) Append(dst, value []byte) ([]byte, error) {
	if rawjson.IsNull(value) {
		if t.NonNull {
			return dst, errors.New("null, and a value is needed")
		}
		return append(dst, rawjson.Null...), nil
	}
	switch {
	case t.Elem != nil:
		return t.appendList(dst, value)
	case t.Enum != nil:
		return t.appendEnum(dst, value)
	case t.Object != nil:
		return t.Object.append(dst, value)
	}
	return scalars[t.Name].append(dst, value, t.Name)
}

func (t *Type) appendList(dst, value []byte) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	if value[0] != '[' {
		if dst, err = t.Elem.Append(dst, value); err != nil {
			return dst, err
		}
		return append(dst, ']'), nil
	}
	n := 0
	err = rawjson.Elements(value, func(element []byte) error {
		if n > 0 {
			dst = append(dst, ',')
		}
		n++
		var err error
		if dst, err = t.Elem.Append(dst, element); err != nil {
			return at("["+strconv.Itoa(n-1)+"]", err)
		}
		return nil
	})
	return append(dst, ']'), err
}

func (t *Type) appendEnum(dst, value []byte) ([]byte, error) {
	name, err := rawjson.String(value)
	if err != nil || !t.Enum.has(name) {
		var names []string
		for _, v := range t.Enum.Values {
			names = append(names, v.Name)
		}
		return dst, fmt.Errorf("%s is no %s; write one of %q", excerpt(value), t.Name, names)
	}
	return append(append(append(dst, '"'), name...), '"'), nil
}

func (o *Object) append(dst, value []byte) ([]byte, error) {
	if value[0] != '{' {
		return dst, fmt.Errorf("%s is no %s; write an object", excerpt(value), o.Name)
	}
	values := make([][]byte, len(o.Fields))
	err := rawjson.Members(value, func(name, value []byte) error {
		f := o.fields[string(name)]
		if f == nil {
			return fmt.Errorf("%s has no field %q", o.Name, name)
		}
		if values[f.Ordinal] != nil {
			return fmt.Errorf("the field %q stands twice", name)
		}
		values[f.Ordinal] = value
		return nil
	})
	if err != nil {
		return dst, err
	}
	dst = append(dst, '{')
	first := true
	for i, f := range o.Fields {
		if values[i] == nil && !f.Type.NonNull {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = rawjson.AppendString(dst, f.Name)
		dst = append(dst, ':')
		if dst, err = f.Type.Append(dst, values[i]); err != nil {
			return dst, at("."+f.Name, err)
		}
	}
	return append(dst, '}'), nil
}

// pathError says where in a value an error is.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }

func at(path string, err error) error {
	var inner *pathError
	if errors.As(err, &inner) {
		return &pathError{path: path + inner.path, err: inner.err}
	}
	return &pathError{path: path, err: err}
}

// invalid makes the error of a field's value.
func invalid(m *Model, f *Field, err error) error {
	e := at(f.Name, err)
	return freshet.Errorf(freshet.Invalid, "%s.%s", m.Name, e)
}
