// Package api is the API of a schema, whatever the door by which it is reached: the GraphQL types that are
// generated for each model, the native reads and writes beside them, and the streams of subscriptions.
//
// It holds no rule of its own. It turns arguments into requests of the engine and what the engine gives
// into values; the one thing it decides is how an error is shown.
package api

import (
	"context"
	"log/slog"
	"time"

	"freshet"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/feed"
	"freshet/internal/graphql"
)

// Identifier tells who shows credentials, and until when they hold; the zero time stands for ever.
type Identifier interface {
	Identify(ctx context.Context, credentials auth.Credentials) (freshet.Identity, time.Time, error)
}

// Options tune an API. The zero value is the default.
type Options struct {
	Logger *slog.Logger     // default: discards
	Now    func() time.Time // default: time.Now

	People   Directory // nil: nobody can be asked for
	NoSearch bool      // people are not found by their e-mail
}

// API executes documents for identities.
type API struct {
	engine *engine.Engine
	feed   *feed.Feed
	schema *graphql.Schema
	sdl    string
	listen map[string]operation // by the field of Subscription
	logger *slog.Logger

	notices feed.Notices
}

// New makes the API of the engine's schema.
func New(eng *engine.Engine, f *feed.Feed, opts Options) (*API, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	a := &API{engine: eng, feed: f, listen: make(map[string]operation), logger: opts.Logger}
	g := generate(eng.Schema(), opts.People != nil)
	a.sdl = g.sdl.String()
	resolvers := map[string]graphql.Resolver{"Query.changes": a.changes, "Query.history": a.history, "Mutation.push": a.push}
	if opts.People != nil {
		p := newPeople(opts)
		resolvers["Query.userByEmail"], resolvers["Query.people"] = p.byEmail, p.byName
	}
	for name, o := range g.operations {
		switch o.kind {
		case kindGet:
			resolvers[name] = a.get(o)
		case kindList:
			resolvers[name] = a.list(o)
		case kindWrite:
			resolvers[name] = a.write(o)
		case kindAnnounce:
			resolvers[name] = a.announce(o)
		case kindListen, kindHear:
			a.listen[name[len("Subscription."):]] = o
		}
	}
	var err error
	a.schema, err = graphql.New(a.sdl, resolvers, graphql.Options{Describe: a.describe})
	return a, err
}

// SDL gives the API as a schema document.
func (a *API) SDL() string { return a.sdl }

// Prepare reads a document; it is cached.
func (a *API) Prepare(query, operationName string) (*graphql.Operation, graphql.Errors) {
	return a.schema.Prepare(query, operationName)
}

// Identify finds out who shows credentials, ready to ask the engine.
func (a *API) Identify(ctx context.Context, by Identifier, credentials auth.Credentials) (*freshet.Identity, time.Time, error) {
	id, until, err := by.Identify(ctx, credentials)
	if err != nil {
		return nil, time.Time{}, err
	}
	return a.Admit(id), until, nil
}

// Admit makes an identity that a door has proof of ready to ask the engine.
func (a *API) Admit(id freshet.Identity) *freshet.Identity { return a.engine.Identify(id) }

// Execute appends the response to a query or a mutation.
func (a *API) Execute(ctx context.Context, id *freshet.Identity, b *graphql.Bound, dst []byte) []byte {
	return b.Execute(context.WithValue(ctx, identityKey{}, id), dst)
}

type identityKey struct{}

func caller(ctx context.Context) *freshet.Identity {
	return ctx.Value(identityKey{}).(*freshet.Identity)
}
