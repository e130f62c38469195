package accesskey

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"freshet"
)

// Requests that the SDK's signer signs go over a real connection and are taken; the identity is the key's.
func TestSignedRequests(t *testing.T) {
	b := newBench(t, Options{Unsigned: true, Presigned: true})
	temporary, err := b.keys.Issue(Subject{Sub: "s-1", Username: "ana", IdentityID: "eu-west-1:1"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var got freshet.Identity
	var refused error
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if !IsSigned(r) {
			t.Errorf("%s %s is not signed", r.Method, r.RequestURI)
		}
		got, refused = b.verifier.Check(r, body)
	}))
	defer server.Close()
	send := func(what string, r *http.Request) {
		t.Helper()
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if refused != nil {
			t.Errorf("%s: %v", what, refused)
		}
	}

	targets := []string{
		"/graphql", "", "/", "/graphql?", "/a/b/", "/a%20b/%C5%AF", "/a+b/(c)'!*;:@&=$,~-._", "/%2F/%25", "//double//",
		"/g?a=1", "/g?b=2&a=1&a=0&B=3", "/g?q=%20%2B%25%26%3D%3F%23%2F", "/g?q=a+b", "/g?empty=&none", "/g?%C5%AF=%C5%AF", "/g?q=(a)'!*~-._",
	}
	for _, service := range []string{"appsync", "execute-api", "s3", "cognito-idp"} {
		for _, target := range targets {
			for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
				for _, body := range []string{"", graphQLBody} {
					if body != "" && method == "GET" || service != "appsync" && method == "DELETE" {
						continue
					}
					what := fmt.Sprintf("%s %s for %s with %d bytes", method, target, service, len(body))
					s := b.signer
					s.service = service
					r := newRequest(t, method, server.URL+target, body)
					if service == "s3" { // its clients escape the path as it is signed
						r.URL.Opaque = "//" + r.URL.Host + escapeS3(r.URL.Path)
					}
					r.Header.Set("X-Amz-Meta-Note", "  two  spaces ")
					s.sign(t, r, hashOf(body))
					send(what, r)
					if got.Name != "access key backup" || got.Claims["admin"] != true || !got.Has(freshet.IAM) {
						t.Errorf("%s: %+v", what, got)
					}

					s.id, s.secret, s.token = temporary.ID, temporary.Secret, temporary.SessionToken
					r = newRequest(t, method, server.URL+target, body)
					if service == "s3" {
						r.URL.Opaque = "//" + r.URL.Host + escapeS3(r.URL.Path)
					}
					r.Header.Set("X-Amz-Content-Sha256", hashOf(body))
					s.sign(t, r, hashOf(body))
					send(what+" by a user", r)
					if got.Name != "user ana" {
						t.Errorf("%s: %+v", what, got)
					}
				}
			}
		}
	}
	for _, s := range []signer{b.signer, {id: temporary.ID, secret: temporary.Secret, token: temporary.SessionToken, service: "s3", region: "eu-west-1", at: b.signer.at}} {
		for _, payload := range []string{unsignedPayload, hashOf(graphQLBody)} {
			r := newRequest(t, "PUT", server.URL+"/bucket/key?X-Amz-Expires=900&x-id=PutObject&q=(a)%20b", graphQLBody)
			r.Header.Set("Content-Type", "text/plain")
			signed := newRequest(t, "PUT", s.presign(t, r, payload), graphQLBody)
			signed.Header = r.Header
			send("presigned over "+payload, signed)
		}
	}
}

// A body that is not signed passes where a door says so, and the rest is signed as ever.
func TestUnsignedPayload(t *testing.T) {
	b := newBench(t, Options{Unsigned: true})
	r := newRequest(t, "PUT", "http://127.0.0.1:4000/bucket/key", graphQLBody)
	r.Header.Set("X-Amz-Content-Sha256", unsignedPayload)
	b.signer.sign(t, r, unsignedPayload)
	for _, body := range []string{graphQLBody, strings.ToUpper(graphQLBody)} {
		if _, err := b.verifier.Check(r, []byte(body)); err != nil {
			t.Error(err)
		}
	}
	_, err := b.verifier.Check(r, []byte("another length, and that is signed"))
	wantReason(t, "length", err, Mismatch, "signature")
	r.Header.Set("X-Amz-Content-Sha256", hashOf(graphQLBody))
	_, err = b.verifier.Check(r, []byte(graphQLBody))
	wantReason(t, "hash", err, Mismatch, "signature")
}

