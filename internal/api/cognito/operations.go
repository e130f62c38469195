package cognito

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"freshet/internal/accounts"
	"freshet/internal/rawjson"
)

// The services, as X-Amz-Target names them before the operation.
const (
	userPool     = "AWSCognitoIdentityProviderService."
	identityPool = "AWSCognitoIdentityService."
)

// access says whose requests an operation takes.
type access int

const (
	anybody     access = iota // what it needs beyond that is in the body: a password, a code, a token
	adminReads                // signed by an access key with admin rights
	adminWrites               // and each signature once
)

type operation struct {
	access access
	serve  func(ctx context.Context, d *door, c accounts.Caller, body []byte) (any, error)
}

// typed makes an operation of a method that takes and gives what the body says.
func typed[In, Out any](a access, serve func(*door, context.Context, accounts.Caller, In) (Out, error)) operation {
	return operation{a, func(ctx context.Context, d *door, c accounts.Caller, body []byte) (any, error) {
		in, err := decode[In](body, a != anybody)
		if err != nil {
			return nil, err
		}
		return serve(d, ctx, c, in)
	}}
}

// nothing is the answer of operations that give none. It is {}: clients cannot read an empty body.
type nothing struct{}

// decode reads a body. Members that the operation does not have are passed over, as Cognito does: the clients of users
// send what newer versions of theirs add. Strictly read they are refused: an administrator who asks for something is
// not to think that it was done.
func decode[In any](body []byte, strictly bool) (in In, err error) {
	body, err = rawjson.Trim(body)
	if err != nil {
		return in, refuse(serialization, "the body is no JSON: %v", err)
	}
	if body[0] != '{' {
		return in, refuse(serialization, "the body is no JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if strictly {
		decoder.DisallowUnknownFields()
	}
	if err := decoder.Decode(&in); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return in, refuse(serialization, "%s cannot be a JSON %s", wrong.Field, wrong.Value)
		}
		return in, refuse(serialization, "the body cannot be read: %.200s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return in, nil
}

// passedOver is what administrators may send for things that are not here: triggers, the rating of risks, statistics.
type passedOver struct {
	AnalyticsMetadata, ClientMetadata, UserContextData, ValidationData json.RawMessage
}

// operations gives all that there is, by X-Amz-Target.
func operations() map[string]operation {
	all := map[string]operation{
		identityPool + "GetId":                     typed(anybody, (*door).getID),
		identityPool + "GetCredentialsForIdentity": typed(anybody, (*door).getCredentials),
		identityPool + "GetOpenIdToken":            missing("GetOpenIdToken"),
	}
	for name, o := range map[string]operation{
		"SignUp":                 typed(anybody, (*door).signUp),
		"ConfirmSignUp":          typed(anybody, (*door).confirmSignUp),
		"ResendConfirmationCode": typed(anybody, (*door).resendConfirmationCode),
		"ForgotPassword":         typed(anybody, (*door).forgotPassword),
		"ConfirmForgotPassword":  typed(anybody, (*door).confirmForgotPassword),

		"InitiateAuth":              typed(anybody, (*door).initiateAuth),
		"RespondToAuthChallenge":    typed(anybody, (*door).respondToAuthChallenge),
		"GetTokensFromRefreshToken": typed(anybody, (*door).getTokensFromRefreshToken),
		"RevokeToken":               typed(anybody, (*door).revokeToken),
		"GlobalSignOut":             typed(anybody, (*door).globalSignOut),

		"GetUser":                          typed(anybody, (*door).getUser),
		"GetUserAuthFactors":               typed(anybody, (*door).getUserAuthFactors),
		"UpdateUserAttributes":             typed(anybody, (*door).updateUserAttributes),
		"DeleteUserAttributes":             typed(anybody, (*door).deleteUserAttributes),
		"GetUserAttributeVerificationCode": typed(anybody, (*door).getUserAttributeVerificationCode),
		"VerifyUserAttribute":              typed(anybody, (*door).verifyUserAttribute),
		"ChangePassword":                   typed(anybody, (*door).changePassword),
		"DeleteUser":                       typed(anybody, (*door).deleteUser),

		"AssociateSoftwareToken": typed(anybody, (*door).associateSoftwareToken),
		"VerifySoftwareToken":    typed(anybody, (*door).verifySoftwareToken),
		"SetUserMFAPreference":   typed(anybody, (*door).setUserMFAPreference),

		"StartWebAuthnRegistration":    typed(anybody, (*door).startWebAuthnRegistration),
		"CompleteWebAuthnRegistration": typed(anybody, (*door).completeWebAuthnRegistration),
		"ListWebAuthnCredentials":      typed(anybody, (*door).listWebAuthnCredentials),
		"DeleteWebAuthnCredential":     typed(anybody, (*door).deleteWebAuthnCredential),

		"AdminCreateUser":             typed(adminWrites, (*door).adminCreateUser),
		"AdminGetUser":                typed(adminReads, (*door).adminGetUser),
		"AdminSetUserPassword":        typed(adminWrites, (*door).adminSetUserPassword),
		"AdminConfirmSignUp":          typed(adminWrites, onUser((*accounts.Pool).AdminConfirmSignUp)),
		"AdminDisableUser":            typed(adminWrites, onUser((*accounts.Pool).AdminDisableUser)),
		"AdminEnableUser":             typed(adminWrites, onUser((*accounts.Pool).AdminEnableUser)),
		"AdminResetUserPassword":      typed(adminWrites, onUser((*accounts.Pool).AdminResetUserPassword)),
		"AdminUserGlobalSignOut":      typed(adminWrites, onUser((*accounts.Pool).AdminUserGlobalSignOut)),
		"AdminDeleteUser":             typed(adminWrites, onUser((*accounts.Pool).AdminDeleteUser)),
		"AdminUpdateUserAttributes":   typed(adminWrites, (*door).adminUpdateUserAttributes),
		"AdminDeleteUserAttributes":   typed(adminWrites, (*door).adminDeleteUserAttributes),
		"AdminSetUserMFAPreference":   typed(adminWrites, (*door).adminSetUserMFAPreference),
		"AdminInitiateAuth":           typed(adminWrites, (*door).adminInitiateAuth),
		"AdminRespondToAuthChallenge": typed(adminWrites, (*door).adminRespondToAuthChallenge),
		"ListUsers":                   typed(adminReads, (*door).listUsers),
		"ListUsersInGroup":            typed(adminReads, (*door).listUsersInGroup),

		"CreateGroup":              typed(adminWrites, (*door).createGroup),
		"GetGroup":                 typed(adminReads, (*door).getGroup),
		"UpdateGroup":              typed(adminWrites, (*door).updateGroup),
		"DeleteGroup":              typed(adminWrites, (*door).deleteGroup),
		"ListGroups":               typed(adminReads, (*door).listGroups),
		"AdminAddUserToGroup":      typed(adminWrites, inGroup((*accounts.Pool).AdminAddUserToGroup)),
		"AdminRemoveUserFromGroup": typed(adminWrites, inGroup((*accounts.Pool).AdminRemoveUserFromGroup)),
		"AdminListGroupsForUser":   typed(adminReads, (*door).adminListGroupsForUser),

		"ConfirmDevice":           typed(anybody, (*door).confirmDevice),
		"ForgetDevice":            typed(anybody, (*door).forgetDevice),
		"GetDevice":               typed(anybody, (*door).getDevice),
		"ListDevices":             typed(anybody, (*door).listDevices),
		"UpdateDeviceStatus":      typed(anybody, (*door).updateDeviceStatus),
		"AdminForgetDevice":       typed(adminWrites, (*door).adminForgetDevice),
		"AdminGetDevice":          typed(adminReads, (*door).adminGetDevice),
		"AdminListDevices":        typed(adminReads, (*door).adminListDevices),
		"AdminUpdateDeviceStatus": typed(adminWrites, (*door).adminUpdateDeviceStatus),
	} {
		all[userPool+name] = o
	}
	return all
}

// missing is an operation that clients know and this server does not have.
func missing(what string) operation {
	return operation{anybody, func(context.Context, *door, accounts.Caller, []byte) (any, error) {
		return nil, accounts.NotSupported(what)
	}}
}
