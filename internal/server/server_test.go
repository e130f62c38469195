package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"freshet"
	"freshet/internal/api/control"
	"freshet/internal/store"
	"freshet/web"
)

// running is a server that runs until the test ends.
type running struct {
	*Server
	log *syncBuffer
	end func() // idempotent
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func start(t *testing.T, cfg Config) *running {
	t.Helper()
	if cfg.Data == "" {
		cfg.Data = t.TempDir()
	}
	cfg.Listen = "127.0.0.1:0"
	log := new(syncBuffer)
	s, err := Open(t.Context(), cfg, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r := &running{Server: s, log: log}
	r.end = sync.OnceFunc(func() {
		stop()
		if err := errors.Join(<-done, s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.end)
	return r
}

// ask sends a request, and gives the response with its body.
func (r *running) ask(t *testing.T, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.Addr()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

func TestRoutes(t *testing.T) {
	s := start(t, Config{})
	page, asset := "This server keeps records in step", "/page.css" // in the place of the app
	if _, built := web.App(); built {
		page, asset = `id="root"`, "/theme.js"
	}
	for _, c := range []struct {
		method, path string
		body         string
		headers      []string
		status       int
		contains     string
	}{
		{"GET", "/", "", []string{"Accept", "text/html"}, 200, page},
		{"GET", "/healthz", "", nil, 200, "ok"},
		{"GET", "/readyz", "", nil, 200, "ready"},
		{"POST", "/readyz", "", nil, 405, ""},
		{"GET", "/nothing", "", nil, 404, ""},
		{"POST", "/nothing", "", nil, 405, ""},
		{"POST", "/", "", nil, 400, "UnknownOperationException"},
		{"GET", asset, "", nil, 200, "{"},
		{"GET", "/api/v3/AvailableCountries", "", nil, 200, `{"countryCode":"CH","name":"Switzerland"}`},
		{"GET", "/api/v3/Nothing", "", []string{"Accept", "text/html"}, 404, ""},
		{"POST", "/agenda/import", "", nil, 401, "UnauthorizedException"},
		{"GET", "/agenda/import", "", []string{"Accept", "text/html"}, 405, ""},
		{"GET", "/calendar/x.ics?key=y", "", []string{"Accept", "text/html"}, 404, ""},
		{"GET", "/oauth2/nothing", "", []string{"Accept", "text/html"}, 404, ""},
		{"GET", "/graphql", "", nil, 405, "send GraphQL requests by POST"},
		{"POST", "/graphql", `{"query":"{ __typename }"}`, nil, 401, "UnauthorizedException"},
		{"POST", "/graphql", `{"query":"{ __typename }"}`, []string{"x-api-key", s.APIKey()}, 200, `{"data":{"__typename":"Query"}}`},
		{"POST", "/graphql", s.Example(), []string{"x-api-key", s.APIKey()}, 200, `"title":"Try Freshet"`},
		{"OPTIONS", "/graphql", "", []string{"Origin", "https://app.example", "Access-Control-Request-Method", "POST"}, 204, ""},
	} {
		if c.method == "POST" {
			c.headers = append(c.headers, "Content-Type", "application/json")
		}
		response, body := s.ask(t, c.method, c.path, c.body, c.headers...)
		if response.StatusCode != c.status || !strings.Contains(body, c.contains) {
			t.Errorf("%s %s: %d %.200s; want %d and %q", c.method, c.path, response.StatusCode, body, c.status, c.contains)
		}
		if strings.Contains(body, s.APIKey()) {
			t.Errorf("%s %s shows the key", c.method, c.path)
		}
	}
}

func TestRequestID(t *testing.T) {
	s := start(t, Config{})
	var ids []string
	for _, c := range []struct {
		sent string
		kept bool
	}{
		{"", false},
		{"a-1_B.2:c/d=e+f", true},
		{strings.Repeat("x", maxRequestID), true},
		{strings.Repeat("x", maxRequestID+1), false},
		{"with space", false},
		{`quote"`, false},
		{"ünicode", false},
	} {
		response, _ := s.ask(t, "GET", "/healthz", "", "X-Request-Id", c.sent)
		id := response.Header.Get("X-Request-Id")
		if id == "" || (id == c.sent) != c.kept {
			t.Errorf("%q is answered with %q", c.sent, id)
		}
		if got := response.Header.Get("X-Amzn-Requestid"); got != id {
			t.Errorf("the two names of the id hold %q and %q", id, got)
		}
		ids = append(ids, id)
	}
	s.end()
	for _, id := range ids {
		if !strings.Contains(s.log.String(), id) {
			t.Errorf("the log has no request %q", id)
		}
	}
}

// TestRequestIDOfErrors holds that what goes wrong is found in the log by the id that the client was given.
func TestRequestIDOfErrors(t *testing.T) {
	s := start(t, Config{})
	api := []string{"X-Api-Key", s.APIKey(), "Content-Type", "application/json"}
	signIn := `{"ClientId":"` + DefaultClient + `","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"wrong"}}`
	accounts := []string{"X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth", "Content-Type", "application/x-amz-json-1.1"}
	if response, body := s.ask(t, "POST", "/idp", signIn, append(accounts, "X-Request-Id", "refused")...); response.StatusCode != 400 {
		t.Errorf("a wrong password gives %d %s", response.StatusCode, body)
	}
	// Records that nothing of ours writes.
	broken := store.Batch{Puts: []store.Put{
		{Ref: store.Ref{Model: "Task", Key: freshet.StringKey("t1")}, Op: freshet.OpCreate, Body: []byte(`[1]`), Audience: []freshet.Token{"public"}},
		{Ref: store.Ref{Model: "_UserAlias", Key: freshet.StringKey("name:ana")}, Op: freshet.OpCreate, Body: []byte(`[]`)},
	}}
	if _, err := s.store.Commit(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	s.ask(t, "POST", "/graphql", `{"query":"{ getTask(id: \"t1\") { title } }"}`, append(api, "X-Request-Id", "broken-read")...)
	s.ask(t, "POST", "/idp", signIn, append(accounts, "X-Request-Id", "broken-sign-in")...)
	for id, line := range map[string]string{
		"refused": "msg=audit what=InitiateAuth .*", "broken-read": `level=ERROR msg="request failed" field=getTask .*`,
		"broken-sign-in": `level=ERROR msg="request failed" .*`,
	} {
		if !regexp.MustCompile(line + "request_id=" + id + "\\n").MatchString(s.log.String()) {
			t.Errorf("there is no line %s of the request %s in\n%s", line, id, s.log)
		}
	}
}

func TestNotReady(t *testing.T) {
	s := start(t, Config{})
	s.entries(t)                            // so that those of the start are written
	if err := s.store.Close(); err != nil { // as after a failed disk, it refuses writes
		t.Fatal(err)
	}
	if response, body := s.ask(t, "GET", "/readyz", ""); response.StatusCode != 503 || !strings.Contains(body, "the store is closed") {
		t.Errorf("without a store: %d %s", response.StatusCode, body)
	}
	if response, _ := s.ask(t, "GET", "/healthz", ""); response.StatusCode != 200 {
		t.Errorf("the process is not alive: %d", response.StatusCode)
	}
	s.ready.Store(false)
	if response, body := s.ask(t, "GET", "/readyz", ""); response.StatusCode != 503 || !strings.Contains(body, "shutting down") {
		t.Errorf("while shutting down: %d %s", response.StatusCode, body)
	}
}

func TestAPIKey(t *testing.T) {
	data := t.TempDir()
	path := filepath.Join(data, keyFile)
	asks := func(s *running, secret string) int {
		response, _ := s.ask(t, "POST", "/graphql", `{"query":"{ __typename }"}`, "Content-Type", "application/json", "X-Api-Key", secret)
		return response.StatusCode
	}
	first := start(t, Config{Data: data})
	key := first.APIKey()
	if asks(first, key) != 200 {
		t.Error("the key that was made does not let in")
	}
	first.end()

	// The key of the file goes on to let in, beside those that are given, and may be one of these.
	second := start(t, Config{Data: data, APIKeys: []string{"given-secret", "another-secret"}})
	for _, secret := range []string{key, "given-secret", "another-secret"} {
		if asks(second, secret) != 200 {
			t.Errorf("%q does not let in", secret)
		}
	}
	second.end()
	third := start(t, Config{Data: data, APIKeys: []string{key}})
	if asks(third, key) != 200 {
		t.Error("the key does not let in when it is given too")
	}
	third.end()

	// Without the file, the key is none, and another is made.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	fourth := start(t, Config{Data: data})
	if fourth.APIKey() == key || asks(fourth, key) != 401 {
		t.Error("the key lets in without its file")
	}
	fourth.end()
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Data: data, Listen: "127.0.0.1:0"}, slog.New(slog.DiscardHandler)); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("a file without a key gives %v", err)
	}
}

// TestClose opens what there is, runs or does not, and leaves nothing behind.
func TestClose(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	data := t.TempDir()
	cfg := Config{Data: data, Listen: "127.0.0.1:0"}
	logger := slog.New(slog.DiscardHandler)
	s, err := Open(t.Context(), cfg, logger) // never runs
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), cfg, logger); freshet.CodeOf(err) != freshet.Unavailable {
		t.Errorf("a second server on the directory gives %v", err)
	}
	taken := cfg
	taken.Data, taken.Listen = t.TempDir(), s.Addr()
	if _, err := Open(t.Context(), taken, logger); freshet.CodeOf(err) != freshet.Unavailable {
		t.Errorf("a second server on the address gives %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	r := start(t, cfg) // the directory is free again
	ctx, cancel := context.WithCancel(t.Context())
	desk, err := control.Dial(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	// A tail that follows does not hold up the end.
	begun, tailed := make(chan struct{}), make(chan error, 1)
	go func() {
		once := sync.OnceFunc(func() { close(begun) })
		tailed <- desk.Tail(ctx, control.TailQuery{Follow: true}, func([]control.Entry) error {
			once()
			return nil
		})
	}()
	<-begun
	r.end()
	if err := <-tailed; freshet.CodeOf(err) != freshet.Unavailable {
		t.Errorf("the tail ends with %v", err)
	}
	cancel()
	if _, err := control.Dial(t.Context(), data); !errors.Is(err, control.ErrNobody) {
		t.Errorf("after the end, %v", err)
	}
}

func TestOffline(t *testing.T) {
	data := t.TempDir()
	logger := slog.New(slog.DiscardHandler)
	if _, err := OpenOffline(t.Context(), Config{Data: data}, StoreOnly, logger); freshet.CodeOf(err) != freshet.NotFound {
		t.Errorf("a directory without data gives %v", err)
	}
	sdl := filepath.Join(t.TempDir(), "note.graphql")
	if err := os.WriteFile(sdl, []byte(`type Note @model @auth(rules: [{allow: public}]) { text: String }`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{{Data: data, Schema: []string{sdl}}, {Data: data}} { // then the one that is stored
		desk, err := OpenOffline(t.Context(), cfg, WithEngine, logger)
		if err != nil {
			t.Fatal(err)
		}
		status, err := desk.Status(t.Context())
		if err != nil || len(status.Models) != 1 || status.Models[0] != "Note" {
			t.Errorf("the schema has %v, %v", status.Models, err)
		}
		if report, err := desk.Check(t.Context(), func(string, int) {}); err != nil || len(report.Problems) > 0 {
			t.Errorf("the check finds %v, %v", report.Problems, err)
		}
		if err := desk.Close(); err != nil {
			t.Error(err)
		}
	}
}
