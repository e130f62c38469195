package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPublishedCalendar: the key that an owner gets lets visitors in by socket until the calendar is taken back.
func TestPublishedCalendar(t *testing.T) {
	const id = "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d11"
	s := start(t, Config{})
	ana := s.signIn(t, "ana")
	s.ask(t, "POST", "/graphql", `{"query":"mutation { createCalendar(input: {id: \"`+id+`\", name: \"Work\"}) { id } }"}`, "Content-Type", "application/json", "Authorization", ana)
	response, text := s.ask(t, "POST", "/calendar/"+id+"/key", "", "Authorization", ana)
	var published struct{ Key, Feed string }
	if err := json.Unmarshal([]byte(text), &published); response.StatusCode != 200 || err != nil {
		t.Fatalf("publish: %d %s", response.StatusCode, text)
	}
	ws := s.connect(t, `{"x-api-key":"`+published.Key+`"}`)
	if response, text := s.ask(t, "GET", published.Feed, ""); response.StatusCode != 200 || !strings.Contains(text, "X-WR-CALNAME:Work") {
		t.Errorf("the feed: %d %s", response.StatusCode, text)
	}
	if response, text := s.ask(t, "DELETE", "/calendar/"+id+"/key", "", "Authorization", ana); response.StatusCode != 200 {
		t.Errorf("unpublish: %d %s", response.StatusCode, text)
	}
	_, _, err := ws.ReadMessage()
	refuses(t, "a calendar that was taken back", err, "")
	if response, _ := s.ask(t, "GET", published.Feed, ""); response.StatusCode != 404 {
		t.Errorf("the feed after that: %d", response.StatusCode)
	}
	s.end()
	if strings.Contains(s.log.String(), published.Key) {
		t.Error("the log holds the key")
	}
	if !strings.Contains(s.log.String(), "what=PublishCalendar") || !strings.Contains(s.log.String(), "what=UnpublishCalendar") {
		t.Error("the log does not tell of it")
	}
}

// TestOtherSchema: where there are no calendars of the workspace, there are no doors to them, and no app.
func TestOtherSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "schema.graphql")
	if err := os.WriteFile(path, []byte(iamSchema), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{Schema: []string{path}})
	for path, status := range map[string]int{"/": 200, "/calendar/x": 404, "/calendar/x.ics": 404, "/calendar/x/key": 404, "/tasks": 404, "/api/v3/AvailableCountries": 200} {
		if response, text := s.ask(t, "GET", path, "", "Accept", "text/html"); response.StatusCode != status {
			t.Errorf("%s: %d %.100s", path, response.StatusCode, text)
		}
	}
}
