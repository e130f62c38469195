package engine

import (
	"testing"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
	"freshet/internal/store/storetest"
)

// A push whose answer was lost, or that a store refused, is sent again and applied once.
func TestPushOverAFailingStore(t *testing.T) {
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	failing := &storetest.Failing{Store: db}
	sources := []schema.Source{{Name: "s", Text: `type Task @model @auth(rules: [{allow: public}]) { title: String! tags: [String] }`}}
	e, err := Open(t.Context(), failing, sources, Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := e.Identify(freshet.Identity{Name: "key test", Providers: []freshet.Provider{freshet.APIKey}})
	writes := []freshet.Write{
		{Model: "Task", Op: freshet.OpCreate, Fields: []byte(`{"id":"1","title":"Water"}`), Counter: 1},
		{Model: "Task", Op: freshet.OpUpdate, Key: freshet.StringKey("1"), Fields: []byte(`{"tags":["green"]}`), Base: 1, Counter: 2},
		{Model: "Task", Op: freshet.OpCreate, Fields: []byte(`{"title":"a key of the server's"}`), Counter: 3},
	}
	failing.Plan(storetest.Refused, storetest.AnswerLost)
	for attempt := range 2 {
		if _, err := e.Push(t.Context(), id, "phone", writes, false); freshet.CodeOf(err) != freshet.Unavailable {
			t.Fatalf("attempt %d gave %v, want the code unavailable", attempt, err)
		}
	}
	head := db.Head().Seq
	outcomes, err := e.Push(t.Context(), id, "phone", writes, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if o.Status != Applied || o.Row == nil || o.Counter != uint64(i+1) {
			t.Errorf("the outcome of write %d is %+v", i, o)
		}
	}
	if db.Head().Seq != head {
		t.Errorf("the resend moved the log from %d to %d", head, db.Head().Seq)
	}
	page, err := e.List(t.Context(), id, ListQuery{Model: "Task"})
	if err != nil || len(page.Rows) != 2 {
		t.Errorf("%d tasks, %v; want each once", len(page.Rows), err)
	}
}
