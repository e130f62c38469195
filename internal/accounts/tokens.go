package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Tokens is what a sign-in comes to.
type Tokens struct {
	Access    string
	ID        string // empty for an OAuth grant without the scope openid
	Refresh   string // empty where the old one stays
	ExpiresIn time.Duration
	Scope     string
	NewDevice *NewDevice // nil: the device is known, or none are
}

// mint makes the tokens of a session. Groups and attributes are those of now; a token keeps them for its life.
func (p *Pool) mint(ctx context.Context, u *user, sessionID string, s *session, nonce string) (*Tokens, error) {
	now := p.now()
	event := uuid.NewString()
	common := func(use string, life time.Duration) map[string]any {
		claims := map[string]any{
			"sub": u.ID, "iss": p.config.Issuer, "origin_jti": sessionID, "event_id": event, "token_use": use,
			"auth_time": s.AuthTime.Unix(), "iat": now.Unix(), "exp": now.Add(life).Unix(), "jti": uuid.NewString(),
		}
		if len(u.Groups) > 0 {
			claims["cognito:groups"] = u.Groups
		}
		return claims
	}
	access := common("access", p.config.AccessLifetime)
	access["client_id"], access["scope"], access["username"] = s.Client, s.Scope, u.Name
	if s.Device != "" {
		access["device_key"] = s.Device
	}

	tokens := &Tokens{ExpiresIn: p.config.AccessLifetime, Scope: s.Scope}
	scopes := strings.Fields(s.Scope)
	var id map[string]any
	if slices.Contains(scopes, "openid") || slices.Contains(scopes, userScope) {
		id = common("id", p.config.IDLifetime)
		p.describe(id, u, s, nonce)
	}
	key, err := p.keys.current(ctx)
	if err != nil {
		return nil, err
	}
	var failed error
	err = p.sums.do(ctx, func() {
		if tokens.Access, failed = key.sign(access); failed == nil && id != nil {
			id["at_hash"] = hashOf(tokens.Access)
			tokens.ID, failed = key.sign(id)
		}
	})
	return tokens, firstError(err, failed)
}

// describe puts into an ID token what is known of its user, as far as the session's scopes show it.
func (p *Pool) describe(claims map[string]any, u *user, s *session, nonce string) {
	for name, value := range u.Attributes {
		switch {
		case !shows(s.Scope, name):
		case name == attrEmailVerified, name == attrPhoneVerified:
			claims[name] = value == "true"
		default:
			claims[name] = value
		}
	}
	claims["aud"], claims["cognito:username"] = s.Client, u.Name
	if nonce != "" {
		claims["nonce"] = nonce
	}
}

// hashOf gives the at_hash of an access token that RS256 signs: OpenID Connect Core, 3.1.3.6. By it an app knows that
// the two tokens belong together.
func hashOf(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
