package cognito

import (
	"strconv"
	"time"

	"freshet/internal/accounts"
)

// seconds is a time as a JSON number of seconds since 1970.
type seconds time.Time

// MarshalJSON gives whole milliseconds.
func (s seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(s).UnixMilli())/1000, 'f', -1, 64), nil
}

// attribute is one of a user's; accounts has the names of the wire.
type attribute = accounts.Attribute

type delivery struct {
	AttributeName, DeliveryMedium, Destination string
}

func deliveryOf(d accounts.Delivery) *delivery {
	return &delivery{AttributeName: d.Attribute, DeliveryMedium: d.Medium, Destination: d.Destination}
}

// delivered is the answer of operations that send a code.
type delivered struct{ CodeDeliveryDetails *delivery }

type tokens struct {
	AccessToken  string
	IDToken      string `json:"IdToken,omitempty"`
	RefreshToken string `json:",omitempty"`
	ExpiresIn    int64  // seconds
	TokenType    string

	NewDeviceMetadata *newDevice `json:",omitempty"`
}

type newDevice struct{ DeviceKey, DeviceGroupKey string }

func tokensOf(t *accounts.Tokens) *tokens {
	if t == nil {
		return nil
	}
	out := &tokens{AccessToken: t.Access, IDToken: t.ID, RefreshToken: t.Refresh, ExpiresIn: int64(t.ExpiresIn / time.Second), TokenType: "Bearer"}
	if t.NewDevice != nil {
		out.NewDeviceMetadata = &newDevice{t.NewDevice.Key, t.NewDevice.Group}
	}
	return out
}

// user is an account as lists have it.
type user struct {
	Username             string
	Attributes           []attribute
	UserCreateDate       seconds
	UserLastModifiedDate seconds
	Enabled              bool
	UserStatus           accounts.Status
}

func userOf(u accounts.User) user {
	return user{
		Username: u.Name, Attributes: u.Attributes, UserCreateDate: seconds(u.Created), UserLastModifiedDate: seconds(u.Modified),
		Enabled: u.Enabled, UserStatus: u.Status,
	}
}

// mfaInUse is what answers say of a user's second factors.
type mfaInUse struct {
	PreferredMfaSetting string   `json:",omitempty"`
	UserMFASettingList  []string `json:",omitempty"`
}

func mfaOf(u accounts.User) mfaInUse {
	return mfaInUse{PreferredMfaSetting: u.PreferredMFA, UserMFASettingList: u.MFA}
}
