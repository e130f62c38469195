package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"freshet"
	"freshet/client"
)

// write makes up a write of what the replica knows; r.mu is held. name is no other write's. mark stands in the record
// once when the write is done; empty where that does not show.
func (r *replica) write(name string) (w client.Write, mark string) {
	switch choice := r.random.IntN(10); {
	case choice < 2:
		if known, ok := r.pick("Ledger"); ok {
			return r.appendLine(known, name), name
		}
		fallthrough
	case choice < 3:
		return client.Write{Model: "Drop", Op: freshet.OpCreate, Fields: map[string]any{"text": name}}, name
	case choice < 5:
		return r.any("Item", fmt.Sprint("item", r.random.IntN(12)), func() map[string]any {
			return r.some(map[string]any{
				"title": name, "status": r.oneOf("OPEN", "DONE"), "tags": []string{r.oneOf("a", "b", "c"), r.oneOf("a", "b", "c")},
			})
		}), ""
	case choice < 8:
		return r.any("Note", name, func() map[string]any {
			fields := map[string]any{"text": name, "sharedWith": []string{r.oneOf("ana", "ben", "cid"), r.oneOf("ana", "cid")}}
			if r.user == "ada" || r.random.IntN(4) == 0 {
				fields["owner"] = r.oneOf("ana", "ben", "cid")
			}
			return r.some(fields)
		}), ""
	}
	return r.any("Board", name, func() map[string]any {
		return r.some(map[string]any{"name": name, "team": r.oneOf("red", "blue")})
	}), ""
}

func (r *replica) oneOf(list ...string) string { return list[r.random.IntN(len(list))] }

// some leaves fields out, though not all, and takes some values away.
func (r *replica) some(fields map[string]any) map[string]any {
	names := slices.Sorted(maps.Keys(fields))
	for _, name := range names {
		switch r.random.IntN(8) {
		case 0, 1, 2:
			if len(fields) > 1 {
				delete(fields, name)
			}
		case 3:
			fields[name] = nil
		}
	}
	return fields
}

// pick gives one of the records of a model.
func (r *replica) pick(model freshet.ModelName) (held, bool) {
	var names []string
	for name, h := range r.state.Records {
		if h.Model == model {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return held{}, false
	}
	slices.Sort(names)
	return r.state.Records[names[r.random.IntN(len(names))]], true
}

// appendLine adds a line to those that the replica knows.
func (r *replica) appendLine(known held, line string) client.Write {
	var fields struct{ Lines []string }
	if err := json.Unmarshal(known.Record, &fields); err != nil {
		panic(err) // the server made it
	}
	return client.Write{
		Model: known.Model, Op: freshet.OpUpdate, Key: known.Key, Base: known.Version,
		Fields: map[string]any{"lines": append(fields.Lines, line)},
	}
}

// any creates, updates or deletes.
func (r *replica) any(model freshet.ModelName, key string, fields func() map[string]any) client.Write {
	known, ok := r.pick(model)
	choice := r.random.IntN(10)
	if !ok || choice < 3 {
		return client.Write{Model: model, Op: freshet.OpCreate, Key: key, Fields: fields()}
	}
	w := client.Write{Model: model, Op: freshet.OpUpdate, Key: known.Key, Base: known.Version}
	if choice == 3 {
		w.Op = freshet.OpDelete
	} else {
		w.Fields = fields()
	}
	if r.random.IntN(4) == 0 {
		w.Base = 0
	}
	return w
}
