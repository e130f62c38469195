package cognito_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/cognito"
)

const (
	signUpAna = `{"ClientId":"web","Username":"ana","Password":"` + password + `","UserAttributes":[{"Name":"email","Value":"ana@example.com"}]}`
	signInAna = `{"ClientId":"web","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"` + password + `"}}`
	wantSent  = `{"CodeDeliveryDetails":{"AttributeName":"email","DeliveryMedium":"EMAIL","Destination":"a***@e***"}}`
	wantToken = `{"ChallengeParameters":{},"AuthenticationResult":{"AccessToken":"*","IdToken":"*","RefreshToken":"*","ExpiresIn":3600,"TokenType":"Bearer"}}`
)

// ana is how one comes to be signed in.
var ana = []step{
	{operation: "SignUp", body: signUpAna, want: `{"UserConfirmed":false,"UserSub":"*","Session":"*",` + wantSent[1:]},
	{operation: "ConfirmSignUp", body: `{"ClientId":"web","Username":"ana","ConfirmationCode":"${code ana@example.com}"}`, want: `{"Session":"*"}`},
	{operation: "1m"},
	{operation: "InitiateAuth", body: signInAna, want: wantToken},
}

func TestSignUp(t *testing.T) {
	h := open(t)
	h.walk(ana[0])
	h.walk(
		step{operation: "SignUp", body: signUpAna, fault: accounts.UsernameExists},
		step{operation: "SignUp", body: strings.Replace(signUpAna, "web", "other", 1), fault: accounts.ResourceNotFound},
		step{operation: "SignUp", body: strings.Replace(signUpAna, password, "short", 1), fault: accounts.InvalidPassword},
		step{operation: "SignUp", body: `{"ClientId":"web","Username":"ben","Password":"` + password + `"}`, fault: accounts.InvalidParameter},
		step{operation: "InitiateAuth", body: signInAna, fault: accounts.UserNotConfirmed},
		step{operation: "ResendConfirmationCode", body: `{"ClientId":"web","Username":"ana"}`, fault: accounts.LimitExceeded},
		step{operation: "1m"},
		step{operation: "ResendConfirmationCode", body: `{"ClientId":"web","Username":"ana"}`, want: wantSent},
		step{operation: "ConfirmSignUp", body: `{"ClientId":"web","Username":"ana","ConfirmationCode":"none"}`, fault: accounts.CodeMismatch},
		step{
			operation: "ConfirmSignUp", want: `{"Session":"*"}`,
			body: `{"ClientId":"web","Username":"ana","ConfirmationCode":"${code ana@example.com}","Session":"$Session","ForceAliasCreation":false}`,
		},
		step{
			operation: "InitiateAuth", want: wantToken,
			body: `{"ClientId":"web","AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"ana"},"Session":"$Session"}`,
		},
	)
}

