package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	crashKey     = "the-key-of-the-crash-test"
	crashWriters = 8
)

// TestCrash kills the real server with SIGKILL, again and again, while several clients write to it. Whatever
// it has acknowledged has to be there after each start, and in the end the log has no hole and every index
// says what it says. CRASHES and SEED, in the environment, give another number of kills and the seed of an
// earlier run.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	kills, seed := envInt(t, "CRASHES", 24), envInt(t, "SEED", time.Now().UnixNano())
	t.Logf("SEED=%d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	c := &crash{program: buildServer(t), data: filepath.Join(t.TempDir(), "data")}
	for i := range crashWriters {
		c.writers = append(c.writers, &crashWriter{
			name: fmt.Sprintf("w%d", i), random: rand.New(rand.NewPCG(uint64(seed), uint64(i+1))), acknowledged: make(map[string]crashWrite),
		})
	}
	for range kills {
		if random.IntN(4) == 0 { // also while it opens what the last kill left
			p := c.start(t)
			pause(random, 20*time.Millisecond)
			p.kill()
		}
		p := c.start(t)
		p.awaitAddress(t)
		c.verify(t, p)
		c.writeUntilKilled(t, p, random)
	}
	p := c.start(t)
	p.awaitAddress(t)
	c.verify(t, p)
	checkData(t, c.program, c.data) // beside the server
	p.kill()
	checkData(t, c.program, c.data) // on what it left
	total := int64(0)
	for _, w := range c.writers {
		total += w.count
	}
	t.Logf("%d kills, %d acknowledged writes", kills, total)
	if total < kills {
		t.Errorf("%d writes were acknowledged; that says little", total)
	}
}

// pause waits for a random time: the moment of a kill is the input of this test.
func pause(random *rand.Rand, most time.Duration) {
	<-time.After(time.Duration(random.Int64N(int64(most))))
}

type crash struct {
	program, data string
	writers       []*crashWriter
}

func (c *crash) start(t *testing.T) *serverProcess {
	t.Helper()
	return startServer(t, c.program, "--data", c.data, "--api-key", crashKey)
}

// writeUntilKilled lets every writer write until the process is killed, at a random moment.
func (c *crash) writeUntilKilled(t *testing.T, p *serverProcess, random *rand.Rand) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writing sync.WaitGroup
	for _, w := range c.writers {
		writing.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
			defer client.CloseIdleConnections()
			for {
				err := w.write(ctx, client, p.url)
				if err == nil {
					continue
				}
				if !errors.Is(err, errGone) {
					t.Errorf("%s: %v", w.name, err)
				}
				return
			}
		})
	}
	pause(random, 400*time.Millisecond)
	p.kill()
	writing.Wait()
}

// crashWrite is the last write of a record that was acknowledged.
type crashWrite struct {
	version int
	title   string
	deleted bool
	ending  bool // a delete was sent after it
}

// crashWriter is a client that writes to records of its own.
type crashWriter struct {
	name         string
	random       *rand.Rand
	next         int
	count        int64    // of acknowledged writes
	keys         []string // of records that were not deleted
	acknowledged map[string]crashWrite
}

var errGone = errors.New("the server has gone")

// write makes one write and notes its acknowledgement. After a write without an answer nobody knows what
// became of it, and its record is not written to again.
func (w *crashWriter) write(ctx context.Context, client *http.Client, url string) error {
	w.next++
	title := fmt.Sprintf("%s write %d %s", w.name, w.next, strings.Repeat("x", w.random.IntN(2000)))
	choice, at := w.random.IntN(10), 0
	if len(w.keys) > 0 {
		at = w.random.IntN(len(w.keys))
	}
	var key, mutation string
	switch {
	case len(w.keys) == 0 || choice < 5:
		key = fmt.Sprintf("%s-%d", w.name, w.next)
		mutation = fmt.Sprintf(`createTask(input: {id: %q, title: %q})`, key, title)
	case choice < 9:
		key = w.keys[at]
		mutation = fmt.Sprintf(`updateTask(input: {id: %q, title: %q})`, key, title)
	default:
		key = w.keys[at]
		mutation = fmt.Sprintf(`deleteTask(input: {id: %q})`, key)
	}
	deletes, creates := strings.HasPrefix(mutation, "delete"), strings.HasPrefix(mutation, "create")
	if !creates {
		w.keys[at] = w.keys[len(w.keys)-1]
		w.keys = w.keys[:len(w.keys)-1]
	}
	if deletes {
		last := w.acknowledged[key]
		last.ending = true
		w.acknowledged[key] = last
	}
	var data struct{ Done struct{ Version int } }
	if err := request(ctx, client, url, `mutation { done: `+mutation+` { version: _version } }`, nil, &data); err != nil {
		return err
	}
	w.count++
	w.acknowledged[key] = crashWrite{version: data.Done.Version, title: title, deleted: deletes}
	if !deletes {
		w.keys = append(w.keys, key)
	}
	return nil
}

// request sends a document. A server that does not answer gives errGone.
func request(ctx context.Context, client *http.Client, url, query string, variables map[string]any, data any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", crashKey)
	response, err := client.Do(r)
	if err != nil {
		return errGone
	}
	defer response.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		return errGone
	}
	if err := json.Unmarshal(text.Bytes(), &answer); err != nil {
		return fmt.Errorf("status %d: %w", response.StatusCode, err)
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("the server refuses %.100s: %s", query, answer.Errors[0].Message)
	}
	return json.Unmarshal(answer.Data, data)
}

// verify reads everything and looks for each acknowledged write: its version or a later one.
func (c *crash) verify(t *testing.T, p *serverProcess) {
	t.Helper()
	type change struct {
		Op      string
		Key     string
		Version int
		Record  struct{ Title string }
	}
	found := make(map[string]change)
	for after, upToDate := any(nil), false; !upToDate; {
		var data struct {
			Changes struct {
				Cursor   string
				UpToDate bool
				Changes  []change
			}
		}
		err := request(t.Context(), http.DefaultClient, p.url,
			`query($after: String) { changes(after: $after, limit: 10000) { cursor upToDate changes { op key version record } } }`,
			map[string]any{"after": after}, &data)
		if err != nil {
			t.Fatalf("read the changes: %v\n%s", err, p.stderr.String())
		}
		for _, change := range data.Changes.Changes {
			found[change.Key] = change
		}
		after, upToDate = data.Changes.Cursor, data.Changes.UpToDate
	}
	http.DefaultClient.CloseIdleConnections()
	for _, w := range c.writers {
		for key, want := range w.acknowledged {
			got, there := found[key]
			there = there && got.Op == "PUT"
			switch {
			case want.deleted && there:
				t.Errorf("%s was deleted in version %d, and is there in version %d", key, want.version, got.Version)
			case want.deleted:
			case !there && !want.ending:
				t.Errorf("%s is not there; version %d was acknowledged", key, want.version)
			case there && got.Version < want.version:
				t.Errorf("%s is in version %d; %d was acknowledged", key, got.Version, want.version)
			case there && got.Version == want.version && got.Record.Title != want.title:
				t.Errorf("%s has another content than the one that was acknowledged", key)
			}
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}
