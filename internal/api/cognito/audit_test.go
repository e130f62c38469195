package cognito_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/apitest"
	"freshet/internal/api/cognito"
)

// How an operation may be on record.
const (
	always    = "always"
	refusals  = "refusals" // apps read their own all the time
	missing   = "never"    // there is no such operation
	adminOnly = "by an administrator"
)

// onRecord says of each operation how it is on record, with what it takes to get on record for once done and once
// refused. One that is not in it fails the test.
var onRecord = map[string]struct {
	how      string
	as       string // the name in the entry, where it is another one
	done     string // a body, as in a step
	refused  string
	nobody   bool   // who it was cannot be told of the refused one
	before   []step // of the one that is done
	signedUp bool   // nobody is, at first
}{
	"SignUp":                 {how: always, signedUp: true, done: signUpAna, refused: strings.Replace(signUpAna, password, "short", 1)},
	"ConfirmSignUp":          {how: always, signedUp: true, before: ana[:1], done: ana[1].body, refused: `{"ClientId":"web","Username":"ana","ConfirmationCode":"none"}`},
	"ResendConfirmationCode": {how: always, signedUp: true, before: []step{ana[0], ana[2]}, done: `{"ClientId":"web","Username":"ana"}`, refused: `{"ClientId":"other","Username":"ana"}`},
	"ForgotPassword":         {how: always, done: `{"ClientId":"web","Username":"ana"}`, refused: `{"ClientId":"other","Username":"ana"}`},
	"ConfirmForgotPassword": {
		how: always, before: []step{{operation: "ForgotPassword", body: `{"ClientId":"web","Username":"ana"}`, want: wantSent}},
		done:    `{"ClientId":"web","Username":"ana","ConfirmationCode":"${code ana@example.com}","Password":"rose-garden-48"}`,
		refused: `{"ClientId":"web","Username":"ana","ConfirmationCode":"none","Password":"rose-garden-48"}`,
	},

	"InitiateAuth": {how: always, done: signInAna, refused: strings.Replace(signInAna, password, "wrong-password", 1)},
	"RespondToAuthChallenge": {
		how: always, before: []step{{
			operation: "InitiateAuth", body: `{"ClientId":"web","AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"ana"}}`,
			want: `{"ChallengeName":"SELECT_CHALLENGE","ChallengeParameters":{"USERNAME":"ana"},"Session":"*","AvailableChallenges":"*"}`,
		}},
		done:    `{"ClientId":"web","ChallengeName":"SELECT_CHALLENGE","Session":"$Session","ChallengeResponses":{"USERNAME":"ana","ANSWER":"PASSWORD","PASSWORD":"` + password + `"}}`,
		refused: `{"ClientId":"web","ChallengeName":"SELECT_CHALLENGE","Session":"none","ChallengeResponses":{"USERNAME":"ana"}}`,
	},
	"GetTokensFromRefreshToken": {how: always, done: `{"ClientId":"web","RefreshToken":"$RefreshToken"}`, refused: `{"ClientId":"web","RefreshToken":"none"}`, nobody: true},
	"RevokeToken":               {how: always, done: `{"ClientId":"web","Token":"$RefreshToken"}`, refused: `{"ClientId":"web","Token":"none"}`, nobody: true},
	"GlobalSignOut":             {how: always, done: withToken(""), refused: badToken, nobody: true},

	"GetUser":                          {how: refusals, done: withToken(""), refused: badToken, nobody: true},
	"GetUserAuthFactors":               {how: refusals, done: withToken(""), refused: badToken, nobody: true},
	"UpdateUserAttributes":             {how: always, done: withToken(`"UserAttributes":[{"Name":"nickname","Value":"Ani"}]`), refused: badToken, nobody: true},
	"DeleteUserAttributes":             {how: always, done: withToken(`"UserAttributeNames":["nickname"]`), refused: badToken, nobody: true},
	"GetUserAttributeVerificationCode": {how: always, done: withToken(`"AttributeName":"email"`), refused: badToken, nobody: true},
	"VerifyUserAttribute": {
		how: always, before: []step{{operation: "GetUserAttributeVerificationCode", body: withToken(`"AttributeName":"email"`), want: wantSent}},
		done: withToken(`"AttributeName":"email","Code":"${code ana@example.com}"`), refused: withToken(`"AttributeName":"email","Code":"none"`),
	},
	"ChangePassword": {
		how: always, done: withToken(`"PreviousPassword":"` + password + `","ProposedPassword":"rose-garden-48"`),
		refused: withToken(`"PreviousPassword":"wrong-password","ProposedPassword":"rose-garden-48"`),
	},
	"DeleteUser": {how: always, done: withToken(""), refused: badToken, nobody: true},

	"AssociateSoftwareToken": {how: always, done: withToken(""), refused: `{"Session":"none"}`, nobody: true},
	"VerifySoftwareToken":    {how: always, refused: `{"Session":"none","UserCode":"123456"}`, nobody: true}, // that it is done takes an app; the pool's tests have one
	"SetUserMFAPreference":   {how: always, done: withToken(`"EmailMfaSettings":{"Enabled":true}`), refused: withToken(`"SoftwareTokenMfaSettings":{"Enabled":true}`)},

	"AdminCreateUser":           {how: adminOnly, done: `{"UserPoolId":"local_test","Username":"ben"}`},
	"AdminGetUser":              {how: adminOnly, done: onAna},
	"AdminSetUserPassword":      {how: adminOnly, done: anaAnd(`"Password":"rose-garden-48"`)},
	"AdminConfirmSignUp":        {how: adminOnly, signedUp: true, before: ana[:1], done: onAna},
	"AdminDisableUser":          {how: adminOnly, done: onAna},
	"AdminEnableUser":           {how: adminOnly, done: onAna},
	"AdminResetUserPassword":    {how: adminOnly, done: onAna},
	"AdminUserGlobalSignOut":    {how: adminOnly, done: onAna},
	"AdminDeleteUser":           {how: adminOnly, done: onAna},
	"AdminUpdateUserAttributes": {how: adminOnly, done: anaAnd(`"UserAttributes":[{"Name":"nickname","Value":"Ani"}]`)},
	"AdminDeleteUserAttributes": {how: adminOnly, done: anaAnd(`"UserAttributeNames":["nickname"]`)},
	"AdminSetUserMFAPreference": {how: adminOnly, done: anaAnd(`"EmailMfaSettings":{"Enabled":true}`)},
	"AdminInitiateAuth": {
		how: adminOnly, as: "InitiateAuth",
		done: `{"UserPoolId":"local_test","ClientId":"web","AuthFlow":"ADMIN_USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"` + password + `"}}`,
	},
	"AdminRespondToAuthChallenge": {
		how: adminOnly, as: "RespondToAuthChallenge", before: []step{
			admin("AdminResetUserPassword", onAna, `{}`),
			admin("AdminSetUserPassword", anaAnd(`"Password":"`+password+`"`), `{}`),
			{
				operation: "InitiateAuth", body: signInAna,
				want: `{"ChallengeName":"NEW_PASSWORD_REQUIRED","ChallengeParameters":{"USERNAME":"ana","requiredAttributes":"[]","userAttributes":"*"},"Session":"*"}`,
			},
		},
		done: `{"UserPoolId":"local_test","ClientId":"web","ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"$Session","ChallengeResponses":{"USERNAME":"ana","NEW_PASSWORD":"rose-garden-48"}}`,
	},
	"ListUsers":                {how: adminOnly, done: `{"UserPoolId":"local_test"}`},
	"ListUsersInGroup":         {how: adminOnly, before: editors, done: ofEditors},
	"CreateGroup":              {how: adminOnly, done: ofEditors},
	"GetGroup":                 {how: adminOnly, before: editors, done: ofEditors},
	"UpdateGroup":              {how: adminOnly, before: editors, done: ofEditors},
	"DeleteGroup":              {how: adminOnly, before: editors, done: ofEditors},
	"ListGroups":               {how: adminOnly, done: `{"UserPoolId":"local_test"}`},
	"AdminAddUserToGroup":      {how: adminOnly, as: "AdminAddUserToGroup editors", before: editors, done: anaAnd(`"GroupName":"editors"`)},
	"AdminRemoveUserFromGroup": {how: adminOnly, as: "AdminRemoveUserFromGroup editors", before: editors, done: anaAnd(`"GroupName":"editors"`)},
	"AdminListGroupsForUser":   {how: adminOnly, done: onAna},

	getID:          {how: refusals, done: ofThePool + `}`, refused: `{"IdentityPoolId":"local:other"}`, nobody: true},
	getCredentials: {how: always, before: []step{{operation: getID, body: ofThePool + `}`, want: wantID}}, done: `{"IdentityId":"$IdentityId"}`, refused: `{"IdentityId":"local:none"}`},

	"ConfirmDevice":           {how: always, done: withToken(deviceSecret), refused: badToken, nobody: true},
	"ForgetDevice":            {how: always, before: onDevice, done: withToken(ofDevice), refused: badToken, nobody: true},
	"GetDevice":               {how: refusals, before: onDevice, done: withToken(ofDevice), refused: badToken, nobody: true},
	"ListDevices":             {how: refusals, done: withToken(""), refused: badToken, nobody: true},
	"UpdateDeviceStatus":      {how: always, before: onDevice, done: withToken(ofDevice + `,"DeviceRememberedStatus":"remembered"`), refused: withToken(ofDevice)},
	"AdminForgetDevice":       {how: adminOnly, before: onDevice, done: anaAnd(ofDevice)},
	"AdminGetDevice":          {how: adminOnly, before: onDevice, done: anaAnd(ofDevice)},
	"AdminListDevices":        {how: adminOnly, done: onAna},
	"AdminUpdateDeviceStatus": {how: adminOnly, before: onDevice, done: anaAnd(ofDevice + `,"DeviceRememberedStatus":"remembered"`)},

	"StartWebAuthnRegistration":    {how: always, done: withToken(""), refused: badToken, nobody: true},
	"CompleteWebAuthnRegistration": {how: always, refused: withToken(`"Credential":{}`)}, // that it is done takes a passkey; the pool's tests have one
	"ListWebAuthnCredentials":      {how: refusals, done: withToken(""), refused: badToken, nobody: true},
	"DeleteWebAuthnCredential":     {how: always, refused: withToken(`"CredentialId":"AAAA"`)},

	"AWSCognitoIdentityService.GetOpenIdToken": {how: missing},
}

