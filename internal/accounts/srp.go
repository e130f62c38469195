package accounts

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"math/big"
	"strings"
)

// The group of SRP as Cognito has it: the 3072-bit prime of RFC 3526 (its group 15), and 2.
var (
	srpN = fromHex("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF")
	srpG = big.NewInt(2)
	srpK = hashed(padded(srpN), padded(srpG))
)

const (
	srpSize     = 3072 / 8
	srpExponent = 256 / 8 // bytes of b: twice the strength that is asked of it, as RFC 5054 wants at least
)

// fromHex reads a constant.
func fromHex(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 16)
	return n
}

// padded gives the bytes of a number as Java's BigInteger has them: with a zero byte in front when the top
// bit is set. Hashes are over these bytes.
func padded(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

func hashed(parts ...[]byte) *big.Int {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return new(big.Int).SetBytes(sum[:])
}

// verifierOf is what the server keeps of a password: g^x. x is a fast hash, so a verifier is as guessable
// as the password; that is why verifiers are sealed in the store.
func verifierOf(poolName, userID, password string, salt []byte) *big.Int {
	inner := sha256.Sum256([]byte(poolName + userID + ":" + password))
	x := hashed(padded(new(big.Int).SetBytes(salt)), inner[:])
	return new(big.Int).Exp(srpG, x, srpN)
}

func sameNumber(a, b *big.Int) bool {
	var x, y [srpSize]byte
	return subtle.ConstantTimeCompare(a.FillBytes(x[:]), b.FillBytes(y[:])) == 1
}

// readSRPA reads a client's public value; one that is 0 modulo N would let in without a password.
func readSRPA(text string) (*big.Int, error) {
	isHex := func(r rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF", r) }
	if text == "" || len(text) > 2*srpSize+2 || strings.ContainsFunc(text, func(r rune) bool { return !isHex(r) }) {
		return nil, refuse(InvalidParameter, "SRP_A has to be a number of 1 to %d hexadecimal digits.", 2*srpSize)
	}
	a := fromHex(text)
	if new(big.Int).Mod(a, srpN).Sign() == 0 {
		return nil, refuse(InvalidParameter, "SRP_A must not be a multiple of N.")
	}
	return a, nil
}

// srpChallenge gives the server's secret b and its public value k·v + g^b.
func srpChallenge(v *big.Int) (secret, public *big.Int) {
	for {
		var random [srpExponent]byte
		_, _ = rand.Read(random[:])
		secret = new(big.Int).SetBytes(random[:])
		public = new(big.Int).Mul(srpK, v)
		public.Add(public, new(big.Int).Exp(srpG, secret, srpN)).Mod(public, srpN)
		if public.Sign() != 0 {
			return secret, public
		}
	}
}

// srpKey gives the key that both sides share when the client knows the password.
func srpKey(a, b, public, v *big.Int) []byte {
	u := hashed(padded(a), padded(public))
	s := new(big.Int).Exp(v, u, srpN)
	s.Mul(s, a).Exp(s, b, srpN)
	return srpStretch(u, s)
}

func srpStretch(u, s *big.Int) []byte {
	h := hmac.New(sha256.New, padded(u))
	h.Write(padded(s))
	h = hmac.New(sha256.New, h.Sum(nil))
	h.Write([]byte("Caldera Derived Key\x01"))
	return h.Sum(nil)[:16]
}

// srpSignature is what the client proves its key with.
func srpSignature(key []byte, poolName, userID string, block []byte, timestamp string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(poolName + userID))
	h.Write(block)
	h.Write([]byte(timestamp))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
