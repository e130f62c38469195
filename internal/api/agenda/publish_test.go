package agenda

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/api/apitest"
	"freshet/internal/auth"
)

func TestPublish(t *testing.T) {
	d := open(t)
	d.event("ana", own, "Lunch")
	d.event("ana", shared, "Dinner")
	path := "/calendar/" + own + "/key"
	if w := d.ask("ana", "GET", path, ""); strings.TrimSpace(w.Body.String()) != `{"published":false}` {
		t.Errorf("before: %d %s", w.Code, w.Body)
	}
	p := d.publishes("ana", own)
	if w := d.ask("ana", "GET", path, ""); !strings.Contains(w.Body.String(), `{"published":true,"since":"20`) || strings.Contains(w.Body.String(), p.Key) {
		t.Errorf("after: %d %s", w.Code, w.Body)
	}

	// The key reads the calendar and its events, and nothing else.
	id, err := d.keys.Check(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	visitor := d.API.Admit(id)
	for query, want := range map[string]string{
		`{ listEvents { items { title } } }`:                                        `{"data":{"listEvents":{"items":[{"title":"Lunch"}]}}}`,
		`{ listCalendars { items { name } } }`:                                      `{"data":{"listCalendars":{"items":[{"name":"Own"}]}}}`,
		`{ getCalendar(id: "` + shared + `") { name } }`:                            `"errorType":"Unauthorized"`,
		`{ listTasks { items { title } } }`:                                         `"errorType":"Unauthorized"`,
		`mutation { updateCalendar(input: {id: "` + own + `", name: "x"}) { id } }`: `"errorType":"Unauthorized"`,
	} {
		if got := d.Ask(visitor, query); !strings.Contains(got, want) {
			t.Errorf("a visitor asks %s and gets %s, want %s", query, got, want)
		}
	}

	// Another key takes its place, and then none.
	again := d.publishes("ana", own)
	if _, err := d.keys.Check(p.Key); freshet.CodeOf(err) != freshet.Unauthenticated {
		t.Errorf("the key before: %v", err)
	}
	if w := d.ask("ana", "DELETE", path, ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"published":false}` {
		t.Errorf("unpublish: %d %s", w.Code, w.Body)
	}
	if _, err := d.keys.Check(again.Key); freshet.CodeOf(err) != freshet.Unauthenticated {
		t.Errorf("the key after it was taken away: %v", err)
	}
	if w := d.ask("ana", "DELETE", path, ""); w.Code != 200 {
		t.Errorf("unpublish what is not published: %d %s", w.Code, w.Body)
	}
	if len(d.forgot) != 2 {
		t.Errorf("forgotten are %q", d.forgot)
	}
	var told []string
	for _, e := range d.journal.Entries() {
		told = append(told, e.What+" "+e.Who+" "+e.About+" "+e.Outcome)
	}
	done := func(what string) string { return what + " sub-ana calendar " + own + " ok" }
	if diff := cmp.Diff([]string{done("PublishCalendar"), done("PublishCalendar"), done("UnpublishCalendar"), done("UnpublishCalendar")}, told); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

func TestMayNotPublish(t *testing.T) {
	d := open(t)
	d.does("ana", `createCalendar(input: {id: "admins", name: "A group"}) { id }`)
	d.does("ana", `createCalendar(input: {id: "0B7F5E1A-6B1D-4A53-9D0E-3F6A2B8C7D13", name: "Capitals"}) { id }`)
	p := d.publishes("ana", own)
	for _, c := range []struct {
		who, calendar string
		status        int
		message       string
	}{
		{"", own, 401, "send an API key"},
		{"ben", own, 403, "not allowed to get this Calendar"},
		{"ben", shared, 403, "a calendar is published by its owner"},
		{"ben admins", own, 403, "not allowed"},
		{"key " + apitest.Key, own, 403, "this is for users"},
		{"key " + p.Key, own, 403, "this is for users"},
		{"ana", "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d99", 404, "there is no calendar"},
		{"ana", "admins", 400, "whose id is a UUID"}, // a key to it would be one to the group
		{"ana", "0B7F5E1A-6B1D-4A53-9D0E-3F6A2B8C7D13", 400, "whose id is a UUID, in lower case"},
	} {
		for _, method := range []string{"POST", "GET", "DELETE"} {
			w := d.ask(c.who, method, "/calendar/"+c.calendar+"/key", "")
			if c.status == 400 && method != "POST" {
				continue
			}
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.message) && c.status != 401 {
				t.Errorf("%s by %q of %s: %d %s, want %d and %q", method, c.who, c.calendar, w.Code, w.Body, c.status, c.message)
			}
		}
	}
	if _, err := d.keys.Check(p.Key); err != nil {
		t.Errorf("the key is gone: %v", err)
	}
	if !slices.ContainsFunc(d.journal.Entries(), func(e accounts.Entry) bool {
		return e.What == "PublishCalendar" && e.Who == "sub-ben" && e.About == "calendar "+shared && e.Outcome == "forbidden" && e.From != ""
	}) {
		t.Errorf("the audit has %+v", d.journal.Entries())
	}
}

// TestOperatorsKey: a key that an operator made by the name of a calendar's is not for its owner to take away.
func TestOperatorsKey(t *testing.T) {
	d := open(t)
	_, secret, err := d.keys.Create(t.Context(), keyName(own), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if w := d.ask("ana", "POST", "/calendar/"+own+"/key", ""); w.Code != 409 {
		t.Errorf("publish: %d %s", w.Code, w.Body)
	}
	if w := d.ask("ana", "DELETE", "/calendar/"+own+"/key", ""); w.Code != 200 {
		t.Errorf("unpublish: %d %s", w.Code, w.Body)
	}
	if err := d.door.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := d.keys.Check(secret); err != nil {
		t.Errorf("the operator's key: %v", err)
	}
}

func TestMostPublished(t *testing.T) {
	d := open(t)
	for i := range maxPublished {
		if _, _, err := d.keys.Add(t.Context(), auth.Key{Name: fmt.Sprint("calendar ", i), Groups: []string{"x"}, By: publisher("ana")}); err != nil {
			t.Fatal(err)
		}
	}
	if w := d.ask("ana", "POST", "/calendar/"+own+"/key", ""); w.Code != 413 || !strings.Contains(w.Body.String(), "you publish 100 calendars") {
		t.Errorf("one more: %d %s", w.Code, w.Body)
	}
	d.does("ben", `createCalendar(input: {id: "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d21", name: "Ben's"}) { id }`)
	d.publishes("ben", "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d21")
}

// TestSweep: a key does not outlive its calendar, nor the right of who published it.
func TestSweep(t *testing.T) {
	d := open(t)
	const third = "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d14"
	d.does("ana", `createCalendar(input: {id: "`+third+`", name: "Stays"}) { id }`)
	deleted, given, stays := d.publishes("ana", own), d.publishes("ana", shared), d.publishes("ana", third)
	d.does("ana", `deleteCalendar(input: {id: "`+own+`"}) { id }`)
	if got := d.Ask(d.ByKey(), `mutation { updateCalendar(input: {id: "`+shared+`", owner: "ben"}) { id } }`); strings.Contains(got, "errors") {
		t.Fatal(got)
	}
	if w := d.ask("ana", "DELETE", "/calendar/"+own+"/key", ""); w.Code != 200 {
		t.Errorf("the owner of a deleted calendar takes its key away: %d %s", w.Code, w.Body)
	}
	if _, err := d.keys.Check(deleted.Key); err == nil {
		t.Error("the key of the deleted calendar is good")
	}
	if w := d.ask("ana", "POST", "/calendar/"+own+"/key", ""); w.Code != 404 {
		t.Errorf("publish a deleted calendar: %d %s", w.Code, w.Body)
	}
	d.does("ana", `deleteCalendar(input: {id: "`+third+`"}) { id }`)
	d.does("ana", `createCalendar(input: {id: "`+third+`", name: "Stays"}) { id }`)
	if err := d.door.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.keys.Check(given.Key); err == nil {
		t.Error("the key of a calendar that was given away is good")
	}
	if _, err := d.keys.Check(stays.Key); err != nil {
		t.Errorf("the key of a calendar that is there again: %v", err)
	}
	d.does("ana", `deleteCalendar(input: {id: "`+third+`"}) { id }`)
	if err := d.door.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.keys.Check(stays.Key); err == nil {
		t.Error("the key of a deleted calendar is good")
	}
}
