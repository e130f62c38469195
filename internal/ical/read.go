package ical

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	rfc "github.com/emersion/go-ical"

	"freshet"
)

// Item is an event that was read. Its Event has no ID; Series is the UID of the series that it belongs to, where it
// takes the place of an occurrence.
type Item struct {
	UID   string
	Event Event
	Err   error // why it cannot be taken; the other fields are as far as they could be read
}

// MaxItems bounds the events of one text.
const MaxItems = 5000

// Decode reads the events of an iCalendar text. Times without a zone are in the one that the text names, or else in
// zone. It gives how many components there are that are no events, beside.
//
// Errors: invalid where the text is no iCalendar, too_large where there are more than MaxItems events.
func Decode(text []byte, zone string) (items []Item, others int, err error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if err := check(text); err != nil {
		return nil, 0, freshet.Wrap(freshet.Invalid, err, "this is no iCalendar: %v", err)
	}
	calendars, err := decode(text)
	if err != nil {
		return nil, 0, freshet.Wrap(freshet.Invalid, err, "this is no iCalendar: %s", strings.TrimPrefix(err.Error(), "ical: "))
	}
	for _, calendar := range calendars {
		r := newReader(calendar, zone)
		for _, child := range calendar.Children {
			switch child.Name {
			case rfc.CompEvent:
				items = append(items, r.item(child))
			case rfc.CompTimezone:
			default:
				others++
			}
		}
	}
	if len(items) > MaxItems {
		return nil, 0, freshet.Errorf(freshet.TooLarge, "%d events are over the most of one import, %d", len(items), MaxItems)
	}
	return withoutCancelled(items), others, nil
}

// decode reads the calendars, one after the other. The library panics on some lines that are none.
func decode(text []byte) (calendars []*rfc.Calendar, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a line cannot be read: %v", r)
		}
	}()
	for decoder := rfc.NewDecoder(bytes.NewReader(text)); ; {
		calendar, err := decoder.Decode()
		switch {
		case errors.Is(err, io.EOF) && len(calendars) > 0:
			return calendars, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("it ends too early")
		case err != nil:
			return nil, err
		}
		calendars = append(calendars, calendar)
	}
}

const (
	maxHead  = 1000 // bytes of a line before its value, which the library reads in quadratic time
	maxDepth = 4    // components within each other: a calendar, an event, an alarm
)

// check looks at the lines of a text before the library does, which would take whatever time they ask for.
func check(text []byte) error {
	depth, head, quoted, inValue := 0, 0, false, true
	for line := range bytes.Lines(text) {
		continued := line[0] == ' ' || line[0] == '\t'
		if !continued {
			head, quoted, inValue = 0, false, false
			switch upper := bytes.ToUpper(line[:min(len(line), 6)]); {
			case bytes.HasPrefix(upper, []byte("BEGIN:")):
				depth++
			case bytes.HasPrefix(upper, []byte("END:")):
				if depth--; depth < 0 {
					return errors.New("a component ends that did not begin")
				}
			}
		}
		for i := 0; i < len(line) && !inValue; i++ {
			quoted = quoted != (line[i] == '"')
			inValue = line[i] == ':' && !quoted
			head++
		}
		if head > maxHead || depth > maxDepth {
			return errors.New("a line has too many parameters, or components are too deep within each other")
		}
	}
	if depth > 0 {
		return errors.New("it ends within a component")
	}
	return nil
}

// withoutCancelled takes occurrences that were cancelled out of their series.
func withoutCancelled(items []Item) []Item {
	masters := make(map[string]*Item)
	for i := range items {
		if it := &items[i]; it.Err == nil && it.Event.Series == "" {
			masters[it.UID] = it
		}
	}
	return slices.DeleteFunc(items, func(it Item) bool {
		master := masters[it.UID]
		if !errors.Is(it.Err, errCancelled) || it.Event.Series == "" || master == nil {
			return false
		}
		master.Event.ExDates = append(master.Event.ExDates, it.Event.Occurrence)
		return true
	})
}

var errCancelled = errors.New("it was cancelled")

// reader reads the events of one calendar.
type reader struct {
	zones    map[string]string // what TZIDs stand for; empty: nothing that is known
	floating string            // the zone of times that name none
	known    map[string]*time.Location
}

func (r *reader) item(c *rfc.Component) Item {
	it := Item{UID: value(c, rfc.PropUID)}
	e := &it.Event
	e.Title, e.Location, e.Notes = value(c, rfc.PropSummary), value(c, rfc.PropLocation), value(c, rfc.PropDescription)
	it.Err = r.read(c, &it)
	return it
}

