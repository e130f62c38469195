// Package ical turns events into iCalendar (RFC 5545) and back.
//
// Its invariants: what it writes, other calendars read as the same moments, also where clocks change; and what it
// reads is bounded by the text that it is given, in time as in memory. It knows no record and no caller: a door reads
// events for it, and writes what it gives.
package ical

import (
	"time"
	_ "time/tzdata" // the zones, for machines that have none
)

// Event is an event as records of the workspace hold it. Times are of the form 2026-11-21T12:30:00.000Z.
type Event struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Start      string   `json:"start"`
	End        string   `json:"end"`
	AllDay     bool     `json:"allDay"`
	Zone       string   `json:"zone"` // of the tz database, like Europe/Zurich; empty: UTC
	Location   string   `json:"location"`
	Notes      string   `json:"notes"`
	RRule      string   `json:"rrule"`
	ExDates    []string `json:"exdates"`
	Series     string   `json:"series"`
	Occurrence string   `json:"occurrence"`

	Version uint64    `json:"-"` // of the record, from 1
	At      time.Time `json:"-"` // when that version was written
}

const stampForm = "2006-01-02T15:04:05.000Z"

// written reads a time as it is written, in the offset that it is written with.
func written(text string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999Z07:00:00", "2006-01-02T15:04Z07:00:00"} {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// dayOf gives the date of a time as it is written.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// span gives when an event begins and ends, as they are written. Of one that takes whole days they are the first
// day and the one after the last.
func (e *Event) span() (start, end time.Time, ok bool) {
	start, ok = written(e.Start)
	end, okEnd := written(e.End)
	if !ok || !okEnd || !e.AllDay {
		return start, end, ok && okEnd
	}
	last := dayOf(end)
	if h, m, s := end.Clock(); h+m+s > 0 {
		last = last.AddDate(0, 0, 1)
	}
	start = dayOf(start)
	if !last.After(start) {
		last = start.AddDate(0, 0, 1)
	}
	return start, last, true
}
