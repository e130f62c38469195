package accounts

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The flows of InitiateAuth.
const (
	FlowSRP      = "USER_SRP_AUTH"
	FlowPassword = "USER_PASSWORD_AUTH"
	FlowUser     = "USER_AUTH"
	FlowRefresh  = "REFRESH_TOKEN_AUTH"
	flowRefresh0 = "REFRESH_TOKEN" // its older name
)

// The challenges, by the names they have on the wire.
const (
	ChallengeVerifier    = "PASSWORD_VERIFIER"
	ChallengeSelect      = "SELECT_CHALLENGE"
	ChallengeNewPassword = "NEW_PASSWORD_REQUIRED"
	ChallengeTOTP        = "SOFTWARE_TOKEN_MFA"
	ChallengeEmail       = "EMAIL_OTP"
	ChallengeSelectMFA   = "SELECT_MFA_TYPE"
	ChallengeMFASetup    = "MFA_SETUP"
	ChallengePasskey     = "WEB_AUTHN"

	ChallengeDevice         = "DEVICE_SRP_AUTH"
	ChallengeDeviceVerifier = "DEVICE_PASSWORD_VERIFIER"
)

// The answers to SELECT_CHALLENGE beside EMAIL_OTP and WEB_AUTHN, and what a ticket says was proven first.
const (
	factorPassword  = "PASSWORD"
	factorSRP       = "PASSWORD_SRP"
	factorConfirmed = "CONFIRMED"
)

// AuthRequest begins a sign-in.
type AuthRequest struct {
	Flow       string
	Parameters map[string]string
	Session    string
	Life       time.Duration // of the session that it comes to; 0, or longer than RefreshLifetime: that
}

// ChallengeAnswer goes on with it.
type ChallengeAnswer struct {
	Challenge string
	Responses map[string]string
	Session   string
}

// AuthResult is tokens, or the next challenge.
type AuthResult struct {
	Challenge  string
	Parameters map[string]string
	Available  []string // answers to SELECT_CHALLENGE
	Session    string   // to be sent with the answer; none for PASSWORD_VERIFIER, whose SECRET_BLOCK says all
	Tokens     *Tokens
}

func (r *AuthResult) outcome() string {
	if r.Challenge != "" {
		return r.Challenge
	}
	return OutcomeOK
}

// InitiateAuth begins a sign-in, or refreshes tokens. Errors: NotAuthorized for a wrong name or password alike,
// and for guessing too fast; once the password was right also UserNotConfirmed and PasswordResetRequired.
func (p *Pool) InitiateAuth(ctx context.Context, c Caller, r AuthRequest) (result AuthResult, err error) {
	who := r.Parameters["USERNAME"]
	defer func() { p.record(ctx, c, "InitiateAuth", who, result.outcome(), err) }()
	if err := p.knows(c); err != nil {
		return AuthResult{}, err
	}
	switch r.Flow {
	case FlowRefresh, flowRefresh0:
		tokens, userID, err := p.refresh(ctx, c, r.Parameters["REFRESH_TOKEN"], false)
		who = userID
		return AuthResult{Tokens: tokens}, err
	case FlowSRP, FlowPassword, FlowUser:
	default:
		return AuthResult{}, NotSupported("the flow " + excerpt(r.Flow))
	}
	if r.Flow == FlowUser && r.Session != "" {
		return p.confirmed(ctx, c, r)
	}
	u, err := p.seek(ctx, r.Parameters["USERNAME"])
	if err != nil {
		return AuthResult{}, err
	}
	t := ticket{User: u.ID, Typed: r.Parameters["USERNAME"], Client: c.Client, Origin: uuid.NewString(), Generation: u.Generation, Life: r.Life, agent: agentOf(c)}
	who = u.ID
	switch r.Flow {
	case FlowSRP:
		return p.first(ctx, c, u, t, factorSRP, r.Parameters)
	case FlowPassword:
		t.Device = r.Parameters["DEVICE_KEY"]
		return p.first(ctx, c, u, t, factorPassword, r.Parameters)
	}
	if preferred := r.Parameters["PREFERRED_CHALLENGE"]; slices.Contains(p.firstFactors(), preferred) {
		return p.first(ctx, c, u, t, preferred, r.Parameters)
	}
	return p.challenge(u, t, ChallengeSelect, nil), nil
}