func TestSignIn(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	h.walk(
		step{operation: "InitiateAuth", body: strings.Replace(signInAna, password, "wrong-password", 1), fault: accounts.NotAuthorized},
		step{operation: "InitiateAuth", body: strings.Replace(signInAna, `"ana"`, `"nobody"`, 1), fault: accounts.NotAuthorized},
		step{operation: "InitiateAuth", body: `{"ClientId":"web","AuthFlow":"CUSTOM_AUTH","AuthParameters":{"USERNAME":"ana"}}`, fault: accounts.UnsupportedOperation},
		step{
			operation: "InitiateAuth", body: `{"ClientId":"web","AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"ana","SRP_A":"1234567890abcdef"}}`,
			want: `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{"SALT":"*","SRP_B":"*","SECRET_BLOCK":"*","USERNAME":"*","USER_ID_FOR_SRP":"*"}}`,
		},
		step{
			operation: "RespondToAuthChallenge", fault: accounts.NotAuthorized,
			body: `{"ClientId":"web","ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"$USER_ID_FOR_SRP","PASSWORD_CLAIM_SECRET_BLOCK":"$SECRET_BLOCK","TIMESTAMP":"Sat Nov 21 12:01:00 UTC 2026","PASSWORD_CLAIM_SIGNATURE":"AAAA"}}`,
		},
		step{
			operation: "InitiateAuth", body: `{"ClientId":"web","AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"ana"}}`,
			want: `{"ChallengeName":"SELECT_CHALLENGE","ChallengeParameters":{"USERNAME":"ana"},"Session":"*","AvailableChallenges":["PASSWORD","PASSWORD_SRP"]}`,
		},
		step{
			operation: "RespondToAuthChallenge", want: wantToken,
			body: `{"ClientId":"web","ChallengeName":"SELECT_CHALLENGE","Session":"$Session","ChallengeResponses":{"USERNAME":"ana","ANSWER":"PASSWORD","PASSWORD":"` + password + `"}}`,
		},
		step{
			operation: "InitiateAuth", body: `{"ClientId":"web","AuthFlow":"REFRESH_TOKEN_AUTH","AuthParameters":{"REFRESH_TOKEN":"$RefreshToken"}}`,
			want: `{"ChallengeParameters":{},"AuthenticationResult":{"AccessToken":"*","IdToken":"*","ExpiresIn":3600,"TokenType":"Bearer"}}`,
		},
		step{
			operation: "GetTokensFromRefreshToken", body: `{"ClientId":"web","RefreshToken":"$RefreshToken","ClientMetadata":{}}`,
			want: `{"AuthenticationResult":{"AccessToken":"*","IdToken":"*","RefreshToken":"*","ExpiresIn":3600,"TokenType":"Bearer"}}`,
		},
		step{operation: "RevokeToken", body: `{"ClientId":"web","Token":"$RefreshToken"}`, want: `{}`},
		step{operation: "GetTokensFromRefreshToken", body: `{"ClientId":"web","RefreshToken":"$RefreshToken"}`, fault: accounts.NotAuthorized},
		step{operation: "GetUser", body: `{"AccessToken":"$AccessToken"}`, fault: accounts.NotAuthorized},
		step{operation: "InitiateAuth", body: signInAna, want: wantToken},
		step{operation: "GlobalSignOut", body: `{"AccessToken":"$AccessToken"}`, want: `{}`},
		step{operation: "GlobalSignOut", body: `{"AccessToken":"$AccessToken"}`, fault: accounts.NotAuthorized},
	)
}

