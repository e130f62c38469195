package accesskey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"

	"freshet"
)

const minServerKey = 32 // bytes

// seals are the keys that the server's key gives, one for each use, so that what one of them makes can never
// be taken for another's.
type seals struct {
	secret  cipher.AEAD   // of stored secrets
	former  []cipher.AEAD // that open what was sealed before; what a caller carries they do not
	session cipher.AEAD   // of session tokens
	derive  []byte        // secrets of temporary credentials
}

func newSeals(serverKey []byte, former [][]byte) (s seals, err error) {
	for i, key := range append([][]byte{serverKey}, former...) {
		if len(key) < minServerKey {
			return s, freshet.Errorf(freshet.Invalid, "the server's key for access keys has %d bytes; it needs %d", len(key), minServerKey)
		}
		secret, err := newAEAD(key, "freshet access key secret")
		if err != nil {
			return s, err
		}
		if i == 0 {
			s.secret = secret
		} else {
			s.former = append(s.former, secret)
		}
	}
	if s.session, err = newAEAD(serverKey, "freshet session token"); err != nil {
		return s, err
	}
	s.derive, err = hkdf.Key(sha256.New, serverKey, nil, "freshet temporary secret", 32)
	return s, err
}

// open opens the secret of a key.
func (s *seals) open(sealed []byte, id string) ([]byte, error) {
	plain, err := s.secret.Open(nil, nil, sealed, []byte(id))
	for i := 0; err != nil && i < len(s.former); i++ {
		plain, err = s.former[i].Open(nil, nil, sealed, []byte(id))
	}
	return plain, err
}

// newAEAD makes AES-256-GCM that puts a random nonce before what it seals. That is safe for 2^32 seals of one
// key: a thousand session tokens a second for seven weeks reach it, so a busier pool wants its server key
// changed sooner.
func newAEAD(serverKey []byte, use string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, serverKey, nil, use, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
