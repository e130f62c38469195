package accounts

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"freshet"
)

// thing is a device of a user: what its client keeps.
type thing struct{ key, group, password string }

// track makes the device of a new session known.
func (f *fixture) track(tokens *Tokens) thing {
	f.t.Helper()
	if tokens.NewDevice == nil {
		f.t.Fatal("the session has no new device")
	}
	d := thing{tokens.NewDevice.Key, tokens.NewDevice.Group, randomPassword()}
	_, err := f.ConfirmDevice(f.t.Context(), app, tokens.Access, d.key, "a thing", d.secret())
	f.must(err)
	return d
}

func (d thing) secret() DeviceSecret {
	salt := newSalt()
	return DeviceSecret{salt, padded(verifierOf(d.group, d.key, d.password, salt))}
}

// onDevice signs in with the password, and has the device prove itself.
func (f *fixture) onDevice(name string, d thing) (AuthResult, error) {
	f.t.Helper()
	f.forgiveGuesses()
	c := newSRPClient(32)
	start, err := f.startBySRP(c, name)
	f.must(err)
	answer := c.prove("test", goodPassword, start.Parameters)
	answer["DEVICE_KEY"] = d.key
	result, err := f.respond(ChallengeVerifier, start.Session, answer)
	if err != nil || result.Challenge != ChallengeDevice {
		return result, err
	}
	c = newSRPClient(32)
	result, err = f.respond(ChallengeDevice, result.Session, map[string]string{"USERNAME": name, "SRP_A": c.public.Text(16), "DEVICE_KEY": d.key})
	if err != nil {
		return result, err
	}
	if result.Challenge != ChallengeDeviceVerifier {
		f.t.Fatalf("%s comes instead of the device's proof", result.Challenge)
	}
	return f.respond(ChallengeDeviceVerifier, result.Session, c.proveAs(d.key, d.group, d.password, result.Parameters))
}

func withDevices(which Devices) func(*Config) { return func(c *Config) { c.Devices = which } }

// comesTo tells whether a sign-in ended with a challenge, or, where that is empty, with tokens.
func (f *fixture) comesTo(what string, result AuthResult, err error, challenge string) {
	f.t.Helper()
	if err != nil || result.Challenge != challenge || (result.Tokens != nil) != (challenge == "") {
		f.t.Errorf("%s comes to %q, tokens %t, %v; want %q", what, result.Challenge, result.Tokens != nil, err, challenge)
	}
}

// A device stands in for the second factor when it is remembered, and was there when that was given.
func TestDevices(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAsk))
	f.user("ana")
	first := f.tokens("ana")
	d := f.track(first)
	if claims := f.claims(first.Access); claims["device_key"] != d.key || !strings.HasPrefix(d.key, "local_") {
		t.Errorf("the token is of the device %v, which is %s", claims["device_key"], d.key)
	}
	mine := Whose{AccessToken: first.Access}
	f.must(f.UpdateDeviceStatus(t.Context(), app, mine, d.key, Remembered))
	secret := f.withTOTP("ana")
	code := func(result AuthResult) (AuthResult, error) {
		defer f.clock.advance(totpPeriod * time.Second)
		return f.respond(ChallengeTOTP, result.Session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": f.totp(secret)})
	}

	result, err := f.onDevice("ana", d)
	f.comesTo("a device that was remembered before there was a second factor", result, err, ChallengeTOTP)
	result, err = code(result)
	f.comesTo("its first code", result, err, "")
	if result.Tokens.NewDevice != nil || f.claims(result.Tokens.Access)["device_key"] != d.key {
		t.Errorf("a device that is known gets %+v", result.Tokens.NewDevice)
	}
	f.clock.advance(10 * time.Minute)
	result, err = f.onDevice("ana", d)
	f.comesTo("the next sign-in", result, err, "")
	found, err := f.GetDevice(t.Context(), app, Whose{AccessToken: result.Tokens.Access}, d.key)
	if err != nil || !found.Used.Equal(f.now()) || found.Status != Remembered || found.Name != "a thing" || found.Created.Equal(found.Used) {
		t.Errorf("%+v, %v", found, err)
	}

	result, err = f.byPassword("ana", goodPassword)
	f.comesTo("another device", result, err, ChallengeTOTP)
	other := d
	other.password += "x"
	_, err = f.onDevice("ana", other)
	f.want("another who knows the device's key", err, NotAuthorized)
	f.user("bob")
	_, err = f.onDevice("bob", d)
	f.want("another user's device", err, ResourceNotFound)

	f.must(f.UpdateDeviceStatus(t.Context(), app, mine, d.key, NotRemembered))
	result, err = f.onDevice("ana", d)
	f.comesTo("a device that is not remembered", result, err, ChallengeTOTP)
	f.must(f.UpdateDeviceStatus(t.Context(), operator, Whose{Username: "ana"}, d.key, Remembered))
	result, err = f.onDevice("ana", d)
	f.comesTo("one that is again", result, err, "")

	f.must(f.ForgetDevice(t.Context(), app, mine, d.key))
	if e := f.audit.last(); e.What != "ForgetDevice" || e.About != "device "+d.key || e.Outcome != OutcomeOK {
		t.Errorf("on record is %+v", e)
	}
	_, err = f.onDevice("ana", d)
	f.want("a device that was forgotten", err, ResourceNotFound)
	if !strings.Contains(freshet.MessageOf(err), "Device does not exist.") {
		t.Errorf("clients would not know %q", freshet.MessageOf(err))
	}
	f.want("to forget it again", f.ForgetDevice(t.Context(), app, mine, d.key), ResourceNotFound)
}

