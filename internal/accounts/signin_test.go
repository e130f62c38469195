package accounts

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSignIn(t *testing.T) {
	f := newFixture(t)
	id := f.user("ana")
	eve := f.user("eve@example.com")
	for name, c := range map[string]struct {
		name, password string
		want           Fault
		user           string
	}{
		"user name":       {"ana", goodPassword, "", "ana"},
		"other case":      {"ANA", goodPassword, "", "ana"},
		"spaces":          {" ana ", goodPassword, "", "ana"},
		"e-mail":          {"Ana@Example.COM", goodPassword, "", "ana"},
		"id":              {id, goodPassword, "", "ana"},
		"e-mail as name":  {"eve@example.com", goodPassword, "", eve},
		"wrong password":  {"ana", goodPassword + "x", NotAuthorized, ""},
		"space in front":  {"ana", " " + goodPassword, NotAuthorized, ""},
		"other case, pw":  {"ana", strings.ToUpper(goodPassword), NotAuthorized, ""},
		"unknown":         {"bob", goodPassword, NotAuthorized, ""},
		"unknown e-mail":  {"bob@example.com", goodPassword, NotAuthorized, ""},
		"no password":     {"ana", "", InvalidParameter, ""},
		"no name":         {" ", goodPassword, InvalidParameter, ""},
		"endless name":    {strings.Repeat("a", 600), goodPassword, InvalidParameter, ""},
		"endless attempt": {"ana", strings.Repeat("a", 300), NotAuthorized, ""},
	} {
		f.forgiveGuesses()
		result, err := f.byPassword(c.name, c.password)
		f.want(name, err, c.want)
		if c.want == "" {
			f.wantUser(name, result, c.user)
		}
		if c.want == InvalidParameter {
			continue
		}
		result, err = f.bySRP(c.name, c.password)
		f.want(name+" by SRP", err, c.want)
		if c.want == "" {
			f.wantUser(name+" by SRP", result, c.user)
		}
	}
	for _, flow := range []string{"", "CUSTOM_AUTH", "DEVICE_SRP_AUTH"} {
		_, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: flow, Parameters: map[string]string{"USERNAME": "ana"}})
		f.want("flow "+flow, err, UnsupportedOperation)
	}
	for _, challenge := range []string{"", "SMS_MFA"} {
		_, err := f.respond(challenge, "x", nil)
		f.want("challenge "+challenge, err, UnsupportedOperation)
	}
}

func (f *fixture) wantUser(what string, result AuthResult, name string) {
	f.t.Helper()
	if result.Tokens == nil {
		f.t.Errorf("%s: no tokens, but %s", what, result.Challenge)
		return
	}
	u, err := f.GetUser(f.t.Context(), app, result.Tokens.Access)
	if err != nil || u.Name != name {
		f.t.Errorf("%s: signed in as %q, %v", what, u.Name, err)
	}
}

