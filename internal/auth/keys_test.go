package auth

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/documentstest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func openKeys(t testing.TB, documents freshet.Documents, c *clock) *Keys {
	t.Helper()
	keys, err := OpenKeys(t.Context(), documents, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func wantCode(t testing.TB, err error, code freshet.Code, message string) {
	t.Helper()
	if err == nil || freshet.CodeOf(err) != code || !strings.Contains(freshet.MessageOf(err), message) {
		t.Errorf("error %v (%s), want %s: %s", err, freshet.CodeOf(err), code, message)
	}
}

func TestKeys(t *testing.T) {
	documents, c := new(documentstest.Memory), newClock()
	keys := openKeys(t, documents, c)
	forever, secret, err := keys.Create(t.Context(), "console", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^fk_[A-Za-z0-9_-]{32}$`).MatchString(secret) {
		t.Errorf("secret %q", secret)
	}
	c.advance(time.Second)
	short, shortSecret, err := keys.Create(t.Context(), "an hour", c.now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(documents.String(), secret[len(secretPrefix):]) {
		t.Errorf("a document holds the secret:\n%s", documents)
	}

	check := func(keys *Keys) {
		t.Helper()
		if diff := cmp.Diff([]Key{forever, short}, keys.List()); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
		got, err := keys.Check(secret)
		want := freshet.Identity{Name: "key console", Providers: []freshet.Provider{freshet.APIKey}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("check: %v (-want +got):\n%s", err, diff)
		}
		if got, err := keys.find(shortSecret); err != nil || !got.Expires.Equal(short.Expires) {
			t.Errorf("the key of an hour: until %v, %v", got.Expires, err)
		}
	}
	check(keys)
	check(openKeys(t, documents, c)) // a restart keeps them

	for _, wrong := range []string{"", "fk_", secret[:len(secret)-1], secret + "A", strings.ToUpper(secret), " " + secret, strings.Repeat("x", 1<<20)} {
		_, err := keys.Check(wrong)
		wantCode(t, err, freshet.Unauthenticated, "the API key is not known, or was revoked")
	}

	c.advance(time.Hour)
	_, err = keys.Check(shortSecret)
	wantCode(t, err, freshet.Unauthenticated, "the API key has expired")

	if found, err := keys.Revoke(t.Context(), forever.ID); !found || err != nil {
		t.Errorf("revoke: %v, %v", found, err)
	}
	if found, err := keys.Revoke(t.Context(), forever.ID); found || err != nil {
		t.Errorf("revoke again: %v, %v", found, err)
	}
	for _, keys := range []*Keys{keys, openKeys(t, documents, c)} {
		_, err = keys.Check(secret)
		wantCode(t, err, freshet.Unauthenticated, "the API key is not known, or was revoked")
	}
}

func TestKeyNames(t *testing.T) {
	c := newClock()
	keys := openKeys(t, new(documentstest.Memory), c)
	for _, name := range []string{"a", "phone of Ana", "Grüße", strings.Repeat("ü", 64)} {
		if _, _, err := keys.Create(t.Context(), name, time.Time{}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		_, _, err := keys.Create(t.Context(), name, time.Time{})
		wantCode(t, err, freshet.Conflict, "there is an API key named")
	}
	for _, name := range []string{"", " ", " a", "a ", "a\nb", "a\x00", "\xff", "a\u200b", strings.Repeat("a", 65)} {
		_, _, err := keys.Create(t.Context(), name, time.Time{})
		wantCode(t, err, freshet.Invalid, "1 to 64 printable characters")
	}

	_, _, err := keys.Create(t.Context(), "late", c.now())
	wantCode(t, err, freshet.Invalid, "the API key would expire at 2026-11-21T12:00:00Z, which has passed")

	// The name of a key that expired or was revoked is free again.
	first, _, err := keys.Create(t.Context(), "again", c.now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	c.advance(time.Minute)
	second, _, err := keys.Create(t.Context(), "again", time.Time{})
	if err != nil {
		t.Errorf("after it expired: %v", err)
	}
	if _, err := keys.Revoke(t.Context(), second.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := keys.Create(t.Context(), "again", time.Time{}); err != nil {
		t.Errorf("after it was revoked: %v", err)
	}
	if !slices.ContainsFunc(keys.List(), func(k Key) bool { return k.ID == first.ID && !k.Live(c.now()) }) {
		t.Error("the expired key is not listed")
	}
}

// TestGroupKeys: a key of groups is no key of the rules for API keys, and stays one of groups after a restart.
func TestGroupKeys(t *testing.T) {
	documents, c := new(documentstest.Memory), newClock()
	keys := openKeys(t, documents, c)
	made, secret, err := keys.Add(t.Context(), Key{Name: "visitor", Groups: []string{"c1", "c2"}, By: "user ana"})
	if err != nil {
		t.Fatal(err)
	}
	want := freshet.Identity{
		Name: "key visitor", Providers: []freshet.Provider{freshet.GroupKey}, Claims: map[string]any{freshet.GroupsClaim: []string{"c1", "c2"}},
	}
	for _, keys := range []*Keys{keys, openKeys(t, documents, c)} {
		got, err := keys.Check(secret)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("check: %v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff([]Key{made}, keys.List()); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
	}
	for _, groups := range [][]string{{""}, {"a", strings.Repeat("g", 257)}, {"\xff"}, slices.Repeat([]string{"g"}, 101)} {
		_, _, err := keys.Add(t.Context(), Key{Name: "odd", Groups: groups})
		wantCode(t, err, freshet.Invalid, "group")
	}
}

func TestFixedKey(t *testing.T) {
	documents := new(documentstest.Memory)
	keys := openKeys(t, documents, newClock())
	for _, secret := range []string{"", "1234567", strings.Repeat("x", 257)} {
		wantCode(t, keys.AddFixed("fixed", secret), freshet.Invalid, "write 8 at least")
	}
	if err := keys.AddFixed("fixed", "12345678"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, keys.AddFixed("fixed", "another one"), freshet.Conflict, `there is an API key named "fixed"`)
	wantCode(t, keys.AddFixed("other", "12345678"), freshet.Conflict, "another API key has the secret")
	wantCode(t, keys.AddFixed("", "another one"), freshet.Invalid, "1 to 64")
	if id, err := keys.Check("12345678"); err != nil || id.Name != "key fixed" || !id.Has(freshet.APIKey) {
		t.Errorf("check: %+v, %v", id, err)
	}
	if found, err := keys.Revoke(t.Context(), ""); found || err != nil {
		t.Errorf("a fixed key was revoked: %v, %v", found, err)
	}
	if len(documents.All()) != 0 {
		t.Errorf("a fixed key was stored: %s", documents)
	}
	if diff := cmp.Diff([]Key{{Name: "fixed", Fixed: true}}, keys.List()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// TestKeysUnstored: what could not be stored did not happen.
func TestKeysUnstored(t *testing.T) {
	documents := new(documentstest.Memory)
	keys := openKeys(t, documents, newClock())
	key, secret, err := keys.Create(t.Context(), "a", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	full := freshet.Errorf(freshet.Unavailable, "the disk is full")
	documents.Fail(full)
	_, _, err = keys.Create(t.Context(), "b", time.Time{})
	wantCode(t, err, freshet.Unavailable, "the disk is full")
	if found, err := keys.Revoke(t.Context(), key.ID); found || !errors.Is(err, full) {
		t.Errorf("revoke: %v, %v", found, err)
	}
	if _, err := keys.Check(secret); err != nil {
		t.Errorf("the key that could not be revoked: %v", err)
	}
	documents.Fail(nil)
	if _, _, err := keys.Create(t.Context(), "b", time.Time{}); err != nil {
		t.Errorf("the name of a key that was not stored is taken: %v", err)
	}
}

func TestOpenKeysDamaged(t *testing.T) {
	for _, body := range []string{`{`, `{"name":"a","hash":"AAAA"}`, `{"name":"a"}`} {
		documents := new(documentstest.Memory)
		documents.Set(document("abc"), []byte(body))
		_, err := OpenKeys(t.Context(), documents, newClock().now)
		if err == nil || !strings.Contains(err.Error(), "read API keys: key abc: ") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestKeysAtOnce: of many who want one name, one gets it.
func TestKeysAtOnce(t *testing.T) {
	keys := openKeys(t, new(documentstest.Memory), newClock())
	var wg sync.WaitGroup
	made := make(chan string, 20)
	for range cap(made) {
		wg.Go(func() {
			if _, secret, err := keys.Create(t.Context(), "one", time.Time{}); err == nil {
				made <- secret
			} else if freshet.CodeOf(err) != freshet.Conflict {
				t.Error(err)
			}
			_, _ = keys.Check("not one")
			keys.List()
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Fatalf("%d keys with one name", len(made))
	}
	if _, err := keys.Check(<-made); err != nil {
		t.Error(err)
	}
}

func TestUsesAreTold(t *testing.T) {
	c := newClock()
	keys := openKeys(t, new(documentstest.Memory), c)
	var told []string
	keys.OnUse(func(ref string) { told = append(told, ref) })
	key, secret, err := keys.Create(t.Context(), "phone", c.now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.AddFixed("given", "12345678"); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{secret, "12345678", "123456789"} {
		_, _ = keys.Check(secret)
	}
	c.advance(time.Hour)
	_, _ = keys.Check(secret) // it has expired
	if want := []string{key.ID, "fixed given"}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
}
