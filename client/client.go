package client

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"freshet"
)

// Options say where the server is and who asks. Endpoint and Credentials have to be there.
type Options struct {
	Endpoint    string // of the API, like https://example.com/graphql
	Credentials Credentials

	// Journal keeps the writes that are not answered yet; nil: they are lost with the program.
	Journal *Journal

	HTTP   *http.Client      // default: one that waits a minute for an answer
	Dialer *websocket.Dialer // default: one that uses the proxy of the environment
	// Backoff gives how long to wait after so many failures in a row; default: a random time below 0.5 s, twice as
	// much after each further one, 30 s at most.
	Backoff func(failures int) time.Duration
	// Poll is how often changes are asked for by those whose credentials open no socket; default 5 s.
	Poll time.Duration
}

// Client speaks to a server. Many goroutines may use it at once.
type Client struct {
	opts   Options
	socket string // the endpoint's address for sockets
	outbox *outbox
}

const answerTime = time.Minute

// New makes a client. It does not touch the network. Errors: invalid.
func New(opts Options) (*Client, error) {
	u, err := url.Parse(opts.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, freshet.Errorf(freshet.Invalid, "the endpoint %q is no address; write it like https://example.com/graphql", opts.Endpoint)
	}
	if opts.Credentials == nil {
		return nil, freshet.Errorf(freshet.Invalid, "credentials are missing; use APIKey, Bearer or Signed")
	}
	if opts.HTTP == nil {
		opts.HTTP = &http.Client{Timeout: answerTime}
	}
	if opts.Dialer == nil {
		opts.Dialer = &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: answerTime}
	}
	if opts.Backoff == nil {
		opts.Backoff = backoff
	}
	if opts.Poll == 0 {
		opts.Poll = 5 * time.Second
	}
	u.Scheme = "ws" + u.Scheme[len("http"):]
	c := &Client{opts: opts, socket: u.String()}
	c.outbox, err = newOutbox(c, opts.Journal)
	return c, err
}

func backoff(failures int) time.Duration {
	const first, most = 500 * time.Millisecond, 30 * time.Second
	return rand.N(min(first<<min(failures-1, 16), most))
}

// pause waits after a failure; the error is ctx's.
func (c *Client) pause(ctx context.Context, failures int) error {
	return sleep(ctx, c.opts.Backoff(failures))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Query executes a document, a query or a mutation, and decodes the data of its answer into out, a pointer; nil where
// the data does not matter. Where some fields failed, out holds the others, and the error has the failures joined.
//
// It sends once. After an unavailable error nobody knows whether a mutation was executed: writes that must be applied
// exactly once go by Write and Push.
func (c *Client) Query(ctx context.Context, document string, variables map[string]any, out any) error {
	data, err := c.ask(ctx, document, variables)
	if out == nil || len(data) == 0 {
		return err
	}
	if fault := json.Unmarshal(data, out); fault != nil && err == nil {
		return freshet.Wrap(freshet.Invalid, fault, "the answer does not fit the type that it is decoded into")
	}
	return err
}
