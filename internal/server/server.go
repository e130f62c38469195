// Package server puts the parts together: it reads the configuration, opens what there is to open in its
// order, runs it, and closes it in the opposite order. It is the only place that picks an engine.
//
// Its invariant: whoever connects finds everything behind the door in place, and what was acknowledged
// before the door closed is kept.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/api"
	"freshet/internal/api/agenda"
	"freshet/internal/api/console"
	"freshet/internal/api/control"
	"freshet/internal/api/graphqlhttp"
	"freshet/internal/api/graphqlws"
	"freshet/internal/api/setup"
	"freshet/internal/audit"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/feed"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
)

const (
	grace       = 10 * time.Second     // for everything that goes on when the server is told to stop
	drainEvery  = 2 * time.Millisecond // between two sockets that are told to connect again, on the average
	maxSpread   = grace * 3 / 4
	headerTime  = 10 * time.Second
	readTime    = time.Minute
	writeTime   = 2 * time.Minute
	idleTime    = 2 * time.Minute
	headerBytes = 64 << 10
)

// Server is a server with everything open. It serves while Run runs.
type Server struct {
	cfg    Config
	logger *slog.Logger
	now    func() time.Time
	apiKey string
	setup  string // the link for the first administrator; empty where there is one

	store    *pebble.DB
	engine   *engine.Engine
	feed     *feed.Feed
	api      *api.API
	identify *auth.Authenticator
	keyring  *auth.Keys
	people   *people
	agenda   *agenda.Door // nil: the schema has no calendars
	uses     *keyUses
	sockets  *graphqlws.Server
	listener net.Listener
	public   *http.Server
	desk     net.Listener
	control  *http.Server

	ready     atomic.Bool
	connected atomic.Int64 // sockets
	opened    []io.Closer  // in their order
	closing   sync.Once
	closeErr  error
}

// Open opens the data directory and takes the address. Errors: invalid for the configuration and the
// schema, unavailable where the data directory or the address is in use.
func Open(ctx context.Context, cfg Config, logger *slog.Logger) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, logger: slog.New(traced{logger.Handler()}), now: cfg.Now}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.ready.Store(true)
	return s, nil
}

func (s *Server) open(ctx context.Context) error {
	sources, err := s.cfg.Sources()
	if err != nil {
		return err
	}
	if s.store, err = openStore(s.cfg.Data, s.logger); err != nil {
		return err
	}
	s.opened = append(s.opened, s.store)
	if s.engine, err = openEngine(ctx, s.store, sources, &s.cfg, s.logger); err != nil {
		return err
	}
	s.feed = feed.New(s.store)
	// The address is taken before the user pool opens, whose tokens name it. Who connects now waits until Run.
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen); err != nil {
		return freshet.Wrap(freshet.Unavailable, err, "cannot listen on %s; give another address with --listen", s.cfg.Listen)
	}
	s.opened = append(s.opened, s.listener)
	audited := audit.New(s.engine.Documents(), audit.Options{Logger: s.logger, Now: s.now})
	s.opened = append(s.opened, audited)
	if s.people, err = openPeople(ctx, &s.cfg, s.engine, s.URL(), audited, s.logger); err != nil {
		return err
	}
	s.opened = append(s.opened, s.people.seen)
	if s.uses, err = openUses(ctx, s.engine.Documents(), s.logger); err != nil {
		return err
	}
	s.uses.now = s.now
	if s.identify, err = s.openAuth(ctx); err != nil {
		return err
	}
	if s.api, err = api.New(s.engine, s.feed, api.Options{Logger: s.logger, Now: s.now, People: s.people.pool, NoSearch: s.cfg.NoFindPeople}); err != nil {
		return fmt.Errorf("make the API: %w", err)
	}
	signed := &signatures{verifier: s.people.signed, pool: s.people.pool, audit: s.people.audit}
	graphql, err := graphqlhttp.New(s.api, s.identify, graphqlhttp.Options{
		BodyBytes:  s.cfg.Limits.BodyBytes,
		Signatures: signed,
	})
	if err != nil {
		return err
	}
	s.sockets = graphqlws.New(s.api, s.identify, graphqlws.Options{
		MessageBytes: s.cfg.Limits.BodyBytes, Subscriptions: s.cfg.Limits.Subscriptions, Signatures: signed,
	})
	s.people.pool.OnRevoke(func(session, _ string) { s.sockets.RevokeSession(session) })
	s.people.pool.OnBar(s.sockets.RevokeUser)
	s.people.keys.OnRevoke(s.sockets.RevokeKey)
	s.people.keys.OnUse(s.uses.note)
	s.keyring = s.identify.Keys
	s.keyring.OnRevoke(s.sockets.RevokeKey)
	s.keyring.OnUse(s.uses.note)
	errorLog := slog.NewLogLogger(s.logger.Handler(), slog.LevelWarn)
	routes, err := s.routes(graphql)
	if err != nil {
		return err
	}
	s.public = &http.Server{
		Handler: routes, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerBytes, ErrorLog: errorLog,
	}
	if s.desk, err = control.Listen(s.cfg.Data); err != nil {
		return err
	}
	s.opened = append(s.opened, s.desk)
	desk := newDesk(s.store)
	desk.Engine, desk.Keyring, desk.Address = s.engine, s.keyring, s.Addr()
	desk.AdminGroup, desk.SetupURL = s.cfg.AdminGroup, s.URL()+setup.Path
	desk.Pool, desk.Mail, desk.AccessKeys, desk.Uses = s.people.pool, s.people.mail, s.people.keys, s.uses
	desk.Audited = s.people.audit
	if s.setup, err = setupLink(ctx, desk); err != nil {
		return err
	}
	s.control = &http.Server{Handler: control.NewHandler(desk), ReadHeaderTimeout: headerTime, ErrorLog: errorLog}
	return nil
}

