package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"freshet/internal/api/control"
	"freshet/internal/auth"
	"freshet/internal/server"
)

// issuer is another server that gives tokens to its users.
type issuer struct {
	url string

	mu   sync.Mutex
	down bool
	keys []jose.JSONWebKey // published
}

func openIssuer(t *testing.T) *issuer {
	t.Helper()
	is := &issuer{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, map[string]string{"issuer": is.url, "jwks_uri": is.url + "/protocol/certs"})
	})
	mux.HandleFunc("GET /protocol/certs", func(w http.ResponseWriter, _ *http.Request) {
		is.mu.Lock()
		defer is.mu.Unlock()
		if is.down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		answer(t, w, jose.JSONWebKeySet{Keys: is.keys})
	})
	is.url = serveHandler(t, mux)
	return is
}

func newSigningKey(t *testing.T, id string) jose.JSONWebKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return jose.JSONWebKey{Key: private, KeyID: id, Algorithm: string(jose.ES256), Use: "sig"}
}

// publish says which keys count from now on.
func (is *issuer) publish(keys ...jose.JSONWebKey) {
	is.mu.Lock()
	defer is.mu.Unlock()
	is.keys = nil
	for _, key := range keys {
		is.keys = append(is.keys, key.Public())
	}
}

func (is *issuer) setDown(down bool) {
	is.mu.Lock()
	defer is.mu.Unlock()
	is.down = down
}

// token signs the usual claims of a user, for a day, changed by some; nil takes one away.
func (is *issuer) token(t *testing.T, key jose.JSONWebKey, changes map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": is.url, "sub": "17", "username": "ana", "aud": "shop", "iat": time.Now().Unix(), "exp": time.Now().Add(24 * time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return sign(t, jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, claims)
}

func sign(t *testing.T, key jose.SigningKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	check(t, err)
	body, err := json.Marshal(claims)
	check(t, err)
	signed, err := signer.Sign(body)
	check(t, err)
	token, err := signed.CompactSerialize()
	check(t, err)
	return token
}

// ask sends a document with a token, and gives the status and the body.
func (c *counter) ask(t *testing.T, token, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	check(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL()+"/graphql", strings.NewReader(string(body)))
	check(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(r)
	check(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(t, err)
	return fmt.Sprint(response.StatusCode, " ", string(text))
}

// openBesideIssuer opens a counter that believes an issuer's tokens for the app "shop" too.
func openBesideIssuer(t *testing.T, is *issuer, wall *clock) *counter {
	t.Helper()
	trusted, err := auth.ParseIssuer("issuer=" + is.url + ",client_id=shop")
	check(t, err)
	return openCounter(t, server.Config{Issuers: []auth.Issuer{trusted}, Now: wall.now})
}

const asksNothing = "{ __typename }"

// TestForeignTokens lets in who has a token of another issuer that is good now and for the right app, and nobody else;
// TestNamesakes holds what they reach.
func TestForeignTokens(t *testing.T) {
	is, key := openIssuer(t), newSigningKey(t, "first")
	is.publish(key)
	c := openBesideIssuer(t, is, &clock{})
	_, _, err := c.operator.CreateUser(t.Context(), control.NewUser{Name: "ana", Password: password})
	check(t, err)
	var signedIn struct {
		AuthenticationResult struct{ AccessToken, IdToken string }
	}
	c.cognito(t, "InitiateAuth", signInOf("ana"), &signedIn)
	own, foreign := signedIn.AuthenticationResult.AccessToken, is.token(t, key, nil)

	c.believes(t, "the own token", own)
	c.believes(t, "the issuer's", foreign)
	for name, changes := range map[string]map[string]any{
		"aud in a list":             {"aud": []string{"else", "shop"}},
		"no aud but a client id":    {"aud": nil, "client_id": "shop"},
		"no aud but azp":            {"aud": nil, "azp": "shop"},
		"as Keycloak has it":        {"aud": "account", "azp": "shop", "typ": "Bearer", "username": nil, "preferred_username": "ana"},
		"as Auth0 has it":           {"aud": []string{"shop", is.url + "/userinfo"}, "azp": "else", "sub": "auth0|17", "username": nil},
		"an access token of an app": {"token_use": "access", "client_id": "shop", "aud": nil},
		"an ID token for an app":    {"token_use": "id"},
		"an issuer's clock ahead":   {"iat": time.Now().Add(30 * time.Second).Unix(), "nbf": time.Now().Add(30 * time.Second).Unix()},
		"a token for long":          {"exp": 1e15},
	} {
		c.believes(t, name, is.token(t, key, changes))
	}

	stranger := newSigningKey(t, "first")
	public, err := key.Public().MarshalJSON()
	check(t, err)
	refused := map[string]string{
		"the own ID token":   signedIn.AuthenticationResult.IdToken,
		"another's key":      is.token(t, stranger, nil),
		"a shared secret":    sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: public, KeyID: "first"}}, map[string]any{"iss": is.url, "aud": "shop", "sub": "17", "exp": time.Now().Add(time.Hour).Unix()}),
		"a changed token":    foreign[:len(foreign)-8] + "AAAAAAAA",
		"the own issuer":     is.token(t, key, map[string]any{"iss": c.URL() + "/" + server.DefaultPool, "client_id": server.DefaultClient, "token_use": "access"}),
		"no signature":       strings.Join(strings.Split(foreign, ".")[:2], ".") + ".",
		"a token of nothing": "x.y.z",
	}
	for name, changes := range map[string]map[string]any{
		"another app":                       {"aud": "else"},
		"no app":                            {"aud": nil},
		"part of the app's name":            {"aud": "sho"},
		"an access token for another app":   {"token_use": "access", "client_id": "else"},
		"an access token with an aud alone": {"token_use": "access"},
		"an ID token for another app":       {"token_use": "id", "aud": "else", "client_id": "shop"},
		"a token for something else":        {"token_use": "refresh"},
		"a token_use that is no text":       {"token_use": 1},
		"another issuer":                    {"iss": "https://id.example"},
		"an address that looks alike":       {"iss": is.url + "/"},
		"no issuer":                         {"iss": nil},
		"an expired token":                  {"exp": time.Now().Add(-2 * time.Minute).Unix()},
		"a token for ever":                  {"exp": nil},
		"an expiry in words":                {"exp": "2099-01-01"},
		"an expiry as a text":               {"exp": fmt.Sprint(time.Now().Add(time.Hour).Unix())},
		"a sign-out":                        {"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}},
		"nobody's token":                    {"sub": nil, "username": nil},
		"a token for later":                 {"nbf": time.Now().Add(2 * time.Minute).Unix()},
		"a token from the future":           {"iat": time.Now().Add(2 * time.Minute).Unix()},
	} {
		refused[name] = is.token(t, key, changes)
	}
	for name, token := range refused {
		c.refusesToken(t, name, token)
	}
}

