// Package passkeytest is an authenticator in software, with the browser before it, for the tests of those who take
// passkeys. What it is told to do wrong it does, where a true one would not.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Passkey is one passkey, and the page that it is used on.
type Passkey struct {
	ID         []byte // of the credential
	Origin     string // of the page
	Domain     string // that it is for; empty: the one that the server names
	User       []byte // handle; that of its creation
	Counter    uint32 // of the signature before; each adds 1
	Synced     bool   // it is on several devices, and does not count
	Unverified bool   // it asks for no PIN and no finger
	Forged     bool   // it signs something else
	Attested   bool   // it says who made it, which does not hold

	key  crypto.Signer
	cose map[int]any // the public key
}

// NewES256 makes a passkey with an elliptic curve, as most are.
func NewES256(origin string) *Passkey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	point, err := key.PublicKey.Bytes()
	must(err)
	return &Passkey{ID: random(32), Origin: origin, key: key, cose: map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}}
}

// NewRS256 makes one with RSA, as Windows does.
func NewRS256(origin string) *Passkey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	exponent := binary.BigEndian.AppendUint32(nil, uint32(key.E))[1:]
	return &Passkey{ID: random(32), Origin: origin, key: key, cose: map[int]any{1: 3, 3: -257, -1: key.N.Bytes(), -2: exponent}}
}

// Swell gives a passkey with RSA a public key of another size; sums with a large one take long.
func (k *Passkey) Swell(size int) { k.cose[-1] = random(size) }

// options are those members of a server's options that count here, of a registration or of a sign-in.
type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
}

// Create answers PublicKeyCredentialCreationOptions, in their JSON form, with a RegistrationResponseJSON.
func (k *Passkey) Create(creation []byte) []byte {
	o := read(creation)
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	must(err)
	k.User = handle
	cose, err := webauthncbor.Marshal(k.cose)
	must(err)
	data := k.data(o.RP.ID, 0x40) // a credential follows
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID)))
	data = append(append(data, k.ID...), cose...)
	format, statement := "none", map[string]any{}
	if k.Attested {
		format, statement = "packed", map[string]any{"alg": -7, "sig": random(70)}
	}
	object, err := webauthncbor.Marshal(map[string]any{"fmt": format, "attStmt": statement, "authData": data})
	must(err)
	return k.answer(map[string]any{
		"clientDataJSON": text(k.client("webauthn.create", o.Challenge)), "attestationObject": text(object), "transports": []string{"internal"},
	})
}

// Sign answers PublicKeyCredentialRequestOptions, in their JSON form, with an AuthenticationResponseJSON.
func (k *Passkey) Sign(request []byte) []byte {
	o := read(request)
	if !k.Synced {
		k.Counter++
	}
	data, client := k.data(o.RPID, 0), k.client("webauthn.get", o.Challenge)
	hash := sha256.Sum256(client)
	signed := append([]byte(nil), data...)
	if signed = append(signed, hash[:]...); k.Forged {
		signed[0]++
	}
	digest := sha256.Sum256(signed)
	signature, err := k.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	must(err)
	return k.answer(map[string]any{
		"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(k.User),
	})
}

// data is what an authenticator says beside its signature.
func (k *Passkey) data(domain string, flags byte) []byte {
	if k.Domain != "" {
		domain = k.Domain
	}
	flags |= 0x01 // somebody is there
	if !k.Unverified {
		flags |= 0x04
	}
	if k.Synced {
		flags |= 0x18
	}
	hash := sha256.Sum256([]byte(domain))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.Counter)
}

func (k *Passkey) client(kind, challenge string) []byte {
	return encode(map[string]any{"type": kind, "challenge": challenge, "origin": k.Origin, "crossOrigin": false})
}

func (k *Passkey) answer(response map[string]any) []byte {
	return encode(map[string]any{
		"id": text(k.ID), "rawId": text(k.ID), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{"credProps": map[string]any{"rk": true}}, "response": response,
	})
}

func read(text []byte) (o options) {
	must(json.Unmarshal(text, &o))
	return o
}

func encode(value any) []byte {
	body, err := json.Marshal(value)
	must(err)
	return body
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func random(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.Read(b) // it cannot go wrong: without randomness the process ends
	return b
}

func must(err error) {
	if err != nil {
		panic(err) // a test that gives nonsense
	}
}
