package cognito_test

import (
	"strings"
	"testing"

	"freshet/internal/accounts"
)

const (
	onAna   = `{"UserPoolId":"local_test","Username":"ana"}`
	wantUse = `"UserCreateDate":"*","UserLastModifiedDate":"*","Enabled":true`
)

// admin makes a step that the admin's key signs.
func admin(operation, body, want string) step {
	return step{operation: operation, body: body, by: "admin", want: want}
}

func refused(operation, body string, fault accounts.Fault) step {
	return step{operation: operation, body: body, by: "admin", fault: fault}
}

func TestUsersAreAdministered(t *testing.T) {
	h := open(t)
	attributes := `[{"Name":"email","Value":"ana@example.com"},{"Name":"email_verified","Value":"true"},{"Name":"sub","Value":"*"}]`
	h.walk(
		admin("AdminCreateUser", `{"UserPoolId":"local_test","Username":"Ana","UserAttributes":[{"Name":"email","Value":"ana@example.com"},{"Name":"email_verified","Value":"true"}],"DesiredDeliveryMediums":["EMAIL"]}`,
			`{"User":{"Username":"ana","Attributes":`+attributes+`,`+wantUse+`,"UserStatus":"FORCE_CHANGE_PASSWORD"}}`),
		refused("AdminCreateUser", onAna, accounts.UsernameExists),
		refused("AdminCreateUser", `{"UserPoolId":"local_test","Username":"ben","Expires":"tomorrow"}`, "SerializationException"),
		refused("AdminCreateUser", `{"UserPoolId":"local_test","Username":"ben","DesiredDeliveryMediums":["SMS"]}`, accounts.UnsupportedOperation),
		step{
			operation: "InitiateAuth", body: `{"ClientId":"web","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"${password ana@example.com}"}}`,
			want: `{"ChallengeName":"NEW_PASSWORD_REQUIRED","ChallengeParameters":{"USERNAME":"ana","requiredAttributes":"[]","userAttributes":"*"},"Session":"*"}`,
		},
		step{
			operation: "RespondToAuthChallenge", want: wantToken,
			body: `{"ClientId":"web","ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"$Session","ChallengeResponses":{"USERNAME":"ana","NEW_PASSWORD":"` + password + `"}}`,
		},
		admin("AdminGetUser", onAna, `{"Username":"ana","UserAttributes":`+attributes+`,`+wantUse+`,"UserStatus":"CONFIRMED"}`),
		refused("AdminGetUser", `{"UserPoolId":"local_test","Username":"nobody"}`, accounts.UserNotFound),
		refused("AdminGetUser", `{"UserPoolId":"other_pool","Username":"ana"}`, accounts.ResourceNotFound),
		admin("AdminUpdateUserAttributes", onAna[:len(onAna)-1]+`,"UserAttributes":[{"Name":"custom:role","Value":"boss"}]}`, `{}`),
		admin("ListUsers", `{"UserPoolId":"local_test","Filter":"email ^= \"ana\"","AttributesToGet":["custom:role"]}`,
			`{"Users":[{"Username":"ana","Attributes":[{"Name":"custom:role","Value":"boss"}],`+wantUse+`,"UserStatus":"CONFIRMED"}]}`),
		refused("ListUsers", `{"UserPoolId":"local_test","Filter":"email"}`, accounts.InvalidParameter),
		admin("AdminDeleteUserAttributes", onAna[:len(onAna)-1]+`,"UserAttributeNames":["custom:role"]}`, `{}`),
		admin("AdminSetUserMFAPreference", onAna[:len(onAna)-1]+`,"EmailMfaSettings":{"Enabled":true,"PreferredMfa":true}}`, `{}`),
		admin("AdminGetUser", onAna, `{"Username":"ana","UserAttributes":`+attributes+`,`+wantUse+`,"UserStatus":"CONFIRMED","PreferredMfaSetting":"EMAIL_OTP","UserMFASettingList":["EMAIL_OTP"]}`),
		refused("AdminSetUserMFAPreference", onAna[:len(onAna)-1]+`,"SMSMfaSettings":{"Enabled":true}}`, accounts.UnsupportedOperation),
		step{operation: "1s"}, // or the next would be what was sent before
		admin("AdminSetUserMFAPreference", onAna[:len(onAna)-1]+`,"EmailMfaSettings":{"Enabled":false}}`, `{}`),
		admin("AdminInitiateAuth", `{"UserPoolId":"local_test","ClientId":"web","AuthFlow":"ADMIN_USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"`+password+`"},"ContextData":{"IpAddress":"192.0.2.7","HttpHeaders":[]}}`, wantToken),
		admin("AdminUserGlobalSignOut", onAna, `{}`),
		step{operation: "GetUser", body: `{"AccessToken":"$AccessToken"}`, fault: accounts.NotAuthorized},
		admin("AdminDisableUser", onAna, `{}`),
		step{operation: "InitiateAuth", body: signInAna, fault: accounts.NotAuthorized},
		admin("AdminEnableUser", onAna, `{}`),
		step{operation: "InitiateAuth", body: signInAna, want: wantToken},
		admin("AdminResetUserPassword", onAna, `{}`),
		step{operation: "InitiateAuth", body: signInAna, fault: accounts.PasswordResetRequired},
		admin("AdminSetUserPassword", onAna[:len(onAna)-1]+`,"Password":"rose-garden-48"}`, `{}`),
		admin("AdminInitiateAuth", `{"UserPoolId":"local_test","ClientId":"web","AuthFlow":"ADMIN_NO_SRP_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"rose-garden-48"}}`,
			`{"ChallengeName":"NEW_PASSWORD_REQUIRED","ChallengeParameters":{"USERNAME":"ana","requiredAttributes":"[]","userAttributes":"*"},"Session":"*"}`),
		admin("AdminRespondToAuthChallenge", `{"UserPoolId":"local_test","ClientId":"web","ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"$Session","ChallengeResponses":{"USERNAME":"ana","NEW_PASSWORD":"`+password+`"}}`, wantToken),
		admin("AdminDeleteUser", onAna, `{}`),
		refused("AdminGetUser", onAna, accounts.UserNotFound),
	)
}

