package ical

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"freshet"
)

func calendar(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n")
}

func vevent(lines ...string) string {
	return "BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20261121T120000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT"
}

func TestDecode(t *testing.T) {
	timed := Event{Start: "2026-11-21T12:30:00.000Z", End: "2026-11-21T13:00:00.000Z"}
	with := func(e Event, change func(*Event)) Event {
		change(&e)
		return e
	}
	zurich := func(e *Event) { e.Zone = "Europe/Zurich" }
	day := Event{Start: "2026-11-21T00:00:00.000Z", End: "2026-11-22T00:00:00.000Z", AllDay: true}
	outlook := "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nX-LIC-LOCATION:Europe/Zurich\r\nEND:VTIMEZONE"
	for name, c := range map[string]struct {
		text []byte
		want Event
	}{
		"in UTC":                {calendar(vevent("DTSTART:20261121T123000Z", "DTEND:20261121T130000Z")), timed},
		"in a zone":             {calendar(vevent("DTSTART;TZID=Europe/Zurich:20261121T133000", "DTEND;TZID=Europe/Zurich:20261121T140000")), with(timed, zurich)},
		"in one of Windows":     {calendar(vevent("DTSTART;TZID=W. Europe Standard Time:20261121T133000", "DURATION:PT30M")), with(timed, func(e *Event) { e.Zone = "Europe/Berlin" })},
		"with a path before it": {calendar(vevent("DTSTART;TZID=/mozilla.org/20070129_1/Europe/Zurich:20261121T133000", "DURATION:PT30M")), with(timed, zurich)},
		"of a VTIMEZONE":        {calendar(outlook, vevent("DTSTART;TZID=Customized Time Zone:20261121T133000", "DURATION:PT30M")), with(timed, zurich)},
		"floating":              {calendar(vevent("DTSTART:20261121T133000", "DURATION:PT30M")), with(timed, zurich)},
		"floating in another":   {calendar("X-WR-TIMEZONE:Asia/Tokyo", vevent("DTSTART:20261121T213000", "DURATION:PT30M")), with(timed, func(e *Event) { e.Zone = "Asia/Tokyo" })},
		"a day":                 {calendar(vevent("DTSTART;VALUE=DATE:20261121")), day},
		"a day to the next":     {calendar(vevent("DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122")), day},
		"of no length":          {calendar(vevent("DTSTART:20261121T123000Z")), with(timed, func(e *Event) { e.End = e.Start })},
		"text": {
			calendar(vevent("DTSTART:20261121T123000Z", "DTEND:20261121T130000Z", `SUMMARY;LANGUAGE=de:a\;b\,c, d\\n`, `DESCRIPTION:one\ntw`, ` o\Nthree`, "LOCATION:Zürich")),
			with(timed, func(e *Event) { e.Title, e.Notes, e.Location = `a;b,c, d\n`, "one\ntwo\nthree", "Zürich" }),
		},
		"repeats": {
			calendar(vevent("DTSTART;TZID=Europe/Zurich:20261121T133000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Zurich:20261128T133000,20261205T133000", "EXDATE:20261212T123000Z")),
			with(timed, func(e *Event) {
				e.Zone, e.RRule = "Europe/Zurich", "FREQ=WEEKLY;COUNT=5"
				e.ExDates = []string{"2026-11-28T12:30:00.000Z", "2026-12-05T12:30:00.000Z", "2026-12-12T12:30:00.000Z"}
			}),
		},
		"an occurrence": {
			calendar(vevent("DTSTART:20261121T123000Z", "DTEND:20261121T130000Z", "RECURRENCE-ID;TZID=Europe/Zurich:20261120T133000")),
			with(timed, func(e *Event) { e.Series, e.Occurrence = "u", "2026-11-20T12:30:00.000Z" }),
		},
		"lines that end by LF, a mark before": {
			[]byte("\xef\xbb\xbf" + strings.ReplaceAll(string(calendar(vevent("DTSTART:20261121T123000Z", "DTEND:20261121T130000Z"))), "\r\n", "\n")), timed,
		},
	} {
		items, _, err := Decode(c.text, "Europe/Zurich")
		if err != nil || len(items) != 1 || items[0].Err != nil || items[0].UID != "u" {
			t.Errorf("%s: %+v, %v", name, items, err)
			continue
		}
		if diff := cmp.Diff(c.want, items[0].Event); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	for reason, text := range map[string]string{
		"it has no UID":                           "BEGIN:VEVENT\r\nDTSTART:20261121T123000Z\r\nEND:VEVENT",
		"it has no DTSTART":                       vevent("SUMMARY:x"),
		`DTSTART: "soon" is no time`:              vevent("DTSTART:soon"),
		`the time zone "Mars/Olympus" is not`:     vevent("DTSTART;TZID=Mars/Olympus:20261121T123000"),
		`the time zone "../../etc/passwd" is not`: vevent("DTSTART;TZID=../../etc/passwd:20261121T123000"),
		"it ends before it begins":                vevent("DTSTART:20261121T123000Z", "DTEND:20261121T120000Z"),
		"one of the two is a date":                vevent("DTSTART:20261121T123000Z", "DTEND;VALUE=DATE:20261122"),
		"DURATION: soon":                          vevent("DTSTART:20261121T123000Z", "DURATION:soon"),
		"it repeats by RDATE":                     vevent("DTSTART:20261121T123000Z", "RDATE:20261122T123000Z"),
		"no recurrence rule that can be read":     vevent("DTSTART:20261121T123000Z", "RRULE:FREQ=NEVER"),
		"or more than one":                        vevent("DTSTART:20261121T123000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"),
		"(RANGE)":                                 vevent("DTSTART:20261121T123000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261121T123000Z"),
		"it was cancelled":                        vevent("DTSTART:20261121T123000Z", "STATUS:CANCELLED"),
	} {
		items, others, err := Decode(calendar(text, "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO", vevent("DTSTART:20261121T123000Z")), "")
		if err != nil || len(items) != 2 || others != 1 || items[0].Err == nil || items[1].Err != nil || !strings.Contains(items[0].Err.Error(), reason) {
			t.Errorf("%s: %+v, %d others, %v", reason, items, others, err)
		}
	}
}

// TestCancelledOccurrence: an occurrence that was cancelled is one that its series leaves out.
func TestCancelledOccurrence(t *testing.T) {
	items, _, err := Decode(calendar(
		vevent("DTSTART:20261121T123000Z", "RECURRENCE-ID:20261128T123000Z", "STATUS:CANCELLED"),
		vevent("DTSTART:20261121T123000Z", "RRULE:FREQ=WEEKLY"),
	), "")
	if err != nil || len(items) != 1 || items[0].Err != nil || !cmp.Equal(items[0].Event.ExDates, []string{"2026-11-28T12:30:00.000Z"}) {
		t.Errorf("%+v, %v", items, err)
	}
}

func TestNoCalendar(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                       "",
		"prose":                         "Dear all,\nlet us meet.\n",
		"another component":             "BEGIN:VEVENT\r\nUID:u\r\nEND:VEVENT\r\n",
		"an end too early":              "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n",
		"an end of another":             "BEGIN:VCALENDAR\r\nEND:VEVENT\r\n",
		"an end of nothing":             "END:VCALENDAR\r\n",
		"a line without a colon":        string(calendar("X;A=b")),
		"a parameter that goes on":      string(calendar(`X;A="b"c:d`)),
		"a quote that does not end":     string(calendar(`X;A="b:c`)),
		"parameters that take for ever": string(calendar("X;A=" + strings.Repeat("a", 1<<20) + ":b")),
		"and so folded":                 string(calendar("X;A=" + strings.Repeat("a\r\n ", 1<<18) + ":b")),
		"components within each other":  strings.Repeat("BEGIN:VCALENDAR\r\n", 60_000),
	} {
		began := time.Now()
		if _, _, err := Decode([]byte(text), ""); freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(err.Error(), "this is no iCalendar") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it takes %v", name, took)
		}
	}
	if _, _, err := Decode(calendar(strings.Repeat("BEGIN:VEVENT\r\nEND:VEVENT\r\n", MaxItems+1)+"X:y"), ""); freshet.CodeOf(err) != freshet.TooLarge {
		t.Errorf("too many events: %v", err)
	}
}

