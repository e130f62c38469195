package server

import (
	"net/http"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/web"
)

// verified makes a user with a verified e-mail, and gives an access token.
func (r *running) verified(t *testing.T, name string) string {
	t.Helper()
	by := accounts.Caller{By: "test"}
	token := r.signIn(t, name)
	if err := r.people.pool.AdminUpdateUserAttributes(t.Context(), by, name, []accounts.Attribute{
		{Name: "email", Value: name + "@example.com"}, {Name: "email_verified", Value: "true"}, {Name: "name", Value: strings.ToUpper(name)},
	}); err != nil {
		t.Fatal(err)
	}
	return token
}

// setUp shows a secret.
func (r *running) setUp(t *testing.T, token, body string) (*http.Response, string) {
	t.Helper()
	return r.ask(t, "POST", "/setup", body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
}

func TestSetup(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Config{Data: dir})
	page, secret, _ := strings.Cut(s.SetupLink(), "#")
	if page != s.URL()+"/setup" || len(secret) != 26 {
		t.Fatalf("the link is %s", s.SetupLink())
	}
	ana, ben, plain := s.verified(t, "ana"), s.verified(t, "ben"), s.signIn(t, "plain")
	right := `{"secret":"` + secret + `"}`
	for what, c := range map[string]struct {
		token, body string
		status      int
		errorType   string
	}{
		"no token":           {"", right, 401, "UnauthorizedException"},
		"an API key":         {s.APIKey(), right, 401, "UnauthorizedException"},
		"no verified e-mail": {plain, right, 409, "Verify your e-mail first"},
		"a wrong secret":     {ben, `{"secret":"wrong"}`, 400, "not the one of the latest link"},
	} {
		if response, body := s.setUp(t, c.token, c.body); response.StatusCode != c.status || !strings.Contains(body, c.errorType) {
			t.Errorf("%s: %d %s; want %d %s", what, response.StatusCode, body, c.status, c.errorType)
		}
	}
	shown := "The first administrator"
	if _, built := web.App(); built {
		shown = `id="root"` // the app has a page that does it
	}
	if response, body := s.ask(t, "GET", "/setup", "", "Accept", "text/html"); response.StatusCode != 200 || !strings.Contains(body, shown) || strings.Contains(body, secret) {
		t.Errorf("the page is %d %s", response.StatusCode, body)
	}
	if response, body := s.setUp(t, ana, right); response.StatusCode != 200 || body != `{"group":"admins"}` {
		t.Fatalf("the secret gives %d %s", response.StatusCode, body)
	}
	if response, _ := s.setUp(t, ben, right); response.StatusCode != 400 {
		t.Errorf("the secret again gives %d", response.StatusCode)
	}
	for range 10 {
		s.setUp(t, ben, `{"secret":"wrong"}`)
	}
	if response, body := s.setUp(t, ben, right); response.StatusCode != 429 || !strings.Contains(body, "Too many wrong secrets") {
		t.Errorf("after many wrong ones: %d %s", response.StatusCode, body)
	}
	u, err := s.people.pool.AdminGetUser(t.Context(), "ana")
	if err != nil || len(u.Groups) != 1 || u.Groups[0] != "admins" {
		t.Errorf("ana is in %v, %v", u.Groups, err)
	}
	if log := s.log.String(); strings.Contains(log, secret) || !strings.Contains(log, `what="Setup admins"`) {
		t.Errorf("the log tells of the secret, or not of its use")
	}
	s.end()

	s = start(t, Config{Data: dir})
	if s.SetupLink() != "" {
		t.Errorf("with an administrator there is a link: %s", s.SetupLink())
	}
	s.end()
	s = start(t, Config{Data: dir, AdminGroup: "owners"})
	if s.SetupLink() == "" {
		t.Error("another group has no members, and there is no link")
	}
}

func TestFindingPeople(t *testing.T) {
	const search = `{"query":"{ userByEmail(email: \"ana@example.com\") { username name } people(usernames: [\"ben\", \"nobody\"]) { name } }"}`
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, `{"data":{"userByEmail":{"username":"ana","name":"ANA"},"people":[{"name":"BEN"},null]}}`},
		{Config{NoFindPeople: true}, "switched off"},
	} {
		s := start(t, c.cfg)
		s.verified(t, "ana")
		token := s.verified(t, "ben")
		if _, body := s.ask(t, "POST", "/graphql", search, "Content-Type", "application/json", "Authorization", token); !strings.Contains(body, c.want) {
			t.Errorf("a user gets %s, want %s", body, c.want)
		}
		if _, body := s.ask(t, "POST", "/graphql", search, "Content-Type", "application/json", "x-api-key", s.APIKey()); strings.Contains(body, "ANA") || strings.Contains(body, "BEN") {
			t.Errorf("a key gets %s", body)
		}
		s.end()
	}
}
