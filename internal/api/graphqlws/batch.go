package graphqlws

import (
	"net"
	"sync"
)

// batch gathers what is written to a connection until it is flushed, for the write call is nearly the whole
// cost of a small message. Outside of a batch it writes at once.
type batch struct {
	net.Conn

	mu      sync.Mutex
	open    bool
	pending []byte
}

// batchBytes is how much is gathered at most.
const batchBytes = 64 << 10

// begin makes writes gather.
func (b *batch) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = true
}

// Write gathers p, or writes it.
func (b *batch) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return b.Conn.Write(p)
	}
	b.pending = append(b.pending, p...)
	if len(b.pending) < batchBytes {
		return len(p), nil
	}
	return len(p), b.write()
}

// flush writes what was gathered.
func (b *batch) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = false
	return b.write()
}

func (b *batch) write() error {
	if len(b.pending) == 0 {
		return nil
	}
	_, err := b.Conn.Write(b.pending)
	if b.pending = b.pending[:0]; cap(b.pending) > batchBytes/8 {
		b.pending = nil // an idle socket keeps little
	}
	return err
}