func TestUserAuth(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	f.user("ana")
	begin := func(parameters map[string]string) (AuthResult, error) {
		return f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: parameters})
	}
	result, err := begin(map[string]string{"USERNAME": "ana"})
	if err != nil || result.Challenge != ChallengeSelect || !slices.Equal(result.Available, []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}) || result.Parameters["USERNAME"] != "ana" {
		t.Fatalf("%+v, %v", result, err)
	}
	choose := func(responses map[string]string) (AuthResult, error) {
		return f.respond(ChallengeSelect, result.Session, responses)
	}
	chosen, err := choose(map[string]string{"USERNAME": "ana", "ANSWER": "PASSWORD", "PASSWORD": goodPassword})
	f.want("PASSWORD", err, "")
	f.wantUser("PASSWORD", chosen, "ana")
	_, err = choose(map[string]string{"ANSWER": "PASSWORD", "PASSWORD": "wrong"})
	f.want("wrong password", err, NotAuthorized)
	_, err = choose(map[string]string{"ANSWER": "WEB_AUTHN"})
	f.want("not offered", err, InvalidParameter)

	c := newSRPClient(32)
	result, err = begin(map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "WEB_AUTHN"})
	f.must(err)
	chosen, err = choose(map[string]string{"ANSWER": "PASSWORD_SRP", "SRP_A": c.public.Text(16)})
	f.must(err)
	chosen, err = f.respond(ChallengeVerifier, chosen.Session, c.prove("test", goodPassword, chosen.Parameters))
	f.want("PASSWORD_SRP", err, "")
	f.wantUser("PASSWORD_SRP", chosen, "ana")

	result, err = begin(map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"})
	if err != nil || result.Challenge != ChallengeEmail || result.Parameters["CODE_DELIVERY_DESTINATION"] != "a***@e***" {
		t.Fatalf("%+v, %v", result, err)
	}
	code := f.code("ana@example.com")
	_, err = f.respond(ChallengeEmail, result.Session, map[string]string{"EMAIL_OTP_CODE": wrong(code)})
	f.want("wrong code", err, CodeMismatch)
	chosen, err = f.respond(ChallengeEmail, result.Session, map[string]string{"EMAIL_OTP_CODE": code})
	f.want("EMAIL_OTP", err, "")
	f.wantUser("EMAIL_OTP", chosen, "ana")
	_, err = f.respond(ChallengeEmail, result.Session, map[string]string{"EMAIL_OTP_CODE": code})
	f.want("the code again", err, CodeMismatch)

	result, err = begin(map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": goodPassword})
	f.want("preferred PASSWORD", err, "")
	f.wantUser("preferred PASSWORD", result, "ana")

	plain := f.open()
	r, err := plain.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
	if err != nil || slices.Contains(r.Available, "EMAIL_OTP") || r.Challenge != ChallengeSelect {
		t.Errorf("where codes do not sign in: %+v, %v", r, err)
	}
}

func TestPasswordless(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	_, err := f.signUp("ana@example.com", "", "")
	f.must(err)
	f.must(f.confirm("ana@example.com", f.code("ana@example.com")))
	_, err = f.byPassword("ana@example.com", goodPassword)
	f.want("a password", err, NotAuthorized)
	_, err = f.bySRP("ana@example.com", "")
	f.want("no password by SRP", err, NotAuthorized)
	result, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana@example.com", "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
	f.must(err)
	result, err = f.respond(ChallengeEmail, result.Session, map[string]string{"EMAIL_OTP_CODE": f.code("ana@example.com")})
	f.must(err)
	f.wantFactors(result.Tokens.Access, "EMAIL_OTP")
	f.user("bob")
	f.wantFactors(f.tokens("bob").Access, "PASSWORD", "EMAIL_OTP")
}

func (f *fixture) wantFactors(access string, want ...string) {
	f.t.Helper()
	if _, got, err := f.GetUserAuthFactors(f.t.Context(), app, access); err != nil || !slices.Equal(got, want) {
		f.t.Errorf("the factors are %q, %v, want %q", got, err, want)
	}
}

// What a session is good for: its step, its client, its time, its user as it was, and once.
func TestTickets(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	f.user("ana")
	f.user("bob")
	_, err := f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "new", TemporaryPassword: "first-password"})
	f.must(err)
	challenged := func() AuthResult {
		t.Helper()
		result, err := f.byPassword("new", "first-password")
		if err != nil || result.Challenge != ChallengeNewPassword || result.Session == "" || result.Parameters["USERNAME"] != "new" {
			t.Fatalf("%+v, %v", result, err)
		}
		return result
	}
	answer := map[string]string{"USERNAME": "new", "NEW_PASSWORD": goodPassword}
	result := challenged()
	tampered := []byte(result.Session)
	tampered[len(tampered)/2] ^= 1
	for name, session := range map[string]string{
		"none": "", "rubbish": "rubbish", "no base64": "§", "tampered": string(tampered), "cut": result.Session[:len(result.Session)-4],
		"longer": result.Session + "AAAA", "endless": strings.Repeat("A", 20_000),
	} {
		_, err := f.respond(ChallengeNewPassword, session, answer)
		f.want(name, err, NotAuthorized)
	}
	for _, challenge := range challenges {
		if challenge != ChallengeNewPassword {
			_, err := f.respond(challenge, result.Session, map[string]string{
				"ANSWER": "PASSWORD", "PASSWORD": goodPassword, "PASSWORD_CLAIM_SECRET_BLOCK": result.Session, "EMAIL": "a@example.com",
			})
			f.want("as "+challenge, err, NotAuthorized)
		}
	}
	_, err = f.RespondToAuthChallenge(t.Context(), Caller{Client: "cli"}, ChallengeAnswer{Challenge: ChallengeNewPassword, Session: result.Session, Responses: answer})
	f.want("another client", err, NotAuthorized)
	other := f.open(func(c *Config) { c.Secret = []byte(strings.Repeat("another ", 4)) }, func(c *Config) { f.store.Set(keysDocument, nil) })
	_, err = other.RespondToAuthChallenge(t.Context(), app, ChallengeAnswer{Challenge: ChallengeNewPassword, Session: result.Session, Responses: answer})
	f.want("another secret", err, NotAuthorized)
	f.store.Set(keysDocument, testKeys())

	f.clock.advance(f.config.ChallengeLifetime)
	_, err = f.respond(ChallengeNewPassword, result.Session, answer)
	f.want("too late", err, NotAuthorized)
	first, second := challenged(), challenged()
	_, err = f.respond(ChallengeNewPassword, first.Session, map[string]string{"NEW_PASSWORD": "12345678"})
	f.want("bad password", err, InvalidPassword)
	done, err := f.respond(ChallengeNewPassword, first.Session, answer)
	f.want("right", err, "")
	f.wantUser("right", done, "new")
	_, err = f.respond(ChallengeNewPassword, first.Session, answer)
	f.want("again", err, NotAuthorized)
	_, err = f.respond(ChallengeNewPassword, second.Session, answer)
	f.want("another one from before", err, NotAuthorized)

	// Any server of the pool goes on with it.
	start, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana"}})
	f.must(err)
	done, err = f.open().RespondToAuthChallenge(t.Context(), app, ChallengeAnswer{
		Challenge: ChallengeSelect, Session: start.Session, Responses: map[string]string{"ANSWER": "PASSWORD", "PASSWORD": goodPassword},
	})
	f.want("another server", err, "")
	f.wantUser("another server", done, "ana")
}

