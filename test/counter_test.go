package test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"freshet/internal/api/control"
	"freshet/internal/server"
)

// password is good enough for everybody here.
const password = "tulip-garden-47"

// counter is where accounts are opened: a server, its operator, and a clock that tests move.
type counter struct {
	*server.Server
	operator *control.Client
}

func openCounter(t *testing.T, cfg server.Config) *counter {
	t.Helper()
	if cfg.Data == "" {
		cfg.Data = t.TempDir()
	}
	s := serve(t, cfg)
	operator, err := control.Dial(t.Context(), cfg.Data)
	check(t, err)
	return &counter{s, operator}
}

// idp gives the address of the door that speaks Cognito.
func (c *counter) idp() string { return c.URL() + "/idp" }

// secretOf is what a letter brings: a code, or the password of an invitation.
var secretOf = regexp.MustCompile(`(?m)^ +(?:password: +)?(\S+)$`)

// mailed gives the secret of the last letter to an address, from the local mailbox; empty where there is none.
func (c *counter) mailed(t *testing.T, to string) string {
	t.Helper()
	list, err := c.operator.Letters(t.Context())
	check(t, err)
	for _, entry := range list { // newest first
		if entry.To != to {
			continue
		}
		letter, err := c.operator.Letter(t.Context(), entry.ID)
		check(t, err)
		return secretIn(t, letter.Text)
	}
	return ""
}

func secretIn(t *testing.T, text string) string {
	t.Helper()
	found := secretOf.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("the letter brings nothing:\n%s", text)
	}
	return found[1]
}

// clock is ahead of the one on the wall: codes are sent at most once a minute, and tests do not wait for that.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// answer sends a value as JSON.
func answer(t *testing.T, w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		t.Error(err)
	}
}

// cognito does an operation of Cognito's.
func (c *counter) cognito(t *testing.T, operation, input string, output any) {
	t.Helper()
	status, body := c.perform(t, operation, input)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", operation, status, body)
	}
	check(t, json.Unmarshal(body, output))
}

// refuses sees that an operation of Cognito's fails.
func (c *counter) refuses(t *testing.T, name, operation, input string) {
	t.Helper()
	var fault struct {
		Type string `json:"__type"`
	}
	if status, body := c.perform(t, operation, input); status != http.StatusBadRequest || json.Unmarshal(body, &fault) != nil || fault.Type != name {
		t.Errorf("%s: %d %s, want %s", operation, status, body, name)
	}
}

func (c *counter) perform(t *testing.T, operation, input string) (status int, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.idp(), strings.NewReader(input))
	check(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	response, err := http.DefaultClient.Do(r)
	check(t, err)
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	check(t, err)
	return response.StatusCode, body
}
