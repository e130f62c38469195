package agenda

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet/internal/api/apitest"
	"freshet/internal/ical"
)

const ics = "text/calendar; charset=utf-8"

func calendarOf(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

func vevent(uid string, lines ...string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20261121T120000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT"
}

// imports has somebody import a text, which has to be answered by what became of its events.
func (d *desk) imports(who, query, text string) Imported {
	d.T.Helper()
	w := d.ask(who, "POST", "/agenda/import"+query, text, "Content-Type", ics)
	var done Imported
	if err := json.Unmarshal(w.Body.Bytes(), &done); w.Code != 200 || err != nil {
		d.T.Fatalf("import: %d %s", w.Code, w.Body)
	}
	return done
}

func TestImport(t *testing.T) {
	d := open(t)
	lunch := vevent("lunch@example.com", "SUMMARY:Lunch", "LOCATION:Mill", "DTSTART;TZID=Europe/Zurich:20261121T120000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
	moved := vevent("lunch@example.com", "SUMMARY:Late lunch", "DTSTART;TZID=Europe/Zurich:20261128T140000", "DURATION:PT1H", "RECURRENCE-ID;TZID=Europe/Zurich:20261128T120000")
	odd := vevent("odd@example.com", "SUMMARY:Odd", "DTSTART:soon")
	todo := "BEGIN:VTODO\r\nUID:todo\r\nEND:VTODO"
	text := calendarOf(moved, lunch, odd, todo)
	want := Imported{Created: 2, Refused: 1, Ignored: 1, Refusals: []Refusal{{UID: "odd@example.com", Title: "Odd", Reason: `DTSTART: "soon" is no time`}}}
	if diff := cmp.Diff(want, d.imports("ana", "?calendar="+own, text)); diff != "" {
		t.Errorf("the first time (-want +got):\n%s", diff)
	}
	const list = `{ listEvents { items { id title location start end zone rrule series occurrence calendar owner _version } } }`
	var listed struct {
		Data struct {
			ListEvents struct {
				Items []map[string]any
			}
		}
	}
	read := func(who string) map[string]map[string]any {
		listed.Data.ListEvents.Items = nil
		if err := json.Unmarshal([]byte(d.Ask(d.User(who), list)), &listed); err != nil {
			t.Fatal(err)
		}
		byTitle := make(map[string]map[string]any)
		for _, item := range listed.Data.ListEvents.Items {
			byTitle[item["title"].(string)] = item
		}
		return byTitle
	}
	hers := read("ana")
	series := hers["Lunch"]["id"]
	if diff := cmp.Diff(map[string]map[string]any{
		"Lunch": {
			"id": series, "title": "Lunch", "location": "Mill", "start": "2026-11-21T11:00:00.000Z", "end": "2026-11-21T12:00:00.000Z", "zone": "Europe/Zurich",
			"rrule": "FREQ=WEEKLY", "series": nil, "occurrence": nil, "calendar": own, "owner": "ana", "_version": 1.0,
		},
		"Late lunch": {
			"id": hers["Late lunch"]["id"], "title": "Late lunch", "location": nil, "start": "2026-11-28T13:00:00.000Z", "end": "2026-11-28T14:00:00.000Z",
			"zone": "Europe/Zurich", "rrule": nil, "series": series, "occurrence": "2026-11-28T11:00:00.000Z", "calendar": own, "owner": "ana", "_version": 1.0,
		},
	}, hers); diff != "" {
		t.Errorf("the events (-want +got):\n%s", diff)
	}

	// Again, nothing changes. What changed does, also what is not there any more.
	want.Created, want.Unchanged = 0, 2
	if diff := cmp.Diff(want, d.imports("ana", "", text)); diff != "" {
		t.Errorf("again (-want +got):\n%s", diff)
	}
	without := strings.Replace(text, "LOCATION:Mill\r\n", "", 1)
	want.Updated, want.Unchanged = 1, 1
	if diff := cmp.Diff(want, d.imports("ana", "", without)); diff != "" {
		t.Errorf("with a change (-want +got):\n%s", diff)
	}
	if got := read("ana")["Lunch"]; got["location"] != nil || got["calendar"] != own || got["_version"] != 2.0 {
		t.Errorf("after a change it is %v", got)
	}
	// What the user deleted and imports again is there again.
	d.does("ana", fmt.Sprintf(`deleteEvent(input: {id: %q}) { id }`, series))
	want.Created, want.Updated, want.Unchanged = 1, 0, 1
	if diff := cmp.Diff(want, d.imports("ana", "", text)); diff != "" {
		t.Errorf("after a deletion (-want +got):\n%s", diff)
	}
	// Another user's are other events, in no calendar.
	want.Created, want.Unchanged = 2, 0
	if diff := cmp.Diff(want, d.imports("ben", "", text)); diff != "" {
		t.Errorf("by another (-want +got):\n%s", diff)
	}
	if his := read("ben")["Lunch"]; his["id"] == series || his["owner"] != "ben" || his["calendar"] != nil {
		t.Errorf("the other's is %v", his)
	}
	// Of two by the same name the last one counts.
	twice := d.imports("ben", "?calendar="+shared, calendarOf(vevent("a", "SUMMARY:First", "DTSTART:20261121T120000Z"), vevent("a", "SUMMARY:Last", "DTSTART:20261121T120000Z")))
	if twice.Created != 1 || twice.Refused != 1 || twice.Refusals[0].Reason != "it stands twice; the last one is taken" || read("ben")["Last"]["calendar"] != shared {
		t.Errorf("twice: %+v", twice)
	}
	floating := calendarOf(vevent("f", "SUMMARY:Floating", "DTSTART:20261121T120000"))
	if d.imports("ana", "?zone=Asia/Tokyo", floating); read("ana")["Floating"]["start"] != "2026-11-21T03:00:00.000Z" {
		t.Errorf("without a zone of its own: %v", read("ana")["Floating"])
	}
}

func TestMayNotImport(t *testing.T) {
	d := open(t)
	visitor := d.publishes("ana", own).Key
	good := calendarOf(vevent("a", "DTSTART:20261121T120000Z"))
	for _, c := range []struct {
		who, query, body, kind string
		status                 int
		message                string
	}{
		{"", "", good, ics, 401, ""},
		{"key " + apitest.Key, "", good, ics, 403, "this is for users"},
		{"key " + visitor, "?calendar=" + own, good, ics, 403, "this is for users"},
		{"ben", "?calendar=" + own, good, ics, 403, "not allowed to get this Calendar"},
		{"ana", "?calendar=none", good, ics, 404, "there is no calendar"},
		{"ana", "", good, "application/json", 400, "Content-Type: text/calendar"},
		{"ana", "", good, "", 400, "Content-Type: text/calendar"},
		{"ana", "", "Dear all", ics, 400, "this is no iCalendar"},
		{"ana", "", calendarOf(vevent("a", "DTSTART:20261121T120000Z", "DESCRIPTION:"+strings.Repeat("x", maxImport))), ics, 413, "1048576 bytes"},
		{"ana", "", calendarOf(strings.Repeat("BEGIN:VEVENT\r\nEND:VEVENT\r\n", ical.MaxItems+1) + "X:y"), ics, 413, "the most of one import, 5000"},
	} {
		w := d.ask(c.who, "POST", "/agenda/import"+c.query, c.body, "Content-Type", c.kind)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.message) {
			t.Errorf("%q%s %.30q: %d %.200s, want %d and %q", c.who, c.query, c.body, w.Code, w.Body, c.status, c.message)
		}
	}
	if got := d.Ask(d.ByKey(), "{ listEvents { items { id } } }"); got != `{"data":{"listEvents":{"items":[]}}}` {
		t.Errorf("there are events: %s", got)
	}
}

// TestManyRefusals: of refusals the first hundred are told, and one event too large leaves the others.
func TestManyRefusals(t *testing.T) {
	d := open(t)
	lines := []string{vevent("large", "DTSTART:20261121T120000Z", "DESCRIPTION:"+strings.Repeat("x", 300_000)), vevent("good", "DTSTART:20261121T120000Z")}
	for i := range 150 {
		lines = append(lines, vevent(fmt.Sprint("odd ", i), "DTSTART:soon"))
	}
	done := d.imports("ana", "", calendarOf(lines...))
	if done.Created != 1 || done.Refused != 151 || len(done.Refusals) != maxRefusals {
		t.Errorf("%d created, %d refused, %d told", done.Created, done.Refused, len(done.Refusals))
	}
}
