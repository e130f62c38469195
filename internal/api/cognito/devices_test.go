package cognito_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/cognito"
)

// The proof of a device is tested with clients; this is about what is on the wire.
func TestDevices(t *testing.T) {
	h := open(t, func(c *accounts.Config, _ *cognito.Options) { c.Devices = accounts.DevicesAsk })
	h.walk(ana[:2]...)
	verifier := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("v", 384)))
	const (
		key    = `"AccessToken":"$AccessToken","DeviceKey":"$DeviceKey"`
		onIt   = `{"UserPoolId":"local_test","Username":"ana","DeviceKey":"$DeviceKey"`
		dates  = `"DeviceCreateDate":"*","DeviceLastModifiedDate":"*","DeviceLastAuthenticatedDate":"*"`
		isNot  = `{"DeviceKey":"*","DeviceAttributes":[{"Name":"device_status","Value":"not_remembered"},{"Name":"device_name","Value":"a thing"}],` + dates + `}`
		is     = `{"DeviceKey":"*","DeviceAttributes":[{"Name":"device_status","Value":"remembered"},{"Name":"device_name","Value":"a thing"}],` + dates + `}`
		secret = `"DeviceName":"a thing","DeviceSecretVerifierConfig":{"Salt":"c2FsdA==","PasswordVerifier":"`
	)
	h.walk(
		step{
			operation: "InitiateAuth", body: signInAna,
			want: `{"ChallengeParameters":{},"AuthenticationResult":{"AccessToken":"*","IdToken":"*","RefreshToken":"*","ExpiresIn":3600,"TokenType":"Bearer",` +
				`"NewDeviceMetadata":{"DeviceKey":"*","DeviceGroupKey":"test"}}}`,
		},
		step{operation: "ConfirmDevice", body: `{` + key + `,` + secret + `no base64"}}`, fault: "SerializationException"},
		step{operation: "GetDevice", body: `{` + key + `}`, fault: accounts.ResourceNotFound},
		step{operation: "ConfirmDevice", body: `{` + key + `,` + secret + verifier + `"}}`, want: `{"UserConfirmationNecessary":true}`},
		step{operation: "GetDevice", body: `{` + key + `}`, want: `{"Device":` + isNot + `}`},
		step{operation: "UpdateDeviceStatus", body: `{` + key + `}`, fault: accounts.InvalidParameter},
		step{operation: "UpdateDeviceStatus", body: `{` + key + `,"DeviceRememberedStatus":"remembered"}`, want: `{}`},
		step{operation: "ListDevices", body: `{"AccessToken":"$AccessToken","Limit":60}`, want: `{"Devices":[` + is + `]}`},
		admin("AdminListDevices", `{"UserPoolId":"local_test","Username":"ana"}`, `{"Devices":[`+is+`]}`),
		admin("AdminUpdateDeviceStatus", onIt+`,"DeviceRememberedStatus":"not_remembered"}`, `{}`),
		admin("AdminGetDevice", onIt+`}`, `{"Device":`+isNot+`}`),
		refused("AdminGetDevice", `{"UserPoolId":"local_test","Username":"ben","DeviceKey":"x"}`, accounts.UserNotFound),
		admin("AdminForgetDevice", onIt+`}`, `{}`),
		step{operation: "ListDevices", body: `{"AccessToken":"$AccessToken"}`, want: `{"Devices":[]}`},
		step{operation: "ForgetDevice", body: `{` + key + `}`, fault: accounts.ResourceNotFound},
		step{operation: "ForgetDevice", body: `{"AccessToken":"x","DeviceKey":"$DeviceKey"}`, fault: accounts.NotAuthorized},
	)
}
