package server

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"freshet"
)

const scopedSchema = `
	type Note @model @auth(rules: [{allow: public}]) { text: String place: String @index(name: "byPlace", queryField: "notesByPlace") }
	type Word { text: String }
	type Mutation { say(text: String): Word @local @auth(rules: [{allow: public}]) }
	type Subscription { onWord: Word @aws_subscribe(mutations: ["say"]) @auth(rules: [{allow: public}]) }`

// scopedOperations are what a key reaches records by, and the operation that its scopes have to name. # is a number
// that no other request has.
var scopedOperations = []struct{ needs, document string }{
	{"get", `{ getNote(id: "n") { text } }`},
	{"get", `{ history(model: "Note", key: "n") { items { record } } }`},
	{"list", `{ listNotes { items { text } } }`},
	{"list", `{ notesByPlace(place: "p") { items { text } } }`},
	{"sync", `{ changes { changes { record } } }`},
	{"sync", `{ changes(models: ["Note"]) { changes { record } } }`},
	{"sync", `subscription { changes { changes { record } } }`},
	{"listen", `subscription { onCreateNote { text } }`},
	{"listen", `subscription { onWord { text } }`},
	{"create", `mutation { createNote(input: {place: "q"}) { id text } }`},
	{"create", `mutation { push(client: "#", writes: [{counter: 1, op: CREATE, model: "Note", key: "made #", fields: {place: "q"}}]) { results { status record } } }`},
	{"create", `mutation { say(text: "w") { text } }`},
	{"update", `mutation { updateNote(input: {id: "n", place: "p"}) { id text } }`},
	{"update", `mutation { updateNote(input: {id: "n", place: "p", _version: 1}) { id text } }`},
	{"update", `mutation { push(client: "#", writes: [{counter: 1, op: UPDATE, model: "Note", key: "n", fields: {place: "p"}}]) { results { status record } } }`},
	{"delete", `mutation { deleteNote(input: {id: "first #"}) { id text } }`},
	{"delete", `mutation { push(client: "#", writes: [{counter: 1, op: DELETE, model: "Note", key: "second #"}]) { results { status record } } }`},
}

// TestScopes: a key does by each way what its scopes name and nothing else, and what it may not read no answer holds.
func TestScopes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "schema.graphql")
	if err := os.WriteFile(path, []byte(scopedSchema), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{Schema: []string{path}})
	reading := []string{"get", "list", "sync", "listen"}
	number := 0
	ask := func(ws *websocket.Conn, document string) string {
		t.Helper()
		number++
		return execute(t, ws, fmt.Sprint(number), strings.ReplaceAll(document, "#", fmt.Sprint(number)))
	}
	owner := s.connect(t, `{"x-api-key":"`+s.APIKey()+`"}`)
	if got := ask(owner, `mutation { createNote(input: {id: "n", text: "secret", place: "p"}) { id } }`); !strings.Contains(got, `"data":{"createNote":{"id":"n"}}`) {
		t.Fatal(got)
	}
	for _, scope := range append(reading, "create", "update", "delete", "read") {
		_, secret, err := s.keyring.Create(t.Context(), scope, time.Time{}, freshet.Scope{Model: "*", Operations: []string{scope}})
		if err != nil {
			t.Fatal(err)
		}
		ws := s.connect(t, `{"x-api-key":"`+secret+`"}`)
		for _, o := range scopedOperations {
			if o.needs == "delete" {
				_ = ask(owner, fmt.Sprintf(`mutation { a: createNote(input: {id: "first %d", text: "secret"}) { id } b: createNote(input: {id: "second %[1]d", text: "secret"}) { id } }`, number+2))
			}
			got := ask(ws, o.document)
			refused := strings.Contains(got, `"errorType":"Unauthorized"`) || strings.Contains(got, `"status":"REFUSED"`)
			may := o.needs == scope || scope == "read" && slices.Contains(reading, o.needs)
			if refused == may || !refused && strings.Contains(got, `"errors"`) {
				t.Errorf("with the scope *:%s, %s gives %s", scope, o.document, got)
			}
			if strings.Contains(got, "secret") && !slices.Contains(append(reading, "read"), scope) {
				t.Errorf("with the scope *:%s, %s shows %s", scope, o.document, got)
			}
		}
	}
	_, secret, err := s.keyring.Create(t.Context(), "of another model", time.Time{}, freshet.Scope{Model: "Other", Operations: []string{"read", "create", "update", "delete"}})
	if err != nil {
		t.Fatal(err)
	}
	ws := s.connect(t, `{"x-api-key":"`+secret+`"}`)
	for _, o := range scopedOperations {
		got := ask(ws, o.document)
		if !strings.Contains(got, `"errorType":"Unauthorized"`) && !strings.Contains(got, `"status":"REFUSED"`) {
			t.Errorf("with the scope of another model, %s gives %s", o.document, got)
		}
	}
}

// execute has a document executed on a socket under an id, and gives its answer; of a subscription that goes on only an
// error is one.
func execute(t *testing.T, ws *websocket.Conn, id, document string) string {
	t.Helper()
	query, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	last := `{"type":"complete","id":"` + id + `"`
	messages := []string{`{"type":"subscribe","id":"` + id + `","payload":{"query":` + string(query) + `}}`}
	if strings.HasPrefix(document, "subscription") {
		last = `{"type":"pong"`
		messages = append(messages, `{"type":"ping"}`, `{"type":"complete","id":"`+id+`"}`)
	}
	for _, message := range messages {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	answer := ""
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		_, text, err := ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), last) {
			return answer
		}
		if strings.Contains(string(text), `"id":"`+id+`"`) {
			answer = string(text)
		}
	}
}
