package feed

import (
	"context"
	"slices"
	"sort"

	"freshet"
)

// Subscription is a place in the log and the tokens whose changes are wanted after it. One goroutine at a
// time uses it.
type Subscription struct {
	feed   *Feed
	tokens []freshet.Token
	at     freshet.Seq
	wake   func()
	closed bool
}

// At gives the place: everything up to here was given.
func (s *Subscription) At() freshet.Seq { return s.at }

// Next gives the next events that the feed keeps, at most limit of them but never a part of a commit, and
// moves the subscription beyond them. behind tells that the feed does not keep all that is next: the
// subscription has to read the log, with Read or on its own with Seek.
func (s *Subscription) Next(limit int) (events []*Event, more, behind bool) {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	var topics []*topic
	for _, token := range s.tokens {
		t := f.topics[token]
		if t == nil || s.at < t.from {
			return nil, true, true
		}
		topics = append(topics, t)
	}
	if s.at > f.at {
		return nil, false, false // the feed did not get there yet
	}
	events, more = mergeTopics(topics, s.at, limit)
	if more {
		s.at = events[len(events)-1].End
	} else {
		s.at = f.at
	}
	return events, more, false
}

// mergeTopics gives the events after a place, each once, in the log's order.
func mergeTopics(topics []*topic, at freshet.Seq, limit int) (events []*Event, more bool) {
	places := make([]int, len(topics))
	for i, t := range topics {
		places[i] = t.first + sort.Search(len(t.events)-t.first, func(n int) bool { return t.events[t.first+n].Seq > at })
	}
	for {
		var next *Event
		for i, t := range topics {
			if places[i] < len(t.events) && (next == nil || t.events[places[i]].Seq < next.Seq) {
				next = t.events[places[i]]
			}
		}
		if next == nil {
			return events, false
		}
		if n := len(events); n >= limit && events[n-1].End != next.End {
			return events, true
		}
		events = append(events, next)
		for i, t := range topics {
			if places[i] < len(t.events) && t.events[places[i]] == next {
				places[i]++
			}
		}
	}
}

// Read gives the next events out of the log, for a subscription that is behind. It looks at about limit
// changes, so it may give nothing while there is more. A place that the log was trimmed beyond gives
// the code gone.
func (s *Subscription) Read(ctx context.Context, limit int) (events []*Event, more bool, err error) {
	changes, err := readCommits(ctx, s.feed.log, s.at, limit)
	if err != nil {
		return nil, false, err
	}
	for i := range changes {
		event := &Event{Change: changes[i]}
		if slices.ContainsFunc(event.tokens(), s.holds) {
			events = append(events, event)
		}
		s.at = event.Seq
	}
	return events, s.at < s.feed.log.Head().Seq, nil
}

func (s *Subscription) holds(token freshet.Token) bool { return slices.Contains(s.tokens, token) }

// Seek moves the subscription to a place that it reached by other means.
func (s *Subscription) Seek(at freshet.Seq) { s.at = at }

// Close ends the subscription.
func (s *Subscription) Close() {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	f.subscriptions--
	for _, token := range s.tokens {
		if t := f.topics[token]; t != nil {
			delete(t.subscriptions, s)
			if len(t.subscriptions) == 0 {
				delete(f.topics, token)
			}
		}
	}
	f.rest()
}
