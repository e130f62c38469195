package engine

import (
	"encoding/json"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// merge resolves a patch that was made on an older version with what others wrote since. It writes what
// is taken into next, which begins as the current record, and gives what is not.
//
// A field that nobody else changed is taken. Of one that both changed, a list gets the elements that the
// writer added and loses those that it took away, an object is merged field by field, and of anything else
// the record keeps its value, unless that is null.
type merge struct {
	model     *schema.Model
	base      schema.Doc // what the writer began from; nil where that is not known any more
	mine      schema.Doc // what the writer wrote to the record since, in the same push
	changed   func(*schema.Field) bool
	known     bool // whether the base of the field at hand is known
	conflicts []freshet.FieldConflict
}

func (mg *merge) apply(next, patch schema.Doc) {
	for i, yours := range patch {
		if yours == nil {
			continue
		}
		f := mg.model.Fields[i]
		if !mg.changed(f) || sameValue(yours, next[i]) {
			next[i] = yours
			continue
		}
		var base []byte
		if mg.known = mg.base != nil; mg.known {
			base = mg.base[i]
		}
		if mg.mine != nil && mg.mine[i] != nil {
			if base, mg.known = mg.mine[i], true; sameValue(base, next[i]) {
				next[i] = yours
				continue
			}
		}
		next[i] = mg.value(f.Name, f.Type, f.Set, yours, next[i], base)
	}
}

// value merges one value that both sides changed. A base that is not known is nil, as is an absent one.
func (mg *merge) value(path string, t *schema.Type, set bool, yours, theirs, base []byte) []byte {
	if mg.known && sameValue(yours, base) {
		return theirs // the writer did not change it after all
	}
	if rawjson.IsNull(theirs) {
		return yours
	}
	if !rawjson.IsNull(yours) {
		switch {
		case t.IsList():
			return mergeList(yours, theirs, base, set, mg.known)
		case t.Object != nil:
			return mg.object(path, t.Object, yours, theirs, base)
		}
	}
	mg.conflicts = append(mg.conflicts, freshet.FieldConflict{
		Field: path, Yours: orNull(yours), Theirs: orNull(theirs), Base: orNull(base),
	})
	return theirs
}

func orNull(value []byte) []byte {
	if value == nil {
		return rawjson.Null
	}
	return value
}

// sameValue takes absent for null.
func sameValue(a, b []byte) bool {
	if rawjson.IsNull(a) || rawjson.IsNull(b) {
		return rawjson.IsNull(a) == rawjson.IsNull(b)
	}
	return rawjson.Equal(a, b)
}

func (mg *merge) object(path string, o *schema.Object, yours, theirs, base []byte) []byte {
	ours, others, before := members(yours), members(theirs), members(base)
	merged := []byte{'{'}
	for _, f := range o.Fields {
		value := others[f.Name]
		switch {
		case sameValue(ours[f.Name], value):
		case mg.known && sameValue(ours[f.Name], before[f.Name]):
		case mg.known && sameValue(value, before[f.Name]):
			value = ours[f.Name]
		default:
			value = mg.value(path+"."+f.Name, f.Type, false, ours[f.Name], value, before[f.Name])
		}
		if rawjson.IsNull(value) && !f.Type.NonNull {
			continue
		}
		if len(merged) > 1 {
			merged = append(merged, ',')
		}
		merged = append(rawjson.AppendString(merged, f.Name), ':')
		merged = append(merged, orNull(value)...)
	}
	return append(merged, '}')
}

func members(value []byte) map[string][]byte {
	m := make(map[string][]byte)
	if !rawjson.IsNull(value) {
		_ = rawjson.Members(value, func(name, value []byte) error { // stored values are valid
			m[string(name)] = value
			return nil
		})
	}
	return m
}

// mergeList gives theirs with the elements that yours added to the base, without those that it took away.
// Where the base is not known, what yours has beyond theirs is added.
func mergeList(yours, theirs, base []byte, set, known bool) []byte {
	ours, merged := elements(yours), elements(theirs)
	before := merged
	if known {
		before = elements(base)
		merged = beyond(merged, beyond(before, ours))
	}
	merged = append(merged, beyond(ours, before)...)
	if set {
		merged = distinct(merged)
	}
	return listOf(merged)
}

// unique leaves each element of a set in once.
func unique(value []byte) []byte { return listOf(distinct(elements(value))) }

// element is an element of a list. Elements with the same meaning are equal, however they are written.
type element struct {
	value   []byte
	meaning string
}

func elements(value []byte) []element {
	var list []element
	if !rawjson.IsNull(value) {
		_ = rawjson.Elements(value, func(value []byte) error { // stored values are valid
			var decoded any
			_ = json.Unmarshal(value, &decoded)
			meaning, _ := json.Marshal(decoded)
			list = append(list, element{value, string(meaning)})
			return nil
		})
	}
	return list
}

func listOf(elements []element) []byte {
	list := []byte{'['}
	for i, e := range elements {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, e.value...)
	}
	return append(list, ']')
}

// beyond gives the elements of a that b does not have, as often as a has them more.
func beyond(a, b []element) []element {
	rest := make(map[string]int, len(b))
	for _, e := range b {
		rest[e.meaning]++
	}
	var more []element
	for _, e := range a {
		if rest[e.meaning]--; rest[e.meaning] < 0 {
			more = append(more, e)
		}
	}
	return more
}

// distinct gives each element once, where it stands first.
func distinct(list []element) []element {
	seen := make(map[string]bool, len(list))
	var once []element
	for _, e := range list {
		if !seen[e.meaning] {
			seen[e.meaning] = true
			once = append(once, e)
		}
	}
	return once
}
