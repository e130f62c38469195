package accounts

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"freshet"
)

// claims gives what a token says, whoever signed it.
func (f *fixture) claims(token string) map[string]any {
	f.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		f.t.Fatalf("the token has %d parts", len(parts))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	f.must(err)
	var claims map[string]any
	f.must(json.Unmarshal(body, &claims))
	return claims
}

func TestTokens(t *testing.T) {
	f := newFixture(t)
	id := f.user("ana")
	for _, name := range []string{"editors", "admins"} {
		_, err := f.CreateGroup(t.Context(), operator, Group{Name: name})
		f.must(err)
		f.must(f.AdminAddUserToGroup(t.Context(), operator, "ana", name))
	}
	f.must(f.AdminUpdateUserAttributes(t.Context(), operator, "ana", []Attribute{{"custom:team", "red"}, {"phone_number", "+49123"}, {"phone_number_verified", "true"}}))
	tokens := f.tokens("ana")
	if tokens.ExpiresIn != time.Hour || tokens.Refresh == "" {
		t.Errorf("%+v", tokens)
	}
	access, idToken := f.claims(tokens.Access), f.claims(tokens.ID)
	now := float64(f.now().Unix())
	for _, claims := range []map[string]any{access, idToken} {
		for _, name := range []string{"jti", "origin_jti", "event_id"} {
			if text, _ := claims[name].(string); !isUUID(text) {
				t.Errorf("%s is %v", name, claims[name])
			}
		}
	}
	if access["origin_jti"] != idToken["origin_jti"] || access["event_id"] != idToken["event_id"] || access["jti"] == idToken["jti"] {
		t.Errorf("%v and %v", access, idToken)
	}
	for _, claims := range []map[string]any{access, idToken} {
		delete(claims, "jti")
		delete(claims, "origin_jti")
		delete(claims, "event_id")
	}
	common := map[string]any{"sub": id, "iss": "https://id.test", "iat": now, "auth_time": now, "exp": now + 3600, "cognito:groups": []any{"admins", "editors"}}
	with := func(more map[string]any) map[string]any {
		for name, value := range common {
			more[name] = value
		}
		return more
	}
	if diff := cmp.Diff(with(map[string]any{"token_use": "access", "client_id": "web", "username": "ana", "scope": userScope}), access); diff != "" {
		t.Errorf("access token (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(with(map[string]any{
		"token_use": "id", "aud": "web", "cognito:username": "ana", "email": "ana@example.com", "email_verified": true,
		"custom:team": "red", "at_hash": hashOf(tokens.Access), "phone_number": "+49123", "phone_number_verified": true,
	}), idToken); diff != "" {
		t.Errorf("ID token (-want +got):\n%s", diff)
	}

	identity, expires, err := f.Check(t.Context(), tokens.Access)
	if err != nil || identity.Name != "user ana" || !identity.Has(freshet.UserPools) || identity.System || identity.Claims["sub"] != id || !expires.Equal(testStart.Add(time.Minute+time.Hour)) {
		t.Errorf("%+v until %v, %v", identity, expires, err)
	}
	f.want("ID token as access token", f.checks(tokens.ID), NotAuthorized)
	_, _, err = f.CheckID(t.Context(), tokens.ID)
	f.want("ID token", err, "")
	_, _, err = f.CheckID(t.Context(), tokens.Access)
	f.want("access token as ID token", err, NotAuthorized)
	f.clock.advance(time.Hour - time.Millisecond)
	f.want("a little before its end", f.checks(tokens.Access), "")
	f.clock.advance(time.Millisecond)
	f.want("at its end", f.checks(tokens.Access), NotAuthorized)
	_, _, err = f.open().Check(t.Context(), tokens.Access)
	f.want("at its end, not in the cache", err, NotAuthorized)
}

