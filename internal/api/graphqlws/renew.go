package graphqlws

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"freshet"
	"freshet/internal/rawjson"
)

var anotherIdentity = freshet.Errorf(freshet.Forbidden, "the credential names another identity; open another socket for it")

// ping answers a ping, and tells whether the socket goes on. One whose payload holds a credential renews the
// socket's.
func (c *socket) ping(ctx context.Context, payload json.RawMessage) bool {
	var f fields
	_ = json.Unmarshal(payload, &f) // a payload of a plain ping may be anything
	switch {
	case len(f.headers("X-Api-Key"))+len(f.headers("Authorization")) == 0:
		c.send(appendFrame(nil, "pong", "", payload))
		return true
	case c.id == nil:
		c.end(initMissing)
		return false
	}
	return c.renew(ctx, f)
}

// renew goes on with another credential of the same identity, or ends the socket.
func (c *socket) renew(ctx context.Context, f fields) bool {
	p, err := c.identify(ctx, f, nil, false)
	if err != nil && freshet.CodeOf(err) == freshet.Unavailable { // the one that it has is good still
		text := rawjson.AppendString([]byte(`{"renewed":false,"message":`), freshet.MessageOf(err))
		c.send(appendFrame(nil, "pong", "", append(text, '}')))
		return true
	}
	if err == nil && !sameIdentity(c.id, p.id) {
		err = anotherIdentity
	}
	if err == nil {
		p, err = c.admit(ctx, p, f, nil)
	}
	if err != nil {
		c.end(renewalRefusal(err))
		return false
	}
	c.renewStreams()
	c.send(appendFrame(nil, "pong", "", p.terms(true)))
	return true
}

// renewStreams has the streams go on with the rights of the identity as it is now.
func (c *socket) renewStreams() {
	c.mu.Lock()
	for _, op := range c.operations {
		op.renewed = c.id
		c.enqueue(op)
	}
	c.mu.Unlock()
	c.wake()
}

// sameIdentity tells whether two credentials are of one user or key, by one provider. Callers that have no name
// are never the same.
func sameIdentity(a, b *freshet.Identity) bool {
	for _, name := range []string{"iss", "sub", "cognitoIdentityId"} {
		if claim(a, name) != claim(b, name) {
			return false
		}
	}
	return a.Name == b.Name && slices.Equal(a.Providers, b.Providers) && (isKey(a) && isKey(b) || isNamed(a) && isNamed(b))
}

func isNamed(id *freshet.Identity) bool {
	return cmp.Or(claim(id, "sub"), claim(id, "username"), claim(id, "cognito:username"), claim(id, "cognitoIdentityId")) != ""
}

// isKey tells whether an identity is that of a key, of either kind, whose name says which.
func isKey(id *freshet.Identity) bool {
	return id.Has(freshet.APIKey) || id.Has(freshet.GroupKey) || id.Has(freshet.IAM) && claim(id, "cognitoIdentityId") == ""
}

func claim(id *freshet.Identity, name string) string {
	text, _ := id.Claims[name].(string)
	return text
}
