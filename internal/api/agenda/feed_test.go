package agenda

import (
	"os"
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/api/apitest"
	"freshet/internal/schema"
)

func TestFeed(t *testing.T) {
	d := open(t)
	d.event("ana", shared, "Hers")
	d.event("ben", shared, "His")
	d.event("eve", shared, "Eve's")
	d.event("ana", own, "Elsewhere")
	feed := "/calendar/" + shared + ".ics?key=" + d.publishes("ana", shared).Key
	w := d.ask("", "GET", feed, "")
	header := w.Header()
	if w.Code != 200 || header.Get("Content-Type") != "text/calendar; charset=utf-8" || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("%d %v", w.Code, header)
	}
	text := w.Body.String()
	for title, want := range map[string]bool{"SUMMARY:Hers": true, "SUMMARY:His": true, "SUMMARY:Eve's": false, "SUMMARY:Elsewhere": false, "X-WR-CALNAME:Shared": true} {
		if strings.Contains(text, title) != want {
			t.Errorf("%s is there: %v, in\n%s", title, !want, text)
		}
	}
	// Whoever has it already is not given it again, until something changes.
	tag := header.Get("ETag")
	for given, status := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
		if w := d.ask("", "GET", feed, "", "If-None-Match", given); w.Code != status || w.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d, ETag %s", given, w.Code, w.Header().Get("ETag"))
		}
	}
	d.event("ana", shared, "Another")
	if w := d.ask("", "GET", feed, "", "If-None-Match", tag); w.Code != 200 || !strings.Contains(w.Body.String(), "Another") {
		t.Errorf("after a change: %d", w.Code)
	}
	if w := d.ask("", "HEAD", feed, ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}

	// A key that may read it by other rules does as well; any other finds nothing.
	if w := d.ask("", "GET", "/calendar/"+shared+".ics?key="+strings.ReplaceAll(apitest.Key, " ", "+"), ""); w.Code != 200 {
		t.Errorf("a key of the rules for API keys: %d %s", w.Code, w.Body)
	}
	other := d.publishes("ana", own).Key
	for _, path := range []string{
		shared + ".ics", shared + ".ics?key=", shared + ".ics?key=wrong", shared + ".ics?key=" + other, "nothing.ics?key=" + other, ".ics?key=" + other,
	} {
		if w := d.ask("", "GET", "/calendar/"+path, ""); w.Code != 404 || w.Body.String() != "Not Found\n" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := d.ask("ana", "GET", "/calendar/"+shared+".ics", ""); w.Code != 404 {
		t.Errorf("with a token, which the feed does not look at: %d", w.Code)
	}
	if w := d.ask("", "GET", "/calendar/"+shared, ""); w.Body.String() != "the page" {
		t.Errorf("what is for a browser: %d %s", w.Code, w.Body)
	}
	d.ask("ana", "DELETE", "/calendar/"+shared+"/key", "")
	if w := d.ask("", "GET", feed, "", "If-None-Match", tag); w.Code != 404 {
		t.Errorf("after it was taken back: %d", w.Code)
	}
}

// TestFeedWithinScopes: a feed is for a key whose scopes let it get the calendar and list its events, both.
func TestFeedWithinScopes(t *testing.T) {
	d := open(t)
	d.event("ana", shared, "Hers")
	for scopes, status := range map[string]int{
		"Calendar:get Event:list": 200, "*:read": 200,
		"Calendar:get": 404, "Event:list": 404, "Calendar:list Event:list": 404, "Calendar:get Event:get": 404, "*:sync": 404, "Task:read": 404,
		"*:create *:update *:delete": 404,
	} {
		var list []freshet.Scope
		for _, scope := range strings.Fields(scopes) {
			model, operation, _ := strings.Cut(scope, ":")
			list = append(list, freshet.Scope{Model: freshet.ModelName(model), Operations: []string{operation}})
		}
		_, secret, err := d.keys.Create(t.Context(), scopes, time.Time{}, list...)
		if err != nil {
			t.Fatal(err)
		}
		w := d.ask("", "GET", "/calendar/"+shared+".ics?key="+secret, "")
		if w.Code != status || strings.Contains(w.Body.String(), "SUMMARY:Hers") != (status == 200) {
			t.Errorf("with the scopes %s: %d %s, want %d", scopes, w.Code, w.Body, status)
		}
	}
}

// TestFeedWithoutCalendar: of a deleted calendar there is no feed, though the key may still be there.
func TestFeedWithoutCalendar(t *testing.T) {
	d := open(t)
	feed := "/calendar/" + own + ".ics?key=" + d.publishes("ana", own).Key
	d.does("ana", `deleteCalendar(input: {id: "`+own+`"}) { id }`)
	if w := d.ask("", "GET", feed, ""); w.Code != 404 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFits(t *testing.T) {
	text, err := os.ReadFile("../../../schemas/workspace.graphql")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]*strings.Replacer{
		"no calendars": strings.NewReplacer("type Calendar", "type Diary"),
		"no zone":      strings.NewReplacer("zone: String", "place: String"),
		"no index":     strings.NewReplacer("byCalendar", "byOther"),
	} {
		s, err := schema.Load(schema.Source{Name: "s", Text: change.Replace(string(text))})
		if err != nil || Fits(s) {
			t.Errorf("%s: it fits, or %v", name, err)
		}
	}
}
