package accounts

import (
	"context"
	"slices"
	"strings"
)

// second asks for the second factor where there is one, or has to be. A passkey is both.
func (p *Pool) second(ctx context.Context, u *user, t ticket) (AuthResult, error) {
	if t.Device != "" && !t.Proven {
		return p.askDevice(ctx, u, t)
	}
	if p.config.MFA == MFAOff || t.Factor == ChallengePasskey {
		return p.signIn(ctx, u, t)
	}
	inUse := u.mfa()
	left := slices.DeleteFunc(slices.Clone(inUse), t.showed)
	switch {
	case len(left) == 0 && len(inUse) > 0:
		return AuthResult{}, refuse(NotAuthorized, "A code by e-mail is the second factor of this account; sign in with the password.")
	case len(left) == 0 && p.config.MFA == MFARequired:
		return p.challenge(u, t, ChallengeMFASetup, map[string]string{"MFAS_CAN_SETUP": textList(p.canSetUp(u, t))}), nil
	case len(left) == 0, t.Second:
		return p.signIn(ctx, u, t)
	case len(left) == 1:
		return p.askMFA(ctx, u, t, left[0])
	case slices.Contains(left, u.PreferredMFA):
		return p.askMFA(ctx, u, t, u.PreferredMFA)
	}
	return p.challenge(u, t, ChallengeSelectMFA, map[string]string{"MFAS_CAN_CHOOSE": textList(left)}), nil
}

// showed tells whether the first proof is of the same kind as a second one: codes by mail are, that of a sign-up too.
func (t *ticket) showed(method string) bool {
	return method == t.Factor || method == ChallengeEmail && t.Factor == factorConfirmed
}

func (p *Pool) canSetUp(u *user, t ticket) []string {
	if u.email() == "" || t.showed(ChallengeEmail) {
		return []string{ChallengeTOTP}
	}
	return []string{ChallengeTOTP, ChallengeEmail}
}

func textList(list []string) string { return `["` + strings.Join(list, `","`) + `"]` }

func (p *Pool) askMFA(ctx context.Context, u *user, t ticket, method string) (AuthResult, error) {
	if method == ChallengeEmail {
		return p.startEmail(ctx, u, t)
	}
	return p.challenge(u, t, ChallengeTOTP, nil), nil
}

func (p *Pool) selectMFA(ctx context.Context, u *user, t ticket, answer string) (AuthResult, error) {
	if !slices.Contains(u.mfa(), answer) || t.showed(answer) {
		return AuthResult{}, refuse(InvalidParameter, "ANSWER has to be one of MFAS_CAN_CHOOSE.")
	}
	return p.askMFA(ctx, u, t, answer)
}

// proveTOTP takes a code of the user's app.
func (p *Pool) proveTOTP(ctx context.Context, u *user, t ticket, code string) (AuthResult, error) {
	err := p.tryTOTP(ctx, u.ID, code, func(u *user) []byte { return u.TOTP }, nil)
	if err != nil {
		return AuthResult{}, err
	}
	t.Second = true
	return p.signIn(ctx, u, t)
}