func TestASignUpIsConfirmedByAnAdministrator(t *testing.T) {
	h := open(t)
	h.walk(ana[0])
	h.walk(
		admin("AdminConfirmSignUp", onAna, `{}`),
		step{operation: "InitiateAuth", body: signInAna, want: wantToken},
		step{operation: "1s"},
		refused("AdminConfirmSignUp", onAna, accounts.NotAuthorized),
	)
}

func TestGroups(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	const (
		editors = `{"UserPoolId":"local_test","GroupName":"editors"}`
		member  = `{"UserPoolId":"local_test","GroupName":"editors","Username":"ana"}`
		dates   = `"CreationDate":"*","LastModifiedDate":"*"`
		group   = `{"GroupName":"editors","UserPoolId":"local_test","Description":"they write","Precedence":3,` + dates + `}`
	)
	h.walk(
		admin("CreateGroup", `{"UserPoolId":"local_test","GroupName":"editors","Description":"they"}`, `{"Group":{"GroupName":"editors","UserPoolId":"local_test","Description":"they",`+dates+`}}`),
		refused("CreateGroup", editors, accounts.GroupExists),
		refused("CreateGroup", `{"UserPoolId":"local_test","GroupName":"x","RoleArn":"arn:aws:iam::1:role/x"}`, accounts.UnsupportedOperation),
		admin("UpdateGroup", `{"UserPoolId":"local_test","GroupName":"editors","Precedence":3}`, `{"Group":{"GroupName":"editors","UserPoolId":"local_test","Description":"they","Precedence":3,`+dates+`}}`),
		admin("UpdateGroup", `{"UserPoolId":"local_test","GroupName":"editors","Description":"they write"}`, `{"Group":`+group+`}`),
		admin("GetGroup", editors, `{"Group":`+group+`}`),
		refused("GetGroup", `{"UserPoolId":"local_test","GroupName":"none"}`, accounts.ResourceNotFound),
		admin("ListGroups", `{"UserPoolId":"local_test","Limit":10}`, `{"Groups":[`+group+`]}`),
		refused("ListGroups", `{"UserPoolId":"local_test","Limit":61}`, accounts.InvalidParameter),
		admin("AdminAddUserToGroup", member, `{}`),
		admin("AdminListGroupsForUser", `{"UserPoolId":"local_test","Username":"ana","Limit":5}`, `{"Groups":[`+group+`]}`),
		admin("ListUsersInGroup", `{"UserPoolId":"local_test","GroupName":"editors"}`,
			`{"Users":[{"Username":"ana","Attributes":[{"Name":"email","Value":"*"},{"Name":"email_verified","Value":"*"},{"Name":"sub","Value":"*"}],`+wantUse+`,"UserStatus":"CONFIRMED"}]}`),
		admin("AdminRemoveUserFromGroup", member, `{}`),
		admin("AdminListGroupsForUser", `{"UserPoolId":"local_test","Username":"ana"}`, `{"Groups":[]}`),
		admin("DeleteGroup", editors, `{}`),
		admin("ListGroups", `{"UserPoolId":"local_test"}`, `{"Groups":[]}`),
	)
}

