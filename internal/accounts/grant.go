package accounts

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Grant is what an app asks for at a hosted sign-in page, by the authorization code flow of OAuth with PKCE.
type Grant struct {
	RedirectURI string // as the door has checked it
	Challenge   string // code_challenge, by S256
	Nonce       string // for the ID token
	Scopes      []string
}

type codeGrant struct {
	RedirectURI string    `json:"redirectUri"`
	Challenge   string    `json:"challenge"`
	Nonce       string    `json:"nonce,omitempty"`
	Scopes      []string  `json:"scopes"`
	AuthTime    time.Time `json:"authTime"` // when the user signed in at the page
}

const grantLifetime = time.Minute

// AuthorizationCode gives a code for the user of an access token, who has signed in at the page; the caller's
// client is the app that asks. The app is told when that sign-in was, be it long ago.
func (p *Pool) AuthorizationCode(ctx context.Context, c Caller, accessToken string, g Grant) (_ string, err error) {
	if err := p.knows(c); err != nil {
		p.record(ctx, c, "AuthorizationCode", "", "", err)
		return "", err
	}
	v, u, err := p.owner(ctx, c, "AuthorizationCode", accessToken)
	if err != nil {
		return "", err
	}
	defer func() { p.record(ctx, c, "AuthorizationCode", u.ID, OutcomeOK, err) }()
	switch {
	case g.RedirectURI == "":
		return "", refuse(InvalidParameter, "redirect_uri is missing")
	case len(g.Challenge) != base64.RawURLEncoding.EncodedLen(sha256.Size):
		return "", refuse(InvalidParameter, "code_challenge has to be the S256 of a code_verifier")
	case len(g.Scopes) == 0:
		g.Scopes = []string{"openid"}
	}
	for _, scope := range g.Scopes {
		if !slices.Contains(Scopes(), scope) {
			return "", refuse(InvalidParameter, "the scope %q is not known", excerpt(scope))
		}
	}
	t := ticket{Step: stepGrant, User: u.ID, Client: c.Client, Origin: uuid.NewString(), Generation: u.Generation}
	t.Code = &codeGrant{RedirectURI: g.RedirectURI, Challenge: g.Challenge, Nonce: g.Nonce, Scopes: g.Scopes, AuthTime: v.authTime}
	return p.seal(t, grantLifetime), nil
}

// Exchange gives the tokens for an authorization code, once: a code that comes again ends the session that the
// first one made, as one of the two was stolen. Errors: NotAuthorized, which is OAuth's invalid_grant.
func (p *Pool) Exchange(ctx context.Context, c Caller, code, redirectURI, verifier string) (_ *Tokens, err error) {
	who := ""
	defer func() { p.record(ctx, c, "Exchange", who, OutcomeOK, err) }()
	if err := p.knows(c); err != nil {
		return nil, err
	}
	t, err := p.open(code, c, stepGrant)
	if err != nil || t.Code == nil {
		return nil, refuse(NotAuthorized, "the code is not valid, or its time has passed")
	}
	who = t.User
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if subtle.ConstantTimeCompare([]byte(challenge), []byte(t.Code.Challenge)) != 1 || redirectURI != t.Code.RedirectURI {
		return nil, refuse(NotAuthorized, "the code_verifier or the redirect_uri does not belong to the code")
	}
	tokens, err := p.begin(ctx, t, strings.Join(t.Code.Scopes, " "), t.Code.Nonce)
	if err != nil {
		if used, readErr := p.documents.Get(ctx, sessionDocument(t.User, t.Origin), new(session)); used || readErr != nil {
			err = firstError(readErr, p.endSession(ctx, t.User, t.Origin, ""), err)
		}
		return nil, err
	}
	return tokens, nil
}
