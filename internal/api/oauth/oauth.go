// Package oauth is the door for OpenID Connect: discovery, the authorization code flow with PKCE, and the plain
// pages at which people sign in and up. Any client library of OpenID Connect can use it.
//
// Its invariants: a browser is sent to no address but those that the operator listed; no form counts that this
// server did not give to the same browser; and a code is given only to the app that asked, behind every proof
// that the pool wants. It decides nothing about users: that is the pool's.
//
// Nothing is kept between two requests. What an app asked for stays in the query of every page, where each
// request checks it again; how far a sign-in has come stays sealed in a field of the form.
package oauth

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"freshet"
	"freshet/internal/accounts"
)

// Client is an app that may send people here.
type Client struct {
	ID           string // one of the pool's
	Name         string // as people read it; default: the product's
	Secret       string // of an app that can keep one, for /oauth2/token; empty: a public client
	RedirectURIs []string
	LogoutURIs   []string
}

// Options set up the door. Issuer, Clients and Secret have to be given.
type Options struct {
	Issuer  string // the pool's
	URL     string // scheme and host under which browsers and apps find this door; default: the issuer's
	Clients []Client
	Product string // in the head of the pages; default Freshet
	// Secret seals forms and cookies; 32 random bytes at least, the same on all servers behind one address.
	Secret []byte
	// SessionLifetime is for how long a browser that signed in once needs no password for the next app; default
	// DefaultSessionLifetime. It is not prolonged. The sessions of the apps have the pool's.
	SessionLifetime time.Duration
	IdentityPoolID  string // told to clients that sign requests; empty: there is none
	// PoolID and ClientID are told to apps that sign in by SRP and come with the server, like the web app.
	PoolID, ClientID string

	Now    func() time.Time // default time.Now
	Logger *slog.Logger     // default: discards
	Audit  accounts.Audit   // is told of apps whose secret is wrong; all else the pool tells; nil: nobody is
}

const minSecret = 32 // bytes

// DefaultSessionLifetime is for how long a browser stays signed in at the pages.
const DefaultSessionLifetime = time.Hour

