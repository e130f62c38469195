package auth

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"freshet"
)

// TestDiscovery reads the keys from where the issuer's document says, be the issuer's name with a slash at its end,
// as Auth0 has it, or with a path, as Keycloak.
func TestDiscovery(t *testing.T) {
	key := rs256("k1")
	for _, path := range []string{"", "/", "/realms/shop"} {
		c := newClock()
		mux := http.NewServeMux()
		server := httptest.NewServer(mux)
		defer server.Close()
		issuer := server.URL + path
		mux.HandleFunc(strings.TrimSuffix(path, "/")+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, issuer, server.URL+"/protocol/certs")
		})
		mux.HandleFunc("/protocol/certs", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(encodeSet(t, key.public())) })
		tokens := newTokens(t, c, Issuer{URL: issuer, ClientIDs: []string{"web"}})
		if _, _, err := tokens.Check(t.Context(), key.sign(t, of(c, claims{"iss": issuer}))); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
		other := strings.TrimSuffix(issuer, "/")
		if other == issuer {
			other += "/"
		}
		_, _, err := tokens.Check(t.Context(), key.sign(t, of(c, claims{"iss": other})))
		wantCode(t, err, freshet.Unauthenticated, "with another / at its end")
	}
}

// TestDiscoveryRefuses believes no document of another issuer, and no keys that came by a way that is not safe.
func TestDiscoveryRefuses(t *testing.T) {
	key := rs256("k1")
	keys := encodeSet(t, key.public())
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) }))
	defer plain.Close()
	for name, test := range map[string]struct {
		document string // %s stands for the issuer
		keys     http.HandlerFunc
		want     string
	}{
		"no document":         {"", nil, "404"},
		"no JSON":             {"<html>", nil, "invalid character"},
		"of another issuer":   {`{"issuer":"https://other.example","jwks_uri":"%s/keys"}`, nil, `of the issuer "https://other.example"`},
		"of an issuer with /": {`{"issuer":"%s/","jwks_uri":"%s/keys"}`, nil, "write it so in --oidc"},
		"no keys":             {`{"issuer":"%s"}`, nil, "names no address for the keys"},
		"keys in clear":       {`{"issuer":"%s","jwks_uri":"` + plain.URL + `"}`, nil, "names no address for the keys that is as safe"},
		"keys in a file":      {`{"issuer":"%s","jwks_uri":"file:///etc/keys.json"}`, nil, "names no address for the keys"},
		"sent out of https":   {"", http.RedirectHandler(plain.URL, http.StatusFound).ServeHTTP, "it redirects out of https"},
		"sent in a circle":    {"", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys", http.StatusFound) }, "it redirects too often"},
		"good":                {`{"issuer":"%s","jwks_uri":"%s/keys"}`, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) }, ""},
		"good, moved": {"", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "" {
				http.Redirect(w, r, "/keys?moved", http.StatusFound)
				return
			}
			_, _ = w.Write(keys)
		}, ""},
	} {
		c := newClock()
		mux := http.NewServeMux()
		server := httptest.NewTLSServer(mux)
		if test.keys != nil {
			mux.HandleFunc("/keys", test.keys)
			if test.document == "" {
				test.document = `{"issuer":"%s","jwks_uri":"%s/keys"}`
			}
		}
		if test.document != "" {
			mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(strings.ReplaceAll(test.document, "%s", server.URL)))
			})
		}
		tokens, err := NewTokens([]Issuer{{URL: server.URL, ClientIDs: []string{"web"}}}, server.Client(), c.now, quiet)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = tokens.Check(t.Context(), key.sign(t, of(c, claims{"iss": server.URL})))
		server.Close()
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (freshet.CodeOf(err) != freshet.Unavailable || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}
