package test

import (
	"context"
	"log/slog"
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
	s := serve(t, server.Config{})
	runNode(t, time.Minute, "graphql-ws.mjs", "ws://"+s.Addr()+"/graphql", s.APIKey())
}