// onDevice makes the device of ana's session known.
var onDevice = []step{{operation: "ConfirmDevice", body: withToken(deviceSecret), want: `{"UserConfirmationNecessary":false}`}}

var deviceSecret = ofDevice + `,"DeviceName":"a thing","DeviceSecretVerifierConfig":{"Salt":"c2FsdA==","PasswordVerifier":"` +
	base64.StdEncoding.EncodeToString([]byte(strings.Repeat("v", 384))) + `"}`

const (
	ofDevice  = `"DeviceKey":"$DeviceKey"`
	badToken  = `{"AccessToken":"x.y.z"}`
	ofEditors = `{"UserPoolId":"local_test","GroupName":"editors"}`
)

var editors = []step{admin("CreateGroup", ofEditors, `{"Group":{"GroupName":"editors","UserPoolId":"local_test","CreationDate":"*","LastModifiedDate":"*"}}`)}

func withToken(rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return `{"AccessToken":"$AccessToken"` + rest + `}`
}

func anaAnd(rest string) string { return onAna[:len(onAna)-1] + "," + rest + "}" }

// TestEveryOperationIsOnRecord does each once, and has it refused once: an entry tells who did what, from where, and
// what became of it.
func TestEveryOperationIsOnRecord(t *testing.T) {
	for _, target := range cognito.Operations() {
		name := strings.TrimPrefix(target, "AWSCognitoIdentityProviderService.")
		o, listed := onRecord[name]
		if !listed {
			t.Errorf("nothing says how %s is on record; add it to the table", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			audit := new(apitest.Journal)
			h := open(t, func(c *accounts.Config, d *cognito.Options) {
				withPasskeys(c, d)
				c.Audit, d.Audit, c.Devices = audit, audit, accounts.DevicesAlways
			})
			if o.how == missing {
				h.walk(step{operation: name, body: badToken, fault: accounts.UnsupportedOperation})
				return
			}
			if !o.signedUp {
				h.walk(ana[:3]...)
				response, text := h.send(h.request("InitiateAuth", signInAna))
				if response.StatusCode != 200 {
					t.Fatalf("ana is answered %s", text)
				}
				var answer any
				must(t, json.Unmarshal([]byte(text), &answer))
				h.learn(answer)
			}
			h.walk(o.before...)
			h.walk(step{operation: "1m"})
			what := o.as
			if _, bare, found := strings.Cut(name, "."); what == "" && found {
				what = bare
			} else if what == "" {
				what = name
			}
			told := func(outcome string, done bool) {
				t.Helper()
				entries := slices.DeleteFunc(audit.Take(), func(e accounts.Entry) bool { return e.What != what && !(o.how == adminOnly && !done && e.What == name) })
				if done && o.how == refusals {
					if len(entries) > 0 {
						t.Errorf("it is on record: %+v", entries)
					}
					return
				}
				if len(entries) != 1 {
					t.Fatalf("%s: %d entries: %+v", outcome, len(entries), entries)
				}
				e := entries[0]
				if (e.Outcome == accounts.OutcomeOK) != done || e.From == "" || done && e.Who == "" && !strings.HasPrefix(what, "List") || !done && e.Who == "" && !o.nobody && o.how != adminOnly {
					t.Errorf("%s: %+v", outcome, e)
				}
				if (e.By != "") != (o.how == adminOnly && done) {
					t.Errorf("%s: by %q", outcome, e.By)
				}
			}
			send := func(body, by string) int {
				t.Helper()
				body = h.fill(body)
				r := h.request(name, body)
				if by != "" {
					h.sign(r, body, by)
				}
				audit.Take()
				response, text := h.send(r)
				if response.StatusCode != 200 && response.StatusCode != 400 {
					t.Errorf("%d %s", response.StatusCode, text)
				}
				return response.StatusCode
			}
			if o.how == adminOnly {
				for _, by := range []string{"", "plain"} {
					if send(o.done, by) != 400 {
						t.Errorf("let in %q", by)
					}
					told("refused", false)
				}
				if status := send(o.done, "admin"); status != 200 {
					t.Errorf("answered %d", status)
				}
				told("done", true)
				return
			}
			if status := send(o.refused, ""); status != 400 && name != "RevokeToken" { // by RFC 7009 that is no fault
				t.Errorf("let in, with %d", status)
			}
			told("refused", false)
			if o.done == "" {
				return
			}
			if status := send(o.done, ""); status != 200 {
				t.Errorf("answered %d", status)
			}
			told("done", true)
		})
	}
}