// Validate tells what is wrong with the options.
func (o *Options) Validate() error {
	issuer, err := url.Parse(o.Issuer)
	switch {
	case err != nil || rootOf(o.Issuer) == "" || issuer.RawQuery != "" || issuer.Fragment != "":
		return freshet.Errorf(freshet.Invalid, "the issuer %q is no http or https address", o.Issuer)
	case o.URL != "" && rootOf(o.URL) != strings.TrimRight(o.URL, "/"):
		return freshet.Errorf(freshet.Invalid, "%q has to be an http or https address without a path", o.URL)
	case o.SessionLifetime < 0:
		return freshet.Errorf(freshet.Invalid, "the pages' session lasts %v; it cannot be less than nothing", o.SessionLifetime)
	case len(o.Secret) < minSecret:
		return freshet.Errorf(freshet.Invalid, "the secret has %d bytes; give %d random ones at least", len(o.Secret), minSecret)
	}
	seen := make(map[string]bool)
	for _, c := range o.Clients {
		switch {
		case c.ID == "":
			return freshet.Errorf(freshet.Invalid, "a client has no id")
		case seen[c.ID]:
			return freshet.Errorf(freshet.Invalid, "the client %s stands twice in the list", c.ID)
		}
		seen[c.ID] = true
		for _, uri := range slices.Concat(c.RedirectURIs, c.LogoutURIs) {
			if err := checkURI(uri); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkURI refuses addresses to which no browser should be sent: over the network in clear, or with a scheme that
// runs what it holds.
func checkURI(text string) error {
	uri, err := url.Parse(text)
	switch {
	case err != nil || uri.Scheme == "" || strings.ContainsAny(text, " #\"'<>;,\\"):
		return freshet.Errorf(freshet.Invalid, "%q is no address to send a browser to: give all of it, without a fragment", text)
	case uri.Scheme == "https" && uri.Host != "":
	case uri.Scheme == "http" && isLoopback(uri.Hostname()):
	case uri.Scheme == "http":
		return freshet.Errorf(freshet.Invalid, "%q is not safe: codes would cross the network in clear; give an https address", text)
	case slices.Contains(browserSchemes, uri.Scheme):
		return freshet.Errorf(freshet.Invalid, "the scheme of %q has to be https, or an app's own, like com.example.app", text)
	}
	return nil
}

// rootOf gives the scheme and the host of an http or https address; of any other text nothing.
func rootOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// browserSchemes mean something to a browser itself, so no app can have them for its own.
var browserSchemes = []string{"https", "about", "blob", "data", "file", "filesystem", "ftp", "javascript", "vbscript", "view-source", "ws", "wss"}

func isLoopback(host string) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, host)
}

type handler struct {
	pool    *accounts.Pool
	opts    Options
	root    string // scheme and host of this door
	secure  bool   // browsers come by https
	sealing sealer
}

// Door is the door. It is made by New.
type Door struct {
	http.Handler
	pages *handler
}

// SignedIn gives an access token of who is signed in at the pages with the browser of a request; empty for nobody.
// It is for this server's own pages: no other one gets it.
func (d *Door) SignedIn(r *http.Request) string { return d.pages.signedIn(r, -1) }

// New makes the door: /oauth2/, /logout, and /.well-known/ at the root and beneath the issuer's path. The options
// have to be valid.
func New(pool *accounts.Pool, opts Options) *Door {
	if err := opts.Validate(); err != nil {
		panic(err) // of the caller, who was told to ask first
	}
	if opts.Product == "" {
		opts.Product = "Freshet"
	}
	if opts.SessionLifetime == 0 {
		opts.SessionLifetime = DefaultSessionLifetime
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	h := &handler{pool: pool, opts: opts, sealing: sealer{secret: opts.Secret, now: opts.Now}}
	issuer, _ := url.Parse(opts.Issuer) // valid, as seen above
	h.root = rootOf(cmp.Or(opts.URL, opts.Issuer))
	h.secure = strings.HasPrefix(h.root, "https:")

	mux := http.NewServeMux()
	prefixes := []string{""}
	if path := strings.TrimRight(issuer.Path, "/"); path != "" {
		prefixes = append(prefixes, path)
	}
	for _, prefix := range prefixes {
		mux.Handle(prefix+"/.well-known/openid-configuration", forScripts("GET", h.serveConfiguration))
		mux.Handle(prefix+"/.well-known/jwks.json", forScripts("GET", h.serveKeys))
	}
	mux.Handle("/oauth2/token", forScripts("POST", h.serveToken))
	mux.Handle("/oauth2/revoke", forScripts("POST", h.serveRevoke))
	mux.Handle("/oauth2/userInfo", forScripts("GET, POST", h.serveUserInfo))

	mux.HandleFunc("GET /oauth2/authorize", h.serveAuthorize)
	mux.HandleFunc("POST /oauth2/authorize", h.serveAuthorize)
	mux.HandleFunc("GET /logout", h.serveLogout)
	mux.HandleFunc("POST /logout", h.serveLogout)
	for _, s := range stations() {
		mux.HandleFunc("GET /oauth2/"+s.name, h.show(s))
		mux.HandleFunc("POST /oauth2/"+s.name, h.take(s))
	}
	return &Door{mux, h}
}

// forScripts answers apps, which may run in a page of any origin: what guards these doors is in the request's
// body or headers, never in cookies.
func forScripts(methods string, serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		switch {
		case r.Method == http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", methods)
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
		case !slices.Contains(strings.Split(methods, ", "), method):
			h.Set("Allow", methods+", OPTIONS")
			answerError(w, http.StatusMethodNotAllowed, "invalid_request", "send the request by "+methods)
		default:
			serve(w, r)
		}
	})
}

func (h *handler) client(id string) *Client {
	for i := range h.opts.Clients {
		if h.opts.Clients[i].ID == id {
			return &h.opts.Clients[i]
		}
	}
	return nil
}

func caller(r *http.Request, client string) accounts.Caller {
	return accounts.Caller{Client: client, Address: r.RemoteAddr, Agent: r.UserAgent()}
}

// failed notes an error that is no refusal but a fault, for the operator.
func (h *handler) failed(r *http.Request, what string, err error) {
	if freshet.CodeOf(err) == freshet.Internal || freshet.CodeOf(err) == freshet.Unavailable {
		h.opts.Logger.WarnContext(r.Context(), what, "error", err)
	}
}