// firstFactors is the same for all users: it must not tell who there is.
func (p *Pool) firstFactors() []string {
	factors := []string{factorPassword, factorSRP}
	if p.config.EmailSignIn {
		factors = append(factors, ChallengeEmail)
	}
	if p.passkeys != nil {
		factors = append(factors, ChallengePasskey)
	}
	return factors
}

// first takes the first proof, or asks for it.
func (p *Pool) first(ctx context.Context, c Caller, u *user, t ticket, factor string, parameters map[string]string) (AuthResult, error) {
	switch factor {
	case factorSRP:
		return p.startSRP(ctx, u, t, parameters["SRP_A"])
	case factorPassword:
		return p.provePassword(ctx, c, u, t, parameters["PASSWORD"])
	case ChallengePasskey:
		return p.startPasskey(u, t)
	}
	return p.startEmail(ctx, u, t)
}

// RespondToAuthChallenge takes the answer to a challenge. Errors: NotAuthorized for a wrong answer, or a session
// that was changed, is too old or was used; CodeMismatch, ExpiredCode and TooManyFailedAttempts for codes; the WebAuthn
// ones for passkeys, which say nothing of users.
func (p *Pool) RespondToAuthChallenge(ctx context.Context, c Caller, r ChallengeAnswer) (result AuthResult, err error) {
	who := r.Responses["USERNAME"]
	defer func() { p.record(ctx, c, "RespondToAuthChallenge", who, result.outcome(), err) }()
	if err := p.knows(c); err != nil {
		return AuthResult{}, err
	}
	t, err := p.ticketOf(c, r)
	if err != nil {
		return AuthResult{}, err
	}
	who = t.User
	u, err := p.load(ctx, t.User)
	if err != nil {
		return AuthResult{}, err
	}
	if u.Generation != t.Generation {
		return AuthResult{}, errSession
	}
	switch r.Challenge {
	case ChallengeVerifier:
		return p.proveSRP(ctx, c, u, t, r.Responses)
	case ChallengeSelect:
		answer := r.Responses["ANSWER"]
		if !slices.Contains(p.firstFactors(), answer) {
			return AuthResult{}, refuse(InvalidParameter, "ANSWER has to be one of %q.", p.firstFactors())
		}
		return p.first(ctx, c, u, t, answer, r.Responses)
	case ChallengeNewPassword:
		return p.takeNewPassword(ctx, u, t, r.Responses)
	case ChallengeTOTP:
		return p.proveTOTP(ctx, u, t, r.Responses["SOFTWARE_TOKEN_MFA_CODE"])
	case ChallengeEmail:
		return p.proveEmail(ctx, c, u, t, r.Responses["EMAIL_OTP_CODE"])
	case ChallengePasskey:
		return p.provePasskey(ctx, u, t, r.Responses["CREDENTIAL"])
	case ChallengeSelectMFA:
		return p.selectMFA(ctx, u, t, r.Responses["ANSWER"])
	case ChallengeDevice:
		return p.startDevice(ctx, u, t, r.Responses["SRP_A"])
	case ChallengeDeviceVerifier:
		return p.proveDevice(ctx, u, t, r.Responses)
	}
	return p.finishMFASetup(ctx, u, t, r.Responses)
}

var challenges = []string{
	ChallengeVerifier, ChallengeSelect, ChallengeNewPassword, ChallengeTOTP, ChallengeEmail, ChallengeSelectMFA, ChallengeMFASetup,
	ChallengeDevice, ChallengeDeviceVerifier, ChallengePasskey,
}

