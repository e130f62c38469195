package test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"freshet/internal/accounts"
	"freshet/internal/api/control"
	"freshet/internal/server"
)

const (
	app          = "freshet"
	identityPool = "local:6f1d2c3b-0000-4000-8000-000000000001"
)

// TestAmplifyAuth drives the user pool and the identity pool with aws-amplify, in Node and in Chromium. There its
// page is of another origin than the servers.
func TestAmplifyAuth(t *testing.T) {
	t.Run("node", func(t *testing.T) {
		office := openOffice(t)
		page := serveHandler(t, office)
		runNode(t, 2*time.Minute, "amplify-auth.mjs", page+"/?"+office.doors().Encode())
	})
	t.Run("chromium", func(t *testing.T) {
		office := openOffice(t)
		office.Handle("/", pageOf(t, "amplify-auth.page.mjs"))
		browse(t, 2*time.Minute, serveHandler(t, office)+"/?"+office.doors().Encode())
	})
}

// office is two counters of one clock, at one of which everybody has to have a second factor and devices are remembered, and what the clients
// that are tested ask of the test itself: /mail?to= gives what was mailed last, /wait?for= moves the clock,
// /invite?user= has an administrator make a user, and /reset?user= take the password of one.
type office struct {
	*http.ServeMux
	usual, strict *counter
}

func openOffice(t *testing.T) *office {
	t.Helper()
	var wall clock
	cfg := server.Config{ClientIDs: []string{app}, IdentityPoolID: identityPool, Guests: true, EmailSignIn: true, Now: wall.now}
	o := &office{ServeMux: http.NewServeMux(), usual: openCounter(t, cfg)}
	cfg.MFA, cfg.Devices = accounts.MFARequired, accounts.DevicesAsk
	o.strict = openCounter(t, cfg)
	o.HandleFunc("/mail", func(w http.ResponseWriter, r *http.Request) {
		code := o.usual.mailed(t, r.FormValue("to"))
		if code == "" {
			code = o.strict.mailed(t, r.FormValue("to"))
		}
		answer(t, w, map[string]string{"code": code})
	})
	o.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("for"))
		if err != nil {
			t.Error(err)
		}
		wall.advance(d)
		answer(t, w, map[string]int64{"seconds": wall.now().Unix()})
	})
	o.HandleFunc("/invite", func(w http.ResponseWriter, r *http.Request) {
		_, _, err := o.usual.operator.CreateUser(r.Context(), control.NewUser{Name: r.FormValue("user"), Email: r.FormValue("email")})
		if err != nil {
			t.Error(err)
		}
		answer(t, w, struct{}{})
	})
	o.HandleFunc("/reset", func(w http.ResponseWriter, r *http.Request) {
		if err := o.usual.operator.ActOnUser(r.Context(), r.FormValue("user"), control.ResetUser); err != nil {
			t.Error(err)
		}
		answer(t, w, struct{}{})
	})
	return o
}

// doors gives the addresses of the counters.
func (o *office) doors() url.Values {
	return url.Values{"usual": {o.usual.idp()}, "strict": {o.strict.idp()}}
}