// sign makes a token with any header and key.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestCheckRefusals(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	key, err := f.keys.current(t.Context())
	f.must(err)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	f.must(err)
	parts := strings.Split(tokens.Access, ".")
	encode := func(value any) string {
		body, err := json.Marshal(value)
		f.must(err)
		return base64.RawURLEncoding.EncodeToString(body)
	}
	claims := func(changes map[string]any) map[string]any {
		c := f.claims(tokens.Access)
		for name, value := range changes {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
		return c
	}
	ours := func(changes map[string]any) string { return sign(t, jose.RS256, key.private, key.id, claims(changes)) }
	public, err := json.Marshal(jose.JSONWebKey{Key: key.private.Public()})
	f.must(err)
	headed := func(header map[string]any) string {
		token, err := (&signingKey{header: encode(header), private: key.private}).sign(claims(nil))
		f.must(err)
		return token
	}
	signature := []byte(parts[2])
	signature[10] ^= 1
	f.want("as it is made here", f.checks(ours(nil)), "")
	for name, token := range map[string]string{
		"none":            "",
		"rubbish":         "rubbish",
		"two parts":       parts[0] + "." + parts[1],
		"endless":         strings.Repeat("a", maxToken+1),
		"alg none":        encode(map[string]any{"alg": "none", "kid": key.id}) + "." + parts[1] + ".",
		"alg none signed": encode(map[string]any{"alg": "none", "kid": key.id}) + "." + parts[1] + "." + parts[2],
		"HS256":           sign(t, jose.HS256, public, key.id, claims(nil)),
		"PS256":           sign(t, jose.PS256, key.private, key.id, claims(nil)),
		"RS512":           sign(t, jose.RS512, key.private, key.id, claims(nil)),
		"another's key":   sign(t, jose.RS256, stranger, key.id, claims(nil)),
		"unknown key":     sign(t, jose.RS256, key.private, "other", claims(nil)),
		"no key id":       sign(t, jose.RS256, key.private, "", claims(nil)),
		"extensions":      headed(map[string]any{"alg": "RS256", "kid": key.id, "typ": "JWT", "crit": []string{"b64"}, "b64": false}),
		"another header":  headed(map[string]any{"alg": "RS256", "kid": key.id}),
		"header":          parts[0],
		"nothing signed":  parts[0] + "..",
		"a part more":     tokens.Access + ".",
		"padded":          tokens.Access + "=",
		"claims changed":  parts[0] + "." + encode(claims(map[string]any{"username": "bob"})) + "." + parts[2],
		"signature":       parts[0] + "." + parts[1] + "." + string(signature),
		"another issuer":  ours(map[string]any{"iss": "https://other.test"}),
		"another client":  ours(map[string]any{"client_id": "other"}),
		"no client":       ours(map[string]any{"client_id": nil, "aud": "web"}),
		"as ID token":     ours(map[string]any{"token_use": "id", "aud": "web", "cognito:username": "ana"}),
		"no use":          ours(map[string]any{"token_use": nil}),
		"expired":         ours(map[string]any{"exp": f.now().Unix()}),
		"no end":          ours(map[string]any{"exp": nil}),
		"end as text":     ours(map[string]any{"exp": "never"}),
		"not yet":         ours(map[string]any{"iat": f.now().Add(2 * leeway).Unix()}),
		"no user":         ours(map[string]any{"sub": nil}),
		"another user":    ours(map[string]any{"sub": "123e4567-e89b-42d3-a456-426614174000"}),
		"no session":      ours(map[string]any{"origin_jti": nil}),
		"no such session": ours(map[string]any{"origin_jti": "123e4567-e89b-42d3-a456-426614174000"}),
	} {
		id, _, err := f.Check(t.Context(), token)
		f.want(name, err, NotAuthorized)
		if id.Name != "" || id.Claims != nil {
			t.Errorf("%s: refused, and an identity came: %+v", name, id)
		}
	}
	f.want("without the scope for it", f.GlobalSignOut(t.Context(), app, ours(map[string]any{"scope": "openid"})), NotAuthorized)
	f.want("the true one", f.checks(tokens.Access), "")
}

