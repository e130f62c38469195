package server

import (
	"net/http"
	"net/netip"
	"testing"
	"time"
)

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/24")}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:5", "198.51.100.7", "invalid IP"}, // no proxy of ours
		{"127.0.0.1:5", "198.51.100.7", "198.51.100.7"},
		{"127.0.0.1:5", "203.0.113.9, 198.51.100.7", "198.51.100.7"}, // what the client wrote itself
		{"127.0.0.1:5", "198.51.100.7, 10.0.0.3", "198.51.100.7"},
		{"[::ffff:127.0.0.1]:5", "2001:db8::1", "2001:db8::1"},
		{"127.0.0.1:5", "", "127.0.0.1"},
		{"127.0.0.1:5", "198.51.100.7, nonsense", "127.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": {c.forwarded}}}
		if got := clientAddress(r, trusted).String(); got != c.want {
			t.Errorf("%q through %s is %s, want %s", c.forwarded, c.peer, got, c.want)
		}
	}
}

func TestThrottle(t *testing.T) {
	now := time.Unix(0, 0)
	limit := &throttle{now: func() time.Time { return now }}
	for i := range guessesPerMinute {
		if !limit.admits("192.0.2.1:1") {
			t.Fatalf("request %d is refused", i)
		}
	}
	for i := range guessesPerMinute {
		if !limit.admits(netip.AddrPortFrom(netip.MustParseAddr("2001:db8::").Next(), uint16(i)).String()) {
			t.Fatalf("request %d of another network is refused", i)
		}
	}
	for _, remote := range []string{"192.0.2.1:2", "[2001:db8::ffff]:1"} {
		if limit.admits(remote) {
			t.Errorf("%s is let in over the limit", remote)
		}
	}
	now = now.Add(time.Minute)
	if !limit.admits("192.0.2.1:1") {
		t.Error("the next minute is refused")
	}
}
