package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// recordWriter makes one durable commit after the other.
type recordWriter interface {
	commit(ctx context.Context, n int) error
	Close() error
}

func (p *inProcess) commit(ctx context.Context, n int) error {
	_, err := p.create(ctx, "Task", task(title(n), "", n))
	return err
}

// commits measures what the engine leaves of the store's speed: the same entries, written by nothing but
// Pebble and a group commit.
func (b *bench) commits() (*table, error) {
	t := &table{
		title:   "Durable commits, one record each",
		columns: []string{"writers", "Pebble alone, commits/s", "engine, commits/s", "ratio", "fdatasync each, per s"},
	}
	s, body, err := b.sampleShape()
	if err != nil {
		return nil, err
	}
	t.about = fmt.Sprintf("In one process, without a server. A record has %d bytes and one token; for each the engine writes %d entries, %s bytes in all, "+
		"and so does Pebble alone, with the same options and the same way of making groups.", body, len(s), number(float64(s.bytes())))
	turn := b.turn(4 * time.Second)
	for _, writers := range []int{1, 16, 64, 256} {
		var alone, engine, raw samples
		contend := func(into *samples, open func(dir string) (recordWriter, error)) func() error {
			return func() error {
				rate, err := b.commitRate(writers, turn, open)
				into.add(rate)
				return err
			}
		}
		err := b.interleave(
			contend(&alone, func(dir string) (recordWriter, error) { return openBare(dir, s) }),
			contend(&engine, func(dir string) (recordWriter, error) { return openEngine(b.ctx, dir) }),
			func() error {
				took, err := fsyncs(b.dir, b.size(500, 100), 0)
				raw.add(1000 / took.median())
				return err
			})
		if err != nil {
			return nil, err
		}
		ratio := engine.median() / alone.median()
		t.row(writers, alone.median(), engine.median(), ratio, raw.median())
		t.atLeast(fmt.Sprintf("engine : Pebble alone, %d writers", writers), ratio, 0.6, "")
	}
	return t, nil
}

// sampleShape lets the engine write some records and looks at what it wrote for one of them.
func (b *bench) sampleShape() (s shape, body int, err error) {
	dir, remove, err := b.fresh("shape")
	if err != nil {
		return nil, 0, err
	}
	defer remove()
	p, err := openEngine(b.ctx, dir)
	if err != nil {
		return nil, 0, err
	}
	const chosen = 7
	written, err := p.create(b.ctx, "Task", task(title(chosen), "", chosen))
	if err == nil {
		body, err = p.bodyLength(b.ctx, "Task", written)
	}
	if err := errors.Join(err, p.Close()); err != nil {
		return nil, 0, err
	}
	s, err = takeShape(storeDir(dir), written, text(chosen))
	return s, body, err
}

func (b *bench) commitRate(writers int, turn time.Duration, open func(dir string) (recordWriter, error)) (float64, error) {
	dir, remove, err := b.fresh("commits")
	if err != nil {
		return 0, err
	}
	defer remove()
	w, err := open(dir)
	if err != nil {
		return 0, err
	}
	runtime.GC()
	counts, errs := make([]int, writers), make([]error, writers)
	var wait sync.WaitGroup
	begin := time.Now()
	until := begin.Add(turn)
	for i := range writers {
		wait.Go(func() {
			for errs[i] == nil && time.Now().Before(until) {
				errs[i] = w.commit(b.ctx, counts[i]*writers+i)
				counts[i]++
			}
		})
	}
	wait.Wait()
	took := time.Since(begin)
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / took.Seconds(), errors.Join(errors.Join(errs...), w.Close())
}
