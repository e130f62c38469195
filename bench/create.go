package main

import (
	"fmt"
	"math"
	"time"
)

// create measures new records over HTTP, each answered when it is stored.
func (b *bench) create() (*table, error) {
	t := &table{
		title: "Create a record over HTTP",
		about: "Kept-alive connections, each sending the next request when the last one was answered. The load shares the cores with the server. " +
			"Freshet is asked with a GraphQL mutation and an API key, PocketBase with a POST to a collection whose rules are open; both answer with the whole record. " +
			"Freshet and PocketBase with synchronous=FULL answer when the record is on disk, stock PocketBase before.",
		columns: []string{"connections", "server", "requests/s", "server CPU, µs/request", "load's CPU, µs/request"},
	}
	services, stop := b.start(t)
	defer stop()
	rates, cpus := make(map[string]float64), make(map[string]float64)
	for _, connections := range []int{1, 16, 64} {
		perSecond, perRequest, ours := make([]samples, len(services)), make([]samples, len(services)), make([]samples, len(services))
		var turns []func() error
		for i, s := range services {
			turns = append(turns, func() error {
				r, err := b.createRate(s, connections)
				perSecond[i].add(r.perSecond)
				perRequest[i].add(r.serverMicros)
				ours[i].add(r.loadMicros)
				return err
			})
		}
		if err := b.interleave(turns...); err != nil {
			return nil, err
		}
		for i, s := range services {
			rates[s.name()], cpus[s.name()] = perSecond[i].median(), perRequest[i].median()
			t.row(connections, s.name(), rates[s.name()], cpus[s.name()], ours[i].median())
		}
	}
	// The last round was that with the most connections.
	t.atLeast("Freshet : PocketBase with synchronous=FULL, 64 connections", ratio(rates, freshetName, fullName), 6, "x")
	t.atLeast("Freshet : stock PocketBase, 64 connections", ratio(rates, freshetName, stockName), 5, "x")
	t.atMost("Freshet, server CPU, 64 connections", value(cpus, freshetName), 90, " µs")
	return t, nil
}

// createdRate is what one turn came to; the times are of processors, for each request.
type createdRate struct{ perSecond, serverMicros, loadMicros float64 }

func (b *bench) createRate(s service, connections int) (createdRate, error) {
	turn := b.turn(4 * time.Second)
	if _, err := load(b.ctx, s.server().addr, connections, turn/8, s.create(), s.check); err != nil {
		return createdRate{}, fmt.Errorf("%s: %w", s.name(), err)
	}
	server, err := s.server().cpu()
	if err != nil {
		return createdRate{}, err
	}
	ours, begin := ownCPU(), time.Now()
	perSecond, err := load(b.ctx, s.server().addr, connections, turn, s.create(), s.check)
	if err != nil {
		return createdRate{}, fmt.Errorf("%s: %w", s.name(), err)
	}
	requests := perSecond * time.Since(begin).Seconds()
	ours = ownCPU() - ours
	after, err := s.server().cpu()
	return createdRate{perSecond, micros(after-server) / requests, micros(ours) / requests}, err
}

// value gives a contender's figure; NaN where it was not measured.
func value(figures map[string]float64, name string) float64 {
	if v, ok := figures[name]; ok {
		return v
	}
	return math.NaN()
}

func ratio(figures map[string]float64, a, b string) float64 {
	return value(figures, a) / value(figures, b)
}
