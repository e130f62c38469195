package accounts

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"freshet/internal/passkeytest"
)

func TestPasskeyByChoice(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	f.register("ana", k)
	result, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana"}})
	f.must(err)
	if want := []string{"PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"}; !slices.Equal(result.Available, want) {
		t.Errorf("the choice is %q, want %q", result.Available, want)
	}
	result, err = f.respond(ChallengeSelect, result.Session, map[string]string{"USERNAME": "ana", "ANSWER": "WEB_AUTHN"})
	f.must(err)
	result, err = f.proves(result.Session, k.Sign([]byte(result.Parameters["CREDENTIAL_REQUEST_OPTIONS"])))
	f.must(err)
	f.must(f.checks(result.Tokens.Access))
}

func TestProofsThatAreNotTaken(t *testing.T) {
	f := newFixture(t, withPasskeys)
	ana := f.user("ana")
	f.user("ben")
	good, bens := passkeytest.NewES256(testPage), passkeytest.NewES256(testPage)
	f.register("ana", good)
	f.register("ben", bens)
	for name, test := range map[string]struct {
		passkey *passkeytest.Passkey
		change  func(*passkeytest.Passkey)
		fault   Fault
	}{
		"the page of another origin":      {good, func(k *passkeytest.Passkey) { k.Origin = "https://app.example.org" }, WebAuthnOriginNotAllowed},
		"another port":                    {good, func(k *passkeytest.Passkey) { k.Origin = testPage + ":8443" }, WebAuthnOriginNotAllowed},
		"another domain":                  {good, func(k *passkeytest.Passkey) { k.Domain = "app.example.com" }, WebAuthnRelyingPartyMismatch},
		"nobody was asked":                {good, func(k *passkeytest.Passkey) { k.Unverified = true }, WebAuthnCredentialNotSupported},
		"a wrong signature":               {good, func(k *passkeytest.Passkey) { k.Forged = true }, NotAuthorized},
		"the handle of another user":      {good, func(k *passkeytest.Passkey) { k.User = []byte("somebody") }, NotAuthorized},
		"a passkey that is not known":     {passkeytest.NewES256(testPage), func(k *passkeytest.Passkey) { k.User = []byte(ana) }, NotAuthorized},
		"the key of another, by ana's id": {passkeytest.NewES256(testPage), func(k *passkeytest.Passkey) { k.ID, k.User = good.ID, good.User }, NotAuthorized},
		"another user's":                  {bens, nil, NotAuthorized},
		"another user's, by ana's handle": {bens, func(k *passkeytest.Passkey) { k.User = good.User }, NotAuthorized},
	} {
		t.Run(name, func(t *testing.T) {
			k := *test.passkey
			k.Counter = 100
			if test.change != nil {
				test.change(&k)
			}
			_, err := f.byPasskey("ana", &k)
			f.want(name, err, test.fault)
		})
	}
	session, options := f.asked("ana")
	_, err := f.proves(session, []byte("{}"))
	f.want("nonsense", err, InvalidParameter)
	_, others := f.asked("ana")
	_, err = f.proves(session, good.Sign(others))
	f.want("the challenge of another session", err, NotAuthorized)
	_, err = f.respond(ChallengeTOTP, session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "000000"})
	f.want("another step", err, NotAuthorized)
	f.clock.advance(3 * time.Minute)
	_, err = f.proves(session, good.Sign(options))
	f.want("too late", err, NotAuthorized)
	_, err = f.byPasskey("ana", good)
	f.want("the right one, in the end", err, "")
}

func TestProofCountsOnce(t *testing.T) {
	for name, synced := range map[string]bool{"one that counts": false, "one that is synced": true} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, withPasskeys)
			f.user("ana")
			k := passkeytest.NewES256(testPage)
			k.Synced = synced
			f.register("ana", k)
			session, options := f.asked("ana")
			proof := k.Sign(options)
			_, err := f.proves(session, proof)
			f.must(err)
			_, err = f.proves(session, proof)
			f.want("the same proof again", err, NotAuthorized)
			_, err = f.proves(session, k.Sign(options))
			f.want("another proof for the same session", err, NotAuthorized)
			other, _ := f.asked("ana")
			_, err = f.proves(other, proof)
			f.want("the same proof for another session", err, NotAuthorized)
		})
	}
}

