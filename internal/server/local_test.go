package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestLocalMutations holds that what is said over HTTP and over a socket is heard on sockets.
func TestLocalMutations(t *testing.T) {
	sdl := filepath.Join(t.TempDir(), "s.graphql")
	text := `type Presence { room: ID! user: String @caller }
		type Mutation { enter(room: ID!): Presence @local }
		type Subscription { onEnter(room: ID): Presence @aws_subscribe(mutations: ["enter"]) }
		type Task @model @auth(rules: [{allow: owner}]) { title: String }`
	if err := os.WriteFile(sdl, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{Schema: []string{sdl}})
	ana, ben := s.signIn(t, "ana"), s.signIn(t, "ben")
	hearer := s.connect(t, `{"Authorization":"`+ana+`"}`)
	say := func(ws *websocket.Conn, text string) {
		t.Helper()
		if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(ws *websocket.Conn, want string) {
		t.Helper()
		_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, text, err := ws.ReadMessage(); err != nil || string(text) != want {
			t.Fatalf("heard %s, %v; want %s", text, err, want)
		}
	}
	say(hearer, `{"type":"subscribe","id":"s","payload":{"query":"subscription { onEnter(room: \"hall\") { room user } }"}}`)
	// A message of the same reader that is answered later than the subscription began.
	say(hearer, `{"type":"subscribe","id":"q","payload":{"query":"{ __typename }"}}`)
	hear(hearer, `{"type":"next","id":"q","payload":{"data":{"__typename":"Query"}}}`)
	hear(hearer, `{"type":"complete","id":"q"}`)

	enter := func(room, authorization string) string {
		_, body := s.ask(t, "POST", "/graphql", `{"query":"mutation { enter(room: \"`+room+`\") { user } }"}`, "Content-Type", "application/json", "Authorization", authorization)
		return body
	}
	if got := enter("cellar", ben) + enter("hall", ben); got != strings.Repeat(`{"data":{"enter":{"user":"ben"}}}`, 2) {
		t.Errorf("over HTTP: %s", got)
	}
	hear(hearer, `{"type":"next","id":"s","payload":{"data":{"onEnter":{"room":"hall","user":"ben"}}}}`)
	speaker := s.connect(t, `{"Authorization":"`+ben+`"}`)
	say(speaker, `{"type":"subscribe","id":"m","payload":{"query":"mutation { enter(room: \"hall\") { room } }"}}`)
	hear(speaker, `{"type":"next","id":"m","payload":{"data":{"enter":{"room":"hall"}}}}`)
	hear(hearer, `{"type":"next","id":"s","payload":{"data":{"onEnter":{"room":"hall","user":"ben"}}}}`)

	_, body := s.ask(t, "POST", "/graphql", `{"query":"{ __schema { mutationType { fields { name } } subscriptionType { fields { name args { name } } } } }"}`,
		"Content-Type", "application/json", "Authorization", ana)
	for _, want := range []string{`{"name":"enter"}`, `{"name":"onEnter","args":[{"name":"room"}]}`} {
		if !strings.Contains(body, want) {
			t.Errorf("introspection lacks %s: %s", want, body)
		}
	}
}
