package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"freshet"
)

// cursorSeal is the key under which cursors leave the server, so that a reader cannot make one up that
// claims it was shown what it may not see.
type cursorSeal []byte

// macBytes is enough against guessing at the rate of requests.
const macBytes = 16

func (s cursorSeal) mac(b []byte) []byte {
	h := hmac.New(sha256.New, s)
	h.Write(b)
	return h.Sum(nil)[:macBytes]
}

// seal leaves the epoch out: it is the same for all cursors of a log, and is part of what the seal proves.
func (s cursorSeal) seal(c *freshet.Cursor) string {
	b := c.Append(make([]byte, 0, 96))
	return base64.RawURLEncoding.EncodeToString(append(b, s.mac(b)...)[len(c.Epoch):])
}

// open gives the cursor in a text. One with another seal is of another log, or was tampered with: ours is
// false, and its reader begins anew.
func (s cursorSeal) open(text string, epoch freshet.Epoch) (c freshet.Cursor, ours bool, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < macBytes {
		return c, false, freshet.Errorf(freshet.Invalid, "the cursor cannot be read; send one as the server gave it, or none to begin anew")
	}
	b, mac := append(epoch[:], b[:len(b)-macBytes]...), b[len(b)-macBytes:]
	if !hmac.Equal(mac, s.mac(b)) {
		return c, false, nil
	}
	c, err = freshet.ParseCursor(b)
	return c, err == nil, nil
}
