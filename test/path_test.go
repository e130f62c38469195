// Package test holds the tests of the whole house. Read this one first: it walks one write through every
// station, from the client that makes it to the clients that are told of it.
package test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/api/graphqlhttp"
	"freshet/internal/api/graphqlws"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/feed"
	"freshet/internal/schema"
	"freshet/internal/store"
	"freshet/internal/store/pebble"
)

func TestPathOfAWrite(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()

	// The operator declares a model. Its rules say that whoever has an API key may read and write tasks.
	sources := []schema.Source{{Name: "tasks.graphql", Text: `
		type Task @model @auth(rules: [{allow: public}]) {
			title: String!
			done: Boolean @default(value: "false")
		}`}}

	// The house is built from the ground up. The store keeps records and their log;
	db, err := pebble.Open(dir, pebble.Options{})
	check(t, err)
	// the engine is the only writer to it;
	eng, err := engine.Open(ctx, db, sources, engine.Options{})
	check(t, err)
	// the feed follows the log;
	f := feed.New(db)
	feeding, stopFeed := context.WithCancel(ctx)
	fed := make(chan struct{})
	go func() { defer close(fed); _ = f.Run(feeding) }()
	// keys are the server's own records;
	keys, err := auth.OpenKeys(ctx, eng.Documents(), time.Now)
	check(t, err)
	_, secret, err := keys.Create(ctx, "phone", time.Time{})
	check(t, err)
	// the API is generated from the schema, and doors lead to it.
	a, err := api.New(eng, f, api.Options{})
	check(t, err)
	by := &auth.Authenticator{Keys: keys}
	posts, err := graphqlhttp.New(a, by, graphqlhttp.Options{})
	check(t, err)
	sockets := graphqlws.New(a, by, graphqlws.Options{})
	house := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsWebSocketUpgrade(r) {
			sockets.ServeHTTP(w, r)
		} else {
			posts.ServeHTTP(w, r)
		}
	}))

	// One client listens. The first frame tells it that it has everything up to here: nothing yet.
	listener := listen(t, house.URL, secret)
	first := listener.frame()
	if !first.UpToDate || len(first.Changes) != 0 {
		t.Fatalf("the first frame is %+v", first)
	}

	// Another writes. The answer comes when the write is on the disk: version 1 of a new record.
	before := db.Head().Seq
	answer := post(t, house.URL, secret, `mutation { createTask(input: {id: "water", title: "Water the plants"}) { id done _version } }`)
	if want := `{"data":{"createTask":{"id":"water","done":false,"_version":1}}}`; answer != want {
		t.Fatalf("the writer was answered %s, want %s", answer, want)
	}

	// The store holds the record, with its audience: the token of everybody with an API key.
	ref := store.Ref{Model: "Task", Key: freshet.StringKey("water")}
	records, err := db.Get(ctx, ref)
	check(t, err)
	record := records[0]
	if diff := cmp.Diff([]freshet.Grant{{Token: "public", Since: before + 1}}, record.Audience); diff != "" {
		t.Errorf("the record's audience (-want +got):\n%s", diff)
	}

	// The log has one entry more: what was done, to what, by whom, and the image that it left.
	log, err := db.History(ctx, store.HistoryQuery{After: before, Limit: 10})
	check(t, err)
	if len(log) != 1 {
		t.Fatalf("the log has %d new entries", len(log))
	}
	if c := log[0]; c.Seq != before+1 || c.Op != freshet.OpCreate || c.Version != 1 || c.By != "key phone" || !bytes.Equal(c.Body, record.Body) {
		t.Errorf("the entry of the log is %+v", c)
	}

	// The index of the token holds the record at that place; of it first syncs and deltas are made.
	index, err := db.Changes(ctx, store.ChangesQuery{Tokens: []freshet.Token{"public"}, Limit: 10})
	check(t, err)
	if len(index.Changes) != 1 || index.Changes[0].Seq != before+1 {
		t.Errorf("the index of the token is %+v", index.Changes)
	}

	// The commit woke the feed, which read the log; the listener's stream was woken and asked what is next.
	told := listener.frame()
	if len(told.Changes) != 1 || told.Changes[0].Key != "water" || told.Changes[0].Record.Title != "Water the plants" {
		t.Fatalf("the listener was told %+v", told)
	}

	// The listener goes away. What it misses meanwhile is an update of one task, and another task.
	listener.close()
	post(t, house.URL, secret, `mutation { updateTask(input: {id: "water", done: true, _version: 1}) { id } }`)
	post(t, house.URL, secret, `mutation { createTask(input: {id: "seeds", title: "Buy seeds"}) { id } }`)

	// The house is left and entered again, as after a power cut: what was acknowledged is there.
	house.Close()
	stopFeed()
	<-fed
	check(t, db.Close())
	db, err = pebble.Open(dir, pebble.Options{})
	check(t, err)
	defer db.Close()
	eng, err = engine.Open(ctx, db, sources, engine.Options{})
	check(t, err)

	// With its cursor the client gets exactly what it missed.
	phone := eng.Identify(freshet.Identity{Name: "key phone", Providers: []freshet.Provider{freshet.APIKey}})
	reader, err := eng.Reader(phone, engine.Scope{})
	check(t, err)
	cursor, reset, err := reader.Open(told.Cursor)
	check(t, err)
	page, err := reader.Page(ctx, &cursor, 100)
	check(t, err)
	var missed []string
	for _, c := range page.Changes {
		missed = append(missed, c.Key.Text())
	}
	if diff := cmp.Diff([]string{"water", "seeds"}, missed); diff != "" || reset || !page.UpToDate {
		t.Errorf("what was missed (-want +got):\n%s\nreset %v, up to date %v", diff, reset, page.UpToDate)
	}
}

type frame struct {
	Cursor   string
	UpToDate bool
	Changes  []struct {
		Key    string
		Record struct{ Title string }
	}
}

// listener is a client that listens to all changes.
type listener struct {
	t  *testing.T
	ws *websocket.Conn
}

func listen(t *testing.T, url, key string) *listener {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http"), nil)
	check(t, err)
	check(t, ws.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"x-api-key": key}}))
	_, _, err = ws.ReadMessage() // connection_ack
	check(t, err)
	const query = `subscription { changes { cursor upToDate changes { key record } } }`
	check(t, ws.WriteJSON(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]string{"query": query}}))
	return &listener{t, ws}
}

func (l *listener) frame() frame {
	l.t.Helper()
	_, text, err := l.ws.ReadMessage()
	check(l.t, err)
	var message struct {
		Payload struct{ Data struct{ Changes frame } }
	}
	check(l.t, json.Unmarshal(text, &message))
	return message.Payload.Data.Changes
}

func (l *listener) close() { check(l.t, l.ws.Close()) }

// post sends a document and gives the answer.
func post(t *testing.T, url, key, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	check(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	check(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", key)
	response, err := http.DefaultClient.Do(request)
	check(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	check(t, err)
	return string(answer)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