// TestForeignKeys follows an issuer that changes its keys, and one that cannot be reached.
func TestForeignKeys(t *testing.T) {
	var wall clock
	is, first, second := openIssuer(t), newSigningKey(t, "first"), newSigningKey(t, "second")
	is.setDown(true)
	c := openBesideIssuer(t, is, &wall)
	answers := func(when, want, token string) {
		t.Helper()
		if got := c.ask(t, token, asksNothing); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	old, young := is.token(t, first, nil), is.token(t, second, nil)

	answers("no key can be had", "503 ", old)
	is.publish(first)
	is.setDown(false)
	answers("nor is it asked again at once", "503 ", old)
	wall.advance(31 * time.Second)
	answers("the issuer is back", "200 ", old)
	answers("a key that is not published", "401 ", young)

	is.publish(first, second)
	answers("a new key, not asked for again at once", "401 ", young)
	wall.advance(31 * time.Second)
	answers("a new key", "200 ", young)
	answers("the old key", "200 ", old)

	is.publish(second)
	wall.advance(2 * time.Hour)
	answers("the key that was withdrawn", "401 ", old)
	answers("the key that stayed", "200 ", young)

	is.setDown(true)
	wall.advance(2 * time.Hour)
	answers("the issuer is away, its keys are known", "200 ", young)
	wall.advance(21 * time.Hour)
	answers("the token's day is over", "401 ", young)
}

// TestPoolOfAnother lets in the users of a user pool that is run elsewhere, by its discovery document, its keys and both
// kinds of its tokens.
func TestPoolOfAnother(t *testing.T) {
	there := openCounter(t, server.Config{ClientIDs: []string{"shop", "bank"}})
	trusted, err := auth.ParseIssuer("issuer=" + there.URL() + "/" + server.DefaultPool + ",client_id=shop,client_id=phone")
	check(t, err)
	here := openCounter(t, server.Config{Issuers: []auth.Issuer{trusted}})
	_, _, err = there.operator.CreateUser(t.Context(), control.NewUser{Name: "ana", Password: password})
	check(t, err)
	for client, sees := range map[string]func(*counter, *testing.T, string, string){"shop": (*counter).believes, "bank": (*counter).refusesToken} {
		var signedIn struct {
			AuthenticationResult struct{ AccessToken, IdToken, RefreshToken string }
		}
		there.cognito(t, "InitiateAuth", strings.Replace(signInOf("ana"), server.DefaultClient, client, 1), &signedIn)
		sees(here, t, "an access token for "+client, signedIn.AuthenticationResult.AccessToken)
		sees(here, t, "an ID token for "+client, signedIn.AuthenticationResult.IdToken)
		here.refusesToken(t, "a refresh token for "+client, signedIn.AuthenticationResult.RefreshToken)
	}
}
