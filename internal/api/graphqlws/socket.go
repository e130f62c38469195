package graphqlws

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/graphql"
)

// socket is one client's connection. Its reader goroutine takes messages; its writer goroutine sends
// everything.
type socket struct {
	server *Server
	ws     *websocket.Conn
	batch  *batch
	call   Call
	proof  proof // under server.mu

	// Set by connection_init and renewed by pings; the reader's alone.
	id     *freshet.Identity
	expiry *time.Timer // nil: none

	mu         sync.Mutex
	operations map[string]*operation
	ready      []*operation // those that may have something to send
	control    [][]byte     // messages that are not of a stream
	controlled int          // their bytes
	ending     *closeCode
	cut        bool          // revoked or expired: nothing more goes out or comes in
	signal     chan struct{} // wakes the writer
	room       chan struct{} // wakes the reader that waits for control messages to leave
	written    chan struct{} // closed when the writer has ended
}

// operation is a subscription, or a query or mutation under way.
type operation struct {
	id      string
	stream  api.Stream        // nil for a query or mutation
	renewed *freshet.Identity // with whose rights the stream has to go on; nil: as it is
	queued  bool              // in ready
	gone    bool              // completed by the client
}

// maxControl bounds the bytes of answers that a client has not read; its messages wait until they are.
const maxControl = 4 << 20

// maxParallel bounds the queries and mutations of a socket that are under way at once.
const maxParallel = 8

func newSocket(s *Server, ws *websocket.Conn, b *batch, call Call) *socket {
	return &socket{
		server: s, ws: ws, batch: b, call: call, operations: make(map[string]*operation),
		signal: make(chan struct{}, 1), room: make(chan struct{}, 1), written: make(chan struct{}),
	}
}

func closeWith(ws *websocket.Conn, c closeCode) {
	_ = ws.WriteControl(websocket.CloseMessage, c.frame(), time.Now().Add(time.Second))
}

// run serves the socket until it is closed by either side.
func (c *socket) run(ctx context.Context, headers http.Header) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(c.written)
		c.write(ctx)
	}()
	var tasks sync.WaitGroup
	c.read(ctx, headers, &tasks)
	c.stopExpiry()
	if c.ended() != nil {
		<-c.written // the close message is sent
		for err := error(nil); err == nil; {
			_, _, err = c.ws.NextReader() // until the client closes in its turn
		}
	}
	cancel()
	<-c.written
	tasks.Wait()
	for _, op := range c.operations {
		op.close()
	}
	for _, op := range c.ready {
		op.close()
	}
}

func (op *operation) close() {
	if op.stream != nil {
		op.stream.Close()
	}
}

// end closes the socket with a code, after what is on its way.
func (c *socket) end(code closeCode) {
	c.mu.Lock()
	if c.ending == nil {
		c.ending = &code
	}
	c.mu.Unlock()
	c.wake()
}

