// Package setup is the door by which the first administrator comes in: a user who is signed in shows the secret that
// the operator was given, and joins the group of administrators.
package setup

import (
	_ "embed"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/api"
)

// Path is where the door is; the secret of a link stands behind it as the fragment, which no server is sent.
const Path = "/setup"

const maxBody = 4 << 10 // bytes

type door struct {
	pool  *accounts.Pool
	group string
}

// New makes the door to a group.
func New(pool *accounts.Pool, group string) http.Handler { return &door{pool, group} }

// ServeHTTP lets a user join by POST, and tells who comes with a browser what to do.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api.AllowOrigins(w, r)
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodHead:
		servePage(w)
	case http.MethodPost:
		if err := d.join(r); err != nil {
			api.Refuse(w, err)
			return
		}
		api.Respond(w, map[string]string{"group": d.group})
	default:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (d *door) join(r *http.Request) error {
	token, err := api.Bearer(r)
	if err != nil {
		return err
	}
	secret, err := readSecret(r)
	if err != nil {
		return err
	}
	return d.pool.Setup(r.Context(), accounts.Caller{Address: r.RemoteAddr}, d.group, token, secret)
}

func readSecret(r *http.Request) (string, error) {
	form := freshet.Errorf(freshet.Invalid, `send {"secret": "…"} with Content-Type: application/json`)
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return "", form
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return "", form
	}
	if len(text) > maxBody {
		return "", freshet.Errorf(freshet.TooLarge, "the request is over the largest body, %d bytes", maxBody)
	}
	var request struct{ Secret string }
	if err := json.Unmarshal(text, &request); err != nil || request.Secret == "" {
		return "", form
	}
	return request.Secret, nil
}

//go:embed page.html
var page []byte

// servePage tells what a link is for. It runs no script, so the secret stays in the address bar.
func servePage(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(page)
}
