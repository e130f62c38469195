package accesskey

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"freshet"
)

// MaxSkew is how far a caller's clock may be from ours, either way.
const MaxSkew = 5 * time.Minute

// Options say what a door takes. The zero value is the strictest: a signature in the header, over the body.
type Options struct {
	Services  []string         // the services that requests are signed for; nil: any
	Presigned bool             // a signature may stand in the query
	Unsigned  bool             // UNSIGNED-PAYLOAD: the signature need not cover the body
	Seen      *Seen            // the signatures of writes that were seen; nil: those of this Verifier, in memory
	Now       func() time.Time // nil: time.Now
}

// Verifier checks signed requests.
type Verifier struct {
	keys    *Keys
	options Options
}

// NewVerifier makes a Verifier for one door.
func NewVerifier(keys *Keys, options Options) *Verifier {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Seen == nil {
		options.Seen = newSeen()
	}
	return &Verifier{keys: keys, options: options}
}

// Proof is what a good signature proves.
type Proof struct {
	Identity freshet.Identity
	KeyID    string
	Expires  time.Time // when the key or the temporary credentials end; zero: never
	Fresh    time.Time // until when the request can be sent again

	signature [seenLength]byte // of the request
}

// Check gives the identity that signed a request, whose body was read before. It does not look for replays:
// a door that writes uses Verify and Once.
//
// Errors: unauthenticated, with a Reason as its cause; too_large.
func (v *Verifier) Check(r *http.Request, body []byte) (freshet.Identity, error) {
	proof, err := v.Verify(r.Context(), RequestOf(r, body))
	return proof.Identity, err
}

// Verify is Check for a request in parts, and gives until when the credentials hold.
func (v *Verifier) Verify(ctx context.Context, r Request) (Proof, error) {
	c, err := v.read(r)
	if err != nil {
		return Proof{}, err
	}
	if err := c.checkHeaders(r); err != nil {
		return Proof{}, err
	}
	until, err := c.checkTime(v.options.Now())
	if err != nil {
		return Proof{}, err
	}
	owner, err := v.credential(ctx, c)
	if err != nil {
		return Proof{}, err
	}
	payloads, err := c.payloads(r, v.options.Unsigned)
	if err != nil {
		return Proof{}, err
	}
	good := 0
	for _, payload := range payloads {
		expected, err := c.resign(ctx, r, owner.secret, payload)
		if err != nil {
			return Proof{}, err
		}
		good |= subtle.ConstantTimeCompare([]byte(expected), []byte(c.signature.signature))
	}
	if good != 1 {
		return Proof{}, refuse(Mismatch, "the signature is not of this request: it was changed on its way, or signed with another secret")
	}
	if !c.temporary() {
		v.keys.tell(&v.keys.used, c.keyID)
	}
	proof := Proof{Identity: owner.identity, KeyID: c.keyID, Expires: owner.expires, Fresh: until}
	whole, _ := hex.DecodeString(c.signature.signature) // it was parsed
	copy(proof.signature[:], whole)
	return proof, nil
}

// Once lets a proof pass a single time. A door calls it for a write, when it knows that the request is one:
// whoever listens on the line could else send it again while it is fresh. At another server a request may pass once
// more, and here when the process has ended without closing what was Seen.
//
// A client that makes the same write twice within a second signs it the same way twice, and the second is
// refused too.
//
// Errors: unauthenticated with the Reason Replayed; unavailable when too many are kept.
func (v *Verifier) Once(proof Proof) error {
	return v.options.Seen.add(proof.signature, proof.Fresh, v.options.Now())
}

// claim is what a request says of its signature, from the header or the query.
type claim struct {
	signature
	date      string     // as 20060102T150405Z
	token     string     // of temporary credentials
	query     url.Values // without the signature
	presigned bool
	expires   time.Duration // of a presigned one
}

