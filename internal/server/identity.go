package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"freshet"
	"freshet/internal/accesskey"
	"freshet/internal/accounts"
	"freshet/internal/api/console"
	"freshet/internal/api/graphqlhttp"
	"freshet/internal/api/graphqlws"
	"freshet/internal/audit"
	"freshet/internal/engine"
	"freshet/internal/mail"
	"freshet/internal/schema"
)

// invitationKept is how long a password holds that went out with an invitation.
const invitationKept = 7 * 24 * time.Hour

// people is all that has to do with accounts: the user pool, its mail, and the access keys.
type people struct {
	secret []byte
	pool   *accounts.Pool
	mail   *mail.Mail
	keys   *accesskey.Keys
	seen   *accesskey.Seen
	signed *accesskey.Verifier // of all doors
	audit  *audit.Log
}

// openPeople opens the user pool and what it needs. What seals comes first, then the mail, by which the pool
// writes to its users.
func openPeople(ctx context.Context, cfg *Config, eng *engine.Engine, url string, audited *audit.Log, logger *slog.Logger) (*people, error) {
	var err error
	documents := eng.Documents()
	p := &people{audit: audited}
	var former [][]byte
	if p.secret, former, err = openSecrets(ctx, cfg, documents); err != nil {
		return nil, err
	}
	if p.keys, err = accesskey.New(documents, p.secret, cfg.Now, former...); err != nil {
		return nil, err
	}
	if p.seen, err = accesskey.OpenSeen(ctx, documents, cfg.Now()); err != nil {
		return nil, err
	}
	p.signed = accesskey.NewVerifier(p.keys, accesskey.Options{Seen: p.seen, Now: cfg.Now})
	post := cfg.Mail
	post.Logger, post.Now = logger, cfg.Now
	if post.URL == "" {
		post.URL = cfg.URL
	}
	post.Mailbox = url + console.Path + "/"
	post.GivenUp = func(ctx context.Context, letter mail.Entry) {
		p.audit.Record(ctx, accounts.Entry{What: "GiveUpMail", Who: letter.To, About: "letter " + letter.ID, Outcome: string(letter.State)})
	}
	if p.mail, err = mail.Open(ctx, documents, post); err != nil {
		return nil, err
	}
	p.pool, err = accounts.Open(ctx, documents, accounts.Config{
		Secret: p.secret, Former: former, PoolID: cfg.PoolID, Issuer: cfg.issuer(url), Clients: cfg.clientIDs(),
		Mailer: &letters{mail: p.mail, now: cfg.Now}, Audit: p.audit, Now: cfg.Now,
		MFA: cfg.MFA, Devices: cfg.Devices, EmailSignIn: cfg.EmailSignIn, AdminOnly: cfg.NoSignUp, AutoConfirm: cfg.NoVerification, TemporaryLifetime: invitationKept,
		RelyingParty: cfg.relyingParty(url),
		Deleting: func(ctx context.Context, u accounts.User) error {
			id := u.Identity()
			return eng.Disown(ctx, &id, cfg.DeletedUsers)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	if len(former) > 0 {
		err = p.reseal(ctx, logger)
	}
	return p, err
}

// reseal seals with the secret of now what is sealed with one before it. The pool comes last: it does not open without
// a secret that it needs.
func (p *people) reseal(ctx context.Context, logger *slog.Logger) error {
	logger.Debug("looking for what is sealed with a former secret")
	keys, err := p.keys.Reseal(ctx)
	if err != nil {
		return err
	}
	users, err := p.pool.Reseal(ctx)
	if err != nil {
		return err
	}
	if keys+users > 0 {
		logger.Info("all is sealed with the secret of now", "changed", keys+users)
		p.audit.Record(ctx, accounts.Entry{What: "RotateSecret", By: "operator", Outcome: accounts.OutcomeOK})
	}
	return nil
}

// trim forgets what has had its time.
func (p *people) trim(ctx context.Context, now time.Time, keepAudit time.Duration) error {
	_, err := p.pool.Sweep(ctx)
	var before time.Time
	if keepAudit != Forever {
		before = now.Add(-keepAudit)
	}
	return errors.Join(err, p.audit.Trim(ctx, before, audit.Most))
}

// publicURL gives the address by which clients come: the one that is configured, or that of the listener.
func publicURL(cfg *Config, address string) string {
	if cfg.URL != "" {
		return strings.TrimRight(cfg.URL, "/")
	}
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		address = net.JoinHostPort("localhost", port)
	}
	return "http://" + address
}

// signatures tells who signed a request.
type signatures struct {
	verifier *accesskey.Verifier
	pool     *accounts.Pool
	audit    *audit.Log
}

var (
	_ graphqlhttp.Signatures = (*signatures)(nil)
	_ graphqlws.Signatures   = (*signatures)(nil)
)

// Identify gives who signed a request.
func (s *signatures) Identify(r *http.Request, body []byte) (freshet.Identity, func() error, error) {
	proof, err := s.identify(r.Context(), r.RemoteAddr, accesskey.RequestOf(r, body))
	return proof.Identity, func() error { return s.verifier.Once(proof) }, err
}

// What is signed to open a socket, as clients of AppSync do: a POST that is never sent.
const (
	connectPath = "/graphql/connect"
	connectBody = "{}"
)

// IdentifyConnect gives who signed the headers with which a socket opens. Two sockets that one key opens within a second
// have the same signature, so one that was seen before is not refused, as a write would be: it lets read while it is
// fresh, as a request that reads may come again.
func (s *signatures) IdentifyConnect(ctx context.Context, c graphqlws.Call, headers map[string]string, enter bool) (graphqlws.Signed, error) {
	request, err := accesskey.SocketRequest(c.Host, connectPath, headers, []byte(connectBody))
	if err != nil {
		return graphqlws.Signed{}, err
	}
	proof, err := s.identify(ctx, c.From, request)
	signed := graphqlws.Signed{Identity: proof.Identity, Until: proof.Expires}
	if err != nil || !enter {
		return signed, err
	}
	err = s.verifier.Once(proof)
	if reason, _ := errors.AsType[accesskey.Reason](err); reason != accesskey.Replayed {
		return signed, err
	}
	signed.Seen = true
	signed.Identity.Scopes = []freshet.Scope{{Model: schema.AnyModel, Operations: []string{"read"}}} // it has none: access keys are not bound
	if signed.Until.IsZero() || proof.Fresh.Before(signed.Until) {
		signed.Until = proof.Fresh
	}
	return signed, nil
}

// identify looks at the account behind temporary credentials each time, for those are stored nowhere.
func (s *signatures) identify(ctx context.Context, from string, r accesskey.Request) (accesskey.Proof, error) {
	proof, err := s.verifier.Verify(ctx, r)
	if sub, _ := proof.Identity.Claims["sub"].(string); err == nil && sub != "" {
		err = s.good(ctx, sub)
	}
	if err != nil {
		s.audit.Record(ctx, accounts.Entry{What: "SignedRequest", From: from, Outcome: string(freshet.CodeOf(err))})
		return accesskey.Proof{}, err
	}
	return proof, nil
}

func (s *signatures) good(ctx context.Context, sub string) error {
	u, err := s.pool.AdminGetUser(ctx, sub)
	gone := accounts.FaultOf(err) == accounts.UserNotFound
	if err != nil && !gone {
		return err
	}
	if gone || !u.Enabled {
		return freshet.Wrap(freshet.Unauthenticated, errors.New("the account is not there or disabled"), "the credentials are no longer good")
	}
	return nil
}
