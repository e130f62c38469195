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
	// Renew goes on from the same place with what the subscriber may see now. An error ends the stream.
	Renew(id *freshet.Identity) error
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
	if h := a.listen[call.Field()].hearing; h != nil {
		return a.hear(id, b, h, wake)
	}
	s := &listenStream{api: a, bound: b, model: a.listen[call.Field()], key: b.Key(), wake: wake}
	var err error
	if s.listener, err = s.listen(id); err != nil {
		return nil, err
	}
	s.subscription = a.feed.Subscribe(s.listener.Tokens(), a.engine.Head().Seq, wake)
	return s, nil
}

// listenStream is the stream of an onCreate, onUpdate or onDelete.
type listenStream struct {
	api          *API
	bound        *graphql.Bound
	listener     *engine.Listener
	model        operation
	subscription *feed.Subscription
	key          string
	wake         func()
}

// listen makes the listener that the arguments ask for.
func (s *listenStream) listen(id *freshet.Identity) (*engine.Listener, error) {
	call := s.bound.Call()
	query := engine.ListenQuery{Model: s.model.model.Name, Op: s.model.op, Filter: call.Arg("filter"), Owners: make(map[string]string)}
	for _, f := range s.model.model.OwnerFields() {
		owner, err := textArg(call, f.Name)
		if err != nil {
			return nil, err
		}
		if owner != "" {
			query.Owners[f.Name] = owner
		}
	}
	return s.api.engine.Listener(id, query)
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

// Renew listens with other rights, which hold for all that was not given yet.
func (s *listenStream) Renew(id *freshet.Identity) error {
	listener, err := s.listen(id)
	if err != nil {
		return err
	}
	s.listener = listener
	s.subscription = s.api.resubscribe(s.subscription, listener.Tokens(), s.subscription.At(), s.wake)
	return nil
}

// resubscribe takes a subscription's place with other tokens.
func (a *API) resubscribe(old *feed.Subscription, tokens []freshet.Token, after freshet.Seq, wake func()) *feed.Subscription {
	defer old.Close() // afterwards, so that the feed does not rest between them
	return a.feed.Subscribe(tokens, after, wake)
}

// Close ends the stream.
func (s *listenStream) Close() { s.subscription.Close() }

// changesStream is the stream of changes: pages from the cursor on, then live.
type changesStream struct {
	api          *API
	bound        *graphql.Bound
	reader       *engine.Reader
	cursor       freshet.Cursor
	subscription *feed.Subscription
	key          string // of the encodings that it shares with streams of the same selection, scope and tokens
	limit        int
	live         bool
	reset        bool        // to be told with the next frame
	told         freshet.Seq // the place of the last frame
	wake         func()
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
	s := &changesStream{api: a, bound: b, cursor: cursor, reset: reset, limit: limit, wake: wake}
	s.read(reader)
	s.subscription = a.feed.Subscribe(reader.Tokens(), cursor.Seq, wake)
	return s, nil
}

// read has a reader show the changes from now on.
func (s *changesStream) read(r *engine.Reader) {
	s.reader, s.key = r, s.bound.Key()+"\x00"+r.Key()
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

// Renew goes on as one who comes back with the cursor: the next frames make good what was gained and lost.
func (s *changesStream) Renew(id *freshet.Identity) error {
	reader, err := s.api.reader(id, s.bound.Call())
	if err != nil {
		return err
	}
	if reader.Key() == s.reader.Key() {
		s.read(reader)
		return nil
	}
	cursor, reset, err := reader.Open(s.reader.Seal(&s.cursor))
	if err != nil {
		return err
	}
	s.read(reader)
	s.cursor, s.reset, s.live = cursor, s.reset || reset, false
	s.subscription = s.api.resubscribe(s.subscription, reader.Tokens(), cursor.Seq, s.wake)
	return nil
}

// Close ends the stream.
func (s *changesStream) Close() { s.subscription.Close() }
