package server

import (
	"testing"
	"time"

	"freshet/internal/accounts"
)

func TestAuditTrim(t *testing.T) {
	s := start(t, Config{})
	a := s.people.audit
	begin := time.Now()
	for i := range 10 {
		a.Record(t.Context(), accounts.Entry{At: begin.Add(time.Duration(i) * time.Hour), What: "SignUp", Outcome: "ok"})
	}
	for _, c := range []struct {
		before time.Duration // after begin
		most   int
		want   int
	}{
		{0, 100, 10},
		{3 * time.Hour, 100, 7},
		{3 * time.Hour, 4, 4},
		{100 * time.Hour, 100, 0},
	} {
		if err := a.trim(t.Context(), begin.Add(c.before), c.most); err != nil {
			t.Fatal(err)
		}
		got := 0
		err := s.engine.Documents().Under(t.Context(), auditKind, "", func(string, []byte) error {
			got++
			return nil
		})
		if err != nil || got != c.want {
			t.Errorf("from %v on, %d at most: %d entries, %v, want %d", c.before, c.most, got, err, c.want)
		}
	}
}
