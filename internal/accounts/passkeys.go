package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"freshet"
)

const (
	maxPasskeys  = 20      // of an account, as in Cognito
	maxPublicKey = 1 << 10 // bytes of one: RSA with 4,096 bits takes half of that
)

// Passkey is one that a user may sign in with.
type Passkey struct {
	ID           string // of the credential, in base64url
	Name         string // of what keeps it, as far as that is known
	RelyingParty string
	Attachment   string   // platform, cross-platform or empty
	Transports   []string // how it is reached: internal, hybrid, usb, ...
	Created      time.Time
}

// passkey is what is kept of it. Nothing of it is a secret.
type passkey struct {
	User           string    `json:"user"`
	ID             []byte    `json:"id"`
	PublicKey      []byte    `json:"publicKey"`               // COSE
	Counter        uint32    `json:"counter,omitzero"`        // of its signatures; those that are synced do not count
	BackupEligible bool      `json:"backupEligible,omitzero"` // it may be synced, which never changes
	Authenticator  []byte    `json:"authenticator,omitempty"` // AAGUID: the make of what keeps it
	RelyingParty   string    `json:"relyingParty"`
	Attachment     string    `json:"attachment,omitempty"`
	Transports     []string  `json:"transports,omitempty"`
	Created        time.Time `json:"created"`
}

// passkeyDocument is named after the credential, so that it belongs to one account.
func passkeyDocument(credentialID []byte) freshet.Document {
	sum := sha256.Sum256(credentialID)
	return freshet.Document{Kind: kindPasskey, Key: base64.RawURLEncoding.EncodeToString(sum[:])}
}

func (u *user) passkeyDocuments() []freshet.Document {
	list := make([]freshet.Document, len(u.Passkeys))
	for i, key := range u.Passkeys {
		list[i] = freshet.Document{Kind: kindPasskey, Key: key}
	}
	return list
}

// passkeysOf gives a user's passkeys, the oldest first.
func (p *Pool) passkeysOf(ctx context.Context, u *user) ([]passkey, error) {
	var list []passkey
	for _, d := range u.passkeyDocuments() {
		var k passkey
		found, err := p.documents.Get(ctx, d, &k)
		if err != nil {
			return nil, err
		}
		if found { // it may have been deleted just now
			list = append(list, k)
		}
	}
	return list, nil
}

// holder is a user as the ceremonies see it.
type holder struct {
	*user
	passkeys []passkey
}

var _ webauthn.User = holder{}

func (h holder) WebAuthnID() []byte          { return []byte(h.ID) }
func (h holder) WebAuthnDisplayName() string { return h.WebAuthnName() }

// WebAuthnName is what the user types to sign in.
func (h holder) WebAuthnName() string {
	if h.Name == h.ID && h.email() != "" {
		return h.email()
	}
	return h.Name
}

func (h holder) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, len(h.passkeys))
	for i := range h.passkeys {
		list[i] = h.passkeys[i].credential()
	}
	return list
}

func (k *passkey) credential() webauthn.Credential {
	c := webauthn.Credential{
		ID: k.ID, PublicKey: k.PublicKey, Flags: webauthn.CredentialFlags{BackupEligible: k.BackupEligible},
		Authenticator: webauthn.Authenticator{AAGUID: k.Authenticator, SignCount: k.Counter},
	}
	for _, t := range k.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// Passkeys is a page of passkeys.
type Passkeys struct {
	Passkeys []Passkey
	Next     string // for the next page; empty: there is none
}

// ListWebAuthnCredentials gives the passkeys of an access token's user, the oldest first. A limit of 0 is 20, the most.
func (p *Pool) ListWebAuthnCredentials(ctx context.Context, c Caller, accessToken string, limit int, next string) (Passkeys, error) {
	_, u, err := p.owner(ctx, c, "ListWebAuthnCredentials", accessToken)
	if err != nil {
		return Passkeys{}, err
	}
	if limit < 0 || limit > maxPasskeys {
		return Passkeys{}, refuse(InvalidParameter, "The limit is %d; it has to be 1 to %d.", limit, maxPasskeys)
	}
	if limit == 0 {
		limit = maxPasskeys
	}
	last, err := readNext(next)
	if err != nil {
		return Passkeys{}, err
	}
	before := slices.Index(u.Passkeys, last)
	if last != "" && before < 0 {
		return Passkeys{}, refuse(InvalidParameter, "The passkey before the page is gone; list them from the first.")
	}
	rest := *u
	rest.Passkeys = u.Passkeys[before+1:]
	var page Passkeys
	if len(rest.Passkeys) > limit {
		rest.Passkeys = rest.Passkeys[:limit]
		page.Next = writeNext(rest.Passkeys[limit-1])
	}
	list, err := p.passkeysOf(ctx, &rest)
	for i := range list {
		page.Passkeys = append(page.Passkeys, list[i].view())
	}
	return page, err
}

// DeleteWebAuthnCredential takes a passkey of an access token's user away. Errors: ResourceNotFound for one that is not
// there, or is not the user's.
func (p *Pool) DeleteWebAuthnCredential(ctx context.Context, c Caller, accessToken, credentialID string) (err error) {
	_, u, err := p.owner(ctx, c, "DeleteWebAuthnCredential", accessToken)
	if err != nil {
		return err
	}
	defer func() {
		p.recordAbout(ctx, c, "DeleteWebAuthnCredential", u.ID, "passkey "+credentialID, OutcomeOK, err)
	}()
	missing := refuse(ResourceNotFound, "There is no such passkey; it may have been deleted.")
	id, err := base64.RawURLEncoding.DecodeString(credentialID)
	if err != nil {
		return missing
	}
	d := passkeyDocument(id)
	return p.change(ctx, u.ID, func(e *edit, u *user) error {
		i := slices.Index(u.Passkeys, d.Key)
		if i < 0 {
			return missing
		}
		u.Passkeys = slices.Delete(u.Passkeys, i, i+1)
		e.remove(d)
		return nil
	}, d)
}

func (k *passkey) view() Passkey {
	return Passkey{
		ID: base64.RawURLEncoding.EncodeToString(k.ID), Name: authenticatorName(k.Authenticator), RelyingParty: k.RelyingParty,
		Attachment: k.Attachment, Transports: k.Transports, Created: k.Created,
	}
}
