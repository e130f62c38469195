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

// TestCustomAuthoriser lets in whom a function of the operator's knows, and nobody else.
func TestCustomAuthoriser(t *testing.T) {
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"isAuthorized":%v,"resolverContext":{"username":"hook"}}`, strings.Contains(string(body), `"a token of ours"`))
	}))
	defer function.Close()
	sdl := filepath.Join(t.TempDir(), "hook.graphql")
	check(t, os.WriteFile(sdl, []byte(`type Hook @model @auth(rules: [{allow: custom}]) { text: String }`), 0o600))
	s := serve(t, server.Config{Schema: []string{sdl}, Authoriser: function.URL})
	ask := func(token string) string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.Addr()+"/graphql",
			strings.NewReader(`{"query":"mutation { createHook(input: {text: \"x\"}) { text } }"}`))
		check(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", token)
		response, err := http.DefaultClient.Do(request)
		check(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		check(t, err)
		return fmt.Sprint(response.StatusCode, " ", string(answer))
	}
	if got := ask("a token of ours"); got != `200 {"data":{"createHook":{"text":"x"}}}` {
		t.Errorf("who the function knows is answered %s", got)
	}
	if got := ask("another token"); !strings.HasPrefix(got, "401 ") || !strings.Contains(got, "UnauthorizedException") {
		t.Errorf("who it does not know is answered %s", got)
	}
}
