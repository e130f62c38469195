package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"freshet"
)

const keyKind = "_APIKey"

func document(id string) freshet.Document { return freshet.Document{Kind: keyKind, Key: id} }

// Key is an API key, without its secret.
type Key struct {
	ID      string          // empty for a fixed one
	Name    string          // 1 to 64 printable characters
	Created time.Time       // in UTC; zero for a fixed one
	Expires time.Time       // in UTC; zero: never
	Scopes  []freshet.Scope // what its holder may do at most; none: whatever the rules allow
	Groups  []string        // its holder comes in as a member of these and by no other rule; none: by those for apiKey
	By      string          // the name of the identity that had it made; empty: the operator
	Fixed   bool            // given by the operator at start; not stored
}

// Live tells whether the key has not expired.
func (k *Key) Live(now time.Time) bool { return k.Expires.IsZero() || now.Before(k.Expires) }

// Ref names the key among all: its id, or of a fixed one "fixed NAME".
func (k *Key) Ref() string {
	if k.Fixed {
		return "fixed " + k.Name
	}
	return k.ID
}

// secretHash is the SHA-256 of a secret. A secret that Create makes has 192 random bits, which nobody can
// guess from a fast hash; a slow one, as passwords need, would only slow down each request.
type secretHash [sha256.Size]byte

// Keys is the server's API keys, all of them in memory. Only this process may write their records while it
// runs.
type Keys struct {
	documents freshet.Documents
	now       func() time.Time

	mu       sync.RWMutex
	keys     map[secretHash]Key
	creating map[string]bool // names of keys that are being stored
	revoked  []func(identity string)
	used     []func(ref string)
}

// storedKey is the record of a key, under its id.
type storedKey struct {
	Name    string          `json:"name"`
	Created time.Time       `json:"created"`
	Expires time.Time       `json:"expires,omitzero"`
	Scopes  []freshet.Scope `json:"scopes,omitempty"`
	Groups  []string        `json:"groups,omitempty"`
	By      string          `json:"by,omitempty"`
	Hash    []byte          `json:"hash"`
}

const (
	secretPrefix = "fk_" // lets scanners for leaked secrets know one
	minSecret    = 8     // characters of a fixed key
	maxSecret    = 256   // bytes
	maxName      = 64    // characters
	maxGroups    = 100
	maxGroup     = 256 // bytes
)