func TestCopiedPasskey(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	f.register("ana", k)
	copied := *k
	for range 2 {
		_, err := f.byPasskey("ana", k)
		f.must(err)
	}
	for _, counter := range []uint32{0, 1} { // before its signature: the next are 1 and 2, and 2 was the last
		copied.Counter = counter
		_, err := f.byPasskey("ana", &copied)
		f.want(fmt.Sprintf("counter %d", counter+1), err, NotAuthorized)
		if !errors.Is(err, errCopiedPasskey) {
			t.Errorf("a copy is told %v", err)
		}
	}
	_, err := f.byPasskey("ana", k)
	f.want("the one that goes on", err, "")
}

// TestPasskeysTellNobody: who has passkeys, who has none, and who is not there look alike.
func TestPasskeysTellNobody(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	f.user("ben")
	k := passkeytest.NewES256(testPage)
	f.register("ana", k)
	var forms, refusals []string
	for _, name := range []string{"ana", "ben", "nobody"} {
		session, options := f.asked(name)
		var o map[string]any
		f.must(json.Unmarshal(options, &o))
		delete(o, "challenge")
		form, err := json.Marshal(o)
		f.must(err)
		forms = append(forms, string(form))
		stranger := passkeytest.NewES256(testPage)
		_, err = f.proves(session, stranger.Sign(options))
		refusals = append(refusals, err.Error())
	}
	want := `{"allowCredentials":[],"rpId":"example.com","timeout":180000,"userVerification":"required"}`
	for i, form := range forms {
		if form != want || refusals[i] != refusals[0] {
			t.Errorf("the options are %s, want %s; the refusal %s", form, want, refusals[i])
		}
	}
	_, err := f.byPasskey("ben", k)
	f.want("ana's passkey for ben", err, NotAuthorized)
	_, other := f.byPasskey("nobody", k)
	if other == nil || other.Error() != err.Error() {
		t.Errorf("ana's passkey for nobody: %v, want %v", other, err)
	}
}

// TestPasskeyIsBothFactors: one who has an app too is not asked for its code, and one who has to have a second factor
// has it.
func TestPasskeyIsBothFactors(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	f.register("ana", k)
	f.withTOTP("ana")
	result, err := f.byPassword("ana", goodPassword)
	f.must(err)
	if result.Challenge != ChallengeTOTP {
		t.Errorf("the password gives %+v", result)
	}
	result, err = f.byPasskey("ana", k)
	f.must(err)
	if result.Tokens == nil {
		t.Errorf("the passkey gives %+v", result)
	}

	f = newFixture(t, withPasskeys)
	f.user("ben")
	f.register("ben", k)
	f.Pool = f.open(withPasskeys, func(c *Config) { c.MFA = MFARequired })
	result, err = f.byPasskey("ben", k)
	f.must(err)
	if result.Tokens == nil {
		t.Errorf("where everybody has two factors, the passkey gives %+v", result)
	}
}

// TestPasskeyOnDevice: a device that was there with the passkey was there with both factors.
func TestPasskeyOnDevice(t *testing.T) {
	f := newFixture(t, withPasskeys, withDevices(DevicesAlways))
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	f.register("ana", k)
	f.withTOTP("ana")
	result, err := f.byPasskey("ana", k)
	f.must(err)
	d := f.track(result.Tokens)
	result, err = f.onDevice("ana", d)
	f.must(err)
	if result.Tokens == nil {
		t.Errorf("the password on that device gives %+v", result)
	}
}

// TestPasskeyOfOneWhoMayNot: a passkey lets in nobody whom the password would not.
func TestPasskeyOfOneWhoMayNot(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	f.register("ana", k)
	session, options := f.asked("ana")
	f.must(f.AdminDisableUser(t.Context(), operator, "ana"))
	_, err := f.proves(session, k.Sign(options))
	f.want("a session from before", err, NotAuthorized)
	_, err = f.byPasskey("ana", k)
	f.want("one who is disabled", err, NotAuthorized)
	f.must(f.AdminEnableUser(t.Context(), operator, "ana"))
	f.must(f.AdminResetUserPassword(t.Context(), operator, "ana"))
	_, err = f.byPasskey("ana", k)
	f.want("one who has to choose a password", err, PasswordResetRequired)
	f.must(f.AdminSetUserPassword(t.Context(), operator, "ana", "rose-garden-48", false))
	result, err := f.byPasskey("ana", k)
	f.must(err)
	if result.Challenge != ChallengeNewPassword {
		t.Errorf("one whose password is temporary gets %+v", result)
	}
}
