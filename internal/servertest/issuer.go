package servertest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer gives tokens to users.
type Issuer struct {
	signer jose.Signer
	keys   string // the file of its public keys
}

const (
	issuerURL = "https://issuer.test"
	clientID  = "web"
)

// NewIssuer makes an issuer with a key of its own, whose public part it puts into a directory.
func NewIssuer(dir string) (*Issuer, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	const id = "test"
	keys := filepath.Join(dir, "jwks.json")
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: id, Algorithm: string(jose.EdDSA), Use: "sig"}}})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(keys, set, 0o600); err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: private, KeyID: id}}, nil)
	return &Issuer{signer, keys}, err
}

// Flag gives the value of --oidc by which a server believes the tokens, as those of its own user pool. It has to be one
// where nobody can sign up.
func (is *Issuer) Flag() string {
	return "issuer=" + issuerURL + ",jwks=" + is.keys + ",client_id=" + clientID + ",provider=userPools"
}

// Token gives a token of a user, good for some time.
func (is *Issuer) Token(user string, good time.Duration, groups ...string) (string, error) {
	claims, err := json.Marshal(map[string]any{
		"iss": issuerURL, "aud": clientID, "sub": user, "username": user, "cognito:groups": groups, "exp": time.Now().Add(good).Unix(),
	})
	if err != nil {
		return "", err
	}
	signed, err := is.signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
