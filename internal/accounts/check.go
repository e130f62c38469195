package accounts

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"freshet"
)

const (
	maxToken = 16 << 10 // bytes
	leeway   = time.Minute
)

// verifiedToken is what a token of this pool says.
type verifiedToken struct {
	identity      freshet.Identity
	use           string // access or id
	user, session string
	scope         string
	authTime      time.Time
	expires       time.Time
}

// Check gives the identity that an access token of this pool proves, and when the token expires. A token whose
// session has ended, or whose user is disabled, deleted or has another password, is refused. The identity's claims
// are shared and must not be changed. Errors: NotAuthorized.
func (p *Pool) Check(ctx context.Context, accessToken string) (freshet.Identity, time.Time, error) {
	v, err := p.check(ctx, accessToken, "access")
	return v.identity, v.expires, err
}

// CheckID is Check for ID tokens.
func (p *Pool) CheckID(ctx context.Context, idToken string) (freshet.Identity, time.Time, error) {
	v, err := p.check(ctx, idToken, "id")
	return v.identity, v.expires, err
}

// bearer gives the user of an access token that may look after its own account.
func (p *Pool) bearer(ctx context.Context, accessToken string) (verifiedToken, *user, error) {
	v, err := p.check(ctx, accessToken, "access")
	if err != nil {
		return v, nil, err
	}
	if !slices.Contains(strings.Fields(v.scope), userScope) {
		return v, nil, refuse(NotAuthorized, "Access Token does not have required scopes")
	}
	u, err := p.load(ctx, v.user)
	if err == nil && u.ghost {
		err = errAccessToken
	}
	return v, u, err
}

// owner is bearer for an operation: that a token was refused is on record.
func (p *Pool) owner(ctx context.Context, c Caller, what, accessToken string) (verifiedToken, *user, error) {
	v, u, err := p.bearer(ctx, accessToken)
	if err != nil {
		p.record(ctx, c, what, v.user, "", err)
	}
	return v, u, err
}

func (p *Pool) check(ctx context.Context, token, use string) (verifiedToken, error) {
	if len(token) > maxToken {
		return verifiedToken{}, errInvalidToken
	}
	now := p.config.Now()
	v, found := p.verified.Get(token, now)
	if !found {
		var err error
		if v, err = p.verify(ctx, token, now); err != nil {
			return verifiedToken{}, err
		}
		p.verified.Put(token, v, v.expires)
	}
	if v.use != use {
		return verifiedToken{}, refuse(NotAuthorized, "The token is no %s token.", use)
	}
	if err := p.alive(ctx, v.user, v.session); err != nil {
		return verifiedToken{}, err
	}
	return v, nil
}

// alive refuses sessions that are over.
func (p *Pool) alive(ctx context.Context, userID, sessionID string) error {
	now := p.config.Now()
	known, changes := p.live.get(userID, sessionID, now)
	if known {
		return nil
	}
	var s session
	var u user
	d := sessionDocument(userID, sessionID)
	found, err := p.documents.Get(ctx, d, &s)
	if err != nil {
		return err
	}
	known, err = p.documents.Get(ctx, userDocument(userID), &u)
	if err != nil {
		return err
	}
	if !found || !known || s.over(&u, now) {
		return errAccessToken
	}
	p.live.put(userID, sessionID, now.Add(p.config.Recheck), changes)
	return nil
}

// verify checks the signature and the claims of a token. Of one that this pool did not sign nothing is parsed.
func (p *Pool) verify(ctx context.Context, token string, now time.Time) (verifiedToken, error) {
	header, _, _ := strings.Cut(token, ".")
	key, err := p.keys.verifying(ctx, header)
	if err != nil {
		return verifiedToken{}, err
	}
	body, right := key.verify(token)
	var claims map[string]any
	if !right || json.Unmarshal(body, &claims) != nil {
		return verifiedToken{}, errInvalidToken
	}
	return p.admit(claims, now)
}

// admit checks the claims of a token that this pool signed.
func (p *Pool) admit(claims map[string]any, now time.Time) (verifiedToken, error) {
	text := func(name string) string { value, _ := claims[name].(string); return value }
	seconds := func(name string) time.Time {
		value, _ := claims[name].(float64)
		return time.Unix(int64(value), 0).UTC()
	}
	v := verifiedToken{use: text("token_use"), user: text("sub"), session: text("origin_jti"), scope: text("scope"), authTime: seconds("auth_time"), expires: seconds("exp")}
	name, client := text("username"), text("client_id")
	if v.use == "id" {
		name, client = text("cognito:username"), text("aud")
	}
	switch {
	case text("iss") != p.config.Issuer, v.user == "", v.session == "", name == "", !slices.Contains(p.config.Clients, client):
		return verifiedToken{}, errInvalidToken
	case !now.Before(v.expires):
		return verifiedToken{}, refuse(NotAuthorized, "Access Token has expired")
	case now.Add(leeway).Before(seconds("iat")):
		return verifiedToken{}, errInvalidToken
	}
	v.identity = freshet.Identity{Name: identityName(name), Providers: []freshet.Provider{freshet.UserPools}, Claims: claims}
	return v, nil
}
