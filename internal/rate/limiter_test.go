package rate

import (
	"strconv"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	l := &Limiter{Every: time.Second, Burst: 3}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	want := func(what, caller string, after time.Duration, want bool) {
		t.Helper()
		now = now.Add(after)
		if got := l.Admits(caller, now); got != want {
			t.Errorf("%s: admitted %v", what, got)
		}
	}
	want("the first of a burst", "ana", 0, true)
	want("the second", "ana", 0, true)
	want("the third", "ana", 0, true)
	want("one too many", "ana", 0, false)
	want("another caller", "ben", 0, true)
	want("too soon", "ana", time.Second-1, false)
	want("after the time", "ana", 1, true)
	want("again at once", "ana", 0, false)
	want("after a rest", "ana", time.Hour, true)
	want("a burst again", "ana", 0, true)
	want("to its end", "ana", 0, true)
	want("and no further", "ana", 0, false)
}

func TestLimiterForgetsThoseWhoHavePaid(t *testing.T) {
	l := &Limiter{Every: time.Second, Burst: 1}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for i := range maxCallers {
		l.Admits(strconv.Itoa(i), now)
	}
	for range 2 {
		if !l.Admits("late", now) {
			t.Error("one who cannot be counted is refused")
		}
	}
	now = now.Add(time.Second)
	for i := range 2 {
		if l.Admits("late", now) != (i == 0) {
			t.Error("one who comes when others have paid is not counted")
		}
	}
	if len(l.spent) != 1 {
		t.Errorf("%d callers are known", len(l.spent))
	}
}
