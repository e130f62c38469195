package ical

import (
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func event(id, start, end string, change ...func(*Event)) Event {
	e := Event{ID: id, Title: id, Start: start, End: end, Version: 3, At: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)}
	for _, f := range change {
		f(&e)
	}
	return e
}

// lines gives what is written of one component of a calendar, unfolded; of the calendar itself for none.
func lines(t *testing.T, text []byte, kind string) [][]string {
	t.Helper()
	unfolded := strings.ReplaceAll(string(text), "\r\n ", "")
	var all [][]string
	for part := range strings.SplitSeq(unfolded, "BEGIN:"+kind+"\r\n") {
		body, _, found := strings.Cut(part, "\r\nEND:"+kind+"\r\n")
		if found {
			all = append(all, strings.Split(body, "\r\n"))
		}
	}
	return all
}

func encode(t *testing.T, events ...Event) []byte {
	t.Helper()
	text, err := Encode(Calendar{Name: "Work", Color: "#0b7285"}, events, now)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEventLines(t *testing.T) {
	zurich := func(e *Event) { e.Zone = "Europe/Zurich" }
	allDay := func(e *Event) { e.AllDay = true }
	for name, c := range map[string]struct {
		event Event
		want  []string
		not   []string
	}{
		"in UTC": {
			event("e", "2026-11-21T12:30:00.000Z", "2026-11-21T13:00:00+00:00"),
			[]string{
				"DTSTART:20261121T123000Z", "DTEND:20261121T130000Z", "UID:e", "SUMMARY:e", "SEQUENCE:2", "DTSTAMP:20261120T083000Z",
				"LAST-MODIFIED:20261120T083000Z",
			},
			[]string{"RRULE", "LOCATION", "DESCRIPTION"},
		},
		"with another offset":      {event("e", "2026-11-21T12:30+01:00", "2026-11-21T13:30+01:00"), []string{"DTSTART:20261121T113000Z"}, nil},
		"in a zone":                {event("e", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z", zurich), []string{"DTSTART;TZID=Europe/Zurich:20261121T133000", "DTEND;TZID=Europe/Zurich:20261121T140000"}, nil},
		"in a zone that is none":   {event("e", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z", func(e *Event) { e.Zone = "../etc/passwd" }), []string{"DTSTART:20261121T123000Z"}, nil},
		"in the local zone":        {event("e", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z", func(e *Event) { e.Zone = "Local" }), []string{"DTSTART:20261121T123000Z"}, nil},
		"in the hour that is once": {event("e", "2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z", zurich), []string{"DTSTART;TZID=Europe/Zurich:20261025T023000"}, nil},
		"in the hour that is twice, the second time": {
			event("e", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z", zurich), []string{"DTSTART:20261025T013000Z", "DTEND;TZID=Europe/Zurich:20261025T033000"}, nil,
		},
		"of no length":             {event("e", "2026-11-21T12:30:00Z", "2026-11-21T12:30:00Z"), []string{"DTSTART:20261121T123000Z"}, []string{"DTEND"}},
		"a day":                    {event("e", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", allDay), []string{"DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122"}, nil},
		"a day to its last minute": {event("e", "2026-11-21T00:00:00Z", "2026-11-21T23:59:59Z", allDay), []string{"DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122"}, nil},
		"a day, the same twice":    {event("e", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z", allDay), []string{"DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122"}, nil},
		"days as they are written": {event("e", "2026-11-21T00:00:00+14:00", "2026-11-23T00:00:00-10:00", allDay), []string{"DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261123"}, nil},
		"every week": {
			event("e", "2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z", zurich, func(e *Event) {
				e.RRule, e.ExDates = "rrule:freq=weekly;byday=mo;until=20261231T000000Z", []string{"2026-12-07T08:00:00.000Z", "2026-12-14T08:00:00.000Z"}
			}),
			[]string{"RRULE:FREQ=WEEKLY;UNTIL=20261231T000000Z;BYDAY=MO", "EXDATE;TZID=Europe/Zurich:20261207T090000", "EXDATE;TZID=Europe/Zurich:20261214T090000"},
			nil,
		},
		"every year, a day": {
			event("e", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", allDay, func(e *Event) {
				e.RRule, e.ExDates = "FREQ=YEARLY;UNTIL=20301121T000000Z", []string{"2027-11-21T00:00:00Z"}
			}),
			[]string{"RRULE:FREQ=YEARLY;UNTIL=20301121", "EXDATE;VALUE=DATE:20271121"},
			nil,
		},
		"by a rule that is none": {
			event("e", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z", func(e *Event) { e.RRule = "FREQ=NEVER" }), []string{"SUMMARY:e"}, []string{"RRULE"},
		},
		"by a rule with lines of its own": {
			event("e", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z", func(e *Event) { e.RRule = "FREQ=DAILY\r\nATTENDEE:x" }), []string{"SUMMARY:e"}, []string{"RRULE", "ATTENDEE"},
		},
		"with text to escape": {
			event("e", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z", func(e *Event) {
				e.Title, e.Notes, e.Location = "a;b,c\\d", "one\r\ntwo\rthree\x00\x1b\nEND:VEVENT", "Zürich"
			}),
			[]string{`SUMMARY:a\;b\,c\\d`, `DESCRIPTION:one\ntwo\nthree\nEND:VEVENT`, "LOCATION:Zürich"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			written := lines(t, encode(t, c.event), "VEVENT")
			if len(written) != 1 {
				t.Fatalf("%d events", len(written))
			}
			text := "\n" + strings.Join(written[0], "\n") + "\n"
			for _, line := range c.want {
				if !strings.Contains(text, "\n"+line+"\n") {
					t.Errorf("there is no line %s in%s", line, text)
				}
			}
			for _, prop := range c.not {
				if strings.Contains(text, "\n"+prop) {
					t.Errorf("there is %s in%s", prop, text)
				}
			}
		})
	}
}

// TestOccurrences: an event that takes the place of an occurrence goes by the name and the zone of its series.
func TestOccurrences(t *testing.T) {
	series := event("s", "2026-10-19T08:00:00Z", "2026-10-19T09:00:00Z", func(e *Event) { e.Zone, e.RRule = "Europe/Zurich", "FREQ=WEEKLY" })
	moved := event("m", "2026-10-27T10:00:00Z", "2026-10-27T11:00:00Z", func(e *Event) { e.Series, e.Occurrence = "s", "2026-10-26T09:00:00.000Z" })
	again := event("n", "2026-10-28T10:00:00Z", "2026-10-28T11:00:00Z", func(e *Event) {
		e.Series, e.Occurrence, e.At = "s", "2026-10-26T09:00:00.000Z", moved.At.Add(time.Minute)
	})
	alone := event("a", "2026-10-27T10:00:00Z", "2026-10-27T11:00:00Z", func(e *Event) { e.Series, e.Occurrence = "gone", "2026-10-26T09:00:00.000Z" })
	written := lines(t, encode(t, series, moved, again, alone), "VEVENT")
	if len(written) != 3 {
		t.Fatalf("%d events: %q", len(written), written)
	}
	// In winter the series is an hour later in UTC: the occurrence is at 10 in Zurich as always.
	if text := strings.Join(written[1], "\n"); !strings.Contains(text, "RECURRENCE-ID;TZID=Europe/Zurich:20261026T100000") || !strings.Contains(text, "UID:s\n") && !strings.HasSuffix(text, "UID:s") || !strings.Contains(text, "SUMMARY:n") {
		t.Errorf("the occurrence is\n%s", text)
	}
	if text := strings.Join(written[2], "\n"); strings.Contains(text, "RECURRENCE-ID") || !strings.HasSuffix(text, "UID:a") {
		t.Errorf("an event without its series is\n%s", text)
	}
}

func TestZones(t *testing.T) {
	written := lines(t, encode(t, event("s", "2026-10-19T08:00:00Z", "2026-10-19T09:00:00Z", func(e *Event) { e.Zone, e.RRule = "Europe/Zurich", "FREQ=WEEKLY" })), "VTIMEZONE")
	text := strings.Join(written[0], "\n")
	for _, want := range []string{
		"BEGIN:DAYLIGHT\nDTSTART:20260329T020000\nRDATE:20260329T020000\nRDATE:20270328T020000\nRDATE:20280326T020000\n", // when summer begins
		"TZNAME:CEST\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT",
		"DTSTART:20261025T030000\nRDATE:20261025T030000\nRDATE:20271031T030000\n",
		"RDATE:20461028T030000\nTZNAME:CET\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n", // for twenty years
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, text)
		}
	}
	for zone, want := range map[string]string{"Asia/Kolkata": "TZOFFSETTO:+0530", "America/St_Johns": "TZOFFSETTO:-0330", "Africa/Monrovia": "TZOFFSETTO:+0000"} {
		written := lines(t, encode(t, event("e", "2026-10-19T08:00:00Z", "2026-10-19T09:00:00Z", func(e *Event) { e.Zone = zone })), "VTIMEZONE")
		if len(written) != 1 || !strings.Contains(strings.Join(written[0], "\n"), want) {
			t.Errorf("%s: %q, want %s", zone, written, want)
		}
	}
	if text := encode(t, event("e", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", func(e *Event) { e.Zone = "America/New_York" })); len(text) > 20_000 {
		t.Errorf("an event of all times takes %d bytes", len(text))
	}
}

func TestFold(t *testing.T) {
	long := strings.Repeat("日本語 ü ", 60) + strings.Repeat("x", 200)
	text := encode(t, event("e", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z", func(e *Event) { e.Title = long }))
	for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || strings.ToValidUTF8(line, "?") != line {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	items, _, err := Decode(text, "")
	if err != nil || len(items) != 1 || items[0].Event.Title != long {
		t.Errorf("read back: %+v, %v", items, err)
	}
}

func TestEmpty(t *testing.T) {
	text := string(encode(t))
	if !strings.Contains(text, "BEGIN:VTIMEZONE") || !strings.Contains(text, "X-WR-CALNAME:Work\r\n") || !strings.Contains(text, "X-APPLE-CALENDAR-COLOR:#0b7285\r\n") {
		t.Errorf("an empty calendar is\n%s", text)
	}
	if items, _, err := Decode([]byte(text), ""); len(items) > 0 || err != nil {
		t.Errorf("read back: %v, %v", items, err)
	}
	broken := encode(t, event("e", "soon", "2026-11-21T13:00:00Z"), event("f", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z"))
	if written := lines(t, broken, "VEVENT"); len(written) != 1 {
		t.Errorf("beside an event without a time there are %q", written)
	}
}
