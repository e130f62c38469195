package cognito

import (
	"context"

	"freshet/internal/accounts"
)

type getUserOutput struct {
	Username       string
	UserAttributes []attribute
	mfaInUse
}

func (d *door) getUser(ctx context.Context, c accounts.Caller, in tokenInput) (getUserOutput, error) {
	u, err := d.pool.GetUser(ctx, c, in.AccessToken)
	return getUserOutput{u.Name, u.Attributes, mfaOf(u)}, err
}

type updateUserAttributesInput struct {
	AccessToken    string
	UserAttributes []attribute
}

type updateUserAttributesOutput struct{ CodeDeliveryDetailsList []*delivery }

func (d *door) updateUserAttributes(ctx context.Context, c accounts.Caller, in updateUserAttributesInput) (updateUserAttributesOutput, error) {
	out := updateUserAttributesOutput{CodeDeliveryDetailsList: []*delivery{}}
	sent, err := d.pool.UpdateUserAttributes(ctx, c, in.AccessToken, in.UserAttributes)
	for _, s := range sent {
		out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, deliveryOf(s))
	}
	return out, err
}

type deleteUserAttributesInput struct {
	AccessToken        string
	UserAttributeNames []string
}

func (d *door) deleteUserAttributes(ctx context.Context, c accounts.Caller, in deleteUserAttributesInput) (nothing, error) {
	return nothing{}, d.pool.DeleteUserAttributes(ctx, c, in.AccessToken, in.UserAttributeNames)
}

type attributeCodeInput struct {
	AccessToken   string
	AttributeName string
}

func (d *door) getUserAttributeVerificationCode(ctx context.Context, c accounts.Caller, in attributeCodeInput) (delivered, error) {
	sent, err := d.pool.GetUserAttributeVerificationCode(ctx, c, in.AccessToken, in.AttributeName)
	return delivered{deliveryOf(sent)}, err
}

type verifyUserAttributeInput struct{ AccessToken, AttributeName, Code string }

func (d *door) verifyUserAttribute(ctx context.Context, c accounts.Caller, in verifyUserAttributeInput) (nothing, error) {
	return nothing{}, d.pool.VerifyUserAttribute(ctx, c, in.AccessToken, in.AttributeName, in.Code)
}

type changePasswordInput struct{ AccessToken, PreviousPassword, ProposedPassword string }

func (d *door) changePassword(ctx context.Context, c accounts.Caller, in changePasswordInput) (nothing, error) {
	return nothing{}, d.pool.ChangePassword(ctx, c, in.AccessToken, in.PreviousPassword, in.ProposedPassword)
}

func (d *door) deleteUser(ctx context.Context, c accounts.Caller, in tokenInput) (nothing, error) {
	return nothing{}, d.pool.DeleteUser(ctx, c, in.AccessToken)
}
