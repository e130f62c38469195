package accounts

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func (f *fixture) signUp(name, password, email string) (SignedUp, error) {
	r := SignUp{Username: name, Password: password}
	if email != "" {
		r.Attributes = []Attribute{{"email", email}}
	}
	return f.SignUp(f.t.Context(), app, r)
}

func (f *fixture) confirm(name, code string) error {
	_, err := f.ConfirmSignUp(f.t.Context(), app, name, code, "")
	return err
}

func TestSignUp(t *testing.T) {
	f := newFixture(t)
	f.user("taken")
	long := strings.Repeat("ä", 129)
	for name, c := range map[string]struct {
		name, password, email string
		attribute             Attribute
		want                  Fault
	}{
		"name and e-mail":   {name: "ana", password: goodPassword, email: "ana@home.example"},
		"e-mail":            {name: "eve@example.com", password: goodPassword},
		"both the same":     {name: "eva@example.com", password: goodPassword, email: "Eva@example.com"},
		"spaces around":     {name: "  ida ", password: goodPassword, email: " ida@example.com "},
		"other scripts":     {name: "Ωμέγα-漢字", password: goodPassword, email: "omega@example.com"},
		"long password":     {name: "lea", password: strings.Repeat("ä", 256), email: "lea@example.com"},
		"custom attribute":  {name: "max", password: goodPassword, email: "max@example.com", attribute: Attribute{"custom:team", "red"}},
		"no name":           {name: "", password: goodPassword, email: "a@example.com", want: InvalidParameter},
		"blank in the name": {name: "a b", password: goodPassword, email: "a@example.com", want: InvalidParameter},
		"not seen":          {name: "a\u200bb", password: goodPassword, email: "a@example.com", want: InvalidParameter},
		"an id":             {name: "123e4567-e89b-12d3-a456-426614174000", password: goodPassword, email: "a@example.com", want: InvalidParameter},
		"an owner":          {name: "123e4567-e89b-12d3-a456-426614174000::ana", password: goodPassword, email: "a@example.com", want: InvalidParameter},
		"shown as another":  {name: "x:ana", password: goodPassword, email: "a@example.com", want: InvalidParameter},
		"long name":         {name: long, password: goodPassword, email: "a@example.com", want: InvalidParameter},
		"no e-mail":         {name: "a", password: goodPassword, want: InvalidParameter},
		"bad e-mail":        {name: "a", password: goodPassword, email: "a@", want: InvalidParameter},
		"e-mail and name":   {name: "a", password: goodPassword, email: "A <a@example.com>", want: InvalidParameter},
		"e-mail, new line":  {name: "a@example.com\nBcc: b@example.com", password: goodPassword, want: InvalidParameter},
		"two e-mails":       {name: "a@example.com", password: goodPassword, email: "b@example.com", want: InvalidParameter},
		"name taken":        {name: "TAKEN", password: goodPassword, email: "a@example.com", want: UsernameExists},
		"e-mail taken":      {name: "a", password: goodPassword, email: "Taken@Example.com", want: UsernameExists},
		"no password":       {name: "a", email: "a@example.com", want: InvalidPassword},
		"short":             {name: "a", password: "1234567", email: "a@example.com", want: InvalidPassword},
		"too long":          {name: "a", password: strings.Repeat("ä", 257), email: "a@example.com", want: InvalidPassword},
		"common":            {name: "a", password: "Password1", email: "a@example.com", want: InvalidPassword},
		"name as password":  {name: "anastasia", password: "Anastasia", email: "a@example.com", want: InvalidPassword},
		"mail as password":  {name: "a", password: "a@example.com", email: "a@example.com", want: InvalidPassword},
		"sub":               {name: "a", password: goodPassword, email: "a@example.com", attribute: Attribute{"sub", "x"}, want: InvalidParameter},
		"verified":          {name: "a", password: goodPassword, email: "a@example.com", attribute: Attribute{"email_verified", "true"}, want: NotAuthorized},
		"unknown attribute": {name: "a", password: goodPassword, email: "a@example.com", attribute: Attribute{"shoe", "42"}, want: InvalidParameter},
		"bad phone":         {name: "a", password: goodPassword, email: "a@example.com", attribute: Attribute{"phone_number", "12"}, want: InvalidParameter},
		"long attribute":    {name: "a", password: goodPassword, email: "a@example.com", attribute: Attribute{"name", strings.Repeat("n", 2049)}, want: InvalidParameter},
		"e-mail twice":      {name: "a", password: goodPassword, email: "a@example.com", attribute: Attribute{"email", "a@example.com"}, want: InvalidParameter},
	} {
		before := f.store.String()
		r := SignUp{Username: c.name, Password: c.password}
		if c.email != "" {
			r.Attributes = append(r.Attributes, Attribute{"email", c.email})
		}
		if c.attribute.Name != "" {
			r.Attributes = append(r.Attributes, c.attribute)
		}
		answer, err := f.SignUp(t.Context(), app, r)
		f.want(name, err, c.want)
		if c.want != "" {
			if len(before) != len(f.store.String()) {
				t.Errorf("%s: refused, and something was stored", name)
			}
			continue
		}
		if answer.Confirmed || answer.ID == "" || answer.Session == "" || answer.Delivery == nil || !strings.Contains(answer.Delivery.Destination, "***@e***") && name != "name and e-mail" {
			t.Errorf("%s: %+v", name, answer)
		}
		_, err = f.byPassword(c.name, c.password)
		f.want(name+", before its e-mail is verified", err, UserNotConfirmed)
	}
	_, err := f.SignUp(t.Context(), Caller{Client: "other"}, SignUp{Username: "a", Password: goodPassword})
	f.want("another client", err, ResourceNotFound)

	closed := f.open(func(c *Config) { c.AdminOnly = true })
	_, err = closed.SignUp(t.Context(), app, SignUp{Username: "a", Password: goodPassword, Attributes: []Attribute{{"email", "a@example.com"}}})
	f.want("operators only", err, NotAuthorized)
}

