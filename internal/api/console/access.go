package console

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"freshet"
)

// admitted lets those through who may read letters, and names the administrators among them.
func (h *handler) admitted(serve func(w http.ResponseWriter, r *http.Request, by string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		guard(w)
		if host := hostname(r.Host); !isLoopback(host) && (host == "" || host != h.host) {
			h.refuse(w, r, "This server is not known by the name with which you came. Come by the address that it is set up for, or by localhost.")
			return
		}
		if h.isLocal(r) {
			serve(w, r, "")
			return
		}
		by, err := h.admin(r)
		switch {
		case err != nil:
			h.fail(w, r, err)
		case by == "":
			h.refuse(w, r, "The mailbox holds codes and passwords. It is shown on the machine of the server, at an address like http://localhost with no proxy between, and to administrators who are signed in at the hosted pages. On that machine, the command “freshet mail list” shows it in any case.")
		default:
			serve(w, r, by)
		}
	}
}

// isLocal tells whether a request comes from the machine itself, and from nobody behind it: a proxy on the machine
// would make all the world look so. One that is known is told by Proxied, others by what they add to requests, or by
// an HTTP that no browser speaks, as nginx's is by default; as some add nothing at all, a server that has an address of
// another kind believes nobody.
func (h *handler) isLocal(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || !r.ProtoAtLeast(1, 1) {
		return false
	}
	for _, name := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip"} {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	return isLoopback(hostname(r.Host)) && isLoopback(h.host) && (h.opts.Proxied == nil || !h.opts.Proxied(r))
}

func (h *handler) admin(r *http.Request) (string, error) {
	if h.opts.Admin == nil {
		return "", nil
	}
	return h.opts.Admin(r)
}

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, text string) {
	h.record(r, "", "", string(freshet.Forbidden))
	h.render(w, r, http.StatusForbidden, "message", page{Title: "Not for you to see", Text: text})
}

// guard sets the headers of all answers.
func guard(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// hostOf gives the host of an address, without its port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return hostname(u.Host)
}

// hostname takes the port off a host, and the brackets.
func hostname(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
}

// isLoopback admits localhost and addresses: no name that another one's name server could point at this machine.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}
