package test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"freshet"

	"freshet/internal/accesskey"
	"freshet/internal/accounts"
	"freshet/internal/api/cognito"
	"freshet/internal/engine"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
)

// TestAmplifyAuth drives the user pool and the identity pool with aws-amplify.
func TestAmplifyAuth(t *testing.T) {
	if _, err := os.Stat(filepath.Join("wire", "node_modules", "aws-amplify")); err != nil {
		t.Skip("the client libraries are not installed; make test installs them")
	}
	c := openCounter(t)
	mux := http.NewServeMux()
	mux.Handle("/idp", c.door(t, accounts.Config{EmailSignIn: true}))
	mux.Handle("/strict", c.door(t, accounts.Config{MFA: accounts.MFARequired}))
	mux.HandleFunc("/mail", c.serveMail)
	mux.HandleFunc("/wait", c.serveWait)
	mux.HandleFunc("/invite", c.serveInvite)
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	client := exec.CommandContext(ctx, "node", "amplify-auth.mjs", server.URL)
	client.Dir = "wire"
	if output, err := client.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

// TestAWSCLI drives the user pool with the AWS command line, as its users and as its administrator.
func TestAWSCLI(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS command line is not installed; apt-get install awscli installs it")
	}
	c := openCounter(t)
	server := httptest.NewServer(c.door(t, accounts.Config{}))
	defer server.Close()
	key, secret, err := c.keys.Create(t.Context(), "cli", time.Time{}, true)
	check(t, err)

	run := func(arguments ...string) (string, error) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "aws", append([]string{"cognito-idp", "--endpoint-url", server.URL, "--region", "local", "--output", "json"}, arguments...)...)
		command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+key.ID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1")
		output, err := command.CombinedOutput()
		return string(output), err
	}
	gives := func(want string, arguments ...string) string {
		t.Helper()
		output, err := run(arguments...)
		if err != nil || !strings.Contains(output, want) {
			t.Errorf("aws %s: %v\n%s\nwant %s", strings.Join(arguments, " "), err, output, want)
		}
		return output
	}
	const password = "tulip-garden-47"
	ana := []string{"--user-pool-id", "local_freshet", "--username", "ana"}
	admin := func(operation string, more ...string) []string {
		return append(append([]string{operation}, ana...), more...)
	}
	signIn := []string{"initiate-auth", "--client-id", "freshet", "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=ana,PASSWORD=" + password}

	gives(`"Destination": "a***@e***"`, "sign-up", "--client-id", "freshet", "--username", "ana", "--password", password, "--user-attributes", "Name=email,Value=ana@example.com")
	if output, err := run(signIn...); err == nil || !strings.Contains(output, "UserNotConfirmedException") {
		t.Errorf("one who is not confirmed: %v %s", err, output)
	}
	gives("", "confirm-sign-up", "--client-id", "freshet", "--username", "ana", "--confirmation-code", c.last("ana@example.com")["code"])
	var signedIn struct{ AuthenticationResult struct{ AccessToken string } }
	check(t, json.Unmarshal([]byte(gives(`"TokenType": "Bearer"`, signIn...)), &signedIn))
	gives(`"Username": "ana"`, "get-user", "--access-token", signedIn.AuthenticationResult.AccessToken)

	gives(`"UserStatus": "CONFIRMED"`, admin("admin-get-user")...)
	gives(`"UserStatus": "FORCE_CHANGE_PASSWORD"`, "admin-create-user", "--user-pool-id", "local_freshet", "--username", "ben", "--user-attributes", "Name=email,Value=ben@example.com")
	gives(`"ben@example.com"`, "list-users", "--user-pool-id", "local_freshet", "--filter", `email = "ben@example.com"`)
	gives(`"GroupName": "editors"`, "create-group", "--user-pool-id", "local_freshet", "--group-name", "editors")
	gives("", admin("admin-add-user-to-group", "--group-name", "editors")...)
	gives(`"editors"`, admin("admin-list-groups-for-user")...)
	gives(`"ana"`, "list-users-in-group", "--user-pool-id", "local_freshet", "--group-name", "editors")
	gives("", admin("admin-set-user-password", "--password", "rose-garden-48", "--permanent")...)
	if output, err := run(signIn...); err == nil || !strings.Contains(output, "NotAuthorizedException") {
		t.Errorf("the old password: %v %s", err, output)
	}
	gives("", admin("admin-delete-user")...)
	if output, err := run(admin("admin-get-user")...); err == nil || !strings.Contains(output, "UserNotFoundException") {
		t.Errorf("one who is deleted: %v %s", err, output)
	}
}

// counter is where accounts are opened: doors to pools over stores of their own, one clock, one letter box.
type counter struct {
	keys *accesskey.Keys
	pool *accounts.Pool // of the first door

	mu    sync.Mutex
	ahead time.Duration // of the clock on the wall
	mails []accounts.Message
}

var counterSecret = []byte("32 bytes that only the tests have")

func openCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{}
	keys, err := accesskey.New(c.documents(t), counterSecret, time.Now)
	check(t, err)
	c.keys = keys
	return c
}

func (c *counter) documents(t *testing.T) freshet.Documents {
	t.Helper()
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	eng, err := engine.Open(t.Context(), db, []schema.Source{{Name: "schema.graphql", Text: `type Task @model @auth(rules: [{allow: owner}]) { title: String! }`}}, engine.Options{})
	check(t, err)
	return eng.Documents()
}

// door opens a pool and a door to it.
func (c *counter) door(t *testing.T, config accounts.Config) http.Handler {
	t.Helper()
	config.Secret, config.PoolID, config.Issuer, config.Mailer, config.Now = counterSecret, "local_freshet", "http://id.test/idp", c, c.now
	pool, err := accounts.Open(t.Context(), c.documents(t), config)
	check(t, err)
	if c.pool == nil {
		c.pool = pool
	}
	return cognito.New(pool, c.keys, accesskey.NewVerifier(c.keys, accesskey.Options{}), cognito.Options{
		PoolID: config.PoolID, IdentityPoolID: "local:6f1d2c3b-0000-4000-8000-000000000001", AllowGuests: true,
	})
}

// now is ahead of the clock on the wall: codes are sent at most once a minute, and the test does not wait for that.
func (c *counter) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Send keeps a mail.
func (c *counter) Send(_ context.Context, m accounts.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mails = append(c.mails, m)
	return nil
}

func (c *counter) last(to string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range slices.Backward(c.mails) {
		if m.To == to {
			return m.Data
		}
	}
	return nil
}

func (c *counter) serveMail(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(c.last(r.FormValue("to")))
}

func (c *counter) serveWait(w http.ResponseWriter, r *http.Request) {
	d, err := time.ParseDuration(r.FormValue("for"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.ahead += d
	c.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]int64{"seconds": c.now().Unix()})
}

func (c *counter) serveInvite(w http.ResponseWriter, r *http.Request) {
	_, err := c.pool.AdminCreateUser(r.Context(), accounts.Caller{By: "test"}, accounts.AdminCreateUser{
		Username: r.FormValue("user"), Attributes: []accounts.Attribute{{Name: "email", Value: r.FormValue("email")}},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(struct{}{})
}
