package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// sealer makes what a browser carries for this server, which it can neither read nor change.
type sealer struct {
	secret []byte
	now    func() time.Time
}

const (
	sealSalt  = 16
	maxSealed = 16 << 10 // bytes
)

type sealed struct {
	Expires time.Time       `json:"expires"`
	Value   json.RawMessage `json:"value"`
}

// seal encrypts a value for one use, until its time has passed.
func (s sealer) seal(use string, value any, life time.Duration) string {
	inner, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts
	}
	body, err := json.Marshal(sealed{Expires: s.now().Add(life), Value: inner})
	if err != nil {
		panic(err)
	}
	salt := make([]byte, sealSalt)
	_, _ = rand.Read(salt) // it cannot go wrong: without randomness the process ends
	return base64.RawURLEncoding.EncodeToString(s.aead(use, salt).Seal(salt, nil, body, nil))
}

// open tells whether a text was sealed here for the use and holds still.
func (s sealer) open(use, text string, value any) bool {
	if len(text) > maxSealed {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < sealSalt {
		return false
	}
	body, err := s.aead(use, raw[:sealSalt]).Open(nil, nil, raw[sealSalt:], nil)
	if err != nil {
		return false
	}
	var outer sealed
	return json.Unmarshal(body, &outer) == nil && s.now().Before(outer.Expires) && json.Unmarshal(outer.Value, value) == nil
}

// aead has a key of its own for each text: random nonces of 96 bits under one key are safe for some 2^32 texts
// only.
func (s sealer) aead(use string, salt []byte) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, s.secret, salt, "freshet oauth: "+use, sha256.Size)
	if err != nil {
		panic(err) // the size is a constant below HKDF's limit
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return gcm
}
