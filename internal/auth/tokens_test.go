package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"freshet"
)

const testIssuer = "https://id.example.com/pool"

type claims = map[string]any

var quiet = slog.New(slog.DiscardHandler)

// signer is a private key of an issuer.
type signer struct {
	kid string
	alg jose.SignatureAlgorithm
	key crypto.Signer
}

func (s signer) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: s.key.Public(), KeyID: s.kid, Algorithm: string(s.alg), Use: "sig"}
}

// sign makes a token with some claims.
func (s signer) sign(t testing.TB, c claims) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.signBytes(t, payload, nil)
}

func (s signer) signBytes(t testing.TB, payload []byte, header map[jose.HeaderKey]any) string {
	t.Helper()
	key := jose.JSONWebKey{Key: s.key, KeyID: s.kid}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := made.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Keys that tests share, for RSA keys take a while to make.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	otherRSA = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	weakRSA  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1024)) })
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func ecKey(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }

func rs256(kid string) signer { return signer{kid, jose.RS256, rsaKey()} }

func encodeSet(t testing.TB, keys ...jose.JSONWebKey) []byte {
	t.Helper()
	body, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// keyFile writes a JWK set.
func keyFile(t testing.TB, keys ...jose.JSONWebKey) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, encodeSet(t, keys...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// trust gives an issuer that is believed for the app "web".
func trust(jwks string) Issuer {
	return Issuer{URL: testIssuer, JWKS: jwks, ClientIDs: []string{"web"}}
}

func newTokens(t testing.TB, c *clock, issuers ...Issuer) *Tokens {
	t.Helper()
	tokens, err := NewTokens(issuers, nil, c.now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// of gives the usual claims with some changed; nil takes one away.
func of(c *clock, changes claims) claims {
	now := c.now().Unix()
	all := claims{"iss": testIssuer, "sub": "sub-of-ana", "aud": "web", "client_id": "web", "exp": now + 3600, "iat": now}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

func TestCheck(t *testing.T) {
	c := newClock()
	key := rs256("k1")
	tokens := newTokens(t, c, trust(keyFile(t, key.public())))
	token := key.sign(t, of(c, claims{"username": "ana", "token_use": "access", "cognito:groups": []string{"admins"}}))
	want := freshet.Identity{
		Name:      "user ana of " + testIssuer,
		Providers: []freshet.Provider{freshet.OIDC},
		Claims: claims{
			"iss": testIssuer, "sub": "sub-of-ana", "aud": "web", "client_id": "web", "username": "ana", "token_use": "access", "cognito:groups": []any{"admins"},
			"exp": float64(c.now().Unix() + 3600), "iat": float64(c.now().Unix()),
		},
	}
	for _, form := range []string{token, "Bearer " + token, "bearer  " + token, "BEARER " + token, " " + token + " "} {
		got, expires, err := tokens.Check(t.Context(), form)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%.20q: %v (-want +got):\n%s", form, err, diff)
		}
		if !expires.Equal(c.now().Add(time.Hour)) {
			t.Errorf("%.20q: expires %v", form, expires)
		}
	}
	// A token in the cache expires like any other.
	c.advance(time.Hour - time.Second)
	if _, _, err := tokens.Check(t.Context(), token); err != nil {
		t.Errorf("a second before it expires: %v", err)
	}
	c.advance(time.Second)
	for range 2 {
		_, _, err := tokens.Check(t.Context(), token)
		wantCode(t, err, freshet.Unauthenticated, "the token has expired")
	}
}

func TestAlgorithms(t *testing.T) {
	c := newClock()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256 := ecKey(elliptic.P256())
	signers := []signer{
		{"rs256", jose.RS256, rsaKey()},
		{"rs384", jose.RS384, rsaKey()},
		{"rs512", jose.RS512, rsaKey()},
		{"ps256", jose.PS256, rsaKey()},
		{"ps384", jose.PS384, rsaKey()},
		{"ps512", jose.PS512, rsaKey()},
		{"es256", jose.ES256, p256},
		{"es384", jose.ES384, ecKey(elliptic.P384())},
		{"es512", jose.ES512, ecKey(elliptic.P521())},
		{"eddsa", jose.EdDSA, ed},
	}
	var set []jose.JSONWebKey
	for _, s := range signers {
		set = append(set, s.public())
	}
	tokens := newTokens(t, c, trust(keyFile(t, set...)))
	for _, s := range signers {
		if _, _, err := tokens.Check(t.Context(), s.sign(t, of(c, nil))); err != nil {
			t.Errorf("%s: %v", s.alg, err)
		}
		s.kid = "" // the token does not say which key
		if _, _, err := tokens.Check(t.Context(), s.sign(t, of(c, nil))); err != nil {
			t.Errorf("%s without a key id: %v", s.alg, err)
		}
	}
	// The key's algorithm holds, whatever the token says.
	for _, s := range []signer{{"rs256", jose.PS256, rsaKey()}, {"rs256", jose.RS512, rsaKey()}, {"eddsa", jose.ES256, p256}, {"es384", jose.ES256, p256}} {
		_, _, err := tokens.Check(t.Context(), s.sign(t, of(c, nil)))
		wantCode(t, err, freshet.Unauthenticated, "the token's signature is wrong")
	}
}

// forge makes a token by hand, with the HMAC of a secret as its signature.
func forge(t testing.TB, header string, c claims, secret []byte) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode(payload)
	if secret == nil {
		return text + "."
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

// publicForms gives the texts of a public key that someone might take for a shared secret.
func publicForms(t testing.TB, key signer) [][]byte {
	t.Helper()
	der := must(x509.MarshalPKIXPublicKey(key.key.Public()))
	jwk := key.public()
	return [][]byte{der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), must(jwk.MarshalJSON()), key.key.Public().(*rsa.PublicKey).N.Bytes()}
}

func TestForgedTokens(t *testing.T) {
	c := newClock()
	key := rs256("k1")
	tokens := newTokens(t, c, trust(keyFile(t, key.public(), jose.JSONWebKey{Key: []byte("a shared secret of 32 characters"), KeyID: "oct", Algorithm: "HS256"})))
	good := key.sign(t, of(c, claims{"username": "ana"}))
	parts := strings.Split(good, ".")
	for _, secret := range append(publicForms(t, key), []byte("a shared secret of 32 characters")) {
		for _, header := range []string{`{"alg":"HS256","kid":"k1"}`, `{"alg":"HS256"}`, `{"alg":"HS256","kid":"oct"}`} {
			_, _, err := tokens.Check(t.Context(), forge(t, header, of(c, nil), secret))
			wantCode(t, err, freshet.Unauthenticated, `the token's algorithm "HS256" is not accepted`)
		}
		_, _, err := tokens.Check(t.Context(), forge(t, `{"alg":"RS256","kid":"k1"}`, of(c, nil), secret))
		wantCode(t, err, freshet.Unauthenticated, "the token's signature is wrong")
	}
	own := jose.JSONWebKey{Key: otherRSA().Public(), KeyID: "k1"}
	embedded := signer{"k1", jose.RS256, otherRSA()}.signBytes(t, must(json.Marshal(of(c, nil))), map[jose.HeaderKey]any{"jwk": own})
	encode := base64.RawURLEncoding.EncodeToString
	for name, forged := range map[string]struct{ token, want string }{
		"none":               {forge(t, `{"alg":"none"}`, of(c, nil), nil), `the token's algorithm "none" is not accepted`},
		"none in capitals":   {forge(t, `{"alg":"NONE","kid":"k1"}`, of(c, nil), nil), "is not accepted"},
		"no algorithm":       {forge(t, `{"kid":"k1"}`, of(c, nil), nil), `the token's algorithm "" is not accepted`},
		"no signature":       {parts[0] + "." + parts[1] + ".", "the token's signature is wrong"},
		"other claims":       {parts[0] + "." + encode(must(json.Marshal(of(c, claims{"username": "bob"})))) + "." + parts[2], "the token's signature is wrong"},
		"other header":       {encode([]byte(`{"alg":"RS256","kid":"k1","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2], "the token's signature is wrong"},
		"other key, same id": {signer{"k1", jose.RS256, otherRSA()}.sign(t, of(c, nil)), "the token's signature is wrong"},
		"key in the header":  {embedded, "the token's signature is wrong"},
		"other key":          {signer{"k2", jose.RS256, otherRSA()}.sign(t, of(c, nil)), "the token is not signed with a key of its issuer"},
		"other key, no id":   {signer{"", jose.RS256, otherRSA()}.sign(t, of(c, nil)), "the token is not signed with a key of its issuer"},
		"extension":          {key.signBytes(t, must(json.Marshal(of(c, nil))), map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": true}), "extensions (crit)"},
		"empty":              {"", "no signed JWT that can be read"},
		"word":               {"token", "no signed JWT that can be read"},
		"only Bearer":        {"Bearer ", "no signed JWT that can be read"},
		"four parts":         {good + ".x", "no signed JWT that can be read"},
		"white space":        {parts[0] + ". " + parts[1] + "." + parts[2], "no signed JWT that can be read"},
		"JSON form":          {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "no signed JWT that can be read"},
		"claims a list":      {key.signBytes(t, []byte(`[]`), nil), "the token's claims cannot be read"},
		"claims null":        {key.signBytes(t, []byte(`null`), nil), `tokens of the issuer "" are not accepted`},
	} {
		_, _, err := tokens.Check(t.Context(), forged.token)
		if wantCode(t, err, freshet.Unauthenticated, forged.want); t.Failed() {
			t.Fatalf("(%s)", name)
		}
	}
	_, _, err := tokens.Check(t.Context(), strings.Repeat("x", maxToken+1))
	wantCode(t, err, freshet.TooLarge, "the token has 16385 bytes; the limit is 16384")
	if _, _, err := tokens.Check(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestClaims holds which claims a token may have and which not.
func TestClaims(t *testing.T) {
	c := newClock()
	now := c.now().Unix()
	key := rs256("k1")
	web := newTokens(t, c, trust(keyFile(t, key.public())))
	const otherApp = `the token is for another app; this server takes those for the client id ["web"]`
	for _, test := range []struct {
		changes      claims
		wrong        string        // empty: nothing
		name         string        // of the identity; empty: not looked at
		expiresAfter time.Duration // 0: not looked at
	}{
		// The client.
		{changes: claims{}, wrong: otherApp},
		{changes: claims{"token_use": "access", "client_id": "web"}},
		{changes: claims{"token_use": "access", "client_id": "app"}, wrong: otherApp},
		{changes: claims{"token_use": "access", "aud": "web"}, wrong: otherApp},
		{changes: claims{"token_use": "access", "azp": "web"}, wrong: otherApp},
		{changes: claims{"token_use": "access", "client_id": []string{"web"}}, wrong: otherApp},
		{changes: claims{"token_use": "id", "aud": "web"}},
		{changes: claims{"token_use": "id", "aud": []string{"app", "web"}}},
		{changes: claims{"token_use": "id", "aud": "app"}, wrong: otherApp},
		{changes: claims{"token_use": "id", "aud": []string{}}, wrong: otherApp},
		{changes: claims{"token_use": "id", "aud": claims{"web": "web"}}, wrong: otherApp},
		{changes: claims{"token_use": "id", "client_id": "web"}, wrong: otherApp},
		{changes: claims{"token_use": "id"}, wrong: otherApp},
		{changes: claims{"aud": "web"}},
		{changes: claims{"aud": []any{1, "web"}}},
		{changes: claims{"aud": "app", "client_id": "web"}},
		{changes: claims{"aud": "app", "azp": "web"}},
		{changes: claims{"aud": "app", "azp": "app", "client_id": "app"}, wrong: otherApp},
		{changes: claims{"aud": "website"}, wrong: otherApp},
		{changes: claims{"token_use": "refresh", "aud": "web"}, wrong: "neither an access token nor an id token"},
		{changes: claims{"token_use": 1, "aud": "web"}, wrong: "neither an access token nor an id token"},
		// The issuer.
		{changes: claims{"iss": nil, "aud": "web"}, wrong: `tokens of the issuer "" are not accepted`},
		{changes: claims{"iss": testIssuer + "/", "aud": "web"}, wrong: `the token's issuer is "https://id.example.com/pool/", and --oidc has it with another / at its end`},
		{changes: claims{"iss": []string{testIssuer}, "aud": "web"}, wrong: `tokens of the issuer ""`},
		{changes: claims{"iss": nil, "ISS": testIssuer, "aud": "web"}, wrong: `tokens of the issuer ""`},
		{changes: claims{"iss": strings.Repeat("x", 500), "aud": "web"}, wrong: `xx..." are not accepted`},
		// The times.
		{changes: claims{"exp": nil, "aud": "web"}, wrong: "does not say when it expires (exp)"},
		{changes: claims{"exp": "2030", "aud": "web"}, wrong: "does not say when it expires (exp)"},
		{changes: claims{"exp": now, "aud": "web"}, wrong: "the token has expired"},
		{changes: claims{"exp": -1e300, "aud": "web"}, wrong: "the token has expired"},
		{changes: claims{"exp": now + 1, "aud": "web"}, expiresAfter: time.Second},
		{changes: claims{"exp": float64(now) + 1.5, "aud": "web"}, expiresAfter: time.Second},
		{changes: claims{"exp": 1e300, "aud": "web"}},
		{changes: claims{"nbf": now + 60, "aud": "web"}},
		{changes: claims{"nbf": now + 61, "aud": "web"}, wrong: "the token is not valid yet (nbf)"},
		{changes: claims{"nbf": "soon", "aud": "web"}, wrong: "the token's nbf is no time"},
		{changes: claims{"iat": now + 60, "aud": "web"}},
		{changes: claims{"iat": now + 61, "aud": "web"}, wrong: "the token is not valid yet (iat)"},
		{changes: claims{"iat": nil, "aud": "web"}},
		// The user.
		{changes: claims{"username": "ana", "cognito:username": "a", "aud": "web"}, name: "user ana"},
		{changes: claims{"cognito:username": "ana", "aud": "web"}, name: "user ana"},
		{changes: claims{"username": 1, "aud": "web"}, name: "user sub-of-ana"},
		{changes: claims{"sub": nil, "aud": "web"}, wrong: "the token does not say whose it is (sub)"},
		{changes: claims{"sub": 17, "aud": "web"}, wrong: "the token does not say whose it is (sub)"},
		{changes: claims{"sub": "", "username": "", "aud": "web"}, wrong: "the token does not say whose it is (sub)"},
		{changes: claims{"events": claims{"http://schemas.openid.net/event/backchannel-logout": claims{}}, "aud": "web"}, wrong: "tells of events"},
	} {
		changes := claims{"aud": nil, "client_id": nil}
		maps.Copy(changes, test.changes)
		id, expires, err := web.Check(t.Context(), key.sign(t, of(c, changes)))
		if test.wrong != "" {
			wantCode(t, err, freshet.Unauthenticated, test.wrong)
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", test.changes, err)
			continue
		}
		if want := test.expiresAfter; want != 0 && !expires.Equal(c.now().Add(want)) {
			t.Errorf("%v: expires %v", test.changes, expires)
		}
		if want := test.name + " of " + testIssuer; test.name != "" && id.Name != want {
			t.Errorf("%v: name %q", test.changes, id.Name)
		}
	}
}

// TestTypes takes what proves who somebody is, and nothing else that an issuer signs with the same key.
func TestTypes(t *testing.T) {
	c := newClock()
	key := rs256("k1")
	tokens := newTokens(t, c, trust(keyFile(t, key.public())))
	for typ, good := range map[any]bool{
		"JWT": true, "jwt": true, "at+jwt": true, "application/at+jwt": true, "AT+JWT": true, "": true,
		"logout+jwt": false, "secevent+jwt": false, "dpop+jwt": false, "oauth-authz-req+jwt": false, "JOSE": false, "application/jwt/x": false, 1: false,
	} {
		_, _, err := tokens.Check(t.Context(), key.signBytes(t, must(json.Marshal(of(c, nil))), map[jose.HeaderKey]any{jose.HeaderType: typ}))
		if good && err != nil {
			t.Errorf("%v: %v", typ, err)
		} else if !good {
			wantCode(t, err, freshet.Unauthenticated, "does not prove who somebody is (typ)")
		}
	}
}

// TestAPIs holds that an access token of RFC 9068 is for an API, whichever app has it.
func TestAPIs(t *testing.T) {
	c := newClock()
	key := rs256("k1")
	tokens := newTokens(t, c, trust(keyFile(t, key.public())))
	for aud, good := range map[string]bool{"web": true, "another": false} {
		body := must(json.Marshal(of(c, claims{"aud": aud, "client_id": "web", "azp": "web"})))
		for typ, good := range map[string]bool{"at+jwt": good, "JWT": true} {
			_, _, err := tokens.Check(t.Context(), key.signBytes(t, body, map[jose.HeaderKey]any{jose.HeaderType: typ}))
			if good != (err == nil) {
				t.Errorf("a %s for %s: %v", typ, aud, err)
			}
		}
	}
}

// TestClients takes tokens for each app that was given, and for no other.
func TestClients(t *testing.T) {
	c := newClock()
	key := rs256("k1")
	tokens := newTokens(t, c, Issuer{URL: testIssuer, JWKS: keyFile(t, key.public()), ClientIDs: []string{"web", "phone"}})
	for client, good := range map[string]bool{"web": true, "phone": true, "webphone": false, "": false} {
		_, _, err := tokens.Check(t.Context(), key.sign(t, of(c, claims{"aud": client, "client_id": nil})))
		if good != (err == nil) {
			t.Errorf("%q: %v", client, err)
		}
	}
}

func TestTimeOf(t *testing.T) {
	for value, want := range map[any]string{
		0.0: "1970-01-01T00:00:00Z", -1.0: "1970-01-01T00:00:00Z", 1795262400.9: "2026-11-21T12:00:00Z", 1e300: "9999-12-31T23:59:59Z",
	} {
		if got, ok := timeOf(value); !ok || got.Format(time.RFC3339) != want {
			t.Errorf("%v: %v, %v", value, got, ok)
		}
	}
	for _, value := range []any{nil, "1795262400", true} {
		if got, ok := timeOf(value); ok {
			t.Errorf("%v: %v", value, got)
		}
	}
}

// TestIssuersApart: the key of one issuer does not sign for another.
func TestIssuersApart(t *testing.T) {
	c := newClock()
	a, b := rs256("k"), signer{"k", jose.RS256, otherRSA()}
	tokens := newTokens(t, c,
		Issuer{URL: "https://a", JWKS: keyFile(t, a.public()), ClientIDs: []string{"web"}, Provider: freshet.UserPools},
		Issuer{URL: "https://b", JWKS: keyFile(t, b.public()), ClientIDs: []string{"web"}})
	for _, test := range []struct {
		signer   signer
		iss      string
		provider freshet.Provider // empty: refused
	}{{a, "https://a", freshet.UserPools}, {b, "https://b", freshet.OIDC}, {a, "https://b", ""}, {b, "https://a", ""}} {
		id, _, err := tokens.Check(t.Context(), test.signer.sign(t, of(c, claims{"iss": test.iss})))
		if test.provider == "" {
			wantCode(t, err, freshet.Unauthenticated, "the token's signature is wrong")
		} else if diff := cmp.Diff([]freshet.Provider{test.provider}, id.Providers); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.iss, err, diff)
		}
	}
	_, _, err := newTokens(t, c).Check(t.Context(), a.sign(t, of(c, nil)))
	wantCode(t, err, freshet.Unauthenticated, "are not accepted by this server")
}

func TestNewTokens(t *testing.T) {
	c := newClock()
	good := keyFile(t, rs256("k").public())
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "jwks.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	web := []string{"web"}
	enc := rs256("k").public()
	enc.Use = "enc"
	for name, test := range map[string]struct {
		issuers []Issuer
		want    string
	}{
		"twice":             {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: good}, {URL: "https://a", ClientIDs: web, JWKS: good}}, "the issuer https://a stands twice"},
		"no URL":            {[]Issuer{{JWKS: good}}, "an issuer has no URL"},
		"no client id":      {[]Issuer{{URL: "https://a", JWKS: good}}, "the issuer https://a: client_id is missing"},
		"no file":           {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: "/nonexistent/jwks.json"}}, "no such file"},
		"a directory":       {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: t.TempDir()}}, "is a directory"},
		"no JSON":           {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: write("hello")}}, "it is no JWK set"},
		"no keys":           {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: write(`{"keys":[]}`)}}, "it holds no usable key"},
		"unknown keys":      {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: write(`{"keys":[{"kty":"new"},{"kty":"OKP","crv":"X25519","x":"AAAA"},1,null]}`)}}, "no usable key"},
		"a shared secret":   {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: keyFile(t, jose.JSONWebKey{Key: make([]byte, 64)})}}, "no usable key"},
		"a private key":     {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: keyFile(t, jose.JSONWebKey{Key: rsaKey()})}}, "no usable key"},
		"a short key":       {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: keyFile(t, jose.JSONWebKey{Key: weakRSA().Public()})}}, "RSA key of 2048 bits or more"},
		"for encryption":    {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: keyFile(t, enc)}}, "no usable key"},
		"another algorithm": {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: keyFile(t, jose.JSONWebKey{Key: rsaKey().Public(), Algorithm: "RSA-OAEP"})}}, "no usable key"},
		"too large":         {[]Issuer{{URL: "https://a", ClientIDs: web, JWKS: write(strings.Repeat(" ", maxKeySet+1))}}, "it has more than 1048576 bytes"},
	} {
		_, err := NewTokens(test.issuers, nil, c.now, quiet)
		if freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	// A usable key among others is used; an issuer with its keys at an address is not asked yet.
	mixed := write(`{"keys":[{"kty":"new"},` + string(must(json.Marshal(rs256("k").public()))) + `]}`)
	tokens := newTokens(t, c, trust(mixed), Issuer{URL: "https://nobody.invalid", ClientIDs: web})
	if _, _, err := tokens.Check(t.Context(), rs256("k").sign(t, of(c, nil))); err != nil {
		t.Error(err)
	}
}

