package oauth_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"freshet/internal/accounts"
	"freshet/internal/api/oauth"
)

func TestToken(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	b := d.browser().signIn("ana@example.com")
	fresh := func() string { return b.get(d.authorize()).code() }

	for name, test := range map[string]struct {
		changes []string
		status  int
		code    string
	}{
		"another verifier":       {[]string{"code_verifier=" + verifier + "x"}, 400, "invalid_grant"},
		"no verifier":            {[]string{"code_verifier"}, 400, "invalid_request"},
		"another redirect":       {[]string{"redirect_uri=" + backMore}, 400, "invalid_grant"},
		"no redirect":            {[]string{"redirect_uri"}, 400, "invalid_request"},
		"another app":            {[]string{"client_id=shop"}, 400, "invalid_grant"},
		"an unknown app":         {[]string{"client_id=evil"}, 401, "invalid_client"},
		"no app":                 {[]string{"client_id"}, 401, "invalid_client"},
		"a secret of its own":    {[]string{"client_secret=x"}, 401, "invalid_client"},
		"the secret is left out": {[]string{"client_id=backend"}, 401, "invalid_client"},
		"a code made up":         {[]string{"code=rubbish"}, 400, "invalid_grant"},
		"no code":                {[]string{"code"}, 400, "invalid_request"},
		"no grant type":          {[]string{"grant_type"}, 400, "invalid_request"},
		"a password":             {[]string{"grant_type=password"}, 400, "unsupported_grant_type"},
	} {
		status, answer, header := d.exchange(fresh(), test.changes...)
		if status != test.status || answer["error"] != test.code || header.Get("Cache-Control") != "no-store" || answer["access_token"] != nil {
			t.Errorf("%s: %d %v", name, status, answer)
		}
		if status == http.StatusUnauthorized && header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: the answer does not say how to authenticate", name)
		}
	}
	code := fresh()
	d.clock.advance(time.Minute)
	if status, answer, _ := d.exchange(code); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("too late: %d %v", status, answer)
	}

	code = fresh()
	status, tokens, header := d.exchange(code)
	if status != http.StatusOK || tokens["token_type"] != "Bearer" || tokens["expires_in"] != 3600.0 || tokens["scope"] != "openid email" {
		t.Fatalf("%d %v", status, tokens)
	}
	if header.Get("Cache-Control") != "no-store" || header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", header)
	}
	if status, _ := d.userInfo(tokens["access_token"]); status != http.StatusOK {
		t.Errorf("the access token: %d", status)
	}
	if status, answer, _ := d.exchange(code); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("the code again: %d %v", status, answer)
	}
	if status, _ := d.userInfo(tokens["access_token"]); status != http.StatusUnauthorized {
		t.Errorf("the access token of a code that came twice: %d", status)
	}
	if status, answer, _ := d.refresh(tokens["refresh_token"], "web"); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("the refresh token of a code that came twice: %d %v", status, answer)
	}
}

