package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"freshet/internal/store/pebble"
)

// open measures the start on much data, and the memory that it takes.
func (b *bench) open() (*table, error) {
	large, mine := b.large()
	t := &table{
		title: fmt.Sprintf("Start with %s records", number(float64(large))),
		about: "The data is in the page cache. Ready is when /readyz (PocketBase: /api/health) answers 200, counted from the start of the process: " +
			"once after a start and a stop without writes, once after a load, which leaves a log of writes to be read back. " +
			"The load is records created on 64 connections for some seconds. Store is the opening of Freshet's store alone, in process.",
		columns: []string{"server", "store, ms", "ready, ms", "ready after a load, ms", "memory when ready, MB", "memory after the load, MB"},
	}
	var contenders []*opened
	if dir, err := b.freshetData("Note", large, mine); err != nil {
		t.note("Freshet was not measured: %s", firstLines(err))
	} else {
		contenders = append(contenders, &opened{
			name:  freshetName,
			start: func() (service, error) { return startFreshet(b, dir) },
			open:  func() (time.Duration, error) { return openStore(dir) },
		})
	}
	if dir, err := b.pocketBaseData(large, mine); err != nil {
		t.note("PocketBase was not measured: %s", firstLines(err))
	} else {
		contenders = append(contenders, &opened{
			name:  stockName,
			start: func() (service, error) { return startPocketBase(b, dir, "stock") },
		})
	}
	var turns []func() error
	for _, o := range contenders {
		turns = append(turns, func() error {
			if o.broken == nil {
				o.broken = o.measure(b)
			}
			return nil
		})
	}
	if err := b.interleave(turns...); err != nil {
		return nil, err
	}
	for _, o := range contenders {
		t.row(o.name, o.store.median(), o.ready.median(), o.again.median(), o.idle.median(), o.loaded.median())
		if o.broken != nil {
			t.note("%s was not measured: %s", o.name, firstLines(o.broken))
		}
	}
	return t, nil
}

// opened is a server on filled data.
type opened struct {
	name   string
	start  func() (service, error)
	open   func() (time.Duration, error) // its store alone; nil where there is no such thing
	broken error

	store, ready, again, idle, loaded samples
}

func (o *opened) measure(b *bench) error {
	if err := o.rest(); err != nil {
		return err
	}
	s, err := o.start()
	if err != nil {
		return err
	}
	o.ready.add(millis(s.server().ready))
	idle, err := s.server().memory()
	if err == nil {
		_, err = load(b.ctx, s.server().addr, 64, b.turn(4*time.Second), s.create(), s.check)
	}
	loaded, reading := s.server().memory()
	s.server().stop()
	if err := errors.Join(err, reading); err != nil {
		return err
	}
	o.idle.add(idle)
	o.loaded.add(loaded)
	if s, err = o.start(); err != nil {
		return err
	}
	o.again.add(millis(s.server().ready))
	s.server().stop()
	return nil
}

// rest starts and stops once, so that nothing is left to be read back, and measures the store alone.
func (o *opened) rest() error {
	s, err := o.start()
	if err != nil {
		return err
	}
	s.server().stop()
	took := math.NaN()
	if o.open != nil {
		alone, err := o.open()
		if err != nil {
			return err
		}
		took = millis(alone)
	}
	o.store.add(took)
	return nil
}

func openStore(dir string) (time.Duration, error) {
	start := time.Now()
	db, err := pebble.Open(storeDir(dir), pebble.Options{})
	took := time.Since(start)
	if err != nil {
		return 0, err
	}
	return took, db.Close()
}
