package feed

import (
	"sync"

	"freshet/internal/schema"
)

// Bounds on the notices of one mutation that are kept for those who have not read them yet.
const (
	maxNotices     = 1024
	maxNoticeBytes = 1 << 20
)

// Notice is a local message on its way to its hearers. They share it, and what they make of it.
type Notice struct {
	*schema.Notice
	encoded
}

// Notices passes on what is not of the log: it reaches those who listen now, at most once. Like the events of the
// log it is kept once for all, and a listener is a place in it; but one who is slower than the bounds misses the
// oldest. The zero value is ready.
type Notices struct {
	mu     sync.Mutex
	boards map[*schema.Local]*board
}

// board is the latest notices of a mutation that somebody listens to.
type board struct {
	kept      []*Notice
	end       uint64 // the notices that were ever put here; the last of kept is the end-th
	bytes     int
	listeners map[*Listening]struct{}
}

// Listening is a place among the notices of some mutations. One goroutine at a time uses it.
type Listening struct {
	notices *Notices
	places  []place
	wants   func(*schema.Notice) bool
	wake    func()
}

type place struct {
	mutation *schema.Local
	board    *board
	at       uint64
}

// Listen begins to listen to mutations. wake is called when there is something new that wants admits; both may be
// called from any goroutine, must not block and must not call back.
func (n *Notices) Listen(mutations []*schema.Local, wants func(*schema.Notice) bool, wake func()) *Listening {
	l := &Listening{notices: n, wants: wants, wake: wake}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.boards == nil {
		n.boards = make(map[*schema.Local]*board)
	}
	for _, m := range mutations {
		b := n.boards[m]
		if b == nil {
			b = &board{listeners: make(map[*Listening]struct{})}
			n.boards[m] = b
		}
		b.listeners[l] = struct{}{}
		l.places = append(l.places, place{m, b, b.end})
	}
	return l
}

// Publish passes a notice on to those who want it.
func (n *Notices) Publish(told *schema.Notice) {
	n.mu.Lock()
	var woken []*Listening
	if b := n.boards[told.Mutation]; b != nil {
		b.put(&Notice{Notice: told})
		for l := range b.listeners {
			if l.wants(told) {
				woken = append(woken, l)
			}
		}
	}
	n.mu.Unlock()
	for _, l := range woken {
		l.wake()
	}
}

// put keeps a notice, and lets go of the oldest ones that are over the bounds.
func (b *board) put(n *Notice) {
	b.kept = append(b.kept, n)
	b.end++
	b.bytes += len(n.Body)
	for len(b.kept) > maxNotices || b.bytes > maxNoticeBytes && len(b.kept) > 1 {
		b.bytes -= len(b.kept[0].Body)
		b.kept[0] = nil
		b.kept = b.kept[1:]
	}
}

// Next gives the next notices that are wanted, at most limit of them, and moves beyond them; more tells that there
// may be further ones. Those that were let go of meanwhile are passed over.
func (l *Listening) Next(limit int) (notices []*Notice, more bool) {
	l.notices.mu.Lock()
	defer l.notices.mu.Unlock()
	for i := range l.places {
		p := &l.places[i]
		first := p.board.end - uint64(len(p.board.kept))
		for p.at = max(p.at, first); p.at < p.board.end; p.at++ {
			if len(notices) == limit {
				return notices, true
			}
			if n := p.board.kept[p.at-first]; l.wants(n.Notice) {
				notices = append(notices, n)
			}
		}
	}
	return notices, false
}

// Close ends it. It is idempotent.
func (l *Listening) Close() {
	l.notices.mu.Lock()
	defer l.notices.mu.Unlock()
	for _, p := range l.places {
		delete(p.board.listeners, l)
		if len(p.board.listeners) == 0 && l.notices.boards[p.mutation] == p.board {
			delete(l.notices.boards, p.mutation)
		}
	}
	l.places = nil
}
