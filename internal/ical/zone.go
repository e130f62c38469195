package ical

import (
	"strings"
	"time"

	rfc "github.com/emersion/go-ical"
)

// maxZones bounds the zones of a calendar: each has to be looked for.
const maxZones = 300

func newReader(calendar *rfc.Calendar, zone string) *reader {
	r := &reader{zones: make(map[string]string), known: make(map[string]*time.Location)}
	for _, child := range calendar.Children {
		if child.Name == rfc.CompTimezone {
			if id := value(child, rfc.PropTimezoneID); len(r.zones) < maxZones {
				r.zones[id] = zoneName(id, value(child, "X-LIC-LOCATION"))
			}
		}
	}
	r.floating = zoneName(value(calendar.Component, "X-WR-TIMEZONE"), zone)
	return r
}

// zone gives the zone of the tz database that a TZID stands for; empty where that is not known.
func (r *reader) zone(id string) string {
	name, known := r.zones[id]
	if !known && len(r.zones) < maxZones {
		name = zoneName(id)
		r.zones[id] = name
	}
	return name
}

// location gives a zone by its name in the tz database; UTC for none.
func (r *reader) location(name string) *time.Location {
	if r.known[name] == nil {
		r.known[name], _ = load(name)
	}
	return r.known[name]
}

// zoneName gives the first of some names that can be told to be a zone: one of the tz database, one with a path
// before it, or one of Windows.
func zoneName(names ...string) string {
	for _, name := range names {
		if name == "" {
			continue
		}
		if windows := windowsZones[name]; windows != "" {
			return windows
		}
		for parts := strings.Split(name, "/"); len(parts) > 0 && len(parts) < 10; parts = parts[1:] {
			whole := strings.Join(parts, "/")
			if _, ok := load(whole); ok && whole != "" {
				return whole
			}
		}
	}
	return ""
}

// windowsZones are names that Outlook and Exchange write, after the table windowsZones of Unicode CLDR.
var windowsZones = map[string]string{
	"Dateline Standard Time":          "Etc/GMT+12",
	"Hawaiian Standard Time":          "Pacific/Honolulu",
	"Alaskan Standard Time":           "America/Anchorage",
	"Pacific Standard Time":           "America/Los_Angeles",
	"US Mountain Standard Time":       "America/Phoenix",
	"Mountain Standard Time":          "America/Denver",
	"Central Standard Time":           "America/Chicago",
	"Central Standard Time (Mexico)":  "America/Mexico_City",
	"Canada Central Standard Time":    "America/Regina",
	"Eastern Standard Time":           "America/New_York",
	"US Eastern Standard Time":        "America/Indianapolis",
	"SA Pacific Standard Time":        "America/Bogota",
	"Venezuela Standard Time":         "America/Caracas",
	"Atlantic Standard Time":          "America/Halifax",
	"SA Western Standard Time":        "America/La_Paz",
	"Pacific SA Standard Time":        "America/Santiago",
	"Newfoundland Standard Time":      "America/St_Johns",
	"E. South America Standard Time":  "America/Sao_Paulo",
	"Argentina Standard Time":         "America/Buenos_Aires",
	"Azores Standard Time":            "Atlantic/Azores",
	"UTC":                             "UTC",
	"GMT Standard Time":               "Europe/London",
	"Greenwich Standard Time":         "Atlantic/Reykjavik",
	"Morocco Standard Time":           "Africa/Casablanca",
	"W. Europe Standard Time":         "Europe/Berlin",
	"Central Europe Standard Time":    "Europe/Budapest",
	"Romance Standard Time":           "Europe/Paris",
	"Central European Standard Time":  "Europe/Warsaw",
	"W. Central Africa Standard Time": "Africa/Lagos",
	"GTB Standard Time":               "Europe/Bucharest",
	"FLE Standard Time":               "Europe/Kiev",
	"E. Europe Standard Time":         "Europe/Chisinau",
	"Egypt Standard Time":             "Africa/Cairo",
	"South Africa Standard Time":      "Africa/Johannesburg",
	"Israel Standard Time":            "Asia/Jerusalem",
	"Turkey Standard Time":            "Europe/Istanbul",
	"Arabic Standard Time":            "Asia/Baghdad",
	"Arab Standard Time":              "Asia/Riyadh",
	"Russian Standard Time":           "Europe/Moscow",
	"E. Africa Standard Time":         "Africa/Nairobi",
	"Iran Standard Time":              "Asia/Tehran",
	"Arabian Standard Time":           "Asia/Dubai",
	"Pakistan Standard Time":          "Asia/Karachi",
	"India Standard Time":             "Asia/Kolkata",
	"Nepal Standard Time":             "Asia/Kathmandu",
	"Bangladesh Standard Time":        "Asia/Dhaka",
	"SE Asia Standard Time":           "Asia/Bangkok",
	"China Standard Time":             "Asia/Shanghai",
	"Singapore Standard Time":         "Asia/Singapore",
	"Taipei Standard Time":            "Asia/Taipei",
	"W. Australia Standard Time":      "Australia/Perth",
	"Tokyo Standard Time":             "Asia/Tokyo",
	"Korea Standard Time":             "Asia/Seoul",
	"Cen. Australia Standard Time":    "Australia/Adelaide",
	"E. Australia Standard Time":      "Australia/Brisbane",
	"AUS Eastern Standard Time":       "Australia/Sydney",
	"New Zealand Standard Time":       "Pacific/Auckland",
}