func TestOnlyAdministratorsAdminister(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	for _, operation := range []string{
		"AdminCreateUser", "AdminGetUser", "AdminSetUserPassword", "AdminConfirmSignUp", "AdminDisableUser", "AdminEnableUser", "AdminUpdateUserAttributes",
		"AdminDeleteUserAttributes", "AdminResetUserPassword", "AdminSetUserMFAPreference", "AdminUserGlobalSignOut", "AdminDeleteUser", "AdminInitiateAuth",
		"AdminRespondToAuthChallenge", "ListUsers", "ListUsersInGroup", "CreateGroup", "GetGroup", "UpdateGroup", "DeleteGroup", "ListGroups",
		"AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminListGroupsForUser",
		"AdminGetDevice", "AdminListDevices", "AdminForgetDevice", "AdminUpdateDeviceStatus",
	} {
		for _, by := range []string{"", "plain"} {
			h.walk(step{operation: operation, body: onAna, by: by, fault: accounts.NotAuthorized})
		}
	}
	if _, err := h.pool.AdminGetUser(t.Context(), "ana"); err != nil {
		t.Errorf("ana is gone: %v", err)
	}
}

// TestASignedRequest is about who listens on the line.
func TestASignedRequest(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	const other = `{"UserPoolId":"local_test","Username":"ben"}`
	for name, test := range map[string]struct {
		operation, body string
		times           int
		fault           string // of the last
	}{
		"a read may come twice":             {"AdminGetUser", onAna, 2, ""},
		"a write comes once":                {"AdminEnableUser", onAna, 2, "NotAuthorizedException"},
		"another body is not what was said": {"AdminDisableUser", other, 1, "NotAuthorizedException"},
	} {
		t.Run(name, func(t *testing.T) {
			signed := h.request(test.operation, onAna)
			h.sign(signed, onAna, "admin")
			fault := ""
			for range test.times {
				r := h.request(test.operation, test.body)
				r.Header = signed.Header
				response, _ := h.send(r)
				fault = response.Header.Get("x-amzn-errortype")
			}
			if fault != test.fault {
				t.Errorf("gave %q, want %q", fault, test.fault)
			}
		})
	}
}

// An administrator's request that changes something passes once, whoever sends it again; one that reads may come again.
func TestAdministrationIsNotReplayed(t *testing.T) {
	h := open(t)
	h.walk(ana[0])
	for operation, want := range map[string]string{"AdminGetUser": `"Username":"ana"`, "AdminDisableUser": "was here before"} {
		r := h.request(operation, onAna)
		h.sign(r, onAna, "admin")
		for _, want := range []string{"", want} {
			again := r.Clone(t.Context())
			again.Body, _ = r.GetBody()
			if response, text := h.send(again); !strings.Contains(text, want) || (want == "was here before") != (response.StatusCode == 400) {
				t.Errorf("%s: %d %s, want %s", operation, response.StatusCode, text, want)
			}
		}
	}
}