func TestKeyRotation(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.RefreshLifetime = 365 * 24 * time.Hour })
	f.user("ana")
	other := f.open(func(c *Config) { c.RefreshLifetime = 365 * 24 * time.Hour })
	kids := func(p *Pool) []string {
		t.Helper()
		body, err := p.JWKS(t.Context())
		f.must(err)
		if strings.Contains(string(body), `"d"`) {
			t.Error("the key set holds private keys")
		}
		var set jose.JSONWebKeySet
		f.must(json.Unmarshal(body, &set))
		var ids []string
		for _, k := range set.Keys {
			if k.Use != "sig" || k.Algorithm != "RS256" || !k.IsPublic() || !k.Valid() {
				t.Errorf("the key %+v", k)
			}
			ids = append(ids, k.KeyID)
		}
		return ids
	}
	kid := func(token string) string {
		header, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		f.must(err)
		var h struct{ Kid, Alg, Typ string }
		f.must(json.Unmarshal(header, &h))
		if h.Alg != "RS256" {
			t.Errorf("the token's algorithm is %s", h.Alg)
		}
		return h.Kid
	}
	first := kids(f.Pool)
	old := f.tokens("ana")
	if len(first) != 1 || kid(old.Access) != first[0] {
		t.Fatalf("keys %q, signed with %s", first, kid(old.Access))
	}
	// The next key is seen an hour before it signs.
	f.clock.advance(f.config.KeyRotation - publishAhead)
	before := f.tokens("ana")
	second := kids(f.Pool)
	if len(second) != 2 || second[0] != first[0] || kid(before.Access) != first[0] {
		t.Fatalf("keys %q, signed with %s", second, kid(before.Access))
	}
	if got := kids(other); !slices.Equal(got, second) {
		t.Errorf("another server has %q, want %q", got, second)
	}
	f.clock.advance(publishAhead)
	after := f.tokens("ana")
	if kid(after.Access) != second[1] {
		t.Errorf("signed with %s", kid(after.Access))
	}
	_, _, err := other.Check(t.Context(), after.Access)
	f.want("at another server", err, "")
	last := f.tokens("ana")
	f.clock.advance(f.config.AccessLifetime - time.Second)
	f.want("signed by the new key", f.checks(last.Access), "")
	f.clock.advance(time.Second)
	if got := kids(f.Pool); !slices.Equal(got, second[1:]) {
		t.Errorf("an hour later the keys are %q", got)
	}

	// By hand it signs at once, and a server that does not know the key yet looks for it.
	f.must(f.RotateSigningKey(t.Context(), operator))
	third := f.tokens("ana")
	if slices.Contains(second, kid(third.Access)) {
		t.Error("signed with an old key")
	}
	f.clock.advance(rereadWait)
	_, _, err = other.Check(t.Context(), third.Access)
	f.want("at another server", err, "")
	if strings.Contains(f.store.String(), "PRIVATE") {
		t.Error("a private key lies open in the store")
	}
}

func TestOldTokensVerifyAfterRotation(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	f.must(f.RotateSigningKey(t.Context(), operator))
	f.clock.advance(time.Hour - time.Second)
	f.want("an old token", f.checks(tokens.Access), "")
	_, _, err := f.open().Check(t.Context(), tokens.Access)
	f.want("an old token, at another server", err, "")
}

func TestLiveCache(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	f.must(f.checks(tokens.Access))
	reads := f.store.Accesses()
	f.must(f.checks(tokens.Access))
	if f.store.Accesses() != reads {
		t.Error("the store was read again at once")
	}
	f.clock.advance(f.config.Recheck)
	f.must(f.checks(tokens.Access))
	if f.store.Accesses() == reads {
		t.Error("the store was not read again later")
	}

	// A session that was read before another one ended is not believed for that.
	var c liveCache
	_, removals := c.get("ana", "1", testStart)
	c.remove("ana", "1")
	c.put("ana", "1", testStart.Add(time.Hour), removals)
	if live, _ := c.get("ana", "1", testStart); live {
		t.Error("an ended session is believed")
	}
	_, removals = c.get("ana", "1", testStart)
	for i := range liveSize + 10 {
		c.put("ana", string(rune(i)), testStart.Add(time.Hour), removals)
	}
	if len(c.until) > liveSize {
		t.Errorf("the cache holds %d sessions", len(c.until))
	}
}