// read finds the signature of a request.
func (v *Verifier) read(r Request) (claim, error) {
	if len(r.Query) > maxSigned {
		return claim{}, freshet.Errorf(freshet.TooLarge, "the query of a signed request has more than %d bytes", maxSigned)
	}
	query, err := url.ParseQuery(r.Query)
	if err != nil { // the signer would skip what it cannot read
		return claim{}, refuse(Malformed, "the query of a signed request cannot be read")
	}
	c := claim{query: query}
	authorization := r.Header.Values("Authorization")
	switch {
	case isPresigned(query):
		if len(authorization) > 0 {
			return claim{}, refuse(Malformed, "the request is signed in its query and has an Authorization header too")
		}
		if !v.options.Presigned {
			return claim{}, refuse(Malformed, "a signature in the query is not accepted here; sign the headers")
		}
		p, err := parsePresigned(query)
		if err != nil {
			return claim{}, err
		}
		c.signature, c.date, c.token, c.expires, c.presigned = p.signature, p.date, p.token, p.expires, true
		query.Del("X-Amz-Signature")
	case len(authorization) != 1:
		return claim{}, refuse(Malformed, "a signed request has one Authorization header, this one has %d", len(authorization))
	default:
		if c.signature, err = parseAuthorization(authorization[0]); err != nil {
			return claim{}, err
		}
		c.date, c.token = strings.Join(r.Header.Values("X-Amz-Date"), ","), r.Header.Get("X-Amz-Security-Token")
		if !c.isSigned("x-amz-date") {
			return claim{}, refuse(Malformed, "the header x-amz-date is not signed")
		}
	}
	if v.options.Services != nil && !slices.Contains(v.options.Services, c.service) {
		return claim{}, refuse(Malformed, "the request is signed for the service %q; here it is %s", c.service, strings.Join(v.options.Services, " or "))
	}
	return c, nil
}

func (c *claim) isSigned(header string) bool {
	_, found := slices.BinarySearch(c.headers, header)
	return found
}

// checkHeaders sees that what was signed is there, and that nothing is there that should have been signed:
// a header of AWS's own can change what the request means.
func (c *claim) checkHeaders(r Request) error {
	size := 0
	for _, name := range c.headers {
		if name == "host" || name == "content-length" {
			continue
		}
		values := r.Header.Values(name)
		if len(values) == 0 {
			return refuse(Mismatch, "the header %s was signed and is not there", name)
		}
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > maxSigned {
		return freshet.Errorf(freshet.TooLarge, "the signed headers have more than %d bytes", maxSigned)
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		// Clients of sockets add their name when they have signed; the hash is compared with the body.
		if strings.HasPrefix(name, "x-amz-") && name != "x-amz-user-agent" && name != "x-amz-content-sha256" && !c.isSigned(name) {
			return refuse(Malformed, "the header %.64q is not signed", name)
		}
	}
	return nil
}

// checkTime gives the last moment at which the request is good.
func (c *claim) checkTime(now time.Time) (until time.Time, err error) {
	signed, err := time.Parse(timeFormat, c.date)
	if err != nil {
		return until, refuse(Malformed, "x-amz-date is not one time as YYYYMMDDThhmmssZ")
	}
	if c.date[:len(c.signature.date)] != c.signature.date {
		return until, refuse(Malformed, "the date of the credential is not that of x-amz-date")
	}
	until = signed.Add(MaxSkew)
	if c.presigned {
		until = signed.Add(c.expires)
	}
	switch {
	case signed.Sub(now) > MaxSkew:
		return until, refuse(Skewed, "the request is signed for %s, here it is %s: set the clock", c.date, now.UTC().Format(timeFormat))
	case now.After(until) && c.presigned:
		return until, refuse(Expired, "the presigned request has expired")
	case now.After(until):
		return until, refuse(Skewed, "the request was signed at %s, here it is %s: set the clock, or sign again", c.date, now.UTC().Format(timeFormat))
	}
	return until, nil
}

func (c *claim) temporary() bool { return strings.HasPrefix(c.keyID, temporaryPrefix) }

func (v *Verifier) credential(ctx context.Context, c claim) (credential, error) {
	if c.temporary() {
		return v.keys.temporary(c.keyID, c.token)
	}
	if c.token != "" {
		return credential{}, refuse(Malformed, "a permanent access key has no session token")
	}
	return v.keys.permanent(ctx, c.keyID)
}
