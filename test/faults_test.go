package test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// relay stands between clients and a server that comes and goes, on an address that stays. It can cut what goes
// through it.
type relay struct {
	listener net.Listener
	ended    sync.WaitGroup

	mu     sync.Mutex
	server string
	conns  map[net.Conn]struct{}
}

func newRelay() (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{listener: listener, conns: make(map[net.Conn]struct{})}
	r.ended.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.ended.Go(func() { r.carry(conn) })
		}
	})
	return r, nil
}

// point says where the server is.
func (r *relay) point(server string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server = server
}

func (r *relay) carry(from net.Conn) {
	r.mu.Lock()
	server := r.server
	r.mu.Unlock()
	to, err := net.Dial("tcp", server)
	if err != nil {
		from.Close()
		return
	}
	pair := []net.Conn{from, to}
	r.mu.Lock()
	for _, conn := range pair {
		r.conns[conn] = struct{}{}
	}
	r.mu.Unlock()
	var both sync.WaitGroup
	for i, source := range pair {
		both.Go(func() {
			_, _ = io.Copy(pair[1-i], source)
			from.Close()
			to.Close()
		})
	}
	both.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, from)
	delete(r.conns, to)
}

// cut ends some of the connections, whatever is on its way.
func (r *relay) cut(doomed func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		if doomed() {
			conn.Close()
		}
	}
}

func (r *relay) close() {
	r.listener.Close()
	r.cut(func() bool { return true })
	r.ended.Wait()
}

// faults is a network that loses requests and answers, and doubles requests, some of which come late. While it is down
// it carries nothing.
type faults struct {
	next *http.Transport
	late sync.WaitGroup

	mu     sync.Mutex
	random *rand.Rand
	down   bool
	off    bool // carries everything
}

func newFaults(random *rand.Rand) *faults { return &faults{next: &http.Transport{}, random: random} }

var errFault = errors.New("lost on the wire")

// set says whether the network is down, or without a fault.
func (f *faults) set(down, off bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down, f.off = down, off
}

func (f *faults) isDown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.down
}

func (f *faults) choose() (choice int, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.down:
		return 0, 0
	case f.off:
		return 100, 0
	}
	return f.random.IntN(100), time.Duration(f.random.Int64N(int64(100 * time.Millisecond)))
}

func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	sendIn := func(ctx context.Context) (*http.Response, error) {
		again := r.Clone(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		return f.next.RoundTrip(again)
	}
	send := func() (*http.Response, error) { return sendIn(r.Context()) }
	switch choice, delay := f.choose(); {
	case choice < 5:
		return nil, errFault
	case choice < 13: // the server has done it, and nobody knows
		discard(send())
		return nil, errFault
	case choice < 18:
		discard(send())
	case choice < 24: // once more when others have come after it
		f.late.Go(func() {
			<-time.After(delay)
			discard(sendIn(context.WithoutCancel(r.Context())))
		})
	}
	return send()
}

func discard(response *http.Response, err error) {
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}
