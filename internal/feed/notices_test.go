package feed

import (
	"strconv"
	"testing"

	"freshet/internal/schema"
)

func TestNotices(t *testing.T) {
	var notices Notices
	one, two := &schema.Local{Name: "one"}, &schema.Local{Name: "two"}
	tell := func(m *schema.Local, body string) { notices.Publish(&schema.Notice{Mutation: m, Body: []byte(body)}) }
	takes := func(l *Listening, limit int, more bool, want ...string) {
		t.Helper()
		got, further := l.Next(limit)
		if further != more || len(got) != len(want) {
			t.Fatalf("%d notices, more %v; want %q, %v", len(got), further, want, more)
		}
		for i := range got {
			if string(got[i].Body) != want[i] {
				t.Errorf("%s, want %s", got[i].Body, want[i])
			}
		}
	}
	woken := 0
	all := func(*schema.Notice) bool { return true }
	tell(one, "before")
	both := notices.Listen([]*schema.Local{one, two}, all, func() { woken++ })
	long := notices.Listen([]*schema.Local{one}, func(n *schema.Notice) bool { return len(n.Body) > 1 }, func() { woken += 100 })
	tell(one, "a")
	tell(two, "b")
	tell(one, "cc")
	if woken != 103 {
		t.Errorf("woken %d times", woken)
	}
	takes(both, 2, true, "a", "cc")
	takes(both, 2, false, "b")
	takes(both, 2, false)
	takes(long, 9, false, "cc")

	for i := range maxNotices + 5 {
		tell(one, strconv.Itoa(i))
	}
	takes(both, 1, true, "5")
	large := string(make([]byte, maxNoticeBytes))
	tell(one, large)
	takes(both, 9, false, large)
	tell(one, large+"x") // alone it is over the bound, and stays until the next
	tell(one, "z")
	takes(both, 9, false, "z")

	both.Close()
	both.Close()
	takes(both, 9, false)
	if len(notices.boards) != 1 {
		t.Errorf("%d boards after the last listener of one left", len(notices.boards))
	}
	long.Close()
	if len(notices.boards) != 0 {
		t.Errorf("%d boards after the last listener left", len(notices.boards))
	}
}