// openStore opens the embedded store of a data directory.
func openStore(dir string, logger *slog.Logger) (*pebble.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, freshet.Wrap(freshet.Invalid, err, "the data directory cannot be made")
	}
	return pebble.Open(filepath.Join(dir, "store"), pebble.Options{Logger: logger})
}

func openEngine(ctx context.Context, st *pebble.DB, sources []schema.Source, cfg *Config, logger *slog.Logger) (*engine.Engine, error) {
	var said time.Time
	progress := func(what string, done int, total int64) {
		if now := time.Now(); now.Sub(said) >= time.Second {
			said = now
			logger.Info(what, "done", done, "total", total)
		}
	}
	e, err := engine.Open(ctx, st, sources, engine.Options{Limits: cfg.Limits.Limits, Logger: logger, Progress: progress})
	if problems, ok := errors.AsType[schema.Problems](err); ok {
		return nil, freshet.Wrap(freshet.Invalid, problems, "the schema cannot be used")
	}
	return e, err
}

func (s *Server) openAuth(ctx context.Context) (*auth.Authenticator, error) {
	var err error
	a := new(auth.Authenticator)
	if a.Keys, s.apiKey, err = openKeys(ctx, &s.cfg, s.engine.Documents()); err != nil {
		return nil, err
	}
	if s.apiKey == "" {
		if s.apiKey, err = makeKey(&s.cfg, a.Keys); err != nil {
			return nil, err
		}
	}
	for _, is := range s.cfg.Issuers {
		if provider := is.Admitted(); !s.engine.Schema().Admits(provider) {
			s.logger.Warn("no rule of the schema lets the users of an issuer in", "issuer", is.URL, "provider", provider)
		}
	}
	if len(s.cfg.Issuers) > 0 {
		if a.Tokens, err = auth.NewTokens(s.cfg.Issuers, nil, s.now, s.logger); err != nil {
			return nil, err
		}
	}
	if s.cfg.Authoriser != "" {
		if a.Custom, err = auth.NewAuthoriser(s.cfg.Authoriser, nil, s.now, s.logger); err != nil {
			return nil, err
		}
	}
	a.Guesses = auth.NewGuesses(s.now, func(ctx context.Context, from string) {
		s.people.audit.Record(ctx, accounts.Entry{What: "APIKey", From: from, Outcome: string(freshet.Unauthenticated)})
	})
	a.Own, a.OwnIssuer = s.people.pool, s.cfg.issuer(s.URL())
	return a, nil
}

