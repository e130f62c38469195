// Package apitest opens an API over a store of its own, for the tests of the doors.
package apitest

import (
	"context"
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/feed"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
)

// Key is the API key that a House knows.
const Key = "the key"

// House is an API with everything beneath it.
type House struct {
	T      *testing.T
	API    *api.API
	Engine *engine.Engine
}

// Open makes a House for a schema, with options where they are given. It closes when the test ends.
func Open(t *testing.T, sdl string, options ...api.Options) *House {
	t.Helper()
	var opts api.Options
	for _, opts = range options {
	}
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	eng, err := engine.Open(t.Context(), db, []schema.Source{{Name: "schema.graphql", Text: sdl}}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := feed.New(db)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	a, err := api.New(eng, f, opts)
	if err != nil {
		t.Fatal(err)
	}
	return &House{T: t, API: a, Engine: eng}
}

// Identify knows Key, and tokens that are a user's name and groups: "ana", "ben admins staff". Among the groups
// "for=1h" tells how long the token holds, "session=s1" of which session it is, and "iss=x" who gave it; "down" stands
// for an issuer that cannot be asked.
func (h *House) Identify(_ context.Context, c auth.Credentials) (id freshet.Identity, until time.Time, err error) {
	words := strings.Fields(strings.TrimPrefix(c.Authorization, "Bearer "))
	switch {
	case c.APIKey == Key:
		return freshet.Identity{Name: "key test", Providers: []freshet.Provider{freshet.APIKey}}, until, nil
	case c.APIKey != "" || len(words) == 0:
		return id, until, freshet.Errorf(freshet.Unauthenticated, "the credential is not known")
	}
	claims := map[string]any{"username": words[0], "sub": "sub-" + words[0]}
	groups := []string{}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "down":
			return id, until, freshet.Errorf(freshet.Unavailable, "the issuer cannot be asked now")
		case "for":
			lifetime, err := time.ParseDuration(value)
			if err != nil {
				return id, until, err
			}
			until = time.Now().Add(lifetime)
		case "session":
			claims["origin_jti"] = value
		case "iss":
			claims["iss"] = value
		default:
			groups = append(groups, word)
		}
	}
	claims["cognito:groups"] = groups
	return freshet.Identity{Name: "user " + words[0], Providers: []freshet.Provider{freshet.UserPools}, Claims: claims}, until, nil
}

// User gives the identity of a user with groups.
func (h *House) User(words string) *freshet.Identity {
	h.T.Helper()
	return h.identity(auth.Credentials{Authorization: words})
}

// ByKey gives the identity of the API key.
func (h *House) ByKey() *freshet.Identity {
	h.T.Helper()
	return h.identity(auth.Credentials{APIKey: Key})
}

func (h *House) identity(c auth.Credentials) *freshet.Identity {
	h.T.Helper()
	id, _, err := h.API.Identify(h.T.Context(), h, c)
	if err != nil {
		h.T.Fatal(err)
	}
	return id
}

// Ask executes a document and gives the response.
func (h *House) Ask(id *freshet.Identity, query string, variables ...string) string {
	h.T.Helper()
	op, faults := h.API.Prepare(query, "")
	if faults != nil {
		return string(faults.Append(nil))
	}
	var vars []byte
	if variables != nil {
		vars = []byte(variables[0])
	}
	bound, faults := op.Bind(vars)
	if faults != nil {
		return string(faults.Append(nil))
	}
	return string(h.API.Execute(h.T.Context(), id, bound, nil))
}
