package accounts

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/passkeytest"
)

const testPage = "https://app.example.com"

func withPasskeys(c *Config) {
	c.RelyingParty = RelyingParty{ID: "example.com", Name: "Test", Origins: []string{testPage, "https://admin.example.com"}}
}

// start begins the registration of a passkey.
func (f *fixture) start(access string) []byte {
	f.t.Helper()
	options, err := f.StartWebAuthnRegistration(f.t.Context(), app, access)
	f.must(err)
	return options
}

func (f *fixture) complete(access string, credential []byte) error {
	return f.CompleteWebAuthnRegistration(f.t.Context(), app, access, credential)
}

// register gives a user a passkey.
func (f *fixture) register(name string, k *passkeytest.Passkey) (access string) {
	f.t.Helper()
	access = f.tokens(name).Access
	f.must(f.complete(access, k.Create(f.start(access))))
	return access
}

// asked begins a sign-in by passkey.
func (f *fixture) asked(name string) (session string, options []byte) {
	f.t.Helper()
	parameters := map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": "WEB_AUTHN"}
	result, err := f.InitiateAuth(f.t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: parameters})
	f.must(err)
	if result.Challenge != "WEB_AUTHN" || result.Session == "" {
		f.t.Fatalf("a sign-in by passkey gives %+v", result)
	}
	return result.Session, []byte(result.Parameters["CREDENTIAL_REQUEST_OPTIONS"])
}

func (f *fixture) proves(session string, credential []byte) (AuthResult, error) {
	return f.respond("WEB_AUTHN", session, map[string]string{"USERNAME": "ana", "CREDENTIAL": string(credential)})
}

// byPasskey signs in.
func (f *fixture) byPasskey(name string, k *passkeytest.Passkey) (AuthResult, error) {
	f.t.Helper()
	session, options := f.asked(name)
	return f.proves(session, k.Sign(options))
}

func TestPasskey(t *testing.T) {
	synced := func(k *passkeytest.Passkey) *passkeytest.Passkey { k.Synced = true; return k }
	for name, k := range map[string]*passkeytest.Passkey{
		"ES256": passkeytest.NewES256(testPage), "RS256": passkeytest.NewRS256(testPage), "synced": synced(passkeytest.NewES256("https://admin.example.com")),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, withPasskeys)
			id := f.user("ana")
			f.wantFactors(f.register("ana", k), "PASSWORD", "WEB_AUTHN")
			if string(k.User) != id {
				t.Errorf("the passkey is of %q, want the user's id", k.User)
			}
			for range 3 {
				result, err := f.byPasskey("ANA@example.com", k)
				f.must(err)
				f.must(f.checks(result.Tokens.Access))
			}
			if last := f.audit.last(); last.What != "RespondToAuthChallenge" || last.Who != id || last.Outcome != OutcomeOK {
				t.Errorf("the audit has %+v", last)
			}
		})
	}
}

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

// TestPasskeyOptions holds what browsers are asked for to what the decisions on passkeys are.
func TestPasskeyOptions(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana@example.com")
	k := passkeytest.NewES256(testPage)
	access := f.register("ana@example.com", k)
	var creation struct {
		RP   struct{ ID, Name string }
		User struct{ ID, Name, DisplayName string }

		AuthenticatorSelection struct {
			RequireResidentKey            bool
			ResidentKey, UserVerification string
		}
		Attestation        string
		Timeout            int
		PubKeyCredParams   []struct{ Alg int }
		ExcludeCredentials []struct{ ID, Type string }
	}
	f.must(json.Unmarshal(f.start(access), &creation))
	selection := creation.AuthenticatorSelection
	if !selection.RequireResidentKey || selection.ResidentKey != "required" || selection.UserVerification != "required" || creation.Attestation != "none" {
		t.Errorf("a passkey is made with %+v, attestation %s", selection, creation.Attestation)
	}
	if creation.RP.ID != "example.com" || creation.RP.Name != "Test" || creation.User.Name != "ana@example.com" || creation.Timeout != 180_000 {
		t.Errorf("a passkey is made for %+v %+v in %d ms", creation.RP, creation.User, creation.Timeout)
	}
	if len(creation.ExcludeCredentials) != 1 || creation.ExcludeCredentials[0].ID != f.passkeys(access)[0].ID {
		t.Errorf("a second one on the same device is kept from by %+v", creation.ExcludeCredentials)
	}
}

// passkeys gives a user's passkeys.
func (f *fixture) passkeys(access string) []Passkey {
	f.t.Helper()
	page, err := f.ListWebAuthnCredentials(f.t.Context(), app, access, 0, "")
	f.must(err)
	return page.Passkeys
}