func escapeS3(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if c == '/' || strings.IndexByte("-._~", c) >= 0 || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// The signatures of AWS's published test suite.
func TestPublishedSignatures(t *testing.T) {
	for name, test := range map[string]struct{ method, query, want string }{
		"get-vanilla":                      {"GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"post-vanilla":                     {"POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		"get-vanilla-query-order-key-case": {"GET", "Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	} {
		query, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		c := claim{date: "20150830T123600Z", query: query, signature: signature{
			keyID: "AKIDEXAMPLE", region: "us-east-1", service: "service", headers: []string{"host", "x-amz-date"}, signature: test.want,
		}}
		r := Request{Method: test.method, Host: "example.amazonaws.com", Path: "/", Header: http.Header{"X-Amz-Date": {c.date}}}
		got, err := c.resign(t.Context(), r, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", hashOf(""))
		if err != nil || got != test.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestSocket(t *testing.T) {
	b := newBench(t, Options{Services: []string{"appsync"}})
	temporary, err := b.keys.Issue(Subject{Guest: true, IdentityID: "eu-west-1:2"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b.signer.id, b.signer.secret, b.signer.token = temporary.ID, temporary.Secret, temporary.SessionToken
	object := func(path, body string) map[string]string {
		r := newRequest(t, "POST", "http://127.0.0.1:4801"+path, body)
		r.ContentLength = 0 // that client does not sign it
		r.Header.Set("Accept", "application/json, text/javascript")
		r.Header.Set("Content-Encoding", "amz-1.0")
		r.Header.Set("Content-Type", "application/json; charset=UTF-8")
		b.signer.sign(t, r, hashOf(body))
		all := map[string]string{"host": "127.0.0.1:4801", "x-amz-user-agent": "aws-amplify/6.22.1"}
		for name, values := range r.Header {
			all[strings.ToLower(name)] = values[0]
		}
		return all
	}
	start := `{"query":"subscription { onCreatePost { id } }","variables":{}}`
	for path, body := range map[string]string{"/graphql/connect": "{}", "/graphql": start} {
		r, err := SocketRequest("127.0.0.1:4801", path, object(path, body), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		proof, err := b.verifier.Verify(t.Context(), r)
		if err != nil || proof.Identity.Name != "guest eu-west-1:2" || !proof.Expires.Equal(temporary.Expires) {
			t.Errorf("%s: %+v, %v", path, proof, err)
		}
		r.Body = []byte("{ }")
		_, err = b.verifier.Verify(t.Context(), r)
		wantReason(t, "another body", err, Mismatch, "signature")
	}
	r, _ := SocketRequest("127.0.0.1:4801", "/graphql", object("/graphql/connect", "{}"), []byte("{}"))
	_, err = b.verifier.Verify(t.Context(), r)
	wantReason(t, "connect for start", err, Mismatch, "signature")
	_, err = SocketRequest("h", "/", map[string]string{"Authorization": "a", "authorization": "b", "host": "h"}, nil)
	wantReason(t, "twice", err, Malformed, "is there twice")
	_, err = SocketRequest("h", "/", map[string]string{"Range": "", "range": "", "host": "h"}, nil)
	wantReason(t, "twice and empty", err, Malformed, "is there twice")
	_, err = SocketRequest("h", "/", map[string]string{"authorization": "b"}, nil)
	wantReason(t, "no host", err, Malformed, "no host")
	_, err = SocketRequest("other:4801", "/graphql/connect", object("/graphql/connect", "{}"), []byte("{}"))
	wantReason(t, "signed for another host", err, Mismatch, "signed for the host \"127.0.0.1:4801\", and \"other:4801\" was called")
}

func BenchmarkCheck(b *testing.B) {
	bench := newBench(b, Options{})
	temporary, err := bench.keys.Issue(Subject{Sub: "s-1", Username: "ana", Groups: []string{"editors"}, IdentityID: "eu-west-1:1"}, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	body := bytes.Repeat([]byte("x"), 1024)
	for _, s := range []struct{ name, id, secret, token string }{
		{"permanent", bench.signer.id, bench.signer.secret, ""},
		{"temporary", temporary.ID, temporary.Secret, temporary.SessionToken},
	} {
		b.Run(s.name, func(b *testing.B) {
			signer := bench.signer
			signer.id, signer.secret, signer.token = s.id, s.secret, s.token
			r := newRequest(b, "POST", "http://127.0.0.1:4000/graphql", string(body))
			r.Header.Set("Content-Type", "application/json; charset=UTF-8")
			signer.sign(b, r, hashOf(string(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bench.verifier.Check(r, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
