package accounts

import (
	"strings"
	"testing"
	"time"

	"freshet"
)

// restore puts back the documents of a kind, as if a server had died before it took them away.
func (f *fixture) restore(kind freshet.ModelName, before map[freshet.Document][]byte) {
	for d, body := range before {
		if d.Kind == kind {
			f.store.Set(d, body)
		}
	}
}

// What ends all sessions does so by the user's document; that the sessions' own ones go is only tidiness.
func TestSessionsEndThoughTheyStay(t *testing.T) {
	for name, end := range map[string]func(f *fixture, access string) error{
		"global sign-out": func(f *fixture, access string) error { return f.GlobalSignOut(f.t.Context(), app, access) },
		"password": func(f *fixture, _ string) error {
			return f.AdminSetUserPassword(f.t.Context(), operator, "ana", "another-one", true)
		},
		"reset": func(f *fixture, _ string) error {
			_, err := f.ForgotPassword(f.t.Context(), app, "ana")
			f.must(err)
			return f.ConfirmForgotPassword(f.t.Context(), app, "ana", f.code("ana@example.com"), "another-good-one")
		},
		"disabled and enabled": func(f *fixture, _ string) error {
			f.must(f.AdminDisableUser(f.t.Context(), operator, "ana"))
			return f.AdminEnableUser(f.t.Context(), operator, "ana")
		},
		"deleted": func(f *fixture, _ string) error { return f.AdminDeleteUser(f.t.Context(), operator, "ana") },
	} {
		f := newFixture(t)
		f.user("ana")
		tokens := f.tokens("ana")
		before := f.store.All()
		f.must(end(f, tokens.Access))
		f.restore(kindSession, before)
		f.want(name+": access token", f.checks(tokens.Access), NotAuthorized)
		_, err := f.refreshed(tokens.Refresh)
		f.want(name+": refresh token", err, NotAuthorized)
	}
}

// A step that was asked for before the password changed is not taken after it; no mail goes out for it either.
func TestStepsBeforeAChange(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	f.user("ana")
	result, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana"}})
	f.must(err)
	f.must(f.AdminSetUserPassword(t.Context(), operator, "ana", "another-good-one", true))
	mails := len(f.post.all())
	for _, answer := range []map[string]string{{"ANSWER": "EMAIL_OTP"}, {"ANSWER": "PASSWORD", "PASSWORD": "another-good-one"}} {
		_, err = f.respond(ChallengeSelect, result.Session, answer)
		f.want(answer["ANSWER"], err, NotAuthorized)
	}
	if len(f.post.all()) != mails {
		t.Error("a code was mailed")
	}
}

// Who is disabled gets the same answer and no mail.
func TestNoMailForDisabledUsers(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EmailSignIn = true })
	f.user("ana")
	f.must(f.AdminDisableUser(t.Context(), operator, "ana"))
	mails := len(f.post.all())
	result, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
	if err != nil || result.Challenge != ChallengeEmail {
		t.Errorf("%+v, %v", result, err)
	}
	_, err = f.ForgotPassword(t.Context(), app, "ana")
	f.want("forgot", err, "")
	if len(f.post.all()) != mails {
		t.Error("a code was mailed")
	}
}

// A group that is being deleted takes nobody, and the deletion can be finished later.
func TestGroupHalfDeleted(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("bob")
	_, err := f.CreateGroup(t.Context(), operator, Group{Name: "all"})
	f.must(err)
	f.must(f.AdminAddUserToGroup(t.Context(), operator, "ana", "all"))
	f.must(f.changeGroup(t.Context(), "all", func(g *group) { g.Removing = true }))
	f.want("join", f.AdminAddUserToGroup(t.Context(), operator, "bob", "all"), ResourceNotFound)
	f.must(f.DeleteGroup(t.Context(), operator, "all"))
	u, err := f.AdminGetUser(t.Context(), "ana")
	if err != nil || len(u.Groups) != 0 || f.store.Count(kindMember) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestKeysOfLongAgoGo(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	for range 2 {
		f.must(f.RotateSigningKey(t.Context(), operator))
	}
	f.want("a token of two keys ago", f.checks(tokens.Access), "")
	_, _, err := f.open().Check(t.Context(), tokens.Access)
	f.want("at another server", err, "")
	f.clock.advance(2 * time.Hour)
	f.must(f.RotateSigningKey(t.Context(), operator))
	if n := strings.Count(string(f.store.All()[keysDocument]), `"sealed"`); n != 2 {
		t.Errorf("%d keys are stored", n)
	}
}