func TestStatuses(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.must(f.AdminDisableUser(t.Context(), operator, "ana"))
	_, err := f.byPassword("ana", goodPassword)
	f.want("disabled", err, NotAuthorized)
	_, err = f.byPassword("ana", "wrong")
	f.want("disabled, wrong password", err, NotAuthorized)
	f.must(f.AdminEnableUser(t.Context(), operator, "ana"))
	_, err = f.byPassword("ana", goodPassword)
	f.want("enabled", err, "")

	f.must(f.AdminResetUserPassword(t.Context(), operator, "ana"))
	_, err = f.byPassword("ana", goodPassword)
	f.want("reset", err, PasswordResetRequired)
	_, err = f.bySRP("ana", goodPassword)
	f.want("reset, by SRP", err, PasswordResetRequired)
	_, err = f.byPassword("ana", "wrong")
	f.want("reset, wrong password", err, NotAuthorized)
	f.must(f.AdminResetUserPassword(t.Context(), operator, "ana")) // the code of before still counts
	f.must(f.ConfirmForgotPassword(t.Context(), app, "ana", f.code("ana@example.com"), "another-good-one"))
	_, err = f.byPassword("ana", "another-good-one")
	f.want("after the reset", err, "")

	_, err = f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "new", TemporaryPassword: "first-password"})
	f.must(err)
	f.clock.advance(f.config.TemporaryLifetime)
	_, err = f.byPassword("new", "first-password")
	f.want("temporary password, too late", err, NotAuthorized)
}

