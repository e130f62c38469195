package accounts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/documentstest"
)

var newerSecret = bytes.Repeat([]byte("newer___"), 4)

// changed gives a pool the newer secret in the place of the fixture's, which is read still.
func changed(c *Config) { c.Former, c.Secret = [][]byte{c.Secret}, newerSecret }

// without gives a pool the newer secret alone.
func without(c *Config) { c.Secret = newerSecret }

// TestReseal changes the secret under users who are signed in, wait for codes, and have a second factor.
func TestReseal(t *testing.T) {
	f := newFixture(t, withDevices(DevicesAlways))
	f.user("ana")
	f.user("ben")
	totp := f.withTOTP("ben")
	old := f.tokens("ana")
	laptop := f.track(old)
	_, err := f.ForgotPassword(t.Context(), app, "ana")
	f.must(err)
	half, err := f.byPassword("ben", goodPassword)
	f.must(err)
	setup, err := f.NewSetup(t.Context(), app, "admins")
	f.must(err)
	secondOf := func(r AuthResult) error {
		_, err := f.respond(ChallengeTOTP, r.Session, map[string]string{"USERNAME": "ben", "SOFTWARE_TOKEN_MFA_CODE": f.totp(totp)})
		return err
	}

	// What lies in the store is read under the old secret; a step that a caller carries is not believed.
	f.Pool = f.open(changed, withDevices(DevicesAlways))
	f.want("a sign-in that had begun", secondOf(half), NotAuthorized)
	next, err := f.refreshed(old.Refresh)
	f.want("a refresh", err, "")
	again, err := f.refreshed(old.Refresh)
	f.want("the same, as another tab does it", err, "")
	if again == nil || again.Refresh != next.Refresh {
		t.Errorf("another tab is given another token")
	}
	f.want("an access token", f.checks(old.Access), "")
	f.want("a wrong password", f.from(app.Address, "ana", "wrong-password"), NotAuthorized)
	f.want("the password", f.from(app.Address, "ana", goodPassword), "")
	f.want("the secret of the first administrator", f.Setup(t.Context(), app, "admins", old.Access, setup), "")
	reset := func(code string) error { return f.ConfirmForgotPassword(t.Context(), app, "ana", code, goodPassword) }
	f.want("a wrong code", reset(wrong(f.code("ana@example.com"))), CodeMismatch)
	f.want("a mailed code", reset(f.code("ana@example.com")), "")
	stays := f.tokens("ana")
	half, err = f.byPassword("ben", goodPassword)
	f.must(err)

	result, err := f.onDevice("ana", laptop)
	f.comesTo("a device", result, err, "")
	for _, want := range []int{3, 0} { // ben, ana's laptop, and the signing key: ana's password is a new one
		if n, err := f.Reseal(t.Context()); err != nil || n != want {
			t.Errorf("%d were sealed, %v; want %d", n, err, want)
		}
	}
	if n := len(f.keys.list); n != 2 {
		t.Errorf("there are %d signing keys, want another one", n)
	}
	f.Pool = f.open(without, withDevices(DevicesAlways))
	result, err = f.onDevice("ana", laptop)
	f.comesTo("a device after all", result, err, "")
	f.want("a second factor after all", secondOf(half), "")
	f.want("a password after all", f.from(app.Address, "ana", goodPassword), "")
	f.want("an access token after all", f.checks(stays.Access), "")
	_, err = f.refreshed(stays.Refresh)
	f.want("a refresh after all", err, "")
	_, err = f.refreshed(old.Refresh)
	f.want("a refresh token of the old secret after all", err, NotAuthorized)
}

