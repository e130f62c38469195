// Package holidays is the door for public holidays, in the dialect of Nager.Date's API. Anybody may ask: what it
// tells is public.
package holidays

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/holidays"
)

// Path is beneath which the door is.
const Path = "/api/"

type handler struct {
	source holidays.Source
	logger *slog.Logger
}

// New makes the door, which serves all beneath Path.
func New(source holidays.Source, logger *slog.Logger) http.Handler {
	h := &handler{source, logger}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v3/AvailableCountries", h.countries)
	mux.HandleFunc("GET /api/v3/PublicHolidays/{year}/{country}", h.public)
	return mux
}

func (h *handler) countries(w http.ResponseWriter, r *http.Request) {
	list, err := h.source.Countries(r.Context())
	h.answer(w, r, list, err)
}

func (h *handler) public(w http.ResponseWriter, r *http.Request) {
	given := r.PathValue("year")
	year, err := strconv.Atoi(given)
	if err != nil || year < holidays.FirstYear || year > holidays.LastYear {
		h.refuseYear(w, r, given)
		return
	}
	list, err := h.source.Public(r.Context(), year, strings.ToUpper(r.PathValue("country")))
	h.answer(w, r, list, err)
}

// maxAge is how long an answer is good, in seconds; the source asks its own again once a day.
const maxAge = "3600"

func (h *handler) answer(w http.ResponseWriter, r *http.Request, list any, err error) {
	api.AllowOrigins(w, r)
	switch {
	case freshet.CodeOf(err) == freshet.NotFound:
		w.WriteHeader(http.StatusNotFound) // Nager.Date says no more
		return
	case err != nil:
		h.logger.WarnContext(r.Context(), "holidays cannot be told", "err", err)
		w.Header().Set("Retry-After", "60")
		respond(w, http.StatusServiceUnavailable, problem{
			Type: "https://tools.ietf.org/html/rfc9110#section-15.6.4", Title: freshet.MessageOf(err), Status: http.StatusServiceUnavailable,
		})
		return
	}
	body, err := json.Marshal(list)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("ETag", api.TagOf(body))
	header.Set("Cache-Control", "public, max-age="+maxAge)
	if api.Has(r, api.TagOf(body)) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body) // a client that is gone does not want it
}

// problem is an error as Nager.Date tells one, after RFC 9457.
type problem struct {
	Type   string              `json:"type"`
	Title  string              `json:"title"`
	Status int                 `json:"status"`
	Errors map[string][]string `json:"errors,omitempty"`
}

func (h *handler) refuseYear(w http.ResponseWriter, r *http.Request, year string) {
	api.AllowOrigins(w, r)
	if len(year) > 20 {
		year = year[:20]
	}
	respond(w, http.StatusBadRequest, problem{
		Type: "https://tools.ietf.org/html/rfc9110#section-15.5.1", Title: "One or more validation errors occurred.", Status: http.StatusBadRequest,
		Errors: map[string][]string{"year": {"The value '" + year + "' is not valid."}},
	})
}

func respond(w http.ResponseWriter, status int, p problem) {
	body, _ := json.Marshal(p) // it has nothing that cannot be
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
