package oauth

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"freshet/internal/accounts"
)

const browserBytes = 16

// cookie makes a cookie that no script and, over https, no other host can read or set.
func (h *handler) cookie(name, value string) *http.Cookie {
	return &http.Cookie{Name: h.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: h.secure, SameSite: http.SameSiteLaxMode}
}

func (h *handler) cookieName(name string) string {
	if h.secure {
		return "__Host-freshet-" + name
	}
	return "freshet-" + name
}

// browser gives the id to which the forms of a browser are bound; empty when it has none.
func (h *handler) browser(r *http.Request) string {
	c, err := r.Cookie(h.cookieName("browser"))
	if err != nil || len(c.Value) != base64.RawURLEncoding.EncodedLen(browserBytes) {
		return ""
	}
	return c.Value
}

// meetBrowser gives the browser's id, and a new one to a browser that has none.
func (h *handler) meetBrowser(w http.ResponseWriter, r *http.Request) string {
	if id := h.browser(r); id != "" {
		return id
	}
	raw := make([]byte, browserBytes)
	_, _ = rand.Read(raw) // it cannot go wrong: without randomness the process ends
	id := base64.RawURLEncoding.EncodeToString(raw)
	http.SetCookie(w, h.cookie("browser", id))
	return id
}

// browserSession is what lets a browser sign in to the next app: a session of the pool with a lifetime of its own,
// which ends there as any other does, by a new password say.
type browserSession struct {
	Client  string    `json:"client"` // the app it was made for
	Refresh string    `json:"refresh"`
	At      time.Time `json:"at"` // of the sign-in
}

func (h *handler) remember(w http.ResponseWriter, client, refresh string) {
	s := browserSession{Client: client, Refresh: refresh, At: h.opts.Now()}
	c := h.cookie("session", h.sealing.seal("session", s, h.opts.SessionLifetime))
	c.MaxAge = int(h.opts.SessionLifetime / time.Second)
	http.SetCookie(w, c)
}

func (h *handler) session(r *http.Request) (s browserSession, found bool) {
	c, err := r.Cookie(h.cookieName("session"))
	if err != nil {
		return browserSession{}, false
	}
	return s, h.sealing.open("session", c.Value, &s)
}

// signedIn gives an access token of who is signed in at the browser, unless that was too long ago; empty for
// nobody.
func (h *handler) signedIn(r *http.Request, maxAge time.Duration) string {
	s, found := h.session(r)
	if !found || maxAge >= 0 && h.opts.Now().Sub(s.At) >= maxAge {
		return ""
	}
	result, err := h.pool.InitiateAuth(r.Context(), caller(r, s.Client), accounts.AuthRequest{
		Flow: accounts.FlowRefresh, Parameters: map[string]string{"REFRESH_TOKEN": s.Refresh},
	})
	if err != nil || result.Tokens == nil {
		return ""
	}
	return result.Tokens.Access
}

// endSession ends the browser's session, if it has one.
func (h *handler) endSession(r *http.Request) {
	s, found := h.session(r)
	if !found {
		return
	}
	if err := h.pool.RevokeToken(r.Context(), caller(r, s.Client), s.Refresh); err != nil {
		h.failed(r, "end the session of a browser", err)
	}
}

// serveLogout ends the browser's session. It knows the parameters of Cognito, and those of OpenID Connect
// RP-Initiated Logout. The apps' own sessions are theirs to revoke.
func (h *handler) serveLogout(w http.ResponseWriter, r *http.Request) {
	h.guard(w, "")
	h.endSession(r)
	gone := h.cookie("session", "")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err == nil && r.Method == http.MethodPost {
		query, err = readForm(w, r)
	}
	if err != nil {
		h.refuse(w, r, "The request cannot be read.")
		return
	}
	back, state := query.Get("logout_uri"), ""
	if back == "" {
		back, state = query.Get("post_logout_redirect_uri"), query.Get("state")
	}
	if back == "" {
		h.render(w, r, http.StatusOK, page{Title: "Signed out", Lead: "You are signed out here. You can close this page."})
		return
	}
	client := h.leaves(query)
	if client == nil || !slices.Contains(client.LogoutURIs, back) {
		h.refuse(w, r, "You are signed out here, but the app is not set up for the address it wants you to go back to (logout_uri).")
		return
	}
	if state != "" {
		back = withQuery(back, url.Values{"state": {state}})
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// leaves gives the app that sends somebody to be signed out, by its client_id or by an ID token that it was given, which
// have to agree; nil for none.
func (h *handler) leaves(query url.Values) *Client {
	id, hint := query.Get("client_id"), query.Get("id_token_hint")
	if hint != "" {
		audience := audienceOf(hint)
		if id != "" && id != audience {
			return nil
		}
		id = audience
	}
	return h.client(id)
}

// audienceOf gives the app that an ID token is for. The token may have expired, or be of a session that has ended, and
// is not verified: it says no more than a client_id, which anybody may send.
func audienceOf(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		Audience string `json:"aud"`
	}
	_ = json.Unmarshal(text, &claims) // nobody's, where it is none
	return claims.Audience
}

// schemeOf gives the scheme of an address from the lists.
func schemeOf(address string) string {
	scheme, _, _ := strings.Cut(address, ":")
	return scheme
}
