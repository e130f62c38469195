package test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestClientAuth drives servers with the client's sessions, where that takes a clock that is moved. What else there is
// is tested in web/client.
func TestClientAuth(t *testing.T) {
	client := filepath.Join("..", "web", "client")
	if _, err := os.Stat(filepath.Join("..", "web", "node_modules", "vitest")); err != nil {
		t.Skip("the packages of web are not installed; make test installs them")
	}
	office := openOffice(t)
	house := serveHandler(t, office)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "npx", "vitest", "run", "--config", "test/auth/door.config.ts")
	run.Dir = client
	run.Env = append(os.Environ(), "HOUSE="+house, "USUAL="+office.usual.URL(), "STRICT="+office.strict.URL())
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}
