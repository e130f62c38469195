package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"freshet/internal/rate"
)

// withClientAddress gives requests that come through a trusted proxy the address of its client: the last one in
// X-Forwarded-For that is no trusted proxy itself, for whoever calls can write what stands before it. Without
// trusted proxies the header counts for nothing.
func withClientAddress(next http.Handler, trusted []netip.Prefix) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if address := clientAddress(r, trusted); address.IsValid() {
			r = r.WithContext(context.WithValue(r.Context(), proxied{}, true)) // a copy
			r.RemoteAddr = net.JoinHostPort(address.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

// proxied is the key of what a trusted proxy has passed on.
type proxied struct{}

// isProxied tells whether a request came through a trusted proxy: who sent it is only what that says.
func isProxied(r *http.Request) bool { return r.Context().Value(proxied{}) != nil }

func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	isTrusted := func(address netip.Addr) bool {
		for _, prefix := range trusted {
			if prefix.Contains(address) {
				return true
			}
		}
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	address := peer.Addr().Unmap()
	if err != nil || !isTrusted(address) {
		return netip.Addr{}
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(address); i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap().WithZone("")
	}
	return address
}

// parseHop reads an address as proxies write it: some add a port, or the brackets of one.
func parseHop(text string) (netip.Addr, error) {
	if peer, err := netip.ParseAddrPort(text); err == nil {
		return peer.Addr(), nil
	}
	return netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
}

const (
	// What one network may ask of the account doors by POST: an office that comes to work at nine, and not a list of a
	// million passwords.
	askedAtOnce = 300
	askedEvery  = 200 * time.Millisecond
)

// throttle slows what one network asks of the account doors, whatever the accounts.
type throttle struct {
	limit rate.Limiter
	now   func() time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{limit: rate.Limiter{Every: askedEvery, Burst: askedAtOnce}, now: now}
}

func (t *throttle) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && !t.limit.Admits(rate.NetworkOf(r.RemoteAddr), t.now()) {
			h := w.Header()
			h.Set("Retry-After", "60")
			if strings.Contains(r.Header.Get("Accept"), "text/html") { // somebody at one of the pages
				http.Error(w, "Too many requests came from your network. Please try again in a minute.", http.StatusTooManyRequests)
				return
			}
			h.Set("Content-Type", "application/x-amz-json-1.1")
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("X-Amzn-Errortype", "TooManyRequestsException")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"__type":"TooManyRequestsException","message":"Too many requests; try again in a minute."}`))
			return
		}
		next.ServeHTTP(w, r)
	})
}
