package engine

import (
	"maps"
	"reflect"
	"slices"
)

// mergeSpec says the rules of a merge once more, on decoded values, with lists as sorted multisets.
type mergeSpec struct {
	set       bool
	conflicts []string
}

// field gives what a field is after one writer's patch and then another's, both made on base.
func (s *mergeSpec) field(name string, base any, first, second map[string]any) any {
	theirs, written := first[name]
	if !written {
		theirs = base
	}
	yours, written := second[name]
	switch {
	case !written:
		return sorted(theirs)
	case same(theirs, base): // nobody else changed it
		return sorted(yours)
	}
	return s.value(name, base, theirs, yours)
}

// value merges what both may have changed.
func (s *mergeSpec) value(path string, base, theirs, yours any) any {
	switch {
	case same(theirs, yours), same(yours, base):
		return sorted(theirs)
	case theirs == nil:
		return sorted(yours)
	}
	if list, ok := theirs.([]any); ok && yours != nil {
		return s.list(base, list, yours.([]any))
	}
	if object, ok := theirs.(map[string]any); ok && yours != nil {
		return s.object(path, base, object, yours.(map[string]any))
	}
	s.conflicts = append(s.conflicts, path)
	return sorted(theirs)
}

func (s *mergeSpec) list(base any, theirs, yours []any) any {
	before, _ := base.([]any)
	count := func(list []any, element any) int {
		n := 0
		for _, e := range list {
			if e == element {
				n++
			}
		}
		return n
	}
	merged := []any{}
	for _, element := range []any{"a", "b", "c", "d"} {
		b, t, y := count(before, element), count(theirs, element), count(yours, element)
		n := max(0, t-max(0, b-y)) + max(0, y-b)
		if s.set {
			n = min(n, 1)
		}
		for range n {
			merged = append(merged, element)
		}
	}
	return merged
}

func (s *mergeSpec) object(path string, base any, theirs, yours map[string]any) any {
	before, _ := base.(map[string]any)
	names := maps.Clone(theirs)
	maps.Copy(names, yours)
	merged := make(map[string]any)
	for name := range names {
		value := yours[name]
		if !same(theirs[name], before[name]) {
			value = s.value(path+"."+name, before[name], theirs[name], yours[name])
		}
		if value != nil {
			merged[name] = value
		}
	}
	return merged
}

// sorted gives a list in order; what is no list as it is.
func sorted(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	list = append([]any{}, list...)
	slices.SortFunc(list, func(a, b any) int {
		switch x, y := a.(string), b.(string); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return list
}

// same compares lists in their order, for a record that has another order was changed.
func same(a, b any) bool {
	return reflect.DeepEqual(a, b)
}
