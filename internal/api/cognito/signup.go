package cognito

import (
	"context"

	"freshet/internal/accounts"
)

type signUpInput struct {
	ClientID       string `json:"ClientId"`
	Username       string
	Password       string
	UserAttributes []attribute
}

type signUpOutput struct {
	UserConfirmed       bool
	UserSub             string
	CodeDeliveryDetails *delivery `json:",omitempty"`
	Session             string    `json:",omitempty"`
}

func (d *door) signUp(ctx context.Context, c accounts.Caller, in signUpInput) (out signUpOutput, err error) {
	c.Client = in.ClientID
	made, err := d.pool.SignUp(ctx, c, accounts.SignUp{Username: in.Username, Password: in.Password, Attributes: in.UserAttributes})
	if err != nil {
		return out, err
	}
	out = signUpOutput{UserConfirmed: made.Confirmed, UserSub: made.ID, Session: made.Session}
	if made.Delivery != nil {
		out.CodeDeliveryDetails = deliveryOf(*made.Delivery)
	}
	return out, nil
}

type confirmSignUpInput struct {
	ClientID           string `json:"ClientId"`
	Username           string
	ConfirmationCode   string
	Session            string
	ForceAliasCreation bool // there is never another one to take an e-mail from
}

type confirmSignUpOutput struct {
	Session string `json:",omitempty"`
}

func (d *door) confirmSignUp(ctx context.Context, c accounts.Caller, in confirmSignUpInput) (out confirmSignUpOutput, err error) {
	c.Client = in.ClientID
	out.Session, err = d.pool.ConfirmSignUp(ctx, c, in.Username, in.ConfirmationCode, in.Session)
	return out, err
}

// nameInput is of operations on one who is not signed in.
type nameInput struct {
	ClientID string `json:"ClientId"`
	Username string
}

func (d *door) resendConfirmationCode(ctx context.Context, c accounts.Caller, in nameInput) (delivered, error) {
	c.Client = in.ClientID
	sent, err := d.pool.ResendConfirmationCode(ctx, c, in.Username)
	return delivered{deliveryOf(sent)}, err
}

func (d *door) forgotPassword(ctx context.Context, c accounts.Caller, in nameInput) (delivered, error) {
	c.Client = in.ClientID
	sent, err := d.pool.ForgotPassword(ctx, c, in.Username)
	return delivered{deliveryOf(sent)}, err
}

type confirmForgotPasswordInput struct {
	ClientID         string `json:"ClientId"`
	Username         string
	ConfirmationCode string
	Password         string
}

func (d *door) confirmForgotPassword(ctx context.Context, c accounts.Caller, in confirmForgotPasswordInput) (nothing, error) {
	c.Client = in.ClientID
	return nothing{}, d.pool.ConfirmForgotPassword(ctx, c, in.Username, in.ConfirmationCode, in.Password)
}
