package oauth

import (
	"cmp"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"freshet"
	"freshet/internal/accounts"
)

const maxForm = 64 << 10 // bytes

var errForm = errors.New("the body is no form")

// readForm reads a body that has to be a form, as a browser or RFC 6749 has it.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(t), "application/x-www-form-urlencoded") {
		return nil, errForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	return r.PostForm, nil
}

// appForm reads the form of an app and finds out which app it is; what is wrong is answered.
func (h *handler) appForm(w http.ResponseWriter, r *http.Request) (url.Values, *Client, bool) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	form, err := readForm(w, r)
	if err != nil {
		answerError(w, http.StatusBadRequest, "invalid_request", "send the parameters as application/x-www-form-urlencoded, 64 KiB at most")
		return nil, nil, false
	}
	for _, values := range form {
		if len(values) > 1 {
			answerError(w, http.StatusBadRequest, "invalid_request", "a parameter stands twice")
			return nil, nil, false
		}
	}
	client, f := h.authenticate(r, form)
	switch {
	case f == nil:
		return form, client, true
	case f.code == "invalid_client":
		h.recordClient(r, form)
		w.Header().Set("WWW-Authenticate", `Basic realm="oauth2"`)
		answerError(w, http.StatusUnauthorized, f.code, f.description)
	default:
		answerError(w, http.StatusBadRequest, f.code, f.description)
	}
	return nil, nil, false
}

// authenticate finds out which app asks. One that has a secret has to show it, in one way only.
func (h *handler) authenticate(r *http.Request, form url.Values) (*Client, *fault) {
	unknown := &fault{"invalid_client", "the client is not known, or its secret is wrong"}
	id, secrets := form.Get("client_id"), []string{form.Get("client_secret")}
	if header := r.Header.Get("Authorization"); header != "" {
		user, password, ok := r.BasicAuth()
		switch {
		case !ok:
			return nil, unknown
		case secrets[0] != "" || id != "" && id != decoded(user):
			return nil, &fault{"invalid_request", "the client shows itself in two ways"}
		}
		id, secrets = decoded(user), []string{decoded(password), password}
	}
	client := h.client(id)
	if client == nil || !slices.ContainsFunc(secrets, func(s string) bool { return same(s, client.Secret) }) {
		return nil, unknown
	}
	return client, nil
}

// recordClient tells of an app that is not known, or whose secret is wrong.
func (h *handler) recordClient(r *http.Request, form url.Values) {
	if h.opts.Audit == nil {
		return
	}
	id, _, _ := r.BasicAuth()
	id = cmp.Or(id, form.Get("client_id"))
	h.opts.Audit.Record(r.Context(), accounts.Entry{What: "AuthenticateClient", Client: id[:min(len(id), 100)], From: r.RemoteAddr, Outcome: "invalid_client"})
}

// decoded gives a part of Basic credentials. RFC 6749, 2.3.1 has it encoded as in a form, which many clients leave out.
func decoded(part string) string {
	text, err := url.QueryUnescape(part)
	if err != nil {
		return part
	}
	return text
}

type tokenAnswer struct {
	Access    string `json:"access_token"`
	ID        string `json:"id_token,omitempty"`
	Refresh   string `json:"refresh_token,omitempty"`
	Type      string `json:"token_type"`
	ExpiresIn int64  `json:"expires_in"` // seconds
	Scope     string `json:"scope"`
}

// serveToken gives tokens for a code, and new ones for a refresh token, which rotates. A refresh keeps its scopes,
// whatever is asked; the answer names them.
func (h *handler) serveToken(w http.ResponseWriter, r *http.Request) {
	form, client, ok := h.appForm(w, r)
	if !ok {
		return
	}
	var tokens *accounts.Tokens
	var err error
	missing := func(name string) bool {
		if form.Get(name) == "" {
			answerError(w, http.StatusBadRequest, "invalid_request", name+" is missing")
			return true
		}
		return false
	}
	switch grant := form.Get("grant_type"); grant {
	case "authorization_code":
		verifier := form.Get("code_verifier")
		if verifier == "" && client.Secret != "" {
			verifier = h.ownVerifier(client)
		} else if missing("code_verifier") {
			return
		}
		if missing("code") || missing("redirect_uri") {
			return
		}
		tokens, err = h.pool.Exchange(r.Context(), caller(r, client.ID), form.Get("code"), form.Get("redirect_uri"), verifier)
	case "refresh_token":
		if missing("refresh_token") {
			return
		}
		tokens, err = h.pool.GetTokensFromRefreshToken(r.Context(), caller(r, client.ID), form.Get("refresh_token"))
	case "":
		missing("grant_type")
		return
	default:
		answerError(w, http.StatusBadRequest, "unsupported_grant_type", "grant_type has to be authorization_code or refresh_token")
		return
	}
	if err != nil {
		h.refuseGrant(w, r, err)
		return
	}
	answer(w, http.StatusOK, tokenAnswer{
		Access: tokens.Access, ID: tokens.ID, Refresh: tokens.Refresh, Type: "Bearer", ExpiresIn: int64(tokens.ExpiresIn / time.Second), Scope: tokens.Scope,
	})
}

func (h *handler) refuseGrant(w http.ResponseWriter, r *http.Request, err error) {
	h.failed(r, "give tokens", err)
	switch freshet.CodeOf(err) {
	case freshet.Internal:
		answerError(w, http.StatusInternalServerError, "server_error", "the server could not do it")
	case freshet.Unavailable:
		answerError(w, http.StatusServiceUnavailable, "temporarily_unavailable", freshet.MessageOf(err))
	case freshet.NotFound: // the pool does not know the client
		answerError(w, http.StatusBadRequest, "unauthorized_client", freshet.MessageOf(err))
	default:
		answerError(w, http.StatusBadRequest, "invalid_grant", freshet.MessageOf(err))
	}
}

// serveRevoke ends the session of a refresh token, by RFC 7009. One that counts no more is fine.
func (h *handler) serveRevoke(w http.ResponseWriter, r *http.Request) {
	form, client, ok := h.appForm(w, r)
	if !ok {
		return
	}
	token := form.Get("token")
	if token == "" {
		answerError(w, http.StatusBadRequest, "invalid_request", "token is missing")
		return
	}
	if _, _, err := h.pool.Check(r.Context(), token); err == nil {
		answerError(w, http.StatusBadRequest, "unsupported_token_type", "access tokens end with their session: revoke its refresh token")
		return
	}
	err := h.pool.RevokeToken(r.Context(), caller(r, client.ID), token)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case accounts.FaultOf(err) == accounts.NotAuthorized:
		answerError(w, http.StatusBadRequest, "unauthorized_client", freshet.MessageOf(err))
	default:
		h.refuseGrant(w, r, err)
	}
}

// ownVerifier stands in for the one of an app that has a secret and does not use PKCE: the pool binds every code
// to a verifier. As no other app has it, a code that was asked for with PKCE cannot be taken without, nor the
// other way round.
func (h *handler) ownVerifier(c *Client) string {
	key, err := hkdf.Key(sha256.New, h.opts.Secret, nil, "freshet oauth: verifier of "+c.ID, sha256.Size)
	if err != nil {
		panic(err) // the size is a constant below HKDF's limit
	}
	return base64.RawURLEncoding.EncodeToString(key)
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func answerError(w http.ResponseWriter, status int, code, description string) {
	answer(w, status, map[string]string{"error": code, "error_description": description})
}

func answer(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone does not want it
}
