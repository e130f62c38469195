// Package accesskey proves who signed a request, in the dialect of AWS Signature Version 4.
//
// Its invariant: an identity leaves it only for a request of which every signed part, re-signed here with the
// secret of a key that is live now, gives the same signature; the secret itself never travels and lies in the
// store only sealed. What the identity may do is for the schema's rules to say. It stands at the door, before
// anything else looks at a request.
//
// Verifier is what a door uses. Keys are the permanent ones, made by the operator, and the temporary ones
// that users and guests of an identity pool are given: those are not stored at all.
package accesskey

import (
	"cmp"
	"context"
	"crypto/rand"
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

const keyKind = "_accesskey"

func document(id string) freshet.Document { return freshet.Document{Kind: keyKind, Key: id} }

// Key is a permanent access key, without its secret.
type Key struct {
	ID      string    `json:"id"`               // FKIA and 16 letters and digits
	Name    string    `json:"name"`             // 1 to 64 printable characters
	Admin   bool      `json:"admin,omitempty"`  // may do what an administrator may
	Created time.Time `json:"created"`          // in UTC
	Expires time.Time `json:"expires,omitzero"` // in UTC; zero: never
	Revoked time.Time `json:"revoked,omitzero"` // in UTC; zero: it is not
}

// Live tells whether the key is good at a time.
func (k *Key) Live(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// storedKey is the record of a key, under its id. The secret of a revoked one is gone.
type storedKey struct {
	Key
	Secret []byte `json:"secret,omitempty"` // sealed, bound to the id
}

const (
	permanentPrefix = "FKIA" // as AWS has AKIA: scanners for leaked secrets can know one
	temporaryPrefix = "FSIA"
	idLength        = 20
	secretLength    = 40
	maxName         = 64 // characters
)

// Keys makes and finds access keys. It holds none in memory: a key that was revoked, by whatever process,
// is refused from then on.
type Keys struct {
	documents freshet.Documents
	seals     seals
	now       func() time.Time
	creating  sync.Mutex // one at a time, so that no two live keys get one name

	mu      sync.Mutex
	revoked []func(identity string)
	used    []func(id string)
}

// New makes Keys over stored records. serverKey has 32 bytes at least and lies outside the store: with
// another one no key opens any more, unless the one that it was sealed with is among the former ones.
func New(documents freshet.Documents, serverKey []byte, now func() time.Time, former ...[]byte) (*Keys, error) {
	seals, err := newSeals(serverKey, former)
	if err != nil {
		return nil, err
	}
	return &Keys{documents: documents, seals: seals, now: now}, nil
}

// Create makes and stores a key; a zero expires stands for never. The secret is given this once. Errors:
// invalid for the name and the time, conflict when a live key has the name.
func (k *Keys) Create(ctx context.Context, name string, expires time.Time, admin bool) (Key, string, error) {
	k.creating.Lock()
	defer k.creating.Unlock()
	now := k.now().UTC().Truncate(time.Millisecond)
	if err := checkName(name); err != nil {
		return Key{}, "", err
	}
	if !expires.IsZero() && !expires.After(now) {
		return Key{}, "", freshet.Errorf(freshet.Invalid, "the access key would expire at %s, which has passed", expires.UTC().Format(time.RFC3339))
	}
	all, err := k.List(ctx)
	if err != nil {
		return Key{}, "", err
	}
	if slices.ContainsFunc(all, func(other Key) bool { return other.Name == name && other.Live(now) }) {
		return Key{}, "", freshet.Errorf(freshet.Conflict, "there is an access key named %q; revoke it, or choose another name", name)
	}
	key := Key{ID: newID(permanentPrefix), Name: name, Admin: admin, Created: now}
	if !expires.IsZero() {
		key.Expires = expires.UTC()
	}
	secret := newSecret()
	stored := storedKey{Key: key, Secret: k.seals.secret.Seal(nil, nil, []byte(secret), []byte(key.ID))}
	err = freshet.PutDocument(ctx, k.documents, document(key.ID), stored)
	if err != nil {
		return Key{}, "", fmt.Errorf("store access key %q: %w", name, err)
	}
	return key, secret, nil
}

// List gives all keys, oldest first; expired and revoked ones are among them.
func (k *Keys) List(ctx context.Context) ([]Key, error) {
	var list []Key
	err := k.documents.Under(ctx, keyKind, permanentPrefix, func(id string, body []byte) error {
		var stored storedKey
		if err := json.Unmarshal(body, &stored); err != nil {
			return fmt.Errorf("access key %s: %w", id, err)
		}
		list = append(list, stored.Key)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read access keys: %w", err)
	}
	slices.SortFunc(list, func(a, b Key) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// Revoke ends a key for good and forgets its secret. It tells whether there was a key to end.
func (k *Keys) Revoke(ctx context.Context, id string) (found bool, err error) {
	name := ""
	err = k.documents.Update(ctx, []freshet.Document{document(id)}, func(bodies [][]byte) ([][]byte, error) {
		found = false
		if bodies[0] == nil {
			return bodies, nil
		}
		var stored storedKey
		if err := json.Unmarshal(bodies[0], &stored); err != nil {
			return nil, err
		}
		if !stored.Revoked.IsZero() {
			return bodies, nil
		}
		found, name = true, stored.Name
		stored.Revoked, stored.Secret = k.now().UTC().Truncate(time.Millisecond), nil
		body, err := json.Marshal(stored)
		return [][]byte{body}, err
	})
	if err != nil {
		return false, fmt.Errorf("revoke access key %s: %w", id, err)
	}
	if found {
		k.tell(&k.revoked, identityName(name))
	}
	return found, nil
}

// Lookup finds a key by its id, be it live or not. Errors: not_found.
func (k *Keys) Lookup(ctx context.Context, id string) (Key, error) {
	stored, found, err := k.stored(ctx, id)
	if err != nil {
		return Key{}, err
	}
	if !found {
		return Key{}, freshet.Errorf(freshet.NotFound, "there is no access key %.32q", id)
	}
	return stored.Key, nil
}

func (k *Keys) stored(ctx context.Context, id string) (storedKey, bool, error) {
	if !isID(id, permanentPrefix) {
		return storedKey{}, false, nil
	}
	var stored storedKey
	found, err := k.documents.Get(ctx, document(id), &stored)
	if err != nil {
		return storedKey{}, false, fmt.Errorf("read access key %s: %w", id, err)
	}
	return stored, found, nil
}

// permanent finds a live key and its secret.
func (k *Keys) permanent(ctx context.Context, id string) (credential, error) {
	stored, found, err := k.stored(ctx, id)
	if err != nil {
		return credential{}, err
	}
	if !found || !stored.Revoked.IsZero() {
		return credential{}, refuse(UnknownKey, "the access key is not known, or was revoked")
	}
	if !stored.Live(k.now()) {
		return credential{}, refuse(Expired, "the access key has expired")
	}
	secret, err := k.seals.open(stored.Secret, id)
	if err != nil {
		return credential{}, fmt.Errorf("open the secret of access key %s: the server's key is not the one it was sealed with: %w", id, err)
	}
	return credential{
		secret: string(secret), expires: stored.Expires,
		identity: freshet.Identity{
			Name: identityName(stored.Name), Providers: []freshet.Provider{freshet.IAM},
			Claims: map[string]any{"admin": stored.Admin},
		},
	}, nil
}

func identityName(key string) string { return "access key " + key }

// credential is what a request is checked with, and whom it proves.
type credential struct {
	secret   string
	expires  time.Time // zero: never
	identity freshet.Identity
}

func checkName(name string) error {
	notPrintable := func(r rune) bool { return !unicode.IsPrint(r) }
	n := utf8.RuneCountInString(name)
	if n == 0 || n > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, notPrintable) || strings.TrimSpace(name) != name {
		return freshet.Errorf(freshet.Invalid, "an access key's name has 1 to %d printable characters, and no space at its ends", maxName)
	}
	return nil
}

// newID has 80 random bits.
func newID(prefix string) string { return prefix + rand.Text()[:idLength-len(prefix)] }

func isID(id, prefix string) bool {
	return len(id) == idLength && strings.HasPrefix(id, prefix) && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '2' || r > '7')
	})
}

// newSecret has 240 random bits.
func newSecret() string {
	b := make([]byte, secretLength*3/4)
	_, _ = rand.Read(b) // it cannot go wrong: without randomness the process ends
	return base64.RawURLEncoding.EncodeToString(b)
}
