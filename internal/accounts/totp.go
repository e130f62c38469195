package accounts

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 6238 as every authenticator app has it
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// TOTP of RFC 6238: SHA-1, 6 digits, 30 s. It is our own because a code counts once only, and libraries do not
// say which step a code was of.
const (
	totpPeriod = 30 // seconds
	totpSecret = 20 // bytes
	totpSkew   = 1  // steps that a clock may be off
)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	_, _ = rand.Read(secret)
	return secret
}

// totpText is how a secret is typed into an app.
func totpText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

func totpCode(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	h := hmac.New(sha1.New, secret)
	h.Write(counter[:])
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// totpStep finds the step that a code is of, which has to come after the last one that was used. A last one that is
// still to come is of a clock that was ahead.
func totpStep(secret []byte, code string, now time.Time, last int64) (step int64, found bool) {
	current := now.Unix() / totpPeriod
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		if subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code)) == 1 && (s > last || last > current+totpSkew) {
			step, found = s, true
		}
	}
	return step, found
}