func TestConfirmSignUp(t *testing.T) {
	f := newFixture(t)
	answer, err := f.signUp("ana@example.com", goodPassword, "")
	f.must(err)
	code := f.code("ana@example.com")
	f.want("wrong code", f.confirm("ana@example.com", wrong(code)), CodeMismatch)
	f.want("another user's name", f.confirm("bob@example.com", code), CodeMismatch)
	f.want("right code", f.confirm("ANA@example.com ", " "+code+" "), "")
	f.want("the code again", f.confirm("ana@example.com", code), CodeMismatch)
	tokens := f.tokens("ana@example.com")
	u, err := f.GetUser(t.Context(), app, tokens.Access)
	f.must(err)
	if u.ID != answer.ID || u.Name != answer.ID || u.Status != Confirmed {
		t.Errorf("the user is %+v", u)
	}
	if _, err := f.Pool.ResendConfirmationCode(t.Context(), app, "ana@example.com"); FaultOf(err) != LimitExceeded {
		t.Errorf("resent within a minute: %v", err)
	}
}

func TestConfirmSignUpWithSession(t *testing.T) {
	f := newFixture(t)
	answer, err := f.signUp("ana", goodPassword, "ana@example.com")
	f.must(err)
	other, err := f.signUp("bob", goodPassword, "bob@example.com")
	f.must(err)
	begin := func(session string) error {
		_, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana"}, Session: session})
		return err
	}
	f.want("before the code", begin(answer.Session), NotAuthorized)
	session, err := f.ConfirmSignUp(t.Context(), app, "ana", f.code("ana@example.com"), answer.Session)
	if err != nil || session == "" {
		t.Fatalf("%q, %v", session, err)
	}
	f.want("after the code", begin(session), "")
	f.want("once more", begin(session), NotAuthorized)
	session, err = f.ConfirmSignUp(t.Context(), app, "bob", f.code("bob@example.com"), answer.Session)
	if err != nil || session != "" {
		t.Errorf("with another user's session: %q, %v", session, err)
	}
	_ = other
}

