package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet/internal/accounts"
	"freshet/internal/mail"
)

// TestRelyingParty is of whom passkeys are for where nobody says, and where somebody does.
func TestRelyingParty(t *testing.T) {
	party := func(id string, origins ...string) accounts.RelyingParty {
		return accounts.RelyingParty{ID: id, Name: "Delta", Origins: origins}
	}
	const app = "https://app.example.com"
	for _, c := range []struct {
		address string
		cfg     Config
		want    accounts.RelyingParty
	}{
		{app, Config{}, party("app.example.com", app)},
		{"https://App.Example.com:8443/freshet", Config{}, party("app.example.com", "https://App.Example.com:8443")},
		{"http://localhost:8080", Config{}, party("localhost", "http://localhost:8080")},
		{"http://127.0.0.1:8080", Config{}, party("localhost", "http://localhost:8080")},
		{"http://[::1]", Config{}, party("localhost", "http://localhost")},
		{"http://app.example.com", Config{}, party("")},
		{"https://192.0.2.1", Config{}, party("")},
		{"https://intranet", Config{}, party("")},
		{app, Config{PasskeyRPID: "example.com"}, party("example.com", app)},
		{"http://192.0.2.1", Config{PasskeyOrigins: []string{app, "https://b.app.example.com"}}, party("app.example.com", app, "https://b.app.example.com")},
		{"https://api.example.com", Config{PasskeyRPID: "example.com", PasskeyOrigins: []string{app}}, party("example.com", app)},
	} {
		c.cfg.Mail = mail.Config{Product: "Delta"}
		got := c.cfg.relyingParty(c.address)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.address, diff)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: %v", c.address, err)
		}
	}
}