func FuzzTokenCheck(f *testing.F) {
	c := newClock()
	key := rs256("k1")
	tokens := newTokens(f, c, trust(keyFile(f, key.public())))
	expired := key.sign(f, of(c, claims{"exp": 1}))
	f.Add(expired)
	f.Add("Bearer " + expired)
	f.Add(signer{"k1", jose.RS256, otherRSA()}.sign(f, of(c, nil)))
	f.Add(signer{"", jose.ES256, ecKey(elliptic.P256())}.sign(f, of(c, nil)))
	f.Add(forge(f, `{"alg":"none"}`, of(c, nil), nil))
	f.Add(forge(f, `{"alg":"HS256","kid":"k1"}`, of(c, nil), publicForms(f, key)[0]))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		id, _, err := tokens.Check(t.Context(), token)
		if err == nil {
			t.Errorf("accepted %q: %+v", token, id)
		}
		if code := freshet.CodeOf(err); code != freshet.Unauthenticated && code != freshet.TooLarge {
			t.Errorf("%q: %s: %v", token, code, err)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	c := newClock()
	key := rs256("k1")
	tokens := newTokens(b, c, trust(keyFile(b, key.public())))
	token := key.sign(b, of(c, claims{"username": "ana", "token_use": "access", "jti": strings.Repeat("x", 300)}))
	check := func(b *testing.B, tokens *Tokens) {
		if _, _, err := tokens.Check(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			check(b, tokens)
		}
	})
	b.Run("verified", func(b *testing.B) {
		for b.Loop() {
			check(b, &Tokens{issuers: tokens.issuers, now: tokens.now})
		}
	})
}