func TestCodes(t *testing.T) {
	f := newFixture(t)
	_, err := f.signUp("ana", goodPassword, "ana@example.com")
	f.must(err)
	first := f.code("ana@example.com")
	resend := func() error {
		_, err := f.ResendConfirmationCode(t.Context(), app, "ana")
		return err
	}
	f.want("resend at once", resend(), LimitExceeded)
	f.clock.advance(time.Minute - time.Millisecond)
	f.want("resend a little early", resend(), LimitExceeded)
	f.clock.advance(time.Millisecond)
	f.want("resend", resend(), "")
	second := f.code("ana@example.com")
	if first != second {
		f.want("the first code", f.confirm("ana", first), CodeMismatch)
	}
	f.clock.advance(15 * time.Minute)
	f.want("the second, too late", f.confirm("ana", second), ExpiredCode)

	f.want("resend", resend(), "")
	third := f.code("ana@example.com")
	for range codeTries - 2 { // an expired one cost none; one wrong one was of another code
		f.want("wrong", f.confirm("ana", wrong(third)), CodeMismatch)
		f.forgiveGuesses()
	}
	f.want("wrong", f.confirm("ana", wrong(third)), CodeMismatch)
	f.want("wrong", f.confirm("ana", wrong(third)), CodeMismatch)
	f.want("right, and no try left", f.confirm("ana", third), TooManyFailedAttempts)
	f.clock.advance(time.Minute)
	f.want("resend", resend(), "")
	f.want("the new one", f.confirm("ana", f.code("ana@example.com")), "")
}

func TestCodeIntervals(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	forgot := func() error {
		_, err := f.ForgotPassword(t.Context(), app, "ana")
		return err
	}
	for i := range codeSlowdown {
		f.want(fmt.Sprintf("send %d", i+1), forgot(), "")
		f.clock.advance(codeInterval)
	}
	f.want("many sends", forgot(), LimitExceeded)
	f.clock.advance(codeIntervals)
	f.want("many sends, later", forgot(), "")
	f.clock.advance(codeDay)
	f.want("the next day", forgot(), "")
	f.clock.advance(codeInterval)
	f.want("a minute later", forgot(), "")
}

func TestCodesAreRandomAndHashed(t *testing.T) {
	f := newFixture(t)
	seen := make(map[string]bool)
	for i := range 40 {
		name := fmt.Sprintf("u%d@example.com", i)
		_, err := f.signUp(name, goodPassword, "")
		f.must(err)
		code := f.code(name)
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Errorf("the code is %q", code)
		}
		seen[code] = true
		if strings.Contains(string(f.store.All()[codeDocument(f.id(name), codeSignUp)]), code) {
			t.Error("a code lies in the store")
		}
	}
	if len(seen) < 38 {
		t.Errorf("of 40 codes %d are different", len(seen))
	}
}

// id gives the id of a user by name.
func (f *fixture) id(name string) string {
	f.t.Helper()
	u, err := f.find(f.t.Context(), name)
	f.must(err)
	return u.ID
}

