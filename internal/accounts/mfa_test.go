package accounts

import (
	"encoding/base32"
	"testing"
	"time"
)

// RFC 6238, appendix B, by its last six digits.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totpCode(secret, seconds/totpPeriod); got != want {
			t.Errorf("at %d the code is %s, want %s", seconds, got, want)
		}
	}
}

func (f *fixture) totp(secretCode string) string {
	f.t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secretCode)
	f.must(err)
	return totpCode(secret, f.now().Unix()/totpPeriod)
}

// withTOTP sets up an app for a user, and gives its secret.
func (f *fixture) withTOTP(name string) string {
	f.t.Helper()
	access := f.tokens(name).Access
	secret, _, err := f.AssociateSoftwareToken(f.t.Context(), app, access, "")
	f.must(err)
	_, err = f.VerifySoftwareToken(f.t.Context(), app, access, "", f.totp(secret))
	f.must(err)
	f.must(f.SetUserMFAPreference(f.t.Context(), app, access, &MFASetting{true, true}, nil))
	f.clock.advance(totpPeriod * time.Second)
	return secret
}

func TestTOTP(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	access := f.tokens("ana").Access
	f.want("turned on too early", f.SetUserMFAPreference(t.Context(), app, access, &MFASetting{true, false}, nil), InvalidParameter)
	_, err := f.VerifySoftwareToken(t.Context(), app, access, "", "123456")
	f.want("verified too early", err, SoftwareTokenMFANotFound)
	secret, _, err := f.AssociateSoftwareToken(t.Context(), app, access, "")
	f.must(err)
	_, err = f.VerifySoftwareToken(t.Context(), app, access, "", wrong(f.totp(secret)))
	f.want("wrong first code", err, EnableSoftwareTokenMFA)
	f.tokens("ana") // nothing is asked for yet

	secret = f.withTOTP("ana")
	u, err := f.AdminGetUser(t.Context(), "ana")
	if err != nil || u.PreferredMFA != ChallengeTOTP || len(u.MFA) != 1 {
		t.Errorf("%+v, %v", u, err)
	}
	result, err := f.bySRP("ana", goodPassword)
	if err != nil || result.Challenge != ChallengeTOTP || result.Session == "" || result.Tokens != nil {
		t.Fatalf("%+v, %v", result, err)
	}
	answer := func(code string) (AuthResult, error) {
		return f.respond(ChallengeTOTP, result.Session, map[string]string{"USERNAME": "ana", "SOFTWARE_TOKEN_MFA_CODE": code})
	}
	code := f.totp(secret)
	_, err = answer(wrong(code))
	f.want("wrong", err, CodeMismatch)
	_, err = answer("")
	f.want("none", err, CodeMismatch)
	done, err := answer(code)
	f.want("right", err, "")
	f.wantUser("right", done, "ana")
	result, err = f.bySRP("ana", goodPassword)
	f.must(err)
	_, err = answer(code)
	f.want("the same code for another sign-in", err, CodeMismatch)
	f.clock.advance(totpPeriod * time.Second)
	_, err = answer(f.totp(secret))
	f.want("the next code", err, "")

	// A clock may be off by a step, not by two.
	for steps, want := range map[time.Duration]Fault{1: "", 2: CodeMismatch, -1: "", -2: CodeMismatch} {
		f.clock.advance(10 * totpPeriod * time.Second)
		f.forgiveGuesses()
		result, err = f.bySRP("ana", goodPassword)
		f.must(err)
		f.clock.advance(steps * totpPeriod * time.Second)
		code := f.totp(secret)
		f.clock.advance(-steps * totpPeriod * time.Second)
		_, err = answer(code)
		f.want(steps.String(), err, want)
	}

	// Guesses are slowed whoever makes them, though only one with the password gets there.
	f.clock.advance(10 * totpPeriod * time.Second)
	f.forgiveGuesses()
	result, err = f.bySRP("ana", goodPassword)
	f.must(err)
	code = f.totp(secret)
	for range freeGuesses {
		_, err = answer(wrong(code))
		f.want("wrong", err, CodeMismatch)
	}
	_, err = f.RespondToAuthChallenge(t.Context(), Caller{Client: "web", Address: "198.51.100.1"}, ChallengeAnswer{
		Challenge: ChallengeTOTP, Session: result.Session, Responses: map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code},
	})
	f.want("one too many", err, TooManyFailedAttempts)
	f.clock.advance(firstWait)
	_, err = answer(f.totp(secret))
	f.want("later", err, "")

	// Another app takes the place of the first within the time of a code, and its own code counts once as well.
	another, _, err := f.AssociateSoftwareToken(t.Context(), app, access, "")
	f.must(err)
	code = f.totp(another)
	_, err = f.VerifySoftwareToken(t.Context(), app, access, "", code)
	f.want("another app", err, "")
	_, err = f.VerifySoftwareToken(t.Context(), app, access, "", code)
	f.want("another app again", err, SoftwareTokenMFANotFound)
	result, err = f.bySRP("ana", goodPassword)
	f.must(err)
	_, err = answer(code)
	f.want("the code that it was set up with", err, CodeMismatch)
	f.clock.advance(totpPeriod * time.Second)
	_, err = answer(f.totp(secret))
	f.want("the first app", err, CodeMismatch)
	_, err = answer(f.totp(another))
	f.want("the other app", err, "")

	f.must(f.SetUserMFAPreference(t.Context(), app, access, &MFASetting{}, nil))
	f.tokens("ana")
}

