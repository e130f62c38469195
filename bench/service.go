package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"sync"
)

// service is a server that keeps tasks, as the figures see it.
type service interface {
	name() string
	server() *process

	// create and update give requests that hold title(0).
	create() []byte
	update(id string) []byte

	// check looks whether a create or an update was done, id finds the id of the record in the answer.
	check(status int, body []byte) error
	id(body []byte) string

	// listen opens a feed of the updates of tasks.
	listen() (feed, error)
}

// feed is a stream of events. Next gives a piece of it, valid until the next call.
type feed interface {
	next() ([]byte, error)
	Close() error
}

// The names of the contenders.
const (
	freshetName = "Freshet"
	fullName    = "PocketBase, synchronous=FULL"
	stockName   = "PocketBase, stock"
)

// starter starts a service on an empty directory or on one that was filled.
type starter func(b *bench, dir string) (service, error)

var starters = []struct {
	name  string
	start starter
}{
	{freshetName, func(b *bench, dir string) (service, error) { return startFreshet(b, dir) }},
	{fullName, func(b *bench, dir string) (service, error) { return startPocketBase(b, dir, "full") }},
	{stockName, func(b *bench, dir string) (service, error) { return startPocketBase(b, dir, "stock") }},
}

// start starts every contender on an empty directory. One that cannot be started is noted in the table
// and left out.
func (b *bench) start(t *table) (services []service, stop func()) {
	var undo []func()
	stop = func() {
		for _, s := range services {
			s.server().stop()
		}
		for _, remove := range undo {
			remove()
		}
	}
	for _, starter := range starters {
		dir, remove, err := b.fresh("data")
		if err == nil {
			undo = append(undo, remove)
			var s service
			if s, err = starter.start(b, dir); err == nil {
				services = append(services, s)
			}
		}
		if err != nil {
			t.note("%s was not measured: %s", starter.name, firstLines(err))
		}
	}
	return services, stop
}

func firstLines(err error) string {
	lines := strings.SplitN(err.Error(), "\n", 4)
	return strings.TrimSpace(strings.Join(lines[:min(len(lines), 3)], " "))
}

const textLength = 348

// task gives the fields of a task, a JSON object. As the engine keeps them, with the key and two times,
// they are 500 bytes.
func task(title, owner string, n int) string {
	fields := `{"title":"` + title + `","body":"` + text(n) + `"`
	if owner != "" {
		fields += `,"owner":"` + owner + `"`
	}
	return fields + "}"
}

// text gives a text that compresses about as well as prose does, another one for each n.
func text(n int) string {
	from := n * 61 % (len(noise()) - textLength)
	return noise()[from : from+textLength]
}

var noise = sync.OnceValue(func() string {
	const letters = "etaoinshrdlucmfwypvbgkqjxz0123456789 etaoinshrd etaoin  "
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = letters[random.IntN(len(letters))]
	}
	return string(b)
})

// between gives what stands in a text between two others; empty where they are not there.
func between(text []byte, before, after string) string {
	_, rest, _ := bytes.Cut(text, []byte(before))
	found, _, ok := bytes.Cut(rest, []byte(after))
	if !ok {
		return ""
	}
	return string(found)
}
