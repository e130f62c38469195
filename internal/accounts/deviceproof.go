package accounts

import (
	"context"
	"math/big"
	"time"

	"freshet"
)

// A device proves itself by SRP, with a password that it made up when it was confirmed and that nobody types. It does
// so after the password of its user: what it says is worth nothing to one who has not given that.

// askDevice has the device prove itself that a sign-in says it comes from.
func (p *Pool) askDevice(ctx context.Context, u *user, t ticket) (AuthResult, error) {
	if p.config.Devices == DevicesOff {
		t.Device = ""
		return p.second(ctx, u, t)
	}
	if _, err := p.device(ctx, u.ID, t.Device); err != nil {
		return AuthResult{}, err
	}
	return p.challenge(u, t, ChallengeDevice, nil), nil
}

func (p *Pool) startDevice(ctx context.Context, u *user, t ticket, srpA string) (AuthResult, error) {
	d, v, err := p.deviceToProve(ctx, u.ID, t.Device)
	if err != nil {
		return AuthResult{}, err
	}
	result, err := p.askSRP(ctx, t, ChallengeDeviceVerifier, v, d.Salt, srpA)
	if err != nil {
		return AuthResult{}, err
	}
	result.Parameters["DEVICE_KEY"], result.Parameters["USERNAME"] = t.Device, u.Name
	return result, nil
}

func (p *Pool) proveDevice(ctx context.Context, u *user, t ticket, responses map[string]string) (AuthResult, error) {
	try, err := p.attempt(ctx, "device:"+u.ID, "")
	if err != nil {
		return AuthResult{}, err
	}
	d, v, err := p.deviceToProve(ctx, u.ID, t.Device)
	if err != nil {
		return AuthResult{}, err
	}
	right, err := p.provesSRP(ctx, t, v, p.poolName, t.Device, responses)
	if err != nil {
		return AuthResult{}, err
	}
	if !right {
		return AuthResult{}, errWrongPassword
	}
	if err := try.succeeded(ctx); err != nil {
		return AuthResult{}, err
	}
	t.SRP, t.Proven, t.Second = nil, true, d.Remembered && d.Trusted
	return p.second(ctx, u, t)
}

// deviceToProve gives a device with the verifier of its password.
func (p *Pool) deviceToProve(ctx context.Context, userID, key string) (*device, *big.Int, error) {
	d, err := p.device(ctx, userID, key)
	if err != nil {
		return nil, nil, err
	}
	plain, err := p.secrets.open(d.Verifier, "device", userID, key)
	return d, new(big.Int).SetBytes(plain), err
}

// metAgain notes that a sign-in came from a device that is known. One that was there when the second factor was given
// may stand in for it from then on.
func (e *edit) metAgain(document freshet.Document, t ticket, now time.Time) {
	d := new(device)
	if t.Proven && e.get(document, d) {
		d.Used, d.Trusted = now, d.Trusted || t.Second
		e.put(document, d)
	}
}
