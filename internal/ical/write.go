package ical

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	rfc "github.com/emersion/go-ical"
)

// Calendar is what a feed says of itself.
type Calendar struct {
	Name  string
	Color string // like #0b7285; others are passed over
}

// refresh is how often a reader may ask again.
const refresh = "PT15M"

// Encode writes a calendar and its events as iCalendar. The same events give the same text within a year. An event
// that repeats keeps its local time for twenty years from now on in readers that know no zones. An event that
// cannot be written is left out; a rule that is none leaves its event to happen once.
func Encode(c Calendar, events []Event, now time.Time) ([]byte, error) {
	w := &writer{calendar: rfc.NewCalendar(), zones: make(map[string]*zoneUse), masters: make(map[string]*Event), now: now}
	w.head(c)
	for i := range events {
		e := &events[i]
		if _, err := rule(e.RRule, e.AllDay); err == nil && e.Series == "" {
			w.masters[e.ID] = e
		}
	}
	var list []*rfc.Component
	for _, e := range latest(events) {
		if component := w.event(e); component != nil {
			list = append(list, component)
		}
	}
	if len(list) == 0 {
		w.use("Etc/UTC", now) // the standard wants one component at least
	}
	w.calendar.Children = append(w.timezones(), list...)
	var text bytes.Buffer
	if err := rfc.NewEncoder(&text).Encode(w.calendar); err != nil {
		return nil, fmt.Errorf("write a calendar: %w", err)
	}
	return fold(text.Bytes()), nil
}

// latest leaves of several events that take the place of one occurrence the one that was written last.
func latest(events []Event) []*Event {
	places := make(map[[2]string]*Event)
	place := func(e *Event) [2]string {
		if e.Series == "" {
			return [2]string{e.ID}
		}
		return [2]string{e.Series, e.Occurrence}
	}
	for i := range events {
		if e := &events[i]; places[place(e)] == nil || e.At.After(places[place(e)].At) {
			places[place(e)] = e
		}
	}
	var list []*Event
	for i := range events {
		if e := &events[i]; places[place(e)] == e {
			list = append(list, e)
		}
	}
	return list
}

type writer struct {
	calendar *rfc.Calendar
	zones    map[string]*zoneUse
	masters  map[string]*Event // the events that repeat, by their id
	now      time.Time
}

var hexColor = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

func (w *writer) head(c Calendar) {
	props := w.calendar.Props
	props.SetText(rfc.PropProductID, "-//Freshet//Workspace//EN")
	props.SetText(rfc.PropVersion, "2.0")
	props.SetText(rfc.PropCalendarScale, "GREGORIAN")
	props.SetText(rfc.PropName, plain(c.Name))
	extra := map[string]string{"X-WR-CALNAME": plain(c.Name), "X-PUBLISHED-TTL": refresh}
	if hexColor.MatchString(c.Color) {
		extra["X-APPLE-CALENDAR-COLOR"] = c.Color
	}
	for name, text := range extra {
		prop := rfc.NewProp(name)
		prop.SetText(text)
		prop.Params.Del(rfc.ParamValue) // readers of these know no parameters
		props.Set(prop)
	}
	interval := rfc.NewProp(rfc.PropRefreshInterval)
	interval.Params.Set(rfc.ParamValue, string(rfc.ValueDuration))
	interval.Value = refresh
	props.Set(interval)
}

// event gives an event as a component; nil where its times cannot be read.
func (w *writer) event(e *Event) *rfc.Component {
	start, end, ok := e.span()
	if !ok {
		return nil
	}
	zone := w.zoneOf(e)
	component := rfc.NewComponent(rfc.CompEvent)
	props := component.Props
	props.SetText(rfc.PropUID, plain(e.ID))
	props.SetDateTime(rfc.PropDateTimeStamp, e.At.UTC())
	props.SetDateTime(rfc.PropLastModified, e.At.UTC())
	sequence := rfc.NewProp(rfc.PropSequence)
	sequence.Value = strconv.FormatUint(max(e.Version, 1)-1, 10)
	props.Set(sequence)
	for name, text := range map[string]string{rfc.PropSummary: e.Title, rfc.PropLocation: e.Location, rfc.PropDescription: e.Notes} {
		if text != "" {
			props.SetText(name, plain(text))
		}
	}
	repeats := w.repeat(props, e, zone)
	props.Set(w.moment(rfc.PropDateTimeStart, start, e.AllDay, zone, repeats))
	if e.AllDay || end.After(start) {
		props.Set(w.moment(rfc.PropDateTimeEnd, end, e.AllDay, zone, repeats))
	}
	return component
}

// repeat says how an event repeats, or of which occurrence it takes the place. It tells whether it repeats.
func (w *writer) repeat(props rfc.Props, e *Event, zone *time.Location) bool {
	if master := w.masters[e.Series]; e.Series != "" && master != nil {
		if at, ok := written(e.Occurrence); ok {
			props.SetText(rfc.PropUID, plain(master.ID))
			props.Set(w.moment(rfc.PropRecurrenceID, at, master.AllDay, w.zoneOf(master), true))
		}
		return false
	}
	text, err := rule(e.RRule, e.AllDay)
	if e.Series != "" || err != nil {
		return false
	}
	prop := rfc.NewProp(rfc.PropRecurrenceRule)
	prop.Value = text
	props.Set(prop)
	for _, out := range e.ExDates {
		if at, ok := written(out); ok {
			props.Add(w.moment(rfc.PropExceptionDates, at, e.AllDay, zone, true))
		}
	}
	if zone != time.UTC && !e.AllDay {
		w.use(zone.String(), w.now.AddDate(zoneYears, 0, 0))
	}
	return true
}

// moment gives a time in the form that it has in a zone: a date, a local time, or one in UTC. A local time that
// comes twice, as clocks are set back, is the first of the two to a reader, so the second is given in UTC, unless
// what repeats goes by it.
func (w *writer) moment(name string, t time.Time, date bool, zone *time.Location, repeats bool) *rfc.Prop {
	prop := rfc.NewProp(name)
	local := t.In(zone)
	switch {
	case date:
		prop.SetDate(dayOf(t))
	case zone == time.UTC || !repeats && isSecond(local):
		prop.SetDateTime(t.UTC())
	default:
		w.use(zone.String(), t)
		prop.SetDateTime(local)
	}
	return prop
}

// isSecond tells whether clocks have shown a local time before.
func isSecond(local time.Time) bool {
	start, _ := local.ZoneBounds()
	if start.IsZero() {
		return false
	}
	_, before := start.Add(-time.Second).Zone()
	_, after := start.Zone()
	return before > after && local.Sub(start) < time.Duration(before-after)*time.Second
}

func (w *writer) zoneOf(e *Event) *time.Location {
	zone, _ := load(e.Zone)
	return zone
}

// plain gives text as a property may hold it: lines end by LF, and of other control characters there is only the tab.
func plain(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

// lineOctets is the longest line of the standard, without its end.
const lineOctets = 75

// fold breaks long lines, never within a character.
func fold(text []byte) []byte {
	folded := make([]byte, 0, len(text)+len(text)/lineOctets*3)
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\r\n"))
		for room := lineOctets; len(line) > room; room = lineOctets - 1 {
			cut := room
			for cut > 0 && line[cut]&0xC0 == 0x80 {
				cut--
			}
			folded = append(append(folded, line[:cut]...), "\r\n "...)
			line = line[cut:]
		}
		folded = append(append(folded, line...), "\r\n"...)
	}
	return slices.Clip(folded)
}
