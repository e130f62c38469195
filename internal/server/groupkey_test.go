package server

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/auth"
)

const twoEvents = `{"query":"mutation { in: createEvent(input: {id: \"in\", title: \"a\", calendar: \"c1\", start: \"2026-11-21T12:00:00Z\", end: \"2026-11-21T13:00:00Z\"}) { id } ` +
	`out: createEvent(input: {id: \"out\", title: \"b\", calendar: \"c2\", start: \"2026-11-21T12:00:00Z\", end: \"2026-11-21T13:00:00Z\"}) { id } }"}`

// TestGroupKey: who has a key of a group sees what the group sees, by HTTP and on a socket, until it is revoked.
func TestGroupKey(t *testing.T) {
	s := start(t, Config{})
	query := func(key, body string) string {
		_, answer := s.ask(t, "POST", "/graphql", body, "Content-Type", "application/json", "X-Api-Key", key)
		return answer
	}
	key, secret, err := s.keyring.Add(t.Context(), auth.Key{
		Name: "visitor", Groups: []string{"c1"}, Scopes: []freshet.Scope{{Model: "Event", Operations: []string{"read"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ws := s.connect(t, `{"x-api-key":"`+secret+`"}`)
	subscribe := `{"type":"subscribe","id":"1","payload":{"query":"subscription { changes { upToDate changes { key } } }"}}`
	if err := ws.WriteMessage(websocket.TextMessage, []byte(subscribe)); err != nil {
		t.Fatal(err)
	}
	next := func() string {
		t.Helper()
		_, text, err := ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := next(); !strings.Contains(got, `{"upToDate":true,"changes":[]}`) {
		t.Errorf("at first the socket gives %s", got)
	}
	if got := query(s.APIKey(), twoEvents); got != `{"data":{"in":{"id":"in"},"out":{"id":"out"}}}` {
		t.Fatalf("two events give %s", got)
	}
	if got := next(); !strings.Contains(got, `"changes":[{"key":"in"}]`) {
		t.Errorf("of two events the socket gives %s", got)
	}
	for body, want := range map[string]string{
		`{"query":"{ listEvents { items { id } } }"}`:                                    `{"data":{"listEvents":{"items":[{"id":"in"}]}}}`,
		`{"query":"{ getEvent(id: \"in\") { title } }"}`:                                 `{"data":{"getEvent":{"title":"a"}}}`,
		`{"query":"{ getEvent(id: \"out\") { title } }"}`:                                `"errorType":"Unauthorized"`,
		`{"query":"{ listTasks { items { id } } }"}`:                                     `"errorType":"Unauthorized"`,
		`{"query":"{ listCalendars { items { id } } }"}`:                                 `"errorType":"Unauthorized"`, // not in its scope
		`{"query":"mutation { createTask(input: {title: \"a\"}) { id } }"}`:              `"errorType":"Unauthorized"`,
		`{"query":"mutation { updateEvent(input: {id: \"in\", title: \"z\"}) { id } }"}`: `"errorType":"Unauthorized"`,
		`{"query":"mutation { createEvent(input: {title: \"z\", calendar: \"c1\", start: \"2026-11-21T12:00:00Z\", end: \"2026-11-21T13:00:00Z\"}) { id } }"}`: `"errorType":"Unauthorized"`,
	} {
		if got := query(secret, body); !strings.Contains(got, want) {
			t.Errorf("%s gives %s, want %s", body, got, want)
		}
	}
	if found, err := s.keyring.Revoke(t.Context(), key.ID); !found || err != nil {
		t.Fatal(found, err)
	}
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			refuses(t, "a revoked key", err, "")
			break
		}
	}
	if got := query(secret, askType); !strings.Contains(got, "UnauthorizedException") {
		t.Errorf("the revoked key gives %s", got)
	}
}

// TestGroupKeyIsNoWayIn: a server whose only key is of a group makes itself the key that everybody begins with.
func TestGroupKeyIsNoWayIn(t *testing.T) {
	data := t.TempDir()
	first := start(t, Config{Data: data, APIKeys: []string{"given-secret"}})
	if _, _, err := first.keyring.Add(t.Context(), auth.Key{Name: "visitor", Groups: []string{"c1"}}); err != nil || first.APIKey() != "" {
		t.Fatal(first.APIKey(), err)
	}
	first.end()
	if second := start(t, Config{Data: data}); second.APIKey() == "" {
		t.Error("no key was made beside the one of a group")
	}
}