// TestRoundTrip: what is written is read as the same.
func TestRoundTrip(t *testing.T) {
	events := []Event{
		event("a", "2026-11-21T12:30:00.000Z", "2026-11-21T13:00:00.000Z", func(e *Event) {
			e.Zone, e.Title, e.Notes, e.Location = "America/New_York", "Tea; with, Ben", "one\ntwo \\ three", "At the mill"
		}),
		event("b", "2026-11-21T00:00:00.000Z", "2026-11-24T00:00:00.000Z", func(e *Event) { e.AllDay = true }),
		event("c", "2026-10-19T08:00:00.000Z", "2026-10-19T09:00:00.000Z", func(e *Event) {
			e.Zone, e.RRule, e.ExDates = "Europe/Zurich", "FREQ=WEEKLY;BYDAY=MO", []string{"2026-10-26T09:00:00.000Z"}
		}),
		event("d", "2026-11-03T08:00:00.000Z", "2026-11-03T09:00:00.000Z", func(e *Event) { e.Series, e.Occurrence = "c", "2026-11-02T09:00:00.000Z" }),
	}
	items, _, err := Decode(encode(t, events...), "")
	if err != nil || len(items) != len(events) {
		t.Fatalf("%+v, %v", items, err)
	}
	for i, it := range items {
		if diff := cmp.Diff(events[i], it.Event, cmpopts.IgnoreFields(Event{}, "ID", "Version", "At")); diff != "" || it.Err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", events[i].ID, it.Err, diff)
		}
	}
}

func TestWindowsZones(t *testing.T) {
	for name, zone := range windowsZones {
		if _, ok := load(zone); !ok {
			t.Errorf("%s stands for %s, which is not there", name, zone)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(calendar(vevent("DTSTART;TZID=Europe/Zurich:20261121T133000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE:20261128T133000")))
	f.Add(calendar(vevent("DTSTART;VALUE=DATE:20261121", `X-A;B="c,d";E=f,g:h`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		items, _, err := Decode(text, "Europe/Zurich")
		if err != nil && freshet.CodeOf(err) != freshet.Invalid && freshet.CodeOf(err) != freshet.TooLarge {
			t.Fatal(err)
		}
		var events []Event
		for _, it := range items {
			if it.Err == nil {
				events = append(events, it.Event)
			}
		}
		if _, err := Encode(Calendar{}, events, now); err != nil {
			t.Fatal(err)
		}
	})
}
