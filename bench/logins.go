package main

import (
	"fmt"
	"time"
)

const loginClients = 16

// logins measures what sign-ups and log-ins cost the server.
func (b *bench) logins() (*table, error) {
	t := &table{
		title: "Sign-ups and log-ins",
		about: fmt.Sprintf("%d clients, each with an account, a network and a kept-alive connection of its own, each doing it again when it was done. "+
			"A log-in ends with three signed or sealed tokens and a session on disk. Clients share the cores with the server, and those of SRP need as much arithmetic as it does: "+
			"so the last column, from the server's processor time, is what a core gives.", loginClients),
		columns: []string{"what", "per s", "server CPU, ms each", "per s and core"},
	}
	s, stop, err := b.startPool()
	if err != nil {
		return nil, err
	}
	defer stop()
	people, err := b.join(s, "ana", loginClients)
	if err != nil {
		return nil, err
	}
	defer disconnect(people)
	joined := 0
	signUp := func(p *person) error {
		another := *p
		another.name = fmt.Sprintf("%s-%d-%d", p.name, joined, p.requests)
		err := another.signUp()
		p.requests = another.requests
		return err
	}
	kinds := []struct {
		name string
		do   func(*person) error
	}{{"sign-up", signUp}, {"log-in by SRP", (*person).logInBySRP}, {"log-in with the password", (*person).logIn}}
	rates, costs := make([]samples, len(kinds)), make([]samples, len(kinds))
	var turns []func() error
	for i, k := range kinds {
		turns = append(turns, func() error {
			joined++
			before, err := s.cpu()
			if err != nil {
				return err
			}
			begin := time.Now()
			rate, err := repeat(people, b.turn(2*time.Second), k.do)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			count := rate * time.Since(begin).Seconds()
			after, err := s.cpu()
			rates[i].add(rate)
			costs[i].add(millis(after-before) / count)
			return err
		})
	}
	if err := b.interleave(turns...); err != nil {
		return nil, err
	}
	for i, k := range kinds {
		t.row(k.name, rates[i].median(), costs[i].median(), 1000/costs[i].median())
	}
	return t, nil
}

// startPool starts Freshet where people sign in at once after the sign-up, and come from where they say.
func (b *bench) startPool() (*freshetServer, func(), error) {
	dir, remove, err := b.fresh("data")
	if err != nil {
		return nil, nil, err
	}
	s, err := startFreshet(b, dir, "--verify-email", "off", "--trusted-proxy", "127.0.0.1", "--log-level", "warn")
	if err != nil {
		remove()
		return nil, nil, err
	}
	return s, func() { s.stop(); remove() }, nil
}

// join gives people with accounts.
func (b *bench) join(s *freshetServer, prefix string, count int) ([]*person, error) {
	people, err := newPeople(s.addr, prefix, count)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if err := p.signUp(); err != nil {
			disconnect(people)
			return nil, err
		}
	}
	return people, nil
}
