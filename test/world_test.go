package test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"freshet"
	"freshet/client"
	"freshet/internal/servertest"
)

const (
	worldKey    = "the-key-of-who-sees-all"
	worldSchema = `
type Note @model @auth(rules: [
  {allow: owner}
  {allow: owner, ownerField: "sharedWith", operations: [read, update]}
  {allow: groups, groups: ["admins"]}
  {allow: public}
]) {
  text: String
  owner: String
  sharedWith: [String]
}

enum Status { OPEN DONE }

type Item @model @auth(rules: [{allow: private} {allow: public}]) {
  title: String
  status: Status
  tags: [String]
}

type Board @model @conflict(strategy: OPTIMISTIC) @auth(rules: [
  {allow: groups, groupsField: "team"}
  {allow: groups, groups: ["admins"], operations: [read]}
  {allow: public}
]) {
  name: String
  team: String
}

"Every line is a write, so one that is lost is not there, and one that is done twice is there twice."
type Ledger @model @auth(rules: [{allow: private} {allow: public}]) {
  lines: [String]
}

"The same, of creates whose keys are the server's."
type Drop @model @auth(rules: [{allow: private} {allow: public}]) {
  text: String
}`
	ledgers = 3
)

// world is a server, its users and their replicas.
type world struct {
	program  string
	flags    []string
	data     string
	server   *serverProcess
	relay    *relay
	issuer   *servertest.Issuer
	random   *rand.Rand
	seesAll  *client.Client // sees everything
	replicas []*replica
	writes   *ledger

	mu     sync.Mutex
	groups map[string][]string // of each user
}

func newWorld(t *testing.T, program string, seed uint64) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{
		program: program, data: filepath.Join(dir, "data"), random: rand.New(rand.NewPCG(seed, 0)), writes: newLedger(),
		groups: map[string][]string{"ada": {"admins"}, "ana": {"red"}, "ben": {"red", "blue"}, "cid": {"blue"}},
	}
	var err error
	w.issuer, err = servertest.NewIssuer(dir)
	check(t, err)
	schema := filepath.Join(dir, "schema.graphql")
	check(t, os.WriteFile(schema, []byte(worldSchema), 0o600))
	w.flags = []string{"--data", w.data, "--schema", schema, "--api-key", worldKey, "--oidc", w.issuer.Flag(), "--sign-up=off"}
	w.relay, err = newRelay()
	check(t, err)
	t.Cleanup(w.relay.close)
	w.startServer(t)
	w.seesAll, err = client.New(client.Options{Endpoint: w.endpoint(), Credentials: client.APIKey(worldKey), HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}})
	check(t, err)
	for i := range ledgers {
		_, err := w.seesAll.Write(t.Context(), client.Write{Model: "Ledger", Op: freshet.OpCreate, Key: fmt.Sprint("ledger", i), Fields: map[string]any{"lines": []string{}}})
		check(t, err)
	}
	for i, user := range []string{"ada", "ana", "ana", "ben", "ben", "cid"} {
		r := &replica{
			name: fmt.Sprintf("%s%d", user, i), user: user, dir: filepath.Join(dir, fmt.Sprint("replica", i)), writes: w.writes,
			random: rand.New(rand.NewPCG(seed, uint64(2*i+1))), wire: newFaults(rand.New(rand.NewPCG(seed, uint64(2*i+2)))),
		}
		r.open = func(opts client.Options) (*client.Client, error) {
			opts.Endpoint, opts.Credentials = w.endpoint(), client.Bearer(func(context.Context) (string, error) { return w.token(user) })
			return client.New(opts)
		}
		check(t, os.Mkdir(r.dir, 0o700))
		r.scope = r.random.IntN(len(scopes))
		check(t, r.start())
		w.replicas = append(w.replicas, r)
		t.Cleanup(func() {
			r.halt()
			r.wire.late.Wait()
			r.wire.next.CloseIdleConnections()
		})
	}
	return w
}

func (w *world) endpoint() string { return "http://" + w.relay.listener.Addr().String() + "/graphql" }

func (w *world) startServer(t *testing.T) {
	t.Helper()
	w.server = startServer(t, w.program, w.flags...)
	w.server.awaitAddress(t)
	w.relay.point(strings.TrimSuffix(strings.TrimPrefix(w.server.url, "http://"), "/graphql"))
}

// token is one of the groups that the user is in now; it has to be renewed soon.
func (w *world) token(user string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.issuer.Token(user, 3*time.Second, append([]string{"all"}, w.groups[user]...)...)
}

// regroup has a user join or leave a group. The tokens that are out hold until they end.
func (w *world) regroup() {
	w.mu.Lock()
	defer w.mu.Unlock()
	user := []string{"ana", "ben", "cid"}[w.random.IntN(3)]
	group := []string{"red", "blue", "admins"}[w.random.IntN(3)]
	others := slices.DeleteFunc(slices.Clone(w.groups[user]), func(g string) bool { return g == group })
	if len(others) == len(w.groups[user]) {
		others = append(others, group)
	}
	w.groups[user] = others
}

const worldSteps = 150

// live lets the replicas do what they do, and disturbs them until they are through.
func (w *world) live(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var living sync.WaitGroup
	for _, r := range w.replicas {
		living.Go(func() {
			if err := r.live(ctx, worldSteps); err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	go func() { living.Wait(); close(done) }()
	for kills := 0; ; {
		select {
		case <-done:
			t.Logf("the server was killed %d times", kills)
			return
		case <-time.After(time.Duration(w.random.Int64N(int64(200 * time.Millisecond)))):
		}
		switch choice := w.random.IntN(10); {
		case choice < 1:
			w.server.kill()
			w.startServer(t)
			kills++
		case choice < 6:
			w.relay.cut(func() bool { return w.random.IntN(3) == 0 })
		default:
			w.regroup()
		}
	}
}

// settle lets every replica say what it has to say, and then hear everything.
func (w *world) settle(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, r := range w.replicas {
		check(t, r.end(true))
		r.wire.set(false, true)
		r.wire.late.Wait()
		check(t, r.start()) // with the rights that its user has now
		check(t, r.flush(ctx))
	}
	for _, r := range w.replicas {
		for frame, err := range r.client.Changes(ctx, scopes[r.scope], r.state.Cursor) {
			check(t, err)
			if r.state.apply(&frame, r.scope); frame.UpToDate {
				break
			}
		}
	}
}
