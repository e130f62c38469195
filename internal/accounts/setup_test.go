package accounts

import (
	"strings"
	"testing"
	"time"
)

func (f *fixture) newSetup() string {
	f.t.Helper()
	secret, err := f.NewSetup(f.t.Context(), operator, "admins")
	f.must(err)
	return secret
}

func (f *fixture) setup(token, secret string) error {
	return f.Setup(f.t.Context(), app, "admins", token, secret)
}

func (f *fixture) wantGroups(name string, want ...string) {
	f.t.Helper()
	u, err := f.AdminGetUser(f.t.Context(), name)
	f.must(err)
	if got := strings.Join(u.Groups, " "); got != strings.Join(want, " ") {
		f.t.Errorf("%s is in the groups %q, want %q", name, got, want)
	}
}

func TestFirstAdmin(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("ben")
	ana, ben := f.tokens("ana"), f.tokens("ben")
	old := f.newSetup()
	secret := f.newSetup()
	for what, c := range map[string]struct {
		token, secret string
		fault         Fault
	}{
		"no token":                   {"", secret, NotAuthorized},
		"an ID token":                {ana.ID, secret, NotAuthorized},
		"no secret":                  {ana.Access, "", CodeMismatch},
		"a wrong secret":             {ana.Access, strings.Repeat("A", len(secret)), CodeMismatch},
		"the secret before the last": {ana.Access, old, CodeMismatch},
	} {
		f.want(what, f.setup(c.token, c.secret), c.fault)
	}
	f.want("another group's secret", f.Setup(t.Context(), app, "owners", ana.Access, secret), CodeMismatch)
	f.wantGroups("ana")
	for d, body := range f.store.All() {
		if strings.Contains(string(body), secret) {
			t.Errorf("%v holds the secret", d)
		}
	}

	f.must(f.setup(ana.Access, secret))
	f.wantGroups("ana", "admins")
	if e := f.audit.last(); e.What != "Setup admins" || e.Outcome != OutcomeOK || e.From != app.Address {
		t.Errorf("the audit says %+v", e)
	}
	f.want("the same secret again", f.setup(ben.Access, secret), CodeMismatch)
	f.wantGroups("ben")
	if e := f.audit.last(); e.Outcome != string(CodeMismatch) {
		t.Errorf("the audit says %+v", e)
	}
	_, err := f.NewSetup(t.Context(), operator, "admins")
	f.want("a secret while there is an admin", err, UnsupportedUserState)
	next, err := f.GetTokensFromRefreshToken(t.Context(), app, ana.Refresh)
	f.must(err)
	id, _, err := f.Check(t.Context(), next.Access)
	f.must(err)
	if groups, _ := id.Claims["cognito:groups"].([]any); len(groups) != 1 || groups[0] != "admins" {
		t.Errorf("the next token has the groups %v", id.Claims["cognito:groups"])
	}

	f.must(f.AdminDeleteUser(t.Context(), operator, "ana"))
	f.must(f.setup(ben.Access, f.newSetup())) // there is none again
	f.wantGroups("ben", "admins")
}

func TestSetupExpires(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	secret := f.newSetup()
	f.clock.advance(SetupLifetime)
	token := f.tokens("ana").Access
	f.want("after its time", f.setup(token, secret), ExpiredCode)
	secret = f.newSetup()
	f.clock.advance(SetupLifetime - time.Second)
	token = f.tokens("ana").Access
	f.must(f.setup(token, secret))
}

func TestSetupNeedsAVerifiedEmail(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.AutoConfirm = true })
	_, err := f.SignUp(t.Context(), app, SignUp{Username: "ana", Password: goodPassword, Attributes: []Attribute{{"email", "ana@example.com"}}})
	f.must(err)
	token, secret := f.tokens("ana").Access, f.newSetup()
	f.want("before it is verified", f.setup(token, secret), UnsupportedUserState)
	f.must(f.AdminUpdateUserAttributes(t.Context(), operator, "ana", []Attribute{{"email_verified", "true"}}))
	f.must(f.setup(token, secret))
}

// TestSetupIsForTheFirst holds that a link that was made before there was an administrator is worth nothing after.
func TestSetupIsForTheFirst(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("ben")
	secret := f.newSetup()
	_, err := f.CreateGroup(t.Context(), operator, Group{Name: "admins"})
	f.must(err)
	f.must(f.AdminAddUserToGroup(t.Context(), operator, "ben", "admins"))
	f.want("when another is there", f.setup(f.tokens("ana").Access, secret), UnsupportedUserState)
	f.wantGroups("ana")
}

func TestSetupIsSlowed(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	token, secret := f.tokens("ana").Access, f.newSetup()
	for range freeGuesses {
		f.want("a wrong secret", f.setup(token, "wrong"), CodeMismatch)
	}
	f.want("the right one, too soon", f.setup(token, secret), TooManyRequests)
	f.clock.advance(longestWait)
	f.must(f.setup(token, secret))
}
