package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"freshet"
	"freshet/client"
)

// scopes is what replicas ask for; they go from one to another.
var scopes = []client.Scope{
	{Limit: 7},
	{Models: []freshet.ModelName{"Note", "Item", "Ledger", "Drop"}},
	{Models: []freshet.ModelName{"Item", "Board", "Ledger"}, Filter: openItems, Limit: 3},
	{Filter: openItems},
}

var openItems = map[string]any{"Item": map[string]any{"status": map[string]any{"eq": "OPEN"}}}

func asks(scope int, model freshet.ModelName) bool {
	return len(scopes[scope].Models) == 0 || slices.Contains(scopes[scope].Models, model)
}

func isFiltered(scope int, model freshet.ModelName) bool {
	return scopes[scope].Filter[string(model)] != nil
}

// replica keeps the records of a user as the protocol tells it to, in a file, and writes. It may crash at any time: it
// goes on from the file and the journal.
type replica struct {
	name, user string
	dir        string
	random     *rand.Rand
	wire       *faults
	open       func(client.Options) (*client.Client, error)
	writes     *ledger

	client    *client.Client
	journal   *client.Journal
	scope     int // what is asked for next
	following sync.WaitGroup
	stop      context.CancelFunc

	mu     sync.Mutex
	state  state
	broken error // why following has ended, where that was not to be
}

// state is what a replica keeps; a file holds it as it was at some frame.
type state struct {
	Cursor  string
	Scope   int // that of the cursor
	Records map[string]held
}

type held struct {
	Model   freshet.ModelName
	Key     string
	Version freshet.Version
	Record  json.RawMessage
	Marked  bool // not seen since a frame that began anew
}

// apply takes over a frame that was read with a scope.
func (s *state) apply(frame *client.Frame, scope int) {
	for name, h := range s.Records {
		switch {
		case scope != s.Scope && !asks(scope, h.Model):
			delete(s.Records, name)
			continue
		case frame.Reset, scope != s.Scope && isFiltered(scope, h.Model) != isFiltered(s.Scope, h.Model):
			h.Marked = true
		}
		s.Records[name] = h
	}
	for _, c := range frame.Changes {
		name := string(c.Model) + " " + c.Key
		if h, there := s.Records[name]; c.Op == client.Remove {
			delete(s.Records, name)
		} else if !there || h.Marked || c.Version > h.Version {
			s.Records[name] = held{Model: c.Model, Key: c.Key, Version: c.Version, Record: c.Record}
		}
	}
	if frame.UpToDate {
		maps.DeleteFunc(s.Records, func(_ string, h held) bool { return h.Marked })
	}
	s.Cursor, s.Scope = frame.Cursor, scope
}

func (r *replica) file() string { return filepath.Join(r.dir, "state") }

// save puts the state into the file, whole or not at all.
func (r *replica) save() error {
	text, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.file()+"~", text, 0o600); err != nil {
		return err
	}
	return os.Rename(r.file()+"~", r.file())
}

