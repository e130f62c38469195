package accounts

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"freshet/internal/passkeytest"
)

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
