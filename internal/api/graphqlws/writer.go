package graphqlws

import (
	"context"
	"time"

	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/api"
)

// write sends what there is until the socket ends. It is the only one that uses streams.
func (c *socket) write(ctx context.Context) {
	ticker := time.NewTicker(c.server.opts.PingEvery)
	defer ticker.Stop()
	for {
		idle := false
		select {
		case <-c.signal:
		case <-ticker.C:
			idle = true
		case <-ctx.Done():
			return
		}
		code := c.ended() // before delivering, so that what was on its way goes first
		if err := c.deliver(ctx, idle); err != nil {
			c.ws.Close() // the reader finds out
			return
		}
		if code != nil {
			_ = c.ws.WriteMessage(websocket.CloseMessage, code.frame())
			_ = c.ws.SetReadDeadline(time.Now().Add(time.Second)) // for the client to close in its turn
			return
		}
	}
}

func (c *socket) ended() *closeCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending
}

// deliver sends everything that is ready, in as few writes as it fits.
func (c *socket) deliver(ctx context.Context, idle bool) error {
	c.batch.begin()
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.server.opts.StallTime))
	if idle && !c.isCut() {
		if err := c.moveOn(ctx); err != nil {
			return err
		}
	}
	for {
		if c.isCut() {
			return c.batch.flush()
		}
		control, op := c.take()
		for _, frame := range control {
			if err := c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				return err
			}
		}
		if op == nil {
			return c.batch.flush()
		}
		if err := c.advance(ctx, op); err != nil {
			return err
		}
		_ = c.ws.SetWriteDeadline(time.Now().Add(c.server.opts.StallTime))
	}
}

// take gives the control messages on their way, and the next stream that may have something.
func (c *socket) take() (control [][]byte, op *operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	control, c.control, c.controlled = c.control, nil, 0
	select {
	case c.room <- struct{}{}:
	default:
	}
	if len(c.ready) > 0 {
		op = c.ready[0]
		c.ready = c.ready[1:]
		op.queued = false
	}
	return control, op
}

// advance sends what is next of a stream.
func (c *socket) advance(ctx context.Context, op *operation) error {
	gone, renewed := c.news(op)
	if gone {
		op.stream.Close()
		return nil
	}
	if renewed != nil {
		if err := op.stream.Renew(renewed); err != nil {
			c.fail(op, err)
			return nil
		}
	}
	responses, more, err := op.stream.Next(ctx)
	if err != nil {
		c.fail(op, err)
		return nil
	}
	for _, response := range responses {
		if err := c.ws.WriteMessage(websocket.TextMessage, appendFrame(nil, "next", op.id, response)); err != nil {
			return err
		}
	}
	if more {
		c.queue(op)
	}
	return nil
}

// news tells what the client has done with a stream since the last time: ended it, or shown new rights.
func (c *socket) news(op *operation) (gone bool, renewed *freshet.Identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	renewed, op.renewed = op.renewed, nil
	return op.gone, renewed
}

// fail ends a stream that cannot go on.
func (c *socket) fail(op *operation, err error) {
	op.stream.Close()
	c.forget(op)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !op.gone {
		op.gone = true
		c.put(appendFrame(nil, "error", op.id, errorsOf(api.AppendError(nil, err))))
	}
}

// moveOn asks whether the client is there, and moves the cursors of its idle streams on.
func (c *socket) moveOn(ctx context.Context) error {
	c.mu.Lock()
	var streams []*operation
	for _, op := range c.operations {
		if op.stream != nil {
			streams = append(streams, op)
		}
	}
	c.mu.Unlock()
	for _, op := range streams {
		if err := c.advance(ctx, op); err != nil {
			return err
		}
		if c.isGone(op) {
			continue
		}
		response, err := op.stream.Idle(ctx)
		if err != nil {
			c.fail(op, err)
		} else if response != nil {
			if err := c.ws.WriteMessage(websocket.TextMessage, appendFrame(nil, "next", op.id, response)); err != nil {
				return err
			}
		}
	}
	return c.ws.WriteMessage(websocket.PingMessage, nil)
}
