// Package servertest runs a server for the tests of its clients: the real one, on a data directory and an address of
// its own.
package servertest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"freshet/internal/api/control"
	"freshet/internal/auth"
	"freshet/internal/server"
)

// Server is a server that runs until it is closed.
type Server struct {
	*server.Server
	Issuer *Issuer // whose tokens it believes

	dir  string
	stop context.CancelFunc
	done chan error
}

// Start runs a server for a schema.
func Start(sdl string) (*Server, error) {
	dir, err := os.MkdirTemp("", "freshet-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, done: make(chan error, 1)}
	if err := s.open(sdl); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.done <- s.Run(ctx) }()
	return s, nil
}

func (s *Server) open(sdl string) (err error) {
	file := filepath.Join(s.dir, "schema.graphql")
	if err := os.WriteFile(file, []byte(sdl), 0o600); err != nil {
		return err
	}
	if s.Issuer, err = NewIssuer(s.dir); err != nil {
		return err
	}
	issuer, err := auth.ParseIssuer(s.Issuer.Flag())
	if err != nil {
		return err
	}
	s.Server, err = server.Open(context.Background(), server.Config{
		Data: s.Data(), Schema: []string{file}, Listen: "127.0.0.1:0", Issuers: []auth.Issuer{issuer}, NoSignUp: true,
	}, slog.New(slog.DiscardHandler))
	return err
}

// Data gives the data directory.
func (s *Server) Data() string { return filepath.Join(s.dir, "data") }

// Endpoint gives the address of the API.
func (s *Server) Endpoint() string { return strings.TrimSuffix(s.URL(), "/") + "/graphql" }

// SignedKey makes a key that signs requests.
func (s *Server) SignedKey(ctx context.Context, name string) (id, secret string, err error) {
	desk, err := control.Dial(ctx, s.Data())
	if err != nil {
		return "", "", err
	}
	key, secret, err := desk.CreateSignedKey(ctx, name, time.Time{}, false)
	return key.ID, secret, err
}

// Close ends the server and removes what it kept.
func (s *Server) Close() error {
	s.stop()
	return errors.Join(<-s.done, s.Server.Close(), os.RemoveAll(s.dir))
}
