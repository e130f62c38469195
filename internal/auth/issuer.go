package auth

import (
	"net/url"
	"strings"

	"freshet"
)

// Issuer is one whose tokens are believed.
type Issuer struct {
	URL       string             // the claim iss of its tokens, to the letter
	JWKS      string             // where its keys are: a file or an http(s) URL; empty: <URL>/.well-known/jwks.json
	ClientID  string             // the app that its tokens have to be for; empty: any
	Providers []freshet.Provider // whose rules admit its users; empty: UserPools and OIDC
}

const issuerForm = `write issuer=URL[,jwks=FILE_OR_URL][,client_id=ID][,provider=userPools|oidc]`

// ParseIssuer reads the form that an issuer has on the command line:
// issuer=URL,jwks=FILE_OR_URL,client_id=ID,provider=userPools. Only the first part has to be there.
func ParseIssuer(text string) (Issuer, error) {
	var is Issuer
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if value == "" {
			return Issuer{}, freshet.Errorf(freshet.Invalid, "the issuer %q: %q has no value; %s", text, name, issuerForm)
		}
		if seen[name] {
			return Issuer{}, freshet.Errorf(freshet.Invalid, "the issuer %q: %s stands twice; %s", text, name, issuerForm)
		}
		seen[name] = true
		switch name {
		case "issuer":
			is.URL = value
		case "jwks":
			is.JWKS = value
		case "client_id":
			is.ClientID = value
		case "provider":
			is.Providers = []freshet.Provider{freshet.Provider(value)}
		default:
			return Issuer{}, freshet.Errorf(freshet.Invalid, "the issuer %q: %q is not known; %s", text, name, issuerForm)
		}
	}
	return is, is.Validate()
}

// Validate tells what is wrong with the issuer.
func (is *Issuer) Validate() error {
	if is.URL == "" {
		return freshet.Errorf(freshet.Invalid, "an issuer has no URL; %s", issuerForm)
	}
	if !isHTTP(is.URL) {
		return freshet.Errorf(freshet.Invalid, "the issuer %q is no URL; write it as its tokens have it in iss, like https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", is.URL)
	}
	if strings.Contains(is.JWKS, "://") && !isHTTP(is.JWKS) {
		return freshet.Errorf(freshet.Invalid, "the keys of the issuer %s: %q is no http or https URL; write one, or the path of a file", is.URL, is.JWKS)
	}
	for _, provider := range is.Providers {
		if provider != freshet.UserPools && provider != freshet.OIDC {
			return freshet.Errorf(freshet.Invalid, "the issuer %s: the provider %q is not known; write userPools or oidc, or leave it out for both", is.URL, provider)
		}
	}
	return nil
}

// withDefaults fills in what was left out.
func (is Issuer) withDefaults() Issuer {
	if is.JWKS == "" {
		is.JWKS = strings.TrimRight(is.URL, "/") + "/.well-known/jwks.json"
	}
	if len(is.Providers) == 0 {
		is.Providers = []freshet.Provider{freshet.UserPools, freshet.OIDC}
	}
	return is
}

// isFor tells whether a token is for the issuer's client. Access tokens of Cognito have no aud and name
// their client in client_id; its id tokens have it in aud; other issuers do as they like.
func (is *Issuer) isFor(use string, claims map[string]any) bool {
	if is.ClientID == "" {
		return true
	}
	named := func(claim string) bool { return claims[claim] == any(is.ClientID) }
	switch use {
	case "access":
		return named("client_id")
	case "id":
		return hasAudience(claims, is.ClientID)
	}
	return hasAudience(claims, is.ClientID) || named("client_id") || named("azp")
}

// hasAudience looks for a name in aud, which is a string or a list of strings.
func hasAudience(claims map[string]any, name string) bool {
	list, ok := claims["aud"].([]any)
	if !ok {
		list = []any{claims["aud"]}
	}
	for _, element := range list {
		if element == any(name) {
			return true
		}
	}
	return false
}

func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