// ticketOf opens the ticket that an answer comes with.
func (p *Pool) ticketOf(c Caller, r ChallengeAnswer) (ticket, error) {
	if !slices.Contains(challenges, r.Challenge) {
		return ticket{}, NotSupported("the challenge " + excerpt(r.Challenge))
	}
	if r.Challenge != ChallengeVerifier && r.Challenge != ChallengeDeviceVerifier {
		return p.open(r.Session, c, r.Challenge)
	}
	block, err := readBlock(r.Responses["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return ticket{}, err
	}
	return p.openTicket(block, c, r.Challenge)
}

// confirmed signs in one who has just confirmed a sign-up.
func (p *Pool) confirmed(ctx context.Context, c Caller, r AuthRequest) (AuthResult, error) {
	t, err := p.open(r.Session, c, stepConfirmed)
	if err != nil {
		return AuthResult{}, err
	}
	u, err := p.load(ctx, t.User)
	if err != nil {
		return AuthResult{}, err
	}
	if u.ghost || u.Generation != t.Generation {
		return AuthResult{}, errSession
	}
	t.Factor, t.Life = factorConfirmed, r.Life
	return p.advance(ctx, u, t)
}

// advance goes on after the first proof: what the account's state forbids, what has to be done first, the second
// factor, and then the tokens.
func (p *Pool) advance(ctx context.Context, u *user, t ticket) (AuthResult, error) {
	switch {
	case u.ghost:
		return AuthResult{}, errWrongPassword
	case u.Disabled:
		return AuthResult{}, refuse(NotAuthorized, "User is disabled.")
	case u.Status == Unconfirmed:
		return AuthResult{}, refuse(UserNotConfirmed, "User is not confirmed.")
	case u.Status == ResetRequired:
		return AuthResult{}, refuse(PasswordResetRequired, "Password reset required for the user")
	case u.Status == ForceChange && t.Factor == factorPassword && !p.now().Before(u.TemporaryUntil):
		return AuthResult{}, refuse(NotAuthorized, "Temporary password has expired and must be reset by an administrator.")
	case u.Status == ForceChange:
		return p.challenge(u, t, ChallengeNewPassword, map[string]string{"requiredAttributes": "[]", "userAttributes": attributesJSON(u)}), nil
	}
	return p.second(ctx, u, t)
}

func attributesJSON(u *user) string {
	body, err := json.Marshal(u.Attributes)
	if err != nil {
		panic(err) // texts
	}
	return string(body)
}

// challenge asks for the next step.
func (p *Pool) challenge(u *user, t ticket, name string, parameters map[string]string) AuthResult {
	if parameters == nil {
		parameters = make(map[string]string)
	}
	parameters["USERNAME"] = canonical(t.Typed, u.ID)
	if t.Factor != "" {
		parameters["USERNAME"] = u.Name // it was proven; nothing is given away
	}
	t.Step = name
	result := AuthResult{Challenge: name, Parameters: parameters, Session: p.seal(t, p.config.ChallengeLifetime)}
	if name == ChallengeSelect {
		result.Available = p.firstFactors()
	}
	return result
}

// takeNewPassword ends the time of a password that an operator gave.
func (p *Pool) takeNewPassword(ctx context.Context, u *user, t ticket, responses map[string]string) (AuthResult, error) {
	var list []Attribute
	for name, value := range responses {
		if attribute, ok := strings.CutPrefix(name, "userAttributes."); ok {
			list = append(list, Attribute{attribute, value})
		}
	}
	attributes, err := p.readAttributes(list, false)
	if err != nil {
		return AuthResult{}, err
	}
	if email, given := attributes[attrEmail]; given && fold(email) != fold(u.email()) {
		return AuthResult{}, refuse(InvalidParameter, "The email cannot be changed at this step; sign in first.")
	}
	password := responses["NEW_PASSWORD"]
	if err := CheckPassword(password, u.Name, u.email()); err != nil {
		return AuthResult{}, err
	}
	next, err := p.hash(ctx, u.ID, password)
	if err != nil {
		return AuthResult{}, err
	}
	var changed *user
	err = p.change(ctx, u.ID, func(_ *edit, u *user) error {
		if u.Status != ForceChange || u.Generation != t.Generation {
			return errSession
		}
		if u.Invited && t.Factor == factorPassword && u.email() != "" {
			u.Attributes[attrEmailVerified] = "true" // the old password came by it
		}
		u.setPassword(next)
		u.Status = Confirmed
		changed = u
		return u.setAttributes(attributes)
	})
	if err != nil {
		return AuthResult{}, err
	}
	t.Generation = changed.Generation
	return p.advance(ctx, changed, t)
}
