package accesskey

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"freshet"
)

// One byte changed anywhere in what is signed, or in the signature, and the request is refused.
func TestTampering(t *testing.T) {
	b := newBench(t, Options{})
	check := func(what string, change func(r *http.Request, body []byte)) {
		t.Helper()
		r, body := b.posted(t), []byte(graphQLBody)
		change(r, body)
		if id, err := b.verifier.Check(r, body); freshet.CodeOf(err) != freshet.Unauthenticated || id.Name != "" || id.Providers != nil {
			t.Errorf("%s: %+v, %v", what, id, err)
		}
	}
	flip := func(text string, i int) string {
		c := []byte(text)
		c[i] ^= 1
		return string(c)
	}
	if _, err := b.verifier.Check(b.posted(t), []byte(graphQLBody)); err != nil {
		t.Fatal(err)
	}
	for i := range graphQLBody {
		check(fmt.Sprintf("byte %d of the body", i), func(_ *http.Request, body []byte) { body[i] ^= 1 })
	}
	for name, values := range b.posted(t).Header {
		for i := range values[0] {
			if name == "Authorization" && strings.ContainsRune(" ", rune(values[0][i])) {
				continue // between its parts: see TestHeaderForms
			}
			check(fmt.Sprintf("byte %d of %s", i, name), func(r *http.Request, _ []byte) { r.Header.Set(name, flip(values[0], i)) })
		}
		check(name+" gone", func(r *http.Request, _ []byte) { r.Header.Del(name) })
		check(name+" twice", func(r *http.Request, _ []byte) { r.Header.Add(name, values[0]) })
	}
	for what, change := range map[string]func(r *http.Request){
		"method":            func(r *http.Request) { r.Method = "PUT" },
		"host":              func(r *http.Request) { r.Host = "127.0.0.1:4001" },
		"path":              func(r *http.Request) { r.URL.Path = "/graphqL" },
		"longer path":       func(r *http.Request) { r.URL.Path = "/graphql/" },
		"query value":       func(r *http.Request) { r.URL.RawQuery = "a=2&b=x%20y" },
		"query name":        func(r *http.Request) { r.URL.RawQuery = "A=1&b=x%20y" },
		"query more":        func(r *http.Request) { r.URL.RawQuery += "&c" },
		"query twice":       func(r *http.Request) { r.URL.RawQuery += "&a=1" },
		"query unreadable":  func(r *http.Request) { r.URL.RawQuery += "&c=%zz" },
		"query semicolon":   func(r *http.Request) { r.URL.RawQuery += ";c=1" },
		"no query":          func(r *http.Request) { r.URL.RawQuery = "" },
		"target not signed": func(r *http.Request) { r.Header.Set("X-Amz-Target", "Service.Delete") },
		"token of nobody":   func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") },
		"hash of another":   func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf("x")) },
		"unsigned":          func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", unsignedPayload) },
		"chunks":            func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") },
	} {
		check(what, func(r *http.Request, _ []byte) { change(r) })
	}
	check("no body", func(r *http.Request, body []byte) { clear(body) })
}

func TestTamperedPresigned(t *testing.T) {
	b := newBench(t, Options{Presigned: true, Unsigned: true})
	b.signer.service = "s3"
	r := newRequest(t, "GET", "http://127.0.0.1:4000/bucket/key?X-Amz-Expires=900&x-id=GetObject", "")
	signed := b.signer.presign(t, r, unsignedPayload)
	if _, err := b.verifier.Check(newRequest(t, "GET", signed, ""), nil); err != nil {
		t.Fatal(err)
	}
	start := strings.Index(signed, "/bucket")
	for i := start; i < len(signed); i++ {
		changed := []byte(signed)
		changed[i] ^= 1
		u, err := url.Parse(string(changed))
		if err != nil || u.Fragment != "" {
			continue
		}
		r.URL = u
		if id, err := b.verifier.Check(r, nil); freshet.CodeOf(err) != freshet.Unauthenticated || id.Name != "" {
			t.Errorf("byte %d, %s: %+v, %v", i, changed[max(start, i-10):i+1], id, err)
		}
	}
	for what, change := range map[string]func(r *http.Request){
		"method":      func(r *http.Request) { r.Method = "DELETE" },
		"more":        func(r *http.Request) { r.URL.RawQuery += "&versionId=1" },
		"date twice":  func(r *http.Request) { r.URL.RawQuery += "&X-Amz-Date=20261121T120000Z" },
		"date again":  func(r *http.Request) { r.URL.RawQuery += "&x-amz-date=20261121T120000Z" },
		"both places": func(r *http.Request) { r.Header.Set("Authorization", "x") },
		"header":      func(r *http.Request) { r.Header.Set("X-Amz-Copy-Source", "x") },
	} {
		r := newRequest(t, "GET", signed, "")
		change(r)
		if _, err := b.verifier.Check(r, nil); freshet.CodeOf(err) != freshet.Unauthenticated {
			t.Errorf("%s: %v", what, err)
		}
	}
}
