package accounts

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"freshet"
)

// RelyingParty is whom passkeys are made for: a domain, and the pages that may use them. A browser gives a passkey to
// pages of its domain, and of those beneath it, alone.
type RelyingParty struct {
	ID      string   // the domain, like example.com; empty: there are no passkeys. With another one none fits any more
	Name    string   // as people read it; default Freshet
	Origins []string // of the pages, like https://app.example.com
}

// Validate tells what is wrong with it.
func (r *RelyingParty) Validate() error {
	if r.ID == "" && len(r.Origins) == 0 {
		return nil
	}
	for _, origin := range r.Origins {
		host, err := PasskeyHost(origin)
		if err != nil {
			return err
		}
		if host != r.ID && !strings.HasSuffix(host, "."+r.ID) {
			return freshet.Errorf(freshet.Invalid, "passkeys: no page of %s can use those of %q; give the domain that all pages share", origin, r.ID)
		}
	}
	if err := protocol.ValidateRPID(r.ID); err != nil || r.ID != strings.ToLower(r.ID) {
		return freshet.Errorf(freshet.Invalid, "passkeys are for a domain in lower case, like example.com; %q is none", r.ID)
	}
	if len(r.Origins) == 0 {
		return freshet.Errorf(freshet.Invalid, "passkeys: no page may use those of %s; give an origin, like https://app.example.com", r.ID)
	}
	return nil
}

// PasskeyHost gives the host of an origin whose pages can use passkeys: browsers have them for names, over HTTPS, and
// for the machine they run on.
func PasskeyHost(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err == nil && origin == u.Scheme+"://"+u.Host && u.Host != "" {
		host := strings.ToLower(u.Hostname())
		local := host == "localhost" || strings.HasSuffix(host, ".localhost")
		if net.ParseIP(host) == nil && (u.Scheme == "https" || u.Scheme == "http" && local) {
			return host, nil
		}
	}
	return "", freshet.Errorf(freshet.Invalid, "passkeys: pages of %q can use none; give an origin with a name and HTTPS, like https://app.example.com, or http://localhost:5173", origin)
}

// passkeyAlgorithms are what authenticators sign with, those first that are preferred.
var passkeyAlgorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// ceremonies gives what checks passkeys; nil where there are none. A passkey has to be found without its id, so that
// nobody has to be told ids before the sign-in, and to verify its user, so that it is two factors in one.
func (r *RelyingParty) ceremonies(timeout time.Duration) (*webauthn.WebAuthn, error) {
	if r.ID == "" {
		return nil, nil
	}
	resident, limit := true, webauthn.TimeoutConfig{Timeout: timeout}
	name := r.Name
	if name == "" {
		name = "Freshet"
	}
	return webauthn.New(&webauthn.Config{
		RPID: r.ID, RPDisplayName: name, RPOrigins: slices.Clone(r.Origins),
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &resident, ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
		// Browsers and password managers say more than they were asked.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}
