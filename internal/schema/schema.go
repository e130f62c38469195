// Package schema reads the SDL that an operator supplies into models: their fields, keys, indexes, rules
// and conflict strategy. It validates records and computes the audience of one; all of it is pure.
//
// Its invariant: what a model accepts, it can store, key, index and show again; anything else was refused
// at the edge with an error that says where and what to write instead.
package schema

import (
	"slices"
	"strings"

	"freshet"
)

// Schema is what the SDL declares.
type Schema struct {
	Models  []*Model // in the order of the SDL
	Objects []*Object
	Enums   []*Enum

	Locals   []*Local
	Hearings []*Hearing

	models  map[freshet.ModelName]*Model
	objects map[string]*Object
	enums   map[string]*Enum
	held    []holding // the kinds of tokens that rules use
}

// Model gives the model with a name; nil where there is none.
func (s *Schema) Model(name freshet.ModelName) *Model { return s.models[name] }

// Declares tells whether the SDL has a type with a name.
func (s *Schema) Declares(name string) bool {
	return s.Model(freshet.ModelName(name)) != nil || s.objects[name] != nil || s.enums[name] != nil
}

// Model is a type whose values are records.
type Model struct {
	Name        freshet.ModelName
	Description string
	Plural      string   // of Name
	Fields      []*Field // declared ones in their order, then implicit ones
	Key         []*Field // the first is the partition, the others sort within it
	CustomKey   bool     // Key was declared; otherwise it is the field id
	Indexes     []*Index
	Rules       []*Rule
	Conflict    Strategy

	fields  map[string]*Field
	readers []holding // the kinds of tokens that rules for reading use

	id, createdAt, updatedAt *Field
}

// Field gives the field with a name; nil where there is none.
func (m *Model) Field(name string) *Field { return m.fields[name] }

// ID is the field of a key that was not declared; nil in a model with a key of its own.
func (m *Model) ID() *Field {
	if m.CustomKey {
		return nil
	}
	return m.id
}

// CreatedAt and UpdatedAt are the fields that the server sets to the time of a write.
func (m *Model) CreatedAt() *Field { return m.createdAt }

// UpdatedAt is set with every write.
func (m *Model) UpdatedAt() *Field { return m.updatedAt }

// TypeName gives the model's name as it begins other names: Post for post.
func (m *Model) TypeName() string { return upperFirst(string(m.Name)) }

// PluralName is TypeName for many.
func (m *Model) PluralName() string { return upperFirst(m.Plural) }

// IsKey tells whether a field is part of the key.
func (m *Model) IsKey(f *Field) bool { return slices.Contains(m.Key, f) }

// Index gives the index with a name; nil where there is none.
func (m *Model) Index(name string) *Index {
	for _, index := range m.Indexes {
		if index.Name == name {
			return index
		}
	}
	return nil
}

// Field is a field of a model or of an object type.
type Field struct {
	Name        string
	Description string
	Ordinal     int // its place in Fields, and in a Doc
	Type        *Type
	Default     []byte // JSON; nil: none
	Set         bool   // a list without order and duplicates
	Implicit    bool   // not declared; clients cannot write it
	Owner       bool   // holds who a record belongs to; filled in from the writer where absent
	SubUsername bool   // holds "sub::username"; shown as the username
	Fill        Fill   // of a field of a local message: what the server puts there; empty: nothing
}

// Object is a type that is not a model: a value nested in a record.
type Object struct {
	Name        string
	Description string
	Fields      []*Field

	fields map[string]*Field
}

// Enum is a type with named values.
type Enum struct {
	Name        string
	Description string
	Values      []EnumValue
}

// EnumValue is one value of an Enum.
type EnumValue struct {
	Name        string
	Description string
}

func (e *Enum) has(name string) bool {
	return slices.ContainsFunc(e.Values, func(v EnumValue) bool { return v.Name == name })
}

// Index is a declared order of a model's records, by which they can be queried.
type Index struct {
	Name       string
	QueryField string   // the field of Query; empty: none
	Fields     []*Field // the first is the partition, the others sort within it
}

// Strategy says what becomes of a write whose base version is stale.
type Strategy string

// The strategies.
const (
	AutoMerge  Strategy = "AUTOMERGE"   // merge field by field
	Optimistic Strategy = "OPTIMISTIC"  // refuse
	LastWriter Strategy = "LAST_WRITER" // apply
)

// Type is the type of a field: a scalar, an enum, an object, or a list of these.
type Type struct {
	Name    string // of the scalar, enum or object; of a list that of its elements
	NonNull bool
	Elem    *Type // of a list
	Enum    *Enum
	Object  *Object
}

// String gives the type as SDL writes it.
func (t *Type) String() string {
	s := t.Name
	if t.Elem != nil {
		s = "[" + t.Elem.String() + "]"
	}
	if t.NonNull {
		s += "!"
	}
	return s
}

// IsList tells whether the type is a list.
func (t *Type) IsList() bool { return t.Elem != nil }

// Leaf gives the type of a list's innermost elements; the type itself where it is no list.
func (t *Type) Leaf() *Type {
	for t.Elem != nil {
		t = t.Elem
	}
	return t
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