func TestMFASetup(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.MFA = MFARequired })
	f.user("ana")
	f.user("bob")
	result, err := f.byPassword("ana", goodPassword)
	if err != nil || result.Challenge != ChallengeMFASetup || result.Parameters["MFAS_CAN_SETUP"] != `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]` {
		t.Fatalf("%+v, %v", result, err)
	}
	_, err = f.respond(ChallengeMFASetup, result.Session, nil)
	f.want("nothing set up", err, InvalidParameter)
	secret, session, err := f.AssociateSoftwareToken(t.Context(), app, "", result.Session)
	f.must(err)
	_, err = f.respond(ChallengeMFASetup, session, nil)
	f.want("not verified", err, InvalidParameter)
	_, err = f.VerifySoftwareToken(t.Context(), app, "", result.Session, f.totp(secret))
	f.want("the session of before", err, SoftwareTokenMFANotFound)
	_, err = f.VerifySoftwareToken(t.Context(), app, "", session, wrong(f.totp(secret)))
	f.want("wrong code", err, EnableSoftwareTokenMFA)
	session, err = f.VerifySoftwareToken(t.Context(), app, "", session, f.totp(secret))
	f.must(err)
	done, err := f.respond(ChallengeMFASetup, session, map[string]string{"USERNAME": "ana"})
	f.want("set up", err, "")
	f.wantUser("set up", done, "ana")
	_, err = f.respond(ChallengeMFASetup, session, nil)
	f.want("again", err, NotAuthorized)
	result, err = f.byPassword("ana", goodPassword)
	if err != nil || result.Challenge != ChallengeTOTP {
		t.Errorf("the next time: %+v, %v", result, err)
	}

	result, err = f.byPassword("bob", goodPassword)
	f.must(err)
	_, err = f.respond(ChallengeMFASetup, result.Session, map[string]string{"EMAIL": "mallory@example.com"})
	f.want("another's e-mail", err, InvalidParameter)
	result, err = f.respond(ChallengeMFASetup, result.Session, map[string]string{"EMAIL": "bob@example.com"})
	if err != nil || result.Challenge != ChallengeEmail {
		t.Fatalf("%+v, %v", result, err)
	}
	done, err = f.respond(ChallengeEmail, result.Session, map[string]string{"EMAIL_OTP_CODE": f.code("bob@example.com")})
	f.want("e-mail set up", err, "")
	f.wantUser("e-mail set up", done, "bob")
	result, err = f.byPassword("bob", goodPassword)
	if err != nil || result.Challenge != ChallengeEmail {
		t.Errorf("the next time: %+v, %v", result, err)
	}

	off := f.open(func(c *Config) { c.MFA = MFAOff })
	_, _, err = off.AssociateSoftwareToken(t.Context(), app, done.Tokens.Access, "")
	f.want("where there is no MFA", err, SoftwareTokenMFANotFound)
	prefer := func(email bool) error {
		return off.SetUserMFAPreference(t.Context(), app, done.Tokens.Access, nil, &MFASetting{Enabled: email})
	}
	f.want("turned on where there is no MFA", prefer(true), InvalidParameter)
	f.want("turned off where there is no MFA", prefer(false), "")
}

