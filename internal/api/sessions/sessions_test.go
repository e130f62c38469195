package sessions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/sessions"
	"freshet/internal/documentstest"
)

type noMail struct{}

func (noMail) Send(context.Context, accounts.Message) error { return nil }

const password = "three geese cross the mill pond"

// house is a pool with its door.
type house struct {
	t    *testing.T
	pool *accounts.Pool
	door http.Handler
}

func open(t *testing.T) house {
	t.Helper()
	pool, err := accounts.Open(t.Context(), new(documentstest.Memory), accounts.Config{
		Secret: bytes.Repeat([]byte("x"), 32), Issuer: "https://id.test", Clients: []string{"web"}, Mailer: noMail{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return house{t, pool, sessions.New(pool, slog.New(slog.DiscardHandler))}
}

func (h house) user(name string) {
	h.t.Helper()
	by := accounts.Caller{By: "test"}
	_, err := h.pool.AdminCreateUser(h.t.Context(), by, accounts.AdminCreateUser{Username: name, TemporaryPassword: password})
	if err == nil {
		err = h.pool.AdminSetUserPassword(h.t.Context(), by, name, password, true)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// signIn gives an access token, and the id of its session.
func (h house) signIn(name, agent string) (token, id string) {
	h.t.Helper()
	result, err := h.pool.InitiateAuth(h.t.Context(), accounts.Caller{Client: "web", Address: "192.0.2.1", Agent: agent}, accounts.AuthRequest{
		Flow: accounts.FlowPassword, Parameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	identity, _, err := h.pool.Check(h.t.Context(), result.Tokens.Access)
	if err != nil {
		h.t.Fatal(err)
	}
	return result.Tokens.Access, identity.Claims["origin_jti"].(string)
}

func (h house) ask(method, path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(h.t.Context(), method, path, nil)
	r.Header.Set("Origin", "https://app.example.com")
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	h.door.ServeHTTP(w, r)
	return w
}

func TestList(t *testing.T) {
	h := open(t)
	h.user("ana")
	h.user("ben")
	token, id := h.signIn("ana", "Laptop/1")
	_, other := h.signIn("ana", "")
	h.signIn("ben", "Phone/1")
	w := h.ask("GET", "/sessions", "Bearer "+token)
	var answer struct{ Sessions []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	byID := make(map[any]map[string]any)
	for _, s := range answer.Sessions {
		byID[s["id"]] = s
	}
	keys := func(s map[string]any) string {
		var names []string
		for name := range s {
			names = append(names, name)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	const all = "app current expires id signedIn used"
	mine, theirs := byID[id], byID[other]
	if len(byID) != 2 || mine["agent"] != "Laptop/1" || mine["current"] != true || mine["app"] != "web" || keys(mine) != "agent "+all || theirs["current"] != false || keys(theirs) != all {
		t.Errorf("ana sees %v", answer.Sessions)
	}
}

func TestDoor(t *testing.T) {
	h := open(t)
	h.user("ana")
	h.user("ben")
	ana, mine := h.signIn("ana", "")
	_, other := h.signIn("ana", "")
	ben, _ := h.signIn("ben", "")
	for _, c := range []struct {
		name, method, path, authorization string

		status   int
		contains string
	}{
		{"a list for nobody", "GET", "/sessions", "", 401, `"errorType":"UnauthorizedException"`},
		{"another scheme", "GET", "/sessions", "Basic " + ana, 401, "Bearer"},
		{"another token", "GET", "/sessions", "Bearer x.y.z", 401, `"code":"unauthenticated"`},
		{"an end by nobody", "DELETE", "/sessions/" + other, "", 401, "Bearer"},
		{"an end by another user", "DELETE", "/sessions/" + other, "Bearer " + ben, 404, `"code":"not_found"`},
		{"no session", "DELETE", "/sessions/x", "Bearer " + ana, 404, `"code":"not_found"`},
		{"all of them", "DELETE", "/sessions", "Bearer " + ana, 405, ""},
		{"one alone", "GET", "/sessions/" + other, "Bearer " + ana, 405, ""},
		{"another method", "POST", "/sessions", "Bearer " + ana, 405, ""},
		{"an end", "DELETE", "/sessions/" + other, "bearer " + ana, 200, `{"ended":"` + other + `"}`},
		{"the same again", "DELETE", "/sessions/" + other, "Bearer " + ana, 404, "may have ended"},
		{"its own", "DELETE", "/sessions/" + mine, "Bearer " + ana, 200, `{"ended":"` + mine + `"}`},
		{"a list after that", "GET", "/sessions", "Bearer " + ana, 401, "UnauthorizedException"},
	} {
		w := h.ask(c.method, c.path, c.authorization)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.contains) {
			t.Errorf("%s: %d %s; want %d %s", c.name, w.Code, w.Body, c.status, c.contains)
		}
		if c.status != 405 && w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: a page of another origin cannot read the answer", c.name)
		}
	}
}

func TestPreflight(t *testing.T) {
	for _, path := range []string{"/sessions", "/sessions/x"} {
		w := open(t).ask("OPTIONS", path, "")
		if w.Code != 204 || !strings.Contains(w.Header().Get("Access-Control-Allow-Methods"), "DELETE") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}
