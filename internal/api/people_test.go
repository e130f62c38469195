package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/api"
	"freshet/internal/api/apitest"
	"freshet/internal/auth"
)

// directory knows ana and ben.
type directory map[string]accounts.Person

var known = directory{"ana@example.com": {Username: "ana", Name: "Ana Lind"}, "ana": {Username: "ana", Name: "Ana Lind"}, "ben": {Username: "ben"}}

func (d directory) PersonByEmail(ctx context.Context, email string) (accounts.Person, bool, error) {
	return d.Person(ctx, email)
}

func (d directory) Person(_ context.Context, name string) (accounts.Person, bool, error) {
	p, ok := d[name]
	return p, ok, nil
}

func openWithPeople(t *testing.T, sdl string, opts api.Options) house {
	opts.People = known
	return house{apitest.Open(t, sdl, opts)}
}

func TestPeopleAreFound(t *testing.T) {
	h := openWithPeople(t, sdl, api.Options{})
	ana := h.User("ana")
	h.want(ana, `{ userByEmail(email: "ana@example.com") { username name __typename } }`, `{"data":{"userByEmail":{"username":"ana","name":"Ana Lind","__typename":"Person"}}}`)
	h.want(ana, `{ userByEmail(email: "nobody@example.com") { username } }`, `{"data":{"userByEmail":null}}`)
	h.fails(ana, `{ userByEmail(email: "ana") { username } }`, "ValidationException", `"ana" is no AWSEmail`)
	h.want(ana, `{ people(usernames: ["ben", "nobody", "ana"]) { username name } }`,
		`{"data":{"people":[{"username":"ben","name":null},null,{"username":"ana","name":"Ana Lind"}]}}`)
	h.want(ana, `{ people(usernames: []) { username } }`, `{"data":{"people":[]}}`)
	h.fails(ana, `{ people(usernames: ["a"`+strings.Repeat(`, "a"`, 100)+`]) { username } }`, "LimitExceededException", "more than 100")
	guest := h.API.Admit(freshet.Identity{Name: "guest", Providers: []freshet.Provider{freshet.IAM}})
	for who, id := range map[string]*freshet.Identity{"a key": h.ByKey(), "a guest": guest} {
		h.fails(id, `{ userByEmail(email: "ana@example.com") { username } }`, "Unauthorized", "only users who are signed in")
		h.fails(id, `{ people(usernames: ["ana"]) { username } }`, "Unauthorized", "only users who are signed in")
		if t.Failed() {
			t.Errorf("%s may ask", who)
		}
	}
}

func TestSearchesAreSlowed(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	h := openWithPeople(t, sdl, api.Options{Now: func() time.Time { return now }})
	const search, lookup = `{ userByEmail(email: "x@example.com") { username } }`, `{ people(usernames: ["x"]) { username } }`
	for range 20 {
		h.want(h.User("ana"), search, `{"data":{"userByEmail":null}}`)
	}
	// Another credential of the same user is the same caller.
	id, _, err := h.API.Identify(t.Context(), h, auth.Credentials{Authorization: "ana admins session=2"})
	if err != nil {
		t.Fatal(err)
	}
	h.fails(id, search, "ServiceUnavailableException", "more than 20 requests at once, or one in 10s")
	h.want(h.User("ben"), search, `{"data":{"userByEmail":null}}`)
	now = now.Add(10 * time.Second)
	h.want(id, search, `{"data":{"userByEmail":null}}`)
	h.fails(id, search, "ServiceUnavailableException", "more than 20")
	for range 120 {
		h.want(id, lookup, `{"data":{"people":[null]}}`)
	}
	h.fails(id, lookup, "ServiceUnavailableException", "more than 120")
}

func TestSearchesCanBeSwitchedOff(t *testing.T) {
	h := openWithPeople(t, sdl, api.Options{NoSearch: true})
	h.fails(h.User("ana"), `{ userByEmail(email: "ana@example.com") { username } }`, "Unauthorized", "switched off")
	h.want(h.User("ana"), `{ people(usernames: ["ana"]) { name } }`, `{"data":{"people":[{"name":"Ana Lind"}]}}`)
}

// TestASchemaKeepsItsOwnPerson holds that the server's type makes room for one that the schema declares.
func TestASchemaKeepsItsOwnPerson(t *testing.T) {
	for _, declared := range []string{`type Person @model @auth(rules: [{allow: private}]) { title: String }`, `type Person { title: String }`, `enum Person { ME }`} {
		h := openWithPeople(t, declared, api.Options{})
		h.want(h.User("ana"), `{ people(usernames: ["ana"]) { name __typename } }`, `{"data":{"people":[{"name":"Ana Lind","__typename":"_Person"}]}}`)
	}
	h := openSDL(t, sdl)
	h.fails(h.User("ana"), `{ people(usernames: ["ana"]) { name } }`, "ValidationException", "FieldUndefined")
}
