package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/api/apitest"
	"freshet/internal/api/graphqlhttp"
	"freshet/internal/api/graphqlws"
	"freshet/internal/engine"
	"freshet/internal/feed"
	"freshet/internal/schema"
	"freshet/internal/server"
	"freshet/internal/store"
	"freshet/internal/store/pebble"
)

// What is on the wire, as servers of today write it, lies in web/golden; the tests of the client read the same
// files. Cursors and times are made the same in every run.

var update = flag.Bool("update", false, "write the golden files of the wire")

const goldenSDL = `
	type Task @model @auth(rules: [{allow: owner}, {allow: public}]) {
		title: String!
		done: Boolean @default(value: "false")
		tags: [String] @set
	}
	type Plan @model @conflict(strategy: OPTIMISTIC) @auth(rules: [{allow: public}]) { text: String }
	type Diary @model @auth(rules: [{allow: owner}]) { text: String }
	type Place @model @auth(rules: [{allow: public}]) { city: String! @primaryKey(sortKeyFields: ["number"]) number: Int! name: String }`

// The documents that a client sends; wire.ts has the same.
const (
	changesFields = `{ cursor upToDate reset changes { model op key version at record } }`
	changesQuery  = `query($after: String, $models: [String!], $filter: JSON, $limit: Int) { changes(after: $after, models: $models, filter: $filter, limit: $limit) ` + changesFields + ` }`
	changesLive   = `subscription($after: String, $models: [String!], $filter: JSON, $limit: Int) { changes(after: $after, models: $models, filter: $filter, limit: $limit) ` + changesFields + ` }`
	pushDocument  = `mutation($client: ID!, $writes: [WriteInput!]!, $atomic: Boolean) { push(client: $client, writes: $writes, atomic: $atomic) { results { counter status model key version record recordVersion recordAt conflicts { field yours theirs base } error { code message } } } }`
)

type object = map[string]any

// golden gathers a file.
type golden struct {
	t       *testing.T
	cursors map[string]string
	entries []object
}

func newGolden(t *testing.T) *golden { return &golden{t: t, cursors: make(map[string]string)} }