// Who has the password before there is a second factor may begin to set one up, and keeps nothing of it: once the owner
// has one, no session from before puts another in its place.
func TestMFASetupTooLate(t *testing.T) {
	for name, enroll := range map[string]func(f *fixture, session string) string{
		"an app": func(f *fixture, session string) string {
			secret, session, err := f.AssociateSoftwareToken(t.Context(), app, "", session)
			f.must(err)
			session, err = f.VerifySoftwareToken(t.Context(), app, "", session, f.totp(secret))
			f.must(err)
			_, err = f.respond(ChallengeMFASetup, session, nil)
			f.must(err)
			return ChallengeTOTP
		},
		"the e-mail": func(f *fixture, session string) string {
			result, err := f.respond(ChallengeMFASetup, session, map[string]string{"EMAIL": "ana@example.com"})
			f.must(err)
			_, err = f.respond(ChallengeEmail, result.Session, map[string]string{"EMAIL_OTP_CODE": f.code("ana@example.com")})
			f.must(err)
			return ChallengeEmail
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(c *Config) { c.MFA = MFARequired })
			f.user("ana")
			begin := func() string {
				result, err := f.byPassword("ana", goodPassword)
				f.comesTo("the password", result, err, ChallengeMFASetup)
				return result.Session
			}
			stolen := begin()
			secret, begun, err := f.AssociateSoftwareToken(t.Context(), app, "", stolen)
			f.must(err)
			mailed, err := f.respond(ChallengeMFASetup, stolen, map[string]string{"EMAIL": "ana@example.com"})
			f.must(err)
			method := enroll(f, begin())

			f.clock.advance(2 * time.Minute)
			_, _, err = f.AssociateSoftwareToken(t.Context(), app, "", begun)
			f.want("to go on for longer", err, NotAuthorized)
			_, err = f.VerifySoftwareToken(t.Context(), app, "", begun, f.totp(secret))
			f.want("another app", err, NotAuthorized)
			_, err = f.respond(ChallengeMFASetup, stolen, map[string]string{"EMAIL": "ana@example.com"})
			f.want("the e-mail", err, NotAuthorized)
			u, err := f.find(t.Context(), "ana")
			f.must(err)
			_, err = f.sendCode(t.Context(), u, codeSignIn, "ana@example.com")
			f.must(err)
			_, err = f.respond(ChallengeEmail, mailed.Session, map[string]string{"EMAIL_OTP_CODE": f.code("ana@example.com")})
			f.want("the e-mail, whose code was asked for before", err, NotAuthorized)
			result, err := f.byPassword("ana", goodPassword)
			f.comesTo("the next sign-in", result, err, method)
		})
	}
}

