package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
)

// srpClient proves a password without sending it, as Cognito's clients do. Its numbers that do not depend on the
// server's answer are kept, for its arithmetic shares the cores with the server that is measured.
type srpClient struct {
	n, k, secret, public *big.Int
	x, power             *big.Int // of the password: x and k·g^x; nil until the salt is known
}

// The prime of RFC 3526's group 15: 2^3072 - 2^3008 - 1 + 2^64 * (floor(2^2942 π) + 1690314).
const srpPrime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

func newSRPClient() *srpClient {
	n, g := hexNumber(srpPrime), big.NewInt(2)
	var random [32]byte
	_, _ = rand.Read(random[:])
	secret := new(big.Int).SetBytes(random[:])
	return &srpClient{n: n, k: hashOf(signed(n), signed(g)), secret: secret, public: new(big.Int).Exp(g, secret, n)}
}

const srpTime = "Sat Nov 21 01:24:44 UTC 2026"

// prove answers the challenge PASSWORD_VERIFIER.
func (c *srpClient) prove(pool, password string, challenge map[string]string) (map[string]string, error) {
	b, id := hexNumber(challenge["SRP_B"]), challenge["USER_ID_FOR_SRP"]
	block, err := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	if err != nil || b == nil {
		return nil, fmt.Errorf("the challenge %v cannot be read", challenge)
	}
	if c.x == nil {
		inner := sha256.Sum256([]byte(pool + id + ":" + password))
		c.x = hashOf(signed(hexNumber(challenge["SALT"])), inner[:])
		c.power = new(big.Int).Exp(big.NewInt(2), c.x, c.n)
		c.power.Mul(c.power, c.k)
	}
	u := hashOf(signed(c.public), signed(b))
	s := new(big.Int).Sub(b, c.power)
	s.Exp(s.Mod(s, c.n), new(big.Int).Add(c.secret, new(big.Int).Mul(u, c.x)), c.n)
	key := mac(mac(signed(u), signed(s)), []byte("Caldera Derived Key\x01"))[:16]
	return map[string]string{
		"USERNAME": id, "TIMESTAMP": srpTime, "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(mac(key, []byte(pool+id), block, []byte(srpTime))),
	}, nil
}

// hexNumber reads a number; nil for what is none.
func hexNumber(text string) *big.Int {
	if len(text)%2 == 1 {
		text = "0" + text
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}

// signed gives the bytes of a number that are hashed: with a zero in front where it would else look negative.
func signed(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return b
}

func hashOf(parts ...[]byte) *big.Int {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return new(big.Int).SetBytes(sum[:])
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}
