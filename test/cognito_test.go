package test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
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
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS command line is not installed; apt-get install awscli installs it")
	}
	c := openCounter(t, server.Config{ClientIDs: []string{app}})
	key, secret, err := c.operator.CreateSignedKey(t.Context(), "cli", time.Time{}, true)
	check(t, err)

	run := func(arguments ...string) (string, error) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "aws", append([]string{"cognito-idp", "--endpoint-url", c.idp(), "--region", "local", "--output", "json"}, arguments...)...)
		command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+key.ID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1")
		output, err := command.CombinedOutput()
		return string(output), err
	}
	gives := func(want string, arguments ...string) string {
		t.Helper()
		output, err := run(arguments...)
		if err != nil || !strings.Contains(output, want) {
			t.Errorf("aws %s: %v\n%s\nwant %s", strings.Join(arguments, " "), err, output, want)
		}
		return output
	}
	ana := []string{"--user-pool-id", "local_freshet", "--username", "ana"}
	admin := func(operation string, more ...string) []string {
		return append(append([]string{operation}, ana...), more...)
	}
	signIn := []string{"initiate-auth", "--client-id", app, "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=ana,PASSWORD=" + password}

	gives(`"Destination": "a***@e***"`, "sign-up", "--client-id", app, "--username", "ana", "--password", password, "--user-attributes", "Name=email,Value=ana@example.com")
	if output, err := run(signIn...); err == nil || !strings.Contains(output, "UserNotConfirmedException") {
		t.Errorf("one who is not confirmed: %v %s", err, output)
	}
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
	if output, err := run(signIn...); err == nil || !strings.Contains(output, "NotAuthorizedException") {
		t.Errorf("the old password: %v %s", err, output)
	}
	gives("", admin("admin-delete-user")...)
	if output, err := run(admin("admin-get-user")...); err == nil || !strings.Contains(output, "UserNotFoundException") {
		t.Errorf("one who is deleted: %v %s", err, output)
	}
}
