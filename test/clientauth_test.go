package test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"freshet/internal/accounts"
)

// TestClientAuth drives pools with the client's sessions, where that takes a set-up that the binary does not have,
// or a clock that is moved. What the binary has is tested in web/client.
func TestClientAuth(t *testing.T) {
	client := filepath.Join("..", "web", "client")
	if _, err := os.Stat(filepath.Join("..", "web", "node_modules", "vitest")); err != nil {
		t.Skip("the packages of web are not installed; make test installs them")
	}
	c := openCounter(t)
	mux := http.NewServeMux()
	mux.Handle("/idp", c.door(t, accounts.Config{}))
	mux.Handle("/strict/idp", c.door(t, accounts.Config{MFA: accounts.MFARequired}))
	mux.HandleFunc("/mail", c.serveMail)
	mux.HandleFunc("/wait", c.serveWait)
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "npx", "vitest", "run", "--config", "test/auth/door.config.ts")
	run.Dir = client
	run.Env = append(os.Environ(), "DOOR="+server.URL)
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}
