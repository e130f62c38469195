package test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"freshet/internal/server"
)

// person is somebody who asks a server by HTTP.
type person struct {
	t     *testing.T
	url   string
	token string
}

func (p person) ask(method, path, body string, headers ...string) (int, string, http.Header) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		request.Header.Set("Authorization", p.token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// graphql sends a document that has to go well.
func (p person) graphql(query string) string {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	status, text, _ := p.ask("POST", "/graphql", string(body))
	if status != 200 || strings.Contains(text, `"errors"`) {
		p.t.Fatalf("%s: %d %s", query, status, text)
	}
	return text
}

// join makes an account, and signs in.
func join(t *testing.T, s *server.Server, name string) person {
	t.Helper()
	p := person{t: t, url: s.URL()}
	operation := func(operation, body string) string {
		status, text, _ := p.ask("POST", "/idp", body, "X-Amz-Target", "AWSCognitoIdentityProviderService."+operation, "Content-Type", "application/x-amz-json-1.1")
		if status != 200 {
			t.Fatalf("%s: %d %s", operation, status, text)
		}
		return text
	}
	const password = "three geese cross the mill pond"
	operation("SignUp", fmt.Sprintf(`{"ClientId":%q,"Username":%q,"Password":%q,"UserAttributes":[{"Name":"email","Value":"%s@example.com"}]}`, server.DefaultClient, name, password, name))
	answer := operation("InitiateAuth", fmt.Sprintf(`{"ClientId":%q,"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":%q,"PASSWORD":%q}}`, server.DefaultClient, name, password))
	var tokens struct {
		AuthenticationResult struct{ AccessToken string }
	}
	if err := json.Unmarshal([]byte(answer), &tokens); err != nil {
		t.Fatal(err)
	}
	p.token = tokens.AuthenticationResult.AccessToken
	return p
}

// happens tells what a calendar says to happen in some months, read by ical.js.
func happens(t *testing.T, calendar, from, to string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := exec.CommandContext(ctx, "node", "ical.mjs", from, to)
	client.Dir, client.Stdin = "wire", strings.NewReader(calendar)
	output, err := client.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, output, calendar)
	}
	return strings.TrimSpace(string(output))
}

const workCalendar = "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d11"

