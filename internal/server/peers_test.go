package server

import (
	"net/http"
	"net/netip"
	"testing"
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
		{"127.0.0.1:5", "203.0.113.9, 198.51.100.7:4711, 10.0.0.3:80", "198.51.100.7"}, // some proxies add a port
		{"127.0.0.1:5", "[2001:db8::1]:4711", "2001:db8::1"},
		{"127.0.0.1:5", "[2001:db8::1]", "2001:db8::1"},
		{"127.0.0.1:5", "10.0.0.9, 127.0.0.1, 10.0.0.3", "10.0.0.9"},         // one of ours asks
		{"127.0.0.1:5", "127.0.0.1, 198.51.100.7, 10.0.0.3", "198.51.100.7"}, // who says to be one of ours
		{"127.0.0.1:5", "198.51.100.7, 192.0.2.8, 10.0.0.3", "192.0.2.8"},    // a proxy that is not ours
		{"127.0.0.1:5", "::ffff:198.51.100.7", "198.51.100.7"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": {c.forwarded}}}
		if got := clientAddress(r, trusted).String(); got != c.want {
			t.Errorf("%q through %s is %s, want %s", c.forwarded, c.peer, got, c.want)
		}
	}
}