// URL gives the address by which clients come.
func (s *Server) URL() string { return publicURL(&s.cfg, s.Addr()) }

// Addr gives the address of the public door.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// APIKey gives the secret that is kept in the data directory; empty where there is none.
func (s *Server) APIKey() string { return s.apiKey }

// SetupLink gives the link by which the first administrator comes in, the latest one until another is asked for; empty
// where there was an administrator when the server opened.
func (s *Server) SetupLink() string { return s.setup }

// setupLink makes a link where there is no administrator.
func setupLink(ctx context.Context, desk *control.Desk) (string, error) {
	there, err := desk.Pool.HasMembers(ctx, desk.AdminGroup)
	if err != nil || there {
		return "", err
	}
	return desk.SetupLink(ctx)
}

// Run serves until ctx is done, then lets what is under way come to its end. Close comes after it.
func (s *Server) Run(ctx context.Context) error {
	// What the doors rely on goes on while they close: the feed, and the mail of the last requests. A letter that
	// is not delivered then lies in the store until the next start.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { s.follow(background) })
	running.Go(func() { s.trimOften(background) })
	running.Go(func() { s.deliver(background) })
	running.Go(func() { s.uses.run(background) })
	running.Go(func() { s.people.audit.Run(background) })
	// An operator's command may go on for ever; it ends when the doors begin to close.
	operating, dismiss := context.WithCancelCause(background)
	s.control.BaseContext = func(net.Listener) context.Context { return operating }
	ended := make(chan error, 2)
	running.Go(func() { ended <- s.public.Serve(s.listener) })
	running.Go(func() { ended <- s.control.Serve(s.desk) })
	s.logger.Info("serving", "address", s.Addr(), "data", s.cfg.Data)
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	dismiss(freshet.Errorf(freshet.Unavailable, "the server is shutting down"))
	s.closeDoors(context.WithoutCancel(ctx))
	stop()
	running.Wait()
	return err
}

// deliver sends mail.
func (s *Server) deliver(ctx context.Context) {
	if s.cfg.Mail.Server == "" {
		s.logger.Info("no SMTP server is set: mail stays in the local mailbox; `freshet mail list` shows it too", "mailbox", s.URL()+console.Path)
	}
	if err := s.people.mail.Run(ctx); err != nil {
		s.logger.Error("mail is not sent any more", "err", err)
	}
}

// follow keeps the feed going.
func (s *Server) follow(ctx context.Context) {
	for {
		err := s.feed.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		s.logger.Error("the feed stopped and begins again", "err", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
}

// closeDoors lets nobody in any more, asks those inside to leave, and waits for them no longer than the
// grace period.
func (s *Server) closeDoors(ctx context.Context) {
	s.ready.Store(false)
	s.logger.Info("shutting down", "sockets", s.connected.Load())
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	var leaving sync.WaitGroup
	leaving.Go(func() {
		// A few sockets go at once, many are spread, so that they do not all come back at once.
		s.sockets.Drain(ctx, min(time.Duration(s.connected.Load())*drainEvery, maxSpread))
	})
	leaving.Go(func() { s.shutDown(ctx, s.public) })
	leaving.Go(func() { s.shutDown(ctx, s.control) })
	leaving.Wait()
}

func (s *Server) shutDown(ctx context.Context, door *http.Server) {
	if err := door.Shutdown(ctx); err != nil {
		s.logger.Warn("requests were cut off", "err", err)
		_ = door.Close()
	}
}

// Close lets go of everything that Open took. It is idempotent, and comes after Run.
func (s *Server) Close() error {
	s.closing.Do(func() {
		for i := len(s.opened) - 1; i >= 0; i-- {
			if err := s.opened[i].Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				s.closeErr = errors.Join(s.closeErr, err)
			}
		}
	})
	return s.closeErr
}
