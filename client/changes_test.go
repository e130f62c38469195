package client_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"freshet"
	"freshet/client"
)

// reader takes frames one by one.
type reader struct {
	t    *testing.T
	next func() (client.Frame, error, bool)
	last client.Frame
}

func read(t *testing.T, frames iter.Seq2[client.Frame, error]) *reader {
	t.Helper()
	next, stop := iter.Pull2(frames)
	t.Cleanup(stop)
	return &reader{t: t, next: next}
}

// hears wants changes, in this order, whatever the frames that they come in.
func (r *reader) hears(want ...string) {
	r.t.Helper()
	var got []string
	for len(got) < len(want) {
		frame, err, ok := r.next()
		if err != nil || !ok {
			r.t.Fatalf("after %q: %v", got, err)
		}
		r.last = frame
		for _, c := range frame.Changes {
			got = append(got, fmt.Sprintf("%s %s %d", c.Op, c.Key, c.Version))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("the changes (-want +got):\n%s", diff)
	}
}

func (r *reader) fails(code freshet.Code) {
	r.t.Helper()
	for {
		_, err, ok := r.next()
		if !ok {
			r.t.Fatal("the end has no reason")
		}
		if err == nil {
			continue
		}
		if freshet.CodeOf(err) != code {
			r.t.Errorf("it ends with %v, want %s", err, code)
		}
		if _, _, ok := r.next(); ok {
			r.t.Error("it goes on after an error")
		}
		return
	}
}

func (h *house) write(writes ...client.Write) {
	h.t.Helper()
	results, err := h.client().Push(h.t.Context(), writes...)
	check(h.t, err)
	for _, r := range results {
		if r.Err != nil {
			h.t.Fatal(r.Err)
		}
	}
}

func (h *house) create(keys ...string) {
	h.t.Helper()
	for _, key := range keys {
		h.write(task(freshet.OpCreate, key, map[string]any{"title": key}))
	}
}

// cutter makes sockets that can be cut.
type cutter struct {
	mu    sync.Mutex
	conns []net.Conn
	made  int
}

func (c *cutter) dialer() *websocket.Dialer {
	return &websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.made++
		c.conns = append(c.conns, conn)
		return conn, err
	}}
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

func TestChanges(t *testing.T) {
	h := start(t)
	h.create("1", "2", "3")
	sockets := new(cutter)
	c := h.client(func(o *client.Options) { o.Dialer = sockets.dialer() })
	r := read(t, c.Changes(t.Context(), client.Scope{Limit: 1}, ""))
	r.hears("PUT 1 1", "PUT 2 1", "PUT 3 1")
	h.create("4")
	r.hears("PUT 4 1")
	h.write(task(freshet.OpDelete, "1", nil))
	r.hears("REMOVE 1 2")

	// What happens while it is cut off comes all the same, once.
	for i := range 5 {
		sockets.cut()
		if i%2 == 1 {
			h.wire.first(loseAnswer, loseRequest)
		}
		h.create(fmt.Sprint("cut", i))
		r.hears(fmt.Sprintf("PUT cut%d 1", i))
	}
	if string(r.last.Changes[0].Record) == "" || r.last.Changes[0].At == 0 || r.last.Changes[0].Model != "Task" {
		t.Errorf("a change holds %+v", r.last.Changes[0])
	}
	// A cursor that was kept goes on from there.
	h.create("5")
	read(t, h.client().Changes(t.Context(), client.Scope{}, r.last.Cursor)).hears("PUT 5 1")
}

func TestChangesOfAScope(t *testing.T) {
	h := start(t)
	h.create("1", "2")
	page := func(key string) client.Write {
		return client.Write{Model: "Page", Op: freshet.OpCreate, Key: key, Fields: map[string]any{"text": "x"}}
	}
	h.write(page("p"))
	tasks := client.Scope{Models: []freshet.ModelName{"Task"}, Filter: map[string]any{"Task": map[string]any{"title": map[string]any{"ne": "2"}}}}
	r := read(t, h.client().Changes(t.Context(), tasks, ""))
	r.hears("PUT 1 1")
	h.write(task(freshet.OpUpdate, "1", map[string]any{"title": "2"}))
	r.hears("REMOVE 1 2")
	wide := read(t, h.client().Changes(t.Context(), client.Scope{Models: []freshet.ModelName{"Page", "Task"}, Filter: tasks.Filter}, r.last.Cursor))
	wide.hears("PUT p 1")
}