// Who is not there is answered like who is: the same words and shapes, the same sums, reads and letters.
func TestUnknownUsers(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	for _, name := range []string{"ana", "eve@example.com", "ida@example.com"} {
		f.user(name)
	}
	_, err := f.signUp("una", goodPassword, "una@example.com")
	f.must(err)
	_, err = f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "new", TemporaryPassword: "first-password"})
	f.must(err)
	f.clock.advance(time.Minute)
	c := newSRPClient(32)
	choose := func(name string, responses map[string]string) answer {
		r, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": name}})
		f.must(err)
		r, err = f.respond(ChallengeSelect, r.Session, responses)
		return answer{r, err}
	}
	steps := map[string]func(name string) answer{
		"password": func(name string) answer { r, err := f.byPassword(name, "wrong-password"); return answer{r, err} },
		"srp": func(name string) answer {
			r, err := f.startBySRP(c, name)
			return answer{r, err}
		},
		"srp proof": func(name string) answer {
			r, err := f.startBySRP(c, name)
			f.must(err)
			r, err = f.respond(ChallengeVerifier, "", c.prove("test", "wrong-password", r.Parameters))
			return answer{r, err}
		},
		"select": func(name string) answer {
			r, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": name}})
			return answer{r, err}
		},
		"select, password": func(name string) answer {
			return choose(name, map[string]string{"ANSWER": "PASSWORD", "PASSWORD": "wrong-password"})
		},
		"select, srp": func(name string) answer {
			return choose(name, map[string]string{"ANSWER": "PASSWORD_SRP", "SRP_A": c.public.Text(16)})
		},
		"select, email": func(name string) answer { return choose(name, map[string]string{"ANSWER": "EMAIL_OTP"}) },
		"preferred srp": func(name string) answer {
			r, err := f.InitiateAuth(t.Context(), app, AuthRequest{
				Flow: FlowUser, Parameters: map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": c.public.Text(16)},
			})
			return answer{r, err}
		},
		"forgot, and the post is closed": func(name string) answer {
			f.clock.advance(time.Hour)
			f.post.fail = errBroken
			defer func() { f.post.fail = nil }()
			d, err := f.ForgotPassword(t.Context(), app, name)
			return answer{AuthResult{Parameters: map[string]string{"d": d.Destination}}, err}
		},
		"email": func(name string) answer {
			r, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
			return answer{r, err}
		},
		"email, code": func(name string) answer {
			r, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
			f.must(err)
			r, err = f.respond(ChallengeEmail, r.Session, map[string]string{"EMAIL_OTP_CODE": "no code"})
			return answer{r, err}
		},
		"forgot": func(name string) answer {
			d, err := f.ForgotPassword(t.Context(), app, name)
			return answer{AuthResult{Parameters: map[string]string{"d": d.Destination, "m": d.Medium}}, err}
		},
		"forgot twice": func(name string) answer { _, err := f.ForgotPassword(t.Context(), app, name); return answer{err: err} },
		"reset": func(name string) answer {
			return answer{err: f.ConfirmForgotPassword(t.Context(), app, name, "no code", goodPassword)}
		},
		"resend": func(name string) answer {
			d, err := f.ResendConfirmationCode(t.Context(), app, name)
			return answer{AuthResult{Parameters: map[string]string{"d": d.Destination}}, err}
		},
		"confirm": func(name string) answer { return answer{err: f.confirm(name, "no code")} },
	}
	for _, order := range []string{
		"password", "srp", "srp proof", "preferred srp", "select", "select, password", "select, srp", "select, email", "email", "email, code",
		"forgot", "forgot twice", "reset", "reset", "reset", "reset", "reset", "reset", "resend", "confirm", "confirm", "forgot, and the post is closed",
	} {
		for known, unknown := range map[string]string{"ana": "bob", "eve@example.com": "eva@example.com", "una": "uwe", "new": "old", f.id("ida@example.com"): "123e4567-e89b-42d3-a456-426614174000"} {
			f.forgiveGuesses()
			a, wantCost := f.cost(func() answer { return steps[order](known) })
			b, cost := f.cost(func() answer { return steps[order](unknown) })
			if cost != wantCost {
				t.Errorf("%s: for %s %+v, for %s %+v", order, known, wantCost, unknown, cost)
			}
			if errorText(a.err) != errorText(b.err) {
				t.Errorf("%s: %v for %s, %v for %s", order, a.err, known, b.err, unknown)
			}
			if x, y := shape(a.result, known), shape(b.result, unknown); x != y {
				t.Errorf("%s: for %s and %s\n%s\n%s", order, known, unknown, x, y)
			}
		}
	}
	for _, m := range f.post.all() {
		for _, name := range []string{"bob", "eva@", "uwe", "old"} {
			if strings.Contains(m.To, name) {
				t.Errorf("mail went to %s", m.To)
			}
		}
	}

	// Always the same salt and id for a name, in any case.
	one, err := f.startBySRP(c, "Nobody")
	f.must(err)
	two, err := f.open().InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowSRP, Parameters: map[string]string{"USERNAME": " nobody", "SRP_A": "2"}})
	f.must(err)
	for _, name := range []string{"SALT", "USER_ID_FOR_SRP", "USERNAME"} {
		if one.Parameters[name] != two.Parameters[name] || one.Parameters[name] == "" {
			t.Errorf("%s is %s and then %s", name, one.Parameters[name], two.Parameters[name])
		}
	}
	if one.Parameters["SRP_B"] == two.Parameters["SRP_B"] {
		t.Error("SRP_B is the same twice")
	}
	f.clock.advance(time.Hour)
	_, err = f.ResendConfirmationCode(t.Context(), app, "una")
	f.must(err)
	f.must(f.confirm("una", f.code("una@example.com")))
}

