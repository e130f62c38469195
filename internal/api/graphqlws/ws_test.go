package graphqlws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"freshet/internal/api"
	"freshet/internal/api/apitest"
	"freshet/internal/api/graphqlws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sdl = `
type Task @model @auth(rules: [{allow: owner}, {allow: public}]) { title: String! body: String }
`

type door struct {
	*apitest.House
	server *graphqlws.Server
	url    string
}

func open(t *testing.T, opts graphqlws.Options) *door {
	t.Helper()
	return serve(apitest.Open(t, sdl), opts)
}

func serve(h *apitest.House, opts graphqlws.Options) *door { return serveBy(h, h, opts) }

func serveBy(h *apitest.House, by api.Identifier, opts graphqlws.Options) *door {
	d := &door{House: h, server: graphqlws.New(h.API, by, opts)}
	listener := httptest.NewServer(d.server)
	d.url = "ws" + strings.TrimPrefix(listener.URL, "http")
	h.T.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		d.server.Drain(ctx, 0)
		listener.Close()
	})
	return d
}

// client is a socket that speaks the sub-protocol by hand.
type client struct {
	*websocket.Conn
	t *testing.T
}

func (d *door) dial(dialer websocket.Dialer) *client {
	d.T.Helper()
	if dialer.Subprotocols == nil {
		dialer.Subprotocols = []string{"graphql-transport-ws"}
	}
	conn, _, err := dialer.Dial(d.url, nil)
	if err != nil {
		d.T.Fatal(err)
	}
	d.T.Cleanup(func() { conn.Close() })
	return &client{conn, d.T}
}

// connect dials and says who it is.
func (d *door) connect(payload string) *client {
	d.T.Helper()
	c := d.dial(websocket.Dialer{})
	c.say(`{"type":"connection_init","payload":` + payload + `}`)
	c.hears(`{"type":"connection_ack"}`)
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) hear() string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, text, err := c.ReadMessage()
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

func (c *client) hears(want string) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.hear()); diff != "" {
		c.t.Errorf("(-want +got):\n%s", diff)
	}
}

func (c *client) closes(code int) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		_, _, err := c.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, code) {
			c.t.Errorf("the socket ended with %v, want the code %d", err, code)
		}
		return
	}
}

const byKey = `{"x-api-key":"the key"}`

func (d *door) create(id string) {
	d.T.Helper()
	if got := d.Ask(d.ByKey(), `mutation { createTask(input: {id: "`+id+`", title: "t"}) { id } }`); strings.Contains(got, "errors") {
		d.T.Fatal(got)
	}
}

// update gives the task 1 a body.
func (d *door) update(body string) {
	d.T.Helper()
	if got := d.Ask(d.ByKey(), `mutation($b: String) { updateTask(input: {id: "1", body: $b}) { _version } }`, `{"b":"`+body+`"}`); strings.Contains(got, "errors") {
		d.T.Fatal(got)
	}
}

func TestSocketCarriesQueriesMutationsAndSubscriptions(t *testing.T) {
	d := open(t, graphqlws.Options{})
	c := d.connect(byKey)
	c.say(`{"type":"ping","payload":{"n":1}}`)
	c.hears(`{"type":"pong","payload":{"n":1}}`)
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription { onCreateTask { id } }"}}`)
	c.say(`{"id":"m","type":"subscribe","payload":{"query":"mutation($i: CreateTaskInput!) { createTask(input: $i) { title } }","variables":{"i":{"id":"1","title":"Water"}}}}`)
	heard := map[string]bool{c.hear(): true, c.hear(): true, c.hear(): true}
	for _, want := range []string{
		`{"type":"next","id":"s","payload":{"data":{"onCreateTask":{"id":"1"}}}}`,
		`{"type":"next","id":"m","payload":{"data":{"createTask":{"title":"Water"}}}}`,
		`{"type":"complete","id":"m"}`,
	} {
		if !heard[want] {
			t.Errorf("heard %v, not %s", heard, want)
		}
	}
	c.say(`{"id":"s","type":"complete"}`)
	c.say(`{"type":"ping"}`) // behind it the subscription is gone
	c.hears(`{"type":"pong"}`)
	d.create("2")
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription { changes { upToDate changes { key } } }"}}`)
	c.hears(`{"type":"next","id":"s","payload":{"data":{"changes":{"upToDate":true,"changes":[{"key":"1"},{"key":"2"}]}}}}`)
	d.create("3")
	c.hears(`{"type":"next","id":"s","payload":{"data":{"changes":{"upToDate":true,"changes":[{"key":"3"}]}}}}`)
}

func TestFaultsEndTheOperationAndNotTheSocket(t *testing.T) {
	d := open(t, graphqlws.Options{Subscriptions: 2})
	c := d.connect(byKey)
	for _, payload := range []string{`{"query":"{"}`, `{"query":"{ nothing }"}`, `{}`, `[]`, `{"query":"subscription { changes(models: [\"Nothing\"]) { cursor } }"}`} {
		c.say(`{"id":"1","type":"subscribe","payload":` + payload + `}`)
		if got := c.hear(); !strings.HasPrefix(got, `{"type":"error","id":"1","payload":[{"`) || !strings.Contains(got, `"errorType":`) {
			t.Errorf("%s gave %s", payload, got)
		}
	}
	for i := range 3 {
		c.say(fmt.Sprintf(`{"id":"s%d","type":"subscribe","payload":{"query":"subscription { onCreateTask { id } }"}}`, i))
	}
	if got := c.hear(); !strings.Contains(got, `"id":"s2"`) || !strings.Contains(got, "2 subscriptions") {
		t.Errorf("one subscription over the limit gave %s", got)
	}
	d.create("1")
	c.hear()
	c.hear()
}