// TestAWSCLI drives the user pool with the AWS command line, as its users and as its administrator.
func TestAWSCLI(t *testing.T) {
	c := openCounter(t, server.Config{ClientIDs: []string{app}})
	gives, refuses := awsCLI(t, c)
	ana := []string{"--user-pool-id", "local_freshet", "--username", "ana"}
	admin := func(operation string, more ...string) []string {
		return append(append([]string{operation}, ana...), more...)
	}
	signIn := []string{"initiate-auth", "--client-id", app, "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=ana,PASSWORD=" + password}

	gives(`"Destination": "a***@e***"`, "sign-up", "--client-id", app, "--username", "ana", "--password", password, "--user-attributes", "Name=email,Value=ana@example.com")
	refuses("UserNotConfirmedException", signIn...)
	gives("", "confirm-sign-up", "--client-id", app, "--username", "ana", "--confirmation-code", c.mailed(t, "ana@example.com"))
	var signedIn struct{ AuthenticationResult struct{ AccessToken string } }
	check(t, json.Unmarshal([]byte(gives(`"TokenType": "Bearer"`, signIn...)), &signedIn))
	gives(`"Username": "ana"`, "get-user", "--access-token", signedIn.AuthenticationResult.AccessToken)

	gives(`"UserStatus": "CONFIRMED"`, admin("admin-get-user")...)
	gives(`"UserStatus": "FORCE_CHANGE_PASSWORD"`, "admin-create-user", "--user-pool-id", "local_freshet", "--username", "ben", "--user-attributes", "Name=email,Value=ben@example.com")
	gives(`"ben@example.com"`, "list-users", "--user-pool-id", "local_freshet", "--filter", `email = "ben@example.com"`)
	gives(`"GroupName": "editors"`, "create-group", "--user-pool-id", "local_freshet", "--group-name", "editors")
	gives("", admin("admin-add-user-to-group", "--group-name", "editors")...)
	gives(`"editors"`, admin("admin-list-groups-for-user")...)
	gives(`"ana"`, "list-users-in-group", "--user-pool-id", "local_freshet", "--group-name", "editors")
	gives("", admin("admin-set-user-password", "--password", "rose-garden-48", "--permanent")...)
	refuses("NotAuthorizedException", signIn...)
	gives("", admin("admin-delete-user")...)
	refuses("UserNotFoundException", admin("admin-get-user")...)
}

