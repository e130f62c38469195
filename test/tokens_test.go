package test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/gorilla/websocket"

	"freshet/internal/api/control"
	"freshet/internal/server"
)

// TestOwnTokens lets in who has an access token of this server that is good now, over HTTP and at a socket, and nobody
// with anything that looks like one.
func TestOwnTokens(t *testing.T) {
	var wall clock
	cfg := server.Config{Data: t.TempDir(), ClientIDs: []string{server.DefaultClient, "phone"}, Now: wall.now}
	c := openCounter(t, cfg)
	_, _, err := c.operator.CreateUser(t.Context(), control.NewUser{Name: "ana", Password: password})
	check(t, err)
	var signedIn struct {
		AuthenticationResult struct{ AccessToken, IdToken, RefreshToken string }
	}
	c.cognito(t, "InitiateAuth", signInOf("ana"), &signedIn)
	good, id, refresh := signedIn.AuthenticationResult.AccessToken, signedIn.AuthenticationResult.IdToken, signedIn.AuthenticationResult.RefreshToken
	c.believes(t, "an access token", good)
	c.believes(t, "an access token behind Bearer", "Bearer "+good)

	key := c.signingKey(t)
	public, err := json.Marshal(key.Key)
	check(t, err)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	parts := strings.Split(good, ".")
	encode := base64.RawURLEncoding.EncodeToString
	header, body := decode(t, parts[0]), decode(t, parts[1])
	changed := func(of map[string]any, changes map[string]any) string {
		of = maps.Clone(of)
		maps.Copy(of, changes)
		text, err := json.Marshal(of)
		check(t, err)
		return encode(text)
	}
	for name, token := range map[string]string{
		"an ID token":                id,
		"a refresh token":            refresh,
		"no signature":               parts[0] + "." + parts[1] + ".",
		"alg none":                   changed(header, map[string]any{"alg": "none"}) + "." + parts[1] + ".",
		"alg none, signed":           changed(header, map[string]any{"alg": "none"}) + "." + parts[1] + "." + parts[2],
		"another algorithm":          changed(header, map[string]any{"alg": "RS512"}) + "." + parts[1] + "." + parts[2],
		"the public key as a secret": sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: public, KeyID: key.KeyID}}, body),
		"another's key":              sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: stranger, KeyID: key.KeyID}}, body),
		"a key that is not known":    sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: stranger, KeyID: "other"}}, body),
		"another user":               parts[0] + "." + changed(body, map[string]any{"username": "ben"}) + "." + parts[2],
		"another time":               parts[0] + "." + changed(body, map[string]any{"exp": 4102444800}) + "." + parts[2],
		"another signature":          parts[0] + "." + parts[1] + "." + encode(make([]byte, 256)),
		"extensions":                 changed(header, map[string]any{"crit": []string{"x"}, "x": 1}) + "." + parts[1] + "." + parts[2],
		"rubbish":                    "x.y.z",
	} {
		c.refusesToken(t, name, token)
	}

	// For another app: the token was good when it was given, to an app that is not the pool's any more.
	c.cognito(t, "InitiateAuth", strings.Replace(signInOf("ana"), server.DefaultClient, "phone", 1), &signedIn)
	phone := signedIn.AuthenticationResult.AccessToken
	c.believes(t, "of the other app", phone)
	wall.advance(time.Hour)
	for name, token := range map[string]string{"expired": good, "expired, of the other app": phone} {
		c.refusesToken(t, name, token)
	}
}

// TestOwnTokensOfAnotherApp refuses the tokens of an app that the operator took off the list.
func TestOwnTokensOfAnotherApp(t *testing.T) {
	cfg := server.Config{Data: t.TempDir(), ClientIDs: []string{server.DefaultClient, "phone"}, Issuer: "https://id.example"}
	var phone, web string
	t.Run("before", func(t *testing.T) {
		c := openCounter(t, cfg)
		_, _, err := c.operator.CreateUser(t.Context(), control.NewUser{Name: "ana", Password: password})
		check(t, err)
		for client, token := range map[string]*string{server.DefaultClient: &web, "phone": &phone} {
			var signedIn struct {
				AuthenticationResult struct{ AccessToken string }
			}
			c.cognito(t, "InitiateAuth", strings.Replace(signInOf("ana"), server.DefaultClient, client, 1), &signedIn)
			*token = signedIn.AuthenticationResult.AccessToken
			c.believes(t, client, *token)
		}
	})
	t.Run("after", func(t *testing.T) {
		cfg.ClientIDs = cfg.ClientIDs[:1]
		c := openCounter(t, cfg)
		c.believes(t, "of an app on the list", web)
		c.refusesToken(t, "of an app that is not", phone)
	})
}

// decode reads a part of a token.
func decode(t *testing.T, part string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	check(t, err)
	var value map[string]any
	check(t, json.Unmarshal(text, &value))
	return value
}

// signingKey gives the public key of the pool, as anybody can have it.
func (c *counter) signingKey(t *testing.T) jose.JSONWebKey {
	t.Helper()
	response, err := http.Get(c.URL() + "/.well-known/jwks.json")
	check(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(t, err)
	var set jose.JSONWebKeySet
	check(t, json.Unmarshal(text, &set))
	return set.Keys[0]
}

// believes sees that a token lets in, over HTTP and at a socket.
func (c *counter) believes(t *testing.T, name, token string) {
	t.Helper()
	if got := c.ask(t, token, asksNothing); !strings.HasPrefix(got, "200 ") {
		t.Errorf("%s is answered %s", name, got)
	}
	if text, err := c.knock(t, token); text != `{"type":"connection_ack"}` {
		t.Errorf("%s: the socket says %s, %v", name, text, err)
	}
}

// refusesToken sees that a token does not let in.
func (c *counter) refusesToken(t *testing.T, name, token string) {
	t.Helper()
	if got := c.ask(t, token, asksNothing); !strings.HasPrefix(got, "401 ") || !strings.Contains(got, "UnauthorizedException") {
		t.Errorf("%s is answered %s", name, got)
	}
	if text, err := c.knock(t, token); !websocket.IsCloseError(err, 4403) {
		t.Errorf("%s: the socket says %s, %v", name, text, err)
	}
}

// knock opens a socket with a token, and gives the first that it says.
func (c *counter) knock(t *testing.T, token string) (string, error) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.DialContext(t.Context(), "ws://"+c.Addr()+"/graphql", nil)
	check(t, err)
	defer ws.Close()
	check(t, ws.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"Authorization": token}}))
	check(t, ws.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, text, err := ws.ReadMessage()
	return string(text), err
}
