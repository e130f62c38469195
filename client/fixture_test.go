package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"freshet"
	"freshet/client"
	"freshet/internal/servertest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const testSchema = `
type Task @model @auth(rules: [{allow: owner} {allow: public} {allow: groups, groups: ["staff"]}]) {
  title: String!
  lines: [String]
  open: Boolean
}
type Page @model @auth(rules: [{allow: public} {allow: private, provider: iam}]) {
  text: String
}
type Secret @model @auth(rules: [{allow: groups, groups: ["staff"]}]) {
  text: String
}`

type house struct {
	*servertest.Server
	t    *testing.T
	wire *wire
}

func start(t *testing.T) *house {
	t.Helper()
	s, err := servertest.Start(testSchema)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Server: s, t: t, wire: &wire{next: &http.Transport{}}}
	t.Cleanup(func() {
		h.wire.next.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// client makes a client whose requests go by the wire, and which does not wait long.
func (h *house) client(change ...func(*client.Options)) *client.Client {
	h.t.Helper()
	opts := client.Options{
		Endpoint: h.Endpoint(), Credentials: client.APIKey(h.APIKey()), HTTP: &http.Client{Transport: h.wire},
		Backoff: func(int) time.Duration { return time.Millisecond }, Poll: time.Millisecond,
	}
	for _, f := range change {
		f(&opts)
	}
	c, err := client.New(opts)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// token makes credentials of a user.
func (h *house) token(user string, groups ...string) client.Credentials {
	return client.Bearer(func(context.Context) (string, error) { return h.Issuer.Token(user, time.Hour, groups...) })
}

// wire carries requests, and may lose some.
type wire struct {
	next *http.Transport

	mu    sync.Mutex
	fault func(r *http.Request) fault // nil: none
	sent  int
}

// fault is what becomes of a request.
type fault int

const (
	carry fault = iota
	loseRequest
	loseAnswer
	sendTwice
)

var errLost = errors.New("lost on the wire")

func (w *wire) set(f func(*http.Request) fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = f
}

// first does something to the first requests, in turn, and carries the others.
func (w *wire) first(faults ...fault) {
	w.set(func(*http.Request) fault {
		if len(faults) == 0 {
			return carry
		}
		f := faults[0]
		faults = faults[1:]
		return f
	})
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	what := carry
	if w.fault != nil {
		what = w.fault(r)
	}
	w.sent++
	w.mu.Unlock()
	switch what {
	case loseRequest:
		return nil, errLost
	case loseAnswer:
		if response, err := w.next.RoundTrip(r); err == nil {
			response.Body.Close()
		}
		return nil, errLost
	case sendTwice:
		again := r.Clone(r.Context())
		again.Body, _ = r.GetBody()
		if response, err := w.next.RoundTrip(again); err == nil {
			response.Body.Close()
		}
	}
	return w.next.RoundTrip(r)
}

// task is a write of a task.
func task(op freshet.Op, key string, fields map[string]any) client.Write {
	return client.Write{Model: "Task", Op: op, Key: key, Fields: fields}
}

// lines is a write of a task's list by somebody who knew it empty, in version 1.
func lines(key string, list ...string) client.Write {
	w := task(freshet.OpUpdate, key, map[string]any{"lines": list})
	w.Base = 1
	return w
}

// lines reads the list of a task, which tells how often each write was applied.
func (h *house) lines(key string) []string {
	h.t.Helper()
	var data struct{ GetTask struct{ Lines []string } }
	err := h.client().Query(h.t.Context(), `query($id: ID!) { getTask(id: $id) { lines } }`, map[string]any{"id": key}, &data)
	if err != nil {
		h.t.Fatal(err)
	}
	return data.GetTask.Lines
}

// brief tells of results in short: "APPLIED 1 2" is the status, the key and the version.
func brief(results []client.Result) []string {
	list := make([]string, len(results))
	for i, r := range results {
		list[i] = fmt.Sprintf("%s %s %d", r.Status, r.Key, r.Version)
		if r.Err != nil {
			list[i] = fmt.Sprintf("%s %s %s", r.Status, r.Key, r.Err.Code)
		}
	}
	return list
}