func TestPasskeysThatAreNotTaken(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	access := f.tokens("ana").Access
	begin := func() []byte { return f.start(access) }
	for name, test := range map[string]struct {
		change  func(*passkeytest.Passkey)
		options func() []byte
		fault   Fault
	}{
		"the page of another origin": {func(k *passkeytest.Passkey) { k.Origin = "https://app.example.org" }, begin, WebAuthnOriginNotAllowed},
		"a page without TLS":         {func(k *passkeytest.Passkey) { k.Origin = "http://app.example.com" }, begin, WebAuthnOriginNotAllowed},
		"a page beneath":             {func(k *passkeytest.Passkey) { k.Origin = "https://evil.app.example.com" }, begin, WebAuthnOriginNotAllowed},
		"another domain":             {func(k *passkeytest.Passkey) { k.Domain = "example.org" }, begin, WebAuthnRelyingPartyMismatch},
		"nobody was asked":           {func(k *passkeytest.Passkey) { k.Unverified = true }, begin, WebAuthnCredentialNotSupported},
		"an older challenge": {nil, func() []byte {
			older := begin()
			begin()
			return older
		}, WebAuthnChallengeNotFound},
		"a challenge of a sign-in": {nil, func() []byte {
			begin()
			_, options := f.asked("ana")
			return []byte(strings.Replace(string(options), "{", `{"rp":{"id":"example.com"},`, 1))
		}, WebAuthnChallengeNotFound},
		"too late": {nil, func() []byte {
			options := begin()
			f.clock.advance(3 * time.Minute)
			return options
		}, WebAuthnChallengeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			k := passkeytest.NewES256(testPage)
			if test.change != nil {
				test.change(k)
			}
			f.want(name, f.complete(access, k.Create(test.options())), test.fault)
		})
	}
	f.want("nonsense", f.complete(access, []byte(`{"id":"x"}`)), InvalidParameter)
	if list := f.passkeys(access); len(list) != 0 || f.store.Count(kindPasskey) != 0 {
		t.Errorf("there is %v", list)
	}
}

// TestEndlessPasskey: anybody who has an account may give a key, and have it proven again and again.
func TestEndlessPasskey(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	access := f.tokens("ana").Access
	for size, fault := range map[int]Fault{512: "", maxPublicKey: WebAuthnCredentialNotSupported, 64 << 10: WebAuthnCredentialNotSupported} {
		k := passkeytest.NewRS256(testPage)
		k.Swell(size)
		f.want(fmt.Sprintf("a modulus of %d bytes", size), f.complete(access, k.Create(f.start(access))), fault)
	}
}

// TestAttestationIsNotLookedAt: it is not asked for, nothing is decided by it, and its certificates may hold any key.
func TestAttestationIsNotLookedAt(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	k.Attested = true
	f.register("ana", k)
	_, err := f.byPasskey("ana", k)
	f.want("one that was attested", err, "")
}

