package agenda

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/api/apitest"
	"freshet/internal/auth"
	"freshet/schemas"
)

// The calendars of Ana: one of her own, and one that she shares with Ben.
const (
	own    = "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d11"
	shared = "0b7f5e1a-6b1d-4a53-9d0e-3f6a2b8c7d12"
)

// desk is a door with what is behind it.
type desk struct {
	*apitest.House
	door    *Door
	keys    *auth.Keys
	journal *apitest.Journal
	forgot  []string
}

// identifier knows keys, and the users of a house.
type identifier struct {
	*apitest.House
	keys *auth.Keys
}

func (i identifier) Identify(ctx context.Context, c auth.Credentials) (freshet.Identity, time.Time, error) {
	if c.APIKey != "" && c.APIKey != apitest.Key {
		id, err := i.keys.Check(c.APIKey)
		return id, time.Time{}, err
	}
	return i.House.Identify(ctx, c)
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{House: apitest.Open(t, schemas.Workspace), journal: new(apitest.Journal)}
	if !Fits(d.Engine.Schema()) {
		t.Fatal("the schema of the workspace does not fit")
	}
	var err error
	if d.keys, err = auth.OpenKeys(t.Context(), d.Engine.Documents(), time.Now); err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("the page")) })
	d.door = New(Options{
		Engine: d.Engine, API: d.API, By: identifier{d.House, d.keys}, Keys: d.keys, Page: page, Audit: d.journal,
		Forget: func(_ context.Context, ref string) { d.forgot = append(d.forgot, ref) },
	})
	d.does("ana", `createCalendar(input: {id: "`+own+`", name: "Own"}) { id }`)
	d.does("ana", `createCalendar(input: {id: "`+shared+`", name: "Shared", sharedWith: ["ben"]}) { id }`)
	return d
}

// does has a user make a mutation that has to go well.
func (d *desk) does(who, mutation string) string {
	d.T.Helper()
	answer := d.Ask(d.User(who), "mutation { "+mutation+" }")
	if strings.Contains(answer, `"errors"`) {
		d.T.Fatalf("%s: %s gives %s", who, mutation, answer)
	}
	return answer
}

// event has a user make an event in a calendar.
func (d *desk) event(who, calendar, title string) {
	d.T.Helper()
	d.does(who, `createEvent(input: {title: "`+title+`", calendar: "`+calendar+`", start: "2026-11-21T12:00:00Z", end: "2026-11-21T13:00:00Z"}) { id }`)
}

// ask sends a request; who is a user, a key after "key ", or nobody.
func (d *desk) ask(who, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(d.T.Context(), method, path, strings.NewReader(body))
	if key, found := strings.CutPrefix(who, "key "); found {
		r.Header.Set("X-Api-Key", key)
	} else if who != "" {
		r.Header.Set("Authorization", who)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.door.ServeHTTP(w, r)
	return w
}

// publishes has a user publish a calendar, which has to go well.
func (d *desk) publishes(who, calendar string) Published {
	d.T.Helper()
	w := d.ask(who, "POST", "/calendar/"+calendar+"/key", "")
	var p Published
	if err := json.Unmarshal(w.Body.Bytes(), &p); w.Code != 200 || err != nil {
		d.T.Fatalf("publish %s: %d %s", calendar, w.Code, w.Body)
	}
	return p
}
