package oauth_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/apitest"
	"freshet/internal/api/oauth"
)

// TestPagesAreOnRecord walks through all pages and what apps ask behind them: each step that does something, or is
// refused, is told with whom it was about, the app, and from where.
func TestPagesAreOnRecord(t *testing.T) {
	audit := new(apitest.Journal)
	d := open(t, func(c *accounts.Config) { c.Audit = audit })
	d.opts.Audit = audit
	d.handler = oauth.New(d.pool, d.opts)
	told := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, e := range audit.Take() {
			got = append(got, e.What+" "+e.Outcome)
			if e.From == "" || e.Client == "" || e.At.IsZero() && e.What != "AuthenticateClient" {
				t.Errorf("%s: %+v", what, e)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: on record is %q, want %q", what, got, want)
		}
	}
	const ana = "ana@example.com"
	b := d.browser().get(d.authorize("prompt=create"))
	told("a page that is shown")
	b.fill("email="+ana, "password=12345678")
	told("a password that is no good", "SignUp InvalidPasswordException")
	b.fill("email="+ana, "password="+goodPassword)
	told("a sign-up", "SignUp ok")
	code := d.post.code(ana)
	b.fill("code=" + wrong(code))
	told("a wrong code", "ConfirmSignUp CodeMismatchException")
	b.fill("action=resend")
	told("another code, too soon", "ResendConfirmationCode LimitExceededException")
	b.fill("code=" + code)
	told("the code", "ConfirmSignUp ok", "InitiateAuth ok", "AuthorizationCode ok")
	status, tokens, _ := d.exchange(b.code())
	told("its exchange", "Exchange ok")
	d.exchange("none")
	told("the exchange of nothing", "Exchange NotAuthorizedException")
	refresh, _ := tokens["refresh_token"].(string)
	if status != 200 || refresh == "" {
		t.Fatalf("%d %v", status, tokens)
	}
	_, tokens, _ = d.ask("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "refresh_token": {refresh}})
	told("a refresh", "GetTokensFromRefreshToken ok")
	d.ask("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "refresh_token": {"none"}})
	told("a refresh by nothing", "GetTokensFromRefreshToken NotAuthorizedException")
	next, _ := tokens["refresh_token"].(string)
	d.ask("/oauth2/revoke", url.Values{"token": {next}, "client_id": {"web"}})
	told("a revocation", "RevokeToken ok")
	d.ask("/oauth2/revoke", url.Values{"token": {"none"}, "client_id": {"web"}})
	told("a revocation of nothing", "RevokeToken NotAuthorizedException")
	for _, client := range []string{"backend", "nobody"} {
		d.ask("/oauth2/token", url.Values{"grant_type": {"refresh_token"}}, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(client+":x")))
		told("a wrong secret of the app "+client, "AuthenticateClient invalid_client")
	}

	other := d.browser().get(d.authorize())
	other.fill("username="+ana, "password=wrong")
	told("a wrong password", "InitiateAuth NotAuthorizedException")
	b.get(d.authorize()).code()
	told("the next app", "InitiateAuth ok", "AuthorizationCode ok")
	b.get(d.root + "/logout")
	told("a sign-out", "RevokeToken ok")
}
