package accounts

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"freshet"
)

// Status is where an account stands, in Cognito's words.
type Status string

// The statuses.
const (
	Unconfirmed   Status = "UNCONFIRMED"
	Confirmed     Status = "CONFIRMED"
	ResetRequired Status = "RESET_REQUIRED"
	ForceChange   Status = "FORCE_CHANGE_PASSWORD"
)

// User is an account as callers see it.
type User struct {
	ID           string      // sub: a UUID
	Name         string      // in lower case; the id when the user signed up with an e-mail
	Attributes   []Attribute // with sub, sorted by name
	Status       Status
	Enabled      bool
	Created      time.Time
	Modified     time.Time
	Groups       []string
	MFA          []string // the second factors that are in use: SOFTWARE_TOKEN_MFA, EMAIL_OTP
	PreferredMFA string   // one of MFA, or empty
}

// Identity gives who the user is to the rules of records: what access tokens say, without groups.
func (u *User) Identity() freshet.Identity {
	return freshet.Identity{
		Name: identityName(u.Name), Providers: []freshet.Provider{freshet.UserPools},
		Claims: map[string]any{"sub": u.ID, "username": u.Name},
	}
}

func identityName(user string) string { return "user " + user }

// Attribute is one thing that is known of a user.
type Attribute struct{ Name, Value string }

// user is the stored account.
type user struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Status     Status            `json:"status"`
	Disabled   bool              `json:"disabled,omitzero"`
	Created    time.Time         `json:"created"`
	Modified   time.Time         `json:"modified"`
	Groups     []string          `json:"groups,omitempty"`

	// Generation grows with every change that ends the user's sessions; those of a lower one are over.
	Generation int `json:"generation,omitzero"`

	Salt           []byte    `json:"salt,omitempty"`
	Verifier       []byte    `json:"verifier,omitempty"`      // sealed; none: no password
	TemporaryUntil time.Time `json:"temporaryUntil,omitzero"` // of a password that an operator gave
	Invited        bool      `json:"invited,omitzero"`        // that password went to the user's e-mail
	PendingEmail   string    `json:"pendingEmail,omitempty"`  // counts when it is verified

	TOTP         []byte `json:"totp,omitempty"`        // sealed secret, proven once
	PendingTOTP  []byte `json:"pendingTOTP,omitempty"` // sealed secret, not yet proven
	TOTPStep     int64  `json:"totpStep,omitzero"`     // of the last code that was used
	UseTOTP      bool   `json:"useTOTP,omitzero"`
	UseEmailMFA  bool   `json:"useEmailMFA,omitzero"`
	PreferredMFA string `json:"preferredMFA,omitempty"`

	Passkeys       []string        `json:"passkeys,omitempty"` // the keys of their documents, the oldest first
	PendingPasskey *pendingPasskey `json:"pendingPasskey,omitempty"`

	ghost bool // there is no such user
}

type alias struct {
	User string `json:"user"`
}

func userDocument(id string) freshet.Document { return freshet.Document{Kind: kindUser, Key: id} }

// aliasDocument names the document that makes sure that no two users have a name or an e-mail.
func aliasDocument(name string) freshet.Document {
	if isEmail(name) {
		return freshet.Document{Kind: kindAlias, Key: "email:" + fold(name)}
	}
	return freshet.Document{Kind: kindAlias, Key: "name:" + fold(name)}
}

func isEmail(name string) bool { return strings.Contains(name, "@") }

// fold makes one text of those that differ in case only, in any script.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return unicode.ToLower(least)
	}, strings.TrimSpace(text))
}

// aliases gives the documents that hold the user's names. Ids need none.
func (u *user) aliases() []freshet.Document {
	var list []freshet.Document
	if u.Name != u.ID {
		list = append(list, aliasDocument(u.Name))
	}
	if email := u.email(); email != "" {
		list = append(list, aliasDocument(email))
	}
	return list
}

func (u *user) email() string       { return u.Attributes[attrEmail] }
func (u *user) emailVerified() bool { return u.Attributes[attrEmailVerified] == "true" }

// mfa gives the second factors in use.
func (u *user) mfa() []string {
	var list []string
	if u.UseTOTP && u.TOTP != nil {
		list = append(list, ChallengeTOTP)
	}
	if u.UseEmailMFA && u.emailVerified() {
		list = append(list, ChallengeEmail)
	}
	return list
}