// With devices that are remembered without being asked, the first sign-in with the second factor is enough.
func TestDevicesAlways(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAlways))
	f.user("ana")
	secret := f.withTOTP("ana")
	result, err := f.byPassword("ana", goodPassword)
	f.comesTo("the first sign-in", result, err, ChallengeTOTP)
	result, err = f.respond(ChallengeTOTP, result.Session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": f.totp(secret)})
	f.comesTo("its code", result, err, "")
	d := f.track(result.Tokens)
	result, err = f.onDevice("ana", d)
	f.comesTo("the second", result, err, "")

	// By the password in clear, whose device is named at the start.
	result, err = f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowPassword, Parameters: map[string]string{
		"USERNAME": "ana", "PASSWORD": goodPassword, "DEVICE_KEY": d.key,
	}})
	f.comesTo("with the password", result, err, ChallengeDevice)

	// Where devices do not count any more, nor does what they say.
	strict := &fixture{Pool: f.open(), t: t, clock: f.clock, store: f.store, post: f.post, audit: f.audit}
	result, err = strict.onDevice("ana", d)
	strict.comesTo("where there are no devices", result, err, ChallengeTOTP)
	_, err = strict.respond(ChallengeDevice, "x", nil)
	strict.want("to prove one there", err, NotAuthorized)
}

func TestConfirmDeviceRefusals(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAsk))
	f.user("ana")
	f.user("bob")
	tokens, others := f.tokens("ana"), f.tokens("ana")
	d := thing{tokens.NewDevice.Key, tokens.NewDevice.Group, "secret"}
	good := d.secret()
	for name, c := range map[string]struct {
		token, key, name string
		secret           DeviceSecret
		want             Fault
	}{
		"no token":            {"", d.key, "", good, NotAuthorized},
		"an ID token":         {tokens.ID, d.key, "", good, NotAuthorized},
		"no key":              {tokens.Access, "", "", good, ResourceNotFound},
		"another session's":   {others.Access, d.key, "", good, ResourceNotFound},
		"another user's":      {f.tokens("bob").Access, d.key, "", good, ResourceNotFound},
		"an endless name":     {tokens.Access, d.key, strings.Repeat("ä", maxDeviceName+1), good, InvalidParameter},
		"no salt":             {tokens.Access, d.key, "", DeviceSecret{nil, good.Verifier}, InvalidParameter},
		"an endless salt":     {tokens.Access, d.key, "", DeviceSecret{make([]byte, maxDeviceSalt+1), good.Verifier}, InvalidParameter},
		"no verifier":         {tokens.Access, d.key, "", DeviceSecret{good.Salt, nil}, InvalidParameter},
		"the verifier 0":      {tokens.Access, d.key, "", DeviceSecret{good.Salt, make([]byte, srpSize)}, InvalidParameter},
		"the verifier N":      {tokens.Access, d.key, "", DeviceSecret{good.Salt, padded(srpN)}, InvalidParameter},
		"an endless verifier": {tokens.Access, d.key, "", DeviceSecret{good.Salt, make([]byte, srpSize+2)}, InvalidParameter},
	} {
		_, err := f.ConfirmDevice(t.Context(), app, c.token, c.key, c.name, c.secret)
		f.want(name, err, c.want)
	}
	_, err := f.ConfirmDevice(t.Context(), app, tokens.Access, d.key, strings.Repeat("ä", maxDeviceName), good)
	f.must(err)
	_, err = f.ConfirmDevice(t.Context(), app, tokens.Access, d.key, "", thing{d.key, d.group, "another"}.secret())
	f.want("twice", err, InvalidParameter)
	result, err := f.onDevice("ana", d)
	f.comesTo("with the first secret", result, err, "")
	_, err = f.ConfirmDevice(t.Context(), app, result.Tokens.Access, d.key, "", good)
	f.want("from a later session", err, InvalidParameter)
	f.want("no such status", f.UpdateDeviceStatus(t.Context(), app, Whose{AccessToken: tokens.Access}, d.key, "loved"), InvalidParameter)
}

