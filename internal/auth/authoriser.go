package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
// claims, and it counts for ttlOverride seconds, for none when that is 0, and for five minutes without it.
type Authoriser struct {
	url    string
	client *http.Client
	now    func() time.Time
	cache  tokencache.Cache[verifiedToken]
}

const (
	authoriserTime  = 10 * time.Second
	authoriserBytes = 256 << 10 // of an answer
	authoriserTTL   = 5 * time.Minute
	maxAuthoriseTTL = time.Hour
)

// NewAuthoriser makes one for an http or https address; a nil client is the usual one.
func NewAuthoriser(address string, client *http.Client, now func() time.Time) (*Authoriser, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, freshet.Errorf(freshet.Invalid, "the authoriser %q is no address; write https://host/path", address)
	}
	if client == nil {
		client = http.DefaultClient
	}
	return &Authoriser{url: address, client: client, now: now}, nil
}

type authoriserAnswer struct {
	IsAuthorized    bool           `json:"isAuthorized"`
	ResolverContext map[string]any `json:"resolverContext"`
	TTLOverride     *int           `json:"ttlOverride"`
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
		return freshet.Identity{}, time.Time{}, freshet.Wrap(freshet.Unavailable, err, "the authoriser cannot be asked now; try again later")
	}
	if !answer.IsAuthorized {
		return freshet.Identity{}, time.Time{}, refused("the authoriser does not know the token")
	}
	name, _ := answer.ResolverContext["username"].(string)
	id := freshet.Identity{Name: "custom " + name, Providers: []freshet.Provider{freshet.Function}, Claims: answer.ResolverContext}
	ttl := authoriserTTL
	if answer.TTLOverride != nil {
		ttl = min(time.Duration(max(*answer.TTLOverride, 0))*time.Second, maxAuthoriseTTL)
	}
	expires := a.now().Add(ttl)
	if ttl > 0 {
		a.cache.Put(token, verifiedToken{id, expires}, expires)
	}
	return id, expires, nil
}

func (a *Authoriser) ask(ctx context.Context, token string) (answer authoriserAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, authoriserTime)
	defer cancel()
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
	return answer, json.NewDecoder(io.LimitReader(response.Body, authoriserBytes)).Decode(&answer)
}
