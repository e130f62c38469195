package accounts

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"freshet"
)

func (f *fixture) refreshed(token string) (*Tokens, error) {
	return f.GetTokensFromRefreshToken(f.t.Context(), app, token)
}

func (f *fixture) refreshedInPlace(token string) (*Tokens, error) {
	r, err := f.InitiateAuth(f.t.Context(), app, AuthRequest{Flow: FlowRefresh, Parameters: map[string]string{"REFRESH_TOKEN": token}})
	return r.Tokens, err
}

// TestLife holds that a sign-in may ask for a shorter session, through all its steps, and for no longer one.
func TestLife(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	signIn := func(name, password string, life time.Duration) AuthResult {
		t.Helper()
		result, err := f.InitiateAuth(t.Context(), app, AuthRequest{
			Flow: FlowPassword, Parameters: map[string]string{"USERNAME": name, "PASSWORD": password}, Life: life,
		})
		f.must(err)
		return result
	}
	_, err := f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "ben", TemporaryPassword: goodPassword})
	f.must(err)
	challenge := signIn("ben", goodPassword, time.Minute)
	answered, err := f.respond(ChallengeNewPassword, challenge.Session, map[string]string{"NEW_PASSWORD": "rose-garden-48"})
	f.must(err)
	signUp, err := f.SignUp(t.Context(), app, SignUp{Username: "carl", Password: goodPassword, Attributes: []Attribute{{"email", "carl@example.com"}}})
	f.must(err)
	session, err := f.ConfirmSignUp(t.Context(), app, "carl", f.code("carl@example.com"), signUp.Session)
	f.must(err)
	confirmed, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Session: session, Life: time.Minute})
	f.must(err)
	short := map[string]*Tokens{
		"by password": signIn("ana", goodPassword, time.Minute).Tokens, "by a challenge": answered.Tokens, "by a confirmation": confirmed.Tokens,
	}
	usual, endless := signIn("ana", goodPassword, 0).Tokens, signIn("ana", goodPassword, 1000*24*time.Hour).Tokens
	for name, tokens := range short {
		f.want(name, f.checks(tokens.Access), "")
	}
	f.clock.advance(time.Minute)
	for name, tokens := range short {
		f.want(name+", a minute later", f.checks(tokens.Access), NotAuthorized)
		_, err := f.refreshed(tokens.Refresh)
		f.want(name+", refreshed", err, NotAuthorized)
	}
	f.must(f.checks(usual.Access))
	f.clock.advance(f.config.RefreshLifetime - 2*time.Minute)
	for name, tokens := range map[string]*Tokens{"usual": usual, "endless": endless} {
		_, err := f.refreshedInPlace(tokens.Refresh)
		f.want(name, err, "")
	}
	f.clock.advance(time.Minute)
	_, err = f.refreshedInPlace(endless.Refresh)
	f.want("longer than the pool has it", err, NotAuthorized)
}

func TestRefresh(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	first := f.tokens("ana")
	if strings.Contains(f.store.String(), first.Refresh) {
		t.Error("the refresh token lies in the store")
	}
	second, err := f.refreshed(first.Refresh)
	f.must(err)
	if second.Refresh == "" || second.Refresh == first.Refresh || f.checks(second.Access) != nil || f.checks(first.Access) != nil {
		t.Errorf("%+v", second)
	}
	a, b := f.claims(first.Access), f.claims(second.Access)
	if a["origin_jti"] != b["origin_jti"] || a["jti"] == b["jti"] || a["auth_time"] != b["auth_time"] {
		t.Errorf("%v and then %v", a, b)
	}
	if strings.Contains(f.store.String(), second.Refresh) {
		t.Error("the refresh token lies in the store")
	}
	// Another tab, a moment later, gets the same one; the successor counts.
	f.clock.advance(f.config.RefreshGrace - time.Millisecond)
	tab, err := f.refreshed(first.Refresh)
	if err != nil || tab.Refresh != second.Refresh {
		t.Errorf("%v, %v", tab, err)
	}
	third, err := f.refreshed(second.Refresh)
	f.want("the successor", err, "")
	f.clock.advance(f.config.RefreshGrace)
	_, err = f.refreshed(second.Refresh)
	f.want("used before", err, RefreshTokenReuse)
	_, err = f.refreshed(third.Refresh)
	f.want("the family has ended", err, NotAuthorized)
	f.want("its access token", f.checks(third.Access), NotAuthorized)

	// One of two rotations ago is no other tab's.
	tokens := f.tokens("ana")
	next, err := f.refreshed(tokens.Refresh)
	f.must(err)
	_, err = f.refreshed(next.Refresh)
	f.must(err)
	_, err = f.refreshed(tokens.Refresh)
	f.want("two ago", err, RefreshTokenReuse)
}

