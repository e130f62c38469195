package schema

import (
	"fmt"
	"slices"

	"freshet"
)

// Difference is what becomes of stored records when a schema takes the place of an older one.
type Difference struct {
	Rebuild []*Model            // models whose records have to be looked at again: indexes, audience, defaults
	Resend  []*Model            // of those, the ones whose records readers have to be shown anew, though their audience is the same
	Dropped []freshet.ModelName // models that are gone; safe while they have no records
	Filled  []*Model            // models with new fields that need values and have no default; safe while they have no records
	Refused []string            // changes that stored records do not survive, each with what to do instead
}

// Compare tells what is different. A nil old schema stands for an empty store.
func Compare(old, next *Schema) Difference {
	var d Difference
	if old == nil {
		return d
	}
	for _, before := range old.Models {
		now := next.Model(before.Name)
		if now == nil {
			d.Dropped = append(d.Dropped, before.Name)
			continue
		}
		c := comparison{old: before, now: now}
		c.compare()
		d.Refused = append(d.Refused, c.refused...)
		if c.rebuild || c.resend {
			d.Rebuild = append(d.Rebuild, now)
		}
		if c.resend {
			d.Resend = append(d.Resend, now)
		}
		if c.fills {
			d.Filled = append(d.Filled, now)
		}
	}
	return d
}

type comparison struct {
	old, now *Model
	rebuild  bool
	resend   bool
	fills    bool
	refused  []string
}

func (c *comparison) refuse(format string, args ...any) {
	c.refused = append(c.refused, fmt.Sprintf(format, args...))
}

func (c *comparison) compare() {
	if !slices.EqualFunc(c.old.Key, c.now.Key, sameField) {
		c.refuse("the primary key of %s changed from %v to %v; keep it, or declare a new model and move the records with export and import", c.now.Name, names(c.old.Key), names(c.now.Key))
	}
	for _, f := range c.old.Fields {
		if after := c.now.Field(f.Name); after != nil {
			c.field(f, after)
		} else if !f.Implicit {
			c.refuse("%s.%s is gone, and its values would be; keep the field, or export the records without it and import them into a new model", c.now.Name, f.Name)
		}
	}
	for _, f := range c.now.Fields {
		if c.old.Field(f.Name) == nil && f.Type.NonNull && !f.Implicit {
			if f.Default != nil {
				c.rebuild = true
			} else {
				c.fills = true
			}
		}
	}
	if !slices.EqualFunc(c.old.Indexes, c.now.Indexes, func(a, b *Index) bool {
		return a.Name == b.Name && slices.EqualFunc(a.Fields, b.Fields, sameField)
	}) {
		c.rebuild = true
	}
	if !slices.EqualFunc(readRules(c.old), readRules(c.now), sameAudience) {
		c.rebuild = true
	}
	// A rule that lets its readers sync now, or does not any more, leaves the audience as it was.
	for _, before := range readRules(c.old) {
		for _, now := range readRules(c.now) {
			c.resend = c.resend || sameAudience(before, now) && (before.Access^now.Access)&AccessSync != 0
		}
	}
}

func (c *comparison) field(before, after *Field) {
	name := fmt.Sprintf("%s.%s", c.now.Name, after.Name)
	if reason := (widening{}).types(before.Type, after.Type); reason != "" {
		c.refuse("%s changed from %s to %s: %s; keep the type, or add a field with another name", name, before.Type, after.Type, reason)
		return
	}
	if after.Type.NonNull && !before.Type.NonNull {
		if after.Default != nil {
			c.rebuild = true
		} else {
			c.fills = true
		}
	}
}

// widening compares types. It remembers the object types it is in, for they may hold themselves.
type widening map[string]bool

// types gives the reason why stored values of one type may not be values of another; empty where they are.
func (w widening) types(from, to *Type) string {
	if (from.Elem == nil) != (to.Elem == nil) {
		return "a list and a single value are stored differently"
	}
	if from.Elem != nil {
		if to.Elem.NonNull && !from.Elem.NonNull {
			return "stored lists may hold nulls"
		}
		return w.types(from.Elem, to.Elem)
	}
	if from.Enum != nil && to.Enum != nil {
		for _, v := range from.Enum.Values {
			if !to.Enum.has(v.Name) {
				return fmt.Sprintf("stored records may hold the value %s, which is gone", v.Name)
			}
		}
		return ""
	}
	if from.Object != nil && to.Object != nil {
		return w.objects(from.Object, to.Object)
	}
	if from.Name == to.Name {
		return ""
	}
	isText := func(t *Type) bool { s := scalars[t.Name]; return t.Enum != nil || s != nil && s.key == keyText }
	isNumber := func(t *Type) bool { s := scalars[t.Name]; return s != nil && s.number != nil }
	switch {
	case isText(from) && (to.Name == "String" || to.Name == "ID"):
		return ""
	case isNumber(from) && to.Name == "Float", from.Name == "Int" && to.Name == "AWSTimestamp":
		return ""
	}
	return "stored values need not be valid there"
}

func (w widening) objects(from, to *Object) string {
	if from.Name != to.Name {
		return "the fields of nested objects may differ"
	}
	if w[from.Name] {
		return ""
	}
	w[from.Name] = true
	for _, f := range from.Fields {
		after := to.fields[f.Name]
		if after == nil {
			return fmt.Sprintf("its field %s is gone", f.Name)
		}
		if after.Type.NonNull && !f.Type.NonNull {
			return fmt.Sprintf("its field %s may be null in stored records", f.Name)
		}
		if reason := w.types(f.Type, after.Type); reason != "" {
			return reason
		}
	}
	for _, f := range to.Fields {
		if from.fields[f.Name] == nil && f.Type.NonNull {
			return fmt.Sprintf("its new field %s needs a value, which stored records do not have", f.Name)
		}
	}
	return ""
}

func sameField(a, b *Field) bool {
	return a.Name == b.Name && a.Type.Name == b.Type.Name && scalarKey(a.Type) == scalarKey(b.Type)
}

func scalarKey(t *Type) keyKind {
	if s := scalars[t.Name]; s != nil {
		return s.key
	}
	return keyText
}

func readRules(m *Model) []*Rule {
	return slices.DeleteFunc(slices.Clone(m.Rules), func(r *Rule) bool { return r.Access&AccessRead == 0 })
}

func sameAudience(a, b *Rule) bool {
	field := func(r *Rule) string {
		if r.Field == nil {
			return ""
		}
		return r.Field.Name
	}
	return a.Allow == b.Allow && a.Provider == b.Provider &&
		field(a) == field(b) && a.Claim == b.Claim && slices.Equal(a.Groups, b.Groups)
}

func names(fields []*Field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return list
}