// Many sign up with one e-mail, and one name, at the same time.
func TestSignUpAtOnce(t *testing.T) {
	f := newFixture(t)
	for round, name := range []func(int) (string, string){
		func(i int) (string, string) { return fmt.Sprintf("ana%d", i), "one@example.com" },
		func(i int) (string, string) { return "bob", fmt.Sprintf("bob%d@example.com", i) },
		func(int) (string, string) { return "eve@example.com", "" },
	} {
		var won, lost atomic.Int64
		var group sync.WaitGroup
		users := f.store.Count(kindUser)
		f.clock.advance(time.Hour) // a network is told of so many names only
		for i := range 12 {
			group.Go(func() {
				user, email := name(i)
				switch _, err := f.signUp(user, goodPassword, email); FaultOf(err) {
				case UsernameExists:
					lost.Add(1)
				default:
					f.want("sign up", err, "")
					won.Add(1)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 || lost.Load() != 11 || f.store.Count(kindUser) != users+1 {
			t.Errorf("round %d: %d won, %d lost", round, won.Load(), lost.Load())
		}
	}
}

// A sign-up that is never confirmed keeps nobody from an e-mail for long.
func TestSquatting(t *testing.T) {
	f := newFixture(t)
	_, err := f.signUp("mallory", "mallory's-secret", "ana@example.com")
	f.must(err)
	_, err = f.signUp("ana", goodPassword, "ana@example.com")
	f.want("at once", err, UsernameExists)
	f.clock.advance(f.config.UnconfirmedLifetime)
	old := f.code("ana@example.com")
	_, err = f.signUp("ana", goodPassword, "ana@example.com")
	f.want("a day later", err, "")
	f.want("the old sign-up", f.confirm("mallory", old), CodeMismatch)
	f.want("the new one", f.confirm("ana", f.code("ana@example.com")), "")
	_, err = f.byPassword("ana@example.com", "mallory's-secret")
	f.want("the old password", err, NotAuthorized)
	_, err = f.byPassword("ana@example.com", goodPassword)
	f.want("the new one", err, "")
	f.clock.advance(f.config.UnconfirmedLifetime)
	_, err = f.signUp("other", goodPassword, "ana@example.com")
	f.want("one that was confirmed", err, UsernameExists)

	// Whoever has the mailbox need not wait: a reset makes the account theirs.
	_, err = f.signUp("mallory", "mallory's-secret", "bob@example.com")
	f.must(err)
	_, err = f.ForgotPassword(t.Context(), app, "bob@example.com")
	f.must(err)
	f.must(f.ConfirmForgotPassword(t.Context(), app, "bob@example.com", f.code("bob@example.com"), goodPassword))
	_, err = f.byPassword("bob@example.com", "mallory's-secret")
	f.want("the stranger's password", err, NotAuthorized)
	_, err = f.byPassword("bob@example.com", goodPassword)
	f.want("the owner's", err, "")
}

func TestAutoConfirm(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.AutoConfirm = true })
	answer, err := f.signUp("ana", goodPassword, "")
	if err != nil || !answer.Confirmed || answer.Delivery != nil || len(f.post.messages) > 0 {
		t.Errorf("%+v, %v", answer, err)
	}
	f.tokens("ana")
}

func TestMailFails(t *testing.T) {
	f := newFixture(t)
	f.post.fail = errBroken
	_, err := f.signUp("ana", goodPassword, "ana@example.com")
	f.want("the queue is full", err, CodeDeliveryFailure)
	f.post.fail = nil
	f.clock.advance(time.Minute)
	_, err = f.ResendConfirmationCode(t.Context(), app, "ana")
	f.want("resend", err, "")
	f.want("confirm", f.confirm("ana", f.code("ana@example.com")), "")

	// What is done is not said to have failed because its notice cannot be sent.
	access := f.tokens("ana").Access
	f.post.fail = errBroken
	f.want("change the password", f.ChangePassword(t.Context(), app, access, goodPassword, "another-good-one"), "")
	if e := f.audit.entries[len(f.audit.entries)-2]; e.What != "Notice" || e.About != "mail password-changed" || e.Outcome != "CodeDeliveryFailureException" {
		t.Errorf("%+v", e)
	}
}

func TestForgotPassword(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	delivery, err := f.ForgotPassword(t.Context(), app, "ana@example.com")
	if err != nil || delivery != (Delivery{"email", "EMAIL", "a***@e***"}) {
		t.Errorf("%+v, %v", delivery, err)
	}
	code := f.code("ana@example.com")
	reset := func(name, code, password string) error {
		return f.ConfirmForgotPassword(t.Context(), app, name, code, password)
	}
	f.want("wrong code", reset("ana", wrong(code), "another-good-one"), CodeMismatch)
	f.want("bad password", reset("ana", code, "12345678"), InvalidPassword)
	f.want("name as password", reset("ana", code, "ANA@example.com"), InvalidPassword)
	f.want("right", reset("ana", code, "another-good-one"), "")
	f.want("again", reset("ana", code, "yet-another-one"), CodeMismatch)
	_, err = f.byPassword("ana", goodPassword)
	f.want("the old password", err, NotAuthorized)
	_, err = f.byPassword("ana", "another-good-one")
	f.want("the new one", err, "")
	f.want("the old session", f.checks(tokens.Access), NotAuthorized)
	if m := f.post.all()[len(f.post.all())-1]; m.Template != MailPasswordChanged || m.To != "ana@example.com" {
		t.Errorf("the last mail is %+v", m)
	}

	f.clock.advance(time.Minute)
	_, err = f.ForgotPassword(t.Context(), app, "ana")
	f.must(err)
	f.clock.advance(15 * time.Minute)
	f.want("too late", reset("ana", f.code("ana@example.com"), goodPassword), ExpiredCode)
}