func TestChangesEnd(t *testing.T) {
	h := start(t)
	for name, c := range map[string]struct {
		credentials client.Credentials
		scope       client.Scope
		cursor      string
		code        freshet.Code
	}{
		"an unknown key":          {client.APIKey("nonsense"), client.Scope{}, "", freshet.Unauthenticated},
		"a model that is not":     {client.APIKey(h.APIKey()), client.Scope{Models: []freshet.ModelName{"Nothing"}}, "", freshet.Invalid},
		"a model that is not its": {h.token("ana"), client.Scope{Models: []freshet.ModelName{"Secret"}}, "", freshet.Forbidden},
		"a cursor that is none":   {client.APIKey(h.APIKey()), client.Scope{}, "?", freshet.Invalid},
		"a filter that is none":   {client.APIKey(h.APIKey()), client.Scope{Filter: map[string]any{"Task": 1}}, "", freshet.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			anyone := h.client(func(o *client.Options) { o.Credentials = c.credentials })
			read(t, anyone.Changes(t.Context(), c.scope, c.cursor)).fails(c.code)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range h.client().Changes(ctx, client.Scope{}, "") {
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// A cursor of another log begins anew, and says so.
func TestReset(t *testing.T) {
	h, other := start(t), start(t)
	h.create("1")
	other.create("2")
	r := read(t, h.client().Changes(t.Context(), client.Scope{}, ""))
	r.hears("PUT 1 1")
	moved := read(t, other.client().Changes(t.Context(), client.Scope{}, r.last.Cursor))
	if moved.hears("PUT 2 1"); !moved.last.Reset || !moved.last.UpToDate {
		t.Errorf("the frame is %+v", moved.last)
	}
}

// A token that has its end is renewed, with the rights that its user has then.
func TestRenewedToken(t *testing.T) {
	h := start(t)
	var groups []string
	tokens := 0
	by := client.Bearer(func(context.Context) (string, error) {
		tokens++
		if tokens == 2 {
			return "", errors.New("the issuer is away for a moment")
		}
		return h.Issuer.Token("ana", 2*time.Second, groups...)
	})
	c := h.client(func(o *client.Options) { o.Credentials = by })
	r := read(t, c.Changes(t.Context(), client.Scope{}, ""))
	h.create("1")
	if _, err := c.Write(t.Context(), task(freshet.OpCreate, "mine", map[string]any{"title": "x"})); err != nil {
		t.Fatal(err)
	}
	r.hears("PUT mine 1")
	groups = []string{"staff"}
	r.hears("PUT 1 1") // the token has ended, and with the next one there is more to see
	if tokens < 3 {
		t.Errorf("%d tokens were made", tokens)
	}
}

// Signed requests open no socket; what changes is asked for.
func TestSigned(t *testing.T) {
	h := start(t)
	id, secret, err := h.SignedKey(t.Context(), "robot")
	check(t, err)
	signed := func(secret string) *client.Client {
		return h.client(func(o *client.Options) {
			o.Credentials = client.Signed(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
			}))
		})
	}
	c := signed(secret)
	r := read(t, c.Changes(t.Context(), client.Scope{}, ""))
	for _, name := range []string{"1", "2"} {
		h.wire.first(loseAnswer, loseAnswer) // sent again within the second, it is signed anew
		if _, err := c.Write(t.Context(), client.Write{Model: "Page", Op: freshet.OpCreate, Key: name}); err != nil {
			t.Fatal(err)
		}
		r.hears("PUT " + name + " 1")
	}
	if err := signed("another").Query(t.Context(), "{ __typename }", nil, nil); freshet.CodeOf(err) != freshet.Unauthenticated {
		t.Errorf("another secret gives %v", err)
	}
}

func TestQueryErrors(t *testing.T) {
	h := start(t)
	h.create("1")
	c := h.client()
	var data struct{ GetTask *struct{ Title string } }
	err := c.Query(t.Context(), `mutation { updateTask(input: {id: "1", title: "y", _version: 9}) { id } }`, nil, nil)
	if freshet.CodeOf(err) != freshet.Conflict {
		t.Errorf("a version that is not gives %v", err)
	}
	err = c.Query(t.Context(), `mutation { deleteTask(input: {id: "1"}) { id } other: deleteTask(input: {id: "1"}) { id } }`, nil, nil)
	if freshet.CodeOf(err) != freshet.NotFound {
		t.Errorf("a second delete gives %v", err)
	}
	if err := c.Query(t.Context(), `{ getTask(id: "1") { nothing } }`, nil, &data); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("a field that is not gives %v", err)
	}
	if err := c.Query(t.Context(), `{ getTask`, nil, &data); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("no document gives %v", err)
	}
	if err := c.Query(t.Context(), `{ getTask(id: "1") { title } }`, nil, &struct{ GetTask int }{}); err != nil {
		t.Errorf("null into another type gives %v", err)
	}
	h.wire.first(loseAnswer)
	if err := c.Query(t.Context(), `{ __typename }`, nil, nil); freshet.CodeOf(err) != freshet.Unavailable || !errors.Is(err, errLost) {
		t.Errorf("a lost answer gives %v", err)
	}
	for _, endpoint := range []string{"", "localhost:8080", "ftp://x/graphql", "http://"} {
		if _, err := client.New(client.Options{Endpoint: endpoint, Credentials: client.APIKey("k")}); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("the endpoint %q gives %v", endpoint, err)
		}
	}
	if _, err := client.New(client.Options{Endpoint: h.Endpoint()}); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("no credentials give %v", err)
	}
}

