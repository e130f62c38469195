package test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"freshet/internal/server"
)

// TestAmplifyPasskeys has a user register passkeys and sign in with them by aws-amplify in Chromium: at a page that
// may, and at one of another origin that may not.
func TestAmplifyPasskeys(t *testing.T) {
	script := pageOf(t, "amplify-passkeys.page.mjs")
	mux := http.NewServeMux()
	mux.Handle("/", script)
	page, stranger := localhost(serveHandler(t, mux)), localhost(serveHandler(t, script))
	c := openCounter(t, server.Config{ClientIDs: []string{app}, PasskeyOrigins: []string{page}})
	mux.HandleFunc("/mail", func(w http.ResponseWriter, r *http.Request) {
		answer(t, w, map[string]string{"code": c.mailed(t, r.FormValue("to"))})
	})
	door := url.Values{"door": {c.idp()}}
	browse(t, time.Minute, page+"/?"+door.Encode())
	browse(t, time.Minute, stranger+"/?stranger&"+door.Encode())

	letters, err := c.operator.Letters(t.Context())
	check(t, err)
	told := 0
	for _, letter := range letters {
		if letter.To == "ana@example.com" && strings.Contains(letter.Subject, "passkey") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("ana was told of %d passkeys, want 1", told)
	}
}

// localhost gives an address of this machine the name that passkeys need.
func localhost(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }
