package accounts

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// srpClient is the other side, as the client libraries have it: over texts of hexadecimal digits.
type srpClient struct {
	n, g, a, public *big.Int
}

// newSRPClient makes one whose secret has some bytes; the client libraries take 128, which is slow.
func newSRPClient(size int) *srpClient {
	c := &srpClient{n: srpN, g: big.NewInt(2)}
	random := make([]byte, size)
	_, _ = rand.Read(random)
	c.a = new(big.Int).SetBytes(random)
	c.public = new(big.Int).Exp(c.g, c.a, c.n)
	return c
}

// clientPad is what the client libraries do with a number before it is hashed.
func clientPad(n *big.Int) []byte {
	text := n.Text(16)
	if len(text)%2 == 1 {
		text = "0" + text
	} else if strings.ContainsRune("89abcdef", rune(text[0])) {
		text = "00" + text
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func clientHash(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// prove answers PASSWORD_VERIFIER.
func (c *srpClient) prove(pool, password string, parameters map[string]string) map[string]string {
	return c.proveAs(parameters["USER_ID_FOR_SRP"], pool, password, parameters)
}

// proveAs answers for an id, which is that of a user or the key of a device.
func (c *srpClient) proveAs(id, pool, password string, parameters map[string]string) map[string]string {
	salt, _ := new(big.Int).SetString(parameters["SALT"], 16)
	b, _ := new(big.Int).SetString(parameters["SRP_B"], 16)
	inner := sha256.Sum256([]byte(pool + id + ":" + password))
	x := clientHash(clientPad(salt), inner[:])
	k := clientHash(clientPad(c.n), clientPad(c.g))
	u := clientHash(clientPad(c.public), clientPad(b))

	s := new(big.Int).Exp(c.g, x, c.n)
	s.Mul(s, k).Sub(b, s)
	s.Exp(s.Mod(s, c.n), new(big.Int).Add(c.a, new(big.Int).Mul(u, x)), c.n)
	extract := hmac.New(sha256.New, clientPad(u))
	extract.Write(clientPad(s))
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write(append([]byte("Caldera Derived Key"), 1))
	key := expand.Sum(nil)[:16]

	const timestamp = "Sat Nov 21 01:24:44 UTC 2026"
	block, _ := base64.StdEncoding.DecodeString(parameters["SECRET_BLOCK"])
	signature := hmac.New(sha256.New, key)
	signature.Write([]byte(pool + id + string(block) + timestamp))
	return map[string]string{
		"USERNAME": id, "TIMESTAMP": timestamp, "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(signature.Sum(nil)),
	}
}

// startSRP sends a name and gives the challenge.
func (f *fixture) startBySRP(c *srpClient, name string) (AuthResult, error) {
	return f.InitiateAuth(f.t.Context(), app, AuthRequest{Flow: FlowSRP, Parameters: map[string]string{"USERNAME": name, "SRP_A": c.public.Text(16)}})
}

func (f *fixture) bySRP(name, password string) (AuthResult, error) {
	c := newSRPClient(32)
	result, err := f.startBySRP(c, name)
	if err != nil {
		return result, err
	}
	return f.respond(ChallengeVerifier, result.Session, c.prove("test", password, result.Parameters))
}

func TestSRPConstants(t *testing.T) {
	if got, want := srpK.Text(16), "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"; got != want {
		t.Errorf("k is %s", got)
	}
	if srpN.BitLen() != 3072 || !srpN.ProbablyPrime(1) {
		t.Error("N is not the prime")
	}
}

func TestPadding(t *testing.T) {
	for text, want := range map[string]string{
		"0": "00", "1": "01", "7f": "7f", "80": "0080", "ff": "00ff", "100": "0100", "7fff": "7fff", "8000": "008000", "0080": "0080", "abc": "0abc",
	} {
		if got := hex.EncodeToString(padded(fromHex(text))); got != want {
			t.Errorf("%s is padded to %s, want %s", text, got, want)
		}
	}
}

// Many users with random salts and passwords: a fault in padding shows in half of the log-ins, or in one of 256.
func TestSRPManyUsers(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 60
	}
	f := newFixture(t)
	var shapes [4]atomic.Int64
	var group sync.WaitGroup
	work := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range work {
				password := randomPassword()
				u := &user{ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i), Name: fmt.Sprintf("user%d", i), Status: Confirmed}
				p, err := f.hash(t.Context(), u.ID, password)
				if err != nil {
					t.Error(err)
					continue
				}
				if i%8 < 4 { // salts with zeros in front, and with and without the top bit
					salt := []byte{0, 0, byte(i%2) << 7, 1, 2, 3, byte(i), byte(i >> 8)}
					p.salt = salt[i%4:]
					p.verifier = seal(f.secrets.rest, verifierOf("test", u.ID, password, p.salt).Bytes(), "verifier", u.ID)
				}
				u.setPassword(p)
				if err := f.update(t.Context(), append(u.aliases(), userDocument(u.ID)), func(e *edit) error {
					e.put(aliasDocument(u.Name), alias{u.ID})
					e.put(userDocument(u.ID), u)
					return nil
				}); err != nil {
					t.Error(err)
				}
				size := 32
				if i%10 == 0 {
					size = 128
				}
				c := newSRPClient(size)
				result, err := f.startBySRP(c, u.Name)
				if err != nil {
					t.Error(err)
					continue
				}
				for j, text := range []string{result.Parameters["SALT"], result.Parameters["SRP_B"], c.public.Text(16)} {
					if len(text)%2 == 0 && strings.ContainsRune("89abcdef", rune(text[0])) {
						shapes[j].Add(1)
					}
					if len(text)%2 == 1 {
						shapes[3].Add(1)
					}
				}
				result, err = f.respond(ChallengeVerifier, "", c.prove("test", password, result.Parameters))
				if err != nil || result.Tokens == nil {
					t.Errorf("user %d with %q: %v", i, password, err)
				}
				if i%10 > 0 {
					continue
				}
				if _, err := f.bySRP(u.Name, password+"x"); FaultOf(err) != NotAuthorized {
					t.Errorf("user %d with another password: %v", i, err)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	group.Wait()
	for i := range shapes {
		if shapes[i].Load() == 0 {
			t.Errorf("no number of the shape %d was tried", i)
		}
	}
}

func randomPassword() string {
	alphabet := []rune("abcXYZ019 .-_:;äöüßéñ漢字🌷\"'\\\t")
	password := make([]rune, 8+mathrand.IntN(20))
	for i := range password {
		password[i] = alphabet[mathrand.IntN(len(alphabet))]
	}
	return string(password)
}

func TestSRPRefusals(t *testing.T) {
	f := newFixture(t)
	f.user("ana")
	f.user("bob")
	for name, a := range map[string]string{
		"none": "", "zero": "0", "zeros": "0000", "N": srpN.Text(16), "2N": new(big.Int).Lsh(srpN, 1).Text(16), "sign": "-1", "plus": "+2",
		"prefix": "0x12", "letters": "xyz", "too long": strings.Repeat("1", 800), "space": " 12", "underscore": "1_2",
	} {
		for _, who := range []string{"ana", "nobody"} {
			_, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: FlowSRP, Parameters: map[string]string{"USERNAME": who, "SRP_A": a}})
			f.want(name, err, InvalidParameter)
		}
	}

	c := newSRPClient(128)
	start := func(name string) AuthResult {
		t.Helper()
		result, err := f.startBySRP(c, name)
		f.must(err)
		return result
	}
	result := start("ana")
	good := c.prove("test", goodPassword, result.Parameters)
	with := func(name, value string) map[string]string {
		changed := make(map[string]string)
		for k, v := range good {
			changed[k] = v
		}
		changed[name] = value
		return changed
	}
	block := good["PASSWORD_CLAIM_SECRET_BLOCK"]
	flipped := []byte(block)
	flipped[len(flipped)/2] ^= 1
	for name, responses := range map[string]map[string]string{
		"signature":     with("PASSWORD_CLAIM_SIGNATURE", base64.StdEncoding.EncodeToString(make([]byte, 32))),
		"no signature":  with("PASSWORD_CLAIM_SIGNATURE", ""),
		"timestamp":     with("TIMESTAMP", "Sat Nov 21 01:24:45 UTC 2026"),
		"block changed": with("PASSWORD_CLAIM_SECRET_BLOCK", string(flipped)),
		"block cut":     with("PASSWORD_CLAIM_SECRET_BLOCK", block[:40]),
		"no block":      with("PASSWORD_CLAIM_SECRET_BLOCK", ""),
		"no base64":     with("PASSWORD_CLAIM_SECRET_BLOCK", "!!"),
		"bob's block":   with("PASSWORD_CLAIM_SECRET_BLOCK", start("bob").Parameters["SECRET_BLOCK"]),
	} {
		_, err := f.respond(ChallengeVerifier, "", responses)
		f.want(name, err, NotAuthorized)
		f.clock.advance(time.Minute)
		result = start("ana")
		good = c.prove("test", goodPassword, result.Parameters)
	}

	// The right answer counts, in either alphabet of base64, whatever USERNAME says, and once.
	good = c.prove("test", goodPassword, start("ana").Parameters)
	urlSafe := with("PASSWORD_CLAIM_SECRET_BLOCK", strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(good["PASSWORD_CLAIM_SECRET_BLOCK"]))
	if result, err := f.respond(ChallengeVerifier, "", urlSafe); err != nil || result.Tokens == nil {
		t.Errorf("the right answer: %v", err)
	}
	_, err := f.respond(ChallengeVerifier, "", good)
	f.want("the same answer again", err, NotAuthorized)

	other := Caller{Client: "cli", Address: app.Address}
	_, err = f.RespondToAuthChallenge(t.Context(), other, ChallengeAnswer{Challenge: ChallengeVerifier, Responses: c.prove("test", goodPassword, start("ana").Parameters)})
	f.want("another client", err, NotAuthorized)

	late := c.prove("test", goodPassword, start("ana").Parameters)
	f.clock.advance(f.config.ChallengeLifetime)
	_, err = f.respond(ChallengeVerifier, "", late)
	f.want("too late", err, NotAuthorized)
}
