package rate

import (
	"net"
	"net/netip"
	"strings"
)

// NetworkOf gives what one may take for one guesser, of an address with a port or without: an address, and of IPv6 the
// half that names its network. What is no address stays as it is.
func NetworkOf(address string) string {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, _ := ip.Prefix(64)
	return network.String()
}
