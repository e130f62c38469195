package server

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"freshet/internal/accounts"
)

type listedSession struct {
	ID, App, Agent          string
	SignedIn, Used, Expires time.Time
	Current                 bool
}

// sessions gives the sessions that a user is shown, by the program that signed in.
func (r *running) sessions(t *testing.T, token string) map[string]listedSession {
	t.Helper()
	response, body := r.ask(t, "GET", "/sessions", "", "Authorization", "Bearer "+token)
	var answer struct{ Sessions []listedSession }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || response.StatusCode != 200 {
		t.Fatalf("the sessions: %d %s, %v", response.StatusCode, body, err)
	}
	byAgent := make(map[string]listedSession)
	for _, s := range answer.Sessions {
		byAgent[s.Agent] = s
	}
	return byAgent
}

// signInFrom signs a user in over the wire, with a program that says what it is.
func (r *running) signInFrom(t *testing.T, name, agent string) string {
	t.Helper()
	body := `{"ClientId":"` + DefaultClient + `","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"` + name + `","PASSWORD":"` + testPassword + `"}}`
	_, answer := r.ask(t, "POST", "/idp", body, "User-Agent", agent,
		"X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth", "Content-Type", "application/x-amz-json-1.1")
	var result struct{ AuthenticationResult struct{ AccessToken string } }
	if err := json.Unmarshal([]byte(answer), &result); err != nil || result.AuthenticationResult.AccessToken == "" {
		t.Fatalf("sign-in: %s, %v", answer, err)
	}
	return result.AuthenticationResult.AccessToken
}

func TestOwnSessions(t *testing.T) {
	s := start(t, Config{})
	s.signIn(t, "ana")
	ben := s.signIn(t, "ben")
	laptop, phone := s.signInFrom(t, "ana", "Laptop/1"), s.signInFrom(t, "ana", "Phone/1")
	list := s.sessions(t, laptop)
	mine, other := list["Laptop/1"], list["Phone/1"]
	if len(list) != 3 || !mine.Current || other.Current || other.App != DefaultClient || other.SignedIn.IsZero() || other.Used.IsZero() || !other.Expires.After(other.Used) {
		t.Fatalf("ana sees %+v", list)
	}
	if list := s.sessions(t, ben); len(list) != 1 || !list[""].Current {
		t.Errorf("ben sees %+v", list)
	}

	path := "/sessions/" + other.ID
	for what, c := range map[string]struct {
		method, path string
		headers      []string
		status       int
	}{
		"nobody sees them":                {"GET", "/sessions", nil, 401},
		"an API key has none":             {"GET", "/sessions", []string{"x-api-key", s.APIKey()}, 401},
		"an API key is no token":          {"GET", "/sessions", []string{"Authorization", "Bearer " + s.APIKey()}, 401},
		"nobody ends one":                 {"DELETE", path, nil, 401},
		"an API key ends none":            {"DELETE", path, []string{"x-api-key", s.APIKey()}, 401},
		"another user ends none":          {"DELETE", path, []string{"Authorization", "Bearer " + ben}, 404},
		"it is no page of the app either": {"GET", path + "/x", []string{"Accept", "text/html"}, 404},
	} {
		if response, body := s.ask(t, c.method, c.path, "", c.headers...); response.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d", what, response.StatusCode, body, c.status)
		}
	}

	ws := s.connect(t, `{"Authorization":"`+phone+`"}`)
	response, body := s.ask(t, "DELETE", path, "", "Authorization", "Bearer "+laptop, "Origin", "https://app.example.com")
	if response.StatusCode != 200 || body != `{"ended":"`+other.ID+`"}` || response.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("the end of a session: %d %s", response.StatusCode, body)
	}
	_ = ws.SetReadDeadline(time.Now().Add(time.Second))
	_, _, err := ws.ReadMessage()
	refuses(t, "its socket", err, "revoked")
	if response, _ := s.ask(t, "GET", "/sessions", "", "Authorization", "Bearer "+phone); response.StatusCode != 401 {
		t.Errorf("its token gives %d", response.StatusCode)
	}
	if list := s.sessions(t, laptop); len(list) != 2 {
		t.Errorf("ana still sees %+v", list)
	}
	for _, want := range []string{"EndSession ok", "EndSession " + string(accounts.ResourceNotFound)} {
		if !slices.Contains(s.entries(t), want) {
			t.Errorf("%q is not on record", want)
		}
	}
}
