package test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"freshet/internal/api/control"
	"freshet/internal/server"
)

// TestOpenIDClient goes through the hosted pages with the openid-client library, in Node alone and with Chromium.
func TestOpenIDClient(t *testing.T) {
	run := func(t *testing.T, chromium ...string) {
		mux := http.NewServeMux()
		house := serveHandler(t, mux)
		c := openCounter(t, server.Config{Hosted: []server.Hosted{{ID: "web", RedirectURIs: []string{house + "/app"}, LogoutURIs: []string{house + "/app"}}}})
		mux.HandleFunc("/mail", func(w http.ResponseWriter, r *http.Request) {
			answer(t, w, map[string]string{"code": c.mailed(t, r.FormValue("to"))})
		})
		mux.HandleFunc("/app", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome") })
		runNode(t, time.Minute, append([]string{"oidc.mjs", c.URL() + "/" + server.DefaultPool, "web", house}, chromium...)...)
	}
	t.Run("node", func(t *testing.T) { run(t) })
	t.Run("chromium", func(t *testing.T) { run(t, needChromium(t)) })
}

// TestGoOIDC goes through the hosted pages with go-oidc and x/oauth2, as an app that can keep a secret.
func TestGoOIDC(t *testing.T) {
	ctx := t.Context()
	const back = "https://app.test/back"
	c := openCounter(t, server.Config{Hosted: []server.Hosted{{ID: "backend", Secret: "a secret of the app", RedirectURIs: []string{back}}}})
	_, _, err := c.operator.CreateUser(ctx, control.NewUser{Name: "ana@example.com", Password: password, Groups: []string{"editors"}})
	check(t, err)

	issuer := c.URL() + "/" + server.DefaultPool
	provider, err := oidc.NewProvider(ctx, issuer)
	check(t, err)
	app := &oauth2.Config{ClientID: "backend", ClientSecret: "a secret of the app", RedirectURL: back, Endpoint: provider.Endpoint(), Scopes: []string{"openid", "email"}}
	pkce := oauth2.GenerateVerifier()
	start := app.AuthCodeURL("state", oauth2.S256ChallengeOption(pkce), oidc.Nonce("nonce"))

	visitor := newVisitor(t, c.URL())
	visitor.get(start)
	if at := visitor.fill(url.Values{"username": {"ana@example.com"}, "password": {"wrong-garden-47"}}); at != nil {
		t.Fatalf("a wrong password leads to %s", at)
	}
	at := visitor.fill(url.Values{"username": {"ana@example.com"}, "password": {password}})
	if at == nil || at.Query().Get("state") != "state" || at.Query().Get("iss") != issuer {
		t.Fatalf("the visitor comes back to %v", at)
	}
	code := at.Query().Get("code")
	stranger := *app
	stranger.ClientSecret = "another secret"
	if _, err := stranger.Exchange(ctx, code, oauth2.VerifierOption(pkce)); err == nil {
		t.Error("the code is worth something without the app's secret")
	}
	tokens, err := app.Exchange(ctx, code, oauth2.VerifierOption(pkce))
	check(t, err)

	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "backend"}).Verify(ctx, raw)
	check(t, err)
	check(t, id.VerifyAccessToken(tokens.AccessToken))
	if id.VerifyAccessToken(tokens.AccessToken+"x") == nil {
		t.Error("the ID token comes with any access token")
	}
	var claims struct {
		Email  string   `json:"email"`
		Groups []string `json:"cognito:groups"`
	}
	check(t, id.Claims(&claims))
	if claims.Email != "ana@example.com" || !slices.Equal(claims.Groups, []string{"editors"}) || id.Nonce != "nonce" {
		t.Errorf("the ID token says %+v, nonce %q", claims, id.Nonce)
	}
	if _, err := provider.Verifier(&oidc.Config{ClientID: "web"}).Verify(ctx, raw); err == nil {
		t.Error("the ID token is for another app too")
	}

	tokens.Expiry = time.Now().Add(-time.Minute)
	source := app.TokenSource(ctx, tokens)
	renewed, err := source.Token()
	check(t, err)
	if renewed.AccessToken == tokens.AccessToken || renewed.RefreshToken == tokens.RefreshToken {
		t.Error("the tokens are the old ones")
	}
	raw, _ = renewed.Extra("id_token").(string)
	next, err := provider.Verifier(&oidc.Config{ClientID: "backend"}).Verify(ctx, raw)
	check(t, err)
	check(t, next.VerifyAccessToken(renewed.AccessToken))
	info, err := provider.UserInfo(ctx, source)
	check(t, err)
	if info.Email != claims.Email || info.Subject != id.Subject {
		t.Errorf("the user is %+v", info)
	}

	app.RedirectURL = "https://evil.test/back"
	if at := visitor.get(app.AuthCodeURL("state", oauth2.S256ChallengeOption(pkce))); at != nil || !strings.Contains(visitor.page, "(redirect_uri)") {
		t.Errorf("an address that is not on the list leads to %v\n%s", at, visitor.page)
	}
}

// visitor goes through the pages of a server with cookies, and stops where it is sent elsewhere.
type visitor struct {
	t      *testing.T
	root   string
	client *http.Client
	page   string
}

func newVisitor(t *testing.T, root string) *visitor {
	jar, err := cookiejar.New(nil)
	check(t, err)
	v := &visitor{t: t, root: root}
	v.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), root+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return v
}

// get gives where the visitor is sent; nil: it is at a page.
func (v *visitor) get(address string) *url.URL {
	v.t.Helper()
	return v.send(http.MethodGet, address, nil)
}

var (
	formAction = regexp.MustCompile(`action="([^"]*)"`)
	formHidden = regexp.MustCompile(`name="form" value="([^"]*)"`)
)

// fill sends the form of the page.
func (v *visitor) fill(fields url.Values) *url.URL {
	v.t.Helper()
	action, hidden := formAction.FindStringSubmatch(v.page), formHidden.FindStringSubmatch(v.page)
	if action == nil || hidden == nil {
		v.t.Fatalf("there is no form in\n%s", v.page)
	}
	fields.Set("form", hidden[1])
	return v.send(http.MethodPost, v.root+html.UnescapeString(action[1]), fields)
}

func (v *visitor) send(method, address string, form url.Values) *url.URL {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	check(v.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.client.Do(r)
	check(v.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(v.t, err)
	v.page = string(body)
	if response.Header.Get("Location") == "" {
		return nil
	}
	at, err := response.Location()
	check(v.t, err)
	return at
}
