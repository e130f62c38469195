package accounts

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// from signs in from an address.
func (f *fixture) from(address, name, password string) error {
	_, err := f.InitiateAuth(f.t.Context(), Caller{Client: "web", Address: address}, AuthRequest{
		Flow: FlowPassword, Parameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	return err
}

func TestGuessingIsSlowed(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	for _, name := range []string{"ana", "nobody"} { // one who is there, and one who is not
		for i := range freeGuesses {
			f.want(fmt.Sprintf("guess %d", i), f.from("198.51.100.1", name, "wrong-password"), NotAuthorized)
		}
		sums := f.sums.done.Load()
		wait := firstWait
		for range 12 {
			err := f.from("198.51.100.1", name, goodPassword)
			f.want("too early", err, NotAuthorized)
			if err == nil || err.Error() == errWrongPassword.Error() {
				t.Errorf("the answer to a guess that was not made is %v", err)
			}
			f.clock.advance(wait - time.Millisecond)
			f.want("a little early", f.from("198.51.100.1", name, goodPassword), NotAuthorized)
			if f.sums.done.Load() != sums {
				t.Error("a guess was made though it was too early")
			}
			f.clock.advance(time.Millisecond)
			if err := f.from("198.51.100.1", name, "wrong-password"); err == nil || err.Error() != errWrongPassword.Error() {
				t.Errorf("after %v: %v", wait, err)
			}
			sums = f.sums.done.Load()
			wait = min(2*wait, longestWait)
		}
	}
	f.clock.advance(longestWait)
	f.want("the right one, after the wait", f.from("198.51.100.1", "ana", goodPassword), "")
	f.want("one wrong", f.from("198.51.100.1", "ana", "wrong-password"), NotAuthorized)
	f.want("and the right one", f.from("198.51.100.1", "ana", goodPassword), "")
}

// A stranger guesses without end; the owner comes in all the same: at home, on the road, and where the session
// lasts.
func TestNobodyIsLockedOut(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	made := 0
	for i := range 400 {
		err := f.from(fmt.Sprintf("198.51.%d.%d", i/8, i%8), "ana", "wrong-password")
		f.want("guess", err, NotAuthorized)
		if err.Error() == errWrongPassword.Error() {
			made++
		}
	}
	f.want("the owner at home", f.from(app.Address, "ana", goodPassword), "")
	f.want("the owner on the road", f.from("203.0.113.9", "ana", goodPassword), "")
	_, err := f.refreshed(tokens.Refresh)
	f.want("the owner's session", err, "")
	f.want("the owner's token", f.checks(tokens.Access), "")

	// At home a slip is forgiven as ever; on a new network the second guess has to wait.
	for range freeGuesses {
		f.want("a slip at home", f.from(app.Address, "ana", "wrong-password"), NotAuthorized)
	}
	f.clock.advance(firstWait)
	f.want("the owner at home", f.from(app.Address, "ana", goodPassword), "")
	f.want("a slip elsewhere", f.from("203.0.113.10", "ana", "wrong-password"), NotAuthorized)
	f.want("at once", f.from("203.0.113.10", "ana", goodPassword), NotAuthorized)
	f.clock.advance(heavyWait)
	f.want("after a while", f.from("203.0.113.10", "ana", goodPassword), "")
	f.want("another account", f.from("198.51.0.1", "nobody", "wrong-password"), NotAuthorized)

	// The count of the account fades.
	f.clock.advance(6 * guessHalfLife)
	for range 2 {
		f.want("a slip on a new network", f.from("203.0.113.11", "ana", "wrong-password"), NotAuthorized)
	}
	f.want("at once", f.from("203.0.113.11", "ana", goodPassword), "")
}

// A stranger uses up the tries of every code that is mailed, and the owner's is taken all the same where the owner has
// been before.
func TestNobodyIsLockedOutOfCodes(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	f.user("ana")
	f.tokens("ana")
	stranger := 0
	guess := func(how func(c Caller, code string) error) (last error) {
		for range 2 * codeTries {
			stranger++
			last = how(Caller{Client: "web", Address: fmt.Sprintf("198.51.100.%d", stranger)}, "no code")
		}
		return last
	}
	reset := func(c Caller, code string) error {
		return f.ConfirmForgotPassword(t.Context(), c, "ana", code, goodPassword)
	}
	forget := func() string {
		t.Helper()
		f.clock.advance(codeInterval)
		_, err := f.ForgotPassword(t.Context(), app, "ana")
		f.must(err)
		return f.code("ana@example.com")
	}
	code := forget()
	f.want("the stranger's last guess", guess(reset), TooManyFailedAttempts)
	f.want("a right one of the stranger", reset(Caller{Client: "web", Address: "198.51.100.200"}, code), TooManyFailedAttempts)
	for range codeTries - 1 {
		f.want("the owner's slip", reset(app, "no code"), CodeMismatch)
	}
	f.want("the owner's code", reset(app, code), "")

	// So is the one that signs in.
	f.clock.advance(codeInterval)
	begin := func(c Caller) AuthResult {
		t.Helper()
		r, err := f.InitiateAuth(t.Context(), c, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
		f.must(err)
		return r
	}
	answer := func(c Caller, code string) error {
		_, err := f.RespondToAuthChallenge(t.Context(), c, ChallengeAnswer{
			Challenge: ChallengeEmail, Session: begin(c).Session, Responses: map[string]string{"EMAIL_OTP_CODE": code},
		})
		return err
	}
	begin(app)
	f.want("the stranger's last guess to sign in", guess(answer), TooManyFailedAttempts)
	f.want("the owner's sign-in", answer(app, f.code("ana@example.com")), "")

	// At home there are no more tries than elsewhere.
	code = forget()
	for range codeTries {
		f.want("a guess at home", reset(app, "no code"), CodeMismatch)
	}
	f.clock.advance(longestWait - time.Minute)
	f.want("one too many at home", reset(app, code), TooManyFailedAttempts)
}

// Guesses made at once are counted before they are made.
func TestGuessesAtOnce(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	sums := f.sums.done.Load()
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() { f.want("guess", f.from("198.51.100.1", "ana", "wrong-password"), NotAuthorized) })
	}
	group.Wait()
	if made := f.sums.done.Load() - sums; made != freeGuesses {
		t.Errorf("%d guesses were made", made)
	}
}

// The clock was ahead, by years perhaps, and is set right: nobody waits until it comes to where it was.
func TestClockGoesBack(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	secret := f.withTOTP("ana")
	f.clock.advance(10 * 365 * 24 * time.Hour)
	signIn := func() {
		t.Helper()
		result, err := f.byPassword("ana", goodPassword)
		f.must(err)
		_, err = f.respond(ChallengeTOTP, result.Session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": f.totp(secret)})
		f.want("a code of the app", err, "")
	}
	forgets := func() {
		t.Helper()
		_, err := f.ForgotPassword(t.Context(), app, "ana")
		f.want("a code by mail", err, "")
	}
	for range 2 {
		f.want("a slip", f.from(app.Address, "ana", "wrong-password"), NotAuthorized)
		f.want("a slip elsewhere", f.from("198.51.100.1", "ana", "wrong-password"), NotAuthorized)
		signIn()
		forgets()
		f.clock.advance(-10 * 365 * 24 * time.Hour)
	}
	f.user("bob") // tokens are signed too, though the key is of a time to come
	f.tokens("bob")
	f.clock.advance(10*365*24*time.Hour + totpPeriod*time.Second)
	signIn()
	for range freeGuesses {
		f.want("a guess", f.from("198.51.100.1", "ana", "wrong-password"), NotAuthorized)
	}
	err := f.from("198.51.100.1", "ana", goodPassword)
	if f.want("guessing", err, NotAuthorized); err == nil || err.Error() == errWrongPassword.Error() {
		t.Errorf("guessing is not slowed any more: %v", err)
	}
}

// A sign-up tells who has an account, so it cannot be asked about a list of addresses.
func TestSignUpTellsFewNames(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	signUp := func(address, name string) error {
		_, err := f.SignUp(t.Context(), Caller{Client: "web", Address: address}, SignUp{Username: name, Password: goodPassword})
		return err
	}
	for range takenAtOnce {
		f.want("one that is taken", signUp("198.51.100.1", "ana@example.com"), UsernameExists)
	}
	before := f.store.String()
	f.want("one too many", signUp("198.51.100.1", "ana@example.com"), TooManyRequests)
	f.want("one that is free", signUp("198.51.100.1", "bob@example.com"), TooManyRequests)
	if f.store.String() != before {
		t.Error("refused, and something was stored")
	}
	f.want("elsewhere", signUp("198.51.100.2", "bob@example.com"), "")
	f.clock.advance(takenEvery)
	f.want("after a while", signUp("198.51.100.1", "eva@example.com"), "")
	f.want("another one", signUp("198.51.100.1", "ida@example.com"), "")
	f.want("one that is taken", signUp("198.51.100.1", "ana@example.com"), UsernameExists)
	f.want("and again", signUp("198.51.100.1", "ana@example.com"), TooManyRequests)
}

func TestArithmeticIsBounded(t *testing.T) {
	a := newArithmetic()
	slots := max(1, runtime.GOMAXPROCS(0)/2)
	release := make(chan struct{})
	var running, most atomic.Int64
	var group sync.WaitGroup
	for range maxWaiting {
		group.Go(func() {
			err := a.guess(t.Context(), func() {
				most.Store(max(most.Load(), running.Add(1)))
				<-release
				running.Add(-1)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for a.waiting.Load() < maxWaiting {
		runtime.Gosched()
	}
	if err := a.guess(t.Context(), func() {}); FaultOf(err) != TooManyRequests {
		t.Errorf("one too many: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.do(cancelled, func() {}); err == nil {
		t.Error("one whose caller has gone was done")
	}
	close(release)
	group.Wait()
	if most.Load() > int64(slots) {
		t.Errorf("%d sums at once, of %d", most.Load(), slots)
	}
	if err := a.guess(t.Context(), func() {}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