// OpenKeys reads the keys.
func OpenKeys(ctx context.Context, documents freshet.Documents, now func() time.Time) (*Keys, error) {
	k := &Keys{documents: documents, now: now, keys: make(map[secretHash]Key), creating: make(map[string]bool)}
	err := documents.Under(ctx, keyKind, "", func(id string, body []byte) error {
		var stored storedKey
		if err := json.Unmarshal(body, &stored); err != nil {
			return fmt.Errorf("key %s: %w", id, err)
		}
		if len(stored.Hash) != sha256.Size {
			return fmt.Errorf("key %s: the hash has %d bytes", id, len(stored.Hash))
		}
		k.keys[secretHash(stored.Hash)] = Key{
			ID: id, Name: stored.Name, Created: stored.Created, Expires: stored.Expires, Scopes: stored.Scopes, Groups: stored.Groups, By: stored.By,
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read API keys: %w", err)
	}
	return k, nil
}

// Create adds a key of a name; a zero expires stands for never.
func (k *Keys) Create(ctx context.Context, name string, expires time.Time, scopes ...freshet.Scope) (Key, string, error) {
	return k.Add(ctx, Key{Name: name, Expires: expires, Scopes: scopes})
}

// Add gives a key its id, its time and a secret, and stores it. The secret is given this once and cannot be had
// again. Whether a schema has what the scopes name is for the caller to see. Errors: invalid for the name, the
// groups and the time, conflict when a live key has the name.
func (k *Keys) Add(ctx context.Context, key Key) (Key, string, error) {
	key.ID, key.Created, key.Fixed = strings.ToLower(rand.Text()[:8]), k.now().UTC().Truncate(time.Millisecond), false
	if err := key.check(); err != nil {
		return Key{}, "", err
	}
	if err := k.reserve(key.Name); err != nil {
		return Key{}, "", err
	}
	defer k.release(key.Name)
	if !key.Expires.IsZero() {
		key.Expires = key.Expires.UTC()
	}
	secret := newSecret()
	hash := hashOf(secret)
	stored := storedKey{
		Name: key.Name, Created: key.Created, Expires: key.Expires, Scopes: key.Scopes, Groups: key.Groups, By: key.By, Hash: hash[:],
	}
	if err := freshet.PutDocument(ctx, k.documents, document(key.ID), stored); err != nil {
		return Key{}, "", fmt.Errorf("store API key %q: %w", key.Name, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[hash] = key
	return key, secret, nil
}

// AddFixed lets in whoever has a secret that the operator chose, until the process ends.
func (k *Keys) AddFixed(name, secret string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(secret); n < minSecret || len(secret) > maxSecret {
		return freshet.Errorf(freshet.Invalid, "the fixed API key has %d characters; write %d at least and %d at most", n, minSecret, maxSecret)
	}
	if err := k.reserve(name); err != nil {
		return err
	}
	defer k.release(name)
	k.mu.Lock()
	defer k.mu.Unlock()
	hash := hashOf(secret)
	if _, taken := k.keys[hash]; taken {
		return freshet.Errorf(freshet.Conflict, "another API key has the secret of the fixed one; write another")
	}
	k.keys[hash] = Key{Name: name, Fixed: true}
	return nil
}

// List gives the keys, fixed ones first, then by age; expired ones are among them.
func (k *Keys) List() []Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	list := make([]Key, 0, len(k.keys))
	for _, key := range k.keys {
		list = append(list, key)
	}
	slices.SortFunc(list, func(a, b Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// Revoke takes a key away, and tells whether there was one. A fixed key has no id and stays.
func (k *Keys) Revoke(ctx context.Context, id string) (bool, error) {
	hash, found := k.hashByID(id)
	if !found {
		return false, nil
	}
	// The record goes first: a key that was said to be revoked does not come back with a restart.
	if err := freshet.RemoveDocuments(ctx, k.documents, document(id)); err != nil {
		return false, fmt.Errorf("revoke API key %s: %w", id, err)
	}
	k.mu.Lock()
	key, found := k.keys[hash]
	delete(k.keys, hash)
	functions := k.revoked
	k.mu.Unlock()
	if found {
		for _, f := range functions {
			f(identityName(key.Name))
		}
	}
	return found, nil
}

// OnRevoke has a function called with the name of the identity whose key was revoked, after that is stored. It
// must not hold up its caller.
func (k *Keys) OnRevoke(f func(identity string)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.revoked = append(k.revoked, f)
}

// OnUse has a function called with the Ref of a key whenever it has let somebody in. It must not hold up its caller.
func (k *Keys) OnUse(f func(ref string)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used = append(k.used, f)
}

func identityName(key string) string { return "key " + key }

// Check gives the identity that a secret proves. Any other secret gives an error with the code
// unauthenticated.
func (k *Keys) Check(secret string) (freshet.Identity, error) {
	key, err := k.find(secret)
	if err != nil {
		return freshet.Identity{}, err
	}
	k.use(key)
	return key.identity(), nil
}

// find gives the key that has a secret, as long as it has not expired. It looks up by hash: how long that takes says
// something about hashes, which a caller cannot choose, and nothing about secrets.
func (k *Keys) find(secret string) (key Key, err error) {
	found := false
	if len(secret) <= maxSecret {
		hash := hashOf(secret)
		k.mu.RLock()
		key, found = k.keys[hash]
		k.mu.RUnlock()
	}
	if !found {
		return Key{}, freshet.Errorf(freshet.Unauthenticated, "the API key is not known, or was revoked")
	}
	if !key.Live(k.now()) {
		return Key{}, freshet.Errorf(freshet.Unauthenticated, "the API key has expired")
	}
	return key, nil
}

// use tells that a key has let somebody in.
func (k *Keys) use(key Key) {
	k.mu.RLock()
	functions := k.used
	k.mu.RUnlock()
	for _, f := range functions {
		f(key.Ref())
	}
}

func (k *Key) identity() freshet.Identity {
	id := freshet.Identity{Name: identityName(k.Name), Providers: []freshet.Provider{freshet.APIKey}, Scopes: k.Scopes}
	if len(k.Groups) > 0 {
		id.Providers, id.Claims = []freshet.Provider{freshet.GroupKey}, map[string]any{freshet.GroupsClaim: k.Groups}
	}
	return id
}

// reserve keeps a name for a key that is being made; release gives it free.
func (k *Keys) reserve(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	taken := k.creating[name]
	for _, key := range k.keys {
		taken = taken || key.Name == name && key.Live(k.now())
	}
	if taken {
		return freshet.Errorf(freshet.Conflict, "there is an API key named %q; revoke it, or choose another name", name)
	}
	k.creating[name] = true
	return nil
}

func (k *Keys) release(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.creating, name)
}

func (k *Keys) hashByID(id string) (secretHash, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for hash, key := range k.keys {
		if key.ID == id && !key.Fixed {
			return hash, true
		}
	}
	return secretHash{}, false
}

// check tells what is wrong with a key that is to be made.
func (k *Key) check() error {
	if err := checkName(k.Name); err != nil {
		return err
	}
	if !k.Expires.IsZero() && !k.Live(k.Created) {
		return freshet.Errorf(freshet.Invalid, "the API key would expire at %s, which has passed", k.Expires.UTC().Format(time.RFC3339))
	}
	if len(k.Groups) > maxGroups {
		return freshet.Errorf(freshet.Invalid, "the API key has %d groups; give %d at most", len(k.Groups), maxGroups)
	}
	for _, group := range k.Groups {
		if group == "" || len(group) > maxGroup || !utf8.ValidString(group) {
			return freshet.Errorf(freshet.Invalid, "a group of an API key is a name of 1 to %d bytes", maxGroup)
		}
	}
	return nil
}

func checkName(name string) error {
	notPrintable := func(r rune) bool { return !unicode.IsPrint(r) }
	n := utf8.RuneCountInString(name)
	if n == 0 || n > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, notPrintable) || strings.TrimSpace(name) != name {
		return freshet.Errorf(freshet.Invalid, "an API key's name has 1 to %d printable characters, and no space at its ends", maxName)
	}
	return nil
}

func newSecret() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // it cannot go wrong: without randomness the process ends
	return secretPrefix + base64.RawURLEncoding.EncodeToString(b)
}

func hashOf(secret string) secretHash { return sha256.Sum256([]byte(secret)) }
