package accounts

import (
	"sync"
	"testing"
	"time"
)

// atOnce does something many times at the same time, and gives how often it went well.
func atOnce(do func() error) (well int) {
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			err := do()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				well++
			}
		})
	}
	group.Wait()
	return well
}

// What counts once does so when it comes many times at once, from many networks too.
func TestOnceAtOnce(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	f.user("ana")
	secret := f.withTOTP("ana")
	_, err := f.signUp("una", goodPassword, "una@example.com")
	f.must(err)
	_, err = f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "new", TemporaryPassword: "first-password"})
	f.must(err)
	f.user("ben")
	once := func(what string, do func() error) {
		t.Helper()
		if n := atOnce(do); n != 1 {
			t.Errorf("%s: %d of 8 went well", what, n)
		}
		f.forgiveGuesses()
	}
	answers := func(challenge string, r AuthResult, err error, responses map[string]string) func() error {
		t.Helper()
		if err != nil || r.Challenge != challenge {
			t.Fatalf("%+v, %v", r, err)
		}
		return func() error { _, err := f.respond(challenge, r.Session, responses); return err }
	}

	code := f.code("una@example.com")
	once("the code of a sign-up", func() error { return f.confirm("una", code) })
	_, err = f.ForgotPassword(t.Context(), app, "ben")
	f.must(err)
	code = f.code("ben@example.com")
	once("the code of a reset", func() error { return f.ConfirmForgotPassword(t.Context(), app, "ben", code, goodPassword) })
	access := f.tokens("ben").Access
	_, err = f.UpdateUserAttributes(t.Context(), app, access, []Attribute{{"email", "ben@new.example"}})
	f.must(err)
	code = f.code("ben@new.example")
	once("the code of an address", func() error { return f.VerifyUserAttribute(t.Context(), app, access, "email", code) })
	r, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ben", "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
	once("the code of a sign-in", answers(ChallengeEmail, r, err, map[string]string{"EMAIL_OTP_CODE": f.code("ben@new.example")}))

	r, err = f.byPassword("ana", goodPassword)
	once("a code of the app", answers(ChallengeTOTP, r, err, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": f.totp(secret)}))
	f.clock.advance(totpPeriod * time.Second)
	var sessions []AuthResult
	for range 8 {
		r, err = f.byPassword("ana", goodPassword)
		f.must(err)
		sessions = append(sessions, r)
	}
	var mu sync.Mutex
	once("a code of the app, for several sign-ins", func() error {
		mu.Lock()
		session := sessions[0].Session
		sessions = sessions[1:]
		mu.Unlock()
		_, err := f.respond(ChallengeTOTP, session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": f.totp(secret)})
		return err
	})

	r, err = f.byPassword("new", "first-password")
	once("a session of a new password", answers(ChallengeNewPassword, r, err, map[string]string{"NEW_PASSWORD": goodPassword}))
	r, err = f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ben"}})
	once("a session of a choice", answers(ChallengeSelect, r, err, map[string]string{"ANSWER": "PASSWORD", "PASSWORD": goodPassword}))
	c := newSRPClient(32)
	r, err = f.startBySRP(c, "ben")
	once("an answer of SRP", answers(ChallengeVerifier, r, err, c.prove("test", goodPassword, r.Parameters)))
}
