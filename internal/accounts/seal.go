package accounts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
)

// secrets is the keys that come of the server's secret, one for each use. What is sealed or hashed with
// them is worth nothing to one who has the store only.
type secrets struct {
	rest    []byte // seals what lies in the store
	tickets []byte // seals what callers carry from step to step
	codes   []byte // hashes codes and refresh tokens
	ghosts  []byte // makes up what users who do not exist look like

	// former are those of the secrets before. They read what lies in the store, and make nothing; what a caller
	// carries is not believed for them, as whoever has such a secret can make it.
	former []*secrets
}

// newSecrets makes the keys of the secret of now and of those before.
func newSecrets(secret []byte, former ...[]byte) *secrets {
	subkey := func(use string) []byte { return derive(secret, "freshet accounts: "+use, sha256.Size) }
	s := &secrets{rest: subkey("rest"), tickets: subkey("tickets"), codes: subkey("codes"), ghosts: subkey("ghosts")}
	for _, secret := range former {
		s.former = append(s.former, newSecrets(secret))
	}
	return s
}

// open opens what lies sealed in the store.
func (s *secrets) open(sealed []byte, bound ...string) ([]byte, error) {
	plain, err := open(s.rest, sealed, bound...)
	for i := 0; err != nil && i < len(s.former); i++ {
		plain, err = open(s.former[i].rest, sealed, bound...)
	}
	return plain, err
}

// hash makes what is kept of a code or a token in the store.
func (s *secrets) hash(parts ...string) []byte { return mac(s.codes, parts...) }

// hashed tells whether a hash, or the beginning of one, is that of the parts.
func (s *secrets) hashed(hash []byte, parts ...string) bool {
	if full := s.hash(parts...); len(hash) > 0 && hmac.Equal(hash, full[:min(len(hash), len(full))]) {
		return true
	}
	return slices.ContainsFunc(s.former, func(f *secrets) bool { return f.hashed(hash, parts...) })
}

// derive stretches a key with many random bits to as many bytes as are asked for.
func derive(key []byte, use string, size int) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, use, size)
	if err != nil {
		panic(err) // the size is a constant below HKDF's limit
	}
	return out
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		// Each part behind its length, so that no two lists of parts are the same text.
		h.Write([]byte{byte(len(part) >> 24), byte(len(part) >> 16), byte(len(part) >> 8), byte(len(part))})
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

const (
	sealVersion = 1
	sealSalt    = 16
)

// seal encrypts with AES-256-GCM, under a key of its own for each text: random nonces of 96 bits under one
// key are safe for some 2^32 texts only. bound is what the text belongs to; it has to be given again to
// open it.
func seal(key, plain []byte, bound ...string) []byte {
	out := make([]byte, 1+sealSalt, 1+sealSalt+len(plain)+28)
	out[0] = sealVersion
	_, _ = rand.Read(out[1:]) // it cannot go wrong: without randomness the process ends
	return aead(key, out).Seal(out, nil, plain, boundTo(bound))
}

var errSealed = errors.New("what was sealed cannot be opened: it was changed, or belongs elsewhere, or the server's secret is another one")

func open(key, sealed []byte, bound ...string) ([]byte, error) {
	if len(sealed) < 1+sealSalt || sealed[0] != sealVersion {
		return nil, errSealed
	}
	plain, err := aead(key, sealed).Open(nil, nil, sealed[1+sealSalt:], boundTo(bound))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

func aead(key, sealed []byte) cipher.AEAD {
	block, err := aes.NewCipher(mac(key, string(sealed[:1+sealSalt])))
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

func boundTo(parts []string) []byte { return mac(nil, parts...) }