func TestOwnAccount(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	const token = `"AccessToken":"$AccessToken"`
	user := func(rest string) string {
		return `{"Username":"ana","UserAttributes":[` + rest + `{"Name":"sub","Value":"*"}]}`
	}
	email := func(address string) string {
		return `{"Name":"email","Value":"` + address + `"},{"Name":"email_verified","Value":"true"},`
	}
	h.walk(
		step{operation: "GetUser", body: `{` + token + `}`, want: user(email("ana@example.com"))},
		step{operation: "GetUser", body: `{"AccessToken":"x.y.z"}`, fault: accounts.NotAuthorized},
		step{operation: "UpdateUserAttributes", body: `{` + token + `,"UserAttributes":[{"Name":"nickname","Value":"Ani"}]}`, want: `{"CodeDeliveryDetailsList":[]}`},
		step{operation: "UpdateUserAttributes", body: `{` + token + `,"UserAttributes":[{"Name":"email_verified","Value":"true"}]}`, fault: accounts.NotAuthorized},
		step{operation: "GetUser", body: `{` + token + `}`, want: user(email("ana@example.com") + `{"Name":"nickname","Value":"Ani"},`)},
		step{operation: "DeleteUserAttributes", body: `{` + token + `,"UserAttributeNames":["nickname"]}`, want: `{}`},
		step{
			operation: "UpdateUserAttributes", body: `{` + token + `,"UserAttributes":[{"Name":"email","Value":"a@new.example"}]}`,
			want: `{"CodeDeliveryDetailsList":[{"AttributeName":"email","DeliveryMedium":"EMAIL","Destination":"a***@n***"}]}`,
		},
		step{operation: "VerifyUserAttribute", body: `{` + token + `,"AttributeName":"email","Code":"none"}`, fault: accounts.CodeMismatch},
		step{operation: "1m"},
		step{
			operation: "GetUserAttributeVerificationCode", body: `{` + token + `,"AttributeName":"email"}`,
			want: `{"CodeDeliveryDetails":{"AttributeName":"email","DeliveryMedium":"EMAIL","Destination":"a***@n***"}}`,
		},
		step{operation: "GetUserAttributeVerificationCode", body: `{` + token + `,"AttributeName":"phone_number"}`, fault: accounts.UnsupportedOperation},
		step{operation: "VerifyUserAttribute", body: `{` + token + `,"AttributeName":"email","Code":"${code a@new.example}"}`, want: `{}`},
		step{operation: "GetUser", body: `{` + token + `}`, want: user(email("a@new.example"))},
		step{operation: "ChangePassword", body: `{` + token + `,"PreviousPassword":"wrong-password","ProposedPassword":"rose-garden-48"}`, fault: accounts.NotAuthorized},
		step{operation: "ChangePassword", body: `{` + token + `,"PreviousPassword":"` + password + `","ProposedPassword":"password"}`, fault: accounts.InvalidPassword},
		step{operation: "ChangePassword", body: `{` + token + `,"PreviousPassword":"` + password + `","ProposedPassword":"rose-garden-48"}`, want: `{}`},
		step{operation: "InitiateAuth", body: signInAna, fault: accounts.NotAuthorized},
		step{operation: "DeleteUser", body: `{` + token + `}`, want: `{}`},
		step{operation: "GetUser", body: `{` + token + `}`, fault: accounts.NotAuthorized},
	)
}

func TestForgottenPassword(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	confirm := func(code string) string {
		return `{"ClientId":"web","Username":"ana","ConfirmationCode":"` + code + `","Password":"rose-garden-48"}`
	}
	h.walk(
		step{operation: "ForgotPassword", body: `{"ClientId":"web","Username":"ana"}`, want: wantSent},
		step{operation: "ForgotPassword", body: `{"ClientId":"web","Username":"nobody"}`, want: strings.Replace(wantSent, "a***@e***", "*", 1)},
		step{operation: "ConfirmForgotPassword", body: confirm("none"), fault: accounts.CodeMismatch},
		step{operation: "ConfirmForgotPassword", body: confirm("${code ana@example.com}"), want: `{}`},
		step{operation: "GetUser", body: `{"AccessToken":"$AccessToken"}`, fault: accounts.NotAuthorized},
		step{operation: "InitiateAuth", body: strings.Replace(signInAna, password, "rose-garden-48", 1), want: wantToken},
	)
}

// TestSecondFactorSetUp is of one who has to have a second factor before the first sign-in. Two clients share the
// pool, and the requests in the middle do not say whose they are.
func TestSecondFactorSetUp(t *testing.T) {
	h := open(t, func(c *accounts.Config, _ *cognito.Options) { c.MFA = accounts.MFARequired })
	h.walk(ana[:3]...)
	for _, client := range []string{"web", "cli"} {
		h.walk(
			step{
				operation: "InitiateAuth", body: strings.Replace(signInAna, "web", client, 1),
				want: `{"ChallengeName":"MFA_SETUP","ChallengeParameters":{"USERNAME":"ana","MFAS_CAN_SETUP":"*"},"Session":"*"}`,
			},
			step{operation: "AssociateSoftwareToken", body: `{"Session":"$Session"}`, want: `{"SecretCode":"*","Session":"*"}`},
			step{operation: "VerifySoftwareToken", body: `{"Session":"$Session","UserCode":"none"}`, fault: accounts.EnableSoftwareTokenMFA},
			step{operation: "AssociateSoftwareToken", body: `{"Session":"other"}`, fault: accounts.NotAuthorized},
		)
	}
}

