package accesskey

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/documentstest"
)

var testServerKey = bytes.Repeat([]byte{7}, 32)

func newKeys(t testing.TB, documents freshet.Documents, c *clock) *Keys {
	t.Helper()
	keys, err := New(documents, testServerKey, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func create(t testing.TB, keys *Keys, name string, expires time.Time, admin bool) (Key, string) {
	t.Helper()
	key, secret, err := keys.Create(t.Context(), name, expires, admin)
	if err != nil {
		t.Fatal(err)
	}
	return key, secret
}

func wantReason(t *testing.T, what string, err error, want Reason, message string) {
	t.Helper()
	reason, _ := errors.AsType[Reason](err)
	if freshet.CodeOf(err) != freshet.Unauthenticated || reason != want || !strings.Contains(freshet.MessageOf(err), message) {
		t.Errorf("%s: %v, want %s: %s", what, err, want, message)
	}
}

func wantCode(t *testing.T, err error, want freshet.Code, message string) {
	t.Helper()
	if freshet.CodeOf(err) != want || !strings.Contains(freshet.MessageOf(err), message) {
		t.Errorf("%v, want %s: %s", err, want, message)
	}
}

func TestKeys(t *testing.T) {
	documents, c := new(documentstest.Memory), newClock()
	keys := newKeys(t, documents, c)
	first, secret := create(t, keys, "backup", time.Time{}, false)
	if !isID(first.ID, permanentPrefix) || len(secret) != secretLength {
		t.Errorf("%s with %s", first.ID, secret)
	}
	c.move(time.Second)
	second, other := create(t, keys, "root", c.now().Add(time.Hour), true)
	if secret == other || first.ID == second.ID {
		t.Error("two keys are alike")
	}

	keys = newKeys(t, documents, c) // nothing is in memory only
	list, err := keys.List(t.Context())
	if diff := cmp.Diff([]Key{first, second}, list); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, want := range list {
		if got, err := keys.Lookup(t.Context(), want.ID); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for _, body := range documents.All() {
		if bytes.Contains(body, []byte(secret)) || bytes.Contains(body, []byte(other)) {
			t.Errorf("a secret lies open in %s", body)
		}
	}

	_, _, err = keys.Create(t.Context(), "root", time.Time{}, false)
	wantCode(t, err, freshet.Conflict, `named "root"`)
	c.move(time.Hour) // root has expired: its name is free
	third, _ := create(t, keys, "root", time.Time{}, false)

	found, err := keys.Revoke(t.Context(), third.ID)
	if !found || err != nil {
		t.Errorf("%t, %v", found, err)
	}
	for _, id := range []string{third.ID, "FKIA2222222222222222", "", "../x"} {
		if found, err := keys.Revoke(t.Context(), id); found || err != nil {
			t.Errorf("revoked %q: %t, %v", id, found, err)
		}
	}
	got, err := keys.Lookup(t.Context(), third.ID)
	if err != nil || got.Revoked.IsZero() || got.Live(c.now()) {
		t.Errorf("%+v, %v", got, err)
	}
	if strings.Contains(string(documents.All()[document(third.ID)]), "secret") {
		t.Error("the secret of a revoked key is still there")
	}
	_, err = keys.Lookup(t.Context(), "FKIA2222222222222222")
	wantCode(t, err, freshet.NotFound, "FKIA2222222222222222")
	for _, name := range []string{"", " a", "a\nb", strings.Repeat("a", 65), "a\xff"} {
		_, _, err := keys.Create(t.Context(), name, time.Time{}, false)
		wantCode(t, err, freshet.Invalid, "1 to 64 printable")
	}
	_, _, err = keys.Create(t.Context(), "late", c.now(), false)
	wantCode(t, err, freshet.Invalid, "has passed")
	_, err = New(documents, testServerKey[:31], c.now)
	wantCode(t, err, freshet.Invalid, "it needs 32")
}

func TestOneNameOnce(t *testing.T) {
	keys := newKeys(t, new(documentstest.Memory), newClock())
	var wg sync.WaitGroup
	made := make(chan Key, 8)
	for range cap(made) {
		wg.Go(func() {
			if key, _, err := keys.Create(t.Context(), "same", time.Time{}, false); err == nil {
				made <- key
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Errorf("%d keys have one name", len(made))
	}
}

// A sealed secret opens for its own key and with the server's own key only.
func TestSealedSecret(t *testing.T) {
	documents, c := new(documentstest.Memory), newClock()
	keys := newKeys(t, documents, c)
	a, secret := create(t, keys, "a", time.Time{}, false)
	b, _ := create(t, keys, "b", time.Time{}, false)
	if got, err := keys.permanent(t.Context(), a.ID); err != nil || got.secret != secret {
		t.Errorf("%v, %v", got, err)
	}
	stranger, err := New(documents, bytes.Repeat([]byte{8}, 32), c.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.permanent(t.Context(), a.ID); freshet.CodeOf(err) != freshet.Internal {
		t.Errorf("opened with another key: %v", err)
	}
	var stored storedKey
	if err := json.Unmarshal(documents.All()[document(a.ID)], &stored); err != nil {
		t.Fatal(err)
	}
	stored.ID = b.ID
	body, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	documents.Set(document(b.ID), body)
	if _, err := keys.permanent(t.Context(), b.ID); freshet.CodeOf(err) != freshet.Internal {
		t.Errorf("opened for another key: %v", err)
	}
}

func TestReseal(t *testing.T) {
	documents, c := new(documentstest.Memory), newClock()
	old := newKeys(t, documents, c)
	a, secret := create(t, old, "a", time.Time{}, false)
	gone, _ := create(t, old, "gone", time.Time{}, false)
	if _, err := old.Revoke(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	temporary, err := old.Issue(Subject{Guest: true, IdentityID: "local:1"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	another := bytes.Repeat([]byte{8}, 32)
	opens := func(keys *Keys) bool {
		got, err := keys.permanent(t.Context(), a.ID)
		return err == nil && got.secret == secret
	}
	keys, err := New(documents, another, c.now, testServerKey)
	if err != nil || !opens(keys) {
		t.Fatalf("before it is sealed again it does not open: %v", err)
	}
	if _, err := keys.temporary(temporary.ID, temporary.SessionToken); err == nil {
		t.Error("a session token of the old key is believed, which whoever has that key can make")
	}
	b, _ := create(t, keys, "b", time.Time{}, false)
	before := documents.All()[document(b.ID)]
	documents.Fail(errors.New("the disk is full"))
	if _, err := keys.Reseal(t.Context()); err == nil || !opens(keys) {
		t.Errorf("cut off: %v", err)
	}
	documents.Fail(nil)
	for _, want := range []int{1, 0} {
		if n, err := keys.Reseal(t.Context()); err != nil || n != want {
			t.Errorf("%d were sealed, %v; want %d", n, err, want)
		}
	}
	if !bytes.Equal(before, documents.All()[document(b.ID)]) {
		t.Error("one that was sealed with the key of now is changed")
	}
	if keys, err = New(documents, another, c.now); err != nil || !opens(keys) {
		t.Errorf("without the old key it does not open: %v", err)
	}
	if _, err := New(documents, another, c.now, []byte("short")); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("a former key that is short: %v", err)
	}
}

func TestTemporary(t *testing.T) {
	c := newClock()
	documents := new(documentstest.Memory)
	keys := newKeys(t, documents, c)
	user := Subject{Sub: "s-1", Username: "ana", Groups: []string{"editors", "Ω"}, IdentityID: "eu-west-1:1"}
	issued, err := keys.Issue(user, time.Hour)
	if err != nil || !isID(issued.ID, temporaryPrefix) || len(issued.Secret) != secretLength || !issued.Expires.Equal(c.now().Add(time.Hour)) {
		t.Fatalf("%+v, %v", issued, err)
	}
	if len(documents.All()) != 0 || strings.Contains(issued.SessionToken, "ana") {
		t.Error("temporary credentials are stored, or lie open in their token")
	}
	got, err := newKeys(t, documents, c).temporary(issued.ID, issued.SessionToken)
	if err != nil || got.secret != issued.Secret || !got.expires.Equal(issued.Expires) {
		t.Errorf("%+v, %v", got, err)
	}
	want := freshet.Identity{Name: "user ana", Providers: []freshet.Provider{freshet.IAM}, Claims: map[string]any{
		"sub": "s-1", "username": "ana", "cognito:groups": []any{"editors", "Ω"}, "cognitoIdentityId": "eu-west-1:1", "authenticated": true,
	}}
	if diff := cmp.Diff(want, got.identity); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	guest, err := keys.Issue(Subject{Guest: true, IdentityID: "eu-west-1:2"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, err = keys.temporary(guest.ID, guest.SessionToken)
	want = freshet.Identity{Name: "guest eu-west-1:2", Providers: []freshet.Provider{freshet.IAM}, Claims: map[string]any{"cognitoIdentityId": "eu-west-1:2", "authenticated": false}, Guest: true}
	if diff := cmp.Diff(want, got.identity); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}

	_, err = keys.temporary(guest.ID, issued.SessionToken)
	wantReason(t, "another's token", err, UnknownKey, "not for this access key")
	for i := range issued.SessionToken {
		b := []byte(issued.SessionToken)
		b[i] ^= 1
		if _, err := keys.temporary(issued.ID, string(b)); err == nil {
			t.Errorf("byte %d of the token does not matter", i)
		}
	}
	for _, token := range []string{"x", issued.SessionToken + "=", issued.SessionToken + "\n", strings.Repeat("A", maxSessionToken+4)} {
		_, err := keys.temporary(issued.ID, token)
		wantReason(t, "a token", err, UnknownKey, "none of this server's")
	}
	_, err = keys.temporary(issued.ID, "")
	wantReason(t, "no token", err, Malformed, "need their session token")
	stranger, _ := New(documents, bytes.Repeat([]byte{8}, 32), c.now)
	_, err = stranger.temporary(issued.ID, issued.SessionToken)
	wantReason(t, "another server", err, UnknownKey, "none of this server's")

	c.move(time.Hour - time.Nanosecond)
	if _, err := keys.temporary(issued.ID, issued.SessionToken); err != nil {
		t.Error(err)
	}
	c.move(time.Nanosecond)
	_, err = keys.temporary(issued.ID, issued.SessionToken)
	wantReason(t, "an hour later", err, Expired, "have expired")
}

func TestIssueRefuses(t *testing.T) {
	keys := newKeys(t, new(documentstest.Memory), newClock())
	for name, subject := range map[string]Subject{
		"nobody":             {IdentityID: "i"},
		"no identity":        {Sub: "s", Username: "u"},
		"guest with a name":  {Guest: true, Username: "u", IdentityID: "i"},
		"guest with a sub":   {Guest: true, Sub: "s", IdentityID: "i"},
		"user without a sub": {Username: "u", IdentityID: "i"},
	} {
		if _, err := keys.Issue(subject, time.Hour); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	user := Subject{Sub: "s", Username: "u", IdentityID: "i"}
	for _, lifetime := range []time.Duration{0, -time.Hour, maxLifetime + 1} {
		_, err := keys.Issue(user, lifetime)
		wantCode(t, err, freshet.Invalid, "live for 1 s")
	}
	for range 1000 {
		user.Groups = append(user.Groups, "group-name")
	}
	_, err := keys.Issue(user, time.Hour)
	wantCode(t, err, freshet.TooLarge, "too many groups")
}
