package server

import (
	"net/http"

	"freshet/internal/api/agenda"
	apiholidays "freshet/internal/api/holidays"
	"freshet/internal/api/sessions"
	"freshet/internal/api/setup"
	"freshet/internal/api/webapp"
	"freshet/internal/holidays"
	"freshet/web"
)

// notPages are the paths beneath which no page of the web app is.
var notPages = []string{
	"/graphql", "/healthz", "/readyz", "/idp", "/oauth2/", "/logout", "/.well-known/", "/console/", sessions.Path, apiholidays.Path, agenda.ImportPath,
}

// appDoors adds the web app, and what it uses beside GraphQL: calendars and holidays.
func (s *Server) appDoors(mux *http.ServeMux) error {
	mux.Handle(apiholidays.Path, apiholidays.New(s.holidays(), s.logger))
	files, built := web.App()
	fits := agenda.Fits(s.engine.Schema())
	if built && !fits {
		files = web.Placeholder() // the app is for another schema
	}
	app, err := webapp.New(files, webapp.Options{URL: s.URL(), NotPages: notPages, OnePage: !built || !fits})
	if err != nil {
		return err
	}
	mux.Handle("/", app)
	if !fits {
		return nil
	}
	s.agenda = agenda.New(agenda.Options{
		Engine: s.engine, API: s.api, By: s.identify, Keys: s.keyring, Page: app,
		Forget: s.uses.Forget, Audit: s.people.audit, Now: s.now, Logger: s.logger,
	})
	if built {
		mux.Handle("GET "+setup.Path, app) // its page redeems the link; the door takes what it sends
	}
	mux.Handle(agenda.CalendarPath, s.agenda)
	mux.Handle(agenda.ImportPath, s.agenda)
	return nil
}

// holidays gives who knows the holidays.
func (s *Server) holidays() holidays.Source {
	if s.cfg.HolidaysURL == "" {
		return holidays.Embedded{}
	}
	return holidays.NewRemote(s.cfg.HolidaysURL, s.engine.Documents(), s.now, s.logger)
}
