package holidays

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"freshet"
	"freshet/internal/holidays"
)

func ask(source holidays.Source, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	New(source, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	return w
}

func TestDoor(t *testing.T) {
	for _, c := range []struct {
		path   string
		status int
		kind   string
		body   string
	}{
		{"/api/v3/AvailableCountries", 200, "application/json; charset=utf-8", `[{"countryCode":"AR","name":"Argentina"},`},
		{
			"/api/v3/PublicHolidays/2026/CH", 200, "application/json; charset=utf-8",
			`{"date":"2026-08-01","localName":"Bundesfeiertag","name":"Bundesfeiertag","countryCode":"CH","fixed":true,"global":true,"counties":null,"launchYear":null,"types":["Public"]}`,
		},
		{"/api/v3/PublicHolidays/2026/ch", 200, "application/json; charset=utf-8", `"date":"2026-08-01"`},
		{"/api/v3/PublicHolidays/2026/XX", 404, "", ""},
		{"/api/v3/PublicHolidays/1974/CH", 400, "application/problem+json; charset=utf-8", `"errors":{"year":["The value '1974' is not valid."]}`},
		{"/api/v3/PublicHolidays/2076/CH", 400, "application/problem+json; charset=utf-8", `"status":400`},
		{"/api/v3/PublicHolidays/soon/CH", 400, "application/problem+json; charset=utf-8", `"title":"One or more validation errors occurred."`},
		{"/api/v3/PublicHolidays/2026", 404, "text/plain; charset=utf-8", ""},
		{"/api/v3/Other", 404, "text/plain; charset=utf-8", ""},
	} {
		w := ask(holidays.Embedded{}, c.path, "Origin", "https://app.example")
		if w.Code != c.status || w.Header().Get("Content-Type") != c.kind || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s: %d %v %.300s", c.path, w.Code, w.Header(), w.Body)
		}
		if c.kind != "text/plain; charset=utf-8" && w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: pages of other origins are not let in: %v", c.path, w.Header())
		}
		if c.status == 200 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: no JSON: %s", c.path, w.Body)
		}
	}
}

func TestCaching(t *testing.T) {
	const path = "/api/v3/PublicHolidays/2026/CH"
	first := ask(holidays.Embedded{}, path)
	tag := first.Header().Get("ETag")
	if tag == "" || first.Header().Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("%v", first.Header())
	}
	if w := ask(holidays.Embedded{}, path, "If-None-Match", tag); w.Code != 304 || w.Body.Len() > 0 {
		t.Errorf("the same again: %d", w.Code)
	}
	if w := ask(holidays.Embedded{}, "/api/v3/PublicHolidays/2027/CH", "If-None-Match", tag); w.Code != 200 {
		t.Errorf("another year: %d", w.Code)
	}
}

// down is a source that cannot tell now.
type down struct{}

var errDown = freshet.Errorf(freshet.Unavailable, "the service cannot be asked now")

func (down) Countries(context.Context) ([]holidays.Country, error)           { return nil, errDown }
func (down) Public(context.Context, int, string) ([]holidays.Holiday, error) { return nil, errDown }

func TestDown(t *testing.T) {
	for _, path := range []string{"/api/v3/AvailableCountries", "/api/v3/PublicHolidays/2026/CH"} {
		w := ask(down{}, path)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Body.String(), "cannot be asked now") {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
}
