package schema

import (
	"slices"

	"freshet"
	"freshet/internal/rawjson"
)

// Parted is a record without the names of somebody who owned it.
type Parted struct {
	Doc   Doc
	Owned bool // a field with a single owner held the name, by which rules let owners create or delete
	Keyed bool // the key holds the name and cannot lose it; Doc is the key alone, fit for a tombstone only
}

// Part takes every name of an identity out of a record's owner fields; named tells whether there was one. A list
// loses the name, a field with a single owner becomes null, or empty where it needs a value: no account has an empty
// name.
func (m *Model) Part(id *freshet.Identity, doc Doc) (p Parted, named bool) {
	p.Doc = slices.Clone(doc)
	for _, rule := range m.Rules {
		if rule.Allow != AllowOwner || !id.Has(rule.Provider) {
			continue
		}
		f, names := rule.Field, claimNames(id, rule.Claim)
		if !namesAny(doc[f.Ordinal], names) {
			continue
		}
		named = true
		p.Owned = p.Owned || !f.Type.IsList() && rule.Access&(AccessCreate|AccessDelete) != 0
		p.Keyed = p.Keyed || m.IsKey(f)
		p.Doc[f.Ordinal] = f.without(p.Doc[f.Ordinal], names)
	}
	if p.Keyed {
		p.Doc = make(Doc, len(doc))
		for _, f := range m.Key {
			p.Doc[f.Ordinal] = doc[f.Ordinal]
		}
	}
	return p, named
}

func namesAny(value []byte, names []string) (found bool) {
	namesIn(value, func(name string) { found = found || slices.Contains(names, name) })
	return found
}

// without takes names out of an owner field's value.
func (f *Field) without(value []byte, names []string) []byte {
	if f.Type.IsList() {
		list := []byte{'['}
		_ = rawjson.Elements(value, func(element []byte) error { // stored values are valid
			if namesAny(element, names) {
				return nil
			}
			if len(list) > 1 {
				list = append(list, ',')
			}
			list = append(list, element...)
			return nil
		})
		return append(list, ']')
	}
	if !namesAny(value, names) {
		return value // another rule took them
	}
	if f.Type.NonNull {
		return []byte(`""`)
	}
	return nil
}

// OwnerTokens gives the tokens that an identity holds as an owner of records: sorted, each once.
func (s *Schema) OwnerTokens(id *freshet.Identity) []freshet.Token {
	return tokensOf(slices.DeleteFunc(slices.Clone(s.held), func(h holding) bool { return h.allow != AllowOwner }), id)
}

// HidesOwned tells whether a record may name an identity as an owner without its tokens being in the audience,
// because a rule lets owners do things and not read.
func (m *Model) HidesOwned(id *freshet.Identity) bool {
	return slices.ContainsFunc(m.Rules, func(r *Rule) bool {
		return r.Allow == AllowOwner && r.Access&AccessRead == 0 && id.Has(r.Provider)
	})
}
