package holidays

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/aa"
)

// Embedded is the holidays that the program brings along.
type Embedded struct{}

var _ Source = Embedded{}

// Countries gives the countries, by their codes.
func (Embedded) Countries(context.Context) ([]Country, error) {
	list := make([]Country, len(countries))
	for i, c := range countries {
		list[i] = Country{c.code, c.name}
	}
	return list, nil
}

// Public computes the holidays of a year.
func (Embedded) Public(_ context.Context, year int, code string) ([]Holiday, error) {
	i := slices.IndexFunc(countries, func(c country) bool { return c.code == code })
	if i < 0 {
		return nil, unknown(code)
	}
	c := &countries[i]
	list := []Holiday{}
	for rule, counties := range c.rules() {
		if day := dayIn(rule, year); day != "" {
			list = append(list, c.holiday(rule, day, counties))
		}
	}
	slices.SortFunc(list, func(a, b Holiday) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.LocalName, b.LocalName), slices.Compare(a.Counties, b.Counties))
	})
	return list, nil
}

// country is a country of the library, with its parts where their holidays differ.
type country struct {
	code, name string
	national   []*cal.Holiday
	parts      map[string][]*cal.Holiday // by their codes of ISO 3166-2
}

// rules gives what holidays there are, each with the parts that have it; nil: all.
func (c *country) rules() map[*cal.Holiday][]string {
	rules := make(map[*cal.Holiday][]string)
	for _, rule := range c.national {
		rules[rule] = nil
	}
	for part, list := range c.parts {
		for _, rule := range list {
			rules[rule] = append(rules[rule], part)
		}
	}
	for rule, parts := range rules {
		slices.Sort(parts)
		if parts = slices.Compact(parts); len(parts) == len(c.parts) {
			parts = nil
		}
		rules[rule] = parts
	}
	return rules
}

func (c *country) holiday(rule *cal.Holiday, day string, counties []string) Holiday {
	h := Holiday{
		Date: day, LocalName: rule.Name, Name: englishName(rule), CountryCode: c.code,
		Fixed: rule.Month != 0 && rule.Day != 0, Global: counties == nil, Counties: counties, Types: []string{"Public"},
	}
	switch rule.Type {
	case cal.ObservanceBank:
		h.Types = []string{"Bank"}
	case cal.ObservanceOther:
		h.Types = []string{"Observance"}
	}
	if rule.StartYear > 0 {
		h.LaunchYear = &rule.StartYear
	}
	return h
}

// dayIn gives the day on which a holiday is observed in a year; the one it is on where that is in another year.
func dayIn(rule *cal.Holiday, year int) string {
	actual, observed := rule.Calc(year)
	if observed.Year() != year {
		observed = actual
	}
	if observed.IsZero() {
		return ""
	}
	return observed.Format(time.DateOnly)
}

// common are the holidays of many countries, which have each its own name for them.
var common = []*cal.Holiday{
	aa.NewYear, aa.Epiphany, aa.MaundyThursday, aa.GoodFriday, aa.Easter, aa.EasterMonday, aa.WorkersDay, aa.AscensionDay, aa.Pentecost,
	aa.PentecostMonday, aa.CorpusChristi, aa.AssumptionOfMary, aa.AllSaintsDay, aa.ImmaculateConception, aa.ChristmasDay, aa.ChristmasDay2,
}

// englishName gives the English name of a holiday that many countries have, and the local one of others.
func englishName(rule *cal.Holiday) string {
	type day struct {
		month       time.Month
		day, offset int
		weekday     time.Weekday
		julian      bool
	}
	of := func(h *cal.Holiday) day { return day{h.Month, h.Day, h.Offset, h.Weekday, h.Julian} }
	for _, known := range common {
		if of(known) == of(rule) && rule.CalcOffset == 0 {
			return known.Name
		}
	}
	return rule.Name
}
