package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/client"
)

func TestLostAnswers(t *testing.T) {
	h := start(t)
	c := h.client()
	create := task(freshet.OpCreate, "1", map[string]any{"title": "x", "lines": []string{}})
	if _, err := c.Write(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	// Each of these appends to the list as the writer knew it, so applied twice it would stand there twice.
	h.wire.first(loseAnswer, loseRequest, loseAnswer, sendTwice)
	for _, line := range []string{"a", "b"} {
		if r, err := c.Write(t.Context(), lines("1", line)); err != nil || r.Status != client.Applied {
			t.Fatalf("%s: %+v, %v", line, r, err)
		}
	}
	if diff := cmp.Diff([]string{"a", "b"}, h.lines("1")); diff != "" {
		t.Errorf("the lines (-want +got):\n%s", diff)
	}
	// A create without a key makes one record, however often it is sent.
	h.wire.first(loseAnswer, loseAnswer)
	r, err := c.Write(t.Context(), task(freshet.OpCreate, "", map[string]any{"title": "keyless"}))
	if err != nil || r.Key == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	var data struct {
		ListTasks struct{ Items []struct{ ID string } }
	}
	err = c.Query(t.Context(), `{ listTasks(filter: {title: {eq: "keyless"}}) { items { id } } }`, nil, &data)
	if items := data.ListTasks.Items; err != nil || len(items) != 1 || items[0].ID != r.Key {
		t.Errorf("%+v, %v; the answer was for %s", items, err, r.Key)
	}
}

func TestResults(t *testing.T) {
	h := start(t)
	c, other := h.client(), h.client()
	results, err := c.Push(
		t.Context(),
		task(freshet.OpCreate, "1", map[string]any{"title": "x"}),
		task(freshet.OpUpdate, "1", map[string]any{"title": "y"}),
		task(freshet.OpCreate, "1", map[string]any{"title": "z"}),
		task(freshet.OpDelete, "2", nil),
		task(freshet.OpUpdate, "1", map[string]any{"nothing": 1}),
		client.Write{Model: "Nothing", Op: freshet.OpDelete, Key: "3"}, // this one makes the server refuse the request
		client.Write{Model: "Secret", Op: freshet.OpCreate, Key: "4"},
	)
	want := []string{
		"APPLIED 1 1", "APPLIED 1 2", "REFUSED 1 conflict", "REFUSED 2 not_found", "REFUSED 1 invalid", "REFUSED 3 invalid", "REFUSED 4 forbidden",
	}
	if diff := cmp.Diff(want, brief(results)); diff != "" || err != nil {
		t.Errorf("%v; the results (-want +got):\n%s", err, diff)
	}
	stale := task(freshet.OpUpdate, "1", map[string]any{"title": "mine", "open": true})
	stale.Base = 1
	r, err := other.Write(t.Context(), stale)
	if err != nil || r.Status != client.Merged || r.Version != 3 || len(r.Conflicts) != 1 || string(r.Conflicts[0].Theirs) != `"y"` {
		t.Errorf("a stale write gives %+v, %v", r, err)
	}
	if r, err := other.Write(t.Context(), task(freshet.OpDelete, "2", nil)); freshet.CodeOf(err) != freshet.NotFound || r.Status != client.Refused {
		t.Errorf("a refused write gives %+v, %v", r, err)
	}
	if _, err := c.Push(t.Context(), client.Write{Model: "Task"}); freshet.CodeOf(err) != freshet.Invalid || c.Pending() != 0 {
		t.Errorf("a write without an operation gives %v", err)
	}
	if results, err := c.Push(t.Context()); err != nil || results != nil {
		t.Errorf("no write gives %v, %v", results, err)
	}
}

func TestPushAtomic(t *testing.T) {
	h := start(t)
	c := h.client()
	push := func(keys ...string) []string {
		var writes []client.Write
		for _, key := range keys {
			writes = append(writes, task(freshet.OpCreate, key, map[string]any{"title": key}))
		}
		results, err := c.PushAtomic(t.Context(), writes...)
		if err != nil {
			t.Fatal(err)
		}
		return brief(results)
	}
	h.wire.first(loseAnswer)
	if diff := cmp.Diff([]string{"APPLIED 1 1", "APPLIED 2 1"}, push("1", "2")); diff != "" {
		t.Error(diff)
	}
	h.wire.first(loseAnswer)
	if diff := cmp.Diff([]string{"SKIPPED 3 0", "REFUSED 2 conflict"}, push("3", "2")); diff != "" {
		t.Error(diff)
	}
	many := make([]string, 101) // one more than a request may have
	for i := range many {
		many[i] = fmt.Sprint("m", i)
	}
	for _, r := range push(many...) {
		if r[:7] != "REFUSED" || r[len(r)-9:] != "too_large" {
			t.Fatal(r)
		}
	}
}

func TestLargePush(t *testing.T) {
	h := start(t)
	c := h.client()
	var writes []client.Write
	for i := range 250 {
		writes = append(writes, task(freshet.OpCreate, fmt.Sprint(i), map[string]any{"title": string(make([]rune, 2500))}))
	}
	results, err := c.Push(t.Context(), writes...)
	if err != nil || len(results) != 250 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for i, r := range results {
		if r.Status != client.Applied || r.Key != fmt.Sprint(i) || r.Counter != uint64(i+1) {
			t.Fatalf("%d: %+v", i, r)
		}
	}
	large := task(freshet.OpCreate, "large", map[string]any{"title": string(make([]rune, 300<<10))}) // over the body's limit
	small := task(freshet.OpCreate, "small", map[string]any{"title": "x"})
	results, err = c.Push(t.Context(), small, large, task(freshet.OpDelete, "small", nil))
	if diff := cmp.Diff([]string{"APPLIED small 1", "REFUSED large too_large", "APPLIED small 2"}, brief(results)); diff != "" || err != nil {
		t.Errorf("%v; the results (-want +got):\n%s", err, diff)
	}
}

// Goroutines that know the same version of a record do not know of each other's writes, however these are sent.
func TestConcurrentWrites(t *testing.T) {
	h := start(t)
	c := h.client()
	if _, err := c.Write(t.Context(), task(freshet.OpCreate, "1", map[string]any{"title": "x"})); err != nil {
		t.Fatal(err)
	}
	n := 0
	h.wire.set(func(*http.Request) fault { n++; return []fault{carry, loseAnswer, sendTwice, loseRequest}[n%4] })
	const writers, each = 8, 10
	var writing sync.WaitGroup
	for writer := range writers {
		writing.Go(func() {
			for i := range each {
				if _, err := c.Write(t.Context(), lines("1", fmt.Sprint(writer, "-", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	h.wire.set(nil)
	list := h.lines("1")
	slices.Sort(list)
	if len(list) != writers*each || len(slices.Compact(list)) != writers*each {
		t.Errorf("%d lines: %q", len(list), list)
	}
}

// What waits while a request is under way leaves together.
func TestWritesLeaveTogether(t *testing.T) {
	h := start(t)
	c := h.client()
	const writers = 20
	h.wire.set(func(*http.Request) fault {
		for c.Pending() < writers {
			runtime.Gosched()
		}
		return carry
	})
	var writing sync.WaitGroup
	for writer := range writers {
		writing.Go(func() {
			if _, err := c.Write(t.Context(), task(freshet.OpCreate, fmt.Sprint(writer), map[string]any{"title": "x"})); err != nil {
				t.Error(err)
			}
		})
		for c.Pending() <= writer {
			runtime.Gosched()
		}
	}
	h.wire.set(nil)
	writing.Wait()
	if n := h.wire.count(); n != 2 {
		t.Errorf("%d requests for %d writes", n, writers)
	}
}

// A push that is given up leaves its writes pending, and they go before the next ones.
func TestGivenUp(t *testing.T) {
	h := start(t)
	c := h.client()
	ctx, cancel := context.WithCancel(t.Context())
	h.wire.set(func(*http.Request) fault { cancel(); return loseAnswer })
	results, err := c.Push(ctx, task(freshet.OpCreate, "1", map[string]any{"title": "x"}), task(freshet.OpDelete, "9", nil))
	if !errors.Is(err, context.Canceled) || len(results) != 2 || results[0].Status != client.Pending || results[0].Counter != 1 || c.Pending() != 2 {
		t.Fatalf("%+v, %v", results, err)
	}
	h.wire.set(nil)
	if r, err := c.Write(t.Context(), task(freshet.OpUpdate, "1", map[string]any{"title": "y"})); err != nil || r.Version != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	late, err := c.Flush(t.Context())
	if diff := cmp.Diff([]string{"APPLIED 1 1", "REFUSED 9 not_found"}, brief(late)); diff != "" || err != nil {
		t.Errorf("%v; told late (-want +got):\n%s", err, diff)
	}
	if late, err := c.Flush(t.Context()); len(late) != 0 || err != nil {
		t.Errorf("told twice: %v, %v", late, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if results, err := c.Push(ended, task(freshet.OpDelete, "1", nil)); err == nil || results[0].Status != client.Pending {
		t.Errorf("%+v, %v", results, err)
	}
}

// A credential that is not taken leaves the writes as they are: that may change.
func TestRefusedCredential(t *testing.T) {
	h := start(t)
	token, asked := "nonsense", 0
	c := h.client(func(o *client.Options) {
		o.Credentials = client.Bearer(func(context.Context) (string, error) { asked++; return token, nil })
	})
	results, err := c.Push(t.Context(), task(freshet.OpCreate, "1", map[string]any{"title": "x"}))
	if freshet.CodeOf(err) != freshet.Unauthenticated || results[0].Status != client.Pending || asked != 2 {
		t.Fatalf("%+v, %v, asked %d times", results, err, asked)
	}
	if token, err = h.Issuer.Token("ana", 1e12); err != nil {
		t.Fatal(err)
	}
	late, err := c.Flush(t.Context())
	if diff := cmp.Diff([]string{"APPLIED 1 1"}, brief(late)); diff != "" || err != nil || asked != 3 {
		t.Errorf("%v; asked %d times; told late (-want +got):\n%s", err, asked, diff)
	}
}
