package oauth

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"freshet/internal/accounts"
)

const (
	maxQuery       = 8 << 10 // bytes of what an app asks for, which every page carries on
	challengeBytes = 43      // of SHA-256 in base64url
)

// request is what an app asks for. One that was read has a client and a redirect URI that belong together.
type request struct {
	query     url.Values
	client    *Client
	redirect  string
	state     string
	scopes    []string
	challenge string
	nonce     string
	prompt    []string
	maxAge    time.Duration // since the sign-in; below zero: any
	hint      string        // whom the app believes to be there
}

// fault is an error of RFC 6749.
type fault struct{ code, description string }

// readRequest reads what an app asks for. Where the client or the redirect URI is not known it gives a text for
// whoever sits there: nobody may be sent anywhere. Any other fault is for the app.
func (h *handler) readRequest(query url.Values) (q *request, wrong string, f *fault) {
	client := h.client(query.Get("client_id"))
	redirect := query.Get("redirect_uri")
	switch {
	case len(query.Encode()) > maxQuery:
		return nil, "The request is too long.", nil
	case client == nil || len(query["client_id"]) != 1:
		return nil, "The app that sent you here is not known: its client_id is missing or wrong.", nil
	case len(query["redirect_uri"]) != 1 || !slices.Contains(client.RedirectURIs, redirect):
		return nil, "The app that sent you here is not set up for the address it wants you to go back to (redirect_uri).", nil
	}
	q = &request{query: query, client: client, redirect: redirect, state: query.Get("state"), maxAge: -1}
	return q, "", q.read(query)
}

func (q *request) read(query url.Values) *fault {
	for name, values := range query {
		if len(values) > 1 {
			if name == "state" {
				q.state = ""
			}
			return &fault{"invalid_request", "a parameter stands twice"}
		}
	}
	q.scopes, q.prompt = strings.Fields(query.Get("scope")), strings.Fields(query.Get("prompt"))
	q.challenge, q.nonce, q.hint = query.Get("code_challenge"), query.Get("nonce"), query.Get("login_hint")
	method, mode := query.Get("code_challenge_method"), query.Get("response_mode")
	switch {
	case query.Get("request") != "":
		return &fault{"request_not_supported", "send the parameters as they are"}
	case query.Get("request_uri") != "":
		return &fault{"request_uri_not_supported", "send the parameters as they are"}
	case query.Get("response_type") == "":
		return &fault{"invalid_request", "response_type is missing"}
	case query.Get("response_type") != "code":
		return &fault{"unsupported_response_type", "response_type has to be code"}
	case mode != "" && mode != "query":
		return &fault{"invalid_request", "response_mode has to be query"}
	case q.challenge == "" && method != "", q.challenge == "" && q.client.Secret == "":
		return &fault{"invalid_request", "code_challenge is missing: public clients have to use PKCE"}
	case q.challenge != "" && method != "S256":
		return &fault{"invalid_request", "code_challenge_method has to be S256"}
	case q.challenge != "" && !isChallenge(q.challenge):
		return &fault{"invalid_request", "code_challenge has to be the S256 of a code_verifier"}
	case slices.ContainsFunc(q.scopes, func(s string) bool { return !slices.Contains(accounts.Scopes(), s) }):
		return &fault{"invalid_scope", "the scopes are " + strings.Join(accounts.Scopes(), ", ")}
	case len(q.prompt) > 1 && slices.Contains(q.prompt, "none"):
		return &fault{"invalid_request", "prompt=none allows no other prompt"}
	}
	if text := query.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return &fault{"invalid_request", "max_age has to be a number of seconds"}
		}
		q.maxAge = time.Duration(seconds) * time.Second
	}
	return nil
}

func isChallenge(text string) bool {
	return len(text) == challengeBytes && !strings.ContainsFunc(text, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && r != '-' && r != '_'
	})
}

// serveAuthorize takes the browser that an app sent: to the page for signing in or, where the browser is signed
// in already, straight back.
func (h *handler) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	h.guard(w, "")
	q, ok := h.requestOf(w, r)
	if !ok {
		return
	}
	asked := func(prompt string) bool { return slices.Contains(q.prompt, prompt) }
	if !asked("login") && !asked("select_account") && !asked("create") {
		if access := h.signedIn(r, q.maxAge); access != "" {
			h.giveCode(w, r, q, access)
			return
		}
	}
	switch {
	case asked("none"):
		h.sendBack(w, r, q, url.Values{"error": {"login_required"}})
	case asked("create"):
		http.Redirect(w, r, q.link("signup"), http.StatusSeeOther)
	default:
		http.Redirect(w, r, q.link("signin"), http.StatusSeeOther)
	}
}

// requestOf reads what the app asks for, from the query or, at /oauth2/authorize, from a form; what is wrong with
// it is answered.
func (h *handler) requestOf(w http.ResponseWriter, r *http.Request) (*request, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err == nil && r.Method == http.MethodPost && r.URL.Path == "/oauth2/authorize" {
		query, err = readForm(w, r)
	}
	if err != nil {
		h.refuse(w, r, "The request cannot be read.")
		return nil, false
	}
	q, wrong, f := h.readRequest(query)
	switch {
	case wrong != "":
		h.refuse(w, r, wrong)
		return nil, false
	case f != nil:
		h.sendBack(w, r, q, url.Values{"error": {f.code}, "error_description": {f.description}})
		return nil, false
	}
	return q, true
}

// link gives the address of one of the pages, for the same request.
func (q *request) link(station string) string { return "/oauth2/" + station + "?" + q.query.Encode() }

// sendBack takes the browser back to the app.
func (h *handler) sendBack(w http.ResponseWriter, r *http.Request, q *request, answer url.Values) {
	answer.Set("iss", h.opts.Issuer) // RFC 9207
	if q.state != "" {
		answer.Set("state", q.state)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, withQuery(q.redirect, answer), http.StatusSeeOther)
}

// withQuery puts parameters behind an address from the list, which may have some already.
func withQuery(address string, add url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + add.Encode()
}

// giveCode ends the app's request well: the browser goes back with a code for the user of an access token.
func (h *handler) giveCode(w http.ResponseWriter, r *http.Request, q *request, access string) {
	challenge := q.challenge
	if challenge == "" {
		challenge = challengeOf(h.ownVerifier(q.client))
	}
	code, err := h.pool.AuthorizationCode(r.Context(), caller(r, q.client.ID), access, accounts.Grant{
		RedirectURI: q.redirect, Challenge: challenge, Nonce: q.nonce, Scopes: q.scopes,
	})
	if err != nil {
		h.failed(r, "give an authorization code", err)
		h.sendBack(w, r, q, url.Values{"error": {"server_error"}})
		return
	}
	h.sendBack(w, r, q, url.Values{"code": {code}})
}
