package holidays

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

// nager is a service that speaks as Nager.Date does.
type nager struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	answer func(w http.ResponseWriter, path string)
}

func startNager(t *testing.T) *nager {
	n := &nager{answer: known}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.asked = append(n.asked, strings.TrimPrefix(r.URL.Path, "/api/v3/"))
		answer := n.answer
		n.mu.Unlock()
		answer(w, r.URL.Path)
	}))
	t.Cleanup(n.Close)
	return n
}

// known is what the service answers when all is well.
func known(w http.ResponseWriter, path string) {
	switch path {
	case "/api/v3/AvailableCountries":
		_, _ = w.Write([]byte(`[{"countryCode":"CH","name":"Switzerland"},{"countryCode":"AD","name":"Andorra"}]`))
	case "/api/v3/PublicHolidays/2026/CH":
		_, _ = w.Write([]byte(`[{"date":"2026-08-01","localName":"Bundesfeier","name":"Swiss National Day","countryCode":"CH","fixed":false,"global":true,"counties":null,"launchYear":1994,"types":["Public"],"more":1}]`))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (n *nager) set(answer func(w http.ResponseWriter, path string)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer = answer
}

// wasAsked gives what the service was asked since this was called before.
func (n *nager) wasAsked() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := strings.Join(n.asked, " ")
	n.asked = nil
	return asked
}

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

func remote(n *nager, documents freshet.Documents, c *clock) *Remote {
	return NewRemote(n.URL+"/", documents, c.now, slog.New(slog.DiscardHandler))
}

const bothAsked = "AvailableCountries PublicHolidays/2026/CH"

func TestRemote(t *testing.T) {
	n, c, documents := startNager(t), new(clock), new(documentstest.Memory)
	s := remote(n, documents, c)
	has := func(s Source) {
		t.Helper()
		list, err := s.Public(t.Context(), 2026, "CH")
		if err != nil || len(list) != 1 || list[0].Name != "Swiss National Day" || *list[0].LaunchYear != 1994 || !list[0].Global {
			t.Errorf("holidays %+v, %v", list, err)
		}
	}
	asked := func(want string) {
		t.Helper()
		if got := n.wasAsked(); got != want {
			t.Errorf("the service was asked %q, want %q", got, want)
		}
	}
	has(s)
	asked(bothAsked)
	has(s)
	has(remote(n, documents, c)) // after a restart
	asked("")
	c.advance(fresh)
	has(s)
	asked(bothAsked)
	if strings.Contains(documents.String(), "more") {
		t.Error("what is no part of a holiday is kept")
	}

	// It goes down. What was known is told, and it is left alone for a while.
	down := func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusBadGateway) }
	n.set(down)
	c.advance(fresh)
	has(s)
	asked("AvailableCountries")
	has(s)
	asked("")
	c.advance(pause)
	has(s)
	asked("AvailableCountries")
	if _, err := s.Public(t.Context(), 2027, "CH"); freshet.CodeOf(err) != freshet.Unavailable {
		t.Errorf("of a year that was never read: %v", err)
	}
	n.Close()
	c.advance(pause)
	has(s)
	if _, err := remote(n, new(documentstest.Memory), c).Countries(t.Context()); freshet.CodeOf(err) != freshet.Unavailable {
		t.Errorf("a service that was never there: %v", err)
	}
}

func TestUnknownCountry(t *testing.T) {
	n, c := startNager(t), new(clock)
	s := remote(n, new(documentstest.Memory), c)
	for _, code := range []string{"XX", "ch", "", "CH/../AD", "AT"} {
		if _, err := s.Public(t.Context(), 2026, code); freshet.CodeOf(err) != freshet.NotFound {
			t.Errorf("%q: %v", code, err)
		}
	}
	if got := n.wasAsked(); got != "AvailableCountries" {
		t.Errorf("the service was asked %q", got)
	}
}

// TestOddAnswers: what is no list of holidays is none, and is not kept.
func TestOddAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "prose": "<html>", "null": "null", "an object": `{}`, "another list": `[1]`, "without an end": `[{"date":"2026`,
		"too large": `[` + strings.Repeat(`{"name":"x"},`, maxAnswer/12) + `{}]`,
	} {
		n, documents := startNager(t), new(documentstest.Memory)
		n.set(func(w http.ResponseWriter, _ string) { _, _ = w.Write([]byte(body)) })
		if list, err := remote(n, documents, new(clock)).Countries(t.Context()); freshet.CodeOf(err) != freshet.Unavailable || len(documents.All()) > 0 {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
}

// TestSlowService: who asks waits no longer than the time for it, and those who ask at once ask once.
func TestSlowService(t *testing.T) {
	n, c := startNager(t), new(clock)
	release := make(chan struct{})
	defer close(release) // before the service closes
	n.set(func(w http.ResponseWriter, path string) { <-release })
	s := remote(n, new(documentstest.Memory), c)
	s.client.Timeout = 300 * time.Millisecond
	began := time.Now()
	var askers sync.WaitGroup
	for range 20 {
		askers.Go(func() {
			if _, err := s.Countries(t.Context()); freshet.CodeOf(err) != freshet.Unavailable {
				t.Error(err)
			}
		})
	}
	askers.Wait()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("they waited for %v", took)
	}
	if got := n.wasAsked(); got != "AvailableCountries" {
		t.Errorf("the service was asked %q", got)
	}
}
