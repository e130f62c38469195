package test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/client"
)

// TestConvergence lets clients write at random to the real server, over a network that loses and doubles requests and
// cuts sockets, while clients crash, users' groups change, and the server is killed. When it is quiet again, each client
// holds what the server shows its user, and each write that was acknowledged was done once.
//
// SOAK, in the environment, gives the number of runs, and SEED the seed of the first one. A run makes the same choices
// again with its seed; when things happen is for the machine to say.
func TestConvergence(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	runs, seed := envInt(t, "SOAK", 2), envInt(t, "SEED", time.Now().UnixNano())
	program := buildServer(t)
	for i := range runs {
		t.Run(fmt.Sprintf("SEED=%d", seed+i), func(t *testing.T) {
			w := newWorld(t, program, uint64(seed+i))
			w.live(t)
			for range 4 { // the rights of the users change while it is quiet too
				w.settle(t)
				w.compare(t)
				w.regroup()
				w.regroup()
			}
			w.judge(t)
		})
	}
}

var fieldsOf = map[freshet.ModelName]string{
	"Note": "text owner sharedWith", "Item": "title status tags", "Board": "name team", "Ledger": "lines", "Drop": "text",
}

// list gives what a client is shown of a model, by name.
func list(ctx context.Context, c *client.Client, model freshet.ModelName, filter any) (map[string]held, error) {
	records := make(map[string]held)
	document := fmt.Sprintf(`query($filter: Model%[1]sFilterInput, $next: String) {
		list%[1]ss(filter: $filter, nextToken: $next, limit: 100) { nextToken items { id _version createdAt updatedAt %[2]s } }
	}`, model, fieldsOf[model])
	for next := any(nil); ; {
		var data map[string]struct {
			NextToken *string
			Items     []json.RawMessage
		}
		if err := c.Query(ctx, document, map[string]any{"filter": filter, "next": next}, &data); err != nil {
			return nil, err
		}
		page := data["list"+string(model)+"s"]
		for _, item := range page.Items {
			var h struct {
				ID      string
				Version freshet.Version `json:"_version"`
			}
			if err := json.Unmarshal(item, &h); err != nil {
				return nil, err
			}
			records[string(model)+" "+h.ID] = held{Model: model, Key: h.ID, Version: h.Version, Record: item}
		}
		if page.NextToken == nil {
			return records, nil
		}
		next = *page.NextToken
	}
}

// shown gives the fields that a record has, whichever way it came.
func shown(t *testing.T, records map[string]held) map[string]map[string]any {
	t.Helper()
	all := make(map[string]map[string]any)
	for name, h := range records {
		fields := make(map[string]any)
		check(t, json.Unmarshal(h.Record, &fields))
		fields["_version"] = float64(h.Version)
		maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil })
		all[name] = fields
	}
	return all
}

// compare wants everybody to hold what they are shown.
func (w *world) compare(t *testing.T) {
	ctx := t.Context()
	for _, r := range w.replicas {
		want := make(map[string]held)
		for model := range fieldsOf {
			if !asks(r.scope, model) {
				continue
			}
			records, err := list(ctx, r.client, model, scopes[r.scope].Filter[string(model)])
			check(t, err)
			maps.Copy(want, records)
		}
		if diff := cmp.Diff(shown(t, want), shown(t, r.state.Records)); diff != "" {
			t.Errorf("%s, of the groups %q, holds of %+v (-what it is shown +got):\n%s", r.name, w.groups[r.user], scopes[r.scope], diff)
		}
	}
}

// judge looks for every write, and whether the store is sound.
func (w *world) judge(t *testing.T) {
	ctx := t.Context()
	final := make(map[string]held)
	for model := range fieldsOf {
		records, err := list(ctx, w.seesAll, model, nil)
		check(t, err)
		maps.Copy(final, records)
	}
	w.writes.judge(t, final)
	t.Logf("%d records %v; %v", len(final), countOf(final), w.writes)
	checkData(t, w.program, w.data)
	w.server.kill()
	if t.Failed() {
		t.Logf("the server says:\n%s", w.server.stderr.String())
	}
}

func countOf(records map[string]held) map[freshet.ModelName]int {
	counts := make(map[freshet.ModelName]int)
	for _, h := range records {
		counts[h.Model]++
	}
	return counts
}
