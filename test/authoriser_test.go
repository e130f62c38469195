package test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freshet/internal/server"
)

// TestCustomAuthoriser lets in whom a function of the operator's knows, over HTTP and at a socket, and nobody else; and to
// what rules for custom guard alone.
func TestCustomAuthoriser(t *testing.T) {
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		ttl := ""
		if strings.Contains(string(body), "asked each time") {
			ttl = `,"ttlOverride":0`
		}
		fmt.Fprintf(w, `{"isAuthorized":%v,"resolverContext":{"username":"hook","sub":"17","cognito:groups":["admins"]}%s}`, strings.Contains(string(body), `"a token of ours`), ttl)
	}))
	defer function.Close()
	sdl := filepath.Join(t.TempDir(), "hook.graphql")
	check(t, os.WriteFile(sdl, []byte(`
		type Hook @model @auth(rules: [{allow: custom}]) { text: String }
		type Note @model @auth(rules: [{allow: owner}, {allow: private}, {allow: groups, groups: ["admins"]}, {allow: owner, provider: oidc}, {allow: public}]) { text: String }`), 0o600))
	c := openCounter(t, server.Config{Schema: []string{sdl}, Authoriser: function.URL})
	const ours = "a token of ours"
	if got := c.ask(t, ours, `mutation { createHook(input: {text: "x"}) { text } }`); got != `200 {"data":{"createHook":{"text":"x"}}}` {
		t.Errorf("who the function knows is answered %s", got)
	}
	for _, query := range []string{`mutation { createNote(input: {text: "x"}) { text } }`, `{ listNotes { items { text } } }`} {
		if got := c.ask(t, ours, query); !strings.Contains(got, `"errorType":"Unauthorized"`) {
			t.Errorf("what is not for custom: %s gives %s", query, got)
		}
	}
	c.believes(t, "who the function knows", ours)
	c.believes(t, "who it wants to be asked about each time", ours+", asked each time")
	c.refusesToken(t, "who it does not know", "another token")
	function.Close()
	c.believes(t, "who it knew a moment ago", ours)
	if got := c.ask(t, ours+", asked each time", asksNothing); !strings.HasPrefix(got, "503 ") {
		t.Errorf("while the function is down, who it wants to be asked about is answered %s", got)
	}
}