func TestSecondFactorOfOneWhoIsSignedIn(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	const token = `"AccessToken":"$AccessToken"`
	h.walk(
		step{operation: "AssociateSoftwareToken", body: `{` + token + `}`, want: `{"SecretCode":"*"}`},
		step{operation: "VerifySoftwareToken", body: `{` + token + `,"UserCode":"none","FriendlyDeviceName":"phone"}`, fault: accounts.EnableSoftwareTokenMFA},
		step{operation: "SetUserMFAPreference", body: `{` + token + `,"SoftwareTokenMfaSettings":{"Enabled":true}}`, fault: accounts.InvalidParameter},
		step{operation: "SetUserMFAPreference", body: `{` + token + `,"SMSMfaSettings":{"Enabled":true}}`, fault: accounts.UnsupportedOperation},
		step{operation: "SetUserMFAPreference", body: `{` + token + `,"WebAuthnMfaSettings":{"FactorConfiguration":"MULTI_FACTOR"}}`, fault: accounts.UnsupportedOperation},
		step{operation: "SetUserMFAPreference", body: `{` + token + `,"SMSMfaSettings":{"Enabled":false},"EmailMfaSettings":{"Enabled":true,"PreferredMfa":true}}`, want: `{}`},
		step{
			operation: "GetUser", body: `{` + token + `}`,
			want: `{"Username":"ana","UserAttributes":[{"Name":"email","Value":"*"},{"Name":"email_verified","Value":"*"},{"Name":"sub","Value":"*"}],"PreferredMfaSetting":"EMAIL_OTP","UserMFASettingList":["EMAIL_OTP"]}`,
		},
		step{
			operation: "GetUserAuthFactors", body: `{` + token + `}`,
			want: `{"Username":"ana","ConfiguredUserAuthFactors":["PASSWORD"],"PreferredMfaSetting":"EMAIL_OTP","UserMFASettingList":["EMAIL_OTP"]}`,
		},
		step{operation: "GetUserAuthFactors", body: `{"AccessToken":"none"}`, fault: accounts.NotAuthorized},
		step{
			operation: "InitiateAuth", body: signInAna,
			want: `{"ChallengeName":"EMAIL_OTP","ChallengeParameters":{"USERNAME":"ana","CODE_DELIVERY_DELIVERY_MEDIUM":"EMAIL","CODE_DELIVERY_DESTINATION":"a***@e***"},"Session":"*"}`,
		},
		step{
			operation: "RespondToAuthChallenge", want: wantToken,
			body: `{"ClientId":"web","ChallengeName":"EMAIL_OTP","Session":"$Session","ChallengeResponses":{"USERNAME":"ana","EMAIL_OTP_CODE":"${code ana@example.com}"}}`,
		},
	)
}

func TestWhatIsNotSupportedSaysSo(t *testing.T) {
	h := open(t)
	for _, operation := range []string{
		"ConfirmDevice", "ForgetDevice", "GetDevice", "ListDevices", "UpdateDeviceStatus",
		"AWSCognitoIdentityService.GetOpenIdToken",
	} {
		h.walk(step{operation: operation, body: `{"AccessToken":"any"}`, fault: accounts.UnsupportedOperation})
	}
}

