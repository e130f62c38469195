package engine

import (
	"encoding/binary"

	"freshet"
	"freshet/internal/schema"
)

// fieldVersions tells, for each field of a record by its ordinal, the version that changed it last. They
// are what makes a merge exact: a field that nobody changed since a writer's base can be written, whatever
// happened to the others.
type fieldVersions []freshet.Version

// newFieldVersions are those of a record whose fields all came with one version.
func newFieldVersions(m *schema.Model, version freshet.Version) fieldVersions {
	v := make(fieldVersions, len(m.Fields))
	for i := range v {
		v[i] = version
	}
	return v
}

// encode writes the version that most fields have, then the others by name, so that the schema may get
// further fields.
func (v fieldVersions) encode(m *schema.Model) []byte {
	least := v[0]
	for _, version := range v {
		least = min(least, version)
	}
	meta := binary.AppendUvarint(make([]byte, 0, 48), uint64(least))
	for i, version := range v {
		if version > least {
			meta = append(binary.AppendUvarint(meta, uint64(len(m.Fields[i].Name))), m.Fields[i].Name...)
			meta = binary.AppendUvarint(meta, uint64(version))
		}
	}
	return meta
}

func decodeFieldVersions(m *schema.Model, meta []byte) fieldVersions {
	least, n := binary.Uvarint(meta)
	v := newFieldVersions(m, freshet.Version(least))
	for meta = meta[max(n, 0):]; len(meta) > 0; {
		size, n := binary.Uvarint(meta)
		if n <= 0 || size > uint64(len(meta)-n) {
			break
		}
		name := meta[n : n+int(size)]
		meta = meta[n+int(size):]
		version, n := binary.Uvarint(meta)
		meta = meta[max(n, 0):]
		if f := m.Field(string(name)); f != nil {
			v[f.Ordinal] = freshet.Version(version)
		}
	}
	return v
}