type answer struct {
	result AuthResult
	err    error
}

// cost is what takes the time of an answer: hundreds of microseconds a sum, a disk's time a write.
type cost struct {
	sums             int64
	accesses, writes int
	letters          int
}

func (f *fixture) cost(ask func() answer) (answer, cost) {
	before := cost{f.sums.done.Load(), f.store.Accesses(), f.store.Writes(), f.post.sends()}
	a := ask()
	return a, cost{f.sums.done.Load() - before.sums, f.store.Accesses() - before.accesses, f.store.Writes() - before.writes, f.post.sends() - before.letters}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// shape gives what one can see of an answer, with random values by their length.
func shape(r AuthResult, name string) string {
	var b strings.Builder
	b.WriteString(r.Challenge + " " + strings.Join(r.Available, ","))
	for _, key := range slices.Sorted(maps.Keys(r.Parameters)) {
		value := r.Parameters[key]
		switch {
		case key == "USERNAME" && strings.EqualFold(value, name):
			value = "the name"
		case key == "USERNAME" || key == "USER_ID_FOR_SRP":
			value = map[bool]string{true: "an id", false: value}[isUUID(value) && value[14] == '4']
		case key == "SALT":
			value = map[bool]string{true: "a salt", false: value}[len(value) > 24 && len(value) <= 32]
		case key == "SRP_B":
			value = map[bool]string{true: "a number", false: value}[len(value) > 760 && len(value) <= 768]
		case key == "SECRET_BLOCK":
			value = map[bool]string{true: "a block", false: value}[len(value) > 1500]
		case strings.Contains(value, "***@"):
			value = "a hint" + map[bool]string{true: value}[isEmail(name)]
			value = strings.Replace(value, name[:1]+"***", "x***", 1)
		}
		b.WriteString(" " + key + "=" + value)
	}
	return b.String()
}

func TestRevealUnknownUsers(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.RevealUnknownUsers = true })
	_, err := f.byPassword("bob", goodPassword)
	f.want("password", err, UserNotFound)
	_, err = f.bySRP("bob", goodPassword)
	f.want("srp", err, UserNotFound)
	_, err = f.ForgotPassword(t.Context(), app, "bob")
	f.want("forgot", err, UserNotFound)
	f.want("confirm", f.confirm("bob", "123456"), UserNotFound)
}
