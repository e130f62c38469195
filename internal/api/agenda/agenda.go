// Package agenda is the door for calendars beside GraphQL: a calendar as an iCalendar feed, the key by which its
// owner publishes it, and the import of events.
//
// It decides nothing about records: what a feed shows is what its key may read, and what is imported is written as
// whoever asks. Its own invariant: only the owner of a calendar gets a key to it made, and that key reads this
// calendar and nothing else.
package agenda

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/api"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// The models that the door knows, and what of them it needs.
const (
	calendarModel freshet.ModelName = "Calendar"
	eventModel    freshet.ModelName = "Event"
	byCalendar                      = "byCalendar" // the index of events by their calendar
	ownerField                      = "owner"
)

var needed = map[freshet.ModelName][]string{
	calendarModel: {"id", "name", "color", ownerField, "sharedWith"},
	eventModel: {
		"id", "title", "start", "end", "allDay", "zone", "location", "notes", "rrule", "exdates", "series", "occurrence", "calendar", ownerField,
	},
}

// Fits tells whether a schema has the calendars and events of the workspace, which the door is for.
func Fits(s *schema.Schema) bool {
	for name, fields := range needed {
		m := s.Model(name)
		if m == nil || m.ID() == nil || slices.ContainsFunc(fields, func(field string) bool { return m.Field(field) == nil }) {
			return false
		}
	}
	return s.Model(eventModel).Index(byCalendar) != nil
}

// Options set up the door. Engine, API, By and Keys have to be given.
type Options struct {
	Engine *engine.Engine
	API    *api.API
	By     api.Identifier
	Keys   *auth.Keys

	Page   http.Handler                          // answers what is for a browser; nil: nothing is
	Forget func(ctx context.Context, ref string) // is told of keys that are gone; nil: nobody is
	Audit  accounts.Audit                        // is told who published what; nil: nobody is
	Now    func() time.Time                      // default time.Now
	Logger *slog.Logger                          // default: discards
}

// Door is the door.
type Door struct {
	Options
	mux *http.ServeMux
}

// The paths of the door.
const (
	CalendarPath = "/calendar/"
	ImportPath   = "/agenda/import"
)

// New makes the door, which serves all beneath CalendarPath, and ImportPath.
func New(opts Options) *Door {
	if opts.Page == nil {
		opts.Page = http.NotFoundHandler()
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Door{Options: opts, mux: http.NewServeMux()}
	d.mux.Handle(CalendarPath, opts.Page)
	d.mux.HandleFunc("GET "+CalendarPath+"{name}", d.calendar)
	for method, serve := range map[string]func(*http.Request) (any, error){"POST": d.publish, "GET": d.published, "DELETE": d.unpublish} {
		d.mux.HandleFunc(method+" "+CalendarPath+"{id}/key", answer(d.Logger, serve))
	}
	d.mux.HandleFunc("POST "+ImportPath, answer(d.Logger, d.importEvents))
	d.mux.HandleFunc("OPTIONS "+CalendarPath+"{id}/key", answer(d.Logger, nil))
	d.mux.HandleFunc("OPTIONS "+ImportPath, answer(d.Logger, nil))
	return d
}

// ServeHTTP answers one request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

// calendar gives a feed, or the page that shows one.
func (d *Door) calendar(w http.ResponseWriter, r *http.Request) {
	if id, found := strings.CutSuffix(r.PathValue("name"), ".ics"); found {
		d.feed(w, r, id)
		return
	}
	d.Page.ServeHTTP(w, r)
}

// answer gives what a request comes to as JSON; nil is nothing.
func answer(logger *slog.Logger, serve func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		api.AllowOrigins(w, r)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		value, err := serve(r)
		body, failed := json.Marshal(value)
		if err == nil {
			err = failed
		}
		status := http.StatusOK
		if err != nil {
			if freshet.CodeOf(err) == freshet.Internal {
				logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
			}
			w.Header().Set("x-amzn-errortype", api.ErrorType(err))
			status, body = api.Status(err), api.AppendError(nil, err)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = w.Write(append(body, '\n')) // a client that is gone does not want it
	}
}

// user is who is signed in.
type user struct {
	id   *freshet.Identity
	name string // under which they own records
}

// owns tells whether a calendar is the user's.
func (u user) owns(calendar *engine.Row) bool {
	f := calendar.Model.Field(ownerField)
	return f.Names(calendar.Doc[f.Ordinal], u.name)
}

// user gives who asks. Errors: those of credentials, and forbidden for who has no name.
func (d *Door) user(r *http.Request) (user, error) {
	id, _, err := d.API.Identify(r.Context(), d.By, auth.Credentials{
		APIKey: r.Header.Get("x-api-key"), Authorization: r.Header.Get("Authorization"), From: r.RemoteAddr,
	})
	if err != nil {
		return user{}, err
	}
	m := d.Engine.Schema().Model(calendarModel)
	names := m.OwnerNames(id, m.Field(ownerField))
	if len(names) == 0 {
		return user{}, freshet.Errorf(freshet.Forbidden, "this is for users: sign in, and send the token in Authorization")
	}
	return user{id, names[0]}, nil
}

// find gives a calendar that may be read; one that was deleted too where that is asked for.
func (d *Door) find(ctx context.Context, id *freshet.Identity, calendar string, deleted bool) (*engine.Row, error) {
	row, err := d.Engine.Get(ctx, id, calendarModel, freshet.StringKey(calendar), deleted)
	if err == nil && row == nil {
		err = freshet.Errorf(freshet.NotFound, "there is no calendar %q", calendar)
	}
	return row, err
}

// text gives a field that is a string; empty where it is null.
func text(row *engine.Row, field string) string {
	value := row.Doc[row.Model.Field(field).Ordinal]
	if rawjson.IsNull(value) {
		return ""
	}
	s, _ := rawjson.String(value) // stored values are valid
	return s
}
