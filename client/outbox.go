package client

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"

	"freshet"
)

// outbox is the writes that are not answered. Whoever has the turn numbers what waits, keeps it and sends what is
// first, for all; so writes of many goroutines leave together where they may, and no two requests are under way.
type outbox struct {
	client  *Client
	id      string
	journal *Journal // nil: none
	turn    chan struct{}

	mu      sync.Mutex
	last    uint64   // the last number that was given
	waiting []*batch // without numbers
	queue   []*batch // with numbers, which rise
	late    []Result // of writes whose push ended without them, until they are asked for
}

func newOutbox(c *Client, journal *Journal) (*outbox, error) {
	o := &outbox{client: c, id: rand.Text(), journal: journal, turn: make(chan struct{}, 1)}
	if journal == nil {
		return o, nil
	}
	var err error
	o.id, o.last, o.queue, o.late, err = journal.take()
	return o, err
}

func (o *outbox) push(ctx context.Context, writes []Write, atomic bool) ([]Result, error) {
	b, err := newBatch(writes, atomic)
	if err != nil || len(writes) == 0 {
		return nil, err
	}
	o.mu.Lock()
	o.waiting = append(o.waiting, b)
	o.mu.Unlock()
	err = o.sendUntil(ctx, b.done)
	return o.leave(b, err)
}

// leave ends the wait for a batch, and gives the results that there are.
func (o *outbox) leave(b *batch, err error) ([]Result, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = slices.DeleteFunc(o.waiting, func(other *batch) bool { return other == b })
	b.abandoned = true
	if b.done() {
		err = nil
	}
	return slices.Clone(b.results), err
}

func (o *outbox) flush(ctx context.Context) ([]Result, error) {
	o.mu.Lock()
	last := o.last
	o.mu.Unlock()
	err := o.sendUntil(ctx, func() bool { return len(o.queue) == 0 || o.queue[0].letters[o.queue[0].answered].Counter > last })
	o.mu.Lock()
	late := o.late
	o.late = nil
	o.mu.Unlock()
	if o.journal != nil && len(late) > 0 {
		err = errors.Join(err, o.journal.tell(late))
	}
	return late, err
}

func (o *outbox) pending() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, b := range slices.Concat(o.queue, o.waiting) {
		n += len(b.letters) - b.answered
	}
	return n
}

// sendUntil sends, or has others send, until done, which is called under o.mu.
func (o *outbox) sendUntil(ctx context.Context, done func() bool) error {
	for failures := 0; ctx.Err() == nil; {
		select {
		case o.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		o.mu.Lock()
		end := done()
		o.mu.Unlock()
		if end {
			<-o.turn
			return nil
		}
		err := o.send(ctx)
		if failures++; err == nil {
			failures = 0
		} else if transient(err) {
			err = o.client.pause(ctx, failures)
		}
		<-o.turn
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// send sends once what is first. The caller has the turn.
func (o *outbox) send(ctx context.Context) error {
	if err := o.accept(); err != nil {
		return err
	}
	letters, atomic := o.first()
	for {
		results, err := o.client.attempt(ctx, o.id, letters, atomic)
		switch {
		case err == nil:
			return o.settle(results)
		case !unfit(err):
			return err
		case !atomic && len(letters) > 1: // some of them are at fault; the others are not to suffer
			letters = letters[:len(letters)/2]
		default:
			return o.settle(refused(letters, err))
		}
	}
}

func refused(letters []letter, err error) []Result {
	results := make([]Result, len(letters))
	for i, l := range letters {
		results[i] = Result{
			Counter: l.Counter, Status: Refused, Model: l.Model,
			Err: freshet.Errorf(freshet.CodeOf(err), "%s", freshet.MessageOf(err)),
		}
		if l.Key != nil {
			results[i].Key = *l.Key
		}
	}
	return results
}

// accept numbers what waits and keeps it. The caller has the turn.
func (o *outbox) accept() error {
	o.mu.Lock()
	taken, last := o.waiting, o.last
	o.waiting = nil
	for _, b := range taken {
		last = b.number(last)
	}
	o.queue, o.last = append(o.queue, taken...), last
	o.mu.Unlock()
	if o.journal == nil {
		return nil
	}
	return o.journal.keep(taken)
}

// pushWrites and pushBytes are what a server with the usual limits takes at once.
const (
	pushWrites = 100
	pushBytes  = 900 << 10
)

// first gives the writes that are to be sent next: an atomic batch, or what others fit into one request.
func (o *outbox) first() (letters []letter, atomic bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queue[0].atomic {
		return o.queue[0].letters, true
	}
	bytes, touched := 0, make(map[string]bool)
	for _, b := range o.queue {
		if b.atomic || b.builds(touched) {
			break
		}
		for i := b.answered; i < len(b.letters); i++ {
			if bytes += b.letters[i].size(); len(letters) == pushWrites || len(letters) > 0 && bytes > pushBytes {
				return letters, false
			}
			letters = append(letters, b.letters[i])
		}
	}
	return letters, false
}

// settle hands out the results of the first writes of the queue, once they are kept. The caller has the turn.
func (o *outbox) settle(results []Result) error {
	last, kept := results[len(results)-1].Counter, o.unwaited(results)
	if err := o.keepAnswers(last, kept); err != nil {
		return err
	}
	o.mu.Lock()
	late := o.hand(results)
	idle := len(o.queue) == 0 && len(o.late) == 0
	o.mu.Unlock()
	if len(late) > len(kept) { // a push was given up meanwhile
		isKept := func(r Result) bool {
			return slices.ContainsFunc(kept, func(other Result) bool { return other.Counter == r.Counter })
		}
		return o.keepAnswers(last, slices.DeleteFunc(late, isKept))
	}
	if idle && o.journal != nil {
		return o.journal.renew()
	}
	return nil
}

func (o *outbox) keepAnswers(last uint64, late []Result) error {
	if o.journal == nil {
		return nil
	}
	return o.journal.settle(last, late)
}

// unwaited gives those of the results of the first writes of the queue that nobody waits for.
func (o *outbox) unwaited(results []Result) (late []Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, b := range o.queue {
		n := min(len(b.letters)-b.answered, len(results))
		if b.abandoned {
			late = append(late, results[:n]...)
		}
		results = results[n:]
	}
	return late
}

// hand gives results to the pushes that wait for them, and keeps and gives the others. o.mu is held.
func (o *outbox) hand(results []Result) (late []Result) {
	for _, r := range results {
		b := o.queue[0]
		b.results[b.answered] = r
		if b.answered++; b.abandoned {
			late = append(late, r)
		}
		if b.done() {
			o.queue = o.queue[1:]
		}
	}
	o.late = append(o.late, late...)
	return late
}
