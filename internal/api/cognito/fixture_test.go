package cognito_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"freshet/internal/accesskey"
	"freshet/internal/accounts"
	"freshet/internal/api/cognito"
	"freshet/internal/engine"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
)

const (
	poolID         = "local_test"
	identityPoolID = "local:6f1d2c3b-0000-4000-8000-000000000001"
	password       = "tulip-garden-47"
)

// signer is an access key that requests are signed with.
type signer struct{ id, secret, session string }

// house is a door with everything beneath it.
type house struct {
	t       *testing.T
	db      *pebble.DB
	pool    *accounts.Pool
	checks  *accesskey.Verifier
	url     string
	signers map[string]signer // admin, plain
	known   map[string]string // the texts of former answers, by their names

	mu    sync.Mutex
	at    time.Time
	mails []accounts.Message
}

func open(t *testing.T, configure ...func(*accounts.Config, *cognito.Options)) *house {
	t.Helper()
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	eng, err := engine.Open(t.Context(), db, []schema.Source{{Name: "schema.graphql", Text: `type Task @model @auth(rules: [{allow: owner}]) { title: String! }`}}, engine.Options{})
	must(t, err)
	h := &house{t: t, db: db, signers: make(map[string]signer), known: make(map[string]string), at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	secret := bytes.Repeat([]byte("fixture "), 4)
	config := accounts.Config{Secret: secret, PoolID: poolID, Issuer: "https://id.test/idp", Clients: []string{"web", "cli"}, Mailer: h, Now: h.now}
	opts := cognito.Options{PoolID: poolID, IdentityPoolID: identityPoolID, AllowGuests: true, BodyBytes: 16 << 10}
	for _, c := range configure {
		c(&config, &opts)
	}
	h.pool, err = accounts.Open(t.Context(), eng.Documents(), config)
	must(t, err)
	keys, err := accesskey.New(eng.Documents(), secret, h.now)
	must(t, err)
	for name, admin := range map[string]bool{"admin": true, "plain": false} {
		key, secret, err := keys.Create(t.Context(), name, time.Time{}, admin)
		must(t, err)
		h.signers[name] = signer{id: key.ID, secret: secret}
	}
	h.checks = accesskey.NewVerifier(keys, accesskey.Options{Now: h.now})
	server := httptest.NewServer(cognito.New(h.pool, keys, h.checks, opts))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// Send keeps a mail.
func (h *house) Send(_ context.Context, m accounts.Message) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mails = append(h.mails, m)
	return nil
}

// mailed gives what was mailed last to an address: a code, a password.
func (h *house) mailed(what, to string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range slices.Backward(h.mails) {
		if m.To == to && m.Data[what] != "" {
			return m.Data[what]
		}
	}
	h.t.Errorf("no %s was mailed to %s", what, to)
	return ""
}

// request makes a request of an operation of the user pool, or of any one that is named in full.
func (h *house) request(operation, body string) *http.Request {
	h.t.Helper()
	if !strings.Contains(operation, ".") {
		operation = "AWSCognitoIdentityProviderService." + operation
	}
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/idp", strings.NewReader(body))
	must(h.t, err)
	r.Header.Set("X-Amz-Target", operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return r
}

// sign signs a request by one of the signers.
func (h *house) sign(r *http.Request, body, by string) {
	h.t.Helper()
	sum := sha256.Sum256([]byte(body))
	credentials := aws.Credentials{AccessKeyID: h.signers[by].id, SecretAccessKey: h.signers[by].secret, SessionToken: h.signers[by].session}
	must(h.t, v4.NewSigner().SignHTTP(h.t.Context(), credentials, r, hex.EncodeToString(sum[:]), "cognito-idp", "local", h.now()))
}

func (h *house) send(r *http.Request) (*http.Response, string) {
	h.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	must(h.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(h.t, err)
	return response, string(text)
}

// step is an operation and its answer. In its body $name stands for the text that the last answer with such a
// member had there, and ${code ana@example.com} for what was mailed. In the answer "*" stands for any text or
// number.
type step struct {
	operation string
	body      string
	by        string         // who signs; empty: nobody
	fault     accounts.Fault // with any message
	want      string
}

var placeholder = regexp.MustCompile(`\$\{(\w+) ([^}]+)\}|\$(\w+)`)

func (h *house) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		if m[1] != "" {
			return h.mailed(m[1], m[2])
		}
		value, ok := h.known[m[3]]
		if !ok {
			h.t.Errorf("no answer has had %s", m[3])
		}
		return value
	})
}

// walk takes steps one after another.
func (h *house) walk(steps ...step) {
	h.t.Helper()
	for i, s := range steps {
		what := fmt.Sprintf("step %d, %s", i, s.operation)
		if d, err := time.ParseDuration(s.operation); err == nil {
			h.wait(d)
			continue
		}
		body := h.fill(s.body)
		r := h.request(s.operation, body)
		if s.by != "" {
			h.sign(r, body, s.by)
		}
		response, text := h.send(r)
		var answer map[string]any
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			h.t.Errorf("%s: %s is no JSON object", what, text)
			continue
		}
		if s.fault != "" {
			message, _ := answer["message"].(string)
			if response.StatusCode != 400 || response.Header.Get("x-amzn-errortype") != string(s.fault) || answer["__type"] != string(s.fault) || message == "" {
				h.t.Errorf("%s: %d %s %s, want %s", what, response.StatusCode, response.Header.Get("x-amzn-errortype"), text, s.fault)
			}
			continue
		}
		var want any
		must(h.t, json.Unmarshal([]byte(s.want), &want))
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/x-amz-json-1.1" || !fits(answer, want) {
			h.t.Errorf("%s: %d %s\nwant %s", what, response.StatusCode, text, s.want)
		}
		h.learn(answer)
	}
}

func (h *house) learn(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if text, ok := member.(string); ok {
				h.known[name] = text
			}
			h.learn(member)
		}
	case []any:
		for _, element := range value {
			h.learn(element)
		}
	}
}

// fits compares an answer with one that has "*" in it.
func fits(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for name := range want {
			if !fits(got[name], want[name]) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		return ok && slices.EqualFunc(got, want, fits)
	case string:
		_, number := got.(float64)
		return got == want || want == "*" && (number || got != nil && got != "")
	}
	return got == want
}
