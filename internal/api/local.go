package api

import (
	"context"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/feed"
	"freshet/internal/graphql"
	"freshet/internal/schema"
)

// announce resolves a local mutation.
func (a *API) announce(o operation) graphql.Resolver {
	return func(ctx context.Context, call *graphql.Call) (any, error) {
		n, err := a.engine.Announce(ctx, caller(ctx), o.local, call.Arg)
		if err != nil {
			return nil, err
		}
		a.notices.Publish(n)
		return graphql.Raw(n.Body), nil
	}
}

// hearStream is the stream of a subscription to local mutations.
type hearStream struct {
	api       *API
	bound     *graphql.Bound
	hearing   *schema.Hearing
	hearer    *engine.Hearer
	listening *feed.Listening
	key       string
}

func (a *API) hear(id *freshet.Identity, b *graphql.Bound, h *schema.Hearing, wake func()) (Stream, error) {
	s := &hearStream{api: a, bound: b, hearing: h, key: b.Key()}
	if err := s.Renew(id); err != nil {
		return nil, err
	}
	s.listening = a.notices.Listen(h.Mutations, s.hearer.Wants, wake)
	return s, nil
}

// Next gives a response for each notice that the hearer may be told of.
func (s *hearStream) Next(ctx context.Context) (responses [][]byte, more bool, err error) {
	notices, more := s.listening.Next(streamEvents)
	for _, n := range notices {
		hears, err := s.hearer.Hears(ctx, n.Notice)
		if err != nil {
			return nil, false, err
		}
		if hears {
			responses = append(responses, n.Encode(s.key, func() []byte { return s.bound.AppendEvent(ctx, nil, graphql.Raw(n.Body)) }))
		}
	}
	return responses, more, nil
}

// Idle gives nothing: there is no cursor.
func (s *hearStream) Idle(context.Context) ([]byte, error) { return nil, nil }

// Renew hears with other rights.
func (s *hearStream) Renew(id *freshet.Identity) (err error) {
	s.hearer, err = s.api.engine.Hearer(id, s.hearing, s.bound.Call().Arg)
	return err
}

// Close ends the stream.
func (s *hearStream) Close() { s.listening.Close() }
