package accounts

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

func TestConfig(t *testing.T) {
	good := func() Config {
		return Config{Secret: testSecret, Issuer: "https://id.test", Mailer: &postbox{}}
	}
	for want, change := range map[string]func(*Config){
		"":                                 func(*Config) {},
		"the secret has 31 bytes":          func(c *Config) { c.Secret = testSecret[:31] },
		"the pool has no issuer":           func(c *Config) { c.Issuer = "" },
		"the pool has no mailer":           func(c *Config) { c.Mailer = nil },
		`MFA is "MAYBE"`:                   func(c *Config) { c.MFA = "MAYBE" },
		`the pool id "local"`:              func(c *Config) { c.PoolID = "local" },
		`the pool id "_x"`:                 func(c *Config) { c.PoolID = "_x" },
		`the pool id "a_b_c"`:              func(c *Config) { c.PoolID = "a_b_c" },
		"a client id is empty":             func(c *Config) { c.Clients = []string{"a", ""} },
		"AccessLifetime is -1s; it cannot": func(c *Config) { c.AccessLifetime = -time.Second },
	} {
		c := good()
		change(&c)
		err := c.Validate()
		if (want == "") != (err == nil) || err != nil && (freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := Open(t.Context(), new(documentstest.Memory), c); want != "" && err == nil {
			t.Errorf("opened, though %s", want)
		}
	}
	c := good().withDefaults()
	if c.PoolID != "local_freshet" || !slices.Equal(c.Clients, []string{"freshet"}) || c.MFA != MFAOptional || c.AccessLifetime != time.Hour || c.RefreshLifetime != 720*time.Hour || c.Now == nil {
		t.Errorf("the defaults are %+v", c)
	}
}

func TestOtherSecret(t *testing.T) {
	f := newFixture(t)
	config := f.config
	config.Secret = bytes.Repeat([]byte("x"), 32)
	if _, err := Open(t.Context(), f.store, config); !errors.Is(err, errSealed) {
		t.Errorf("opened with another secret: %v", err)
	}
}

func TestSeal(t *testing.T) {
	key := newSecrets(testSecret).rest
	sealed := seal(key, []byte("tulip"), "verifier", "ana")
	if plain, err := open(key, sealed, "verifier", "ana"); err != nil || string(plain) != "tulip" {
		t.Errorf("%q, %v", plain, err)
	}
	if bytes.Contains(sealed, []byte("tulip")) || bytes.Equal(sealed, seal(key, []byte("tulip"), "verifier", "ana")) {
		t.Error("it is not sealed, or always the same")
	}
	for name, bound := range map[string][]string{"another user": {"verifier", "bob"}, "another use": {"totp", "ana"}, "moved": {"verifiera", "na"}, "nothing": nil} {
		if _, err := open(key, sealed, bound...); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := open(key, changed, "verifier", "ana"); err == nil {
			t.Errorf("byte %d changed, and opened", i)
		}
		if _, err := open(key, sealed[:i], "verifier", "ana"); err == nil {
			t.Errorf("cut to %d bytes, and opened", i)
		}
	}
	if _, err := open(newSecrets(testSecret).tickets, sealed, "verifier", "ana"); err == nil {
		t.Error("opened with the key for tickets")
	}
}

// Nothing that opens an account lies in the store in a form that can be used.
func TestStoreHoldsNoSecrets(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	secret := f.withTOTP("ana")
	u, err := f.find(t.Context(), "ana")
	f.must(err)
	v, err := f.verifier(u)
	f.must(err)
	contents := f.store.String()
	for name, text := range map[string]string{"password": goodPassword, "TOTP secret": secret, "verifier": v.Text(16), "address": "192.0.2.1"} {
		if strings.Contains(contents, text) {
			t.Errorf("the %s lies in the store", name)
		}
	}
}

// Passwords are bound to the name of the pool, and to that alone.
func TestPoolKeepsItsName(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	config := f.config
	config.PoolID = "eu_test"
	elsewhere, err := Open(t.Context(), f.store, config)
	f.must(err)
	_, err = elsewhere.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowPassword, Parameters: map[string]string{"USERNAME": "ana", "PASSWORD": goodPassword}})
	f.must(err)
	config.PoolID = "local_other"
	if _, err := Open(t.Context(), f.store, config); freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(err.Error(), `ends in _test`) {
		t.Errorf("a pool of another name opens with %v", err)
	}
}

