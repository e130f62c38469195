package accounts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// secrets is the keys that come of the server's secret, one for each use. What is sealed or hashed with
// them is worth nothing to one who has the store only.
type secrets struct {
	rest    []byte // seals what lies in the store
	tickets []byte // seals what callers carry from step to step
	codes   []byte // hashes codes and refresh tokens
	ghosts  []byte // makes up what users who do not exist look like
}

func newSecrets(secret []byte) *secrets {
	subkey := func(use string) []byte { return derive(secret, "freshet accounts: "+use, sha256.Size) }
	return &secrets{rest: subkey("rest"), tickets: subkey("tickets"), codes: subkey("codes"), ghosts: subkey("ghosts")}
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
