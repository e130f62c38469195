package accounts

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the vectors for the clients of SRP")

// srpVector is one sign-in, with the secrets of both sides. Numbers are in hexadecimal digits.
type srpVector struct {
	Pool, User, Password, Time        string
	Salt, ClientSecret                string
	ClientPublic, ServerPublic, Block string
	Signature                         string
}

// TestSRPVectors holds web/golden/srp.json, with which the tests of the client in TypeScript compute. What is odd
// about numbers is in it: zeros in front, the top bit set and not, few digits.
func TestSRPVectors(t *testing.T) {
	const stamp = "Sat Nov 7 01:24:44 UTC 2026"
	random := mathrand.New(mathrand.NewPCG(2, 3072))
	fill := func(size int) []byte {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	passwords := []string{
		"tulip-garden-47", "correct horse battery staple", " spaces in front, and behind ", "pässwörter-für-alle", "пароль от всего",
		"合言葉は秘密です よ", "e\u0301tude n\u00ba 9", "\u00e9tude n\u00ba 9", "👩‍👩‍👧‍👦🔑🔑🔑", "\x00\x01\x7f control", `quotes ' " \ and <&>`,
	}
	var vectors []srpVector
	for i := range 44 {
		salt := fill(16)
		switch i % 4 {
		case 0:
			salt[0] |= 0x80
		case 1:
			salt[0] &= 0x7f
		case 2:
			salt[0], salt[1] = 0, 0x80|salt[1]
		case 3:
			salt[0], salt[1] = 0, 0x0f&salt[1]
		}
		user, password := fmt.Sprintf("%08x-0000-4000-8000-00000000000%d", random.Uint32(), i%10), passwords[i%len(passwords)]
		a, b := new(big.Int).SetBytes(fill(32)), new(big.Int).SetBytes(fill(32))
		v := verifierOf("freshet", user, password, salt)
		clientPublic := new(big.Int).Exp(srpG, a, srpN)
		serverPublic := new(big.Int).Mul(srpK, v)
		serverPublic.Add(serverPublic, new(big.Int).Exp(srpG, b, srpN)).Mod(serverPublic, srpN)
		block := fill(48 + i)
		vectors = append(vectors, srpVector{
			Pool: "freshet", User: user, Password: password, Time: stamp,
			Salt: new(big.Int).SetBytes(salt).Text(16), ClientSecret: a.Text(16),
			ClientPublic: clientPublic.Text(16), ServerPublic: serverPublic.Text(16), Block: base64.StdEncoding.EncodeToString(block),
			Signature: srpSignature(srpKey(clientPublic, b, serverPublic, v), "freshet", user, block, stamp),
		})
	}
	got, err := json.MarshalIndent(map[string]any{"n": srpN.Text(16), "vectors": vectors}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "../../web/golden/srp.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(want, append(got, '\n')) {
		t.Errorf("%s is not what the server computes, %v; go test ./internal/accounts -run SRPVectors -update writes it", golden, err)
	}
}
