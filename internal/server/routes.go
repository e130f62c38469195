package server

import (
	"net/http"
	"strings"
	"sync/atomic"

	"freshet"
	"freshet/internal/store"
)

// routes gives the public door.
func (s *Server) routes(graphql http.Handler) (http.Handler, error) {
	sockets := counted(s.sockets, &s.connected)
	mux := http.NewServeMux()
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			sockets.ServeHTTP(w, r)
			return
		}
		graphql.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.serveReady)
	if err := s.accountDoors(mux); err != nil {
		return nil, err
	}
	if err := s.appDoors(mux); err != nil {
		return nil, err
	}
	return withClientAddress(withRequestID(mux, s.logger), s.cfg.Proxies), nil
}

// counted counts who is inside.
func counted(next http.Handler, inside *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside.Add(1)
		defer inside.Add(-1)
		next.ServeHTTP(w, r)
	})
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// serveReady tells whether requests may be sent here. An empty batch goes through the store's committer,
// which refuses it when it would refuse any other, and does not touch the disk.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	if !s.ready.Load() {
		say(w, http.StatusServiceUnavailable, "the server is shutting down")
		return
	}
	if _, err := s.store.Commit(r.Context(), store.Batch{}); err != nil {
		say(w, http.StatusServiceUnavailable, freshet.MessageOf(err))
		return
	}
	say(w, http.StatusOK, "ready")
}

// Example gives the body of a request to try.
func (s *Server) Example() string {
	if len(s.cfg.Schema) == 0 {
		return `{"query": "mutation { createTask(input: {title: \"Try Freshet\"}) { id title status _version } }"}`
	}
	return `{"query": "{ changes(limit: 10) { cursor upToDate changes { model op key version record } } }"}`
}
