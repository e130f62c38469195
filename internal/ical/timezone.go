package ical

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	rfc "github.com/emersion/go-ical"
)

const (
	zoneYears   = 20 // for which the changes of the clocks are told of an event that repeats for ever
	firstYear   = 1970
	lastYear    = 2100
	maxZoneName = 64
)

// load gives a zone of the tz database; UTC for no name. A name that is none gives UTC too, and not ok.
func load(name string) (zone *time.Location, ok bool) {
	if name == "" || name == "UTC" || name == "Etc/UTC" {
		return time.UTC, true
	}
	if name == "Local" || len(name) > maxZoneName {
		return time.UTC, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, false
	}
	return zone, true
}

// zoneUse is the times at which a zone is used.
type zoneUse struct{ from, to time.Time }

// use notes that a zone is used at a time.
func (w *writer) use(name string, at time.Time) {
	u := w.zones[name]
	if u == nil {
		u = &zoneUse{at, at}
		w.zones[name] = u
	}
	if at.Before(u.from) {
		u.from = at
	}
	if at.After(u.to) {
		u.to = at
	}
}

// timezones gives the zones that are used.
func (w *writer) timezones() []*rfc.Component {
	var list []*rfc.Component
	for _, name := range slices.Sorted(maps.Keys(w.zones)) {
		if zone, ok := load(name); ok {
			u := w.zones[name]
			list = append(list, timezone(name, zone, u.from.Year(), u.to.Year()))
		}
	}
	return list
}

// timezone tells how the clocks of a zone go in some years, by the times at which they change.
func timezone(name string, zone *time.Location, from, to int) *rfc.Component {
	component := rfc.NewComponent(rfc.CompTimezone)
	component.Props.SetText(rfc.PropTimezoneID, name)
	at := time.Date(min(max(from, firstYear), lastYear), 1, 1, 0, 0, 0, 0, time.UTC).In(zone)
	end := time.Date(min(max(to, firstYear), lastYear)+1, 1, 1, 0, 0, 0, 0, time.UTC)
	_, offset := at.Zone()
	component.Children = append(component.Children, observance(at, offset))
	seen := make(map[string]*rfc.Component)
	for {
		if at = nextChange(at, end); at.IsZero() {
			return component
		}
		short, after := at.Zone()
		kind := fmt.Sprint(offset, after, short, at.IsDST())
		if seen[kind] == nil {
			seen[kind] = observance(at, offset)
			component.Children = append(component.Children, seen[kind])
		}
		// The first too, which DTSTART tells already: there are readers that pass that over beside an RDATE.
		seen[kind].Props.Add(onset(rfc.PropRecurrenceDates, at, offset))
		offset = after
	}
}

// nextChange gives when the clocks change next, before end; zero: they do not. The bounds of the standard library are
// also at the ends of years, and may not lie ahead in leap years.
func nextChange(at, end time.Time) time.Time {
	name, offset := at.Zone()
	for {
		_, next := at.ZoneBounds()
		if next.IsZero() || next.After(end) {
			return time.Time{}
		}
		if !next.After(at) {
			next = at.AddDate(0, 0, 1)
		}
		at = next
		if n, o := at.Zone(); n != name || o != offset {
			return at
		}
	}
}

// observance tells how the clocks go from a time on, at which they went by an offset in seconds before.
func observance(at time.Time, before int) *rfc.Component {
	kind := rfc.CompTimezoneStandard
	if at.IsDST() {
		kind = rfc.CompTimezoneDaylight
	}
	component := rfc.NewComponent(kind)
	name, after := at.Zone()
	component.Props.SetText(rfc.PropTimezoneName, name)
	component.Props.Set(onset(rfc.PropDateTimeStart, at, before))
	for prop, offset := range map[string]int{rfc.PropTimezoneOffsetFrom: before, rfc.PropTimezoneOffsetTo: after} {
		p := rfc.NewProp(prop)
		p.Value = utcOffset(offset)
		component.Props.Set(p)
	}
	return component
}

// onset gives a time at which clocks change, as they showed it just before.
func onset(name string, at time.Time, before int) *rfc.Prop {
	prop := rfc.NewProp(name)
	prop.Value = at.In(time.FixedZone("", before)).Format("20060102T150405")
	return prop
}

func utcOffset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := fmt.Sprintf("%s%02d%02d%02d", sign, seconds/3600, seconds/60%60, seconds%60)
	return strings.TrimSuffix(text, "00")
}
