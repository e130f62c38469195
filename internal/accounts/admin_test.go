package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"freshet"
)

func TestAdminCreateUser(t *testing.T) {
	f := newFixture(t)
	create := func(r AdminCreateUser) (User, error) { return f.AdminCreateUser(t.Context(), operator, r) }
	u, err := create(AdminCreateUser{Username: "ana", Attributes: []Attribute{{"email", "ana@example.com"}}})
	if err != nil || u.Status != ForceChange || !u.Enabled || attributeOf(u, "email_verified") != "false" {
		t.Fatalf("%+v, %v", u, err)
	}
	m := f.post.all()[0]
	if m.Template != MailInvitation || m.To != "ana@example.com" || m.Data["user"] != "ana" {
		t.Errorf("the invitation is %+v", m)
	}
	result, err := f.bySRP("ana", m.Data["password"])
	if err != nil || result.Challenge != ChallengeNewPassword || result.Parameters["requiredAttributes"] != "[]" || result.Tokens != nil {
		t.Fatalf("%+v, %v", result, err)
	}
	for name, responses := range map[string]map[string]string{
		"another e-mail": {"NEW_PASSWORD": goodPassword, "userAttributes.email": "mallory@example.com"},
		"unknown":        {"NEW_PASSWORD": goodPassword, "userAttributes.shoe": "42"},
	} {
		_, err := f.respond(ChallengeNewPassword, result.Session, responses)
		f.want(name, err, InvalidParameter)
	}
	_, err = f.respond(ChallengeNewPassword, result.Session, map[string]string{"NEW_PASSWORD": goodPassword, "userAttributes.email_verified": "true"})
	f.want("verified", err, NotAuthorized)
	done, err := f.respond(ChallengeNewPassword, result.Session, map[string]string{"NEW_PASSWORD": goodPassword, "userAttributes.name": "Ana"})
	f.want("a new password", err, "")
	f.wantUser("a new password", done, "ana")
	u, err = f.AdminGetUser(t.Context(), "ana@example.com")
	if err != nil || u.Status != Confirmed || attributeOf(u, "email_verified") != "true" || attributeOf(u, "name") != "Ana" {
		t.Errorf("%+v, %v", u, err)
	}

	sent := len(f.post.all())
	_, err = create(AdminCreateUser{Username: "bob@example.com", TemporaryPassword: "first-password", MessageAction: "SUPPRESS"})
	if err != nil || len(f.post.all()) != sent {
		t.Errorf("%d mails, %v", len(f.post.all())-sent, err)
	}
	_, err = create(AdminCreateUser{Username: "bob@example.com", MessageAction: "RESEND"})
	f.want("resend", err, "")
	m = f.post.all()[sent]
	_, err = f.byPassword("bob@example.com", "first-password")
	f.want("the password of before", err, NotAuthorized)
	result, err = f.byPassword("bob@example.com", m.Data["password"])
	if err != nil || result.Challenge != ChallengeNewPassword || m.Data["user"] != "bob@example.com" {
		t.Errorf("%+v, %v", result, err)
	}
	for name, c := range map[string]struct {
		r    AdminCreateUser
		want Fault
	}{
		"taken":                {AdminCreateUser{Username: "ANA"}, UsernameExists},
		"e-mail taken":         {AdminCreateUser{Username: "a", Attributes: []Attribute{{"email", "Bob@example.com"}}}, UsernameExists},
		"resend, signed in":    {AdminCreateUser{Username: "ana", MessageAction: "RESEND"}, UnsupportedUserState},
		"resend, unknown":      {AdminCreateUser{Username: "a", MessageAction: "RESEND"}, UserNotFound},
		"bad password":         {AdminCreateUser{Username: "a", TemporaryPassword: "short"}, InvalidPassword},
		"bad action":           {AdminCreateUser{Username: "a", MessageAction: "SHOUT"}, InvalidParameter},
		"verified by operator": {AdminCreateUser{Username: "eve", Attributes: []Attribute{{"email", "eve@example.com"}, {"email_verified", "true"}}}, ""},
	} {
		_, err := create(c.r)
		f.want(name, err, c.want)
	}
}

