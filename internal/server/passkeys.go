package server

import (
	"net"
	"net/url"
	"strings"

	"freshet/internal/accounts"
)

// relyingParty gives whom passkeys are for: what is configured, and else what follows from the address by which clients
// come. Where that is one that browsers have no passkeys for, like an IP address, there are none.
func (c *Config) relyingParty(address string) accounts.RelyingParty {
	party := accounts.RelyingParty{ID: c.PasskeyRPID, Name: c.Mail.Product, Origins: c.PasskeyOrigins}
	if len(party.Origins) == 0 {
		if origin := originOf(address); origin != "" {
			party.Origins = []string{origin}
		}
	}
	if party.ID == "" && len(party.Origins) > 0 {
		party.ID, _ = accounts.PasskeyHost(party.Origins[0])
	}
	return party
}

// originOf gives the origin of an address whose pages can have passkeys, else nothing. The loopback address is one that
// pages of the machine have a name for.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host := u.Host
	if ip := net.ParseIP(u.Hostname()); ip.IsLoopback() {
		host = strings.TrimSuffix(net.JoinHostPort("localhost", u.Port()), ":")
	}
	origin := u.Scheme + "://" + host
	party := accounts.RelyingParty{Origins: []string{origin}}
	if party.ID, err = accounts.PasskeyHost(origin); err != nil || party.Validate() != nil {
		return ""
	}
	return origin
}
