package schema

import (
	"strconv"

	"freshet"
	"freshet/internal/rawjson"
)

// KeyOf gives the key of a record.
func (m *Model) KeyOf(doc Doc) (freshet.Key, error) {
	key := make([]byte, 0, 64)
	for _, f := range m.Key {
		value := doc[f.Ordinal]
		if rawjson.IsNull(value) || len(value) == len(`""`) && value[0] == '"' {
			return "", freshet.Errorf(freshet.Invalid, "%s.%s: null or empty, and the key needs a value", m.Name, f.Name)
		}
		var err error
		if key, err = f.AppendKey(key, value); err != nil {
			return "", err
		}
	}
	return freshet.Key(key), nil
}

// IndexKeys gives a record's place in each of the model's indexes. A record without a value for a field
// of an index is not in it.
func (m *Model) IndexKeys(doc Doc) ([]freshet.IndexKey, error) {
	var keys []freshet.IndexKey
	for _, index := range m.Indexes {
		key, ok, err := index.key(doc)
		if err != nil {
			return nil, err
		}
		if ok {
			keys = append(keys, freshet.IndexKey{Index: index.Name, Key: key})
		}
	}
	return keys, nil
}

func (ix *Index) key(doc Doc) (key freshet.Key, ok bool, err error) {
	var b []byte
	for _, f := range ix.Fields {
		value := doc[f.Ordinal]
		if rawjson.IsNull(value) {
			return "", false, nil
		}
		if b, err = f.AppendKey(b, value); err != nil {
			return "", false, err
		}
	}
	return freshet.Key(b), true, nil
}

// AppendKey appends a field's value, as it is stored, as an element of a key.
func (f *Field) AppendKey(b, value []byte) ([]byte, error) {
	kind := keyText
	if s := scalars[f.Type.Name]; s != nil {
		kind = s.key
	}
	switch kind {
	case keyInt:
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			return b, freshet.Wrap(freshet.Internal, err, "%s: the value in a key cannot be read", f.Name)
		}
		return freshet.AppendInt(b, n), nil
	case keyFloat:
		n, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return b, freshet.Wrap(freshet.Internal, err, "%s: the value in a key cannot be read", f.Name)
		}
		return freshet.AppendFloat(b, n), nil
	case keyBool:
		return freshet.AppendBool(b, value[0] == 't'), nil
	}
	text, err := rawjson.String(value)
	if err != nil {
		return b, freshet.Wrap(freshet.Internal, err, "%s: the value in a key cannot be read", f.Name)
	}
	return freshet.AppendString(b, text), nil
}

// AppendKeyPrefix appends the beginning of a string as the beginning of an element.
func (f *Field) AppendKeyPrefix(b, value []byte) ([]byte, error) {
	text, err := rawjson.String(value)
	if err != nil {
		return b, freshet.Errorf(freshet.Invalid, "%s: write a string that the value begins with", f.Name)
	}
	return freshet.AppendStringPrefix(b, text), nil
}

// IsText tells whether the field's values are ordered as strings.
func (f *Field) IsText() bool {
	s := scalars[f.Type.Name]
	return f.Type.Elem == nil && (s == nil || s.key == keyText)
}

// ParseKey reads a key from the form it has on the wire: the value of a single field as text, or a JSON
// array of values.
func (m *Model) ParseKey(text string) (freshet.Key, error) {
	doc := make(Doc, len(m.Fields))
	if len(m.Key) == 1 {
		f := m.Key[0]
		value := []byte(text)
		if f.IsText() {
			value = rawjson.AppendString(nil, text)
		}
		if err := m.setKey(doc, f, value); err != nil {
			return "", err
		}
		return m.KeyOf(doc)
	}
	n := 0
	err := rawjson.Elements([]byte(text), func(element []byte) error {
		if n++; n > len(m.Key) {
			return nil
		}
		return m.setKey(doc, m.Key[n-1], element)
	})
	if err != nil || n != len(m.Key) {
		names := make([]string, len(m.Key))
		for i, f := range m.Key {
			names[i] = f.Name
		}
		return "", freshet.Errorf(freshet.Invalid, "%q is no key of %s; write a JSON array of %v", text, m.Name, names)
	}
	return m.KeyOf(doc)
}

func (m *Model) setKey(doc Doc, f *Field, value []byte) error {
	if _, err := rawjson.Trim(value); err != nil {
		return freshet.Errorf(freshet.Invalid, "%s: %q is no key of %s", f.Name, value, m.Name)
	}
	stored, err := f.Type.Append(nil, value)
	if err != nil {
		return invalid(m, f, err)
	}
	doc[f.Ordinal] = stored
	return nil
}

// SetKey writes the fields of a key into a Doc.
func (m *Model) SetKey(doc Doc, key freshet.Key) error {
	elements, err := key.Elements()
	if err != nil || len(elements) != len(m.Key) {
		return freshet.Errorf(freshet.Invalid, "malformed key of %s", m.Name)
	}
	for i, f := range m.Key {
		var kind keyKind
		switch v := elements[i].(type) {
		case string:
			doc[f.Ordinal], kind = rawjson.AppendString(nil, v), keyText
		case int64:
			doc[f.Ordinal], kind = rawjson.AppendInt(nil, v), keyInt
		case float64:
			doc[f.Ordinal], kind = strconv.AppendFloat(nil, v, 'g', -1, 64), keyFloat
		case bool:
			doc[f.Ordinal], kind = strconv.AppendBool(nil, v), keyBool
		}
		if kind != scalarKey(f.Type) {
			return freshet.Errorf(freshet.Invalid, "%s.%s: %s is no %s", m.Name, f.Name, doc[f.Ordinal], f.Type.Name)
		}
	}
	return nil
}