func TestTokenRequests(t *testing.T) {
	d := open(t)
	for name, test := range map[string]struct {
		body, contentType string
	}{
		"JSON":              {`{"grant_type":"refresh_token"}`, "application/json"},
		"no content type":   {"grant_type=refresh_token", ""},
		"a parameter twice": {"grant_type=refresh_token&grant_type=refresh_token&client_id=web&refresh_token=x", "application/x-www-form-urlencoded"},
		"endless":           {"grant_type=" + strings.Repeat("x", 65<<10), "application/x-www-form-urlencoded"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", d.root+"/oauth2/token", strings.NewReader(test.body))
		d.must(err)
		if test.contentType != "" {
			r.Header.Set("Content-Type", test.contentType)
		}
		response, err := http.DefaultClient.Do(r)
		d.must(err)
		body, err := io.ReadAll(response.Body)
		d.must(err)
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"invalid_request"`) {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
	if status, answer, header := d.call("GET", "/oauth2/token?client_id=web&grant_type=refresh_token", nil); status != 405 || header.Get("Allow") == "" || answer["error"] == nil {
		t.Errorf("by GET: %d %v", status, answer)
	}
	if status, _, header := d.call("OPTIONS", "/oauth2/token", nil, "Origin: https://app.test"); status != 204 || header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the question of a browser: %d %v", status, header)
	}
}

func TestRefresh(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	_, tokens, _ := d.exchange(d.browser().signIn("ana@example.com").code())
	first := tokens["refresh_token"]
	if status, answer, _ := d.refresh(first, "shop"); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("by another app: %d %v", status, answer)
	}
	status, next, _ := d.refresh(first, "web")
	if status != 200 || next["refresh_token"] == first || next["refresh_token"] == nil || next["id_token"] == nil || next["scope"] != "openid email" {
		t.Fatalf("%d %v", status, next)
	}
	d.clock.advance(time.Minute)
	if status, answer, _ := d.refresh(first, "web"); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("the old one: %d %v", status, answer)
	}
	if status, _ := d.userInfo(next["access_token"]); status != http.StatusUnauthorized {
		t.Errorf("after a refresh token came twice: %d", status)
	}
	for _, token := range []string{"", "rubbish"} {
		if status, _, _ := d.refresh(token, "web"); status != 400 {
			t.Errorf("%q: %d", token, status)
		}
	}
}

func TestConfidentialClient(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	b := d.browser().signIn("ana@example.com")
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("backend:"+url.QueryEscape(secret)))
	withPKCE := func() string { return b.get(d.authorize("client_id=backend")).code() }
	without := func() string {
		return b.get(d.authorize("client_id=backend", "code_challenge", "code_challenge_method")).code()
	}
	form := func(code string, more ...string) url.Values {
		f := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}}
		for _, m := range more {
			name, value, _ := strings.Cut(m, "=")
			f.Set(name, value)
		}
		return f
	}
	for name, test := range map[string]struct {
		form    url.Values
		headers []string
		status  int
		code    any
	}{
		"basic, with PKCE":            {form(withPKCE(), "code_verifier="+verifier), []string{basic}, 200, nil},
		"basic, without":              {form(without()), []string{basic}, 200, nil},
		"basic, not encoded":          {form(without()), []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("backend:"+secret))}, 200, nil},
		"basic, and its id":           {form(without(), "client_id=backend"), []string{basic}, 200, nil},
		"post":                        {form(without(), "client_id=backend", "client_secret="+secret), nil, 200, nil},
		"a verifier for no challenge": {form(without(), "code_verifier="+verifier), []string{basic}, 400, "invalid_grant"},
		"a challenge, no verifier":    {form(withPKCE()), []string{basic}, 400, "invalid_grant"},
		"post, wrong":                 {form(without(), "client_id=backend", "client_secret=x"), nil, 401, "invalid_client"},
		"basic, wrong":                {form(without()), []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("backend:x"))}, 401, "invalid_client"},
		"no basic":                    {form(without()), []string{"Authorization: Bearer x"}, 401, "invalid_client"},
		"in both ways":                {form(without(), "client_secret="+secret), []string{basic}, 400, "invalid_request"},
		"as two":                      {form(without(), "client_id=web"), []string{basic}, 400, "invalid_request"},
	} {
		status, answer, _ := d.ask("/oauth2/token", test.form, test.headers...)
		if status != test.status || answer["error"] != test.code {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

// TestIDTokenScopes holds that an ID token shows what its scopes do, and no more, also after a refresh.
func TestIDTokenScopes(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	d.must(d.pool.AdminUpdateUserAttributes(t.Context(), accounts.Caller{}, "ana@example.com", []accounts.Attribute{
		{Name: "name", Value: "Ana"}, {Name: "phone_number", Value: "+4912345"}, {Name: "custom:desk", Value: "7"},
	}))
	b := d.browser().signIn("ana@example.com")
	personal := []string{"custom:desk", "email", "email_verified", "name", "phone_number", "phone_number_verified"}
	for scope, want := range map[string][]string{
		"openid": nil, "openid email": {"email", "email_verified"}, "openid profile": {"name"}, "openid phone": {"phone_number"},
		"openid email phone profile":                 {"email", "email_verified", "name", "phone_number"},
		"openid aws.cognito.signin.user.admin":       {"custom:desk", "email", "email_verified", "name", "phone_number"},
		"openid offline_access":                      nil,
		"openid email aws.cognito.signin.user.admin": {"custom:desk", "email", "email_verified", "name", "phone_number"},
	} {
		_, tokens, _ := d.exchange(b.get(d.authorize("scope=" + scope)).code())
		_, next, _ := d.refresh(tokens["refresh_token"], "web")
		for when, answer := range map[string]map[string]any{"first": tokens, "refreshed": next} {
			text, _ := answer["id_token"].(string)
			id, _, err := d.pool.CheckID(t.Context(), text)
			d.must(err)
			got := slices.DeleteFunc(sorted(id.Claims), func(name string) bool { return !slices.Contains(personal, name) })
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: %v, want %v", scope, when, got, want)
			}
		}
	}
}

func TestUserInfo(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	b := d.browser().signIn("ana@example.com")
	tokens := func(scope string) map[string]any {
		_, tokens, _ := d.exchange(b.get(d.authorize("scope=" + scope)).code())
		return tokens
	}
	for scope, want := range map[string][]string{
		"openid": {"sub", "username"}, "openid email": {"email", "email_verified", "sub", "username"}, "openid profile phone": {"sub", "username"},
	} {
		status, answer := d.userInfo(tokens(scope)["access_token"])
		if got := sorted(answer); status != 200 || !slices.Equal(got, want) {
			t.Errorf("%s: %d %v", scope, status, answer)
		}
	}
	if status, answer := d.userInfo(tokens("openid email")["access_token"]); answer["email"] != "ana@example.com" || answer["email_verified"] == "false" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := d.userInfo(tokens("email")["access_token"]); status != 403 || answer["error"] != "insufficient_scope" {
		t.Errorf("without openid: %d %v", status, answer)
	}
	if status, answer := d.userInfo(tokens("openid")["id_token"]); status != 401 || answer["error"] != "invalid_token" {
		t.Errorf("by an ID token: %d %v", status, answer)
	}
	if status, _, header := d.call("GET", "/oauth2/userInfo", nil); status != 401 || header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("by nobody: %d %v", status, header)
	}
	old := tokens("openid")["access_token"]
	d.clock.advance(time.Hour)
	if status, answer := d.userInfo(old); status != 401 || answer["error"] != "invalid_token" {
		t.Errorf("too late: %d %v", status, answer)
	}
}

func TestRevoke(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	_, tokens, _ := d.exchange(d.browser().signIn("ana@example.com").code())
	access, _ := tokens["access_token"].(string)
	refresh, _ := tokens["refresh_token"].(string)
	revoke := func(token, client string) (int, any) {
		status, answer, _ := d.ask("/oauth2/revoke", url.Values{"token": {token}, "client_id": {client}})
		return status, answer["error"]
	}
	for name, test := range map[string]struct {
		token, client string
		status        int
		code          any
	}{
		"no token":             {"", "web", 400, "invalid_request"},
		"an access token":      {access, "web", 400, "unsupported_token_type"},
		"of another app":       {refresh, "shop", 400, "unauthorized_client"},
		"by an unknown app":    {refresh, "evil", 401, "invalid_client"},
		"without the secret":   {refresh, "backend", 401, "invalid_client"},
		"one that was made up": {"rubbish", "web", 200, nil},
	} {
		if status, code := revoke(test.token, test.client); status != test.status || code != test.code {
			t.Errorf("%s: %d %v", name, status, code)
		}
	}
	if status, _ := d.userInfo(access); status != 200 {
		t.Fatalf("before: %d", status)
	}
	for range 2 {
		if status, code := revoke(refresh, "web"); status != 200 {
			t.Errorf("%d %v", status, code)
		}
	}
	if status, _ := d.userInfo(access); status != 401 {
		t.Errorf("after: %d", status)
	}
}

// TestOIDC drives the door as an app with the libraries of coreos and of Go does.
func TestOIDC(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	ctx := t.Context()
	provider, err := oidc.NewProvider(ctx, d.issuer)
	d.must(err)
	app := oauth2.Config{ClientID: "web", Endpoint: provider.Endpoint(), RedirectURL: back, Scopes: []string{"openid", "email"}}
	own := oauth2.GenerateVerifier()
	b := d.browser().get(app.AuthCodeURL("the state", oidc.Nonce("the nonce"), oauth2.S256ChallengeOption(own)))
	b.on("Sign in").fill("username=ana@example.com", "password="+goodPassword)
	if b.at.Query().Get("state") != "the state" {
		t.Errorf("the state: %s", b.at)
	}
	token, err := app.Exchange(ctx, b.code(), oauth2.VerifierOption(own))
	d.must(err)
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "web"}).Verify(ctx, raw)
	d.must(err)
	var claims struct {
		Email    string
		TokenUse string `json:"token_use"`
	}
	d.must(id.Claims(&claims))
	if id.Nonce != "the nonce" || id.Issuer != d.issuer || claims.Email != "ana@example.com" || claims.TokenUse != "id" {
		t.Errorf("%+v %+v", id, claims)
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	d.must(err)
	if info.Subject != id.Subject || info.Email != "ana@example.com" {
		t.Errorf("%+v", info)
	}
	if _, err := provider.Verifier(&oidc.Config{ClientID: "shop"}).Verify(ctx, raw); err == nil {
		t.Error("another app takes the ID token")
	}
	token.Expiry = time.Now().Add(-time.Minute)
	next, err := app.TokenSource(ctx, token).Token()
	d.must(err)
	if next.RefreshToken == token.RefreshToken || next.AccessToken == token.AccessToken {
		t.Error("the tokens are the old ones")
	}
}

func TestDiscovery(t *testing.T) {
	d := open(t)
	_, atRoot, _ := d.call("GET", "/.well-known/openid-configuration", nil)
	status, beneath, header := d.call("GET", "/local_test/.well-known/openid-configuration", nil)
	if diff := cmp.Diff(atRoot, beneath); status != 200 || diff != "" || header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %s %v", status, diff, header)
	}
	if beneath["issuer"] != d.issuer || beneath["jwks_uri"] != d.issuer+"/.well-known/jwks.json" || beneath["token_endpoint"] != d.root+"/oauth2/token" {
		t.Errorf("%v", beneath)
	}
	if pool, told := beneath["identity_pool"]; told {
		t.Errorf("an identity pool %v where there is none", pool)
	}
	elsewhere := oauth.New(d.pool, oauth.Options{Issuer: d.issuer, URL: "https://app.test", Secret: serverSecret, IdentityPoolID: "local:pool", PoolID: "local_test", ClientID: "web"})
	w := httptest.NewRecorder()
	elsewhere.ServeHTTP(w, httptest.NewRequest("GET", "/local_test/.well-known/openid-configuration", nil))
	for _, want := range []string{`"issuer":"` + d.issuer + `"`, `"token_endpoint":"https://app.test/oauth2/token"`, `"identity_pool":"local:pool"`, `"user_pool":"local_test"`, `"client_id":"web"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("at another address than the issuer's: %s", w.Body)
		}
	}
	for _, path := range []string{"/.well-known/jwks.json", "/local_test/.well-known/jwks.json"} {
		_, set, _ := d.call("GET", path, nil)
		keys, _ := set["keys"].([]any)
		if len(keys) != 1 {
			t.Fatalf("%s: %v", path, set)
		}
		if got := sorted(keys[0].(map[string]any)); !slices.Equal(got, []string{"alg", "e", "kid", "kty", "n", "use"}) {
			t.Errorf("%s: a key has %v", path, got)
		}
	}
}
