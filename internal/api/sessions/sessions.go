// Package sessions is the door by which users see where they are signed in, and end what should not go on. It shows
// and ends nobody's sessions but those of the user of the access token that a request comes with.
package sessions

import (
	"log/slog"
	"net/http"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/api"
)

// Path is where the door is; one session is beneath it, by its id.
const Path = "/sessions"

type door struct {
	pool   *accounts.Pool
	logger *slog.Logger
}

// New makes the door, for Path and what is beneath it.
func New(pool *accounts.Pool, logger *slog.Logger) http.Handler {
	d := &door{pool, logger}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, d.answer(d.list))
	mux.HandleFunc("DELETE "+Path+"/{id}", d.answer(d.end))
	for _, path := range []string{Path, Path + "/{id}"} {
		mux.HandleFunc("OPTIONS "+path, func(w http.ResponseWriter, r *http.Request) {
			api.AllowOrigins(w, r)
			w.WriteHeader(http.StatusNoContent)
		})
	}
	return mux
}

// answer serves who brings an access token.
func (d *door) answer(serve func(r *http.Request, token string) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		api.AllowOrigins(w, r)
		var value any
		token, err := api.Bearer(r)
		if err == nil {
			value, err = serve(r, token)
		}
		if err != nil {
			if freshet.CodeOf(err) == freshet.Internal {
				d.logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
			}
			api.Refuse(w, err)
			return
		}
		api.Respond(w, value)
	}
}

// session is one as the wire has it.
type session struct {
	ID       string    `json:"id"`
	App      string    `json:"app"`
	Agent    string    `json:"agent,omitempty"`
	SignedIn time.Time `json:"signedIn"`
	Used     time.Time `json:"used"`
	Expires  time.Time `json:"expires"`
	Current  bool      `json:"current"`
}

func (d *door) list(r *http.Request, token string) (any, error) {
	found, err := d.pool.Sessions(r.Context(), accounts.Caller{Address: r.RemoteAddr}, token)
	list := make([]session, len(found))
	for i, s := range found {
		list[i] = session{s.ID, s.Client, s.Agent, s.SignedIn, s.Used, s.Expires, s.Current}
	}
	return map[string][]session{"sessions": list}, err
}

func (d *door) end(r *http.Request, token string) (any, error) {
	id := r.PathValue("id")
	return map[string]string{"ended": id}, d.pool.EndSession(r.Context(), accounts.Caller{Address: r.RemoteAddr}, token, id)
}