func TestRegistrationCountsOnce(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	f.user("ben")
	k := passkeytest.NewES256(testPage)
	ana, ben := f.tokens("ana").Access, f.tokens("ben").Access
	credential := k.Create(f.start(ana))
	f.want("another user's registration", f.complete(ben, credential), WebAuthnChallengeNotFound)
	f.must(f.complete(ana, credential))
	f.want("again", f.complete(ana, credential), WebAuthnChallengeNotFound)
	f.want("the same passkey with another challenge", f.complete(ana, k.Create(f.start(ana))), InvalidParameter)
	f.want("another user's passkey", f.complete(ben, k.Create(f.start(ben))), InvalidParameter)
	if len(f.passkeys(ana)) != 1 || len(f.passkeys(ben)) != 0 {
		t.Errorf("ana has %v, ben %v", f.passkeys(ana), f.passkeys(ben))
	}
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

func TestPasskeyLimit(t *testing.T) {
	f := newFixture(t, withPasskeys)
	id := f.user("ana")
	access := f.tokens("ana").Access
	for range maxPasskeys - 1 {
		f.must(f.complete(access, passkeytest.NewES256(testPage).Create(f.start(access))))
	}
	begun := f.start(access)
	before, err := f.load(t.Context(), id)
	f.must(err)
	f.must(f.complete(access, passkeytest.NewES256(testPage).Create(begun)))
	_, err = f.StartWebAuthnRegistration(t.Context(), app, access)
	f.want("one more", err, LimitExceeded)
	f.must(f.change(t.Context(), id, func(_ *edit, now *user) error {
		now.PendingPasskey = before.PendingPasskey // as if it had begun before the last was there
		return nil
	}))
	f.want("one more, begun before", f.complete(access, passkeytest.NewES256(testPage).Create(begun)), LimitExceeded)
	list := f.passkeys(access)
	f.must(f.DeleteWebAuthnCredential(t.Context(), app, access, list[0].ID))
	f.must(f.complete(access, passkeytest.NewES256(testPage).Create(f.start(access))))
	if n := f.store.Count(kindPasskey); n != maxPasskeys {
		t.Errorf("%d are stored, want %d", n, maxPasskeys)
	}
}

func TestListAndDeletePasskeys(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	f.user("ben")
	access := f.tokens("ana").Access
	var want []string
	for range 5 {
		k := passkeytest.NewES256(testPage)
		f.must(f.complete(access, k.Create(f.start(access))))
		want = append(want, f.passkeys(access)[len(want)].ID)
		f.clock.advance(time.Second)
	}
	first := f.passkeys(access)[0]
	if first.Name != "Passkey" || first.RelyingParty != "example.com" || first.Attachment != "platform" || !slices.Equal(first.Transports, []string{"internal"}) || first.Created.IsZero() {
		t.Errorf("a passkey is listed as %+v", first)
	}
	var got []string
	for next, pages := "", 0; pages == 0 || next != ""; pages++ {
		page, err := f.ListWebAuthnCredentials(t.Context(), app, access, 2, next)
		f.must(err)
		for _, k := range page.Passkeys {
			got = append(got, k.ID)
		}
		next = page.Next
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages have %q, want %q", got, want)
	}
	_, err := f.ListWebAuthnCredentials(t.Context(), app, access, 21, "")
	f.want("a page too large", err, InvalidParameter)
	_, err = f.ListWebAuthnCredentials(t.Context(), app, access, 2, "bm9uZQ")
	f.want("a page after none", err, InvalidParameter)

	ben := f.tokens("ben").Access
	f.want("another user's", f.DeleteWebAuthnCredential(t.Context(), app, ben, want[1]), ResourceNotFound)
	f.want("none", f.DeleteWebAuthnCredential(t.Context(), app, access, "?"), ResourceNotFound)
	f.must(f.DeleteWebAuthnCredential(t.Context(), app, access, want[1]))
	if last := f.audit.last(); last.What != "DeleteWebAuthnCredential" || last.About != "passkey "+want[1] || last.Outcome != OutcomeOK {
		t.Errorf("the audit has %+v", last)
	}
	f.want("one that is gone", f.DeleteWebAuthnCredential(t.Context(), app, access, want[1]), ResourceNotFound)
	if got := f.passkeys(access); len(got) != 4 || got[1].ID != want[2] {
		t.Errorf("there is left %v", got)
	}
}

func TestDeletedPasskeyLetsNobodyIn(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	access := f.register("ana", k)
	session, options := f.asked("ana")
	f.must(f.DeleteWebAuthnCredential(t.Context(), app, access, f.passkeys(access)[0].ID))
	_, err := f.proves(session, k.Sign(options))
	f.want("a passkey that was deleted", err, NotAuthorized)
	f.must(f.complete(access, k.Create(f.start(access)))) // its id is free again
}

func TestPasskeysGoWithTheAccount(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	f.user("ben")
	anas, bens := passkeytest.NewES256(testPage), passkeytest.NewES256(testPage)
	access := f.register("ana", anas)
	f.register("ben", bens)
	session, options := f.asked("ana")
	f.must(f.DeleteUser(t.Context(), app, access))
	if n := f.store.Count(kindPasskey); n != 1 {
		t.Errorf("%d are stored, want ben's", n)
	}
	_, err := f.proves(session, anas.Sign(options))
	f.want("the passkey of nobody", err, NotAuthorized)
	_, err = f.byPasskey("ben", bens)
	f.must(err)
}

func TestWhoMayRegister(t *testing.T) {
	f := newFixture(t, withPasskeys, func(c *Config) { c.AutoConfirm = true })
	eve, err := f.SignUp(t.Context(), app, SignUp{Username: "eve", Password: goodPassword, Attributes: []Attribute{{"email", "ana@example.com"}}})
	f.must(err)
	narrow, err := f.begin(t.Context(), ticket{User: eve.ID, Client: "web", Origin: uuid.NewString(), Generation: 1}, "openid email", "")
	f.must(err)
	for name, token := range map[string]string{"no token": "x.y.z", "a token without the scope": narrow.Access} {
		_, err := f.StartWebAuthnRegistration(t.Context(), app, token)
		f.want(name, err, NotAuthorized)
		f.want(name, f.complete(token, nil), NotAuthorized)
		_, err = f.ListWebAuthnCredentials(t.Context(), app, token, 0, "")
		f.want(name, err, NotAuthorized)
		f.want(name, f.DeleteWebAuthnCredential(t.Context(), app, token, "AAAA"), NotAuthorized)
	}
	access := f.tokens("eve").Access
	_, err = f.StartWebAuthnRegistration(t.Context(), app, access)
	f.want("one who has not shown that the e-mail is hers", err, UnsupportedUserState)
	f.clock.advance(time.Minute)
	_, err = f.GetUserAttributeVerificationCode(t.Context(), app, access, "email")
	f.must(err)
	f.must(f.VerifyUserAttribute(t.Context(), app, access, "email", f.code("ana@example.com")))
	f.must(f.complete(access, passkeytest.NewES256(testPage).Create(f.start(access))))
}

func TestOwnerIsToldOfPasskey(t *testing.T) {
	f := newFixture(t, withPasskeys)
	id := f.user("ana")
	f.register("ana", passkeytest.NewES256(testPage))
	if m := f.post.all()[len(f.post.all())-1]; m.Template != MailPasskeyAdded || m.To != "ana@example.com" {
		t.Errorf("the last mail is %+v", m)
	}
	if last := f.audit.last(); last.What != "CompleteWebAuthnRegistration" || last.Who != id || !strings.HasPrefix(last.About, "passkey ") || last.Outcome != OutcomeOK {
		t.Errorf("the audit has %+v", last)
	}
}

// TestNoPasskeys is of a server that no passkey can be for, and of one that had some.
func TestNoPasskeys(t *testing.T) {
	f := newFixture(t, withPasskeys)
	f.user("ana")
	k := passkeytest.NewES256(testPage)
	access := f.register("ana", k)
	session, options := f.asked("ana")
	begun := k.Create(f.start(access))
	f.Pool = f.open()
	_, err := f.StartWebAuthnRegistration(t.Context(), app, access)
	f.want("a registration", err, WebAuthnConfigurationMissing)
	f.want("one that had begun", f.complete(access, begun), WebAuthnConfigurationMissing)
	_, err = f.proves(session, k.Sign(options))
	f.want("a sign-in that had begun", err, WebAuthnConfigurationMissing)
	parameters := map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "WEB_AUTHN"}
	result, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: parameters})
	f.must(err)
	if result.Challenge != ChallengeSelect || slices.Contains(result.Available, "WEB_AUTHN") {
		t.Errorf("a sign-in by passkey gives %+v", result)
	}
	list := f.passkeys(access)
	if len(list) != 1 {
		t.Fatalf("there is %v", list)
	}
	f.must(f.DeleteWebAuthnCredential(t.Context(), app, access, list[0].ID))
}

