package cognito

import (
	"context"
	"encoding/json"

	"freshet/internal/accounts"
)

type startPasskeyOutput struct{ CredentialCreationOptions json.RawMessage }

func (d *door) startWebAuthnRegistration(ctx context.Context, c accounts.Caller, in tokenInput) (startPasskeyOutput, error) {
	options, err := d.pool.StartWebAuthnRegistration(ctx, c, in.AccessToken)
	return startPasskeyOutput{options}, err
}

type completePasskeyInput struct {
	AccessToken string
	Credential  json.RawMessage
}

func (d *door) completeWebAuthnRegistration(ctx context.Context, c accounts.Caller, in completePasskeyInput) (nothing, error) {
	return nothing{}, d.pool.CompleteWebAuthnRegistration(ctx, c, in.AccessToken, in.Credential)
}

type listPasskeysInput struct {
	AccessToken string
	MaxResults  int
	NextToken   string
}

type listPasskeysOutput struct {
	Credentials []passkey
	NextToken   string `json:",omitempty"`
}

type passkey struct {
	CredentialID            string `json:"CredentialId"`
	FriendlyCredentialName  string
	RelyingPartyID          string `json:"RelyingPartyId"`
	AuthenticatorAttachment string `json:",omitempty"`
	AuthenticatorTransports []string
	CreatedAt               seconds
}

func (d *door) listWebAuthnCredentials(ctx context.Context, c accounts.Caller, in listPasskeysInput) (listPasskeysOutput, error) {
	page, err := d.pool.ListWebAuthnCredentials(ctx, c, in.AccessToken, in.MaxResults, in.NextToken)
	out := listPasskeysOutput{Credentials: []passkey{}, NextToken: page.Next}
	for _, k := range page.Passkeys {
		out.Credentials = append(out.Credentials, passkey{
			k.ID, k.Name, k.RelyingParty, k.Attachment, append([]string{}, k.Transports...), seconds(k.Created),
		})
	}
	return out, err
}

type deletePasskeyInput struct {
	AccessToken  string
	CredentialID string `json:"CredentialId"`
}

func (d *door) deleteWebAuthnCredential(ctx context.Context, c accounts.Caller, in deletePasskeyInput) (nothing, error) {
	return nothing{}, d.pool.DeleteWebAuthnCredential(ctx, c, in.AccessToken, in.CredentialID)
}
