package accounts

import (
	"context"
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"freshet"
)

var (
	errWrongPasskey  = refuse(NotAuthorized, "The passkey is not one of this account, or does not prove it.")
	errCopiedPasskey = refuse(NotAuthorized, "The passkey has signed more often elsewhere than here: it may have been copied, and lets nobody in.")
)

// startPasskey asks for the proof of a passkey, of whoever it may be: it names none, so that users who have passkeys,
// users who have none and names that nobody has look alike.
func (p *Pool) startPasskey(u *user, t ticket) (AuthResult, error) {
	assertion, session, err := p.passkeys.BeginDiscoverableLogin()
	if err != nil {
		return AuthResult{}, err
	}
	t.Challenge = session.Challenge
	body, err := json.Marshal(struct {
		protocol.PublicKeyCredentialRequestOptions
		Allowed []protocol.CredentialDescriptor `json:"allowCredentials"` // clients look for a list, if an empty one
	}{assertion.Response, []protocol.CredentialDescriptor{}})
	if err != nil {
		return AuthResult{}, err
	}
	return p.challenge(u, t, ChallengePasskey, map[string]string{"CREDENTIAL_REQUEST_OPTIONS": string(body)}), nil
}

// provePasskey checks what a passkey signed, in the JSON form of AuthenticationResponseJSON. It is both factors: the
// passkey, and what it asked its user for.
func (p *Pool) provePasskey(ctx context.Context, u *user, t ticket, credential string) (AuthResult, error) {
	if p.passkeys == nil {
		return AuthResult{}, errNoPasskeys
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(credential))
	if err != nil {
		return AuthResult{}, refuse(InvalidParameter, "CREDENTIAL cannot be read: %v", err)
	}
	if err := p.isOurs(&parsed.Response.CollectedClientData, &parsed.Response.AuthenticatorData); err != nil {
		return AuthResult{}, err
	}
	session := webauthn.SessionData{Challenge: t.Challenge, UserID: []byte(u.ID), UserVerification: protocol.VerificationRequired}
	d := passkeyDocument(parsed.RawID)
	err = p.update(ctx, []freshet.Document{d}, func(e *edit) error {
		var k passkey
		if !e.get(d, &k) || k.User != u.ID {
			return errWrongPasskey
		}
		proven, err := p.passkeys.ValidateLogin(holder{u, []passkey{k}}, session, parsed)
		switch {
		case err != nil:
			return errWrongPasskey
		case proven.Authenticator.CloneWarning:
			return errCopiedPasskey
		}
		k.Counter = proven.Authenticator.SignCount
		e.put(d, k)
		return nil
	})
	if err != nil {
		return AuthResult{}, err
	}
	t.Factor, t.Second, t.Challenge = ChallengePasskey, true, ""
	return p.advance(ctx, u, t)
}
