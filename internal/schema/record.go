package schema

import (
	"freshet"
	"freshet/internal/rawjson"
)

// Doc is the fields of a record, by their ordinals: JSON text, nil for an absent one. In a patch null
// stands for a field that is taken away. A Doc's slices are shared; they are replaced, never written to.
type Doc [][]byte

// Parse splits a stored body. Fields that the model does not have any more are passed over.
func (m *Model) Parse(body []byte) (Doc, error) {
	doc := make(Doc, len(m.Fields))
	err := rawjson.Members(body, func(name, value []byte) error {
		if f := m.fields[string(name)]; f != nil {
			doc[f.Ordinal] = value
		}
		return nil
	})
	if err != nil {
		return nil, freshet.Wrap(freshet.Internal, err, "a stored %s cannot be read", m.Name)
	}
	return doc, nil
}

// Body encodes a Doc, in the order of the model's fields. Nulls are left out.
func (m *Model) Body(doc Doc) []byte {
	n := 2
	for i, value := range doc {
		n += len(value) + len(m.Fields[i].Name) + 4
	}
	body := append(make([]byte, 0, n), '{')
	for i, value := range doc {
		if rawjson.IsNull(value) {
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(body, '"')
		body = append(body, m.Fields[i].Name...)
		body = append(body, '"', ':')
		body = append(body, value...)
	}
	return append(body, '}')
}

// Patch checks the fields that a client writes. Fields beginning with an underscore, which readers are
// shown beside a record's own, are passed over, so that what was read can be written back.
func (m *Model) Patch(input []byte) (Doc, error) {
	patch := make(Doc, len(m.Fields))
	// The values of a patch lie one after the other in memory of their own, so that a Doc does not keep
	// a whole request alive.
	values := make([]byte, 0, len(input))
	err := rawjson.Members(input, func(name, value []byte) error {
		f := m.fields[string(name)]
		if f == nil {
			if len(name) > 0 && name[0] == '_' {
				return nil
			}
			return freshet.Errorf(freshet.Invalid, "%s has no field %q", m.Name, name)
		}
		if patch[f.Ordinal] != nil {
			return freshet.Errorf(freshet.Invalid, "%s.%s stands twice", m.Name, name)
		}
		start := len(values)
		var err error
		if rawjson.IsNull(value) {
			values = append(values, rawjson.Null...) // whether it may be taken away is seen in Complete
		} else if values, err = f.Type.Append(values, value); err != nil {
			return invalid(m, f, err)
		}
		patch[f.Ordinal] = values[start:len(values):len(values)]
		return nil
	})
	if _, malformed := err.(*rawjson.SyntaxError); malformed {
		return nil, freshet.Errorf(freshet.Invalid, "the fields of a %s: %v", m.Name, err)
	}
	return patch, err
}

// Complete checks that a record has a value for each field that needs one.
func (m *Model) Complete(doc Doc) error {
	for i, f := range m.Fields {
		if f.Type.NonNull && rawjson.IsNull(doc[i]) {
			return freshet.Errorf(freshet.Invalid, "%s.%s: null, and a value is needed", m.Name, f.Name)
		}
	}
	return nil
}

// SetDefaults fills absent fields that have a default.
func (m *Model) SetDefaults(doc Doc) {
	for i, f := range m.Fields {
		if f.Default != nil && rawjson.IsNull(doc[i]) {
			doc[i] = f.Default
		}
	}
}
