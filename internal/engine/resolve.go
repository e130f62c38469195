package engine

import (
	"slices"

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
	changed   func(*schema.Field) bool
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
		if mg.base != nil {
			base = mg.base[i]
		}
		next[i] = mg.value(f.Name, f.Type, f.Set, yours, next[i], base)
	}
}

// value merges one value that both sides changed. A base that is not known is nil, as is an absent one.
func (mg *merge) value(path string, t *schema.Type, set bool, yours, theirs, base []byte) []byte {
	if mg.base != nil && sameValue(yours, base) {
		return theirs // the writer did not change it after all
	}
	if rawjson.IsNull(theirs) {
		return yours
	}
	if !rawjson.IsNull(yours) {
		switch {
		case t.IsList():
			return mergeList(yours, theirs, base, set, mg.base != nil)
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
		case mg.base != nil && sameValue(ours[f.Name], before[f.Name]):
		case mg.base != nil && sameValue(value, before[f.Name]):
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
		for _, gone := range beyond(before, ours) {
			if i := slices.IndexFunc(merged, equalTo(gone)); i >= 0 {
				merged = slices.Delete(merged, i, i+1)
			}
		}
	}
	for _, added := range beyond(ours, before) {
		if !set || !slices.ContainsFunc(merged, equalTo(added)) {
			merged = append(merged, added)
		}
	}
	list := []byte{'['}
	for i, element := range merged {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, element...)
	}
	return append(list, ']')
}

// beyond gives the elements of a that b does not have, as often as a has them more.
func beyond(a, b [][]byte) [][]byte {
	rest := slices.Clone(b)
	var more [][]byte
	for _, element := range a {
		if i := slices.IndexFunc(rest, equalTo(element)); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			more = append(more, element)
		}
	}
	return more
}

func equalTo(a []byte) func([]byte) bool {
	return func(b []byte) bool { return rawjson.Equal(a, b) }
}

func elements(value []byte) [][]byte {
	var list [][]byte
	if !rawjson.IsNull(value) {
		_ = rawjson.Elements(value, func(element []byte) error { // stored values are valid
			list = append(list, element)
			return nil
		})
	}
	return list
}

// unique leaves each element of a set in once.
func unique(value []byte) []byte {
	return mergeList(value, []byte("[]"), nil, true, true)
}
