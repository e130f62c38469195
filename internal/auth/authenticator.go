// Package auth tells who is asking, proven by an API key or a JWT.
//
// Its invariant: an Identity leaves it only for a secret whose hash is stored, or for a token that one of
// the operator's issuers signed and that is valid now; whatever else comes in gets an error that says what
// is wrong. What the identity may do is for the schema's rules to say. It stands at the door, before
// anything else looks at a request.
//
// Authenticator is what a door uses; Keys and Tokens are its two halves, and Own stands for the server's own
// users beside them.
package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"freshet"
)

// Authenticator makes identities of credentials.
type Authenticator struct {
	Keys    *Keys    // nil: no API key is accepted
	Guesses *Guesses // at API keys; nil: they are not slowed
	Tokens  *Tokens  // nil: no token of others is accepted

	// Own knows the tokens that this server gives to its users; nil: there are none. Their iss is OwnIssuer.
	Own       Checker
	OwnIssuer string

	Custom *Authoriser // is asked about tokens of no issuer that is known; nil: there is none
}

// Checker gives the identity that a token proves and when the token expires.
type Checker interface {
	// Check is given the token alone. Errors: unauthenticated, and unavailable when it cannot be told now.
	Check(ctx context.Context, token string) (freshet.Identity, time.Time, error)
}

var _ Checker = (*Tokens)(nil)

// Credentials is what a caller sends to prove who it is.
type Credentials struct {
	APIKey        string // of the header x-api-key
	Authorization string // of the header of that name: a JWT, with or without "Bearer "
	From          string // the network address that they come from
}

// Signed tells whether the request that they came with is signed with an access key, well or not.
func (c *Credentials) Signed() bool {
	return c.APIKey == "" && strings.HasPrefix(strings.TrimSpace(c.Authorization), "AWS4-HMAC-SHA256")
}

const howToAsk = "send an API key in x-api-key, or a token in Authorization"

// Identify gives the identity that the credentials prove, and until when; zero: for ever. An API key goes
// before a token. The identity's Tokens are for a schema to fill in.
//
// Errors: unauthenticated, too_large, and unavailable when a token cannot be verified now.
func (a *Authenticator) Identify(ctx context.Context, c Credentials) (freshet.Identity, time.Time, error) {
	authorization := strings.TrimSpace(c.Authorization)
	switch {
	case c.APIKey != "":
		if a.Keys == nil {
			return freshet.Identity{}, time.Time{}, refused("API keys are not set up on this server")
		}
		return a.Guesses.identify(ctx, a.Keys, c.APIKey, c.From)
	case authorization == "":
		return freshet.Identity{}, time.Time{}, refused(howToAsk)
	case c.Signed():
		return freshet.Identity{}, time.Time{}, refused("signed requests (AWS4-HMAC-SHA256) are not taken here; " + howToAsk)
	}
	checker := a.checker(bearer(authorization))
	if checker == nil {
		return freshet.Identity{}, time.Time{}, refused("tokens are not set up on this server; send an API key in x-api-key")
	}
	return checker.Check(ctx, bearer(authorization))
}

// checker picks who checks a token, by the issuer that it names: nothing in it is verified yet.
func (a *Authenticator) checker(token string) Checker {
	issuer := claimedIssuer(token)
	own := a.Own != nil && issuer == a.OwnIssuer
	switch {
	case a.Custom != nil && !own && !a.Tokens.knows(issuer):
		return a.Custom
	case a.Own != nil && (own || a.Tokens == nil):
		return a.Own
	case a.Tokens != nil:
		return a.Tokens
	}
	return nil
}

func claimedIssuer(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	if len(token) > maxToken {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Issuer
}
