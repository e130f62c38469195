package auth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"freshet"
	"freshet/internal/tokencache"
)

const (
	maxToken = 16 << 10 // bytes
	leeway   = time.Minute

	// cacheAge is for how long a token is not verified again. A key that its issuer withdraws counts for
	// keysAge and cacheAge at most, while the keys can be read.
	cacheAge = 10 * time.Minute
)

// Tokens verifies JWTs.
type Tokens struct {
	issuers  map[string]*trusted
	now      func() time.Time
	verified tokencache.Cache[verifiedToken]
}

// verifiedToken is whom a token proves, and for how long.
type verifiedToken struct {
	identity freshet.Identity
	expires  time.Time
}

// trusted is an issuer with its keys.
type trusted struct {
	Issuer
	source *keySource
}

// NewTokens builds a verifier. Keys in files are read now, those at an address with the first token that
// needs them; a nil client stands for the default one. The logger is told when keys cannot be read.
func NewTokens(issuers []Issuer, client *http.Client, now func() time.Time, logger *slog.Logger) (*Tokens, error) {
	if client == nil {
		client = http.DefaultClient
	}
	client = careful(client)
	t := &Tokens{issuers: make(map[string]*trusted), now: now}
	for _, is := range issuers {
		if err := is.Validate(); err != nil {
			return nil, err
		}
		if t.issuers[is.URL] != nil {
			return nil, freshet.Errorf(freshet.Invalid, "the issuer %s stands twice", is.URL)
		}
		source := &keySource{read: is.reader(client), now: now, logger: logger.With("issuer", is.URL)}
		if is.JWKS != "" && !isHTTP(is.JWKS) {
			if _, err := source.keys(context.Background(), 0); err != nil {
				return nil, freshet.Wrap(freshet.Invalid, err, "the keys of the issuer %s cannot be used", is.URL)
			}
		}
		is.Provider = is.Admitted()
		t.issuers[is.URL] = &trusted{Issuer: is, source: source}
	}
	return t, nil
}

// reader gives what reads the issuer's keys.
func (is *Issuer) reader(client *http.Client) func(context.Context) (keySet, error) {
	switch {
	case is.JWKS == "":
		return keysByDiscovery(client, is.URL)
	case isHTTP(is.JWKS):
		return keysFromURL(client, is.JWKS)
	}
	return keysFromFile(is.JWKS)
}

// knows tells whether tokens of an issuer may be accepted.
func (t *Tokens) knows(issuer string) bool { return t != nil && t.issuers[issuer] != nil }

// Check gives the identity that a token proves and when the token expires. The token may stand behind
// "Bearer ". The identity's claims are shared and must not be changed.
//
// Errors: unauthenticated for a token that is not valid now, too_large, and unavailable when the keys of
// its issuer cannot be had.
func (t *Tokens) Check(ctx context.Context, token string) (freshet.Identity, time.Time, error) {
	token = bearer(token)
	if len(token) > maxToken {
		return freshet.Identity{}, time.Time{}, freshet.Errorf(freshet.TooLarge, "the token has %d bytes; the limit is %d", len(token), maxToken)
	}
	now := t.now()
	v, found := t.verified.Get(token, now)
	if !found {
		var err error
		if v, err = t.verify(ctx, token, now); err != nil {
			return freshet.Identity{}, time.Time{}, err
		}
		t.verified.Put(token, v, now.Add(min(cacheAge, v.expires.Sub(now))))
	}
	return v.identity, v.expires, nil
}

func (t *Tokens) verify(ctx context.Context, token string, now time.Time) (verifiedToken, error) {
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		if wrong, ok := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); ok {
			return verifiedToken{}, refused("the token's algorithm %q is not accepted; it has to be one of %q", excerpt(string(wrong.Got)), algorithms)
		}
		return verifiedToken{}, freshet.Wrap(freshet.Unauthenticated, err, "the token is no signed JWT that can be read")
	}
	typ, err := typeOf(&signed.Signatures[0].Protected)
	if err != nil {
		return verifiedToken{}, err
	}
	var claims map[string]any // of what the signature, which is looked at below, is for
	if err := json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims); err != nil {
		return verifiedToken{}, freshet.Wrap(freshet.Unauthenticated, err, "the token's claims cannot be read")
	}
	is, err := t.issuer(claims)
	if err != nil {
		return verifiedToken{}, err
	}
	if err := is.signed(ctx, signed); err != nil {
		return verifiedToken{}, err
	}
	expires, err := is.admit(typ, claims, now)
	if err != nil {
		return verifiedToken{}, err
	}
	identity := freshet.Identity{Name: is.identityName(claims), Providers: []freshet.Provider{is.Provider}, Claims: claims}
	return verifiedToken{identity, expires}, nil
}

// The types of tokens that may prove who somebody is, without the "application/" that may stand before them. An issuer
// signs others with the same key: RFC 8725, section 3.11.
const (
	anyToken    = "jwt"
	accessToken = "at+jwt" // of RFC 9068
)

