package accounts

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

func TestGrant(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	access := f.tokens("ana").Access
	const verifier = "a verifier of at least forty-three characters."
	sum := sha256.Sum256([]byte(verifier))
	grant := Grant{RedirectURI: "https://app.test/back", Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), Nonce: "n-1", Scopes: []string{"openid", "email"}}
	code := func(g Grant) string {
		t.Helper()
		code, err := f.AuthorizationCode(t.Context(), app, access, g)
		f.must(err)
		return code
	}
	for name, change := range map[string]func(*Grant){
		"no PKCE": func(g *Grant) { g.Challenge = "" }, "plain PKCE": func(g *Grant) { g.Challenge = verifier }, "no redirect": func(g *Grant) { g.RedirectURI = "" },
		"unknown scope": func(g *Grant) { g.Scopes = []string{"openid", "root"} },
	} {
		g := grant
		change(&g)
		_, err := f.AuthorizationCode(t.Context(), app, access, g)
		f.want(name, err, InvalidParameter)
	}
	_, err := f.AuthorizationCode(t.Context(), app, "rubbish", grant)
	f.want("no token", err, NotAuthorized)

	exchange := func(code, redirect, verifier string) (*Tokens, error) {
		return f.Exchange(t.Context(), app, code, redirect, verifier)
	}
	c := code(grant)
	_, err = exchange(c, grant.RedirectURI, verifier+"x")
	f.want("another verifier", err, NotAuthorized)
	_, err = exchange(c, "https://other.test", verifier)
	f.want("another address", err, NotAuthorized)
	_, err = exchange(c[:len(c)-2]+"AA", grant.RedirectURI, verifier)
	f.want("changed", err, NotAuthorized)
	_, err = f.Exchange(t.Context(), Caller{Client: "cli"}, c, grant.RedirectURI, verifier)
	f.want("another client", err, NotAuthorized)
	tokens, err := exchange(c, grant.RedirectURI, verifier)
	f.must(err)
	if id := f.claims(tokens.ID); id["nonce"] != "n-1" || id["aud"] != "web" || f.claims(tokens.Access)["scope"] != "openid email" || tokens.Scope != "openid email" {
		t.Errorf("%v", id)
	}
	f.must(f.checks(tokens.Access))
	_, err = f.GetUser(t.Context(), app, tokens.Access)
	f.want("at the account, without the scope", err, NotAuthorized)
	next, err := f.refreshed(tokens.Refresh)
	if err != nil || f.claims(next.ID)["nonce"] != nil {
		t.Errorf("refreshed: %v", err)
	}
	_, err = exchange(c, grant.RedirectURI, verifier)
	f.want("the code again", err, NotAuthorized)
	f.want("what the first one gave", f.checks(next.Access), NotAuthorized)

	grant.Scopes = []string{"phone"}
	tokens, err = exchange(code(grant), grant.RedirectURI, verifier)
	if err != nil || tokens.ID != "" {
		t.Errorf("without openid: %+v, %v", tokens, err)
	}
	c = code(grant)
	f.clock.advance(grantLifetime)
	_, err = exchange(c, grant.RedirectURI, verifier)
	f.want("too late", err, NotAuthorized)
	c = code(grant)
	f.must(f.AdminDisableUser(t.Context(), operator, "ana"))
	_, err = exchange(c, grant.RedirectURI, verifier)
	f.want("disabled in between", err, NotAuthorized)
	_, err = exchange(strings.Repeat("a", maxTicket+1), grant.RedirectURI, verifier)
	f.want("endless", err, NotAuthorized)
}
