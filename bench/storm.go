package main

import (
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"
)

const (
	stormClients     = 64
	stormWrites      = 200 // a second
	stormConnections = 8
)

// storm measures writes while many log in.
func (b *bench) storm() (*table, error) {
	t := &table{
		title: "Writes during a storm of log-ins",
		about: fmt.Sprintf("%d records a second are created, at even intervals, on %d connections in turn, whatever the answers do; the time runs from when one was due until its answer. "+
			"A core that is busy elsewhere is a loop in another process, for comparison. The storm is %d clients with accounts and networks of their own that log in with their passwords as fast as the server lets them. Both loads share the cores with the server.",
			stormWrites, stormConnections, stormClients),
		columns: []string{"meanwhile", "log-ins/s", "write p50, ms", "write p99, ms"},
	}
	s, stop, err := b.startPool()
	if err != nil {
		return nil, err
	}
	defer stop()
	people, err := b.join(s, "ana", stormClients)
	if err != nil {
		return nil, err
	}
	defer disconnect(people)
	turn := b.turn(4 * time.Second)
	var calm, busy, rough writeTimes
	err = b.interleave(
		func() error { return calm.measure(s, turn) },
		func() error {
			loop := exec.CommandContext(b.ctx, "sh", "-c", "while :; do :; done")
			if err := loop.Start(); err != nil {
				return err
			}
			err := busy.measure(s, turn)
			_ = loop.Process.Kill()
			_ = loop.Wait() // it was killed
			return err
		},
		func() error {
			var writing error
			var wait sync.WaitGroup
			wait.Go(func() { writing = rough.measure(s, turn) })
			rate, err := repeat(people, turn, (*person).logIn)
			wait.Wait()
			rough.logins.add(rate)
			return errors.Join(err, writing)
		})
	if err != nil {
		return nil, err
	}
	t.row("nothing", "-", calm.p50.median(), calm.p99.median())
	t.row("a core is busy elsewhere", "-", busy.p50.median(), busy.p99.median())
	t.row(fmt.Sprintf("%d clients log in", stormClients), rough.logins.median(), rough.p50.median(), rough.p99.median())
	t.atMost("p99 of writes, with a storm : without", rough.p99.median()/calm.p99.median(), 3, "x")
	return t, nil
}

// writeTimes are those of writes in several turns.
type writeTimes struct{ p50, p99, logins samples }

func (w *writeTimes) measure(s *freshetServer, turn time.Duration) error {
	took := make([]samples, stormConnections)
	errs := make([]error, stormConnections)
	interval := time.Second / stormWrites
	count := int(turn / interval)
	begin := time.Now()
	var wait sync.WaitGroup
	for i := range stormConnections {
		wait.Go(func() {
			c, err := dial(s.addr)
			if err != nil {
				errs[i] = err
				return
			}
			defer c.Close()
			request := newNumbered(s.create())
			for n := i; n < count && errs[i] == nil; n += stormConnections {
				due := begin.Add(time.Duration(n) * interval)
				time.Sleep(time.Until(due))
				status, body, err := c.roundTrip(request.with(n))
				took[i].add(millis(time.Since(due)))
				errs[i] = errors.Join(err, s.check(status, body))
			}
		})
	}
	wait.Wait()
	var all samples
	for _, t := range took {
		all = append(all, t...)
	}
	w.p50.add(all.median())
	w.p99.add(all.percentile(99))
	return errors.Join(errs...)
}