func TestRefreshInPlace(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	for range 3 {
		again, err := f.refreshedInPlace(tokens.Refresh)
		if err != nil || again.Refresh != "" || f.checks(again.Access) != nil {
			t.Errorf("%+v, %v", again, err)
		}
		f.clock.advance(time.Hour)
	}
	next, err := f.refreshed(tokens.Refresh)
	f.must(err)
	_, err = f.refreshedInPlace(next.Refresh)
	f.want("once it has rotated", err, NotAuthorized)
	_, err = f.refreshed(next.Refresh)
	f.want("it goes on rotating", err, "")
}

func TestRefreshRefusals(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	changed := []byte(tokens.Refresh)
	changed[60] ^= 2
	for name, token := range map[string]string{
		"none": "", "rubbish": "rubbish", "changed": string(changed), "cut": tokens.Refresh[:50], "access token": tokens.Access,
		"no base64": strings.Repeat("!", len(tokens.Refresh)), "line ends": strings.Repeat("A", len(tokens.Refresh)-8) + strings.Repeat("\n", 8), "made up": strings.Repeat("A", len(tokens.Refresh)),
	} {
		_, err := f.refreshed(token)
		f.want(name, err, NotAuthorized)
		_, err = f.refreshedInPlace(token)
		f.want(name+", in place", err, NotAuthorized)
	}
	_, err := f.GetTokensFromRefreshToken(t.Context(), Caller{Client: "cli"}, tokens.Refresh)
	f.want("another client", err, NotAuthorized)
	_, err = f.GetTokensFromRefreshToken(t.Context(), Caller{Client: "other"}, tokens.Refresh)
	f.want("an unknown client", err, ResourceNotFound)
	// None of that ended the session; time does, however often it was refreshed.
	for range 3 {
		f.clock.advance(f.config.RefreshLifetime / 4)
		tokens, err = f.refreshed(tokens.Refresh)
		f.want("a week later", err, "")
	}
	f.clock.advance(f.config.RefreshLifetime / 4)
	_, err = f.refreshed(tokens.Refresh)
	f.want("a month later", err, NotAuthorized)
}

// Tabs that refresh at the same time all go on.
func TestRefreshAtOnce(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	var mu sync.Mutex
	successors := make(map[string]int)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			next, err := f.refreshed(tokens.Refresh)
			f.want("refresh", err, "")
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				successors[next.Refresh]++
			}
		})
	}
	group.Wait()
	if len(successors) != 1 {
		t.Errorf("there are %d successors", len(successors))
	}
}

