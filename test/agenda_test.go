package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"freshet/internal/api/control"
	"freshet/internal/server"
)

// TestAgenda imports the calendar of the tutorials while a subscriber listens, and lists it.
func TestAgenda(t *testing.T) {
	const key = "a key of the test's"
	data := t.TempDir()
	s := serve(t, server.Config{
		Data: data, Schema: []string{filepath.Join("..", "schemas", "agenda.graphql")}, APIKeys: []string{key},
	})
	ws := subscribe(t, "http://"+s.Addr()+"/graphql", key, `subscription { onCreateEventsTable { user_id id title } }`)
	desk, err := control.Dial(t.Context(), data)
	check(t, err)
	file, err := os.Open(filepath.Join("..", "schemas", "agenda.json"))
	check(t, err)
	defer file.Close()
	done, err := desk.Import(t.Context(), control.ImportQuery{Model: "EventsTable", Name: "agenda.json"}, file, func(control.Imported) {})
	check(t, err)
	if done.Created != 12 || done.Refused != 0 {
		t.Fatalf("imported %+v", done)
	}
	heard := make(map[[2]int]string)
	for range done.Created {
		_, text, err := ws.ReadMessage()
		check(t, err)
		var message struct {
			Payload struct {
				Data struct {
					Event struct {
						User  int `json:"user_id"`
						ID    int
						Title string
					} `json:"onCreateEventsTable"`
				}
			}
		}
		check(t, json.Unmarshal(text, &message))
		event := message.Payload.Data.Event
		heard[[2]int{event.User, event.ID}] = event.Title
	}
	if len(heard) != done.Created || heard[[2]int{1, 1}] == "" {
		t.Errorf("the subscriber heard %v", heard)
	}
	answer := post(t, "http://"+s.Addr()+"/graphql", key, `query { listEventsTables { items { id dt_start } } }`)
	if n := strings.Count(answer, `"dt_start":"20`); n != done.Created {
		t.Errorf("%d events are listed: %s", n, answer)
	}
}

// subscribe opens a socket and begins one subscription on it; what comes next are its events.
func subscribe(t *testing.T, url, key, query string) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http"), nil)
	check(t, err)
	t.Cleanup(func() { ws.Close() })
	for _, message := range []map[string]any{
		{"type": "connection_init", "payload": map[string]string{"x-api-key": key}},
		{"type": "subscribe", "id": "1", "payload": map[string]string{"query": query}},
		{"type": "ping"}, // its answer says that the subscription has begun
	} {
		check(t, ws.WriteJSON(message))
	}
	for _, want := range []string{"connection_ack", "pong"} {
		_, text, err := ws.ReadMessage()
		check(t, err)
		if !strings.Contains(string(text), want) {
			t.Fatalf("got %s, want %s", text, want)
		}
	}
	return ws
}
