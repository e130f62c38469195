package cognito_test

import (
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/cognito"
)

const (
	getID          = "AWSCognitoIdentityService.GetId"
	getCredentials = "AWSCognitoIdentityService.GetCredentialsForIdentity"
	ofThePool      = `{"IdentityPoolId":"` + identityPoolID + `"`
	anasLogin      = `"Logins":{"id.test/idp":"$IdToken"}`
	wantID         = `{"IdentityId":"*"}`
	wantKey        = `{"IdentityId":"$IdentityId","Credentials":{"AccessKeyId":"*","SecretKey":"*","SessionToken":"*","Expiration":"*"}}`
)

func TestIdentityPool(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	h.walk(step{operation: getID, body: ofThePool + `,"Logins":{}}`, want: wantID})
	guest := h.known["IdentityId"]
	h.walk(step{operation: getCredentials, body: `{"IdentityId":"` + guest + `"}`, want: h.fill(wantKey)})
	h.walk(step{operation: getID, body: ofThePool + `,` + anasLogin + `}`, want: wantID})
	user := h.known["IdentityId"]
	if user == guest {
		t.Errorf("a guest and a user are %s", user)
	}
	want := h.fill(wantKey)
	h.walk(
		step{operation: getID, body: ofThePool + `,` + anasLogin + `}`, want: `{"IdentityId":"` + user + `"}`},
		step{operation: getCredentials, body: `{"IdentityId":"` + user + `",` + anasLogin + `}`, want: want},
		// One who was a guest becomes the user.
		step{operation: getCredentials, body: `{"IdentityId":"` + guest + `",` + anasLogin + `}`, want: want},
		// A guest does not become a user, and a user not another one.
		step{operation: getCredentials, body: `{"IdentityId":"` + user + `"}`, fault: accounts.NotAuthorized},
		step{operation: getCredentials, body: `{"IdentityId":"local:3a1f8a1e-53a8-8f2b-9d2c-1234567890ab",` + anasLogin + `}`, fault: accounts.NotAuthorized},
		step{operation: getCredentials, body: `{"IdentityId":"local:none"}`, fault: accounts.ResourceNotFound},
		step{operation: getCredentials, body: `{"IdentityId":"` + guest + `","CustomRoleArn":"arn:aws:iam::1:role/x"}`, fault: accounts.UnsupportedOperation},
		step{operation: getID, body: `{"IdentityPoolId":"local:other"}`, fault: accounts.ResourceNotFound},
		step{operation: getID, body: ofThePool + `,"Logins":{"accounts.google.com":"$IdToken"}}`, fault: accounts.NotAuthorized},
		step{operation: getID, body: ofThePool + `,"Logins":{"id.test/idp":"$AccessToken"}}`, fault: accounts.NotAuthorized},
		step{operation: getID, body: ofThePool + `,"Logins":{"id.test/idp":"$IdToken","graph.facebook.com":"x"}}`, fault: accounts.UnsupportedOperation},
		step{operation: "GlobalSignOut", body: `{"AccessToken":"$AccessToken"}`, want: `{}`},
		step{operation: getCredentials, body: `{"IdentityId":"` + user + `",` + anasLogin + `}`, fault: accounts.NotAuthorized},
	)
}

// TestTemporaryCredentials proves by them what they stand for: whose they are, and that they administer nothing.
func TestTemporaryCredentials(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	for who, logins := range map[string]string{"guest": `{}`, "user": `{"id.test/idp":"` + h.known["IdToken"] + `"}`} {
		h.walk(step{operation: getID, body: ofThePool + `,"Logins":` + logins + `}`, want: wantID})
		h.walk(step{operation: getCredentials, body: `{"IdentityId":"$IdentityId","Logins":` + logins + `}`, want: h.fill(wantKey)})
		h.signers[who] = signer{h.known["AccessKeyId"], h.known["SecretKey"], h.known["SessionToken"]}
		r := h.request("ListUsers", `{}`)
		h.sign(r, `{}`, who)
		id, err := h.checks.Check(r, []byte(`{}`))
		must(t, err)
		name := map[string]string{"guest": "guest " + h.known["IdentityId"], "user": "user ana"}[who]
		if id.Name != name || id.Claims["cognitoIdentityId"] != h.known["IdentityId"] {
			t.Errorf("the credentials of a %s are those of %s, %v", who, id.Name, id.Claims)
		}
		h.walk(step{operation: "ListUsers", body: `{"UserPoolId":"local_test"}`, by: who, fault: accounts.NotAuthorized})
	}
}

// TestLoginsThatProveNothing: credentials are given for an ID token of this pool that is good now, and only in the name
// of its user.
func TestLoginsThatProveNothing(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	h.walk(step{operation: getID, body: ofThePool + `,` + anasLogin + `}`, want: wantID})
	anasID, token := h.known["IdentityId"], h.known["IdToken"]
	other := open(t) // of the same name and issuer, with keys of its own
	other.walk(ana...)
	changed := []byte(token)
	changed[len(changed)-10] ^= 1
	login := func(text string) string { return `"Logins":{"id.test/idp":"` + text + `"}}` }
	for _, text := range []string{"", "x", string(changed), other.known["IdToken"], h.known["RefreshToken"]} {
		h.walk(
			step{operation: getID, body: ofThePool + `,` + login(text), fault: accounts.NotAuthorized},
			step{operation: getCredentials, body: `{"IdentityId":"` + anasID + `",` + login(text), fault: accounts.NotAuthorized},
		)
	}
	h.walk( // a second user
		admin("AdminCreateUser", `{"UserPoolId":"local_test","Username":"ben"}`, `{"User":{"Username":"ben","Attributes":"*",`+wantUse+`,"UserStatus":"FORCE_CHANGE_PASSWORD"}}`),
		admin("AdminSetUserPassword", `{"UserPoolId":"local_test","Username":"ben","Password":"`+password+`","Permanent":true}`, `{}`),
		step{operation: "InitiateAuth", body: strings.Replace(signInAna, `"ana"`, `"ben"`, 1), want: wantToken},
		step{operation: getCredentials, body: `{"IdentityId":"` + anasID + `",` + anasLogin + `}`, fault: accounts.NotAuthorized},
		step{operation: getID, body: ofThePool + `,` + anasLogin + `}`, want: wantID},
	)
	if h.known["IdentityId"] == anasID {
		t.Errorf("two users are %s", anasID)
	}
	h.walk(
		admin("AdminDisableUser", `{"UserPoolId":"local_test","Username":"ben"}`, `{}`),
		step{operation: getCredentials, body: `{"IdentityId":"$IdentityId",` + anasLogin + `}`, fault: accounts.NotAuthorized},
		step{operation: getCredentials, body: `{"IdentityId":"` + anasID + `",` + login(token), want: h.fill(strings.Replace(wantKey, "$IdentityId", anasID, 1))},
		step{operation: "1h"},
		step{operation: getCredentials, body: `{"IdentityId":"` + anasID + `",` + login(token), fault: accounts.NotAuthorized},
		step{operation: getID, body: ofThePool + `,` + login(token), fault: accounts.NotAuthorized},
	)
}

func TestGuestsAreLetInOnlyWhereTheyMay(t *testing.T) {
	h := open(t, func(_ *accounts.Config, o *cognito.Options) { o.AllowGuests = false })
	h.walk(
		step{operation: getID, body: ofThePool + `}`, fault: accounts.NotAuthorized},
		step{operation: getCredentials, body: `{"IdentityId":"local:3a1f8a1e-53a8-4f2b-9d2c-1234567890ab"}`, fault: accounts.NotAuthorized},
	)
}