// TestCalendar publishes a calendar, reads it as other programs do, across the end of summer time, and reads it in
// again as somebody else.
func TestCalendar(t *testing.T) {
	if _, err := os.Stat(filepath.Join("wire", "node_modules", "ical.js")); err != nil {
		t.Skip("the client libraries are not installed; make test installs them")
	}
	s := serve(t, server.Config{NoVerification: true})
	ana, ben := join(t, s, "ana"), join(t, s, "ben")
	ana.graphql(`mutation {
		createCalendar(input: {id: "` + workCalendar + `", name: "Work, and more", color: "#0b7285"}) { id }
		series: createEvent(input: {id: "series", calendar: "` + workCalendar + `", title: "Stand-up", zone: "Europe/Zurich", rrule: "FREQ=WEEKLY;BYDAY=MO",
			start: "2026-10-12T07:00:00.000Z", end: "2026-10-12T07:15:00.000Z", exdates: ["2026-10-19T07:00:00.000Z"]}) { id }
		moved: createEvent(input: {id: "moved", calendar: "` + workCalendar + `", title: "Stand-up, on Tuesday", zone: "Europe/Zurich",
			start: "2026-11-03T09:00:00.000Z", end: "2026-11-03T09:15:00.000Z", series: "series", occurrence: "2026-11-02T08:00:00.000Z"}) { id }
		day: createEvent(input: {id: "day", calendar: "` + workCalendar + `", title: "Fair", allDay: true, start: "2026-10-24T00:00:00.000Z", end: "2026-10-26T00:00:00.000Z"}) { id }
		call: createEvent(input: {id: "call", calendar: "` + workCalendar + `", title: "Call; with Oslo, twice", start: "2026-10-25T01:30:00.000Z", end: "2026-10-25T01:45:00.000Z"}) { id }
		other: createEvent(input: {id: "other", calendar: "another", title: "Dentist", start: "2026-10-25T01:30:00.000Z", end: "2026-10-25T01:45:00.000Z"}) { id }
	}`)
	// Anybody may name a calendar in an event of theirs. It is not in the feed.
	ben.graphql(`mutation { createEvent(input: {calendar: "` + workCalendar + `", title: "Buy now", start: "2026-10-25T01:30:00.000Z", end: "2026-10-25T01:45:00.000Z"}) { id } }`)

	var published struct{ Key, Page, Feed string }
	status, text, _ := ana.ask("POST", "/calendar/"+workCalendar+"/key", "")
	if err := json.Unmarshal([]byte(text), &published); status != 200 || err != nil {
		t.Fatalf("publish: %d %s, %v", status, text, err)
	}
	if published.Page != "/calendar/"+workCalendar+"#"+published.Key || published.Feed != "/calendar/"+workCalendar+".ics?key="+published.Key {
		t.Errorf("the links are %+v", published)
	}
	anybody := person{t: t, url: s.URL()}
	status, feed, header := anybody.ask("GET", published.Feed, "")
	if status != 200 || header.Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Fatalf("the feed: %d %s %v", status, feed, header)
	}
	if status, _, _ := anybody.ask("GET", published.Feed, "", "If-None-Match", header.Get("ETag")); status != 304 {
		t.Errorf("the feed again: %d", status)
	}
	want := strings.Join([]string{
		"2026-10-12T07:00:00.000Z 2026-10-12T07:15:00.000Z Stand-up", // 9 in summer; the 19th is left out
		"2026-10-24 2026-10-26 Fair",
		"2026-10-25T01:30:00.000Z 2026-10-25T01:45:00.000Z Call; with Oslo, twice",
		"2026-10-26T08:00:00.000Z 2026-10-26T08:15:00.000Z Stand-up", // 9 in winter
		"2026-11-03T09:00:00.000Z 2026-11-03T09:15:00.000Z Stand-up, on Tuesday",
		"2026-11-09T08:00:00.000Z 2026-11-09T08:15:00.000Z Stand-up",
	}, "\n")
	if got := happens(t, feed, "2026-10-01", "2026-11-15"); got != want {
		t.Errorf("what happens is\n%s\nwant\n%s\nof\n%s", got, want, feed)
	}
	inSpring := "2037-03-23T08:00:00.000Z 2037-03-23T08:15:00.000Z Stand-up\n2037-03-30T07:00:00.000Z 2037-03-30T07:15:00.000Z Stand-up"
	if got := happens(t, feed, "2037-03-20", "2037-04-01"); got != inSpring {
		t.Errorf("after years, what happens is\n%s\nwant\n%s", got, inSpring)
	}

	// Ben takes it over, twice, into a calendar of his own.
	const bens = "5c1f7a52-0d6e-4c39-8a53-9b1de0c6f3aa"
	ben.graphql(`mutation { createCalendar(input: {id: "` + bens + `", name: "Ana's"}) { id } }`)
	for _, want := range []string{`{"created":4,"updated":0,"unchanged":0,"refused":0,"ignored":0}`, `{"created":0,"updated":0,"unchanged":4,"refused":0,"ignored":0}`} {
		if status, text, _ := ben.ask("POST", "/agenda/import?calendar="+bens, feed, "Content-Type", "text/calendar"); status != 200 || strings.TrimSpace(text) != want {
			t.Errorf("the import gives %d %s, want %s", status, text, want)
		}
	}
	if status, text, _ = ben.ask("POST", "/calendar/"+bens+"/key", ""); status != 200 || json.Unmarshal([]byte(text), &published) != nil {
		t.Fatalf("publish: %d %s", status, text)
	}
	_, again, _ := anybody.ask("GET", published.Feed, "")
	if got := happens(t, again, "2026-10-01", "2026-11-15"); got != want {
		t.Errorf("read in again, what happens is\n%s\nwant\n%s\nof\n%s", got, want, again)
	}
}