func TestSocketIsClosedWithACode(t *testing.T) {
	d := open(t, graphqlws.Options{InitTime: 100 * time.Millisecond, MessageBytes: 1000})
	subscribe := `{"id":"1","type":"subscribe","payload":{"query":"subscription { onCreateTask { id } }"}}`
	for name, test := range map[string]struct {
		say  []string
		code int
	}{
		"nothing is said":            {nil, 4408},
		"no credential":              {[]string{`{"type":"connection_init"}`}, 4403},
		"a wrong credential":         {[]string{`{"type":"connection_init","payload":{"x-api-key":"?"}}`}, 4403},
		"subscribe before init":      {[]string{subscribe}, 4401},
		"init twice":                 {[]string{`{"type":"connection_init","payload":` + byKey + `}`, `{"type":"connection_init"}`}, 4429},
		"an id twice":                {[]string{`{"type":"connection_init","payload":` + byKey + `}`, subscribe, subscribe}, 4409},
		"no JSON":                    {[]string{`hello`}, 4400},
		"an unknown type":            {[]string{`{"type":"start"}`}, 4400},
		"no id":                      {[]string{`{"type":"connection_init","payload":` + byKey + `}`, `{"type":"subscribe"}`}, 4400},
		"a message over the limit":   {[]string{`{"type":"ping","payload":"` + strings.Repeat("x", 1000) + `"}`}, websocket.CloseMessageTooBig},
		"a token that does not last": {[]string{`{"type":"connection_init","payload":{"Authorization":"ana for=50ms"}}`}, 4403},
	} {
		t.Run(name, func(t *testing.T) {
			c := d.dial(websocket.Dialer{})
			c.t = t
			for _, text := range test.say {
				c.say(text)
			}
			c.closes(test.code)
		})
	}
	t.Run("another sub-protocol", func(t *testing.T) {
		c := d.dial(websocket.Dialer{Subprotocols: []string{"graphql-ws"}})
		c.t = t
		c.closes(websocket.CloseProtocolError)
	})
}

func TestDrainTellsClientsToComeBack(t *testing.T) {
	d := open(t, graphqlws.Options{})
	c := d.connect(byKey)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		d.server.Drain(ctx, 50*time.Millisecond)
	}()
	c.closes(websocket.CloseGoingAway)
	<-done
}

func TestIdleStreamIsGivenTheCursor(t *testing.T) {
	d := open(t, graphqlws.Options{PingEvery: 20 * time.Millisecond})
	c := d.connect(`{"Authorization":"ana"}`)
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription { changes { cursor changes { key } } }"}}`)
	first := c.hear()
	d.Ask(d.User("ben"), `mutation { createTask(input: {title: "not ana's"}) { id } }`)
	if next := c.hear(); next == first || !strings.Contains(next, `"changes":[]`) {
		t.Errorf("after a change that is not ana's she heard %s", next)
	}
}

// A client that does not read costs a bounded amount of memory, holds nobody up, and when it reads again
// it is given every change exactly once.
func TestStalledClientLosesNothing(t *testing.T) {
	d := open(t, graphqlws.Options{})
	const (
		query  = `{"id":"s","type":"subscribe","payload":{"query":"subscription { onUpdateTask { _version body } }"}}`
		writes = 400
	)
	body := strings.Repeat("x", 64<<10)
	d.create("1")
	follow := func() *client {
		c := d.connect(byKey)
		c.say(query)
		c.say(`{"type":"ping"}`)
		c.hears(`{"type":"pong"}`)
		return c
	}
	live, version := follow(), 1
	round := func() int64 {
		for range writes {
			d.update(body)
			version++
			if got := live.hear(); !strings.Contains(got, fmt.Sprintf(`"_version":%d,`, version)) {
				t.Fatalf("the live client heard %.100s, want the version %d", got, version)
			}
		}
		return heap()
	}
	round()
	before := round() // what the store and the feed keep is kept by now
	stalled := follow()
	if grown := round() - before; grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB while a client did not read 25 MiB", grown>>20)
	}
	version -= writes
	for range writes {
		version++
		if got := stalled.hear(); !strings.Contains(got, fmt.Sprintf(`"_version":%d,`, version)) {
			t.Fatalf("the stalled client heard %.100s, want the version %d", got, version)
		}
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// A client that stays away for good is cut off, and its place is free.
func TestStalledClientIsCutOff(t *testing.T) {
	d := open(t, graphqlws.Options{StallTime: 200 * time.Millisecond})
	c := d.connect(byKey)
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription { onUpdateTask { body } }"}}`)
	c.say(`{"type":"ping"}`)
	c.hears(`{"type":"pong"}`)
	d.create("1")
	body := strings.Repeat("x", 200<<10)
	for range 60 { // more than the sockets' buffers hold
		d.update(body)
	}
	deadline := time.After(10 * time.Second)
	for d.server.Sockets() > 0 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the socket is still there")
		}
	}
}

var _ http.Handler = (*graphqlws.Server)(nil)
