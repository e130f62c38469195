package accounts

import (
	"testing"

	"freshet"
)

// The words of Cognito, by which older clients know what became of a session.
func TestWordsThatClientsGoBy(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("ben")
	_, err := f.signUp("una", goodPassword, "una@example.com")
	f.must(err)
	signIn := func(name, password string) error { _, err := f.byPassword(name, password); return err }
	tokens := f.tokens("ana")
	says := func(what string, err error, want string) {
		t.Helper()
		if err == nil || freshet.MessageOf(err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	says("a wrong password", signIn("ana", "wrong-password"), "Incorrect username or password.")
	says("an unknown user", signIn("nobody", goodPassword), "Incorrect username or password.")
	says("one who is not confirmed", signIn("una", goodPassword), "User is not confirmed.")
	says("a wrong code", f.confirm("una", wrong(f.code("una@example.com"))), "Invalid verification code provided, please try again.")
	says("no token", f.checks("x.y.z"), "Invalid Access Token")
	_, err = f.refreshed("none")
	says("no refresh token", err, "Invalid Refresh Token")
	f.must(f.GlobalSignOut(t.Context(), app, tokens.Access))
	says("a token that was ended", f.checks(tokens.Access), "Access Token has been revoked")
	_, err = f.refreshed(tokens.Refresh)
	says("its refresh token", err, "Refresh Token has been revoked")
	tokens = f.tokens("ana")
	f.clock.advance(f.config.AccessLifetime)
	says("a token whose time has passed", f.checks(tokens.Access), "Access Token has expired")
	f.must(f.AdminDisableUser(t.Context(), operator, "ana"))
	says("one who is disabled", signIn("ana", goodPassword), "User is disabled.")
	f.must(f.AdminResetUserPassword(t.Context(), operator, "ben"))
	says("one who has to choose another password", signIn("ben", goodPassword), "Password reset required for the user")
}
