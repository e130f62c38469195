package graphqlws

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"freshet"
	"freshet/internal/auth"
	"freshet/internal/rawjson"
)

// fields are the members of a payload; a credential has the names of the headers that carry it elsewhere.
type fields map[string]json.RawMessage

// headers gives the values of the members of a name, whatever the case of its letters.
func (f fields) headers(name string) (values []json.RawMessage) {
	for key, value := range f {
		if http.CanonicalHeaderKey(key) == http.CanonicalHeaderKey(name) {
			values = append(values, value)
		}
	}
	return values
}

// texts gives the members that are strings.
func (f fields) texts() map[string]string {
	texts := make(map[string]string, len(f))
	for name, value := range f {
		if text, err := rawjson.String(value); err == nil {
			texts[name] = text
		}
	}
	return texts
}

// credentials finds a credential in a payload, or else in the request that opened the socket. Errors: invalid for one
// that is there twice, for it has to be the same each time that it is looked at.
func (f fields) credentials(opening http.Header) (found auth.Credentials, err error) {
	for name, credential := range map[string]*string{"X-Api-Key": &found.APIKey, "Authorization": &found.Authorization} {
		values := f.headers(name)
		if len(values) > 1 {
			return found, freshet.Errorf(freshet.Invalid, "%s is there twice", name)
		}
		*credential = opening.Get(name)
		if len(values) == 1 {
			if text, err := rawjson.String(values[0]); err == nil {
				*credential = text
			}
		}
	}
	return found, nil
}

// init finds out who the client is, and tells whether the socket goes on.
func (c *socket) init(ctx context.Context, opening http.Header, payload json.RawMessage) bool {
	if c.id != nil {
		c.end(initTwice)
		return false
	}
	var f fields
	if len(payload) > 0 && json.Unmarshal(payload, &f) != nil {
		c.end(closeCode{badMessage.code, "the payload of connection_init is no object"})
		return false
	}
	proven, err := c.identify(ctx, f, opening, false)
	if err == nil {
		proven, err = c.admit(ctx, proven, f, opening)
	}
	if err != nil {
		c.end(refusal(err))
		return false
	}
	var terms []byte
	if proven.readOnly {
		terms = proven.terms(false)
	}
	c.send(appendFrame(nil, "connection_ack", "", terms))
	return true
}

// proven is what a credential proves.
type proven struct {
	id       *freshet.Identity
	until    time.Time // zero: for ever
	readOnly bool      // it was signed, and the signature was here before
}

// terms tells a client on what terms it is let in.
func (p *proven) terms(renewed bool) []byte {
	terms := struct {
		Renewed  bool  `json:"renewed,omitempty"`
		ReadOnly bool  `json:"readOnly,omitempty"`
		Expires  int64 `json:"expires,omitempty"` // Unix milliseconds
	}{Renewed: renewed, ReadOnly: p.readOnly}
	if !p.until.IsZero() {
		terms.Expires = p.until.UnixMilli()
	}
	text, _ := json.Marshal(terms) // it holds nothing that cannot be encoded
	return text
}

// identify finds out what a credential proves; enter tells that it is to let somebody in.
func (c *socket) identify(ctx context.Context, f fields, opening http.Header, enter bool) (p proven, err error) {
	credentials, err := f.credentials(opening)
	if err != nil {
		return p, err
	}
	credentials.From = c.call.From
	if c.server.opts.Signatures == nil || !credentials.Signed() {
		p.id, p.until, err = c.server.api.Identify(ctx, c.server.by, credentials)
		return p, err
	}
	signed, err := c.server.opts.Signatures.IdentifyConnect(ctx, c.call, f.texts(), enter)
	if err != nil {
		return p, err
	}
	return proven{c.server.api.Admit(signed.Identity), signed.Until, signed.Seen}, nil
}

// admit lets somebody in until the credential ends. It looks at that once more when it can be revoked.
func (c *socket) admit(ctx context.Context, p proven, f fields, opening http.Header) (proven, error) {
	c.server.prove(c, p.id)
	p, err := c.identify(ctx, f, opening, true)
	if err != nil {
		return p, err
	}
	if !c.stopExpiry() {
		return p, errTooLate // the socket is being cut off
	}
	c.id = p.id
	if !p.until.IsZero() {
		c.expiry = time.AfterFunc(time.Until(p.until), func() { c.cutOff(tokenExpired) })
	}
	return p, nil
}

var errTooLate = freshet.Errorf(freshet.Unauthenticated, "the credential of the socket has expired")

// stopExpiry tells whether it was in time.
func (c *socket) stopExpiry() bool { return c.expiry == nil || c.expiry.Stop() }
