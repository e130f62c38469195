package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/gorilla/websocket"

	"freshet/internal/accounts"
)

const (
	testPassword = "three geese cross the mill pond"
	askType      = `{"query":"{ __typename }"}`
)

// signIn makes a user with a password, and gives an access token.
func (r *running) signIn(t *testing.T, name string) string {
	t.Helper()
	by := accounts.Caller{By: "test"}
	if _, err := r.people.pool.AdminCreateUser(t.Context(), by, accounts.AdminCreateUser{Username: name, TemporaryPassword: testPassword}); err != nil {
		t.Fatal(err)
	}
	if err := r.people.pool.AdminSetUserPassword(t.Context(), by, name, testPassword, true); err != nil {
		t.Fatal(err)
	}
	return r.token(t, name)
}

// token signs a user in, and gives an access token.
func (r *running) token(t *testing.T, name string) string {
	t.Helper()
	return r.tokens(t, name).Access
}

func (r *running) tokens(t *testing.T, name string) *accounts.Tokens {
	t.Helper()
	result, err := r.people.pool.InitiateAuth(t.Context(), accounts.Caller{Client: DefaultClient, Address: "192.0.2.1"}, accounts.AuthRequest{
		Flow: "USER_PASSWORD_AUTH", Parameters: map[string]string{"USERNAME": name, "PASSWORD": testPassword},
	})
	if err != nil || result.Tokens == nil {
		t.Fatalf("sign-in: %+v, %v", result, err)
	}
	return result.Tokens
}

// dial opens a socket.
func (r *running) dial(t *testing.T) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.Dial("ws://"+r.Addr()+"/graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

// connect opens a socket and says who it is.
func (r *running) connect(t *testing.T, payload string) *websocket.Conn {
	t.Helper()
	ws := r.dial(t)
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_init","payload":`+payload+`}`)); err != nil {
		t.Fatal(err)
	}
	if _, text, err := ws.ReadMessage(); err != nil || string(text) != `{"type":"connection_ack"}` {
		t.Fatalf("the socket says %s, %v", text, err)
	}
	return ws
}

func TestOwnTokens(t *testing.T) {
	s := start(t, Config{})
	token := s.signIn(t, "ana")
	asks := func(token string) int {
		response, _ := s.ask(t, "POST", "/graphql", askType, "Content-Type", "application/json", "Authorization", token)
		return response.StatusCode
	}
	if got := asks("Bearer " + token); got != 200 {
		t.Errorf("an access token gives %d", got)
	}
	if got := asks(token[:len(token)-8] + "AAAAAAAA"); got != 401 {
		t.Errorf("a token with another signature gives %d", got)
	}
	if err := s.people.pool.AdminDisableUser(t.Context(), accounts.Caller{By: "test"}, "ana"); err != nil {
		t.Fatal(err)
	}
	if got := asks(token); got != 401 {
		t.Errorf("the token of a disabled user gives %d", got)
	}
	if !strings.Contains(s.log.String(), "msg=audit what=AdminDisableUser") {
		t.Error("the log does not tell of the act")
	}
}

func TestRevokedSockets(t *testing.T) {
	var ahead atomic.Int64 // nanoseconds
	s := start(t, Config{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	ana, ben := s.signIn(t, "ana"), s.signIn(t, "ben")
	s.signIn(t, "carl")
	carl, app := s.tokens(t, "carl"), accounts.Caller{Client: DefaultClient}
	next, err := s.people.pool.GetTokensFromRefreshToken(t.Context(), app, carl.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	key, secret, err := s.keyring.Create(t.Context(), "phone", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	by := accounts.Caller{By: "test"}
	stays := s.connect(t, `{"x-api-key":"`+s.APIKey()+`"}`)
	for name, c := range map[string]struct {
		payload string
		revoke  func() error
	}{
		"a disabled account": {`{"Authorization":"` + ana + `"}`, func() error { return s.people.pool.AdminDisableUser(t.Context(), by, "ana") }},
		"a sign-out":         {`{"Authorization":"` + ben + `"}`, func() error { return s.people.pool.AdminUserGlobalSignOut(t.Context(), by, "ben") }},
		"a reused refresh token": {`{"Authorization":"` + next.Access + `"}`, func() error {
			ahead.Store(int64(time.Minute))
			if _, err := s.people.pool.GetTokensFromRefreshToken(t.Context(), app, carl.Refresh); accounts.FaultOf(err) != accounts.RefreshTokenReuse {
				return fmt.Errorf("the old token gives %w", err)
			}
			return nil
		}},
		"a revoked key": {`{"x-api-key":"` + secret + `"}`, func() error {
			_, err := s.keyring.Revoke(t.Context(), key.ID)
			return err
		}},
	} {
		ws := s.connect(t, c.payload)
		if err := c.revoke(); err != nil {
			t.Fatal(err)
		}
		_ = ws.SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, 4403) {
			t.Errorf("%s ends the socket with %v", name, err)
		}
	}
	if err := stays.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)); err != nil {
		t.Error(err)
	}
	if _, text, err := stays.ReadMessage(); err != nil || string(text) != `{"type":"pong"}` {
		t.Errorf("the other socket says %s, %v", text, err)
	}
}

func TestSignedRequests(t *testing.T) {
	s := start(t, Config{})
	key, secret, err := s.people.keys.Create(t.Context(), "robot", time.Time{}, false)
	if err != nil {
		t.Fatal(err)
	}
	send := func(r *http.Request) (int, string) {
		var headers []string
		for name := range r.Header {
			headers = append(headers, name, r.Header.Get(name))
		}
		body, err := r.GetBody()
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if _, err := io.Copy(&text, body); err != nil {
			t.Fatal(err)
		}
		response, answer := s.ask(t, "POST", "/graphql", text.String(), headers...)
		return response.StatusCode, answer
	}
	sign := func(body, secret string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.Addr()+"/graphql", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		sum := sha256.Sum256([]byte(body))
		credentials := aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: secret}
		if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), "appsync", "local", time.Now()); err != nil {
			t.Fatal(err)
		}
		return r
	}
	query := sign(askType, secret)
	for range 2 { // a read may come again
		if status, body := send(query); status != 200 {
			t.Errorf("a signed query gives %d %s", status, body)
		}
	}
	if status, _ := send(sign(askType, "wrong")); status != 401 {
		t.Errorf("a wrong secret gives %d", status)
	}
	mutation := sign(`{"query":"mutation { createTask(input: {title: \"x\"}) { id } }"}`, secret)
	first, firstBody := send(mutation)
	again, againBody := send(mutation)
	if first != 200 || again != 401 || !strings.Contains(againBody, "was here before") {
		t.Errorf("a mutation gives %d %s, and again %d %s", first, firstBody, again, againBody)
	}
	if _, err := s.people.keys.Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	if status, _ := send(sign(askType, secret)); status != 401 {
		t.Errorf("a revoked key gives %d", status)
	}
	if !slices.Contains(s.entries(t), "SignedRequest unauthenticated") {
		t.Errorf("a wrong signature is not on record, but %q", s.entries(t))
	}
}

