package test

import (
	"bufio"
	"io"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"freshet/internal/auth"
	"freshet/internal/server"
)

// TestProvider lets in who has a token of oidc-provider for this API: found by discovery, signed by several algorithms
// with keys among which are some of a kind that is not known here, and through a rotation.
func TestProvider(t *testing.T) {
	needWire(t)
	var at atomic.Pointer[url.URL]
	issuer := serveHandler(t, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at.Load())
		r.Out.Host = r.In.Host
	}})
	const api = "https://api.example/"
	trusted, err := auth.ParseIssuer("issuer=" + issuer + ",client_id=" + api)
	check(t, err)
	var wall clock
	c := openCounter(t, server.Config{Issuers: []auth.Issuer{trusted}, Now: wall.now})

	stop := startProvider(t, issuer, "first", &at)
	old := make(map[string]string)
	for _, alg := range []string{"RS256", "ES256"} {
		old[alg] = providerToken(t, issuer, api+"?alg="+alg)
		c.believes(t, alg, old[alg])
	}
	c.refusesToken(t, "a token for another API", providerToken(t, issuer, "https://other.example/?alg=RS256"))

	stop()
	startProvider(t, issuer, "second", &at)
	young := providerToken(t, issuer, api+"?alg=RS256")
	wall.advance(time.Minute)
	c.believes(t, "a token of the next key", young)
	c.refusesToken(t, "a token that says it is of the key that went", strings.Join(strings.Split(old["RS256"], ".")[:2], ".")+"."+strings.Split(young, ".")[2])
}

// startProvider runs oidc-provider for an issuer, and tells where; it ends with the test, or when it is stopped.
func startProvider(t *testing.T, issuer, name string, at *atomic.Pointer[url.URL]) (stop func()) {
	t.Helper()
	provider := exec.CommandContext(t.Context(), "node", "provider.mjs", issuer, name)
	provider.Dir = "wire"
	input, err := provider.StdinPipe()
	check(t, err)
	output, err := provider.StdoutPipe()
	check(t, err)
	check(t, provider.Start())
	stop = func() {
		_ = input.Close()
		_ = provider.Wait()
	}
	t.Cleanup(stop)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if address, err := url.Parse(lines.Text()); err == nil && address.Scheme == "http" {
			at.Store(address)
			go func() { _, _ = io.Copy(io.Discard, output) }() // what it says of itself
			return stop
		}
	}
	t.Fatal("the provider does not start")
	return nil
}

// providerToken gives a token for a resource.
func providerToken(t *testing.T, issuer, resource string) string {
	t.Helper()
	app := clientcredentials.Config{
		ClientID: "shop", ClientSecret: "a secret of the shop", TokenURL: issuer + "/token",
		EndpointParams: url.Values{"resource": {resource}}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	token, err := app.Token(t.Context())
	check(t, err)
	return token.AccessToken
}
