// Package graphqlws is the door for GraphQL over WebSocket, in the sub-protocol graphql-transport-ws that
// Apollo, urql and graphql-ws speak.
//
// A subscription on a socket is a place in the log, not a queue. One goroutine for each socket asks the
// subscriptions that were woken for what is next and writes it, as much as there is in one write. While a
// client does not read, nothing is asked for and nothing is kept; when it reads again it goes on from its
// place, and when it does not for StallTime the socket is closed.
package graphqlws

import (
	"bufio"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/api"
)

const protocol = "graphql-transport-ws"

// Options tune the door. The zero value of each is its default.
type Options struct {
	MessageBytes  int           // the largest message of a client; default 1 MiB
	Subscriptions int           // of one socket; default 1,000
	StallTime     time.Duration // how long a write may take; default 30 s
	InitTime      time.Duration // how long a client may take to say who it is; default 10 s
	PingEvery     time.Duration // how often an idle socket is asked whether it is there, and cursors move on; default 20 s

	// Signatures proves payloads that are signed with an access key; nil: they are refused as any other credential
	// that is not known.
	Signatures Signatures
}

// Signatures tells who signed the headers that a payload holds, in place of a request that was never sent.
type Signatures interface {
	// IdentifyConnect is given the headers, which have to be signed for the host that was called. With enter, which the
	// door asks for when it lets somebody in, the signature counts as seen from then on.
	//
	// Errors: unauthenticated, too_large, unavailable.
	IdentifyConnect(ctx context.Context, c Call, headers map[string]string, enter bool) (Signed, error)
}

// Call is the network address that a socket comes from, and the host that it called.
type Call struct{ From, Host string }

// Signed is what a signature proves. Whoever saw one may send it again, so of one that was seen before the identity may
// only read, and no longer than the signature is good.
type Signed struct {
	Identity freshet.Identity
	Until    time.Time // when that ends; zero: never
	Seen     bool      // the signature was here before
}

func (o Options) withDefaults() Options {
	if o.MessageBytes == 0 {
		o.MessageBytes = 1 << 20
	}
	if o.Subscriptions == 0 {
		o.Subscriptions = 1000
	}
	if o.StallTime == 0 {
		o.StallTime = 30 * time.Second
	}
	if o.InitTime == 0 {
		o.InitTime = 10 * time.Second
	}
	if o.PingEvery == 0 {
		o.PingEvery = 20 * time.Second
	}
	return o
}

// Server accepts sockets.
type Server struct {
	api      *api.API
	by       api.Identifier
	opts     Options
	upgrader websocket.Upgrader

	mu       sync.Mutex
	draining bool
	sockets  map[*socket]struct{}
	proofs   map[proof]map[*socket]struct{} // by what each is let in
	running  sync.WaitGroup
}

// New makes the door.
func New(a *api.API, by api.Identifier, opts Options) *Server {
	return &Server{
		api: a, by: by, opts: opts.withDefaults(), sockets: make(map[*socket]struct{}), proofs: make(map[proof]map[*socket]struct{}),
		upgrader: websocket.Upgrader{
			Subprotocols: []string{protocol},
			// Small ones, for most sockets are idle; a large frame is written around its buffer.
			ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{},
			// Credentials come in the first message, never in cookies, so any page may connect.
			CheckOrigin: func(*http.Request) bool { return true },
		},
	}
}

// ServeHTTP serves one socket until it closes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire := &hijacker{ResponseWriter: w}
	ws, err := s.upgrader.Upgrade(wire, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer ws.Close()
	if ws.Subprotocol() != protocol {
		closeWith(ws, closeCode{websocket.CloseProtocolError, "connect with the sub-protocol " + protocol})
		return
	}
	// The request's context ends when the handler has hijacked its connection; a socket has its own.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	c := newSocket(s, ws, wire.batch, Call{From: r.RemoteAddr, Host: r.Host})
	if !s.enter(c) {
		closeWith(ws, goingAway)
		return
	}
	defer s.leave(c)
	c.run(ctx, r.Header)
}

// hijacker puts a batch between the upgrader and the connection.
type hijacker struct {
	http.ResponseWriter
	batch *batch
}

// Hijack takes the connection over.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.batch = &batch{Conn: conn}
	return h.batch, rw, nil
}

func (s *Server) enter(c *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.sockets[c] = struct{}{}
	s.running.Add(1)
	return true
}

func (s *Server) leave(c *socket) {
	s.mu.Lock()
	delete(s.sockets, c)
	s.unprove(c)
	s.mu.Unlock()
	s.running.Done()
}

// Sockets gives the number of clients that are connected.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Drain tells every client to connect again, spread over a time so that they do not all come at once, and
// waits until they have gone, or until ctx is done and the rest are cut off.
func (s *Server) Drain(ctx context.Context, spread time.Duration) {
	s.mu.Lock()
	s.draining = true
	for c := range s.sockets {
		time.AfterFunc(rand.N(spread+1), func() { c.end(goingAway) })
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.mu.Lock()
		for c := range s.sockets {
			c.ws.Close()
		}
		s.mu.Unlock()
		<-done
	}
}
