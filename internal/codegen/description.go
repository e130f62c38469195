package codegen

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"freshet/internal/schema"
)

// field is what a client knows of a field, as JSON and TypeScript have it.
type field struct {
	Type     string          `json:"type"`
	Required bool            `json:"required,omitempty"`
	List     bool            `json:"list,omitempty"`
	Set      bool            `json:"set,omitempty"`
	Readonly bool            `json:"readonly,omitempty"`
	Owner    bool            `json:"owner,omitempty"`
	Default  json.RawMessage `json:"default,omitempty"`
}

func describe(f *schema.Field) field {
	return field{Type: f.Type.Leaf().Name, Required: f.Type.NonNull, List: f.Type.IsList(), Set: f.Set, Default: f.Default}
}

func describeOf(m *schema.Model, f *schema.Field) field {
	d := describe(f)
	d.Readonly, d.Owner = isReadonly(m, f), isOwner(m, f)
	return d
}

// version gives a hash of all that matters to a client. Descriptions do not, nor does the order of fields.
func version(s *schema.Schema) string {
	type model struct {
		Model    string              `json:"model"`
		Key      []string            `json:"key"`
		Fields   map[string]field    `json:"fields"`
		Indexes  map[string][]string `json:"indexes"`
		Conflict schema.Strategy     `json:"conflict"`
	}
	var all struct {
		Models  map[string]model            `json:"models"`
		Objects map[string]map[string]field `json:"objects"`
		Enums   map[string][]string         `json:"enums"`
	}
	all.Models, all.Objects, all.Enums = make(map[string]model), make(map[string]map[string]field), make(map[string][]string)
	for _, m := range s.Models {
		d := model{string(m.Name), names(m.Key), make(map[string]field), make(map[string][]string), m.Conflict}
		for _, f := range m.Fields {
			d.Fields[f.Name] = describeOf(m, f)
		}
		for _, index := range m.Indexes {
			d.Indexes[index.Name] = names(index.Fields)
		}
		all.Models[collection(m)] = d
	}
	for _, o := range s.Objects {
		all.Objects[o.Name] = make(map[string]field)
		for _, f := range o.Fields {
			all.Objects[o.Name][f.Name] = describe(f)
		}
	}
	for _, e := range s.Enums {
		all.Enums[e.Name] = valuesOf(e)
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // texts, and defaults that the schema has read
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func names(fields []*schema.Field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return list
}

func valuesOf(e *schema.Enum) []string {
	list := make([]string, len(e.Values))
	for i, v := range e.Values {
		list[i] = v.Name
	}
	return list
}

// schema writes the constant that a client is made with.
func (w *writer) schema(s *schema.Schema) {
	w.line(0, "")
	w.doc(0, "What a client is made with.")
	w.line(0, "export const schema: Schema<{")
	for _, m := range s.Models {
		t := m.TypeName()
		w.line(1, "%s: { record: %s; create: %sCreate; patch: %sPatch; key: %sKey };", collection(m), t, t, t, t)
	}
	w.line(0, "}> = {")
	w.line(1, "version: %s,", quoted(version(s)))
	w.block(1, "collections", func() {
		for _, m := range s.Models {
			w.collection(m)
		}
	})
	w.block(1, "objects", func() {
		for _, o := range s.Objects {
			w.block(2, o.Name, func() {
				for _, f := range o.Fields {
					w.line(3, "%s: %s,", f.Name, describe(f).literal())
				}
			})
		}
	})
	w.block(1, "enums", func() {
		for _, e := range s.Enums {
			w.line(2, "%s: %s,", e.Name, list(valuesOf(e)))
		}
	})
	w.line(0, "};")
}

// block writes a property that is an object, with what members writes in it.
func (w *writer) block(indent int, name string, members func()) {
	w.line(indent, "%s: {", name)
	empty := w.Len()
	if members(); w.Len() > empty {
		w.line(indent, "},")
		return
	}
	w.Truncate(empty - len("\n"))
	w.line(0, "},")
}

func (w *writer) collection(m *schema.Model) {
	w.block(2, collection(m), func() {
		w.line(3, "model: %s,", quoted(string(m.Name)))
		w.line(3, "key: %s,", list(names(m.Key)))
		w.block(3, "fields", func() {
			for _, f := range m.Fields {
				w.line(4, "%s: %s,", f.Name, describeOf(m, f).literal())
			}
		})
		w.block(3, "indexes", func() {
			for _, index := range m.Indexes {
				w.line(4, "%s: %s,", property(index.Name), list(names(index.Fields)))
			}
		})
		w.line(3, "conflict: %s,", quoted(string(m.Conflict)))
	})
}

// literal writes a field as TypeScript.
func (f field) literal() string {
	parts := []string{"type: " + quoted(f.Type)}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"required", f.Required}, {"list", f.List}, {"set", f.Set}, {"readonly", f.Readonly}, {"owner", f.Owner}} {
		if flag.set {
			parts = append(parts, flag.name+": true")
		}
	}
	var text string
	switch {
	case f.Default == nil:
	case json.Unmarshal(f.Default, &text) == nil:
		parts = append(parts, "default: "+quoted(text))
	default:
		parts = append(parts, "default: "+string(f.Default))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func list(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = quoted(text)
	}
	return "[" + strings.Join(all, ", ") + "]"
}
