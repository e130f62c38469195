package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// keysByDiscovery gives a reader of the JWK set that an issuer's discovery document names. The document is read with
// it each time, for it may come to name another.
func keysByDiscovery(client *http.Client, issuer string) func(context.Context) (keySet, error) {
	address := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	return func(ctx context.Context) (keySet, error) {
		body, err := get(ctx, client, address)
		if err != nil {
			return nil, err
		}
		var document struct {
			Issuer string `json:"issuer"`
			Keys   string `json:"jwks_uri"`
		}
		if err := json.Unmarshal(body, &document); err != nil {
			return nil, fmt.Errorf("read %s: %w", address, err)
		}
		switch keys := document.Keys; {
		case document.Issuer != issuer: // OpenID Connect Discovery 1.0, section 4.3
			return nil, fmt.Errorf("%s is of the issuer %q: write it so in --oidc", address, excerpt(document.Issuer))
		case !isHTTP(keys), strings.HasPrefix(issuer, "https:") && !strings.HasPrefix(keys, "https:"):
			return nil, fmt.Errorf("%s names no address for the keys that is as safe as its own: %q", address, excerpt(keys))
		}
		return keysFromURL(client, document.Keys)(ctx)
	}
}

// careful gives a client that does not follow a redirect out of https: what it gets then is not the issuer's.
func careful(client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		switch {
		case len(before) > maxRedirects:
			return errors.New("it redirects too often")
		case before[0].URL.Scheme == "https" && next.URL.Scheme != "https":
			return errors.New("it redirects out of https")
		}
		return nil
	}
	return &c
}

const maxRedirects = 3