// The code of a sign-up is a mailed one: who signs in by it has no second factor of another.
func TestMFAAfterSignUp(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.MFA = MFARequired })
	confirm := func(name string) (AuthResult, error) {
		session, err := f.ConfirmSignUp(t.Context(), app, name, f.code(name), "")
		f.must(err)
		return f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": name}, Session: session})
	}
	for _, name := range []string{"ana@example.com", "bob@example.com"} {
		_, err := f.SignUp(t.Context(), app, SignUp{Username: name, Password: goodPassword})
		f.must(err)
	}
	result, err := confirm("ana@example.com")
	f.comesTo("one who has none", result, err, ChallengeMFASetup)
	if can := result.Parameters["MFAS_CAN_SETUP"]; can != `["SOFTWARE_TOKEN_MFA"]` {
		t.Errorf("what can be set up is %s", can)
	}
	_, err = f.respond(ChallengeMFASetup, result.Session, map[string]string{"EMAIL": "ana@example.com"})
	f.want("the e-mail", err, InvalidParameter)

	f.must(f.AdminUpdateUserAttributes(t.Context(), operator, "bob@example.com", []Attribute{{"email_verified", "true"}}))
	f.must(f.AdminSetUserMFAPreference(t.Context(), operator, "bob@example.com", nil, &MFASetting{Enabled: true}))
	_, err = confirm("bob@example.com")
	f.want("one who has codes by mail", err, NotAuthorized)
}

func TestSelectMFA(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	f.user("ana")
	secret := f.withTOTP("ana")
	f.must(f.AdminSetUserMFAPreference(t.Context(), operator, "ana", &MFASetting{Enabled: true}, &MFASetting{Enabled: true}))
	f.want("two preferred", f.AdminSetUserMFAPreference(t.Context(), operator, "ana", &MFASetting{true, true}, &MFASetting{true, true}), InvalidParameter)
	result, err := f.byPassword("ana", goodPassword)
	if err != nil || result.Challenge != ChallengeSelectMFA || result.Parameters["MFAS_CAN_CHOOSE"] != `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]` {
		t.Fatalf("%+v, %v", result, err)
	}
	_, err = f.respond(ChallengeSelectMFA, result.Session, map[string]string{"ANSWER": "SMS_MFA"})
	f.want("not offered", err, InvalidParameter)
	mail, err := f.respond(ChallengeSelectMFA, result.Session, map[string]string{"ANSWER": "EMAIL_OTP"})
	f.must(err)
	done, err := f.respond(ChallengeEmail, mail.Session, map[string]string{"EMAIL_OTP_CODE": f.code("ana@example.com")})
	f.want("e-mail", err, "")
	f.wantUser("e-mail", done, "ana")
	result, err = f.byPassword("ana", goodPassword)
	f.must(err)
	second, err := f.respond(ChallengeSelectMFA, result.Session, map[string]string{"ANSWER": "SOFTWARE_TOKEN_MFA"})
	f.must(err)
	done, err = f.respond(ChallengeTOTP, second.Session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": f.totp(secret)})
	f.want("app", err, "")
	f.wantUser("app", done, "ana")

	f.must(f.AdminSetUserMFAPreference(t.Context(), operator, "ana", nil, &MFASetting{true, true}))
	result, err = f.byPassword("ana", goodPassword)
	if err != nil || result.Challenge != ChallengeEmail {
		t.Errorf("with a preferred one: %+v, %v", result, err)
	}

	// A mailed code is one factor, however often it comes.
	byMail := func() (AuthResult, error) {
		f.clock.advance(time.Hour)
		result, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
		f.must(err)
		return f.respond(ChallengeEmail, result.Session, map[string]string{"EMAIL_OTP_CODE": f.code("ana@example.com")})
	}
	result, err = byMail()
	if err != nil || result.Challenge != ChallengeTOTP {
		t.Errorf("by mail: %+v, %v", result, err)
	}
	f.must(f.AdminSetUserMFAPreference(t.Context(), operator, "ana", &MFASetting{}, nil))
	_, err = byMail()
	f.want("by mail, with mail as the second factor", err, NotAuthorized)
}