// compare holds the entries against the file.
func (g *golden) compare(name string) {
	g.t.Helper()
	path := filepath.Join("..", "web", "golden", name)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	check(g.t, encoder.Encode(g.same("", g.plain(g.entries))))
	got := text.Bytes()
	if *update {
		check(g.t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	check(g.t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		g.t.Errorf("%s is not what is on the wire; go test ./test -run Golden -update writes it (-is +now):\n%s", path, diff)
	}
}

// plain gives a value as it comes out of JSON, with its numbers as they stand.
func (g *golden) plain(value any) any {
	text, err := json.Marshal(value)
	check(g.t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain any
	check(g.t, decoder.Decode(&plain))
	return plain
}

// same takes out what is another in every run.
func (g *golden) same(name string, value any) any {
	switch v := value.(type) {
	case object:
		for name, member := range v {
			v[name] = g.same(name, member)
		}
	case []any:
		for i := range v {
			v[i] = g.same(name, v[i])
		}
	case json.Number:
		if name == "at" || name == "recordAt" || name == "_lastChangedAt" {
			return json.Number("1780315200000")
		}
	case string:
		switch {
		case name == "createdAt" || name == "updatedAt":
			return "2026-06-01T12:00:00.000Z"
		case name == "cursor" || name == "after" && v != "nothing that was ever given":
			if g.cursors[v] == "" {
				g.cursors[v] = fmt.Sprintf("cursor-%d", len(g.cursors)+1)
			}
			return g.cursors[v]
		}
	}
	return value
}

// exchange sends a request and keeps it with its response, which it gives.
func (g *golden) exchange(name, url string, headers http.Header, request any) object {
	g.t.Helper()
	status, response := g.send(url, headers, request)
	g.entries = append(g.entries, object{"name": name, "request": request, "status": status, "response": response})
	return response.(object)
}

func (g *golden) send(url string, headers http.Header, body any) (int, any) {
	g.t.Helper()
	text, err := json.Marshal(body)
	check(g.t, err)
	request, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, url, bytes.NewReader(text))
	check(g.t, err)
	request.Header = headers.Clone()
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	check(g.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	check(g.t, err)
	return response.StatusCode, g.plain(json.RawMessage(answer))
}

func key(secret string) http.Header { return http.Header{"X-Api-Key": {secret}} }

// served is a server with the schema of the golden files, and the address of its door.
func served(t *testing.T, cfg server.Config) (s *server.Server, url string) {
	t.Helper()
	sdl := filepath.Join(t.TempDir(), "golden.graphql")
	check(t, os.WriteFile(sdl, []byte(goldenSDL), 0o600))
	cfg.Schema = []string{sdl}
	s = serve(t, cfg)
	return s, "http://" + s.Addr() + "/graphql"
}

func write(counter int, op, model, key string, more ...any) object {
	w := object{"counter": counter, "op": op, "model": model, "key": key}
	for i := 0; i < len(more); i += 2 {
		w[more[i].(string)] = more[i+1]
	}
	return w
}

func pushOf(client string, atomic bool, writes ...object) object {
	variables := object{"client": client, "writes": writes}
	if atomic {
		variables["atomic"] = true
	}
	return object{"query": pushDocument, "variables": variables}
}

func changesOf(document string, variables object) object {
	return object{"query": document, "variables": variables}
}

// TestGoldenPush: what becomes of a client's writes.
func TestGoldenPush(t *testing.T) {
	g := newGolden(t)
	s, url := served(t, server.Config{})
	push := func(name string, request object) { g.exchange(name, url, key(s.APIKey()), request) }
	push("creates, with defaults and with a composite key", pushOf("phone", false,
		write(1, "CREATE", "Task", "t1", "fields", object{"title": "Paint", "tags": []string{"home"}}),
		write(2, "CREATE", "Place", `["Bern",7]`, "fields", object{"name": "Zytglogge"})))
	push("the same again changes nothing", pushOf("phone", false,
		write(1, "CREATE", "Task", "t1", "fields", object{"title": "Paint", "tags": []string{"home"}})))
	push("an update", pushOf("phone", false, write(3, "UPDATE", "Task", "t1", "base", 1, "fields", object{"title": "Paint the fence"})))
	push("stale updates: a merge, with a conflict", pushOf("desk", false,
		write(1, "UPDATE", "Task", "t1", "base", 1, "fields", object{"title": "Paint the door", "done": true}),
		write(2, "UPDATE", "Task", "t1", "base", 1, "fields", object{"tags": []string{"home", "garden"}})))
	push("a stale update of a model without merges", pushOf("desk", false,
		write(3, "CREATE", "Plan", "p1", "fields", object{"text": "A"}),
		write(4, "UPDATE", "Plan", "p1", "base", 1, "fields", object{"text": "B"}),
		write(5, "UPDATE", "Plan", "p1", "base", 7, "fields", object{"text": "C"})))
	push("refusals", pushOf("desk", false,
		write(6, "CREATE", "Task", "t1", "fields", object{"title": "Again"}),
		write(7, "UPDATE", "Task", "t9", "fields", object{"title": "Nobody's"}),
		write(8, "CREATE", "Task", "t2", "fields", object{"title": nil}),
		write(9, "CREATE", "Diary", "d1", "fields", object{"text": "Mine"}),
		write(10, "UPDATE", "Task", "t1", "fields", object{"title": "Never"}, "condition", object{"done": object{"eq": false}})))
	push("all or none: nothing was done", pushOf("desk", true,
		write(11, "CREATE", "Task", "t3", "fields", object{"title": "With the next"}),
		write(12, "DELETE", "Task", "t9")))
	push("a delete", pushOf("phone", false, write(4, "DELETE", "Task", "t1")))
	writes := make([]object, 100)
	for i := range writes {
		writes[i] = write(20+i, "UPDATE", "Plan", "p1", "fields", object{"text": fmt.Sprint(i)})
	}
	for range 2 { // more than the answers that are remembered
		g.send(url, key(s.APIKey()), pushOf("phone", false, writes...))
		for i := range writes {
			writes[i]["counter"] = writes[i]["counter"].(int) + 100
		}
	}
	push("an answer that is forgotten", pushOf("phone", false, write(3, "UPDATE", "Task", "t1", "base", 1, "fields", object{"title": "Paint the fence"})))
	g.compare("push.json")
}

// TestGoldenChanges: what a client is told, over HTTP.
func TestGoldenChanges(t *testing.T) {
	g := newGolden(t)
	s, url := served(t, server.Config{})
	ask := func(name string, variables object) string {
		response := g.exchange(name, url, key(s.APIKey()), changesOf(changesQuery, variables))
		return response["data"].(object)["changes"].(object)["cursor"].(string)
	}
	change := func(writes ...object) { g.send(url, key(s.APIKey()), pushOf("golden", false, writes...)) }
	ask("nothing yet", object{})
	change(
		write(1, "CREATE", "Task", "t1", "fields", object{"title": "Paint"}),
		write(2, "CREATE", "Task", "t2", "fields", object{"title": "Sow", "tags": []string{"garden"}}))
	change(write(3, "CREATE", "Place", `["Bern",7]`, "fields", object{"name": "Zytglogge"}))
	after := ask("the first page of a first sync", object{"limit": 2})
	after = ask("its last page", object{"limit": 2, "after": after})
	ask("nothing new", object{"after": after})
	change(write(4, "UPDATE", "Task", "t1", "fields", object{"done": true}), write(5, "DELETE", "Task", "t2"))
	ask("a delta: an update and a removal", object{"after": after})
	filtered := object{"models": []string{"Task"}, "filter": object{"Task": object{"done": object{"eq": true}}}}
	ask("of some records of some models", filtered)
	another, anotherURL := served(t, server.Config{})
	g.exchange("a cursor of another log", anotherURL, key(another.APIKey()), changesOf(changesQuery, object{"after": after}))
	g.compare("changes.json")
}

// TestGoldenErrors: an error of each code, as a whole request and as a field of one.
func TestGoldenErrors(t *testing.T) {
	g := newGolden(t)
	cfg := server.Config{Authoriser: "http://127.0.0.1:1/", Limits: server.Limits{BodyBytes: 64 << 10}}
	s, url := served(t, cfg)
	mine := key(s.APIKey())
	ask := func(name string, headers http.Header, query string) {
		g.exchange(name, url, headers, object{"query": query})
	}
	ask("invalid: no document", mine, "{")
	ask("invalid: a field that is not there", mine, "{ nothing }")
	ask("invalid: a value", mine, `mutation { createTask(input: {id: "", title: "x"}) { id } }`)
	ask("unauthenticated: no credential", http.Header{}, "{ __typename }")
	ask("unauthenticated: a key that is not known", key("of somebody else"), "{ __typename }")
	ask("forbidden", mine, `mutation { createDiary(input: {text: "x"}) { id } }`)
	ask("not_found", mine, `mutation { updateTask(input: {id: "t9", title: "x"}) { id } }`)
	g.send(url, mine, object{"query": `mutation { createPlan(input: {id: "p1", text: "x"}) { id } }`})
	ask("conflict: the key is taken", mine, `mutation { createPlan(input: {id: "p1", text: "x"}) { id } }`)
	ask("conflict: the version", mine, `mutation { updatePlan(input: {id: "p1", text: "y", _version: 9}) { id } }`)
	ask("too_large: a document", mine, strings.Repeat("{ a", 20)+strings.Repeat("}", 20))
	status, response := g.send(url, mine, object{"query": strings.Repeat(" ", 64<<10)})
	g.entries = append(g.entries, object{"name": "too_large: a body", "status": status, "response": response})
	status, response = g.send(url, mine, pushOf("golden", false, make([]object, 101)...))
	g.entries = append(g.entries, object{"name": "invalid: writes that are none", "status": status, "response": response})
	writes := make([]object, 101)
	for i := range writes {
		writes[i] = write(i+1, "DELETE", "Task", "t9")
	}
	status, response = g.send(url, mine, pushOf("golden", false, writes...))
	g.entries = append(g.entries, object{"name": "too_large: a push", "status": status, "response": response})
	ask("unavailable", http.Header{"Authorization": {"a token of the operator's own"}}, "{ __typename }")
	g.exchange("internal", brokenDoor(t), key(apitest.Key), object{"query": `{ getTask(id: "t1") { id } }`})
	g.compare("errors.json")
}

// breaking is a store whose disk cannot be read from some moment on.
type breaking struct {
	store.Store
	broken atomic.Bool
}

func (b *breaking) Get(ctx context.Context, refs ...store.Ref) ([]*freshet.Record, error) {
	if b.broken.Load() {
		return nil, errors.New("the disk cannot be read")
	}
	return b.Store.Get(ctx, refs...)
}

// brokenDoor is the address of an API over a store that fails.
func brokenDoor(t *testing.T) string {
	t.Helper()
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	sources := []schema.Source{{Name: "golden.graphql", Text: goldenSDL}}
	disk := &breaking{Store: db}
	eng, err := engine.Open(t.Context(), disk, sources, engine.Options{})
	check(t, err)
	disk.broken.Store(true)
	a, err := api.New(eng, feed.New(db), api.Options{})
	check(t, err)
	door, err := graphqlhttp.New(a, &apitest.House{T: t}, graphqlhttp.Options{})
	check(t, err)
	s := httptest.NewServer(door)
	t.Cleanup(s.Close)
	return s.URL
}

// talk is a conversation on a socket that is kept.
type talk struct {
	g      *golden
	name   string
	ws     *websocket.Conn
	frames []object
}

func (g *golden) talk(name, url string) *talk {
	g.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http"), nil)
	check(g.t, err)
	check(g.t, ws.SetReadDeadline(time.Now().Add(20*time.Second)))
	return &talk{g: g, name: name, ws: ws}
}

func (c *talk) say(message any) {
	c.g.t.Helper()
	text, isText := message.(string)
	if !isText {
		b, err := json.Marshal(message)
		check(c.g.t, err)
		text = string(b)
	}
	check(c.g.t, c.ws.WriteMessage(websocket.TextMessage, []byte(text)))
	if len(text) < 2000 {
		c.frames = append(c.frames, object{"client": message})
	}
}

func (c *talk) hear() object {
	c.g.t.Helper()
	_, text, err := c.ws.ReadMessage()
	check(c.g.t, err)
	message := c.g.plain(json.RawMessage(text)).(object)
	c.frames = append(c.frames, object{"server": message})
	return message
}

// closed keeps the close code that the server ends with; end ends the conversation from this side.
func (c *talk) closed() {
	c.g.t.Helper()
	_, text, err := c.ws.ReadMessage()
	end, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		c.g.t.Fatalf("%s: %s, %v", c.name, text, err)
	}
	c.frames = append(c.frames, object{"close": object{"code": end.Code, "reason": end.Text}})
	c.end()
}

func (c *talk) end() {
	c.g.t.Helper()
	check(c.g.t, c.ws.Close())
	c.g.entries = append(c.g.entries, object{"name": c.name, "frames": c.frames})
}

func initOf(secret string) object {
	return object{"type": "connection_init", "payload": object{"x-api-key": secret}}
}

func subscribeOf(id string, request object) object {
	return object{"type": "subscribe", "id": id, "payload": request}
}

// TestGoldenSocket: conversations on sockets, and each way in which the server ends one.
func TestGoldenSocket(t *testing.T) {
	g := newGolden(t)
	cfg := server.Config{Authoriser: "http://127.0.0.1:1/", APIKeys: []string{"the-key-of-the-golden-files"}}
	_, url := served(t, cfg)
	secret := cfg.APIKeys[0]
	opened := func(name, url, secret string) *talk {
		c := g.talk(name, url)
		c.say(initOf(secret))
		c.hear()
		return c
	}

	c := opened("changes: what there is, then what comes", url, secret)
	g.send(url, key(secret), pushOf("golden", false, write(1, "CREATE", "Task", "t1", "fields", object{"title": "Paint"})))
	c.say(subscribeOf("1", changesOf(changesLive, object{"models": []string{"Task"}})))
	c.hear()
	g.send(url, key(secret), pushOf("golden", false, write(2, "UPDATE", "Task", "t1", "fields", object{"done": true})))
	c.hear()
	g.send(url, key(secret), pushOf("golden", false, write(3, "DELETE", "Task", "t1")))
	c.hear()
	c.say(object{"type": "complete", "id": "1"})
	c.say(object{"type": "ping", "payload": object{"n": 1}})
	c.hear()
	c.end()

	c = opened("a query", url, secret)
	c.say(subscribeOf("q", object{"query": "{ __typename }"}))
	c.hear()
	c.hear()
	c.end()

	c = opened("subscriptions that are refused", url, secret)
	c.say(subscribeOf("1", object{"query": "subscription { nothing }"}))
	c.hear()
	c.say(subscribeOf("2", changesOf(changesLive, object{"models": []string{"Nothing"}})))
	c.hear()
	c.say(subscribeOf("3", changesOf(changesLive, object{"after": "nothing that was ever given"})))
	c.hear()
	c.end()

	c = g.talk("4400: a message that cannot be read", url)
	c.say("{")
	c.closed()
	c = g.talk("4401: subscribe before connection_init", url)
	c.say(subscribeOf("1", object{"query": "{ __typename }"}))
	c.closed()
	c = g.talk("4403: a credential that is not valid", url)
	c.say(initOf("of somebody else"))
	c.closed()
	c = g.talk("1013: not now", url)
	c.say(object{"type": "connection_init", "payload": object{"Authorization": "a token of the operator's own"}})
	c.closed()
	c = opened("4409: an id that is taken", url, secret)
	c.say(subscribeOf("1", object{"query": "subscription { onCreateTask { id } }"}))
	c.say(subscribeOf("1", object{"query": "subscription { onCreateTask { id } }"}))
	c.closed()
	c = opened("4429: connection_init twice", url, secret)
	c.say(initOf(secret))
	c.closed()

	// The limits of time and size are small here.
	house := apitest.Open(t, goldenSDL)
	sockets := graphqlws.New(house.API, house, graphqlws.Options{InitTime: 20 * time.Millisecond, MessageBytes: 4096})
	small := httptest.NewServer(sockets)
	defer small.Close()
	c = g.talk("4408: no connection_init", small.URL)
	c.closed()
	c = opened("1009: a message over the limit", small.URL, apitest.Key)
	c.say(subscribeOf("1", object{"query": strings.Repeat(" ", 4096)}))
	c.closed()
	c = opened("1001: the server stops", small.URL, apitest.Key)
	stopped := make(chan struct{})
	go func() { defer close(stopped); sockets.Drain(context.WithoutCancel(t.Context()), 0) }()
	c.closed()
	<-stopped
	g.compare("socket.json")
}