func TestCommonPasswords(t *testing.T) {
	list := strings.Fields(commonText)
	if len(list) < 1000 || len(commonPasswords()) != len(list) {
		t.Errorf("%d passwords, %d different", len(list), len(commonPasswords()))
	}
	for _, password := range list {
		if len([]rune(password)) < minPassword {
			t.Errorf("%s is too short anyway", password)
		}
	}
}

func TestFold(t *testing.T) {
	for _, pair := range [][2]string{{"Ana", "aNA"}, {" ana ", "ana"}, {"ÄÖÜ", "äöü"}, {"ΣΑΣ", "σας"}, {"Kelvin", "kelvin"}, {"Ǆ", "ǆ"}} {
		if fold(pair[0]) != fold(pair[1]) {
			t.Errorf("%q and %q", pair[0], pair[1])
		}
	}
	if fold("ana") == fold("anna") || fold("ı") == fold("i") {
		t.Error("different names are one")
	}
}

// When the store fails the caller hears of it, and nothing is half done.
func TestStoreFails(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	tokens := f.tokens("ana")
	before, mails := f.store.String(), len(f.post.all())
	f.store.Fail(errBroken)
	for name, do := range map[string]func() error{
		"SignUp":  func() error { _, err := f.signUp("bob", goodPassword, "bob@example.com"); return err },
		"sign in": func() error { _, err := f.byPassword("ana", goodPassword); return err },
		"refresh": func() error { _, err := f.refreshed(tokens.Refresh); return err },
		"forgot":  func() error { _, err := f.ForgotPassword(t.Context(), app, "ana"); return err },
		"change": func() error {
			return f.ChangePassword(t.Context(), app, tokens.Access, goodPassword, "another-good-one")
		},
		"sign out": func() error { return f.GlobalSignOut(t.Context(), app, tokens.Access) },
		"revoke":   func() error { return f.RevokeToken(t.Context(), app, tokens.Refresh) },
		"delete":   func() error { return f.AdminDeleteUser(t.Context(), operator, "ana") },
	} {
		if err := do(); !errors.Is(err, errBroken) || FaultOf(err) != InternalFault || freshet.CodeOf(err) != freshet.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.store.String()) != len(before) || len(f.post.all()) != mails {
		t.Error("something was done")
	}
	f.store.Fail(nil)
	f.must(f.checks(tokens.Access))
}

func FuzzTokens(f *testing.F) {
	fix := newFixture(f)
	fix.user("ana")
	tokens := fix.tokens("ana")
	for _, text := range []string{"", tokens.Access, tokens.ID, tokens.Refresh, "a.b.c", "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if id, _, err := fix.Check(t.Context(), text); err == nil && id.Name != "user ana" || err != nil && text == tokens.Access {
			t.Errorf("%q: %v", text, err)
		}
		if r, err := fix.readRefresh(text); err == nil && (!isUUID(r.user) || !isUUID(r.session)) || err != nil && text == tokens.Refresh {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := fix.Pool.open(text, app, ChallengeSelect); err == nil {
			t.Errorf("%q is a session", text)
		}
	})
}

func FuzzFilter(f *testing.F) {
	for _, text := range []string{"", `email = "x"`, `username ^= "a"`, `"sub"="\"\\"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := readFilter(text)
		if err == nil && filter != nil {
			filter.fits(&user{ID: "a", Name: "b"})
		}
	})
}
