package accounts

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Tokens are in the compact form of JWS (RFC 7515), signed with RS256. All that a key signs has the same header, to
// the byte: so that text finds the key, and no algorithm that a token asks for is ever looked at.

var tokenText = base64.RawURLEncoding.Strict()

// tokenHeader is that of the tokens of a key.
func tokenHeader(keyID string) string {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "kid": keyID, "typ": "JWT"})
	if err != nil {
		panic(err) // texts
	}
	return tokenText.EncodeToString(header)
}

func (k *signingKey) sign(claims map[string]any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := k.header + "." + tokenText.EncodeToString(body)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return signed + "." + tokenText.EncodeToString(signature), nil
}

// verify gives the body of a token that has the key's header, and whether the key signed it.
func (k *signingKey) verify(token string) (body []byte, right bool) {
	end := strings.LastIndexByte(token, '.')
	if end <= len(k.header) {
		return nil, false
	}
	signed := token[:end]
	signature, err := tokenText.DecodeString(token[end+1:])
	if err != nil {
		return nil, false
	}
	digest := sha256.Sum256([]byte(signed))
	if rsa.VerifyPKCS1v15(&k.private.PublicKey, crypto.SHA256, digest[:], signature) != nil {
		return nil, false
	}
	body, err = tokenText.DecodeString(signed[len(k.header)+1:])
	return body, err == nil
}