func TestRequests(t *testing.T) {
	h := open(t)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, test := range map[string]struct {
		change func(*http.Request)
		body   string
		status int
		fault  string
	}{
		"a body at the limit":         {nil, pad(signInAna, 16<<10), 400, "NotAuthorizedException"},
		"a body one byte over":        {nil, pad(signInAna, 16<<10+1), 413, "RequestEntityTooLargeException"},
		"no JSON":                     {nil, `{`, 400, "SerializationException"},
		"an empty body":               {nil, ``, 400, "SerializationException"},
		"a list":                      {nil, `[]`, 400, "SerializationException"},
		"two values":                  {nil, `{}{}`, 400, "SerializationException"},
		"deeper than JSON may be":     {nil, strings.Repeat("[", 1000), 400, "SerializationException"},
		"a member of the wrong type":  {nil, `{"ClientId":1}`, 400, "SerializationException"},
		"a member of a later version": {nil, `{"RiskToken":{"a":[1]},` + signInAna[1:], 400, "NotAuthorizedException"},
		"what clients send besides":   {nil, `{"ClientMetadata":{"a":"b"},"UserContextData":{},"AnalyticsMetadata":{},` + signInAna[1:], 400, "NotAuthorizedException"},
		"no operation":                {set("X-Amz-Target", ""), `{}`, 400, "UnknownOperationException"},
		"an unknown operation":        {set("X-Amz-Target", "AWSCognitoIdentityProviderService.CreateUserPool"), `{}`, 400, "UnknownOperationException"},
		"an operation of another one": {set("X-Amz-Target", "AWSCognitoIdentityService.SignUp"), `{}`, 400, "UnknownOperationException"},
		"another content type":        {set("Content-Type", "application/json"), `{}`, 415, "UnsupportedMediaTypeException"},
		"GET":                         {func(r *http.Request) { r.Method = http.MethodGet }, ``, 405, "MethodNotAllowedException"},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.request("InitiateAuth", test.body)
			if test.change != nil {
				test.change(r)
			}
			response, text := h.send(r)
			if response.StatusCode != test.status || response.Header.Get("x-amzn-errortype") != test.fault || !strings.HasPrefix(text, `{"__type":"`+test.fault+`","message":"`) {
				t.Errorf("gave %d %s %s", response.StatusCode, response.Header.Get("x-amzn-errortype"), text)
			}
		})
	}
}

// TestFaultsOfOurs are not explained to strangers; the log has them.
func TestFaultsOfOurs(t *testing.T) {
	var log strings.Builder
	h := open(t, func(c *accounts.Config, o *cognito.Options) {
		c.Deleting = func(context.Context, accounts.User) error { return errors.New("disk 3 burns") }
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	h.walk(ana...)
	response, text := h.send(h.request("DeleteUser", h.fill(`{"AccessToken":"$AccessToken"}`)))
	if response.StatusCode != 500 || text != `{"__type":"InternalErrorException","message":"internal error"}` {
		t.Errorf("a fault gave %d %s", response.StatusCode, text)
	}
	if !strings.Contains(log.String(), "disk 3 burns") || !strings.Contains(log.String(), "DeleteUser") {
		t.Errorf("the log has %s", log.String())
	}
	must(t, h.db.Close())
	response, text = h.send(h.request("InitiateAuth", signInAna))
	if response.StatusCode != 503 || response.Header.Get("x-amzn-errortype") != "ServiceUnavailableException" {
		t.Errorf("a closed store gave %d %s", response.StatusCode, text)
	}
}

func pad(body string, size int) string { return body + strings.Repeat(" ", size-len(body)) }

func TestPagesOfOtherOriginsMayCall(t *testing.T) {
	h := open(t)
	r := h.request("InitiateAuth", "")
	r.Method = http.MethodOptions
	r.Header.Set("Origin", "https://app.example")
	r.Header.Set("Access-Control-Request-Headers", "x-amz-target,content-type")
	response, _ := h.send(r)
	if response.StatusCode != 204 || response.Header.Get("Access-Control-Allow-Origin") != "*" || response.Header.Get("Access-Control-Allow-Headers") != "x-amz-target,content-type" {
		t.Errorf("the preflight gave %d %v", response.StatusCode, response.Header)
	}
	r = h.request("InitiateAuth", "{}")
	r.Header.Set("Origin", "https://app.example")
	response, _ = h.send(r)
	if !strings.Contains(response.Header.Get("Access-Control-Expose-Headers"), "x-amzn-errortype") {
		t.Errorf("the page cannot read the type of an error: %v", response.Header)
	}
}
