package accounts

import (
	"slices"
	"testing"
	"time"

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

// passkeys gives a user's passkeys.
func (f *fixture) passkeys(access string) []Passkey {
	f.t.Helper()
	page, err := f.ListWebAuthnCredentials(f.t.Context(), app, access, 0, "")
	f.must(err)
	return page.Passkeys
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