func (u *user) view() User {
	v := User{
		ID: u.ID, Name: u.Name, Status: u.Status, Enabled: !u.Disabled, Created: u.Created, Modified: u.Modified,
		Groups: slices.Clone(u.Groups), MFA: u.mfa(),
	}
	if slices.Contains(v.MFA, u.PreferredMFA) {
		v.PreferredMFA = u.PreferredMFA
	}
	v.Attributes = append(v.Attributes, Attribute{attrSub, u.ID})
	for name, value := range u.Attributes {
		v.Attributes = append(v.Attributes, Attribute{name, value})
	}
	slices.SortFunc(v.Attributes, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	return v
}

// find gives the user whom a name stands for: a user name, an e-mail or an id. When there is none, it gives
// a ghost.
func (p *Pool) find(ctx context.Context, name string) (*user, error) {
	id := p.ghostID(name)
	if !isUUID(name) {
		d := aliasDocument(name)
		var a alias
		found, err := p.documents.Get(ctx, d, &a)
		if err != nil {
			return nil, err
		}
		if found {
			id = a.User
		}
	}
	return p.load(ctx, id)
}

// load gives the user of an id, or a ghost.
func (p *Pool) load(ctx context.Context, id string) (*user, error) {
	u := new(user)
	found, err := p.documents.Get(ctx, userDocument(id), u)
	if err != nil {
		return nil, err
	}
	if !found {
		u = p.ghost(id)
	}
	return u, nil
}

// findKnown is find for those who may know who there is.
func (p *Pool) findKnown(ctx context.Context, name string) (*user, error) {
	u, err := p.find(ctx, name)
	if err == nil && u.ghost {
		err = errUnknownUser
	}
	return u, err
}

// seek is find for those who may not, unless the operator wants it.
func (p *Pool) seek(ctx context.Context, name string) (*user, error) {
	if strings.TrimSpace(name) == "" || len(name) > maxNameBytes {
		return nil, refuse(InvalidParameter, "USERNAME has to have 1 to %d characters.", maxName)
	}
	if p.config.RevealUnknownUsers {
		return p.findKnown(ctx, name)
	}
	return p.find(ctx, name)
}

// ghost makes up a user who is not there. Everything is done with it as with one who is, and comes to the
// same refusals.
func (p *Pool) ghost(id string) *user {
	made := mac(p.secrets.ghosts, "email", id)
	letter := func(b byte) string { return string('a' + rune(b)%26) }
	return &user{
		ID: id, Name: id, Status: Confirmed, Salt: mac(p.secrets.ghosts, "salt", id)[:saltSize], ghost: true,
		Attributes: map[string]string{attrEmail: letter(made[0]) + "@" + letter(made[1]), attrEmailVerified: "true"},
	}
}

// ghostID makes up the id of a user who is not there; always the same one for a name.
func (p *Pool) ghostID(name string) string {
	if isUUID(name) {
		return strings.ToLower(strings.TrimSpace(name))
	}
	id := uuid.UUID(mac(p.secrets.ghosts, "id", aliasDocument(name).Key)[:16])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // the bits that say: version 4
	return id.String()
}

func isUUID(name string) bool {
	_, err := uuid.Parse(strings.TrimSpace(name))
	return err == nil && len(strings.TrimSpace(name)) == len(uuid.Nil.String())
}

// canonical gives the name under which a client is to keep a user, of what was typed; it says nothing about
// whether there is such a user.
func canonical(typed string, id string) string {
	if isEmail(typed) {
		return id
	}
	return strings.ToLower(strings.TrimSpace(typed))
}

const saltSize = 16

// newSalt is random; its first byte may be anything, as the hashes pad it.
func newSalt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	return salt
}

// verifier gives what a password is checked against; for one who has no password a number that no password
// fits.
func (p *Pool) verifier(u *user) (*big.Int, error) {
	if u.Verifier == nil {
		n := new(big.Int).SetBytes(derive(p.secrets.ghosts, "verifier "+u.ID, srpSize))
		return n.Mod(n, srpN), nil
	}
	plain, err := p.secrets.open(u.Verifier, "verifier", u.ID)
	if err != nil {
		return nil, err
	}
	return new(big.Int).SetBytes(plain), nil
}
