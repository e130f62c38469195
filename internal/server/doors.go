package server

import (
	"net/http"
	"net/url"
	"strings"

	"freshet"
	"freshet/internal/api/cognito"
	"freshet/internal/api/oauth"
	"freshet/internal/api/sessions"
	"freshet/internal/api/setup"
)

// accountDoors adds the doors of the user pool: Cognito's, at / for its clients that know only a host and at /idp,
// and that of OpenID Connect with the hosted pages.
func (s *Server) accountDoors(mux *http.ServeMux) error {
	p := s.people
	slow := newThrottle(s.now)
	idp := slow.wrap(cognito.New(p.pool, p.keys, p.signed, cognito.Options{
		PoolID: s.cfg.PoolID, IdentityPoolID: s.cfg.IdentityPoolID, AllowGuests: s.cfg.Guests, Audit: p.audit, Logger: s.logger,
	}))
	for _, pattern := range []string{"POST /{$}", "OPTIONS /{$}", "/idp", "/idp/{$}"} {
		mux.Handle(pattern, idp)
	}
	mux.Handle(setup.Path, slow.wrap(setup.New(p.pool, s.cfg.AdminGroup)))
	own := sessions.New(p.pool, s.logger)
	mux.Handle(sessions.Path, own)
	mux.Handle(sessions.Path+"/", own)
	issuer := s.cfg.issuer(s.URL())
	opts := oauth.Options{
		Issuer: issuer, URL: s.URL(), Product: s.cfg.Mail.Product, Secret: p.secret, SessionLifetime: s.cfg.PageSession,
		IdentityPoolID: s.cfg.IdentityPoolID, PoolID: s.cfg.PoolID, ClientID: s.cfg.clientIDs()[0], Now: s.now, Logger: s.logger, Audit: p.audit,
	}
	for _, app := range s.cfg.Hosted {
		opts.Clients = append(opts.Clients, oauth.Client(app))
	}
	if err := opts.Validate(); err != nil {
		return err
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return freshet.Wrap(freshet.Invalid, err, "the issuer %q is no address", issuer)
	}
	door := oauth.New(p.pool, opts)
	s.consoleDoor(mux, door)
	pages := slow.wrap(door)
	patterns := []string{"/oauth2/", "/logout", "/.well-known/"}
	if path := strings.TrimRight(u.Path, "/"); path != "" {
		patterns = append(patterns, path+"/.well-known/")
	}
	for _, pattern := range patterns {
		mux.Handle(pattern, pages)
	}
	return nil
}