func (c *socket) wake() {
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

// send puts a control message on its way, once there is room for it: a client that does not read is not
// served further.
func (c *socket) send(frame []byte) {
	for {
		c.mu.Lock()
		fits := c.controlled == 0 || c.controlled+len(frame) <= maxControl
		if fits {
			c.put(frame)
		}
		c.mu.Unlock()
		if fits {
			return
		}
		select {
		case <-c.room:
		case <-c.written:
			return
		}
	}
}

// put puts a control message on its way; c.mu is held.
func (c *socket) put(frame []byte) {
	c.control = append(c.control, frame)
	c.controlled += len(frame)
	c.wake()
}

// read takes messages until the socket closes.
func (c *socket) read(ctx context.Context, headers http.Header, tasks *sync.WaitGroup) {
	opts := c.server.opts
	c.ws.SetReadLimit(int64(opts.MessageBytes))
	alive := func() { _ = c.ws.SetReadDeadline(time.Now().Add(2*opts.PingEvery + opts.StallTime)) }
	c.ws.SetPongHandler(func(string) error {
		if c.id != nil && c.ended() == nil { // it prolongs neither the time to say who one is nor the one to leave
			alive()
		}
		return nil
	})
	_ = c.ws.SetReadDeadline(time.Now().Add(opts.InitTime))
	slots := make(chan struct{}, maxParallel)
	for {
		kind, text, err := c.ws.ReadMessage()
		if err != nil {
			if c.id == nil && isTimeout(err) {
				c.end(initTimeout)
			}
			return
		}
		if c.isCut() {
			return
		}
		m, err := parseMessage(text)
		if err != nil || kind != websocket.TextMessage {
			c.end(badMessage)
			return
		}
		switch m.Type {
		case "connection_init":
			if !c.init(ctx, headers, m.Payload) {
				return
			}
			alive()
		case "ping":
			if !c.ping(ctx, m.Payload) {
				return
			}
		case "pong":
		case "subscribe":
			if c.id == nil {
				c.end(initMissing)
				return
			}
			if !c.subscribe(ctx, m, slots, tasks) {
				return
			}
		case "complete":
			c.complete(m.ID)
		default:
			c.end(closeCode{badMessage.code, "there is no message type " + m.Type})
			return
		}
	}
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}

// subscribe begins an operation, and tells whether the socket goes on.
func (c *socket) subscribe(ctx context.Context, m message, slots chan struct{}, tasks *sync.WaitGroup) bool {
	if m.ID == "" {
		c.end(closeCode{badMessage.code, "subscribe needs an id"})
		return false
	}
	op := &operation{id: m.ID}
	c.mu.Lock()
	_, taken := c.operations[m.ID]
	full := len(c.operations) >= c.server.opts.Subscriptions
	if !taken && !full {
		c.operations[m.ID] = op
	}
	c.mu.Unlock()
	if taken {
		c.end(closeCode{4409, "Subscriber for " + m.ID + " already exists"})
		return false
	}
	if full {
		err := freshet.Errorf(freshet.TooLarge, "the socket has %d subscriptions already, the most that one may have", c.server.opts.Subscriptions)
		c.send(appendFrame(nil, "error", m.ID, errorsOf(api.AppendError(nil, err))))
		return true
	}
	bound, fault := c.prepare(m.Payload)
	switch {
	case fault != nil:
		c.finish(op, appendFrame(nil, "error", op.id, fault))
	case bound.Operation().Kind() == graphql.Subscription:
		c.follow(ctx, op, bound)
	default:
		slots <- struct{}{}
		id := c.id
		tasks.Go(func() {
			defer func() { <-slots }()
			c.reply(op, appendFrame(nil, "next", op.id, c.server.api.Execute(ctx, id, bound, nil)))
			c.finish(op, appendFrame(nil, "complete", op.id, nil))
		})
	}
	return true
}

// prepare reads a request; a fault is a JSON array of GraphQL errors.
func (c *socket) prepare(payload []byte) (*graphql.Bound, []byte) {
	q, err := api.ParseRequest(payload)
	if err != nil {
		return nil, errorsOf(api.AppendError(nil, err))
	}
	operation, faults := c.server.api.Prepare(q.Query, q.OperationName)
	if faults != nil {
		return nil, errorsOf(faults.Append(nil))
	}
	bound, faults := operation.Bind(q.Variables)
	if faults != nil {
		return nil, errorsOf(faults.Append(nil))
	}
	return bound, nil
}

// follow begins a subscription.
func (c *socket) follow(ctx context.Context, op *operation, bound *graphql.Bound) {
	stream, err := c.server.api.Subscribe(c.id, bound, func() { c.queue(op) })
	if err != nil {
		c.finish(op, appendFrame(nil, "error", op.id, errorsOf(bound.AppendError(ctx, nil, err))))
		return
	}
	c.mu.Lock()
	op.stream = stream
	c.mu.Unlock()
	c.queue(op)
}

// queue lets the writer ask a stream for what is next.
func (c *socket) queue(op *operation) {
	c.mu.Lock()
	c.enqueue(op)
	c.mu.Unlock()
	c.wake()
}

// enqueue is queue; c.mu is held, and the writer is to be woken.
func (c *socket) enqueue(op *operation) {
	if !op.queued && !op.gone && op.stream != nil {
		op.queued = true
		c.ready = append(c.ready, op)
	}
}

// reply sends a message of an operation that the client has not completed.
func (c *socket) reply(op *operation, frame []byte) {
	if !c.isGone(op) {
		c.send(frame)
	}
}

func (c *socket) isGone(op *operation) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return op.gone
}

// finish sends the last message of an operation and forgets it. What the client subscribes to next may
// have its id again.
func (c *socket) finish(op *operation, last []byte) {
	c.forget(op)
	c.reply(op, last)
}

func (c *socket) forget(op *operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.operations[op.id] == op {
		delete(c.operations, op.id)
	}
}

// complete ends an operation at the client's wish.
func (c *socket) complete(id string) {
	c.mu.Lock()
	op := c.operations[id]
	if op != nil {
		op.gone = true
		delete(c.operations, id)
		if !op.queued && op.stream != nil {
			op.queued = true // the writer closes it, for it may be using it
			c.ready = append(c.ready, op)
		}
	}
	c.mu.Unlock()
	c.wake()
}