func TestAdminPassword(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	set := func(name, password string, permanent bool) error {
		return f.AdminSetUserPassword(t.Context(), operator, name, password, permanent)
	}
	f.want("for good", set("ana", "another-good-one", true), "")
	result, err := f.byPassword("ana", "another-good-one")
	f.want("for good", err, "")
	f.wantUser("for good", result, "ana")
	f.want("for now", set("ana@example.com", "temporary-one", false), "")
	result, err = f.byPassword("ana", "temporary-one")
	if err != nil || result.Challenge != ChallengeNewPassword {
		t.Errorf("%+v, %v", result, err)
	}
	f.want("bad", set("ana", "12345678", true), InvalidPassword)
	f.want("unknown", set("bob", goodPassword, true), UserNotFound)

	_, err = f.signUp("eve", goodPassword, "eve@example.com")
	f.must(err)
	f.want("confirm", f.AdminConfirmSignUp(t.Context(), operator, "eve"), "")
	f.want("confirm again", f.AdminConfirmSignUp(t.Context(), operator, "eve"), NotAuthorized)
	f.tokens("eve")
	_, err = f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "nomail"})
	f.must(err)
	f.want("reset without an e-mail", f.AdminResetUserPassword(t.Context(), operator, "nomail"), InvalidParameter)
}

