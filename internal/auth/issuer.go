package auth

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"freshet"
)

// Issuer is one whose tokens are believed.
type Issuer struct {
	URL       string           // the claim iss of its tokens, to the letter
	JWKS      string           // where its keys are: a file or an http(s) URL; empty: where its discovery document says
	ClientIDs []string         // the apps that its tokens have to be for, of which one is enough
	Provider  freshet.Provider // whose rules admit its users; empty: OIDC
}

// Admitted gives the provider whose rules admit the issuer's users.
func (is *Issuer) Admitted() freshet.Provider { return cmp.Or(is.Provider, freshet.OIDC) }

const issuerForm = `write issuer=URL,client_id=ID[,client_id=ID…][,jwks=FILE_OR_URL][,provider=userPools|oidc]`

// ParseIssuer reads the form that an issuer has on the command line:
// issuer=URL,client_id=ID,jwks=FILE_OR_URL,provider=userPools. The first two have to be there.
func ParseIssuer(text string) (Issuer, error) {
	var is Issuer
	var provider string
	once := map[string]*string{"issuer": &is.URL, "jwks": &is.JWKS, "provider": &provider}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case value == "":
			return Issuer{}, freshet.Errorf(freshet.Invalid, "the issuer %q: %q has no value; %s", text, name, issuerForm)
		case name == "client_id":
			is.ClientIDs = append(is.ClientIDs, value)
		case once[name] == nil:
			return Issuer{}, freshet.Errorf(freshet.Invalid, "the issuer %q: %q is not known; %s", text, name, issuerForm)
		case *once[name] != "":
			return Issuer{}, freshet.Errorf(freshet.Invalid, "the issuer %q: %s stands twice; %s", text, name, issuerForm)
		default:
			*once[name] = value
		}
	}
	is.Provider = freshet.Provider(provider)
	return is, is.Validate()
}

// Validate tells what is wrong with the issuer.
func (is *Issuer) Validate() error {
	switch {
	case is.URL == "":
		return freshet.Errorf(freshet.Invalid, "an issuer has no URL; %s", issuerForm)
	case !isHTTP(is.URL):
		return freshet.Errorf(freshet.Invalid, "the issuer %q is no URL; write it as its tokens have it in iss, like https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", is.URL)
	case len(is.ClientIDs) == 0:
		return freshet.Errorf(freshet.Invalid, "the issuer %s: client_id is missing; without it, a token for any other app of the issuer would let in here", is.URL)
	case strings.Contains(is.JWKS, "://") && !isHTTP(is.JWKS):
		return freshet.Errorf(freshet.Invalid, "the keys of the issuer %s: %q is no http or https URL; write one, or the path of a file", is.URL, is.JWKS)
	case !slices.Contains([]freshet.Provider{"", freshet.UserPools, freshet.OIDC}, is.Provider):
		return freshet.Errorf(freshet.Invalid, "the issuer %s: the provider %q is not known; write userPools or oidc", is.URL, is.Provider)
	}
	return nil
}

// isFor tells whether a token is for one of the issuer's clients. Access tokens of Cognito have no aud and name
// their client in client_id; its id tokens have it in aud, and so has what RFC 9068 calls an access token the API that
// it is for; other issuers do as they like.
func (is *Issuer) isFor(typ, use string, claims map[string]any) bool {
	return slices.ContainsFunc(is.ClientIDs, func(id string) bool {
		named := func(claim string) bool { return claims[claim] == any(id) }
		switch {
		case use == "access":
			return named("client_id")
		case use == "id", typ == accessToken:
			return hasAudience(claims, id)
		}
		return hasAudience(claims, id) || named("client_id") || named("azp")
	})
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
