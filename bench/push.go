package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// push measures the time from the sending of an update to its arrival at a subscriber.
func (b *bench) push() (*table, error) {
	t := &table{
		title: "From write to push",
		about: "Updates are sent at even intervals, whatever the answers do, to one of 8 connections in turn; one subscriber of all updates. " +
			"The time runs from when an update was due, or was sent where only the clock was late, until its event was read. " +
			"An fdatasync is 4 KiB appended to a file on the same disk at the same intervals.",
		columns: []string{"updates/s", "server", "p50, ms", "p99, ms", "fdatasync p50, ms", "p50 over one fdatasync, ms", "lost"},
	}
	services, stop := b.start(t)
	defer stop()
	subjects := make([]*pushed, len(services))
	for i, s := range services {
		var err error
		if subjects[i], err = b.preparePush(s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name(), err)
		}
		defer subjects[i].feed.Close()
	}
	over, last := math.NaN(), math.NaN()
	for _, rate := range []int{100, 1000} {
		count := int(b.turn(8*time.Second).Seconds() * float64(rate))
		interval := time.Second / time.Duration(rate)
		p50, p99, lost := make([]samples, len(services)), make([]samples, len(services)), make([]int, len(services))
		var disk samples
		turns := []func() error{func() error {
			took, err := fsyncs(b.dir, min(count, 500), interval)
			disk.add(took.median())
			return err
		}}
		for i, p := range subjects {
			turns = append(turns, func() error {
				took, missing, err := p.run(b, count, interval)
				if err != nil {
					return fmt.Errorf("%s: %w", p.service.name(), err)
				}
				p50[i].add(took.median())
				p99[i].add(took.percentile(99))
				lost[i] += missing
				return nil
			})
		}
		if err := b.interleave(turns...); err != nil {
			return nil, err
		}
		for i, s := range services {
			t.row(rate, s.name(), p50[i].median(), p99[i].median(), disk.median(), p50[i].median()-disk.median(), lost[i])
			if s.name() == freshetName && rate == 100 {
				over, last = p50[i].median()-disk.median(), p99[i].median()
			}
		}
	}
	t.atMost("Freshet, p50 over one fdatasync, 100 updates/s", over, 0.3, " ms")
	t.atMost("Freshet, p99, 100 updates/s", last, 3, " ms")
	return t, nil
}

// pushed is a service with records to update and a subscriber.
type pushed struct {
	service service
	updates []numbered
	feed    feed
	next    int // the number of the next update; each has its own

	mu      sync.Mutex
	arrived map[int]time.Time
	seen    atomic.Int64
	broken  error
}

const (
	pushRecords     = 1000
	pushConnections = 8
)

// preparePush makes the records and the subscription, and waits until an update comes through.
func (b *bench) preparePush(s service) (*pushed, error) {
	c, err := dial(s.server().addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p := &pushed{service: s, arrived: make(map[int]time.Time)}
	request := newNumbered(s.create())
	for n := range pushRecords {
		status, body, err := c.roundTrip(request.with(n))
		if err == nil {
			err = s.check(status, body)
		}
		if err != nil {
			return nil, err
		}
		p.updates = append(p.updates, newNumbered(s.update(s.id(body))))
	}
	if p.feed, err = s.listen(); err != nil {
		return nil, err
	}
	go p.hear()
	for range 100 {
		status, body, err := c.roundTrip(p.updates[0].with(p.next))
		if err == nil {
			err = s.check(status, body)
		}
		if err != nil {
			return nil, errors.Join(err, p.feed.Close())
		}
		p.next++
		time.Sleep(50 * time.Millisecond)
		if p.seen.Load() > 0 {
			return p, nil
		}
	}
	return nil, errors.Join(errors.New("no event comes for an update"), p.feed.Close())
}

// hear notes when each update arrives, until the feed is closed.
func (p *pushed) hear() {
	var kept []byte // the end of the last piece, where a title may have been cut
	mark := []byte(`"title":"n`)
	for {
		piece, err := p.feed.next()
		now := time.Now()
		p.mu.Lock()
		if err != nil {
			p.broken = err
			p.mu.Unlock()
			return
		}
		rest := append(kept, piece...)
		for {
			at := bytes.Index(rest, mark)
			if at < 0 || len(rest) < at+len(mark)+titleDigits {
				break
			}
			rest = rest[at+len(mark):]
			if n, err := strconv.Atoi(string(rest[:titleDigits])); err == nil {
				if _, twice := p.arrived[n]; !twice {
					p.arrived[n] = now
					p.seen.Add(1)
				}
			}
		}
		kept = append([]byte(nil), rest[max(0, len(rest)-len(mark)-titleDigits):]...)
		p.mu.Unlock()
	}
}

// run sends some updates and gives the milliseconds that each took to arrive, and how many did not.
func (p *pushed) run(b *bench, count int, interval time.Duration) (samples, int, error) {
	from := p.next
	p.next += count
	sent := make([]time.Time, count)
	errs := make([]error, pushConnections)
	var wait sync.WaitGroup
	before := p.seen.Load()
	begin := time.Now().Add(20 * time.Millisecond)
	for i := range pushConnections {
		wait.Go(func() { errs[i] = p.send(i, from, begin, interval, sent) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, 0, err
	}
	for range 200 {
		if p.seen.Load()-before >= int64(count) || b.ctx.Err() != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var took samples
	for i, at := range sent {
		if arrived, ok := p.arrived[from+i]; ok {
			took.add(millis(arrived.Sub(at)))
		}
	}
	clear(p.arrived)
	return took, count - len(took), p.broken
}

// send sends every pushConnections-th update, each when it is due, on a connection of its own.
func (p *pushed) send(connection, from int, begin time.Time, interval time.Duration, sent []time.Time) error {
	c, err := dial(p.service.server().addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for n := connection; n < len(sent); n += pushConnections {
		due := begin.Add(time.Duration(n) * interval)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
			due = time.Now()
		}
		sent[n] = due
		status, body, err := c.roundTrip(p.updates[n%len(p.updates)].with(from + n))
		if err == nil {
			err = p.service.check(status, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
