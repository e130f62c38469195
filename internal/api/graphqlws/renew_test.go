package graphqlws_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"freshet/internal/api/apitest"
	"freshet/internal/api/graphqlws"
)

func as(words string) string { return `{"Authorization":"` + words + `"}` }

// alive sees that the socket goes on.
func (c *client) alive() {
	c.t.Helper()
	c.say(`{"type":"ping","payload":"still here"}`)
	c.hears(`{"type":"pong","payload":"still here"}`)
}

func (c *client) renew(payload string) {
	c.t.Helper()
	c.say(`{"type":"ping","payload":` + payload + `}`)
}

// hearsAll hears messages that begin like these, in any order.
func (c *client) hearsAll(want ...string) {
	c.t.Helper()
	for range len(want) {
		got := c.hear()
		n := len(want)
		if want = slices.DeleteFunc(want, func(text string) bool { return strings.HasPrefix(got, text) }); len(want) == n {
			c.t.Errorf("heard %s, want one of %q", got, want)
		}
	}
}

const renewed = `{"type":"pong","payload":{"renewed":true}}`

func TestPingRenewsOrEndsTheSocket(t *testing.T) {
	d := open(t, graphqlws.Options{})
	for name, test := range map[string]struct {
		init, ping string
		reason     string // of the end; empty: it is renewed
	}{
		"the same user":             {as("ana"), as("ana"), ""},
		"in more groups":            {as("ana"), as("ana admins"), ""},
		"of another session":        {as("ana session=1"), as("ana session=2"), ""},
		"the header in lower case":  {as("ana"), `{"authorization":"Bearer ana"}`, ""},
		"beside something else":     {as("ana"), `{"n":1,"Authorization":"ana"}`, ""},
		"the same key":              {byKey, byKey, ""},
		"another user":              {as("ana"), as("ben"), "Not renewed: the credential names another identity"},
		"a name of another issuer":  {as("ana iss=here"), as("ana iss=there"), "another identity"},
		"a user, after a key":       {byKey, as("ana"), "another identity"},
		"a key, after a user":       {as("ana"), byKey, "another identity"},
		"a key that is not known":   {byKey, `{"x-api-key":"?"}`, "Not renewed: the credential is not known"},
		"an empty token":            {as("ana"), as(""), "Not renewed: the credential is not known"},
		"a token that is no string": {as("ana"), `{"Authorization":["ana"]}`, "Not renewed: the credential is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			c := d.connect(test.init)
			c.t = t
			c.renew(test.ping)
			if test.reason == "" {
				c.hears(renewed)
				c.alive()
				return
			}
			_, _, err := c.ReadMessage()
			if !websocket.IsCloseError(err, 4403) || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("the socket ends with %v, want 4403 %s", err, test.reason)
			}
		})
	}
}

func TestPlainPingsRenewNothing(t *testing.T) {
	d := open(t, graphqlws.Options{})
	c := d.dial(websocket.Dialer{})
	c.alive() // also before anybody is known
	c.renew(as("ana"))
	c.closes(4401)
	c = d.connect(as("ana"))
	for _, payload := range []string{`null`, `{}`, `[]`, `"Authorization"`, `{"token":"ben"}`, `[{"Authorization":"ben"}]`} {
		c.renew(payload)
		c.hears(`{"type":"pong","payload":` + payload + `}`)
	}
	c.say(`{"type":"ping"}`)
	c.hears(`{"type":"pong"}`)
}

// The credential that the socket has is good still.
func TestRenewalThatCannotBeToldNow(t *testing.T) {
	d := open(t, graphqlws.Options{})
	c := d.connect(as("ana session=1"))
	c.renew(as("ana session=2 down"))
	c.hears(`{"type":"pong","payload":{"renewed":false,"message":"the issuer cannot be asked now"}}`)
	d.server.RevokeSession("2")
	c.alive()
	d.server.RevokeSession("1")
	c.closes(4403)
}

func TestRenewalChangesTheSession(t *testing.T) {
	d := open(t, graphqlws.Options{})
	c := d.connect(as("ana session=1"))
	c.renew(as("ana session=2"))
	c.hears(renewed)
	d.server.RevokeSession("1")
	c.alive()
	d.server.RevokeSession("2")
	c.closes(4403)
	c = d.connect(as("ana session=1"))
	c.renew(as("ana")) // which cannot be revoked
	c.hears(renewed)
	d.server.RevokeSession("1")
	c.alive()
}

