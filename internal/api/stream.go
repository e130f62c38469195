package api

import (
	"context"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/feed"
	"freshet/internal/graphql"
)

// Stream is a subscription under way. It holds a place, not a queue: Next reads what is there. One
// goroutine at a time uses it.
type Stream interface {
	// Next gives the next responses, some at a time; more tells that there are further ones already.
	// The bytes are shared, not to be written to. An error ends the stream.
	Next(ctx context.Context) (responses [][]byte, more bool, err error)
	// Idle gives a response that moves a client's cursor on when nothing else did; nil for none.
	Idle(ctx context.Context) ([]byte, error)
	Close()
}

const (
	streamEvents = 64  // the events that one Next takes
	streamFrame  = 100 // the changes of a frame while a stream catches up
	streamRead   = 512 // the changes of the log that one Next looks at
)

// Subscribe begins the stream of a subscription. Nothing that is committed after it returned is missed.
// wake is called whenever Next may have something, and must not block.
func (a *API) Subscribe(id *freshet.Identity, b *graphql.Bound, wake func()) (Stream, error) {
	call := b.Call()
	if call.Field() == "changes" {
		return a.followChanges(id, b, wake)
	}
	o := a.listen[call.Field()]
	query := engine.ListenQuery{Model: o.model.Name, Op: o.op, Filter: call.Arg("filter"), Owners: make(map[string]string)}
	for _, f := range o.model.OwnerFields() {
		owner, err := textArg(call, f.Name)
		if err != nil {
			return nil, err
		}
		if owner != "" {
			query.Owners[f.Name] = owner
		}
	}
	l, err := a.engine.Listener(id, query)
	if err != nil {
		return nil, err
	}
	s := &listenStream{bound: b, listener: l, model: o, key: b.Key()}
	s.subscription = a.feed.Subscribe(l.Tokens(), a.engine.Head().Seq, wake)
	return s, nil
}

// listenStream is the stream of an onCreate, onUpdate or onDelete.
type listenStream struct {
	bound        *graphql.Bound
	listener     *engine.Listener
	model        operation
	subscription *feed.Subscription
	key          string
}

// Next gives a response for each change that the listener hears.
func (s *listenStream) Next(ctx context.Context) (responses [][]byte, more bool, err error) {
	events, more, behind := s.subscription.Next(streamEvents)
	if behind {
		if events, more, err = s.subscription.Read(ctx, streamRead); err != nil {
			return nil, false, err
		}
	}
	for _, e := range events {
		if e.Model != s.model.model.Name || e.Op != s.model.op {
			continue
		}
		doc, err := e.Doc(s.model.model)
		if err != nil {
			return nil, false, err
		}
		if !s.listener.Hears(&e.Change, doc) {
			continue
		}
		responses = append(responses, e.Encode(s.key, func() []byte {
			r := &freshet.Record{
				Model: e.Model, Key: e.Key, Version: e.Version, Seq: e.Seq, At: e.At, Deleted: e.Op == freshet.OpDelete, Body: e.Body,
			}
			return s.bound.AppendEvent(ctx, nil, record{&engine.Row{Record: r, Model: s.model.model, Doc: doc}})
		}))
	}
	return responses, more, nil
}

// Idle gives nothing: these subscriptions have no cursor.
func (s *listenStream) Idle(context.Context) ([]byte, error) { return nil, nil }

// Close ends the stream.
func (s *listenStream) Close() { s.subscription.Close() }

// changesStream is the stream of changes: pages from the cursor on, then live.
type changesStream struct {
	bound        *graphql.Bound
	reader       *engine.Reader
	cursor       freshet.Cursor
	subscription *feed.Subscription
	key          string // of the encodings that it shares with streams of the same selection, scope and tokens
	limit        int
	live         bool
	reset        bool        // to be told with the next frame
	told         freshet.Seq // the place of the last frame
}

func (a *API) followChanges(id *freshet.Identity, b *graphql.Bound, wake func()) (Stream, error) {
	reader, cursor, reset, err := a.openReader(id, b.Call())
	if err != nil {
		return nil, err
	}
	limit, err := intArg(b.Call(), "limit")
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = streamFrame
	}
	s := &changesStream{bound: b, reader: reader, cursor: cursor, reset: reset, limit: limit}
	s.key = b.Key() + "\x00" + reader.Key()
	s.subscription = a.feed.Subscribe(reader.Tokens(), cursor.Seq, wake)
	return s, nil
}

// Next gives at most one frame.
func (s *changesStream) Next(ctx context.Context) (responses [][]byte, more bool, err error) {
	if !s.live {
		return s.catchUp(ctx)
	}
	events, more, behind := s.subscription.Next(min(s.limit, streamEvents))
	if behind {
		s.live = false
		return nil, true, nil
	}
	page := engine.Page{UpToDate: !more}
	var only *feed.Event
	for _, e := range events {
		sight, ok, err := s.reader.See(&e.Change)
		if err != nil {
			return nil, false, err
		}
		if ok {
			page.Changes, only = append(page.Changes, sight), e
		}
	}
	s.cursor.Seq = s.subscription.At()
	if len(page.Changes) == 0 {
		return nil, more, nil
	}
	if len(page.Changes) > 1 || more {
		return [][]byte{s.encode(ctx, page, s.cursor)}, more, nil
	}
	s.told = only.End
	return [][]byte{only.Encode(s.key, func() []byte {
		at := s.cursor
		at.Seq = only.End
		return s.encode(ctx, page, at)
	})}, false, nil
}

func (s *changesStream) encode(ctx context.Context, page engine.Page, at freshet.Cursor) []byte {
	s.told = at.Seq
	return s.bound.AppendEvent(ctx, nil, frame{page, s.reader.Seal(&at)})
}

// catchUp gives the next page out of the store. The last of them, which is up to date, is the barrier.
func (s *changesStream) catchUp(ctx context.Context) ([][]byte, bool, error) {
	page, err := s.reader.Page(ctx, &s.cursor, s.limit)
	if err != nil {
		return nil, false, err
	}
	page.Reset = page.Reset || s.reset
	s.reset = false
	if page.UpToDate {
		s.live = true
		s.subscription.Seek(s.cursor.Seq)
	}
	return [][]byte{s.encode(ctx, page, s.cursor)}, true, nil
}

// Idle gives an empty frame when the cursor has moved since the last one.
func (s *changesStream) Idle(ctx context.Context) ([]byte, error) {
	if !s.live || s.cursor.Seq <= s.told {
		return nil, nil
	}
	return s.encode(ctx, engine.Page{UpToDate: true}, s.cursor), nil
}

// Close ends the stream.
func (s *changesStream) Close() { s.subscription.Close() }
