package accounts

import "testing"

func TestPeople(t *testing.T) {
	f := newFixture(t)
	anaID := f.user("ana")
	eveID := f.user("eve@example.com")
	f.must(f.AdminUpdateUserAttributes(t.Context(), operator, "ana", []Attribute{{"name", "Ana Lind"}}))
	_, err := f.SignUp(t.Context(), app, SignUp{Username: "new", Password: goodPassword, Attributes: []Attribute{{"email", "new@example.com"}}})
	f.must(err)
	_, err = f.AdminCreateUser(t.Context(), operator, AdminCreateUser{Username: "odd", Attributes: []Attribute{{"email", "odd@example.com"}, {"email_verified", "false"}}, MessageAction: "SUPPRESS"})
	f.must(err)
	f.user("out")
	f.must(f.AdminDisableUser(t.Context(), operator, "out"))
	ana, eve := Person{"ana", "Ana Lind"}, Person{Username: eveID}
	for email, want := range map[string]Person{
		"ana@example.com": ana, "ANA@example.com": ana, "eve@example.com": eve,
		"an@example.com": {}, "ana@example.co": {}, "ana": {}, anaID: {}, "": {}, "new@example.com": {}, "odd@example.com": {}, "out@example.com": {},
	} {
		got, found, err := f.PersonByEmail(t.Context(), email)
		if err != nil || got != want || found != (want != Person{}) {
			t.Errorf("by the e-mail %q: %+v, %v, %v; want %+v", email, got, found, err, want)
		}
	}
	for name, want := range map[string]Person{
		"ana": ana, anaID: ana, eveID: eve, "out": {Username: "out"}, "odd": {Username: "odd"},
		"ana@example.com": {}, "eve@example.com": {}, "nobody": {}, "": {}, "new": {},
	} {
		got, found, err := f.Person(t.Context(), name)
		if err != nil || got != want || found != (want != Person{}) {
			t.Errorf("by the name %q: %+v, %v, %v; want %+v", name, got, found, err, want)
		}
	}
}