// What runs goes on, with the rights that the new token gives; what comes after it has them too.
func TestRenewalChangesTheRights(t *testing.T) {
	h := apitest.Open(t, `type Task @model @auth(rules: [{allow: owner}, {allow: groups, groups: ["admins"]}]) { title: String! }
		type Secret @model @auth(rules: [{allow: groups, groups: ["admins"]}]) { text: String }`)
	d := serve(h, graphqlws.Options{})
	write := func(words, id string) {
		t.Helper()
		if got := h.Ask(h.User(words), `mutation { createTask(input: {id: "`+id+`", title: "t"}) { id } }`); strings.Contains(got, "errors") {
			t.Fatal(got)
		}
	}
	write("ben", "b1")
	c := d.connect(as("ana"))
	changes := func(list string) string {
		return `{"type":"next","id":"c","payload":{"data":{"changes":{"upToDate":true,"changes":[` + list + `]}}}}`
	}
	c.say(`{"id":"c","type":"subscribe","payload":{"query":"subscription { changes { upToDate changes { op key } } }"}}`)
	c.hears(changes(""))
	c.renew(as("ana admins"))
	c.hearsAll(renewed, changes(`{"op":"PUT","key":"b1"}`))
	write("ben", "b2")
	c.hears(changes(`{"op":"PUT","key":"b2"}`))
	c.say(`{"id":"q","type":"subscribe","payload":{"query":"{ getTask(id: \"b1\") { id } }"}}`)
	c.hears(`{"type":"next","id":"q","payload":{"data":{"getTask":{"id":"b1"}}}}`)
	c.hears(`{"type":"complete","id":"q"}`)

	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription { onCreateSecret { id } }"}}`)
	c.renew(as("ana"))
	c.hearsAll(renewed, changes(`{"op":"REMOVE","key":"b1"},{"op":"REMOVE","key":"b2"}`),
		`{"type":"error","id":"s","payload":[{"errorType":"Unauthorized",`)
	write("ben", "b3")
	write("ana", "a1")
	c.hears(changes(`{"op":"PUT","key":"a1"}`))
}

// pipes listens on connections within the process, which a synctest bubble can wait for.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours, nil
}

// bubble is a door at a time that moves when everybody waits.
type bubble struct {
	*door
	pipes *pipes
}

// inBubble runs a test against a door in a bubble.
func inBubble(t *testing.T, test func(b *bubble)) {
	synctest.Test(t, func(t *testing.T) {
		h := apitest.Open(t, sdl)
		server := graphqlws.New(h.API, h, graphqlws.Options{})
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		public := &http.Server{Handler: server}
		go func() { _ = public.Serve(listener) }()
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			server.Drain(ctx, 0)
			if err := public.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(&bubble{&door{House: h, server: server, url: "ws://pipe/"}, listener})
	})
}

// dial opens a socket that says nothing yet.
func (b *bubble) dial() *client { return b.door.dial(websocket.Dialer{NetDial: b.pipes.dial}) }

// enter opens a socket and says who it is.
func (b *bubble) enter(payload string) *client {
	b.T.Helper()
	c := b.dial()
	c.say(`{"type":"connection_init","payload":` + payload + `}`)
	c.hears(`{"type":"connection_ack"}`)
	_ = c.SetReadDeadline(time.Time{})
	return c
}

// connect enters and goes on to listen.
func (b *bubble) connect(payload string) *listening {
	b.T.Helper()
	c := &listening{b.enter(payload), make(chan string, 10), make(chan error, 1)}
	go c.listen()
	return c
}

// listening is a client that reads all the time, so that it answers when it is asked whether it is there.
type listening struct {
	*client
	told  chan string
	ended chan error
}

func (c *listening) listen() {
	for {
		_, text, err := c.ReadMessage()
		if err != nil {
			c.ended <- err
			return
		}
		c.told <- string(text)
	}
}

func (c *listening) isTold(want string) {
	c.t.Helper()
	select {
	case got := <-c.told:
		if got != want {
			c.t.Fatalf("the client is told %s, want %s", got, want)
		}
	case err := <-c.ended:
		c.t.Fatalf("the socket ended with %v, want %s", err, want)
	}
}

func TestSocketEndsWithItsLatestToken(t *testing.T) {
	const hour, minute = time.Hour, time.Minute
	for name, test := range map[string]struct {
		renew []time.Duration // one each half hour, on a socket with a token of an hour
		lasts time.Duration   // from the last renewal on
	}{
		"without renewal":            {nil, hour},
		"renewed once":               {[]time.Duration{2 * hour}, 2 * hour},
		"renewed before it ends":     {[]time.Duration{hour, hour, hour}, hour},
		"renewed by a shorter token": {[]time.Duration{minute}, minute},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				c := b.connect(as("ana for=1h"))
				for _, lifetime := range test.renew {
					time.Sleep(30 * minute)
					c.renew(as("ana for=" + lifetime.String()))
					c.isTold(fmt.Sprintf(`{"type":"pong","payload":{"renewed":true,"expires":%d}}`, time.Now().Add(lifetime).UnixMilli()))
				}
				begin := time.Now()
				if err := <-c.ended; !websocket.IsCloseError(err, 4403) || !strings.Contains(err.Error(), "Token expired") {
					t.Errorf("the socket ended with %v", err)
				}
				if got := time.Since(begin); got != test.lasts {
					t.Errorf("the socket lasts %v, want %v", got, test.lasts)
				}
			})
		})
	}
}

func TestSocketRenewedForEverStays(t *testing.T) {
	inBubble(t, func(b *bubble) {
		c := b.connect(as("ana for=1h"))
		c.renew(as("ana"))
		c.isTold(renewed)
		time.Sleep(24 * time.Hour)
		c.renew(`"the next day"`)
		c.isTold(`{"type":"pong","payload":"the next day"}`)
	})
}