// typeOf gives the type that a token has by its header. It refuses what has to be understood and is not.
func typeOf(header *jose.Header) (string, error) {
	if _, critical := header.ExtraHeaders["crit"]; critical {
		return "", refused("the token asks for extensions (crit) that are not supported")
	}
	value, found := header.ExtraHeaders[jose.HeaderType]
	text, isText := value.(string)
	switch typ := strings.TrimPrefix(strings.ToLower(text), "application/"); {
	case !found, isText && typ == "":
		return anyToken, nil
	case typ == anyToken, typ == accessToken:
		return typ, nil
	}
	return "", refused("the token is a %q, which does not prove who somebody is (typ)", excerpt(text))
}

// issuer finds the one that a token names; nothing in it is verified yet.
func (t *Tokens) issuer(claims map[string]any) (*trusted, error) {
	name, _ := claims["iss"].(string)
	if is := t.issuers[name]; is != nil {
		return is, nil
	}
	if near := strings.TrimSuffix(name, "/"); t.knows(near) || t.knows(near+"/") {
		return nil, refused("the token's issuer is %q, and --oidc has it with another / at its end; the two have to be the same", excerpt(name))
	}
	return nil, refused("tokens of the issuer %q are not accepted by this server", excerpt(name))
}

// signed refuses a token that the issuer did not sign.
func (is *trusted) signed(ctx context.Context, token *jose.JSONWebSignature) error {
	set, failed := is.source.keys(ctx, keysAge)
	right, named := set.verify(token)
	if !right && !named && set != nil {
		set, failed = is.source.keys(ctx, rereadWait) // the issuer may have a new key
		right, named = set.verify(token)
	}
	switch {
	case right:
		return nil
	case set == nil:
		return freshet.Wrap(freshet.Unavailable, failed, "the keys of the issuer %s cannot be had now; try again later", is.URL)
	case named:
		return refused("the token's signature is wrong")
	}
	return &freshet.Error{Code: freshet.Unauthenticated, Message: "the token is not signed with a key of its issuer", Cause: failed}
}

// admit checks the claims of a token of some type that its issuer signed, and gives when it expires.
func (is *Issuer) admit(typ string, claims map[string]any, now time.Time) (time.Time, error) {
	expires, ok := timeOf(claims["exp"])
	if !ok {
		return time.Time{}, refused("the token does not say when it expires (exp)")
	}
	if !now.Before(expires) {
		return time.Time{}, refused("the token has expired")
	}
	for _, claim := range []string{"nbf", "iat"} {
		value, found := claims[claim]
		from, ok := timeOf(value)
		if found && !ok {
			return time.Time{}, refused("the token's %s is no time", claim)
		}
		if found && now.Add(leeway).Before(from) { // the issuer's clock may be ahead
			return time.Time{}, refused("the token is not valid yet (%s)", claim)
		}
	}
	use, ok := claims["token_use"].(string)
	if claims["token_use"] != nil && (!ok || use != "access" && use != "id") {
		return time.Time{}, refused("the token is neither an access token nor an id token (token_use)")
	}
	switch {
	case !is.isFor(typ, use, claims):
		return time.Time{}, refused("the token is for another app; this server takes those for the client id %q", is.ClientIDs)
	case claims["events"] != nil: // RFC 8417: it tells of something, a sign-out say
		return time.Time{}, refused("the token tells of events, and does not prove who somebody is")
	case username(claims) == "":
		return time.Time{}, refused("the token does not say whose it is (sub)")
	}
	return expires, nil
}

// timeOf reads a NumericDate: seconds since 1970, perhaps with a fraction.
func timeOf(value any) (time.Time, bool) {
	seconds, ok := value.(float64)
	const most = 253402300799 // the last second of the year 9999
	return time.Unix(int64(math.Max(0, math.Min(seconds, most))), 0).UTC(), ok
}

// identityName names a user to logs, histories and counters of clients. Users of a user pool are named as the server's
// own; others name their issuer too, so that two people of one name are not taken for each other.
func (is *Issuer) identityName(claims map[string]any) string {
	name := "user " + username(claims)
	if is.Provider == freshet.OIDC {
		name += " of " + is.URL
	}
	return name
}

// username gives the name of the user a token is for, as rules for owners know it; empty where it has none.
func username(claims map[string]any) string {
	for _, claim := range []string{"username", "cognito:username", "sub"} {
		if name, _ := claims[claim].(string); name != "" {
			return name
		}
	}
	return ""
}

// bearer gives a token without the scheme that may stand before it.
func bearer(text string) string {
	const scheme = "Bearer "
	text = strings.TrimSpace(text)
	if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text = strings.TrimSpace(text[len(scheme):])
	}
	return text
}

func refused(format string, args ...any) error {
	return freshet.Errorf(freshet.Unauthenticated, format, args...)
}

// excerpt keeps what a caller sent from filling a message.
func excerpt(text string) string {
	if len(text) > 100 {
		return text[:97] + "..."
	}
	return text
}
