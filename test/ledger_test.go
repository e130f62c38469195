package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"freshet"
	"freshet/client"
)

// ledger is what became of every write, whoever has crashed meanwhile.
type ledger struct {
	mu      sync.Mutex
	writes  map[string]*written // by replica and counter
	unsent  []string            // the marks of writes that were given up before they were sent
	faults  []error
	status  map[client.Status]int
	refused map[freshet.Code]int
	late    int
}

// written is a write that was sent.
type written struct {
	mark   string // stands in the record that it makes or changes; empty: nothing does
	result client.Result
}

func newLedger() *ledger {
	return &ledger{writes: make(map[string]*written), status: make(map[client.Status]int), refused: make(map[freshet.Code]int)}
}

func numberOf(r *replica, counter uint64) string { return fmt.Sprint(r.name, " ", counter) }

// add notes a write when its push has ended.
func (l *ledger) add(r *replica, result *client.Result, mark string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	number := numberOf(r, result.Counter)
	switch {
	case result.Counter == 0:
		if mark != "" {
			l.unsent = append(l.unsent, mark)
		}
		return
	case l.writes[number] != nil:
		l.faults = append(l.faults, fmt.Errorf("the number %s was given twice", number))
	}
	l.writes[number] = &written{mark, *result}
	if result.Status != client.Pending {
		l.count(result)
	}
}

// settle notes the answer to a write whose push ended without it.
func (l *ledger) settle(r *replica, result *client.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	number := numberOf(r, result.Counter)
	w := l.writes[number]
	if w == nil || w.result.Status != client.Pending {
		l.faults = append(l.faults, fmt.Errorf("%s is answered, and it was not pending", number))
		return
	}
	w.result = *result
	l.late++
	l.count(result)
}

func (l *ledger) count(result *client.Result) {
	l.status[result.Status]++
	if (result.Status == client.Refused) != (result.Err != nil) {
		l.faults = append(l.faults, fmt.Errorf("a result without its reason: %+v", result))
	} else if result.Err != nil {
		l.refused[result.Err.Code]++
	}
}

// String tells how many writes came to what.
func (l *ledger) String() string {
	return fmt.Sprintf("%d writes: %v, %v, %d told late", len(l.writes), l.status, l.refused, l.late)
}

// marks gives how often each mark stands in the records.
func marks(t *testing.T, records map[string]held) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	for _, h := range records {
		var fields struct {
			Lines []string
			Text  string
		}
		check(t, json.Unmarshal(h.Record, &fields))
		switch h.Model {
		case "Ledger":
			for _, line := range fields.Lines {
				counts[line]++
			}
		case "Drop":
			counts[fields.Text]++
		}
	}
	return counts
}

// judge wants each write that was taken to be there once, and no other.
func (l *ledger) judge(t *testing.T, final map[string]held) {
	t.Helper()
	if err := errors.Join(l.faults...); err != nil {
		t.Error(err)
	}
	found := marks(t, final)
	for number, w := range l.writes {
		taken := slices.Contains([]client.Status{client.Applied, client.Merged}, w.result.Status)
		want := 0
		if taken {
			want = 1
		}
		if w.mark != "" && found[w.mark] != want {
			t.Errorf("%s, %s (%v) is there %d times", number, w.result.Status, w.result.Err, found[w.mark])
		}
		if w.result.Status == client.Pending {
			t.Errorf("%s was never answered", number)
		}
		if w.result.Err != nil && (w.result.Err.Code == freshet.Gone || w.result.Err.Code == freshet.Internal) {
			t.Errorf("%s was refused with %v", number, w.result.Err)
		}
		if h, there := final[string(w.result.Model)+" "+w.result.Key]; taken && there && h.Version < w.result.Version {
			t.Errorf("%s made version %d of %s, which is in version %d", number, w.result.Version, w.result.Key, h.Version)
		}
		delete(found, w.mark)
	}
	for _, mark := range l.unsent {
		if found[mark] > 0 {
			t.Errorf("%s was never sent, and is there", mark)
		}
		delete(found, mark)
	}
	if len(found) > 0 {
		t.Errorf("nobody wrote %v", found)
	}
}