// tryTOTP checks a code against a sealed secret of the user, once for each code, and lets the user take over a new
// secret in the same update. Guesses are slowed by account, wherever they come from: whoever gets here has the password.
func (p *Pool) tryTOTP(ctx context.Context, userID, code string, sealed func(*user) []byte, then func(*user)) error {
	try, err := p.attempt(ctx, "totp:"+userID, "")
	if err != nil {
		return err
	}
	err = p.change(ctx, userID, func(_ *edit, u *user) error {
		if sealed(u) == nil {
			return refuse(SoftwareTokenMFANotFound, "Software token MFA has not been set up.")
		}
		secret, err := p.secrets.open(sealed(u), "totp", u.ID)
		if err != nil {
			return err
		}
		last := u.TOTPStep
		if then != nil {
			last = 0 // that was of another secret, if there was one
		}
		step, right := totpStep(secret, strings.TrimSpace(code), p.now(), last)
		if !right {
			return errWrongCode
		}
		u.TOTPStep = step
		if then != nil {
			then(u)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return try.succeeded(ctx)
}

// AssociateSoftwareToken makes a secret for the user's app, in base32, for one who is signed in or, with the
// session of MFA_SETUP, about to be. It counts when VerifySoftwareToken has seen a code.
func (p *Pool) AssociateSoftwareToken(ctx context.Context, c Caller, accessToken, session string) (secretCode, nextSession string, err error) {
	if p.config.MFA == MFAOff {
		err := refuse(SoftwareTokenMFANotFound, "Software token MFA is not enabled for the user pool.")
		p.record(ctx, c, "AssociateSoftwareToken", "", "", err)
		return "", "", err
	}
	secret := newTOTPSecret()
	if session == "" {
		_, u, err := p.owner(ctx, c, "AssociateSoftwareToken", accessToken)
		if err != nil {
			return "", "", err
		}
		err = p.change(ctx, u.ID, func(_ *edit, u *user) error {
			u.PendingTOTP = seal(p.secrets.rest, secret, "totp", u.ID)
			return nil
		})
		p.record(ctx, c, "AssociateSoftwareToken", u.ID, OutcomeOK, err)
		return totpText(secret), "", err
	}
	t, _, err := p.setUpUser(ctx, c, session)
	p.record(ctx, c, "AssociateSoftwareToken", t.User, OutcomeOK, err)
	if err != nil {
		return "", "", err
	}
	t.Secret = secret
	return totpText(secret), p.seal(t, p.config.ChallengeLifetime), nil
}

// setUpUser opens a session of MFA_SETUP. On the wire these operations name no client: without one, the session
// says which it is. One from before the user had a second factor puts none in its place.
func (p *Pool) setUpUser(ctx context.Context, c Caller, session string) (ticket, *user, error) {
	if c.Client != "" {
		if err := p.knows(c); err != nil {
			return ticket{}, nil, err
		}
	}
	t, err := p.open(session, c, ChallengeMFASetup)
	if err != nil {
		return ticket{}, nil, err
	}
	u, err := p.load(ctx, t.User)
	if err != nil {
		return ticket{}, nil, err
	}
	if u.ghost || u.Generation != t.Generation || len(u.mfa()) > 0 {
		return ticket{}, nil, errSession
	}
	return t, u, nil
}

// VerifySoftwareToken takes the first code of an app. Errors: EnableSoftwareTokenMFA for a wrong one. With a
// session it gives the one to answer MFA_SETUP with; with a token the user still has to turn it on by
// SetUserMFAPreference.
func (p *Pool) VerifySoftwareToken(ctx context.Context, c Caller, accessToken, session, code string) (nextSession string, err error) {
	userID, setUp := "", session != ""
	var t ticket
	var u *user
	if setUp {
		if t, u, err = p.setUpUser(ctx, c, session); err != nil {
			p.record(ctx, c, "VerifySoftwareToken", t.User, "", err)
		}
	} else {
		_, u, err = p.owner(ctx, c, "VerifySoftwareToken", accessToken)
	}
	if err != nil {
		return "", err
	}
	userID = u.ID
	defer func() { p.record(ctx, c, "VerifySoftwareToken", userID, OutcomeOK, err) }()
	sealed := func(u *user) []byte { return u.PendingTOTP }
	if setUp {
		if t.Secret == nil {
			return "", refuse(SoftwareTokenMFANotFound, "Software token MFA has not been set up.")
		}
		sealed = func(u *user) []byte {
			if len(u.mfa()) > 0 {
				return nil // it came to one just now
			}
			return seal(p.secrets.rest, t.Secret, "totp", u.ID)
		}
	}
	err = p.tryTOTP(ctx, u.ID, code, sealed, func(u *user) {
		u.TOTP, u.PendingTOTP = sealed(u), nil
		u.UseTOTP = u.UseTOTP || setUp
	})
	if FaultOf(err) == CodeMismatch {
		return "", refuse(EnableSoftwareTokenMFA, "Code mismatch")
	}
	if err != nil || !setUp {
		return "", err
	}
	t.Secret, t.SetUp = nil, true
	return p.seal(t, p.config.ChallengeLifetime), nil
}

// finishMFASetup goes on when the second factor is there: an app that was verified, or the user's e-mail once its
// code was given.
func (p *Pool) finishMFASetup(ctx context.Context, u *user, t ticket, responses map[string]string) (AuthResult, error) {
	switch {
	case u.ghost:
		return AuthResult{}, errSession
	case t.SetUp && u.UseTOTP && u.TOTP != nil:
		t.Second = true
		return p.signIn(ctx, u, t)
	case len(u.mfa()) > 0:
		return AuthResult{}, errSession
	case responses["EMAIL"] == "":
		return AuthResult{}, refuse(InvalidParameter, "Associate and verify a software token first, or give EMAIL.")
	case fold(responses["EMAIL"]) != fold(u.email()) || !slices.Contains(p.canSetUp(u, t), ChallengeEmail):
		return AuthResult{}, refuse(InvalidParameter, "EMAIL has to be the user's own address.")
	}
	t.SetUp = true
	return p.startEmail(ctx, u, t)
}

// MFASetting turns a second factor on or off.
type MFASetting struct{ Enabled, Preferred bool }

// SetUserMFAPreference turns the second factors of an access token's user on and off; nil leaves one as it is.
func (p *Pool) SetUserMFAPreference(ctx context.Context, c Caller, accessToken string, totp, email *MFASetting) (err error) {
	_, u, err := p.owner(ctx, c, "SetUserMFAPreference", accessToken)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "SetUserMFAPreference", u.ID, OutcomeOK, err) }()
	return p.setMFA(ctx, u.ID, totp, email)
}

func (p *Pool) setMFA(ctx context.Context, id string, totp, email *MFASetting) error {
	if totp != nil && email != nil && totp.Preferred && email.Preferred {
		return refuse(InvalidParameter, "Only one MFA can be preferred.")
	}
	if p.config.MFA == MFAOff && (totp != nil && totp.Enabled || email != nil && email.Enabled) {
		return refuse(InvalidParameter, "Second factors are switched off on this server.")
	}
	return p.change(ctx, id, func(_ *edit, u *user) error {
		prefer := func(method string, setting *MFASetting) {
			switch {
			case setting.Enabled && setting.Preferred:
				u.PreferredMFA = method
			case u.PreferredMFA == method:
				u.PreferredMFA = ""
			}
		}
		if totp != nil {
			if totp.Enabled && u.TOTP == nil {
				return refuse(InvalidParameter, "User has not verified software token mfa")
			}
			u.UseTOTP = totp.Enabled
			prefer(ChallengeTOTP, totp)
		}
		if email != nil {
			if email.Enabled && !u.emailVerified() {
				return refuse(InvalidParameter, "User does not have a verified email to turn on EMAIL_OTP")
			}
			u.UseEmailMFA = email.Enabled
			prefer(ChallengeEmail, email)
		}
		return nil
	})
}

// GetUserAuthFactors gives the user of an access token, and what may stand at the beginning of its sign-ins.
func (p *Pool) GetUserAuthFactors(ctx context.Context, c Caller, accessToken string) (User, []string, error) {
	_, u, err := p.owner(ctx, c, "GetUserAuthFactors", accessToken)
	if err != nil {
		return User{}, nil, err
	}
	factors := []string{}
	if u.Verifier != nil {
		factors = append(factors, factorPassword)
	}
	if p.config.EmailSignIn && u.emailVerified() {
		factors = append(factors, ChallengeEmail)
	}
	if p.passkeys != nil && len(u.Passkeys) > 0 {
		factors = append(factors, ChallengePasskey)
	}
	return u.view(), factors, nil
}
