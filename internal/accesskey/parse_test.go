package accesskey

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"freshet"
)

func FuzzParseAuthorization(f *testing.F) {
	good := algorithm + " Credential=FKIA2222222222222222/20261121/eu-west-1/appsync/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0f", 32)
	f.Add(good)
	f.Add(strings.ReplaceAll(good, ", ", ","))
	f.Add(strings.Replace(good, "host;", "host;;", 1))
	f.Add(strings.Replace(good, "eu-west-1", "localhost:9443?", 1))
	f.Add(algorithm + " Credential=////, SignedHeaders=, Signature=")
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, header string) {
		s, err := parseAuthorization(header)
		if err != nil {
			if code := freshet.CodeOf(err); code != freshet.Unauthenticated && code != freshet.TooLarge {
				t.Fatalf("%q: %v", header, err)
			}
			return
		}
		if len(header) > maxSigned || len(s.headers) > maxSignedHeaders || len(s.signature) != 64 || len(s.keyID) != idLength || len(s.date) != 8 {
			t.Fatalf("%q gave %+v", header, s)
		}
		again, err := parseAuthorization(algorithm + " Credential=" + strings.Join([]string{s.keyID, s.date, s.region, s.service, "aws4_request"}, "/") +
			", SignedHeaders=" + strings.Join(s.headers, ";") + ", Signature=" + s.signature)
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Fatalf("%q gave %+v, and that gave %+v, %v", header, s, again, err)
		}
	})
}

func FuzzParsePresigned(f *testing.F) {
	f.Add("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=FKIA2222222222222222%2F20261121%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=" + strings.Repeat("0f", 32))
	f.Add("X-Amz-Signature=&X-Amz-Signature=")
	f.Fuzz(func(t *testing.T, query string) {
		v := NewVerifier(nil, Options{Presigned: true})
		c, err := v.read(Request{Query: query})
		if err != nil {
			return
		}
		if !c.presigned || c.query.Has("X-Amz-Signature") || c.expires <= 0 || c.expires > maxPresigned || len(c.headers) > maxSignedHeaders {
			t.Fatalf("%q gave %+v", query, c)
		}
	})
}

// What nobody signed proves nobody, whatever it looks like.
func FuzzVerify(f *testing.F) {
	b := newBench(f, Options{Presigned: true, Unsigned: true})
	temporary, err := b.keys.Issue(Subject{Guest: true, IdentityID: "eu-west-1:2"}, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	b.signer.secret = "not the secret"
	for _, id := range []string{b.key.ID, temporary.ID} {
		b.signer.id, b.signer.token = id, ""
		if id == temporary.ID {
			b.signer.token = temporary.SessionToken
		}
		r := b.posted(f)
		f.Add(r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization"), r.Header.Get("X-Amz-Date"), b.signer.token, unsignedPayload)
		presigned, err := url.Parse(b.signer.presign(f, newRequest(f, "GET", "http://127.0.0.1:4000/a?X-Amz-Expires=900", ""), unsignedPayload))
		if err != nil {
			f.Fatal(err)
		}
		f.Add("GET", presigned.Path, presigned.RawQuery, "", "", "", "")
	}
	f.Fuzz(func(t *testing.T, method, path, query, authorization, date, token, hash string) {
		r := Request{Method: method, Host: "127.0.0.1:4000", Path: path, Query: query, Header: make(http.Header), Body: []byte(graphQLBody)}
		for name, value := range map[string]string{
			"Authorization": authorization, "X-Amz-Date": date, "X-Amz-Security-Token": token, "X-Amz-Content-Sha256": hash, "Content-Type": "application/json",
		} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		proof, err := b.verifier.Verify(t.Context(), r)
		if code := freshet.CodeOf(err); code != freshet.Unauthenticated && code != freshet.TooLarge || proof.Identity.Name != "" {
			t.Fatalf("%q gave %+v, %v", r, proof, err)
		}
	})
}
