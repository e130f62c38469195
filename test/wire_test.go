package test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"freshet/internal/server"
)

// serve runs a server until the test ends, on a data directory of its own where none is given.
func serve(t *testing.T, cfg server.Config) *server.Server {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	if cfg.Data == "" {
		cfg.Data = t.TempDir()
	}
	s, err := server.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestGraphQLWS drives the server with the graphql-ws client.
func TestGraphQLWS(t *testing.T) {
	if _, err := os.Stat(filepath.Join("wire", "node_modules")); err != nil {
		t.Skip("the client libraries are not installed; make test installs them")
	}
	s := serve(t, server.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := exec.CommandContext(ctx, "node", "graphql-ws.mjs", "ws://"+s.Addr()+"/graphql", s.APIKey())
	client.Dir = "wire"
	if output, err := client.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}