func TestAdminAttributes(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("bob")
	update := func(list ...Attribute) error { return f.AdminUpdateUserAttributes(t.Context(), operator, "ana", list) }
	f.want("another's e-mail", update(Attribute{"email", "bob@example.com"}), AliasExists)
	f.want("a new one", update(Attribute{"email", "new@example.com"}), "")
	u, err := f.AdminGetUser(t.Context(), "new@example.com")
	if err != nil || attributeOf(u, "email_verified") != "false" {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = f.AdminGetUser(t.Context(), "ana@example.com")
	f.want("the old one", err, UserNotFound)
	f.want("verified", update(Attribute{"email", "newer@example.com"}, Attribute{"email_verified", "true"}, Attribute{"custom:a", "b"}), "")
	u, err = f.AdminGetUser(t.Context(), "ana")
	if err != nil || attributeOf(u, "email_verified") != "true" || attributeOf(u, "custom:a") != "b" {
		t.Errorf("%+v, %v", u, err)
	}
	f.want("delete", f.AdminDeleteUserAttributes(t.Context(), operator, "ana", []string{"custom:a"}), "")
	f.want("unknown user", f.AdminDeleteUserAttributes(t.Context(), operator, "nobody", []string{"custom:a"}), UserNotFound)
}

func TestDelete(t *testing.T) {
	var deleted []string
	fail := true
	f := newFixture(t, func(c *Config) {
		c.Deleting = func(_ context.Context, u User) error {
			if fail {
				return errBroken
			}
			deleted = append(deleted, u.Name)
			return nil
		}
	})
	f.user("ana")
	f.user("bob")
	_, err := f.CreateGroup(t.Context(), operator, Group{Name: "all"})
	f.must(err)
	f.must(f.AdminAddUserToGroup(t.Context(), operator, "ana", "all"))
	tokens := f.tokens("ana")
	if err := f.DeleteUser(t.Context(), app, tokens.Access); err == nil {
		t.Error("the user's records could not be dealt with, and the account went")
	}
	f.want("a session from before", f.checks(tokens.Access), NotAuthorized)
	tokens = f.tokens("ana")
	fail = false
	f.must(f.DeleteUser(t.Context(), app, tokens.Access))
	f.must(f.AdminDeleteUser(t.Context(), operator, "bob"))
	if !slices.Equal(deleted, []string{"ana", "bob"}) {
		t.Errorf("deleted %q", deleted)
	}
	for _, kind := range []freshet.ModelName{kindUser, kindAlias, kindSession, kindMember, kindCode, kindDevice} {
		if n := f.store.Count(kind); n != 0 {
			t.Errorf("%d documents of %s stay:\n%s", n, kind, f.store.String())
		}
	}
	_, err = f.byPassword("ana", goodPassword)
	f.want("sign in", err, NotAuthorized)
	_, err = f.refreshed(tokens.Refresh)
	f.want("refresh", err, NotAuthorized)
	f.want("again", f.AdminDeleteUser(t.Context(), operator, "ana"), UserNotFound)
	f.want("its own again", f.DeleteUser(t.Context(), app, tokens.Access), NotAuthorized)
	f.user("ana")
}

func TestListUsers(t *testing.T) {
	f := newFixture(t)
	const n = 70
	var names []string
	for i := range n {
		name := fmt.Sprintf("user%02d", i)
		names = append(names, name)
		_, err := f.AdminCreateUser(t.Context(), operator, AdminCreateUser{
			Username: name, MessageAction: "SUPPRESS", Attributes: []Attribute{{"email", name + "@example.com"}, {"given_name", fmt.Sprintf("Given%d", i%2)}},
		})
		f.must(err)
	}
	f.must(f.AdminDisableUser(t.Context(), operator, "user07"))
	all := func(filter string, limit int) []string {
		t.Helper()
		var got []string
		for next, pages := "", 0; ; pages++ {
			page, err := f.ListUsers(t.Context(), filter, limit, next)
			f.must(err)
			for _, u := range page.Users {
				got = append(got, u.Name)
			}
			if next = page.Next; next == "" || pages > n {
				slices.Sort(got)
				return got
			}
			if len(page.Users) != limit && limit > 0 || len(page.Users) > pageLimit {
				t.Errorf("a page of %d", len(page.Users))
			}
		}
	}
	for _, limit := range []int{0, 1, 7, 35, 60} {
		if got := all("", limit); !slices.Equal(got, names) {
			t.Errorf("pages of %d give %d users: %q", limit, len(got), got)
		}
	}
	some, err := f.AdminGetUser(t.Context(), "user11")
	f.must(err)
	for filter, want := range map[string]int{
		`username = "user11"`: 1, `username ^= "user1"`: 10, ` username  ^=  "USER1" `: 10, `"username"="nobody"`: 0, `email = "USER11@example.com"`: 1,
		`email ^= "user"`: n, `sub = "` + some.ID + `"`: 1, `sub ^= "` + some.ID[:13] + `"`: 1, `status = "Disabled"`: 1, `cognito:user_status = "FORCE_CHANGE_PASSWORD"`: n,
		`cognito:user_status = "CONFIRMED"`: 0, `given_name = "Given1"`: n / 2, `given_name = "given1"`: 0, `name = "\"\\"`: 0, `username = "user11@example.com"`: 0,
	} {
		if got := all(filter, 0); len(got) != want {
			t.Errorf("%s: %d users, want %d", filter, len(got), want)
		}
	}
	for _, filter := range []string{`username`, `username = user11`, `username > "a"`, `custom:team = "red"`, `username = "a" and email = "b"`, `shoe = "42"`} {
		_, err := f.ListUsers(t.Context(), filter, 0, "")
		f.want(filter, err, InvalidParameter)
	}
	_, err = f.ListUsers(t.Context(), "", 61, "")
	f.want("too long a page", err, InvalidParameter)
	_, err = f.ListUsers(t.Context(), "", 0, "§")
	f.want("no token", err, InvalidParameter)
}

func TestGroups(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"ana", "bob", "eve"} {
		f.user(name)
	}
	create := func(name string) error {
		_, err := f.CreateGroup(t.Context(), operator, Group{Name: name, Description: "those who " + name})
		return err
	}
	one := 1
	f.want("create", create("edit"), "")
	f.want("create another", create("editors"), "")
	f.want("create again", create("edit"), GroupExists)
	f.want("blank", create("a b"), InvalidParameter)
	f.want("no name", create(""), InvalidParameter)
	f.want("long", create(strings.Repeat("g", 129)), InvalidParameter)
	minus := -1
	_, err := f.CreateGroup(t.Context(), operator, Group{Name: "minus", Precedence: &minus})
	f.want("precedence", err, InvalidParameter)
	g, err := f.UpdateGroup(t.Context(), operator, Group{Name: "edit", Description: "new", Precedence: &one})
	if err != nil || g.Description != "new" || *g.Precedence != 1 {
		t.Errorf("%+v, %v", g, err)
	}
	_, err = f.UpdateGroup(t.Context(), operator, Group{Name: "none"})
	f.want("update none", err, ResourceNotFound)

	add := func(user, group string) error { return f.AdminAddUserToGroup(t.Context(), operator, user, group) }
	f.want("add", add("ana", "edit"), "")
	f.want("add again", add("ana", "edit"), "")
	f.want("add by e-mail", add("bob@example.com", "edit"), "")
	f.want("add to another", add("eve", "editors"), "")
	f.want("add nobody", add("nobody", "edit"), UserNotFound)
	f.want("add to none", add("ana", "none"), ResourceNotFound)
	members := func(group string) (names []string) {
		t.Helper()
		for next, first := "", true; first || next != ""; first = false {
			page, err := f.ListUsersInGroup(t.Context(), group, 1, next)
			f.must(err)
			for _, u := range page.Users {
				names = append(names, u.Name)
			}
			next = page.Next
		}
		slices.Sort(names)
		return names
	}
	if got := members("edit"); !slices.Equal(got, []string{"ana", "bob"}) {
		t.Errorf("members %q", got)
	}
	if got := members("editors"); !slices.Equal(got, []string{"eve"}) {
		t.Errorf("members %q", got)
	}
	_, err = f.ListUsersInGroup(t.Context(), "none", 0, "")
	f.want("members of none", err, ResourceNotFound)
	groups, err := f.AdminListGroupsForUser(t.Context(), "ana")
	if err != nil || len(groups) != 1 || groups[0].Name != "edit" {
		t.Errorf("%+v, %v", groups, err)
	}
	page, err := f.ListGroups(t.Context(), 1, "")
	if err != nil || len(page.Groups) != 1 || page.Groups[0].Name != "edit" || page.Next == "" {
		t.Errorf("%+v, %v", page, err)
	}
	page, err = f.ListGroups(t.Context(), 1, page.Next)
	if err != nil || len(page.Groups) != 1 || page.Groups[0].Name != "editors" || page.Next != "" {
		t.Errorf("%+v, %v", page, err)
	}

	if got := f.claims(f.tokens("ana").Access)["cognito:groups"]; fmt.Sprint(got) != "[edit]" {
		t.Errorf("the token says %v", got)
	}
	f.must(f.AdminRemoveUserFromGroup(t.Context(), operator, "bob", "edit"))
	f.want("remove again", f.AdminRemoveUserFromGroup(t.Context(), operator, "bob", "edit"), "")
	f.want("remove from none", f.AdminRemoveUserFromGroup(t.Context(), operator, "bob", "none"), ResourceNotFound)
	f.must(f.DeleteGroup(t.Context(), operator, "edit"))
	f.want("delete again", f.DeleteGroup(t.Context(), operator, "edit"), ResourceNotFound)
	if got := f.claims(f.tokens("ana").Access)["cognito:groups"]; got != nil {
		t.Errorf("the token says %v", got)
	}
	if f.store.Count(kindMember) != 1 || f.store.Count(kindGroup) != 1 {
		t.Error("not all, or too much, went with the group")
	}
	for i := range maxGroups {
		f.must(create(fmt.Sprintf("g%d", i)))
		f.must(add("bob", fmt.Sprintf("g%d", i)))
	}
	f.want("one too many", add("bob", "editors"), LimitExceeded)
}

