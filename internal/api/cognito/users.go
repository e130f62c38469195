package cognito

import (
	"context"
	"slices"

	"freshet/internal/accounts"
)

// userInput is of operations of administrators on one user.
type userInput struct {
	passedOver
	UserPoolID string `json:"UserPoolId"`
	Username   string
}

// onUser makes an operation of an act that needs no more than the name.
func onUser(act func(*accounts.Pool, context.Context, accounts.Caller, string) error) func(*door, context.Context, accounts.Caller, userInput) (nothing, error) {
	return func(d *door, ctx context.Context, c accounts.Caller, in userInput) (nothing, error) {
		if err := d.ofPool(in.UserPoolID); err != nil {
			return nothing{}, err
		}
		return nothing{}, act(d.pool, ctx, c, in.Username)
	}
}

type adminCreateUserInput struct {
	userInput
	UserAttributes         []attribute
	TemporaryPassword      string
	MessageAction          string
	DesiredDeliveryMediums []string
	ForceAliasCreation     bool
}

type adminCreateUserOutput struct{ User user }

func (d *door) adminCreateUser(ctx context.Context, c accounts.Caller, in adminCreateUserInput) (out adminCreateUserOutput, err error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return out, err
	}
	if in.ForceAliasCreation {
		return out, accounts.NotSupported("ForceAliasCreation")
	}
	if len(in.DesiredDeliveryMediums) > 0 && !slices.Contains(in.DesiredDeliveryMediums, "EMAIL") {
		return out, accounts.NotSupported("an invitation that is not sent by EMAIL")
	}
	made, err := d.pool.AdminCreateUser(ctx, c, accounts.AdminCreateUser{
		Username: in.Username, Attributes: in.UserAttributes, TemporaryPassword: in.TemporaryPassword, MessageAction: in.MessageAction,
	})
	return adminCreateUserOutput{userOf(made)}, err
}

type adminGetUserOutput struct {
	Username             string
	UserAttributes       []attribute
	UserCreateDate       seconds
	UserLastModifiedDate seconds
	Enabled              bool
	UserStatus           accounts.Status
	mfaInUse
}

func (d *door) adminGetUser(ctx context.Context, _ accounts.Caller, in userInput) (out adminGetUserOutput, err error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return out, err
	}
	found, err := d.pool.AdminGetUser(ctx, in.Username)
	u := userOf(found)
	return adminGetUserOutput{u.Username, u.Attributes, u.UserCreateDate, u.UserLastModifiedDate, u.Enabled, u.UserStatus, mfaOf(found)}, err
}

type adminSetUserPasswordInput struct {
	userInput
	Password  string
	Permanent bool
}

func (d *door) adminSetUserPassword(ctx context.Context, c accounts.Caller, in adminSetUserPasswordInput) (nothing, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.AdminSetUserPassword(ctx, c, in.Username, in.Password, in.Permanent)
}

type adminUpdateUserAttributesInput struct {
	userInput
	UserAttributes []attribute
}

func (d *door) adminUpdateUserAttributes(ctx context.Context, c accounts.Caller, in adminUpdateUserAttributesInput) (nothing, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.AdminUpdateUserAttributes(ctx, c, in.Username, in.UserAttributes)
}

type adminDeleteUserAttributesInput struct {
	userInput
	UserAttributeNames []string
}

func (d *door) adminDeleteUserAttributes(ctx context.Context, c accounts.Caller, in adminDeleteUserAttributesInput) (nothing, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.AdminDeleteUserAttributes(ctx, c, in.Username, in.UserAttributeNames)
}

type adminSetUserMFAPreferenceInput struct {
	userInput
	mfaSettings
}

func (d *door) adminSetUserMFAPreference(ctx context.Context, c accounts.Caller, in adminSetUserMFAPreferenceInput) (nothing, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return nothing{}, err
	}
	if err := in.check(); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.AdminSetUserMFAPreference(ctx, c, in.Username, in.SoftwareTokenMfaSettings.setting(), in.EmailMfaSettings.setting())
}

type listUsersInput struct {
	UserPoolID      string `json:"UserPoolId"`
	AttributesToGet []string
	Filter          string
	Limit           int
	PaginationToken string
}

type listUsersOutput struct {
	Users           []user
	PaginationToken string `json:",omitempty"`
}

func (d *door) listUsers(ctx context.Context, _ accounts.Caller, in listUsersInput) (out listUsersOutput, err error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return out, err
	}
	page, err := d.pool.ListUsers(ctx, in.Filter, in.Limit, in.PaginationToken)
	out = listUsersOutput{usersOf(page.Users), page.Next}
	if in.AttributesToGet != nil {
		for i := range out.Users {
			u := &out.Users[i]
			u.Attributes = slices.DeleteFunc(u.Attributes, func(a attribute) bool { return !slices.Contains(in.AttributesToGet, a.Name) })
		}
	}
	return out, err
}

func usersOf(list []accounts.User) []user {
	users := make([]user, len(list))
	for i, u := range list {
		users[i] = userOf(u)
	}
	return users
}
