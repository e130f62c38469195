package setup_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/setup"
	"freshet/internal/documentstest"
)

type noMail struct{}

func (noMail) Send(context.Context, accounts.Message) error { return nil }

const password = "three geese cross the mill pond"

// open makes a pool with one verified user, and gives the door, an access token and the secret.
func open(t *testing.T) (door http.Handler, token, secret string) {
	t.Helper()
	pool, err := accounts.Open(t.Context(), new(documentstest.Memory), accounts.Config{
		Secret: bytes.Repeat([]byte("x"), 32), Issuer: "https://id.test", Clients: []string{"web"}, Mailer: noMail{},
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	by := accounts.Caller{Client: "web", By: "test", Address: "192.0.2.1"}
	_, err = pool.AdminCreateUser(t.Context(), by, accounts.AdminCreateUser{
		Username: "ana", TemporaryPassword: password, MessageAction: "SUPPRESS",
		Attributes: []accounts.Attribute{{Name: "email", Value: "ana@example.com"}, {Name: "email_verified", Value: "true"}},
	})
	must(err)
	must(pool.AdminSetUserPassword(t.Context(), by, "ana", password, true))
	result, err := pool.InitiateAuth(t.Context(), by, accounts.AuthRequest{
		Flow: accounts.FlowPassword, Parameters: map[string]string{"USERNAME": "ana", "PASSWORD": password},
	})
	must(err)
	secret, err = pool.NewSetup(t.Context(), by, "admins")
	must(err)
	return setup.New(pool, "admins"), result.Tokens.Access, secret
}

func TestDoor(t *testing.T) {
	door, token, secret := open(t)
	right, bearer := `{"secret":"`+secret+`"}`, "Bearer "+token
	for _, c := range []struct {
		name, method, authorization, contentType, body string

		status   int
		contains string
	}{
		{"a page", "GET", "", "", "", 200, "The first administrator"},
		{"a preflight", "OPTIONS", "", "", "", 204, ""},
		{"another method", "PUT", bearer, "application/json", right, 405, ""},
		{"nobody", "POST", "", "application/json", right, 401, `"errorType":"UnauthorizedException"`},
		{"another scheme", "POST", "Basic " + token, "application/json", right, 401, "Bearer"},
		{"another token", "POST", "Bearer x.y.z", "application/json", right, 401, "UnauthorizedException"},
		{"a form", "POST", bearer, "application/x-www-form-urlencoded", right, 400, "Content-Type: application/json"},
		{"no JSON", "POST", bearer, "application/json", secret, 400, "ValidationException"},
		{"a list", "POST", bearer, "application/json", "[" + right + "]", 400, "ValidationException"},
		{"no secret", "POST", bearer, "application/json", `{}`, 400, "ValidationException"},
		{"the largest body", "POST", bearer, "application/json", pad(right, 4096), 400, "not the one of the latest link"},
		{"a larger body", "POST", bearer, "application/json", pad(right, 4097), 413, "4096 bytes"},
		{"the secret", "POST", bearer, "application/json; charset=utf-8", right, 200, `{"group":"admins"}`},
		{"the secret again", "POST", bearer, "application/json", right, 400, "it was used"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, setup.Path, strings.NewReader(c.body))
		r.Header.Set("Origin", "https://app.example.com")
		r.Header.Set("Authorization", c.authorization)
		r.Header.Set("Content-Type", c.contentType)
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.contains) {
			t.Errorf("%s: %d %s; want %d %s", c.name, w.Code, w.Body, c.status, c.contains)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: a page of another origin cannot read the answer", c.name)
		}
	}
}

// pad makes a request with a secret that fills it to a size.
func pad(request string, size int) string {
	return strings.Replace(request, `":"`, `":"`+strings.Repeat("x", size-len(request)), 1)
}
