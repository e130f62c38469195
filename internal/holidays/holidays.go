// Package holidays tells the public holidays of countries, in the form of Nager.Date.
//
// Its invariant: who asks waits a bounded time, whatever the service does that is asked in turn, and what was known
// once is told for as long as nothing newer is.
package holidays

import (
	"context"

	"freshet"
)

// Holiday is a public holiday, as Nager.Date's PublicHolidayV3Dto.
type Holiday struct {
	Date        string   `json:"date"` // 2026-08-01
	LocalName   string   `json:"localName"`
	Name        string   `json:"name"` // in English, as far as it is known
	CountryCode string   `json:"countryCode"`
	Fixed       bool     `json:"fixed"`      // on the same day each year
	Global      bool     `json:"global"`     // in all of the country
	Counties    []string `json:"counties"`   // codes of ISO 3166-2; null: all
	LaunchYear  *int     `json:"launchYear"` // null: not known
	Types       []string `json:"types"`      // Public, Bank, School, Authorities, Optional, Observance
}

// Country is a country whose holidays are known.
type Country struct {
	CountryCode string `json:"countryCode"` // of ISO 3166-1, two letters
	Name        string `json:"name"`
}

// Source knows holidays.
type Source interface {
	// Countries gives the countries. Errors: unavailable.
	Countries(ctx context.Context) ([]Country, error)
	// Public gives the holidays of a year, from FirstYear to LastYear, in a country of upper-case letters, by their
	// dates. Errors: not_found for a country that is not among Countries, unavailable.
	Public(ctx context.Context, year int, country string) ([]Holiday, error)
}

// The years that are told.
const (
	FirstYear = 1975
	LastYear  = 2075
)

func unknown(country string) error {
	return freshet.Errorf(freshet.NotFound, "the holidays of %q are not known", country)
}
