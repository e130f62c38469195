package engine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/filter"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// replica is a client: a cursor, and what it holds after applying pages in order.
type replica struct {
	scope  Scope // what it asks for
	synced Scope // what the cursor was made with
	cursor string
	holds  map[store.Ref]held
	resets int
}

type held struct {
	version freshet.Version
	body    string
}

func newReplica(scope Scope) *replica {
	return &replica{scope: scope, synced: scope, holds: make(map[store.Ref]held)}
}

func (r *replica) clone() *replica {
	c := *r
	c.holds = maps.Clone(r.holds)
	return &c
}

// apply takes over a change: the newer version wins, a removal deletes.
func (r *replica) apply(s *Sight) {
	ref := store.Ref{Model: s.Model.Name, Key: s.Key}
	switch {
	case s.Version < r.holds[ref].version:
	case s.Body == nil:
		delete(r.holds, ref)
	default:
		r.holds[ref] = held{s.Version, string(s.Body)}
	}
}

// narrow drops what is not asked for alike any more, with the first page that was read so.
func (r *replica) narrow(f *fixture) {
	f.t.Helper()
	for ref := range r.holds {
		wanted := len(r.scope.Models) == 0 || slices.Contains(r.scope.Models, ref.Model)
		if !wanted || filterOf(f, r.synced, ref.Model) != filterOf(f, r.scope, ref.Model) {
			delete(r.holds, ref)
		}
	}
	r.synced = r.scope
}

func filterOf(f *fixture, scope Scope, model freshet.ModelName) (text string) {
	f.t.Helper()
	if len(scope.Filter) == 0 {
		return ""
	}
	err := rawjson.Members(scope.Filter, func(name, value []byte) error {
		if freshet.ModelName(name) == model {
			text = string(value)
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return text
}

// pull takes a page as an identity.
func (r *replica) pull(f *fixture, id *freshet.Identity, limit int) Page {
	f.t.Helper()
	page, err := r.tryPull(f, id, limit)
	if err != nil {
		f.t.Fatalf("%s reads %+v: %v", id.Name, r.scope, err)
	}
	return page
}

func (r *replica) tryPull(f *fixture, id *freshet.Identity, limit int) (Page, error) {
	f.t.Helper()
	reader, err := f.Reader(id, r.scope)
	if err != nil {
		return Page{}, err
	}
	c, reset, err := reader.Open(r.cursor)
	if err != nil {
		return Page{}, err
	}
	page, err := reader.Page(f.t.Context(), &c, limit)
	if err != nil {
		return Page{}, err
	}
	if page.Reset = page.Reset || reset; page.Reset {
		r.holds, r.resets = make(map[store.Ref]held), r.resets+1
	}
	r.narrow(f)
	for i := range page.Changes {
		s := &page.Changes[i]
		if s.Body != nil {
			f.mustSee(id, r.scope, s)
		}
		r.apply(s)
	}
	r.cursor = reader.Seal(&c)
	return page, nil
}

// pullAll takes pages until it is up to date, and then holds what the identity may see.
func (r *replica) pullAll(f *fixture, id *freshet.Identity, limit int) []string {
	f.t.Helper()
	var sights []string
	for {
		page := r.pull(f, id, limit)
		sights = append(sights, sightText(page.Changes)...)
		if page.UpToDate {
			break
		}
	}
	f.wantHolds(id, r)
	return sights
}

func (f *fixture) wantHolds(id *freshet.Identity, r *replica) {
	f.t.Helper()
	if diff := cmp.Diff(f.visible(id, r.scope), r.holds, cmp.AllowUnexported(held{})); diff != "" {
		f.t.Fatalf("%s with %q reads %+v and holds (-what it may see +got):\n%s", id.Name, id.Tokens, r.scope, diff)
	}
}

// sightText tells of changes in short: "Task a 2", with a minus before a removal.
func sightText(sights []Sight) []string {
	var list []string
	for _, s := range sights {
		sign := ""
		if s.Body == nil {
			sign = "-"
		}
		list = append(list, fmt.Sprintf("%s%s %s %d", sign, s.Model.Name, s.Key.Text(), s.Version))
	}
	return list
}

// shows tells whether the rules and the scope let an identity sync a record with these fields.
func (f *fixture) shows(id *freshet.Identity, scope Scope, m *schema.Model, body []byte) bool {
	f.t.Helper()
	if len(scope.Models) > 0 && !slices.Contains(scope.Models, m.Name) {
		return false
	}
	doc, err := m.Parse(body)
	if err != nil {
		f.t.Fatal(err)
	}
	var compiled *filter.Filter
	if len(scope.Filter) > 0 {
		err = rawjson.Members(scope.Filter, func(name, value []byte) error {
			var err error
			if freshet.ModelName(name) == m.Name {
				compiled, err = filter.Compile(m, value)
			}
			return err
		})
		if err != nil {
			f.t.Fatal(err)
		}
	}
	return m.Allows(id, schema.AccessSync, doc) && compiled.Match(doc, false)
}

// visible gives what an identity may see, from the records themselves.
func (f *fixture) visible(id *freshet.Identity, scope Scope) map[store.Ref]held {
	f.t.Helper()
	all := make(map[store.Ref]held)
	for _, m := range f.schema.Models {
		page, err := f.db.Query(f.t.Context(), store.Query{Model: m.Name, All: true, Limit: 10_000})
		if err != nil {
			f.t.Fatal(err)
		}
		for _, r := range page.Records {
			if f.shows(id, scope, m, r.Body) {
				all[store.Ref{Model: r.Model, Key: r.Key}] = held{r.Version, string(r.Body)}
			}
		}
	}
	return all
}

// mustSee wants a change that a page holds to be the record as it is now, and one that may be shown.
func (f *fixture) mustSee(id *freshet.Identity, scope Scope, s *Sight) {
	f.t.Helper()
	records, err := f.db.Get(f.t.Context(), store.Ref{Model: s.Model.Name, Key: s.Key})
	if err != nil {
		f.t.Fatal(err)
	}
	if r := records[0]; r == nil || r.Deleted || r.Version != s.Version || r.Seq != s.Seq || r.At != s.At || string(r.Body) != string(s.Body) {
		f.t.Fatalf("%s is shown %+v, and the record is %+v", id.Name, s, r)
	}
	if !f.shows(id, scope, s.Model, s.Body) {
		f.t.Fatalf("%s is shown %s, which it may not see", id.Name, s.Body)
	}
}
