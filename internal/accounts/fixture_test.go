package accounts

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// postbox keeps what was mailed.
type postbox struct {
	mu       sync.Mutex
	messages []Message
	nobody   int // messages to nobody
	fail     error
}

func (b *postbox) Send(_ context.Context, m Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	if m.To == "" {
		b.nobody++
		return nil
	}
	b.messages = append(b.messages, m)
	return nil
}

// sends gives how often the pool had to wait for the post.
func (b *postbox) sends() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.messages) + b.nobody
}

func (b *postbox) all() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// journal keeps the entries of the audit.
type journal struct {
	mu      sync.Mutex
	entries []Entry
}

func (j *journal) Record(_ context.Context, e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
}

func (j *journal) last() Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == 0 {
		return Entry{}
	}
	return j.entries[len(j.entries)-1]
}

type fixture struct {
	*Pool
	t     testing.TB
	clock *clock
	store *documentstest.Memory
	post  *postbox
	audit *journal
}

var (
	testSecret = bytes.Repeat([]byte("fixture "), 4)
	testStart  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	app        = Caller{Client: "web", Address: "192.0.2.1:4711"}
	operator   = Caller{Client: "web", Address: "127.0.0.1:1", By: "key console"}
)

// testKeys is the signing key that all fixtures begin with: to make one takes longer than most tests.
var testKeys = sync.OnceValue(func() []byte {
	store := new(documentstest.Memory)
	now := func() time.Time { return testStart }
	if _, err := Open(context.Background(), store, Config{Secret: testSecret, Issuer: "https://id.test", Mailer: &postbox{}, Now: now}); err != nil {
		panic(err)
	}
	return store.All()[keysDocument]
})

func newFixture(t testing.TB, configure ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &clock{at: testStart}, store: new(documentstest.Memory), post: &postbox{}, audit: &journal{}}
	f.store.Set(keysDocument, testKeys())
	f.Pool = f.open(configure...)
	return f
}

// open opens another pool over the same store, as another server would.
func (f *fixture) open(configure ...func(*Config)) *Pool {
	f.t.Helper()
	config := Config{
		Secret: testSecret, PoolID: "local_test", Issuer: "https://id.test", Clients: []string{"web", "cli"},
		Mailer: f.post, Audit: f.audit, Now: f.clock.now,
	}
	for _, c := range configure {
		c(&config)
	}
	p, err := Open(context.Background(), f.store, config)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

const goodPassword = "tulip-garden-47"

// user signs up and confirms; the name may be an e-mail. It waits a minute, so that codes can be sent again.
func (f *fixture) user(name string) string {
	f.t.Helper()
	email := name
	if !isEmail(name) {
		email = name + "@example.com"
	}
	answer, err := f.SignUp(f.t.Context(), app, SignUp{Username: name, Password: goodPassword, Attributes: []Attribute{{"email", email}}})
	f.must(err)
	_, err = f.ConfirmSignUp(f.t.Context(), app, name, f.code(email), "")
	f.must(err)
	f.clock.advance(time.Minute)
	return answer.ID
}

// code gives the code that was mailed last to an address.
func (f *fixture) code(to string) string {
	f.t.Helper()
	for _, m := range slices.Backward(f.post.all()) {
		if m.To == to && m.Data["code"] != "" {
			return m.Data["code"]
		}
	}
	f.t.Fatalf("no code was mailed to %s", to)
	return ""
}

// wrong gives a code that is not the one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func (f *fixture) byPassword(name, password string) (AuthResult, error) {
	return f.InitiateAuth(f.t.Context(), app, AuthRequest{Flow: FlowPassword, Parameters: map[string]string{"USERNAME": name, "PASSWORD": password}})
}

// tokens signs a user in.
func (f *fixture) tokens(name string) *Tokens {
	f.t.Helper()
	result, err := f.byPassword(name, goodPassword)
	f.must(err)
	if result.Tokens == nil {
		f.t.Fatalf("%s comes instead of tokens", result.Challenge)
	}
	return result.Tokens
}

func (f *fixture) respond(challenge, session string, responses map[string]string) (AuthResult, error) {
	return f.RespondToAuthChallenge(f.t.Context(), app, ChallengeAnswer{Challenge: challenge, Responses: responses, Session: session})
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) checks(token string) error {
	_, _, err := f.Check(f.t.Context(), token)
	return err
}

// want tells whether an error is a fault; "" stands for none.
func (f *fixture) want(what string, err error, fault Fault) {
	f.t.Helper()
	switch {
	case fault == "" && err != nil:
		f.t.Errorf("%s: %v", what, err)
	case fault != "" && (err == nil || FaultOf(err) != fault):
		f.t.Errorf("%s: %v, want %s", what, err, fault)
	case err != nil && (freshet.CodeOf(err) != fault.code() || freshet.MessageOf(err) == ""):
		f.t.Errorf("%s: the code is %s, the message %q", what, freshet.CodeOf(err), freshet.MessageOf(err))
	}
}

var errBroken = errors.New("the disk is full")