func (r *reader) read(c *rfc.Component, it *Item) error {
	e := &it.Event
	if it.UID == "" {
		return errors.New("it has no UID")
	}
	if err := r.when(c, e); err != nil {
		return err
	}
	if err := r.place(c, it); err != nil {
		return err
	}
	if status := value(c, rfc.PropStatus); strings.EqualFold(status, string(rfc.EventCancelled)) {
		return errCancelled
	}
	return r.repeats(c, e)
}

var unescaped = strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n", `\N`, "\n")

// value gives a property that is text. Commas that were not escaped are part of it: many writers leave them so.
func value(c *rfc.Component, name string) string {
	if prop := c.Props.Get(name); prop != nil {
		return unescaped.Replace(prop.Value)
	}
	return ""
}

// when reads when an event begins and ends.
func (r *reader) when(c *rfc.Component, e *Event) error {
	prop := c.Props.Get(rfc.PropDateTimeStart)
	if prop == nil {
		return errors.New("it has no DTSTART")
	}
	start, err := r.moment(prop)
	if err != nil {
		return err
	}
	end := start
	switch last, duration := c.Props.Get(rfc.PropDateTimeEnd), c.Props.Get(rfc.PropDuration); {
	case last != nil:
		if end, err = r.moment(last); err != nil {
			return err
		}
	case duration != nil:
		d, err := duration.Duration()
		if err != nil {
			return fmt.Errorf("DURATION: %s", duration.Value)
		}
		end.at = start.at.Add(d)
	case start.date:
		end.at = start.at.AddDate(0, 0, 1)
	}
	if end.at.Before(start.at) || end.date != start.date {
		return errors.New("it ends before it begins, or one of the two is a date and the other a time")
	}
	e.Start, e.End, e.AllDay, e.Zone = start.text(), end.text(), start.date, start.zone
	return nil
}

// place reads of which occurrence an event takes the place.
func (r *reader) place(c *rfc.Component, it *Item) error {
	prop := c.Props.Get(rfc.PropRecurrenceID)
	if prop == nil {
		return nil
	}
	it.Event.Series = it.UID
	at, err := r.moment(prop)
	if err != nil {
		return err
	}
	it.Event.Occurrence = at.text()
	if prop.Params.Get("RANGE") != "" {
		return errors.New("it changes all occurrences to come (RANGE), which is not supported")
	}
	return nil
}

func (r *reader) repeats(c *rfc.Component, e *Event) error {
	for _, name := range []string{rfc.PropRecurrenceDates, "EXRULE"} {
		if len(c.Props.Values(name)) > 0 {
			return fmt.Errorf("it repeats by %s, which is not supported", name)
		}
	}
	rules := c.Props.Values(rfc.PropRecurrenceRule)
	if len(rules) == 0 || e.Series != "" {
		return nil
	}
	text, err := rule(rules[0].Value, e.AllDay)
	if err != nil || len(rules) > 1 {
		return errors.New("it has no recurrence rule that can be read, or more than one")
	}
	e.RRule = text
	for _, prop := range c.Props.Values(rfc.PropExceptionDates) {
		for value := range strings.SplitSeq(prop.Value, ",") {
			out, err := r.moment(&rfc.Prop{Name: prop.Name, Params: prop.Params, Value: value})
			if err != nil {
				return err
			}
			e.ExDates = append(e.ExDates, out.text())
		}
	}
	return nil
}

// moment is a time of a text: a date, or a time in a zone, where it names one.
type moment struct {
	at   time.Time
	date bool
	zone string
}

func (m moment) text() string { return m.at.UTC().Format(stampForm) }

func (r *reader) moment(prop *rfc.Prop) (moment, error) {
	value := strings.TrimSpace(prop.Value)
	if at, err := time.Parse("20060102", value); err == nil {
		return moment{at: at, date: true}, nil
	}
	if at, err := time.Parse("20060102T150405Z", value); err == nil {
		return moment{at: at}, nil
	}
	name := r.floating
	if id := prop.Params.Get(rfc.PropTimezoneID); id != "" {
		if name = r.zone(id); name == "" {
			return moment{}, fmt.Errorf("the time zone %.64q is not known", id)
		}
	}
	at, err := time.ParseInLocation("20060102T150405", value, r.location(name))
	if err != nil {
		return moment{}, fmt.Errorf("%s: %.64q is no time", prop.Name, value)
	}
	return moment{at: at, zone: name}, nil
}
