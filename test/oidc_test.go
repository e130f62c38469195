package test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"freshet/internal/accounts"
	"freshet/internal/api/apitest"
	"freshet/internal/api/oauth"
)

// noMail is the post of a test that needs no letter.
type noMail struct{}

func (noMail) Send(context.Context, accounts.Message) error { return nil }

// TestOpenIDClient signs in with the openid-client library.
func TestOpenIDClient(t *testing.T) {
	if _, err := os.Stat(filepath.Join("wire", "node_modules", "openid-client")); err != nil {
		t.Skip("the client libraries are not installed; make test installs them")
	}
	const app, back, user, password = "web", "https://app.test/back", "ana@example.com", "tulip-garden-47"
	secret := bytes.Repeat([]byte("oidc"), 8)
	house := apitest.Open(t, `type Task @model @auth(rules: [{allow: owner}]) { title: String! }`)
	server := httptest.NewUnstartedServer(nil)
	issuer := "http://" + server.Listener.Addr().String() + "/local_freshet"
	pool, err := accounts.Open(t.Context(), house.Engine.Documents(), accounts.Config{
		Secret: secret, Issuer: issuer, Clients: []string{app}, Mailer: noMail{}, AutoConfirm: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.SignUp(t.Context(), accounts.Caller{Client: app}, accounts.SignUp{Username: user, Password: password}); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = oauth.New(pool, oauth.Options{
		Issuer: issuer, Secret: secret, Clients: []oauth.Client{{ID: app, RedirectURIs: []string{back}, LogoutURIs: []string{back}}},
	})
	server.Start()
	t.Cleanup(server.Close)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := exec.CommandContext(ctx, "node", "oidc.mjs", issuer, app, back, user, password)
	client.Dir = "wire"
	if output, err := client.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}
