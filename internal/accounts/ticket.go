package accounts

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// ticket is what a caller carries from one step of a sign-in to the next, sealed, so that any server of the
// pool can go on with it. A caller may take a step again within the ticket's time; what a sign-in comes to,
// its session, is made once, for the session's id is chosen at the start.
type ticket struct {
	Step       string    `json:"step"` // the only one it is good for: a challenge's name, or one of those below
	User       string    `json:"user"`
	Typed      string    `json:"typed,omitempty"` // the name as the user wrote it
	Client     string    `json:"client"`
	Origin     string    `json:"origin"`     // the id of the session to be
	Generation int       `json:"generation"` // of the user; another one voids the ticket
	Expires    time.Time `json:"expires"`

	Life time.Duration `json:"life,omitzero"` // of the session to be; 0: as usual

	Factor string `json:"factor,omitempty"` // what was proven first: PASSWORD, EMAIL_OTP, WEB_AUTHN or CONFIRMED
	SetUp  bool   `json:"setUp,omitzero"`   // the second factor is being set up
	Secret []byte `json:"secret,omitempty"` // of TOTP, while it is set up

	Second bool   `json:"second,omitzero"`  // the second factor was given
	Device string `json:"device,omitempty"` // the key of the device that it comes from, as it says
	Proven bool   `json:"proven,omitzero"`  // by that device

	SRP  *srpState  `json:"srp,omitempty"`
	Code *codeGrant `json:"code,omitempty"`

	Challenge string `json:"challenge,omitempty"` // that a passkey has to sign, in base64url

	agent string // of who shows the ticket; it is not carried
}

// srpState is what the server has to know when the client's proof comes.
type srpState struct {
	A      []byte `json:"a"`
	B      []byte `json:"b"`
	Secret []byte `json:"secret"`
}

const (
	stepConfirm   = "confirm"   // of SignUp, for ConfirmSignUp
	stepConfirmed = "confirmed" // of ConfirmSignUp, for USER_AUTH
	stepGrant     = "grant"     // an authorization code
)

const maxTicket = 16 << 10 // bytes

// seal gives a ticket as the text of a session.
func (p *Pool) seal(t ticket, life time.Duration) string {
	return base64.RawURLEncoding.EncodeToString(p.sealTicket(t, life))
}

func (p *Pool) sealTicket(t ticket, life time.Duration) []byte {
	t.Expires = p.now().Add(life)
	body, err := json.Marshal(t)
	if err != nil {
		panic(err) // texts, bytes and numbers
	}
	return seal(p.secrets.tickets, body, "ticket")
}

// open reads the text of a session that has to be for a step and a client, where the caller names one.
func (p *Pool) open(text string, c Caller, step string) (ticket, error) {
	if len(text) > maxTicket {
		return ticket{}, errSession
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ticket{}, errSession
	}
	return p.openTicket(sealed, c, step)
}

func (p *Pool) openTicket(sealed []byte, c Caller, step string) (ticket, error) {
	body, err := open(p.secrets.tickets, sealed, "ticket")
	if err != nil {
		return ticket{}, errSession
	}
	var t ticket
	if err := json.Unmarshal(body, &t); err != nil {
		return ticket{}, errSession
	}
	if t.Step != step || c.Client != "" && t.Client != c.Client || !p.now().Before(t.Expires) {
		return ticket{}, errSession
	}
	t.agent = agentOf(c)
	return t, nil
}
