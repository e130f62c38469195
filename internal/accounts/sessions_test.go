package accounts

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// from is a caller that says what program it is.
func from(agent string) Caller { return Caller{Client: "web", Address: "192.0.2.1:4711", Agent: agent} }

func (f *fixture) signedInFrom(name, agent string) *Tokens {
	f.t.Helper()
	result, err := f.InitiateAuth(f.t.Context(), from(agent), AuthRequest{Flow: FlowPassword, Parameters: map[string]string{"USERNAME": name, "PASSWORD": goodPassword}})
	f.must(err)
	return result.Tokens
}

func (f *fixture) sessions(token string) []Session {
	f.t.Helper()
	list, err := f.Sessions(f.t.Context(), app, token)
	f.must(err)
	return list
}

func (f *fixture) sessionOf(tokens *Tokens) string {
	return f.claims(tokens.Access)["origin_jti"].(string)
}

func TestSessionsAreListed(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("ben")
	start := f.clock.now()
	laptop := f.signedInFrom("ana", "Laptop/1")
	f.clock.advance(time.Minute)
	phone := f.signedInFrom("ana", "Phone/1")
	f.signedInFrom("ben", "Other/1")

	f.clock.advance(time.Minute)
	laptop, err := f.GetTokensFromRefreshToken(t.Context(), from("Laptop/2"), laptop.Refresh)
	f.must(err)
	life := f.config.RefreshLifetime
	want := []Session{
		{f.sessionOf(laptop), "web", "Laptop/1", start, start.Add(2 * time.Minute), start.Add(life), false},
		{f.sessionOf(phone), "web", "Phone/1", start.Add(time.Minute), start.Add(time.Minute), start.Add(time.Minute + life), true},
	}
	if got := f.sessions(phone.Access); !slices.Equal(got, want) {
		t.Errorf("the sessions are %+v, want %+v", got, want)
	}

	f.must(f.RevokeToken(t.Context(), app, laptop.Refresh))
	if got := f.sessions(phone.Access); len(got) != 1 || got[0].ID != f.sessionOf(phone) {
		t.Errorf("after one has ended there are %+v", got)
	}
	if text := f.store.All()[sessionDocument(f.claims(phone.Access)["sub"].(string), f.sessionOf(laptop))]; strings.Contains(string(text), "Laptop") {
		t.Error("of an ended session it is still known what it was")
	}
	f.must(f.GlobalSignOut(t.Context(), app, phone.Access))
	if got := f.sessions(f.tokens("ana").Access); len(got) != 1 || !got[0].Current || got[0].Agent != "" {
		t.Errorf("after a sign-out everywhere and a new sign-in there are %+v", got)
	}
	f.clock.advance(life)
	if got := f.sessions(f.tokens("ana").Access); len(got) != 1 {
		t.Errorf("when the time of the others has passed there are %+v", got)
	}
}

// TestSessionsKnowTheirProgram holds that it is known by whatever steps a sign-in comes to its end.
func TestSessionsKnowTheirProgram(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.must(f.SetUserMFAPreference(t.Context(), app, f.tokens("ana").Access, nil, &MFASetting{Enabled: true}))
	result, err := f.byPassword("ana", goodPassword)
	f.must(err)
	long := "Agent/" + strings.Repeat("é", 200)
	result, err = f.RespondToAuthChallenge(t.Context(), from(long), ChallengeAnswer{
		Challenge: ChallengeEmail, Responses: map[string]string{"EMAIL_OTP_CODE": f.code("ana@example.com")}, Session: result.Session,
	})
	f.must(err)
	for _, s := range f.sessions(result.Tokens.Access) {
		if want := "Agent/" + strings.Repeat("é", 125); s.Current && s.Agent != want {
			t.Errorf("the program is %q, want %q", s.Agent, want)
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	var last *Tokens
	for i := range maxSessions + 1 {
		last = f.signedInFrom("ana", fmt.Sprint(i))
		f.clock.advance(time.Second)
	}
	list := f.sessions(last.Access)
	if len(list) != maxSessions || list[0].Agent != fmt.Sprint(maxSessions) || list[maxSessions-1].Agent != "1" {
		t.Errorf("there are %d, from %q to %q", len(list), list[0].Agent, list[len(list)-1].Agent)
	}
}

func TestEndSession(t *testing.T) {
	f := newFixture(t)
	id := f.user("ana")
	f.user("ben")
	mine, other, ben := f.tokens("ana"), f.tokens("ana"), f.tokens("ben")
	end := func(by *Tokens, session string) error { return f.EndSession(t.Context(), app, by.Access, session) }
	for what, session := range map[string]string{
		"another user's": f.sessionOf(ben), "none": "", "no id": "x", "one that is not there": strings.Repeat("0", 8) + f.sessionOf(ben)[8:],
		"another form of the id": "urn:uuid:" + f.sessionOf(other),
	} {
		f.want(what, end(mine, session), ResourceNotFound)
	}
	f.must(f.checks(ben.Access))
	if e := f.audit.last(); e.What != "EndSession" || e.Outcome != string(ResourceNotFound) {
		t.Errorf("of a refusal the audit says %+v", e)
	}
	f.want("an ID token", f.EndSession(t.Context(), app, mine.ID, f.sessionOf(other)), NotAuthorized)
	if e := f.audit.last(); e.What != "EndSession" || e.Outcome != string(NotAuthorized) || e.From != app.Address {
		t.Errorf("of a token that is refused the audit says %+v", e)
	}

	var told []string
	f.OnRevoke(func(session, user string) { told = append(told, user+" "+session) })
	f.want("another of the user's", end(mine, f.sessionOf(other)), "")
	f.want("its access token", f.checks(other.Access), NotAuthorized)
	_, err := f.refreshed(other.Refresh)
	f.want("its refresh token", err, NotAuthorized)
	f.want("the one that asked", f.checks(mine.Access), "")
	if !slices.Equal(told, []string{id + " " + f.sessionOf(other)}) {
		t.Errorf("told of %q", told)
	}
	f.want("again", end(mine, f.sessionOf(other)), ResourceNotFound)
	f.want("by the one that was ended", end(other, f.sessionOf(mine)), NotAuthorized)
	f.want("its own", end(mine, f.sessionOf(mine)), "")
	f.want("its access token", f.checks(mine.Access), NotAuthorized)
	want := Entry{At: testStart.Add(2 * time.Minute), Who: id, What: "EndSession", Client: "web", From: app.Address, About: "session " + f.sessionOf(mine), Outcome: OutcomeOK}
	if e := f.audit.last(); e != want {
		t.Errorf("the audit says %+v, want %+v", e, want)
	}
}

// An app that may only know who somebody is has no business with the account.
func TestSessionsTakeTheScope(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	other := f.tokens("ana")
	const verifier, back = "a verifier of at least forty-three characters.", "https://app.test/"
	sum := sha256.Sum256([]byte(verifier))
	code, err := f.AuthorizationCode(t.Context(), app, other.Access, Grant{RedirectURI: back, Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), Scopes: []string{"openid", "email"}})
	f.must(err)
	tokens, err := f.Exchange(t.Context(), from("App/1"), code, back, verifier)
	f.must(err)
	_, err = f.Sessions(t.Context(), app, tokens.Access)
	f.want("the list", err, NotAuthorized)
	f.want("an end", f.EndSession(t.Context(), app, tokens.Access, f.sessionOf(other)), NotAuthorized)
	if got := f.sessions(other.Access); len(got) != 2 || got[0].Agent+got[1].Agent != "App/1" {
		t.Errorf("the user sees %+v", got)
	}
}
