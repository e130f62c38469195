package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
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
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap().WithZone("")
	}
	return address
}

const (
	// guessesPerMinute is what one network may ask of the account doors by POST: an office that comes to work at
	// nine, and not a list of a million passwords.
	guessesPerMinute = 300

	// maxGuessers bounds the networks that are counted at once. Over it others are not counted: then only the
	// limits of each account hold.
	maxGuessers = 100_000
)

// throttle slows what one network asks of the account doors, whatever the accounts.
type throttle struct {
	now func() time.Time

	mu     sync.Mutex
	minute time.Time
	counts map[netip.Prefix]int
}

func (t *throttle) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && !t.admits(r.RemoteAddr) {
			h := w.Header()
			h.Set("Retry-After", "60")
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

func (t *throttle) admits(remote string) bool {
	network := networkOf(remote)
	minute := t.now().Truncate(time.Minute)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.minute != minute || t.counts == nil {
		t.minute, t.counts = minute, make(map[netip.Prefix]int)
	}
	count, known := t.counts[network]
	if !known && len(t.counts) >= maxGuessers {
		return true
	}
	t.counts[network] = count + 1
	return count < guessesPerMinute
}

// networkOf gives what one may take for one guesser: an address, and of IPv6 the half that names its network.
func networkOf(remote string) netip.Prefix {
	peer, _ := netip.ParseAddrPort(remote)
	address := peer.Addr().Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits)
	return network
}
