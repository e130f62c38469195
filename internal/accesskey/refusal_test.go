package accesskey

import (
	"net/http"
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	b := newBench(t, Options{Services: []string{"appsync", "execute-api"}})
	good := b.posted(t)
	set := func(old, replacement string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, replacement, 1))
		}
	}
	for _, test := range []struct {
		what    string
		change  func(r *http.Request)
		reason  Reason
		message string
	}{
		{"none", func(r *http.Request) { r.Header.Del("Authorization") }, Malformed, "one Authorization header, this one has 0"},
		{"two", func(r *http.Request) { r.Header.Add("Authorization", "x") }, Malformed, "this one has 2"},
		{"a token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, Malformed, "does not begin with AWS4-HMAC-SHA256"},
		{"another algorithm", set("AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 "), Malformed, "does not begin with AWS4-HMAC-SHA256"},
		{"part gone", set(", Signature", ""), Malformed, "each once"},
		{"part more", set(", Signature", ", X=1, Signature"), Malformed, "each once"},
		{"part twice", set("SignedHeaders=", "Credential="), Malformed, "aws4_request"},
		{"AWS's key", set(b.key.ID, "AKIAIOSFODNN7EXAMPLE"), UnknownKey, "none of this server's"},
		{"unknown key", set(b.key.ID, "FKIA2222222222222222"), UnknownKey, "not known, or was revoked"},
		{"odd key", set(b.key.ID, "FKIA22222222../222222"), Malformed, "aws4_request"},
		{"temporary key, no token", set(b.key.ID, "FSIA2222222222222222"), Malformed, "need their session token"},
		{"date", set("/20261121/", "/20261122/"), Malformed, "not that of x-amz-date"},
		{"no date", set("/20261121/", "//"), Malformed, "not YYYYMMDD"},
		{"region", set("/eu-west-1/", "/eu west/"), Malformed, "odd characters"},
		{"other region", set("/eu-west-1/", "/eu-west-2/"), Mismatch, "signature is not of this request"},
		{"service", set("/appsync/", "/s3/"), Malformed, `for the service "s3"; here it is appsync or execute-api`},
		{"other service", set("/appsync/", "/execute-api/"), Mismatch, "signature is not of this request"},
		{"terminator", set("aws4_request", "aws4_Request"), Malformed, "aws4_request"},
		{"headers not sorted", set("content-type;host", "host;content-type"), Malformed, "sorted"},
		{"headers twice", set("host;", "host;host;"), Malformed, "sorted"},
		{"headers in capitals", set("host;", "hOst;"), Malformed, "lower-case"},
		{"header empty", set("host;", "host;;"), Malformed, "lower-case"},
		{"host not signed", set("host;", ""), Malformed, "host is not signed"},
		{"date not signed", set(";x-amz-date", ""), Malformed, "x-amz-date is not signed"},
		{"header not there", set("host;", "host;range;"), Mismatch, "range was signed and is not there"},
		{"signature short", set("Signature=", "Signature=ab"), Malformed, "64 hexadecimal"},
		{"signature in capitals", func(r *http.Request) {
			head, tail, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", head+"Signature="+strings.ToUpper(tail))
		}, Malformed, "64 hexadecimal"},
		{"presigned", func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "X-Amz-Signature=x" }, Malformed, "not accepted here"},
		{"time", func(r *http.Request) { r.Header.Set("X-Amz-Date", "2026-11-21T12:00:00Z") }, Malformed, "YYYYMMDD"},
		{"times", func(r *http.Request) { r.Header.Add("X-Amz-Date", "20261121T120000Z") }, Malformed, "YYYYMMDD"},
		{"unsigned", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", unsignedPayload) }, Malformed, "UNSIGNED-PAYLOAD is not accepted"},
	} {
		r := b.posted(t)
		test.change(r)
		_, err := b.verifier.Check(r, []byte(graphQLBody))
		wantReason(t, test.what, err, test.reason, test.message)
		if err != nil && strings.Contains(err.Error(), good.Header.Get("Authorization")[len(good.Header.Get("Authorization"))-64:]) {
			t.Errorf("%s: the error shows the signature", test.what)
		}
	}
	b.signer.secret = newSecret()
	_, err := b.verifier.Check(b.posted(t), []byte(graphQLBody))
	wantReason(t, "another secret", err, Mismatch, "signed with another secret")
}
