package holidays

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"freshet"
)

// on gives the holidays of a day.
func on(t *testing.T, source Source, country, day string) []Holiday {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	list, err := source.Public(t.Context(), at.Year(), country)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(h Holiday) bool { return h.Date != day })
}

func TestEmbedded(t *testing.T) {
	founded := 2021
	for _, c := range []struct {
		country, day string
		want         []Holiday
	}{
		{"CH", "2026-08-01", []Holiday{{LocalName: "Bundesfeiertag", Name: "Bundesfeiertag", Fixed: true, Global: true, Types: []string{"Public"}}}},
		{"DE", "2026-04-06", []Holiday{{LocalName: "Ostermontag", Name: "Easter Monday", Global: true, Types: []string{"Public"}}}},
		{"DE", "2026-01-06", []Holiday{{LocalName: "Heilige Drei Könige", Name: "Epiphany", Fixed: true, Counties: []string{"DE-BW", "DE-BY", "DE-ST"}, Types: []string{"Public"}}}},
		{"US", "2026-07-03", []Holiday{{LocalName: "Independence Day", Name: "Independence Day", Fixed: true, Global: true, Types: []string{"Public"}}}}, // the 4th is a Saturday
		{"US", "2026-06-19", []Holiday{{LocalName: "Juneteenth", Name: "Juneteenth", Fixed: true, Global: true, LaunchYear: &founded, Types: []string{"Public"}}}},
		{"US", "2020-06-19", nil},
		{"CH", "2026-08-02", nil},
	} {
		for i := range c.want {
			c.want[i].Date, c.want[i].CountryCode = c.day, c.country
		}
		if diff := cmp.Diff(c.want, on(t, Embedded{}, c.country, c.day), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.country, c.day, diff)
		}
	}
}

// TestAllCountries: each has holidays in each year, by their dates, with what every one of them has.
func TestAllCountries(t *testing.T) {
	list, err := Embedded{}.Countries(t.Context())
	if err != nil || len(list) != 35 || !slices.IsSortedFunc(list, func(a, b Country) int { return strings.Compare(a.CountryCode, b.CountryCode) }) {
		t.Fatalf("%d countries, %v", len(list), err)
	}
	for _, c := range list {
		for _, year := range []int{FirstYear, 2026, LastYear} {
			holidays, err := Embedded{}.Public(t.Context(), year, c.CountryCode)
			if err != nil || len(holidays) < 4 || !slices.IsSortedFunc(holidays, func(a, b Holiday) int { return strings.Compare(a.Date, b.Date) }) {
				t.Errorf("%s in %d: %d holidays, %v", c.Name, year, len(holidays), err)
			}
			for _, h := range holidays {
				at, err := time.Parse(time.DateOnly, h.Date)
				if err != nil || at.Year() != year || h.LocalName == "" || h.Name == "" || h.CountryCode != c.CountryCode || h.Global != (h.Counties == nil) || len(h.Types) != 1 {
					t.Errorf("%s in %d: %+v", c.Name, year, h)
				}
			}
		}
	}
	for _, code := range []string{"", "XX", "ch", "CHE"} {
		if _, err := (Embedded{}).Public(t.Context(), 2026, code); freshet.CodeOf(err) != freshet.NotFound {
			t.Errorf("%q: %v", code, err)
		}
	}
}
