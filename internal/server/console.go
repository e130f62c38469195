package server

import (
	"net/http"
	"slices"
	"strings"

	"freshet/internal/accounts"
	"freshet/internal/api/console"
	"freshet/internal/api/oauth"
)

// consoleDoor adds the pages of the local mailbox, where letters stay in it.
func (s *Server) consoleDoor(mux *http.ServeMux, pages *oauth.Door) {
	if s.cfg.Mail.Server != "" {
		return
	}
	mux.Handle("/console/", console.New(console.Options{
		Letters: s.people.mail, URL: s.URL(), Product: s.cfg.Mail.Product, Proxied: isProxied, Audit: s.people.audit, Logger: s.logger,
		Admin: func(r *http.Request) (string, error) { return s.administrator(r, pages) },
	}))
}

// administrator gives the name of the administrator who asks, by an access token that is good for its user's own
// account or, with a browser, by being signed in at the hosted pages; empty for anybody else.
func (s *Server) administrator(r *http.Request, pages *oauth.Door) (string, error) {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		token = pages.SignedIn(r)
	}
	if token == "" {
		return "", nil
	}
	u, err := s.people.pool.GetUser(r.Context(), accounts.Caller{Address: r.RemoteAddr}, token)
	switch {
	case accounts.FaultOf(err) == accounts.NotAuthorized && err != nil:
		return "", nil
	case err != nil:
		return "", err
	case !slices.Contains(u.Groups, s.cfg.AdminGroup):
		return "", nil
	}
	return "user " + u.Name, nil
}