// TestAWSCLIAdministers is the everyday use of the user pool by who runs it.
func TestAWSCLIAdministers(t *testing.T) {
	c := openCounter(t, server.Config{ClientIDs: []string{app}})
	gives, refuses := awsCLI(t, c)
	of := func(operation, user string, more ...string) []string {
		return append([]string{operation, "--user-pool-id", "local_freshet", "--username", user}, more...)
	}
	pool := func(operation string, more ...string) []string {
		return append([]string{operation, "--user-pool-id", "local_freshet"}, more...)
	}

	for _, name := range []string{"ana", "ben", "eva"} {
		email := "Name=email,Value=" + name + "@example.com"
		gives(`"FORCE_CHANGE_PASSWORD"`, of("admin-create-user", name, "--message-action", "SUPPRESS", "--user-attributes", email, "Name=custom:team,Value=red")...)
	}
	gives(`"ana"`, of("admin-create-user", "ana", "--message-action", "RESEND")...)
	refuses("UsernameExistsException", of("admin-create-user", "ANA")...)
	session := gives("NEW_PASSWORD_REQUIRED", pool("admin-initiate-auth", "--client-id", app, "--auth-flow", "ADMIN_USER_PASSWORD_AUTH",
		"--auth-parameters", "USERNAME=ana,PASSWORD="+c.mailed(t, "ana@example.com"), "--query", "[ChallengeName,Session]", "--output", "text")...)
	gives(`"Bearer"`, pool("admin-respond-to-auth-challenge", "--client-id", app, "--challenge-name", "NEW_PASSWORD_REQUIRED",
		"--challenge-responses", "USERNAME=ana,NEW_PASSWORD="+password, "--session", strings.Fields(session)[1])...)
	refuses("UnsupportedUserStateException", of("admin-create-user", "ana", "--message-action", "RESEND")...)

	names := func(want string, arguments ...string) {
		t.Helper()
		output := strings.Fields(gives("", append(pool("list-users", "--query", "Users[].Username", "--output", "text"), arguments...)...))
		slices.Sort(output)
		if got := strings.Join(output, " "); got != want {
			t.Errorf("list-users %s gives %s, want %s", strings.Join(arguments, " "), got, want)
		}
	}
	names("ana ben eva", "--page-size", "1")
	names("ben eva", "--filter", `cognito:user_status = "FORCE_CHANGE_PASSWORD"`)
	names("eva", "--filter", `username ^= "E"`, "--limit", "1")
	page := gives(`"NextToken"`, pool("list-users", "--max-items", "2")...)
	var first struct {
		Users     []struct{ Username string }
		NextToken string
	}
	check(t, json.Unmarshal([]byte(page), &first))
	rest := gives(`"Username"`, pool("list-users", "--starting-token", first.NextToken)...)
	if len(first.Users) != 2 || strings.Contains(rest, `"`+first.Users[0].Username+`"`) || strings.Contains(rest, "NextToken") {
		t.Errorf("the pages are\n%s\n%s", page, rest)
	}

	gives("", of("admin-update-user-attributes", "ana", "--user-attributes", "Name=nickname,Value=Ani", "Name=email_verified,Value=true")...)
	gives("", of("admin-delete-user-attributes", "ana", "--user-attribute-names", "custom:team")...)
	if output := gives(`"Ani"`, of("admin-get-user", "ana@example.com")...); strings.Contains(output, "custom:team") {
		t.Errorf("what was taken away is there: %s", output)
	}
	gives("", of("admin-set-user-mfa-preference", "ana", "--email-mfa-settings", "Enabled=true,PreferredMfa=true")...)
	gives(`"PreferredMfaSetting": "EMAIL_OTP"`, of("admin-get-user", "ana")...)
	gives("", of("admin-set-user-mfa-preference", "ana", "--email-mfa-settings", "Enabled=false")...)

	for _, group := range []string{"editors", "readers"} {
		gives(group, pool("create-group", "--group-name", group, "--precedence", "1")...)
		gives("", of("admin-add-user-to-group", "ana", "--group-name", group)...)
	}
	gives("they read", pool("update-group", "--group-name", "readers", "--description", "they read")...)
	gives("editors\nreaders", pool("list-groups", "--page-size", "1", "--query", "Groups[].GroupName", "--output", "text")...)
	gives("", of("admin-remove-user-from-group", "ana", "--group-name", "editors")...)
	gives("", pool("delete-group", "--group-name", "editors")...)
	refuses("ResourceNotFoundException", pool("get-group", "--group-name", "editors")...)

	signIn := []string{"initiate-auth", "--client-id", app, "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=ana,PASSWORD=" + password}
	gives("", of("admin-disable-user", "ana")...)
	refuses("User is disabled.", signIn...)
	gives("", of("admin-enable-user", "ana")...)
	access := strings.TrimSpace(gives("", append(signIn, "--query", "AuthenticationResult.AccessToken", "--output", "text")...))
	gives("PASSWORD", "get-user-auth-factors", "--access-token", access)
	gives("", of("admin-user-global-sign-out", "ana")...)
	refuses("NotAuthorizedException", "get-user", "--access-token", access)
	gives("", of("admin-reset-user-password", "ana")...)
	refuses("PasswordResetRequiredException", signIn...)
	gives("", "confirm-forgot-password", "--client-id", app, "--username", "ana", "--password", "rose-garden-48", "--confirmation-code", c.mailed(t, "ana@example.com"))
	gives(`"CONFIRMED"`, of("admin-get-user", "ana")...)
}

// awsCLI gives what runs the AWS command line as an administrator, one for what is done and one for what is refused.
func awsCLI(t *testing.T, c *counter) (gives func(want string, arguments ...string) string, refuses func(want string, arguments ...string)) {
	t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS command line is not installed; apt-get install awscli installs it")
	}
	key, secret, err := c.operator.CreateSignedKey(t.Context(), "cli", time.Time{}, true)
	check(t, err)
	run := func(arguments []string) (string, error) {
		command := exec.CommandContext(t.Context(), "aws", append([]string{"cognito-idp", "--endpoint-url", c.idp(), "--region", "local", "--output", "json"}, arguments...)...)
		command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+key.ID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1")
		output, err := command.CombinedOutput()
		return string(output), err
	}
	gives = func(want string, arguments ...string) string {
		t.Helper()
		output, err := run(arguments)
		if err != nil || !strings.Contains(output, want) {
			t.Errorf("aws %s: %v\n%s\nwant %s", strings.Join(arguments, " "), err, output, want)
		}
		return output
	}
	refuses = func(want string, arguments ...string) {
		t.Helper()
		if output, err := run(arguments); err == nil || !strings.Contains(output, want) {
			t.Errorf("aws %s: %v\n%s\nwant %s", strings.Join(arguments, " "), err, output, want)
		}
	}
	return gives, refuses
}