// A device that was forgotten is a new one at its next sign-in, and not before: a session that goes on, or whoever found
// its token, does not make it known again.
func TestForgottenDevice(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAlways))
	f.user("ana")
	first := f.tokens("ana")
	d := f.track(first)
	again, err := f.onDevice("ana", d)
	f.comesTo("a device that is known", again, err, "")
	elsewhere := f.tokens("ana")
	f.must(f.ForgetDevice(t.Context(), app, Whose{AccessToken: elsewhere.Access}, d.key))
	for name, tokens := range map[string]*Tokens{"the session that it was confirmed by": first, "one that it proved itself in": again.Tokens} {
		_, err := f.ConfirmDevice(t.Context(), app, tokens.Access, d.key, "", thing{d.key, d.group, "another"}.secret())
		f.want(name, err, InvalidParameter)
		f.must(f.checks(tokens.Access))
	}
	f.track(f.tokens("ana"))
}

// What is refused makes no room.
func TestRefusedDevice(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAlways))
	id := f.user("ana")
	tokens := f.tokens("ana")
	for i := range maxDevices {
		f.store.Set(deviceDocument(id, fmt.Sprint(i)), []byte("{}"))
	}
	for _, key := range []string{"none", strings.Repeat("x", maxNameBytes+1)} {
		_, err := f.ConfirmDevice(t.Context(), app, tokens.Access, key, "", thing{"none", "test", "secret"}.secret())
		f.want("another device", err, ResourceNotFound)
	}
	if n := f.store.Count(kindDevice); n != maxDevices {
		t.Errorf("%d devices are left of %d", n, maxDevices)
	}
	f.track(tokens)
	if n := f.store.Count(kindDevice); n != maxDevices {
		t.Errorf("there are %d devices, %d are the most", n, maxDevices)
	}
}

// listed calls a function once when the devices of a user have been listed.
type listed struct {
	freshet.Documents
	once sync.Once
	then func()
}

func (l *listed) Under(ctx context.Context, kind freshet.ModelName, prefix string, visit func(string, []byte) error) error {
	err := l.Documents.Under(ctx, kind, prefix, visit)
	if kind == kindDevice {
		l.once.Do(l.then)
	}
	return err
}

// A device that is confirmed while its user goes away goes too.
func TestDeviceOfOneWhoGoes(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAlways))
	f.user("ana")
	tokens := f.tokens("ana")
	other := f.open(withDevices(DevicesAlways))
	other.documents = &listed{Documents: f.store, then: func() { f.track(tokens) }}
	f.must(other.AdminDeleteUser(t.Context(), operator, "ana"))
	if n := f.store.Count(kindDevice); n != 0 {
		t.Errorf("%d devices outlive their user", n)
	}
}

func TestManyDevices(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAlways))
	f.user("ana")
	var keys []string
	var last *Tokens
	for range maxDevices + 1 {
		f.clock.advance(time.Second)
		f.forgiveGuesses()
		last = f.tokens("ana")
		keys = append(keys, f.track(last).key)
	}
	mine := Whose{AccessToken: last.Access}
	_, err := f.GetDevice(t.Context(), app, mine, keys[0])
	f.want("the one that was away the longest", err, ResourceNotFound)

	var seen []string
	for next := ""; ; {
		page, after, err := f.ListDevices(t.Context(), app, mine, 20, next)
		f.must(err)
		for _, d := range page {
			seen = append(seen, d.Key)
		}
		if next = after; next == "" {
			break
		}
	}
	distinct := make(map[string]bool)
	for _, key := range seen {
		distinct[key] = true
	}
	if len(seen) != maxDevices || len(distinct) != maxDevices || distinct[keys[0]] || !distinct[keys[1]] {
		t.Errorf("%d devices, %d of them distinct", len(seen), len(distinct))
	}
	_, _, err = f.ListDevices(t.Context(), app, mine, pageLimit+1, "")
	f.want("beyond the limit", err, InvalidParameter)
	_, _, err = f.ListDevices(t.Context(), app, mine, 0, "§")
	f.want("a strange token", err, InvalidParameter)

	f.must(f.AdminDeleteUser(t.Context(), operator, "ana"))
	for d := range f.store.All() {
		if d.Kind == kindDevice {
			t.Fatal("a device outlives its user")
		}
	}
}