// start goes on from the file and the journal.
func (r *replica) start() error {
	r.state = state{Scope: r.scope, Records: make(map[string]held)}
	text, err := os.ReadFile(r.file())
	if err == nil {
		err = json.Unmarshal(text, &r.state)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if r.journal, err = client.OpenJournal(filepath.Join(r.dir, "journal")); err != nil {
		return err
	}
	r.client, err = r.open(client.Options{
		Journal: r.journal, HTTP: &http.Client{Transport: r.wire, Timeout: 10 * time.Second},
		Backoff: func(int) time.Duration { return 5 * time.Millisecond },
	})
	return err
}

// follow takes frames until halt.
func (r *replica) follow(ctx context.Context) {
	ctx, r.stop = context.WithCancel(ctx)
	r.following.Go(func() {
		r.mu.Lock()
		scope, cursor := r.scope, r.state.Cursor
		r.mu.Unlock()
		for frame, err := range r.client.Changes(ctx, scopes[scope], cursor) {
			if err = r.take(&frame, scope, err); err != nil && ctx.Err() == nil {
				r.mu.Lock()
				r.broken = fmt.Errorf("%s follows %+v: %w", r.name, scopes[scope], err)
				r.mu.Unlock()
			}
		}
	})
}

func (r *replica) take(frame *client.Frame, scope int, err error) error {
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.apply(frame, scope)
	if len(frame.Changes)%3 == 0 { // so that the file is behind at times
		return r.save()
	}
	return nil
}

func (r *replica) halt() {
	if r.stop != nil {
		r.stop()
		r.following.Wait()
		r.stop = nil
	}
}

// end closes the replica; with keep it is as it was when it starts again.
func (r *replica) end(keep bool) error {
	r.halt()
	err := r.broken
	if keep {
		err = errors.Join(err, r.save())
	}
	return errors.Join(err, r.journal.Close())
}

// flush asks what became of the writes that were given up.
func (r *replica) flush(ctx context.Context) error {
	late, err := r.client.Flush(ctx)
	for i := range late {
		r.writes.settle(r, &late[i])
	}
	return err
}

// push writes, and gives up when ctx ends.
func (r *replica) push(ctx context.Context, writes []client.Write, atomic bool, marks []string) error {
	do := r.client.Push
	if atomic {
		do = r.client.PushAtomic
	}
	results, err := do(ctx, writes...)
	for i := range results {
		r.writes.add(r, &results[i], marks[i])
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// live does random things, so many times.
func (r *replica) live(ctx context.Context, steps int) error {
	r.follow(ctx)
	for step := range steps {
		if err := r.step(ctx, step); err != nil {
			return fmt.Errorf("%s, step %d: %w", r.name, step, err)
		}
		pause(r.random, 20*time.Millisecond)
	}
	return nil
}

func (r *replica) step(ctx context.Context, step int) error {
	switch choice := r.random.IntN(100); {
	case choice < 4: // a crash
		if err := r.end(false); err != nil {
			return err
		}
		if err := r.start(); err != nil {
			return err
		}
		r.follow(ctx)
	case choice < 9: // off line, and on line again
		down := !r.wire.isDown()
		r.wire.set(down, false)
		if r.halt(); !down {
			r.follow(ctx)
		}
	case choice < 14: // something else is of interest
		following := r.stop != nil
		r.halt()
		r.scope = r.random.IntN(len(scopes))
		if following {
			r.follow(ctx)
		}
	case choice < 15: // the cursor is of another log, for all that the server can tell
		following := r.stop != nil
		r.halt()
		if r.state.Cursor != "" {
			r.state.Cursor = strange(r.state.Cursor)
		}
		if following {
			r.follow(ctx)
		}
	case choice < 24:
		brief, cancel := context.WithTimeout(ctx, time.Duration(r.random.IntN(100))*time.Millisecond)
		defer cancel()
		if err := r.flush(brief); err != nil && brief.Err() == nil {
			return err
		}
	default:
		return r.edit(ctx, step)
	}
	return nil
}

// strange gives a cursor whose seal is not that of the log.
func strange(cursor string) string {
	if cursor[0] == 'A' {
		return "B" + cursor[1:]
	}
	return "A" + cursor[1:]
}

// edit makes some writes of what the replica knows, and waits for the answer, though not long.
func (r *replica) edit(ctx context.Context, step int) error {
	var writes []client.Write
	var marks []string
	r.mu.Lock()
	for i := range 1 + r.random.IntN(3) {
		w, mark := r.write(fmt.Sprintf("%s-%d-%d", r.name, step, i))
		if mark != "" && slices.ContainsFunc(writes, func(other client.Write) bool { return other.Model == w.Model && other.Key == w.Key && w.Key != "" }) {
			continue // it knows nothing of the one before it
		}
		writes, marks = append(writes, w), append(marks, mark)
	}
	r.mu.Unlock()
	wait := 10 * time.Second
	if r.wire.isDown() || r.random.IntN(4) == 0 {
		wait = time.Duration(r.random.IntN(30)) * time.Millisecond
	}
	brief, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return r.push(brief, writes, r.random.IntN(5) == 0, marks)
}
