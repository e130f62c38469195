package accounts

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func attributeOf(u User, name string) string {
	for _, a := range u.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

func TestAttributes(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.ReadOnly = []string{"custom:role"} })
	id := f.user("ana")
	access := f.tokens("ana").Access
	update := func(name, value string) error {
		_, err := f.UpdateUserAttributes(t.Context(), app, access, []Attribute{{name, value}})
		return err
	}
	for name, c := range map[string]struct {
		attribute, value string
		want             Fault
	}{
		"standard":       {"name", "Ana Ωmega", ""},
		"custom":         {"custom:team", "red", ""},
		"taken away":     {"nickname", "", ""},
		"sub":            {"sub", "other", InvalidParameter},
		"verified":       {"email_verified", "true", NotAuthorized},
		"read-only":      {"custom:role", "admin", NotAuthorized},
		"not there":      {"shoe", "42", InvalidParameter},
		"custom, blank":  {"custom:", "x", InvalidParameter},
		"bad e-mail":     {"email", "x", InvalidParameter},
		"no e-mail":      {"email", "", InvalidParameter},
		"bad phone":      {"phone_number", "0123", InvalidParameter},
		"good phone":     {"phone_number", "+49123", ""},
		"bad UTF-8":      {"name", "\xff", InvalidParameter},
		"its own e-mail": {"email", "ANA@example.com", ""},
	} {
		f.want(name, update(c.attribute, c.value), c.want)
	}
	u, err := f.GetUser(t.Context(), app, access)
	f.must(err)
	for name, want := range map[string]string{
		"sub": id, "name": "Ana Ωmega", "custom:team": "red", "nickname": "", "custom:role": "", "phone_number": "+49123",
		"email": "ANA@example.com", "email_verified": "true",
	} {
		if got := attributeOf(u, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if u.Attributes[0].Name != "custom:team" || u.Name != "ana" || !u.Enabled {
		t.Errorf("%+v", u)
	}
	remove := func(name string) error { return f.DeleteUserAttributes(t.Context(), app, access, []string{name}) }
	f.want("delete", remove("custom:team"), "")
	f.want("delete the e-mail", remove("email"), InvalidParameter)
	f.want("delete what is read-only", remove("custom:role"), NotAuthorized)
	f.want("delete sub", remove("sub"), InvalidParameter)
	f.must(f.AdminUpdateUserAttributes(t.Context(), operator, "ana", []Attribute{{"custom:role", "admin"}}))
	u, err = f.GetUser(t.Context(), app, access)
	if err != nil || attributeOf(u, "custom:team") != "" || attributeOf(u, "custom:role") != "admin" {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = f.UpdateUserAttributes(t.Context(), app, "rubbish", nil)
	f.want("no token", err, NotAuthorized)
}

func TestChangeOfEmail(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("bob")
	access := f.tokens("ana").Access
	change := func(email string) error {
		_, err := f.UpdateUserAttributes(t.Context(), app, access, []Attribute{{"email", email}})
		return err
	}
	verify := func(code string) error { return f.VerifyUserAttribute(t.Context(), app, access, "email", code) }
	f.want("change", change("new@example.com"), "")
	code := f.code("new@example.com")
	u, err := f.GetUser(t.Context(), app, access)
	if err != nil || attributeOf(u, "email") != "ana@example.com" || attributeOf(u, "email_verified") != "true" {
		t.Errorf("before it is verified: %+v, %v", u, err)
	}
	_, err = f.byPassword("new@example.com", goodPassword)
	f.want("sign in with the new one, before", err, NotAuthorized)
	f.want("wrong code", verify(wrong(code)), CodeMismatch)
	f.want("another attribute", f.VerifyUserAttribute(t.Context(), app, access, "phone_number", code), UnsupportedOperation)
	f.want("right code", verify(code), "")
	f.want("again", verify(code), CodeMismatch)
	u, err = f.GetUser(t.Context(), app, access)
	if err != nil || attributeOf(u, "email") != "new@example.com" || attributeOf(u, "email_verified") != "true" {
		t.Errorf("verified: %+v, %v", u, err)
	}
	if m := f.post.all()[len(f.post.all())-1]; m.Template != MailEmailChanged || m.To != "ana@example.com" {
		t.Errorf("the last mail is %+v", m)
	}
	_, err = f.byPassword("new@example.com", goodPassword)
	f.want("sign in with the new one", err, "")
	_, err = f.byPassword("ana@example.com", goodPassword)
	f.want("sign in with the old one", err, NotAuthorized)
	_, err = f.signUp("heir", goodPassword, "ana@example.com")
	f.want("sign up with the old one", err, "")

	// One that another user has is not given, though the code was right: bob may have it still.
	f.clock.advance(time.Minute)
	f.want("change to bob's", change("Bob@example.com"), "")
	f.want("verify bob's", verify(f.code("Bob@example.com")), AliasExists)
	_, err = f.byPassword("bob@example.com", goodPassword)
	f.want("bob", err, "")

	// One that a sign-up holds which was never confirmed goes to whoever has the mailbox.
	_, err = f.signUp("mallory", goodPassword, "mine@example.com")
	f.must(err)
	f.clock.advance(time.Minute)
	f.want("change to mine", change("mine@example.com"), "")
	f.want("verify mine", verify(f.code("mine@example.com")), "")
	_, err = f.AdminGetUser(t.Context(), "mallory")
	f.want("the sign-up", err, UserNotFound)

	// So does one that an operator gave to somebody, unverified; that account stays.
	_, err = f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "typo", Attributes: []Attribute{{"email", "also-mine@example.com"}}})
	f.must(err)
	f.clock.advance(codeIntervals)
	f.want("change to one that was given", change("also-mine@example.com"), "")
	f.want("verify it", verify(f.code("also-mine@example.com")), "")
	u, err = f.AdminGetUser(t.Context(), "typo")
	if err != nil || attributeOf(u, "email") != "" || attributeOf(u, "email_verified") != "" {
		t.Errorf("the other: %+v, %v", u, err)
	}
	u, err = f.AdminGetUser(t.Context(), "also-mine@example.com")
	if err != nil || u.Name != "ana" {
		t.Errorf("the address: %+v, %v", u, err)
	}
	f.clock.advance(codeDay)
	access = f.tokens("ana").Access
	f.want("change", change("last@example.com"), "")

	// Too soon nothing is written, of other attributes neither.
	before := f.store.String()
	_, err = f.UpdateUserAttributes(t.Context(), app, access, []Attribute{{"nickname", "Ani"}, {"email", "soon@example.com"}})
	if f.want("change at once", err, LimitExceeded); f.store.String() != before {
		t.Error("refused, and something was stored")
	}

	// A code is for the address it went to.
	f.clock.advance(time.Minute)
	f.want("change", change("first@example.com"), "")
	old := f.code("first@example.com")
	f.clock.advance(time.Minute)
	f.want("change again", change("second@example.com"), "")
	if f.code("second@example.com") != old {
		f.want("the first code", verify(old), CodeMismatch)
	}
	_, err = f.GetUserAttributeVerificationCode(t.Context(), app, access, "email")
	f.want("another code at once", err, LimitExceeded)
	f.clock.advance(codeIntervals) // it was many codes by now
	access = f.tokens("ana").Access
	_, err = f.GetUserAttributeVerificationCode(t.Context(), app, access, "email")
	f.want("another code", err, "")
	f.want("the second code", verify(f.code("second@example.com")), "")
	_, err = f.GetUserAttributeVerificationCode(t.Context(), app, access, "phone_number")
	f.want("a code by phone", err, UnsupportedOperation)
}

