package server

import (
	_ "embed"
	"html/template"
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
	mux.HandleFunc("GET /{$}", s.servePage)
	if err := s.accountDoors(mux); err != nil {
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

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// servePage tells somebody who comes with a browser what this is.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-cache")
	_ = page.Execute(w, struct{ HTTP, Socket, Body string }{
		HTTP:   scheme + "://" + r.Host + "/graphql",
		Socket: strings.Replace(scheme, "http", "ws", 1) + "://" + r.Host + "/graphql",
		Body:   s.Example(),
	})
}

// Example gives the body of a request to try.
func (s *Server) Example() string {
	if len(s.cfg.Schema) == 0 {
		return `{"query": "mutation { createTask(input: {title: \"Try Freshet\"}) { id title status _version } }"}`
	}
	return `{"query": "{ changes(limit: 10) { cursor upToDate changes { model op key version record } } }"}`
}