// A restart does not let by what was seen before it.
func TestSeenSignaturesOutliveTheServer(t *testing.T) {
	data := t.TempDir()
	s := start(t, Config{Data: data})
	_, robot := s.accessKey(t, "robot", time.Time{})
	opening := text(t, s.connection(t, robot, time.Now()))
	body := `{"query":"mutation { createTask(input: {title: \"x\"}) { title } }"}`
	sum := sha256.Sum256([]byte(body))
	signed, err := http.NewRequestWithContext(t.Context(), "POST", "http://freshet.test/graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	signed.Header.Set("Content-Type", "application/json")
	if err := v4.NewSigner().SignHTTP(t.Context(), robot, signed, hex.EncodeToString(sum[:]), "appsync", "local", time.Now()); err != nil {
		t.Fatal(err)
	}
	send := func(s *running) (int, string) {
		r := signed.Clone(t.Context())
		r.Host, r.URL.Host, r.Body = "freshet.test", s.Addr(), io.NopCloser(strings.NewReader(body))
		r.ContentLength = int64(len(body))
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(answer)
	}
	if status, answer := send(s); status != 200 {
		t.Fatalf("a signed write gives %d %s", status, answer)
	}
	s.connect(t, opening)
	first := s.Addr()
	s.end()
	s = start(t, Config{Data: data})
	if status, answer := send(s); status != 401 || !strings.Contains(answer, "was here before") {
		t.Errorf("the same after a restart gives %d %s", status, answer)
	}
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.Dial("ws://"+s.Addr()+"/graphql", http.Header{"Host": {first}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if answer, err := tell(t, ws, "connection_init", opening); err != nil || !strings.Contains(answer, `"readOnly":true`) {
		t.Errorf("the same opening after a restart gives %s, %v", answer, err)
	}
}

func TestAccountDoors(t *testing.T) {
	s := start(t, Config{Hosted: []Hosted{{ID: "web", RedirectURIs: []string{"http://localhost/back"}}}})
	_, body := s.ask(t, "GET", "/"+DefaultPool+"/.well-known/openid-configuration", "")
	var found struct {
		Issuer string
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal([]byte(body), &found); err != nil || found.Issuer != "http://"+s.Addr()+"/"+DefaultPool {
		t.Fatalf("the configuration is %s, %v", body, err)
	}
	if response, body := s.ask(t, "GET", strings.TrimPrefix(found.Keys, "http://"+s.Addr()), ""); response.StatusCode != 200 || !strings.Contains(body, `"kty":"RSA"`) {
		t.Errorf("the keys are %d %s", response.StatusCode, body)
	}
	signUp := `{"ClientId":"web","Username":"ana","Password":"` + testPassword + `","UserAttributes":[{"Name":"email","Value":"ana@example.com"}]}`
	for _, path := range []string{"/", "/idp"} {
		response, body := s.ask(t, "POST", path, signUp, "X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp", "Content-Type", "application/x-amz-json-1.1")
		if path == "/" && (response.StatusCode != 200 || !strings.Contains(body, `"UserConfirmed":false`)) || path == "/idp" && !strings.Contains(body, "UsernameExistsException") {
			t.Errorf("sign-up at %s: %d %s", path, response.StatusCode, body)
		}
	}
	letters, err := s.people.mail.List(t.Context())
	if err != nil || len(letters) != 1 || letters[0].To != "ana@example.com" {
		t.Errorf("the mailbox has %v, %v", letters, err)
	}
}
