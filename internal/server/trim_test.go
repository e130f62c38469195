package server

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

// hours is a log with one change at each of its hours, of which those before history are not kept.
type hours struct {
	at      []int
	history freshet.Seq
	trimmed []store.Trim
}

func (h *hours) Head() store.Head {
	return store.Head{Seq: freshet.Seq(len(h.at)), History: h.history, Trimmed: h.history - 1}
}

func (h *hours) History(_ context.Context, q store.HistoryQuery) ([]freshet.Change, error) {
	if q.After+1 < h.history {
		return nil, freshet.Errorf(freshet.Gone, "not kept")
	}
	return []freshet.Change{{Seq: q.After + 1, At: freshet.MillisOf(hour(h.at[q.After]))}}, nil
}

func (h *hours) Trim(_ context.Context, t store.Trim) error {
	h.trimmed = append(h.trimmed, t)
	return nil
}

func hour(n int) time.Time { return time.Unix(0, 0).Add(time.Duration(n) * time.Hour) }

func TestSeqAt(t *testing.T) {
	log := []int{10, 10, 10, 20, 30, 30, 40}
	for _, c := range []struct {
		history freshet.Seq
		at      int
		want    freshet.Seq
	}{
		{1, 9, 0},
		{1, 10, 3},
		{1, 19, 3},
		{1, 20, 4},
		{1, 29, 4},
		{1, 30, 6},
		{1, 39, 6},
		{1, 40, 7},
		{1, 99, 7},
		{4, 19, 0},
		{4, 20, 4},
		{4, 40, 7},
		{8, 99, 0}, // nothing is kept
	} {
		got, err := seqAt(t.Context(), &hours{at: log, history: c.history}, hour(c.at))
		if err != nil || got != c.want {
			t.Errorf("with history from %d, at hour %d: %d, %v, want %d", c.history, c.at, got, err, c.want)
		}
	}
	if got, err := seqAt(t.Context(), &hours{history: 1}, hour(1)); got != 0 || err != nil {
		t.Errorf("of an empty log: %d, %v", got, err)
	}
}

func TestTrim(t *testing.T) {
	now := hour(100)
	for _, c := range []struct {
		name                string
		tombstones, history time.Duration
		kept                freshet.Seq
		want                []store.Trim
	}{
		{"both", 70 * time.Hour, 80 * time.Hour, 1, []store.Trim{{Removals: 6, History: 5}}},
		{"history for ever", 70 * time.Hour, Forever, 1, []store.Trim{{Removals: 6}}},
		{"both for ever", Forever, Forever, 1, nil},
		{"nothing is old enough", 95 * time.Hour, 95 * time.Hour, 1, nil},
		{"done before", 80 * time.Hour, 80 * time.Hour, 5, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := &hours{at: []int{10, 10, 10, 20, 30, 30, 40}, history: c.kept}
			if err := trim(t.Context(), log, now, c.tombstones, c.history); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, log.trimmed); diff != "" {
				t.Errorf("trims (-want +got):\n%s", diff)
			}
		})
	}
}
