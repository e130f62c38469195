// Package feed follows the log and wakes those whom a change concerns.
//
// There is no queue per subscriber. A subscription is a place in the log and a set of tokens; the feed
// keeps the latest events once, for all, and says whether a subscription is within them. One that is not
// reads the log itself until it is. So a slow subscriber costs the others nothing and misses nothing.
//
// Its invariant: an event that a subscription is given was read back from the log, in the log's order,
// and none of its tokens between two places was left out. Notices are beside all this: they are of no log.
package feed

import (
	"context"
	"slices"
	"sync"

	"freshet"
	"freshet/internal/store"
)

// Bounds on the events that are kept for subscribers that are close to the head.
const (
	maxEvents = 1 << 16
	maxBytes  = 32 << 20
	readLimit = 1024
	readBytes = 4 << 20
)

// Log is the part of a store that the feed reads.
type Log interface {
	History(ctx context.Context, query store.HistoryQuery) ([]freshet.Change, error)
	Head() store.Head
	Wait(ctx context.Context, after freshet.Seq) (store.Head, error)
}

// Feed follows one log.
type Feed struct {
	log Log

	mu            sync.Mutex
	begun         chan struct{} // closed when there is a first subscription; nil while there are some
	subscriptions int
	at            freshet.Seq // every event up to here was handed to the topics; it is the end of a commit
	topics        map[freshet.Token]*topic
	kept          []*Event // in the log's order; those before first were let go of
	first         int
	bytes         int
}

// topic is the kept events of a token, and who follows it.
type topic struct {
	from          freshet.Seq // events after it are all here
	events        []*Event
	first         int
	subscriptions map[*Subscription]struct{}
}

// New makes a feed; Run makes it move.
func New(log Log) *Feed {
	return &Feed{log: log, topics: make(map[freshet.Token]*topic), begun: make(chan struct{})}
}

// Run follows the log until ctx is done. Without subscribers it rests.
func (f *Feed) Run(ctx context.Context) error {
	for {
		f.mu.Lock()
		begun, at := f.begun, f.at
		f.mu.Unlock()
		if begun != nil {
			select {
			case <-begun:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if _, err := f.log.Wait(ctx, at); err != nil {
			return err
		}
		changes, err := readCommits(ctx, f.log, at, readLimit)
		switch {
		case err != nil && freshet.CodeOf(err) == freshet.Gone:
			f.skip()
		case err != nil:
			return err
		default:
			f.publish(changes)
		}
	}
}

// readCommits reads whole commits after a place, of about limit changes.
func readCommits(ctx context.Context, log Log, after freshet.Seq, limit int) ([]freshet.Change, error) {
	changes, err := log.History(ctx, store.HistoryQuery{After: after, Limit: limit, Bytes: readBytes})
	for err == nil && len(changes) > 0 {
		last := changes[len(changes)-1]
		if last.Seq == last.End {
			break
		}
		var rest []freshet.Change
		rest, err = log.History(ctx, store.HistoryQuery{After: last.Seq, Limit: int(last.End - last.Seq)})
		changes = append(changes, rest...)
	}
	return changes, err
}

// publish hands changes to the topics of their tokens and wakes each subscription once.
func (f *Feed) publish(changes []freshet.Change) {
	woken := make(map[*Subscription]struct{})
	f.mu.Lock()
	for i := range changes {
		event := &Event{Change: changes[i]}
		if event.Seq <= f.at {
			continue // read before the feed began at a later place
		}
		if f.add(event) {
			f.keep(event)
		}
		f.at = event.Seq
		for _, token := range event.tokens() {
			if t := f.topics[token]; t != nil {
				for s := range t.subscriptions {
					woken[s] = struct{}{}
				}
			}
		}
	}
	f.mu.Unlock()
	for s := range woken {
		s.wake()
	}
}

// add appends an event to its topics, and tells whether there are any.
func (f *Feed) add(event *Event) bool {
	added := false
	for _, token := range event.tokens() {
		if t := f.topics[token]; t != nil {
			t.events = append(t.events, event)
			added = true
		}
	}
	return added
}

// keep counts an event, and lets go of the oldest ones that are over the bounds.
func (f *Feed) keep(event *Event) {
	f.kept = append(f.kept, event)
	f.bytes += event.size()
	for len(f.kept)-f.first > maxEvents || f.bytes > maxBytes && len(f.kept)-f.first > 1 {
		oldest := f.kept[f.first]
		f.kept[f.first] = nil
		f.first++
		f.bytes -= oldest.size()
		for _, token := range oldest.tokens() {
			if t := f.topics[token]; t != nil {
				t.drop(oldest)
			}
		}
	}
	f.kept, f.first = compact(f.kept, f.first)
}

// drop lets go of an event; it is the oldest, if the topic has it at all.
func (t *topic) drop(event *Event) {
	if t.first == len(t.events) || t.events[t.first] != event {
		return
	}
	t.events[t.first] = nil
	t.first++
	t.from = event.Seq
	t.events, t.first = compact(t.events, t.first)
}

// compact moves a queue to the front of its array when half of it is empty.
func compact(queue []*Event, first int) ([]*Event, int) {
	if first < 64 || first < len(queue)/2 {
		return queue, first
	}
	n := copy(queue, queue[first:])
	clear(queue[n:])
	return queue[:n], 0
}

// skip goes to the head when the log was trimmed beyond the feed; subscriptions that are behind find out
// when they read on.
func (f *Feed) skip() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.log.Head().Seq
	f.kept, f.first, f.bytes = nil, 0, 0
	for _, t := range f.topics {
		t.from, t.events, t.first = f.at, nil, 0
		for s := range t.subscriptions {
			defer s.wake()
		}
	}
}

// Subscribe makes a subscription to changes after a place in the log that concern any of the tokens. wake
// is called, possibly many times and from any goroutine, whenever there may be something new; it must not
// block and must not call the feed.
func (f *Feed) Subscribe(tokens []freshet.Token, after freshet.Seq, wake func()) *Subscription {
	s := &Subscription{feed: f, tokens: slices.Clone(tokens), at: after, wake: wake}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.begun != nil {
		f.at = f.log.Head().Seq
		close(f.begun)
		f.begun = nil
	}
	for _, token := range s.tokens {
		t := f.topics[token]
		if t == nil {
			t = &topic{from: f.at, subscriptions: make(map[*Subscription]struct{})}
			f.topics[token] = t
		}
		t.subscriptions[s] = struct{}{}
	}
	f.subscriptions++
	return s
}

// rest lets go of everything when the last subscription has gone.
func (f *Feed) rest() {
	if f.subscriptions > 0 {
		return
	}
	f.begun = make(chan struct{})
	f.kept, f.first, f.bytes = nil, 0, 0
}
