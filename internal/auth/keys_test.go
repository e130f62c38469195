package auth

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
)

// memory is Records in a map.
type memory struct {
	mu      sync.Mutex
	records map[string][]byte
	fail    error // of every write
}

func (m *memory) Get(_ context.Context, key string, value any) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, found := m.records[key]
	if !found {
		return false, nil
	}
	return true, json.Unmarshal(body, value)
}

func (m *memory) Put(_ context.Context, key string, value any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if m.records == nil {
		m.records = make(map[string][]byte)
	}
	m.records[key] = body
	return nil
}

func (m *memory) Delete(_ context.Context, key string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return false, m.fail
	}
	_, found := m.records[key]
	delete(m.records, key)
	return found, nil
}

func (m *memory) Each(_ context.Context, visit func(string, []byte) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, body := range m.records {
		if err := visit(key, body); err != nil {
			return err
		}
	}
	return nil
}

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

func openKeys(t testing.TB, records Records, c *clock) *Keys {
	t.Helper()
	keys, err := OpenKeys(t.Context(), records, c.now)
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
	records, c := &memory{}, newClock()
	keys := openKeys(t, records, c)
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
	for id, body := range records.records {
		if strings.Contains(string(body), secret[len(secretPrefix):]) || strings.Contains(id, secret) {
			t.Errorf("the record %s holds the secret: %s", id, body)
		}
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
		if _, expires, err := keys.identify(shortSecret); err != nil || !expires.Equal(short.Expires) {
			t.Errorf("the key of an hour: until %v, %v", expires, err)
		}
	}
	check(keys)
	check(openKeys(t, records, c)) // a restart keeps them

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
	for _, keys := range []*Keys{keys, openKeys(t, records, c)} {
		_, err = keys.Check(secret)
		wantCode(t, err, freshet.Unauthenticated, "the API key is not known, or was revoked")
	}
}

func TestKeyNames(t *testing.T) {
	c := newClock()
	keys := openKeys(t, &memory{}, c)
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

func TestFixedKey(t *testing.T) {
	records := &memory{}
	keys := openKeys(t, records, newClock())
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
	if len(records.records) != 0 {
		t.Errorf("a fixed key was stored: %v", records.records)
	}
	if diff := cmp.Diff([]Key{{Name: "fixed", Fixed: true}}, keys.List()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// TestKeysUnstored: what could not be stored did not happen.
func TestKeysUnstored(t *testing.T) {
	records := &memory{}
	keys := openKeys(t, records, newClock())
	key, secret, err := keys.Create(t.Context(), "a", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	records.fail = freshet.Errorf(freshet.Unavailable, "the disk is full")
	_, _, err = keys.Create(t.Context(), "b", time.Time{})
	wantCode(t, err, freshet.Unavailable, "the disk is full")
	if found, err := keys.Revoke(t.Context(), key.ID); found || !errors.Is(err, records.fail) {
		t.Errorf("revoke: %v, %v", found, err)
	}
	if _, err := keys.Check(secret); err != nil {
		t.Errorf("the key that could not be revoked: %v", err)
	}
	records.fail = nil
	if _, _, err := keys.Create(t.Context(), "b", time.Time{}); err != nil {
		t.Errorf("the name of a key that was not stored is taken: %v", err)
	}
}

func TestOpenKeysDamaged(t *testing.T) {
	for _, body := range []string{`{`, `{"name":"a","hash":"AAAA"}`, `{"name":"a"}`} {
		_, err := OpenKeys(t.Context(), &memory{records: map[string][]byte{"abc": []byte(body)}}, newClock().now)
		if err == nil || !strings.Contains(err.Error(), "read API keys: key abc: ") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestKeysAtOnce: of many who want one name, one gets it.
func TestKeysAtOnce(t *testing.T) {
	keys := openKeys(t, &memory{}, newClock())
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
