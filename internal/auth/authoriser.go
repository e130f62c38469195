package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"freshet"
	"freshet/internal/tokencache"
)

// Authoriser asks a function of the operator's who sends a token that no issuer signed. Who it authorises
// is admitted by rules with allow: custom.
//
// The token is posted as {"authorizationToken": "…"}. The answer is
// {"isAuthorized": true, "resolverContext": {…}, "ttlOverride": 300}: its context becomes the identity's
// claims. It is kept, and a socket that it let in stays open, for ttlOverride seconds, and for five minutes without
// it. With 0 it is not kept; a socket has its five minutes.
type Authoriser struct {
	url    string
	client *http.Client
	now    func() time.Time
	logger *slog.Logger
	cache  tokencache.Cache[verifiedToken]
	asking chan struct{} // has room for the requests that may be on their way
}

const (
	authoriserTime  = 10 * time.Second
	authoriserBytes = 256 << 10 // of an answer
	authoriserTTL   = 5 * time.Minute
	maxAuthoriseTTL = time.Hour
	maxAsking       = 64 // requests at once: anybody can send tokens that nobody has seen
)

// NewAuthoriser makes one for an http or https address; a nil client is the usual one. The logger is told when the
// function cannot be asked.
func NewAuthoriser(address string, client *http.Client, now func() time.Time, logger *slog.Logger) (*Authoriser, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, freshet.Errorf(freshet.Invalid, "the authoriser %q is no address; write https://host/path", address)
	}
	if client == nil {
		client = http.DefaultClient
	}
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a token is for nobody else
	return &Authoriser{url: address, client: &direct, now: now, logger: logger, asking: make(chan struct{}, maxAsking)}, nil
}

type authoriserAnswer struct {
	IsAuthorized    bool           `json:"isAuthorized"`
	ResolverContext map[string]any `json:"resolverContext"`
	TTLOverride     *int           `json:"ttlOverride"`
	DeniedFields    []string       `json:"deniedFields"`
}

// ttl gives for how long the answer counts, and whether it is kept.
func (a *authoriserAnswer) ttl() (ttl time.Duration, kept bool) {
	switch o := a.TTLOverride; {
	case o == nil:
		return authoriserTTL, true
	case *o <= 0:
		return authoriserTTL, false
	default:
		return time.Duration(min(*o, int(maxAuthoriseTTL/time.Second))) * time.Second, true
	}
}

var _ Checker = (*Authoriser)(nil)

// Check gives the identity behind a token, and until when it counts. Errors: unauthenticated when the
// function says no, unavailable when it cannot be asked.
func (a *Authoriser) Check(ctx context.Context, token string) (freshet.Identity, time.Time, error) {
	if len(token) > maxToken {
		return freshet.Identity{}, time.Time{}, freshet.Errorf(freshet.TooLarge, "the token has %d bytes, and the largest is %d bytes", len(token), maxToken)
	}
	if v, found := a.cache.Get(token, a.now()); found {
		return v.identity, v.expires, nil
	}
	answer, err := a.ask(ctx, token)
	if err != nil {
		a.logger.WarnContext(ctx, "the authoriser cannot be asked", "error", err)
		return freshet.Identity{}, time.Time{}, freshet.Wrap(freshet.Unavailable, err, "the authoriser cannot be asked now; try again later")
	}
	if !answer.IsAuthorized {
		return freshet.Identity{}, time.Time{}, refused("the authoriser does not know the token")
	}
	name, _ := answer.ResolverContext["username"].(string)
	id := freshet.Identity{Name: "custom " + name, Providers: []freshet.Provider{freshet.Function}, Claims: answer.ResolverContext}
	ttl, kept := answer.ttl()
	expires := a.now().Add(ttl)
	if kept {
		a.cache.Put(token, verifiedToken{id, expires}, expires)
	}
	return id, expires, nil
}

func (a *Authoriser) ask(ctx context.Context, token string) (answer authoriserAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, authoriserTime)
	defer cancel()
	select {
	case a.asking <- struct{}{}:
		defer func() { <-a.asking }()
	case <-ctx.Done():
		return answer, ctx.Err()
	}
	body, err := json.Marshal(map[string]string{"authorizationToken": token})
	if err != nil {
		return answer, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("it answered %s", response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, authoriserBytes)).Decode(&answer); err != nil {
		return answer, err
	}
	if len(answer.DeniedFields) > 0 {
		return answer, errors.New("it denies fields, which is not supported")
	}
	return answer, nil
}