func TestAudit(t *testing.T) {
	f := newFixture(t)
	id := f.user("ana")
	for what, c := range map[string]struct {
		do      func() error
		who     string
		outcome string
		by      string
	}{
		"InitiateAuth":     {func() error { _, err := f.byPassword("ana", goodPassword); return err }, id, "ok", ""},
		"AdminDisableUser": {func() error { return f.AdminDisableUser(t.Context(), operator, "nobody") }, "nobody", "UserNotFoundException", "key console"},
		"AdminEnableUser":  {func() error { return f.AdminEnableUser(t.Context(), operator, "ana") }, id, "ok", "key console"},
		"ConfirmSignUp":    {func() error { return f.confirm("ana", "no code") }, id, "CodeMismatchException", ""},
		"ForgotPassword":   {func() error { _, err := f.ForgotPassword(t.Context(), app, "ana"); return err }, id, "ok", ""},
		"SignUp":           {func() error { _, err := f.signUp("ana", goodPassword, "x@example.com"); return err }, "ana", "UsernameExistsException", ""},
		"RotateSigningKey": {func() error { return f.RotateSigningKey(t.Context(), operator) }, "", "ok", "key console"},
		"CreateGroup":      {func() error { _, err := f.CreateGroup(t.Context(), operator, Group{Name: "g"}); return err }, "g", "ok", "key console"},
		"AdminSetUserPassword": {
			func() error { return f.AdminSetUserPassword(t.Context(), operator, "ana", goodPassword, true) }, id, "ok", "key console",
		},
	} {
		f.forgiveGuesses()
		f.audit.entries = nil
		_ = c.do()
		e := f.audit.last()
		if e.What != what || e.Who != c.who || e.Outcome != c.outcome || e.By != c.by || !e.At.Equal(f.now()) || e.Client != "web" || e.From == "" {
			t.Errorf("%s: %+v", what, e)
		}
		if len(f.audit.entries) != 1 {
			t.Errorf("%s: %d entries", what, len(f.audit.entries))
		}
	}
	f.audit.entries = nil
	_, err := f.byPassword("ana", "wrong-password")
	f.want("wrong", err, NotAuthorized)
	if e := f.audit.last(); e.Outcome != "NotAuthorizedException" || e.Who != id {
		t.Errorf("%+v", e)
	}
}