func TestConflictTellsTheRecord(t *testing.T) {
	h := start(t)
	h.create("1")
	h.write(task(freshet.OpUpdate, "1", map[string]any{"title": "y"}))
	err := h.client().Query(t.Context(), `mutation { deleteTask(input: {id: "1", _version: 1}) { id } }`, nil, nil)
	var e *freshet.Error
	if !errors.As(err, &e) || e.Code != freshet.Conflict || e.Current == nil || e.Current.Version != 2 {
		t.Errorf("%#v", err)
	}
}

// What stands before the server answers in its own way.
func TestForeignAnswers(t *testing.T) {
	h := start(t)
	answers := []*http.Response{}
	c := h.client(func(o *client.Options) {
		o.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if len(answers) == 0 {
				return h.wire.RoundTrip(r)
			}
			answer := answers[0]
			answers = answers[1:]
			return answer, nil
		})}
	})
	for status, code := range map[int]freshet.Code{
		200: freshet.Unavailable, 400: freshet.Invalid, 401: freshet.Unauthenticated, 403: freshet.Forbidden, 404: freshet.NotFound,
		408: freshet.Unavailable, 413: freshet.TooLarge, 418: freshet.Invalid, 429: freshet.Unavailable,
		500: freshet.Internal, 502: freshet.Unavailable, 503: freshet.Unavailable, 504: freshet.Unavailable, 599: freshet.Internal,
	} {
		answers = []*http.Response{page(status)}
		if err := c.Query(t.Context(), "{ __typename }", nil, nil); freshet.CodeOf(err) != code {
			t.Errorf("%d gives %v", status, err)
		}
	}
	answers = []*http.Response{page(502), page(200), page(503)}
	if _, err := c.Write(t.Context(), task(freshet.OpCreate, "1", map[string]any{"title": "x"})); err != nil {
		t.Errorf("a write after three bad answers gives %v", err)
	}
	answers = []*http.Response{page(400)}
	if _, err := c.Write(t.Context(), task(freshet.OpCreate, "2", map[string]any{"title": "x"})); err == nil || c.Pending() != 1 {
		t.Errorf("a write that only a proxy has seen: %v, %d pending", err, c.Pending())
	}
	late, err := c.Flush(t.Context())
	if want := []string{"APPLIED 2 1"}; err != nil || !slices.Equal(brief(late), want) {
		t.Errorf("told late: %q, %v", brief(late), err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// page is what a proxy answers with.
func page(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}}
}
