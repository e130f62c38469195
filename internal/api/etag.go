package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// TagOf gives the ETag of a body.
func TagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
}

// Has tells whether who asks says to have the body of an ETag already, by If-None-Match.
func Has(r *http.Request, tag string) bool {
	for given := range strings.SplitSeq(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		if given = strings.TrimPrefix(strings.TrimSpace(given), "W/"); given == tag || given == "*" {
			return true
		}
	}
	return false
}
