package graphqlws_test

import (
	"strings"
	"testing"
	"time"

	"freshet/internal/api/graphqlws"
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
