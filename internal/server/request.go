package server

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxRequestID = 128

// withRequestID gives each request an id, its own one where that is sane, shows it in the answer under the
// names that clients look for, and logs the request.
func withRequestID(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !isRequestID(id) {
			id = newRequestID()
		}
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Amzn-Requestid", id)
		r = r.WithContext(context.WithValue(r.Context(), requestID{}, id))
		begin := time.Now()
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		level := slog.LevelDebug
		if answer.status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		if logger.Enabled(r.Context(), level) {
			logger.LogAttrs(r.Context(), level, "request", slog.String("method", r.Method),
				slog.String("path", r.URL.Path), slog.Int("status", answer.status), slog.Duration("took", time.Since(begin)))
		}
	})
}

// requestID is the key of a request's id in its context.
type requestID struct{}

// traced writes into each line the id of the request that it is about.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, line slog.Record) error {
	if id, ok := ctx.Value(requestID{}).(string); ok {
		line.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, line)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }

// newRequestID gives an id that is unique enough to find a request in a log by; it is no secret.
func newRequestID() string { return strconv.FormatUint(rand.Uint64(), 36) }

func isRequestID(id string) bool {
	odd := func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("-_.:/=+", r)
	}
	return id != "" && len(id) <= maxRequestID && !strings.ContainsFunc(id, odd)
}

// answer notes the status of a response.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets a socket take the connection over.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
