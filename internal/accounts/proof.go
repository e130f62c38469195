package accounts

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"math/big"
	"strings"

	"freshet"
)

// startSRP gives the challenge of SRP. The user's id is what the password is bound to: a name would tell whether there
// is such a user. It is the USERNAME too, as clients look by the one for the device that they kept by the other.
func (p *Pool) startSRP(ctx context.Context, u *user, t ticket, srpA string) (AuthResult, error) {
	v, err := p.verifier(u)
	if err != nil {
		return AuthResult{}, err
	}
	result, err := p.askSRP(ctx, t, ChallengeVerifier, v, u.salt(p), srpA)
	if err != nil {
		return AuthResult{}, err
	}
	result.Parameters["USER_ID_FOR_SRP"], result.Parameters["USERNAME"] = u.ID, u.ID
	return result, nil
}

// askSRP asks for the proof that the client knows what a verifier was made of. All that the server has to remember is
// in its SECRET_BLOCK.
func (p *Pool) askSRP(ctx context.Context, t ticket, step string, v *big.Int, salt []byte, srpA string) (AuthResult, error) {
	a, err := readSRPA(srpA)
	if err != nil {
		return AuthResult{}, err
	}
	var secret, public *big.Int
	if err := p.sums.guess(ctx, func() { secret, public = srpChallenge(v) }); err != nil {
		return AuthResult{}, err
	}
	t.Step, t.SRP = step, &srpState{A: a.Bytes(), B: public.Bytes(), Secret: secret.Bytes()}
	return AuthResult{Challenge: step, Parameters: map[string]string{
		"SALT":         new(big.Int).SetBytes(salt).Text(16),
		"SRP_B":        public.Text(16),
		"SECRET_BLOCK": base64.StdEncoding.EncodeToString(p.sealTicket(t, p.config.ChallengeLifetime)),
	}}, nil
}

// readBlock decodes a SECRET_BLOCK, which clients may send in either alphabet of base64.
func readBlock(text string) ([]byte, error) {
	if len(text) > maxTicket {
		return nil, errSession
	}
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	block, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errSession
	}
	return block, nil
}

const maxTimestamp = 64 // bytes

// proveSRP checks the client's proof that it knows the password.
func (p *Pool) proveSRP(ctx context.Context, c Caller, u *user, t ticket, responses map[string]string) (AuthResult, error) {
	try, err := p.attempt(ctx, u.ID, c.Address)
	if err != nil {
		return AuthResult{}, err
	}
	v, err := p.verifier(u)
	if err != nil {
		return AuthResult{}, err
	}
	right, err := p.provesSRP(ctx, t, v, p.poolName, u.ID, responses)
	if err != nil {
		return AuthResult{}, err
	}
	if !right || u.ghost || u.Verifier == nil {
		return AuthResult{}, errWrongPassword
	}
	if err := try.succeeded(ctx); err != nil {
		return AuthResult{}, err
	}
	t.SRP, t.Factor, t.Device = nil, factorPassword, responses["DEVICE_KEY"]
	return p.advance(ctx, u, t)
}

// provesSRP checks a client's signature, which is bound to a group and a name.
func (p *Pool) provesSRP(ctx context.Context, t ticket, v *big.Int, group, name string, responses map[string]string) (bool, error) {
	block, err := readBlock(responses["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return false, err
	}
	timestamp := responses["TIMESTAMP"]
	if t.SRP == nil || timestamp == "" || len(timestamp) > maxTimestamp {
		return false, refuse(InvalidParameter, "TIMESTAMP is missing, or too long.")
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	var key []byte
	if err := p.sums.guess(ctx, func() { key = srpKey(number(t.SRP.A), number(t.SRP.Secret), number(t.SRP.B), v) }); err != nil {
		return false, err
	}
	want := srpSignature(key, group, name, block, timestamp)
	return subtle.ConstantTimeCompare([]byte(want), []byte(responses["PASSWORD_CLAIM_SIGNATURE"])) == 1, nil
}

// provePassword checks a password that came in clear.
func (p *Pool) provePassword(ctx context.Context, c Caller, u *user, t ticket, password string) (AuthResult, error) {
	if password == "" {
		return AuthResult{}, refuse(InvalidParameter, "Missing required parameter PASSWORD")
	}
	try, err := p.attempt(ctx, u.ID, c.Address)
	if err != nil {
		return AuthResult{}, err
	}
	fits, err := p.fits(ctx, u, password)
	if err != nil {
		return AuthResult{}, err
	}
	if !fits {
		return AuthResult{}, errWrongPassword
	}
	if err := try.succeeded(ctx); err != nil {
		return AuthResult{}, err
	}
	t.Factor = factorPassword
	return p.advance(ctx, u, t)
}

// startEmail mails a code and asks for it. Within a minute of the last one that one still counts. One who has no
// verified e-mail is answered like one who has.
func (p *Pool) startEmail(ctx context.Context, u *user, t ticket) (AuthResult, error) {
	silent := *u
	silent.ghost = u.ghost || u.Disabled || u.email() == "" || !u.emailVerified() && !t.SetUp
	if _, err := p.sendCode(ctx, &silent, codeSignIn, u.email()); err != nil && FaultOf(err) != LimitExceeded {
		return AuthResult{}, err
	}
	d := emailDelivery(p.shownEmail(u, t.Typed))
	return p.challenge(u, t, ChallengeEmail, map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": d.Medium, "CODE_DELIVERY_DESTINATION": d.Destination,
	}), nil
}

// proveEmail takes a mailed code, as the first proof or as the second.
func (p *Pool) proveEmail(ctx context.Context, c Caller, u *user, t ticket, code string) (AuthResult, error) {
	try, err := p.attempt(ctx, "code:"+u.ID, c.Address)
	if err != nil {
		return AuthResult{}, err
	}
	var verdict error
	setUp := t.SetUp
	err = p.update(ctx, []freshet.Document{codeDocument(u.ID, codeSignIn), userDocument(u.ID)}, func(e *edit) error {
		now := new(user)
		known := e.get(userDocument(u.ID), now)
		if setUp && (!known || len(now.mfa()) > 0) {
			return errSession
		}
		verdict = p.useCode(e, u.ID, codeSignIn, u.email(), code, try.atHome)
		if verdict == nil && setUp {
			now.UseEmailMFA = true
			now.Attributes[attrEmailVerified] = "true"
			e.put(userDocument(u.ID), now)
		}
		return nil
	})
	if err = firstError(err, verdict); err != nil {
		return AuthResult{}, err
	}
	if err := try.succeeded(ctx); err != nil {
		return AuthResult{}, err
	}
	if t.Factor == "" {
		t.Factor = ChallengeEmail
		return p.advance(ctx, u, t)
	}
	t.Second = true
	return p.signIn(ctx, u, t)
}