// TestAllThatIsSealed looks into the source for what lies sealed in the store, so that nothing new is left out of Reseal.
func TestAllThatIsSealed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	uses := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, found := range regexp.MustCompile(`seal\([a-z.]*secrets\.rest, .*?, "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			uses[found[1]] = true
		}
	}
	known := []string{"device", "signing key", "successor", "totp", "verifier"} // all but the successor, which holds for seconds
	if got := slices.Sorted(maps.Keys(uses)); !slices.Equal(got, known) {
		t.Errorf("there lie sealed %q; have Reseal seal them anew, and name them here", got)
	}
}

// TestFormerSecretProvesNothing has somebody who knows the old secret, but not the store, make what callers carry.
func TestFormerSecretProvesNothing(t *testing.T) {
	f := newFixture(t)
	id := f.user("ana")
	u, err := f.load(t.Context(), id)
	f.must(err)
	thief := f.Pool
	confirmed := func() error {
		forged := thief.seal(ticket{
			Step: stepConfirmed, User: id, Typed: "ana", Client: app.Client, Origin: uuid.NewString(), Generation: u.Generation, Factor: factorConfirmed,
		}, time.Hour)
		_, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowUser, Parameters: map[string]string{"USERNAME": "ana"}, Session: forged})
		return err
	}
	granted := func() error {
		challenge := sha256.Sum256([]byte("v"))
		forged := thief.seal(ticket{Step: stepGrant, User: id, Client: app.Client, Origin: uuid.NewString(), Generation: u.Generation, Code: &codeGrant{
			RedirectURI: "x", Challenge: base64.RawURLEncoding.EncodeToString(challenge[:]), Scopes: []string{"openid"},
		}}, time.Hour)
		_, err := f.Exchange(t.Context(), app, forged, "x", "v")
		return err
	}
	f.want("a step that was made up, while the secret is good", confirmed(), "")
	f.want("a code that was made up, while the secret is good", granted(), "")
	f.Pool = f.open(changed)
	f.want("a step that was made up", confirmed(), NotAuthorized)
	f.want("a code that was made up", granted(), NotAuthorized)
	_, err = f.refreshed(thief.newRefreshToken(id, uuid.NewString()))
	f.want("a refresh token that was made up", err, NotAuthorized)
}

// TestResealIsCutOff ends it before each of its writes. However things are sealed then, everybody gets in, and the
// old secret cannot be left out.
func TestResealIsCutOff(t *testing.T) {
	f := newFixture(t)
	const users = 2*resealPage + 3
	for range users {
		u := user{ID: uuid.NewString(), Status: Confirmed}
		u.Verifier = seal(f.secrets.rest, []byte{7}, "verifier", u.ID)
		f.must(freshet.PutDocument(t.Context(), f.store, userDocument(u.ID), u))
	}
	before := f.store.All()
	opened := func(p *Pool) (n int) {
		f.must(f.store.Under(t.Context(), kindUser, "", func(id string, _ []byte) error {
			u, err := p.load(t.Context(), id)
			f.must(err)
			if number, err := p.verifier(u); err == nil && number.Int64() == 7 {
				n++
			}
			return nil
		}))
		return n
	}
	alone := Config{Secret: newerSecret, PoolID: f.config.PoolID, Issuer: "https://id.test", Mailer: f.post, Now: f.clock.now}
	const writes = 5 // three pages of users, a new signing key, and the old one
	for cut := range writes + 1 {
		for d, body := range before {
			f.store.Set(d, body)
		}
		p := f.open(changed)
		p.documents = &dying{f.store, cut}
		_, err := p.Reseal(t.Context())
		if (cut < writes) != errors.Is(err, errBroken) {
			t.Fatalf("%d writes come to %v", cut, err)
		}
		p = f.open(changed)
		if n := opened(p); n != users {
			t.Errorf("after %d writes %d of %d open", cut, n, users)
		}
		if _, err := Open(t.Context(), f.store, alone); (cut < writes) != (err != nil) {
			t.Errorf("after %d writes, without the old secret: %v", cut, err)
		}
		if _, err := p.Reseal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := opened(f.open(without)); n != users {
			t.Errorf("cut off after %d writes and gone on, %d of %d open", cut, n, users)
		}
	}
}

// dying is a store that is gone after some writes.
type dying struct {
	*documentstest.Memory
	left int
}

func (d *dying) Update(ctx context.Context, documents []freshet.Document, change func([][]byte) ([][]byte, error)) error {
	if d.left--; d.left < 0 {
		return errBroken
	}
	return d.Memory.Update(ctx, documents, change)
}