// One whom an operator confirmed verifies the e-mail afterwards.
func TestVerifyOwnEmail(t *testing.T) {
	f := newFixture(t)
	_, err := f.signUp("ana", goodPassword, "ana@example.com")
	f.must(err)
	f.must(f.AdminConfirmSignUp(t.Context(), operator, "ana"))
	access := f.tokens("ana").Access
	_, err = f.GetUserAttributeVerificationCode(t.Context(), app, access, "email")
	f.must(err)
	f.want("verify", f.VerifyUserAttribute(t.Context(), app, access, "email", f.code("ana@example.com")), "")
	u, err := f.AdminGetUser(t.Context(), "ana@example.com")
	if err != nil || u.Name != "ana" || attributeOf(u, "email_verified") != "true" {
		t.Errorf("%+v, %v", u, err)
	}
}

// What is at a limit is taken, what is over it is not.
func TestLimits(t *testing.T) {
	f := newFixture(t)
	local, domain := strings.Repeat("a", 64), "@"+strings.Repeat("b.", 94)
	_, err := f.signUp(local+domain+"c", goodPassword, "")
	f.want("the longest e-mail", err, "")
	_, err = f.signUp(local+domain+"cc", goodPassword, "")
	f.want("an e-mail that is too long", err, InvalidParameter)

	f.user("ana")
	access := f.tokens("ana").Access
	update := func(list ...Attribute) error {
		_, err := f.UpdateUserAttributes(t.Context(), app, access, list)
		return err
	}
	f.want("the longest value", update(Attribute{"name", strings.Repeat("ä", maxAttributeValue)}), "")
	f.want("a value that is too long", update(Attribute{"name", strings.Repeat("ä", maxAttributeValue+1)}), InvalidParameter)
	f.want("the longest name", update(Attribute{"custom:" + strings.Repeat("ä", 20), "x"}), "")
	f.want("a name that is too long", update(Attribute{"custom:" + strings.Repeat("ä", 21), "x"}), InvalidParameter)
	var most []Attribute
	for i := range maxAttributes - 4 { // e-mail, email_verified, name and the custom one
		most = append(most, Attribute{fmt.Sprintf("custom:%d", i), "x"})
	}
	f.want("the most attributes", update(most...), "")
	f.want("one too many", update(Attribute{"nickname", "Ani"}), LimitExceeded)

	describe := func(n int) error {
		_, err := f.CreateGroup(t.Context(), operator, Group{Name: fmt.Sprintf("g%d", n), Description: strings.Repeat("ä", n)})
		return err
	}
	f.want("the longest description", describe(maxGroupText), "")
	f.want("a description that is too long", describe(maxGroupText+1), InvalidParameter)

	c := newSRPClient(32)
	for n, want := range map[int]Fault{maxTimestamp: NotAuthorized, maxTimestamp + 1: InvalidParameter} {
		r, err := f.startBySRP(c, "ana")
		f.must(err)
		responses := c.prove("test", goodPassword, r.Parameters)
		responses["TIMESTAMP"] = strings.Repeat("1", n)
		_, err = f.respond(ChallengeVerifier, "", responses)
		f.want("a timestamp", err, want)
	}
	f.want("a token that is too long", f.checks(strings.Repeat("a", maxToken+1)), NotAuthorized)
}
