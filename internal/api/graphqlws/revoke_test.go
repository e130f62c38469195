package graphqlws_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/api/apitest"
	"freshet/internal/api/graphqlws"
	"freshet/internal/auth"
)

const anothersKey = "key another"

func TestRevokedKeyEndsItsSockets(t *testing.T) {
	d := open(t, graphqlws.Options{})
	mine, others := d.connect(byKey), d.connect(`{"Authorization":"ana"}`)
	d.server.RevokeKey(anothersKey)
	d.server.RevokeSession("")
	d.server.RevokeKey("key test")
	mine.closes(4403)
	others.say(`{"type":"ping"}`)
	others.hears(`{"type":"pong"}`)
}

// A client that does not read is given nothing more, and holds its socket no longer than others.
func TestRevokedKeyEndsAStalledSocket(t *testing.T) {
	d := open(t, graphqlws.Options{})
	c := d.connect(byKey)
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription { onUpdateTask { body } }"}}`)
	c.say(`{"type":"ping"}`)
	c.hears(`{"type":"pong"}`)
	d.create("1")
	body := strings.Repeat("x", 200<<10)
	for range 60 { // more than the sockets' buffers hold
		d.update(body)
	}
	d.server.RevokeKey("key test")
	deadline := time.After(time.Second)
	for d.server.Sockets() > 0 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the socket is still there")
		}
	}
}

// revoking revokes the key as soon as it has told whose it is.
type revoking struct {
	*apitest.House
	revoke func()
}

func (r *revoking) Identify(ctx context.Context, c auth.Credentials) (freshet.Identity, time.Time, error) {
	if r.revoke == nil {
		return freshet.Identity{}, time.Time{}, freshet.Errorf(freshet.Unauthenticated, "the key was revoked")
	}
	id, until, err := r.House.Identify(ctx, c)
	r.revoke()
	r.revoke = nil
	return id, until, err
}

// A key that is revoked before its socket is noted lets nobody in.
func TestKeyThatIsRevokedMeanwhile(t *testing.T) {
	h := apitest.Open(t, sdl)
	by := &revoking{House: h}
	d := serveBy(h, by, graphqlws.Options{})
	by.revoke = func() { d.server.RevokeKey("key test") }
	c := d.dial(websocket.Dialer{})
	c.say(`{"type":"connection_init","payload":` + byKey + `}`)
	c.closes(4403)
}

// A credential in two spellings could be one when it is noted what lets the socket in, and the other when it does.
func TestCredentialThatIsThereTwice(t *testing.T) {
	d := open(t, graphqlws.Options{})
	both := `{"Authorization":"ana session=1","authorization":"ana session=2"}`
	for range 20 {
		c := d.dial(websocket.Dialer{})
		c.say(`{"type":"connection_init","payload":` + both + `}`)
		c.closes(4400)
		c = d.connect(as("ana"))
		c.renew(both)
		c.closes(4403)
	}
}
