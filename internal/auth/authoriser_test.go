package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

func TestAuthoriser(t *testing.T) {
	answers := map[string]string{
		"good":   `{"isAuthorized":true,"resolverContext":{"username":"ana","team":"red"}}`,
		"brief":  `{"isAuthorized":true,"ttlOverride":0}`,
		"minute": `{"isAuthorized":true,"ttlOverride":60}`,
		"ever":   `{"isAuthorized":true,"ttlOverride":9223372036854775807}`,
		"part":   `{"isAuthorized":true,"deniedFields":["Mutation.createNote"]}`,
		"bad":    `{"isAuthorized":false}`,
		"odd":    `[]`,
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		var request struct{ AuthorizationToken string }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		answer, ok := answers[request.AuthorizationToken]
		if !ok {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	a, err := NewAuthoriser(server.URL, nil, func() time.Time { return now }, quiet)
	if err != nil {
		t.Fatal(err)
	}
	check := func(token string, want freshet.Code, asks int) freshet.Identity {
		t.Helper()
		before := asked
		id, _, err := a.Check(t.Context(), token)
		if want == "" && err != nil || want != "" && freshet.CodeOf(err) != want {
			t.Errorf("%s: %v, want the code %q", token, err, want)
		}
		if asked-before != asks {
			t.Errorf("%s: asked %d times, want %d", token, asked-before, asks)
		}
		return id
	}
	if id := check("good", "", 1); id.Name != "custom ana" || id.Claims["team"] != "red" || !id.Has(freshet.Function) || id.Has(freshet.UserPools) {
		t.Errorf("the identity is %+v", id)
	}
	check("good", "", 0)
	check("brief", "", 1)
	check("brief", "", 1)
	check("minute", "", 1)
	now = now.Add(time.Minute)
	check("minute", "", 1)
	check("good", "", 0)
	now = now.Add(4 * time.Minute)
	check("good", "", 1)
	for token, want := range map[string]time.Duration{"good": authoriserTTL, "brief": authoriserTTL, "minute": time.Minute, "ever": maxAuthoriseTTL} {
		if _, until, err := a.Check(t.Context(), token); err != nil || !until.Equal(now.Add(want)) {
			t.Errorf("%s: until %v, %v", token, until, err)
		}
	}
	check("ever", "", 0)
	check("part", freshet.Unavailable, 1) // to give all would be to give what was denied
	check("bad", freshet.Unauthenticated, 1)
	check("bad", freshet.Unauthenticated, 1)
	check("odd", freshet.Unavailable, 1)
	check("unknown", freshet.Unavailable, 1)
	check(strings.Repeat("x", maxToken+1), freshet.TooLarge, 0)
	for _, address := range []string{"", "ftp://x", "host/path", "https://"} {
		if _, err := NewAuthoriser(address, nil, time.Now, quiet); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestAuthoriserAlone: nobody but the function gets the token, whereto it may redirect.
func TestAuthoriserAlone(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the token went to %s", r.URL)
		fmt.Fprint(w, `{"isAuthorized":true}`)
	}))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusSeeOther, http.StatusTemporaryRedirect} {
		function := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		a := must(NewAuthoriser(function.URL, nil, time.Now, quiet))
		_, _, err := a.Check(t.Context(), "token")
		function.Close()
		wantCode(t, err, freshet.Unavailable, "cannot be asked now")
	}
}

// TestAuthoriserAtOnce: however many tokens are sent at once, the function is asked about some at a time.
func TestAuthoriserAtOnce(t *testing.T) {
	var asked, most atomic.Int64
	full, release := make(chan struct{}), make(chan struct{})
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := asked.Add(1)
		most.Store(max(most.Load(), now))
		if now == maxAsking {
			close(full)
		}
		<-release
		asked.Add(-1)
		fmt.Fprint(w, `{"isAuthorized":true}`)
	}))
	defer function.Close()
	a := must(NewAuthoriser(function.URL, nil, time.Now, quiet))
	var group sync.WaitGroup
	for i := range maxAsking {
		group.Go(func() {
			if _, _, err := a.Check(t.Context(), fmt.Sprint("token ", i)); err != nil {
				t.Error(err)
			}
		})
	}
	<-full
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := a.Check(gone, "one more")
	wantCode(t, err, freshet.Unavailable, "cannot be asked now")
	close(release)
	group.Wait()
	if _, _, err := a.Check(t.Context(), "one more"); err != nil || most.Load() != maxAsking {
		t.Errorf("%d were asked at once, and then %v", most.Load(), err)
	}
}

// The function is asked about tokens of no known issuer, whether or not the server has users of its own.
func TestAuthoriserIsAskedLast(t *testing.T) {
	function, own := new(Authoriser), new(Tokens)
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".x"
	}
	known := &Tokens{issuers: map[string]*trusted{"https://known": {}}}
	for _, c := range []struct {
		a     Authenticator
		token string
		want  Checker
	}{
		{Authenticator{Custom: function}, "opaque", function},
		{Authenticator{Custom: function, Own: own, OwnIssuer: "https://own"}, "opaque", function},
		{Authenticator{Custom: function, Own: own, OwnIssuer: "https://own"}, token(`{"iss":"https://own"}`), own},
		{Authenticator{Custom: function, Own: own, OwnIssuer: "https://own", Tokens: known}, token(`{"iss":"https://known"}`), known},
		{Authenticator{Custom: function, Own: own, OwnIssuer: "https://own", Tokens: known}, token(`{"iss":"https://other"}`), function},
		{Authenticator{Own: own, OwnIssuer: "https://own"}, "opaque", own},
	} {
		if got := c.a.checker(c.token); got != c.want {
			t.Errorf("%s is checked by %T", c.token, got)
		}
	}
}

func TestKeysKeepTheirScopes(t *testing.T) {
	documents := new(documentstest.Memory)
	keys, err := OpenKeys(t.Context(), documents, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := keys.Create(t.Context(), "reader", time.Time{}, freshet.Scope{Model: "Task", Operations: []string{"read"}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenKeys(t.Context(), documents, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Keys{keys, again} {
		id, err := k.Check(secret)
		if err != nil || len(id.Scopes) != 1 || id.Scopes[0].Model != "Task" {
			t.Errorf("the identity is %+v, %v", id, err)
		}
	}
}
