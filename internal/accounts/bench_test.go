package accounts

import (
	"fmt"
	"testing"

	"freshet/internal/tokencache"
)

func BenchmarkSRPLogin(b *testing.B) {
	f := newFixture(b)
	f.user("ana")
	c := newSRPClient(32)
	result, err := f.startBySRP(c, "ana")
	f.must(err)
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			_, err := f.startBySRP(c, "ana")
			f.must(err)
		}
	})
	b.Run("prove", func(b *testing.B) { // with the wrong password; what is left out is two signatures
		responses := c.prove("test", "wrong", result.Parameters)
		for b.Loop() {
			_, _ = f.respond(ChallengeVerifier, "", responses)
			f.forgiveGuesses()
		}
	})
	b.Run("whole, client too", func(b *testing.B) {
		for b.Loop() {
			_, err := f.bySRP("ana", goodPassword)
			f.must(err)
		}
	})
}

// forgiveGuesses forgets all counts of guesses.
func (f *fixture) forgiveGuesses() {
	for d := range f.store.All() {
		if d.Kind == kindAttempt {
			f.store.Set(d, nil)
		}
	}
}

func BenchmarkPasswordLogin(b *testing.B) {
	f := newFixture(b)
	f.user("ana")
	for b.Loop() {
		f.tokens("ana")
	}
}

func BenchmarkSignUp(b *testing.B) {
	f := newFixture(b)
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("user%d", i)
		_, err := f.SignUp(b.Context(), app, SignUp{Username: name, Password: goodPassword, Attributes: []Attribute{{"email", name + "@example.com"}}})
		f.must(err)
	}
}

func BenchmarkRefresh(b *testing.B) {
	f := newFixture(b)
	f.user("ana")
	token := f.tokens("ana").Refresh
	for b.Loop() {
		tokens, err := f.GetTokensFromRefreshToken(b.Context(), app, token)
		f.must(err)
		token = tokens.Refresh
	}
}

func BenchmarkCheck(b *testing.B) {
	f := newFixture(b)
	f.user("ana")
	token := f.tokens("ana").Access
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			f.must(f.checks(token))
		}
	})
	b.Run("uncached", func(b *testing.B) {
		for b.Loop() {
			f.verified = tokencache.Cache[verifiedToken]{}
			f.must(f.checks(token))
		}
	})
	b.Run("uncached with the store", func(b *testing.B) {
		for b.Loop() {
			f.verified = tokencache.Cache[verifiedToken]{}
			f.live.until = nil
			f.must(f.checks(token))
		}
	})
}