func TestRelyingParty(t *testing.T) {
	for name, test := range map[string]struct {
		party RelyingParty
		want  string
	}{
		"none":                  {RelyingParty{}, ""},
		"a domain":              {RelyingParty{ID: "example.com", Origins: []string{"https://example.com", "https://app.example.com:8443"}}, ""},
		"this machine":          {RelyingParty{ID: "localhost", Origins: []string{"http://localhost:5173"}}, ""},
		"an address":            {RelyingParty{ID: "192.0.2.1"}, "is none"},
		"an URL":                {RelyingParty{ID: "https://example.com"}, "is none"},
		"capitals":              {RelyingParty{ID: "Example.com"}, "is none"},
		"no pages":              {RelyingParty{ID: "example.com"}, "no page may use those"},
		"a page elsewhere":      {RelyingParty{ID: "example.com", Origins: []string{"https://badexample.com"}}, "the domain that all pages share"},
		"a page above":          {RelyingParty{ID: "app.example.com", Origins: []string{"https://example.com"}}, "the domain that all pages share"},
		"a page without TLS":    {RelyingParty{ID: "example.com", Origins: []string{"http://example.com"}}, "can use none"},
		"a page with a path":    {RelyingParty{ID: "example.com", Origins: []string{"https://example.com/"}}, "can use none"},
		"a page of an address":  {RelyingParty{ID: "example.com", Origins: []string{"https://127.0.0.1"}}, "can use none"},
		"a page without a host": {RelyingParty{ID: "example.com", Origins: []string{"https://"}}, "can use none"},
	} {
		err := test.party.Validate()
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || freshet.CodeOf(err) != freshet.Invalid) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