// What ends sessions, which ones, and who hears of it.
func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(f *fixture, mine, other *Tokens) error
		mine Fault // what Check says of the session that did it
		both bool  // ends the other one too
	}{
		"revoke":          {func(f *fixture, mine, _ *Tokens) error { return f.RevokeToken(f.t.Context(), app, mine.Refresh) }, NotAuthorized, false},
		"global sign-out": {func(f *fixture, mine, _ *Tokens) error { return f.GlobalSignOut(f.t.Context(), app, mine.Access) }, NotAuthorized, true},
		"change of password": {func(f *fixture, mine, _ *Tokens) error {
			return f.ChangePassword(f.t.Context(), app, mine.Access, goodPassword, "another-good-one")
		}, "", true},
		"operator's sign-out": {func(f *fixture, _, _ *Tokens) error {
			return f.AdminUserGlobalSignOut(f.t.Context(), operator, "ana")
		}, NotAuthorized, true},
		"operator's password": {func(f *fixture, _, _ *Tokens) error {
			return f.AdminSetUserPassword(f.t.Context(), operator, "ana", "another-good-one", true)
		}, NotAuthorized, true},
		"disabled":    {func(f *fixture, _, _ *Tokens) error { return f.AdminDisableUser(f.t.Context(), operator, "ana") }, NotAuthorized, true},
		"deleted":     {func(f *fixture, mine, _ *Tokens) error { return f.DeleteUser(f.t.Context(), app, mine.Access) }, NotAuthorized, true},
		"reset asked": {func(f *fixture, _, _ *Tokens) error { return f.AdminResetUserPassword(f.t.Context(), operator, "ana") }, NotAuthorized, true},
		"reuse": {func(f *fixture, mine, _ *Tokens) error {
			_, err := f.refreshed(mine.Refresh)
			f.must(err)
			f.clock.advance(f.config.RefreshGrace)
			_, err = f.refreshed(mine.Refresh)
			f.want("reuse", err, RefreshTokenReuse)
			return nil
		}, NotAuthorized, false},
		"forgotten password": {func(f *fixture, _, _ *Tokens) error {
			_, err := f.ForgotPassword(f.t.Context(), app, "ana")
			f.must(err)
			return f.ConfirmForgotPassword(f.t.Context(), app, "ana", f.code("ana@example.com"), "another-good-one")
		}, NotAuthorized, true},
	} {
		f := newFixture(t)
		id := f.user("ana")
		f.user("bob")
		mine, other, bob := f.tokens("ana"), f.tokens("ana"), f.tokens("bob")
		elsewhere := f.open() // another server of the pool
		for _, token := range []string{mine.Access, other.Access, bob.Access} {
			f.must(f.checks(token))
			_, _, err := elsewhere.Check(t.Context(), token)
			f.must(err)
		}
		var told []string
		f.OnRevoke(func(sessionID, userID string) {
			if userID != id {
				t.Errorf("%s: told of user %s", name, userID)
			}
			told = append(told, sessionID)
		})
		var barred []string
		f.OnBar(func(userID string) { barred = append(barred, userID) })
		want := map[string]bool{}
		if c.mine != "" {
			want[f.claims(mine.Access)["origin_jti"].(string)] = true
		}
		if c.both {
			want[f.claims(other.Access)["origin_jti"].(string)] = true
		}
		f.must(c.end(f, mine, other))

		otherFault := Fault("")
		if c.both {
			otherFault = NotAuthorized
		}
		f.want(name+": its own session", f.checks(mine.Access), c.mine)
		f.want(name+": the other session", f.checks(other.Access), otherFault)
		f.want(name+": another user", f.checks(bob.Access), "")
		if c.both {
			_, err := f.refreshed(other.Refresh)
			f.want(name+": the other refresh token", err, NotAuthorized)
		}
		f.clock.advance(f.config.Recheck)
		_, _, err := elsewhere.Check(t.Context(), mine.Access)
		f.want(name+": its own session, at another server", err, c.mine)
		_, _, err = elsewhere.Check(t.Context(), other.Access)
		f.want(name+": the other session, at another server", err, otherFault)
		wantBarred := name == "disabled" || name == "deleted"
		if wantBarred != slices.Equal(barred, []string{id}) || !wantBarred && barred != nil {
			t.Errorf("%s: told of the accounts %v", name, barred)
		}
		if len(told) != len(want) {
			t.Errorf("%s: told of %d sessions, want %d", name, len(told), len(want))
		}
		for _, sessionID := range told {
			if !want[sessionID] {
				t.Errorf("%s: told of a session that goes on", name)
			}
		}
	}
}

func TestRevokeToken(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	f.want("rubbish is no fault", f.RevokeToken(t.Context(), app, "rubbish"), "")
	f.want("another client's", f.RevokeToken(t.Context(), Caller{Client: "cli"}, tokens.Refresh), NotAuthorized)
	f.must(f.checks(tokens.Access))
	next, err := f.refreshed(tokens.Refresh)
	f.must(err)
	f.want("with an old token of the family", f.RevokeToken(t.Context(), app, tokens.Refresh), "")
	f.want("its access token", f.checks(next.Access), NotAuthorized)
	f.want("again", f.RevokeToken(t.Context(), app, tokens.Refresh), "")
}

func TestChangePassword(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	change := func(previous, proposed string) error {
		return f.ChangePassword(t.Context(), app, tokens.Access, previous, proposed)
	}
	f.want("wrong old one", change("wrong", "another-good-one"), NotAuthorized)
	f.want("bad new one", change(goodPassword, "password"), InvalidPassword)
	f.want("right", change(goodPassword, "another-good-one"), "")
	next, err := f.refreshed(tokens.Refresh)
	if err != nil || f.checks(next.Access) != nil {
		t.Errorf("the session goes on: %v", err)
	}
	_, err = f.byPassword("ana", goodPassword)
	f.want("sign in with the old one", err, NotAuthorized)
	_, err = f.bySRP("ana", "another-good-one")
	f.want("sign in with the new one", err, "")
	f.want("no token", f.ChangePassword(t.Context(), app, "", goodPassword, "another-good-one"), NotAuthorized)
}

func TestSweep(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.tokens("ana")
	_, err := f.byPassword("nobody", "wrong-password")
	f.want("nobody", err, NotAuthorized)
	if n, err := f.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("%d documents went at once, %v", n, err)
	}
	f.clock.advance(100 * 24 * time.Hour)
	if _, err := f.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	for _, kind := range []freshet.ModelName{kindSession, kindCode, kindAttempt} {
		if n := f.store.Count(kind); n != 0 {
			t.Errorf("%d documents of %s stay", n, kind)
		}
	}
	if f.store.Count(kindUser) != 1 || f.store.Count(kindAlias) != 2 {
		t.Error("the user went too")
	}
	f.tokens("ana")
}
