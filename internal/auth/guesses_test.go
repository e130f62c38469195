package auth

import (
	"context"
	"fmt"
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

func TestGuesses(t *testing.T) {
	c := newClock()
	keys := openKeys(t, new(documentstest.Memory), c)
	_, stored, err := keys.Create(t.Context(), "console", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	const fixed = "chosen-by-somebody"
	if err := keys.AddFixed("given", fixed); err != nil {
		t.Fatal(err)
	}
	used := 0
	keys.OnUse(func(string) { used++ })
	var told []string
	a := &Authenticator{Keys: keys, Guesses: NewGuesses(c.now, func(_ context.Context, from string) { told = append(told, from) })}
	want := func(what, from, key string, code freshet.Code) {
		t.Helper()
		_, _, err := a.Identify(t.Context(), Credentials{APIKey: key, From: from})
		if err == nil && code != "" || err != nil && freshet.CodeOf(err) != code {
			t.Errorf("%s: %v, want %q", what, err, code)
		}
	}
	const guesser = "192.0.2.1:40000"
	for i := range wrongAtOnce {
		want("the right one between", guesser, fixed, "")
		want("a guess", fmt.Sprintf("192.0.2.1:%d", i), "wrong", freshet.Unauthenticated)
	}
	want("one too many", guesser, "wrong", freshet.Unavailable)
	want("the right one, too late", guesser, fixed, freshet.Unavailable)
	want("one that nobody can guess", guesser, stored, "")
	want("the right one from elsewhere", "192.0.2.2:40000", fixed, "")
	if len(told) != wrongAtOnce || told[3] != "192.0.2.1:3" {
		t.Errorf("told of %d guesses: %q", len(told), told)
	}
	if used != wrongAtOnce+2 {
		t.Errorf("keys were used %d times", used)
	}
	c.advance(wrongEvery)
	want("after a while", guesser, fixed, "")
	want("another guess", guesser, "wrong", freshet.Unauthenticated)
	want("and too many again", guesser, fixed, freshet.Unavailable)
}
