package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"
)

const (
	issuer   = "http://bench"
	clientID = "bench"
)

// signer is an issuer of tokens that Freshet is told to believe.
type signer struct{ key *rsa.PrivateKey }

func newSigner() (*signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	return &signer{key: key}, err
}

// keySet gives the public key as a JSON Web Key Set.
func (s *signer) keySet() []byte {
	return encode(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench",
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
	}}})
}

func (s *signer) token(user string, expires time.Time) (string, error) {
	head := encode(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "bench"})
	claims := encode(map[string]any{
		"iss": issuer, "aud": clientID, "client_id": clientID, "azp": clientID, "sub": user,
		"iat": time.Now().Unix(), "exp": expires.Unix(),
	})
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// encode writes values that have a form in JSON.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
