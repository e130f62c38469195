package accounts

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"freshet"
)

const (
	rsaBits = 2048
	// publishAhead is how long a key is to be seen in the key set before it signs, so that those who keep the set
	// for a while know it.
	publishAhead = time.Hour
	// rereadWait bounds how often a token with a key id that is not known has the store read.
	rereadWait = 5 * time.Second
)

// signingKeys is the keys that tokens are signed with, the same for all servers of the pool. The newest that may
// sign does; an older one verifies until the last token that it signed has expired.
type signingKeys struct {
	pool     *Pool
	now      func() time.Time
	rotation time.Duration
	life     time.Duration // of the tokens

	mu   sync.RWMutex
	list []*signingKey // by time
	read time.Time

	making sync.Mutex // held while a key is made; the others go on with what there is
}

type signingKey struct {
	id      string
	from    time.Time // when it begins to sign
	header  string    // of its tokens
	private *rsa.PrivateKey
}

// storedKey is a key in the one document that holds them all.
type storedKey struct {
	ID     string    `json:"id"`
	From   time.Time `json:"from"`
	Sealed []byte    `json:"sealed"` // PKCS #8
}

var keysDocument = freshet.Document{Kind: kindKeys, Key: "signing"}

// open reads the keys, and makes the first one.
func (k *signingKeys) open(ctx context.Context) error {
	if err := k.reread(ctx); err != nil {
		return err
	}
	if _, err := k.signing(); err != nil {
		return k.add(ctx, 0)
	}
	return nil
}

// current gives the key to sign with, and makes the next one when its time comes near.
func (k *signingKeys) current(ctx context.Context) (*signingKey, error) {
	ahead := k.ahead()
	k.mu.RLock()
	due := len(k.list) == 0 || !k.now().Before(k.list[len(k.list)-1].from.Add(k.rotation-ahead))
	stale := k.now().Sub(k.read) > time.Minute // another server may have made one
	k.mu.RUnlock()
	if due && k.making.TryLock() {
		err := k.add(context.WithoutCancel(ctx), ahead)
		k.making.Unlock()
		if err != nil {
			return nil, err
		}
	} else if stale {
		if err := k.reread(ctx); err != nil {
			return nil, err
		}
	}
	return k.signing()
}

// ahead is how long before it signs a key is made.
func (k *signingKeys) ahead() time.Duration { return min(publishAhead, k.rotation/10) }

// signing gives the newest key that may sign; where the clock was ahead when they were made, the oldest.
func (k *signingKeys) signing() (*signingKey, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range slices.Backward(k.list) {
		if !k.now().Before(key.from) {
			return key, nil
		}
	}
	if len(k.list) == 0 {
		return nil, freshet.Errorf(freshet.Unavailable, "there is no key to sign tokens with")
	}
	return k.list[0], nil
}

// add makes and stores a key that signs after a while, unless another server was faster.
func (k *signingKeys) add(ctx context.Context, after time.Duration) error {
	newest := k.newest()
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	id := rand.Text()
	err = k.pool.update(ctx, []freshet.Document{keysDocument}, func(e *edit) error {
		var stored []storedKey
		e.get(keysDocument, &stored)
		if len(stored) > 0 && stored[len(stored)-1].ID != newest {
			return nil
		}
		now := k.now().UTC()
		kept := stored[:0]
		for i, key := range stored {
			if i == len(stored)-1 || now.Before(stored[i+1].From.Add(k.life)) {
				kept = append(kept, key)
			}
		}
		sealed := seal(k.pool.secrets.rest, plain, "signing key", id)
		e.put(keysDocument, append(kept, storedKey{ID: id, From: now.Add(after), Sealed: sealed}))
		return nil
	})
	if err != nil {
		return fmt.Errorf("store a signing key: %w", err)
	}
	return k.reread(ctx)
}

func (k *signingKeys) newest() string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if len(k.list) == 0 {
		return ""
	}
	return k.list[len(k.list)-1].id
}

// reread takes over what is stored.
func (k *signingKeys) reread(ctx context.Context) error {
	var stored []storedKey
	if _, err := k.pool.documents.Get(ctx, keysDocument, &stored); err != nil {
		return fmt.Errorf("read the signing keys: %w", err)
	}
	list := make([]*signingKey, 0, len(stored))
	for _, s := range stored {
		key, err := k.known(s)
		if err != nil {
			return fmt.Errorf("read the signing key %s: %w", s.ID, err)
		}
		list = append(list, key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list, k.read = list, k.now()
	return nil
}

// known gives a stored key, which need not be opened twice.
func (k *signingKeys) known(s storedKey) (*signingKey, error) {
	if key := k.find(tokenHeader(s.ID)); key != nil {
		return key, nil
	}
	plain, err := k.pool.secrets.open(s.Sealed, "signing key", s.ID)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("it is a %T", parsed)
	}
	return &signingKey{id: s.ID, from: s.From, header: tokenHeader(s.ID), private: private}, nil
}

func (k *signingKeys) find(header string) *signingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.list {
		if key.header == header {
			return key
		}
	}
	return nil
}

// verifying gives the key whose tokens have a header, if it may still verify.
func (k *signingKeys) verifying(ctx context.Context, header string) (*signingKey, error) {
	key := k.find(header)
	if key == nil {
		k.mu.RLock()
		lately := k.now().Sub(k.read) < rereadWait
		k.mu.RUnlock()
		if !lately {
			if err := k.reread(ctx); err != nil {
				return nil, err
			}
			key = k.find(header)
		}
	}
	if key == nil || !slices.Contains(k.valid(), key) {
		return nil, errInvalidToken
	}
	return key, nil
}

// valid gives the keys with which a token that has not expired may be signed, now or soon.
func (k *signingKeys) valid() []*signingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var list []*signingKey
	for i, key := range k.list {
		if i == len(k.list)-1 || k.now().Before(k.list[i+1].from.Add(k.life)) {
			list = append(list, key)
		}
	}
	return list
}

// JWKS gives the public keys as a JSON Web Key Set.
func (p *Pool) JWKS(ctx context.Context) ([]byte, error) {
	if _, err := p.keys.current(ctx); err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	for _, key := range p.keys.valid() {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.private.Public(), KeyID: key.id, Algorithm: string(jose.RS256), Use: "sig"})
	}
	return json.Marshal(set)
}

// RotateSigningKey makes a key that signs from now on. The old ones verify until their tokens expire.
func (p *Pool) RotateSigningKey(ctx context.Context, c Caller) (err error) {
	defer func() { p.record(ctx, c, "RotateSigningKey", "", OutcomeOK, err) }()
	p.keys.making.Lock()
	defer p.keys.making.Unlock()
	if err := p.keys.reread(ctx); err != nil {
		return err
	}
	return p.keys.add(ctx, 0)
}
