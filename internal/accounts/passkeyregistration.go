package accounts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// pendingPasskey is a registration that has begun; each user has one.
type pendingPasskey struct {
	Challenge string    `json:"challenge"`
	Expires   time.Time `json:"expires"`
}

var (
	errNoPasskeys = refuse(WebAuthnConfigurationMissing, "There are no passkeys on this server: they need pages with a name and HTTPS, or localhost. "+
		"Its operator sets url or passkey_origin.")
	errNoRegistration  = refuse(WebAuthnChallengeNotFound, "The registration of the passkey has not begun, took too long, or was done already; begin again.")
	errTooManyPasskeys = refuse(LimitExceeded, "An account has %d passkeys at most; delete one first.", maxPasskeys)
)

// StartWebAuthnRegistration gives an access token's user what the browser makes a passkey with: the JSON form of
// PublicKeyCredentialCreationOptions. The latest one counts. Errors: WebAuthnConfigurationMissing, LimitExceeded, and
// UnsupportedUserState where the e-mail is not verified: who takes the account over by the mailbox gets no passkey of a
// stranger with it.
func (p *Pool) StartWebAuthnRegistration(ctx context.Context, c Caller, accessToken string) (options json.RawMessage, err error) {
	_, u, err := p.owner(ctx, c, "StartWebAuthnRegistration", accessToken)
	if err != nil {
		return nil, err
	}
	defer func() { p.record(ctx, c, "StartWebAuthnRegistration", u.ID, OutcomeOK, err) }()
	switch {
	case p.passkeys == nil:
		return nil, errNoPasskeys
	case u.email() != "" && !u.emailVerified():
		return nil, refuse(UnsupportedUserState, "Verify your e-mail first.")
	case len(u.Passkeys) >= maxPasskeys:
		return nil, errTooManyPasskeys
	}
	known, err := p.passkeysOf(ctx, u)
	if err != nil {
		return nil, err
	}
	h := holder{u, known}
	creation, session, err := p.passkeys.BeginRegistration(h,
		webauthn.WithCredentialParameters(passkeyAlgorithms), webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, u.ID, func(_ *edit, u *user) error {
		u.PendingPasskey = &pendingPasskey{Challenge: session.Challenge, Expires: p.now().Add(p.config.ChallengeLifetime)}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(creation.Response)
}

// CompleteWebAuthnRegistration takes the passkey that the browser made, in the JSON form of RegistrationResponseJSON,
// and tells the user by mail. Errors: InvalidParameter, LimitExceeded, and the WebAuthn ones.
func (p *Pool) CompleteWebAuthnRegistration(ctx context.Context, c Caller, accessToken string, credential []byte) (err error) {
	_, u, err := p.owner(ctx, c, "CompleteWebAuthnRegistration", accessToken)
	if err != nil {
		return err
	}
	about := ""
	defer func() { p.recordAbout(ctx, c, "CompleteWebAuthnRegistration", u.ID, about, OutcomeOK, err) }()
	k, err := p.readPasskey(u, credential)
	if err != nil {
		return err
	}
	about = "passkey " + k.view().ID
	begun, d := u.PendingPasskey.Challenge, passkeyDocument(k.ID)
	err = p.change(ctx, u.ID, func(e *edit, u *user) error {
		switch {
		case u.PendingPasskey == nil || u.PendingPasskey.Challenge != begun:
			return errNoRegistration
		case len(u.Passkeys) >= maxPasskeys:
			return errTooManyPasskeys
		case e.get(d, new(passkey)):
			return refuse(InvalidParameter, "The passkey is registered already.")
		}
		u.PendingPasskey = nil
		u.Passkeys = append(u.Passkeys, d.Key)
		e.put(d, k)
		return nil
	}, d)
	if err != nil {
		return err
	}
	p.tellOwner(ctx, c, u, MailPasskeyAdded)
	return nil
}

// readPasskey checks what the browser made for a user.
func (p *Pool) readPasskey(u *user, credential []byte) (passkey, error) {
	if p.passkeys == nil {
		return passkey{}, errNoPasskeys
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return passkey{}, refuse(InvalidParameter, "The credential cannot be read: %v", err)
	}
	begun, client := u.PendingPasskey, &parsed.Response.CollectedClientData
	if begun == nil || !p.now().Before(begun.Expires) || client.Challenge != begun.Challenge {
		return passkey{}, errNoRegistration
	}
	attested := &parsed.Response.AttestationObject
	if err := p.isOurs(client, &attested.AuthData); err != nil {
		return passkey{}, err
	}
	if len(attested.AuthData.AttData.CredentialPublicKey) > maxPublicKey {
		return passkey{}, refuse(WebAuthnCredentialNotSupported, "The passkey's public key has more than %d bytes.", maxPublicKey)
	}
	// Who made the authenticator was not asked, and to check what is said of it takes sums of anybody's size.
	attested.Format, attested.AttStatement = string(protocol.AttestationFormatNone), nil
	made, err := p.passkeys.CreateCredential(holder{user: u}, webauthn.SessionData{
		Challenge: begun.Challenge, UserID: []byte(u.ID), UserVerification: protocol.VerificationRequired, CredParams: passkeyAlgorithms,
	}, parsed)
	if err != nil {
		return passkey{}, refuse(WebAuthnCredentialNotSupported, "The credential does not hold: %v", err)
	}
	return passkey{
		User: u.ID, ID: made.ID, PublicKey: made.PublicKey, Counter: made.Authenticator.SignCount, BackupEligible: made.Flags.BackupEligible,
		Authenticator: made.Authenticator.AAGUID, RelyingParty: p.config.RelyingParty.ID, Attachment: string(made.Authenticator.Attachment),
		Transports: transports(parsed.Raw.AttestationResponse.Transports), Created: p.now(),
	}, nil
}

// isOurs refuses what a passkey of no user here can have made. That has nothing to do with who it is said to be, so the
// refusal may say why.
func (p *Pool) isOurs(client *protocol.CollectedClientData, data *protocol.AuthenticatorData) error {
	party := &p.config.RelyingParty
	sum := sha256.Sum256([]byte(party.ID))
	switch {
	case !protocol.IsOriginInHaystack(client.Origin, party.Origins):
		return refuse(WebAuthnOriginNotAllowed, "Pages of %s may not use the passkeys of this server; its operator lets them by passkey_origin.", excerpt(client.Origin))
	case !bytes.Equal(data.RPIDHash, sum[:]):
		return refuse(WebAuthnRelyingPartyMismatch, "The passkey is for another domain than %s.", party.ID)
	case !data.Flags.HasUserVerified():
		return refuse(WebAuthnCredentialNotSupported, "The passkey has to ask its user for a PIN, a finger or a face.")
	}
	return nil
}

// transports keeps what a browser says of a passkey from filling the store.
func transports(list []string) []string {
	known := []string{"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"}
	return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(list))), func(t string) bool { return !slices.Contains(known, t) })
}
