// Package auth tells who is asking, proven by an API key or a JWT.
//
// Its invariant: an Identity leaves it only for a secret whose hash is stored, or for a token that one of
// the operator's issuers signed and that is valid now; whatever else comes in gets an error that says what
// is wrong. What the identity may do is for the schema's rules to say. It stands at the door, before
// anything else looks at a request.
//
// Authenticator is what a door uses; Keys and Tokens are its two halves.
package auth

import (
	"context"
	"strings"
	"time"

	"freshet"
)

// Authenticator makes identities of credentials.
type Authenticator struct {
	Keys   *Keys   // nil: no API key is accepted
	Tokens *Tokens // nil: no token is accepted
}

// Credentials is what a caller sends to prove who it is.
type Credentials struct {
	APIKey        string // of the header x-api-key
	Authorization string // of the header of that name: a JWT, with or without "Bearer "
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
		return a.Keys.identify(c.APIKey)
	case authorization == "":
		return freshet.Identity{}, time.Time{}, refused(howToAsk)
	case strings.HasPrefix(authorization, "AWS4-HMAC-SHA256"):
		return freshet.Identity{}, time.Time{}, refused("signed requests (AWS4-HMAC-SHA256) are not set up on this server; " + howToAsk)
	case a.Tokens == nil:
		return freshet.Identity{}, time.Time{}, refused("tokens are not set up on this server; send an API key in x-api-key")
	}
	return a.Tokens.Check(ctx, authorization)
}
