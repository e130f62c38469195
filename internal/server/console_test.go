package server

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/console"
	"freshet/internal/mail"
)

// letter has the pool mail something, and gives the text that only its reader knows.
func (r *running) letter(t *testing.T) (id, secret string) {
	t.Helper()
	by := accounts.Caller{By: "test"}
	_, err := r.people.pool.AdminCreateUser(t.Context(), by, accounts.AdminCreateUser{Username: "reader@example.com", TemporaryPassword: "heron-basket-31"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.people.mail.List(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("the mailbox has %v, %v", list, err)
	}
	return list[0].ID, "heron-basket-31"
}

func TestMailboxPage(t *testing.T) {
	s := start(t, Config{})
	id, secret := s.letter(t)
	if response, body := s.ask(t, "GET", console.Path, ""); response.StatusCode != 200 || !strings.Contains(body, "reader@example.com") {
		t.Errorf("the list: %d %s", response.StatusCode, body)
	}
	for _, path := range []string{"/" + id, "/" + id + "/html"} {
		if response, body := s.ask(t, "GET", console.Path+path, ""); response.StatusCode != 200 || !strings.Contains(body, secret) {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
		if response, body := s.ask(t, "GET", console.Path+path, "", "X-Forwarded-For", "203.0.113.9"); response.StatusCode != 403 || strings.Contains(body, secret) {
			t.Errorf("%s of one behind a proxy: %d %s", path, response.StatusCode, body)
		}
		if response, _ := s.ask(t, "POST", console.Path+path, ""); response.StatusCode != 405 {
			t.Errorf("%s by POST: %d", path, response.StatusCode)
		}
	}
	if !slices.Contains(s.entries(t), "ReadMail ok") || !slices.Contains(s.entries(t), "ReadMail forbidden") {
		t.Errorf("on record is %q", s.entries(t))
	}
	address := "http://" + s.Addr() + console.Path
	for _, line := range []string{"mail stays in the local mailbox.* mailbox=" + address + "\n", "kept in the local mailbox.* letter=" + address + "/" + id + "\n"} {
		if !regexp.MustCompile(line).MatchString(s.log.String()) {
			t.Errorf("the log does not hold %s but\n%s", line, s.log)
		}
	}
}

func TestMailboxPageElsewhere(t *testing.T) {
	here := netip.MustParsePrefix("127.0.0.0/8")
	for name, c := range map[string]struct {
		cfg     Config
		headers []string
		status  int
	}{
		"a trusted proxy":                 {Config{Proxies: []netip.Prefix{here}}, []string{"X-Forwarded-For", "203.0.113.9"}, 403},
		"a trusted proxy, and it says so": {Config{Proxies: []netip.Prefix{here}}, []string{"X-Forwarded-For", "127.0.0.1"}, 403},
		"a trusted proxy that is silent":  {Config{Proxies: []netip.Prefix{here}}, nil, 403},
		"a proxy elsewhere":               {Config{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, nil, 200},
		"a public address":                {Config{URL: "https://app.example.com"}, nil, 403},
		"an address of the machine":       {Config{URL: "http://localhost:8080"}, nil, 200},
		"a mail server":                   {Config{Mail: mail.Config{Server: "smtp+insecure://127.0.0.1:1", From: "a@example.com"}}, nil, 404},
	} {
		s := start(t, c.cfg)
		if response, body := s.ask(t, "GET", console.Path, "", c.headers...); response.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
		s.end()
	}
}

// behind is a request that no socket of the machine itself makes.
var behind = []string{"X-Forwarded-For", "203.0.113.9"}

func TestMailboxPageOfAdministrators(t *testing.T) {
	const group = "keepers"
	s := start(t, Config{AdminGroup: group, Hosted: []Hosted{{ID: DefaultClient, RedirectURIs: []string{"http://localhost/back"}}}})
	id, secret := s.letter(t)
	pool, by := s.people.pool, accounts.Caller{By: "test"}
	ana, ben := s.signIn(t, "ana"), s.signIn(t, "ben")
	if _, err := pool.CreateGroup(t.Context(), by, accounts.Group{Name: group}); err != nil {
		t.Fatal(err)
	}
	if err := pool.AdminAddUserToGroup(t.Context(), by, "ana", group); err != nil {
		t.Fatal(err)
	}
	read := func(token string) int {
		t.Helper()
		response, body := s.ask(t, "GET", console.Path+"/"+id, "", append(behind, "Authorization", token)...)
		if strings.Contains(body, secret) != (response.StatusCode == 200) {
			t.Errorf("%d with %s", response.StatusCode, body)
		}
		return response.StatusCode
	}
	for name, c := range map[string]struct {
		token  string
		status int
	}{
		"an administrator":                       {"Bearer " + ana, 200},
		"a user":                                 {"Bearer " + ben, 403},
		"nobody":                                 {"", 403},
		"rubbish":                                {"Bearer rubbish", 403},
		"no bearer":                              {ana, 403},
		"an administrator's token of few rights": {"Bearer " + s.limited(t, ana), 403},
	} {
		if got := read(c.token); got != c.status {
			t.Errorf("%s: %d", name, got)
		}
	}
	browser := s.browser(t)
	if got := browser("ana"); got != 200 {
		t.Errorf("an administrator's browser: %d", got)
	}
	if got := s.browser(t)("ben"); got != 403 {
		t.Errorf("a user's browser: %d", got)
	}
	if err := pool.AdminRemoveUserFromGroup(t.Context(), by, "ana", group); err != nil {
		t.Fatal(err)
	}
	if read("Bearer "+ana) != 403 || browser("") != 403 {
		t.Error("one who is in the group no more goes on reading")
	}
}

// limited gives an access token that an app got for a user, for openid alone.
func (r *running) limited(t *testing.T, access string) string {
	t.Helper()
	const verifier, back = "a-verifier-of-at-least-forty-three-characters", "http://localhost/back"
	sum := sha256.Sum256([]byte(verifier))
	app := accounts.Caller{Client: DefaultClient}
	code, err := r.people.pool.AuthorizationCode(t.Context(), app, access, accounts.Grant{
		RedirectURI: back, Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), Scopes: []string{"openid"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := r.people.pool.Exchange(t.Context(), app, code, back, verifier)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.Access
}

var (
	actionOf = regexp.MustCompile(`action="([^"]*)"`)
	hiddenOf = regexp.MustCompile(`name="form" value="([^"]*)"`)
)

// browser gives a browser: it signs a user in at the hosted pages, unless that is empty, and gives the status of the
// mailbox as one sees it who is elsewhere.
func (r *running) browser(t *testing.T) func(user string) int {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if next.URL.Host != r.Addr() {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	send := func(method, path string, form url.Values) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.Addr()+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(behind[0], behind[1])
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	return func(user string) int {
		t.Helper()
		if user != "" {
			query := url.Values{
				"response_type": {"code"}, "client_id": {DefaultClient}, "redirect_uri": {"http://localhost/back"}, "code_challenge_method": {"S256"},
				"code_challenge": {strings.Repeat("x", 43)},
			}
			_, page := send("GET", "/oauth2/authorize?"+query.Encode(), nil)
			action, hidden := actionOf.FindStringSubmatch(page), hiddenOf.FindStringSubmatch(page)
			if action == nil || hidden == nil {
				t.Fatalf("there is no form in %s", page)
			}
			form := url.Values{"form": {hidden[1]}, "username": {user}, "password": {testPassword}}
			if status, page := send("POST", html.UnescapeString(action[1]), form); status != http.StatusSeeOther {
				t.Fatalf("the sign-in gives %d %s", status, page)
			}
		}
		status, _ := send("GET", console.Path, nil)
		return status
	}
}
