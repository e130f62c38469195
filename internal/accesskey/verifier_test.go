package accesskey

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"freshet"
	"freshet/internal/documentstest"
)

const graphQLBody = `{"query":"mutation { createPost(input: {title: \"ů\"}) { id } }","variables":null}`

// signer signs as the SDK's clients do.
type signer struct {
	id, secret, token string
	service, region   string
	at                time.Time
}

func (s signer) credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: s.id, SecretAccessKey: s.secret, SessionToken: s.token}
}

func (s signer) options(o *v4.SignerOptions) { o.DisableURIPathEscaping = s.service == "s3" }

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func (s signer) sign(t testing.TB, r *http.Request, payload string) {
	t.Helper()
	if err := v4.NewSigner(s.options).SignHTTP(context.Background(), s.credentials(), r, payload, s.service, s.region, s.at); err != nil {
		t.Fatal(err)
	}
}

func (s signer) presign(t testing.TB, r *http.Request, payload string) string {
	t.Helper()
	signed, _, err := v4.NewSigner(s.options).PresignHTTP(context.Background(), s.credentials(), r, payload, s.service, s.region, s.at)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func newRequest(t testing.TB, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bench is a server's keys, a key, and a signer with it.
type bench struct {
	clock    *clock
	keys     *Keys
	key      Key
	signer   signer
	verifier *Verifier
}

func newBench(t testing.TB, options Options) *bench {
	t.Helper()
	c := newClock()
	keys := newKeys(t, new(documentstest.Memory), c)
	key, secret := create(t, keys, "backup", time.Time{}, true)
	options.Now = c.now
	return &bench{
		clock: c, keys: keys, key: key, verifier: NewVerifier(keys, options),
		signer: signer{id: key.ID, secret: secret, service: "appsync", region: "eu-west-1", at: c.now()},
	}
}

// posted is a signed GraphQL request as it comes in.
func (b *bench) posted(t testing.TB) *http.Request {
	t.Helper()
	r := newRequest(t, "POST", "http://127.0.0.1:4000/graphql?a=1&b=x%20y", graphQLBody)
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	r.Header.Set("X-Amz-User-Agent", "aws-amplify/6.22.1 api/1")
	b.signer.sign(t, r, hashOf(graphQLBody))
	return r
}

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

// What may differ without a change of meaning.
func TestHeaderForms(t *testing.T) {
	b := newBench(t, Options{})
	authorization := b.posted(t).Header.Get("Authorization")
	rest := strings.TrimPrefix(authorization, algorithm+" ")
	parts := strings.Split(rest, ", ")
	for what, change := range map[string]func(r *http.Request){
		"commas without spaces": func(r *http.Request) { r.Header.Set("Authorization", algorithm+" "+strings.Join(parts, ",")) },
		"commas in spaces":      func(r *http.Request) { r.Header.Set("Authorization", algorithm+"  "+strings.Join(parts, " ,  ")) },
		"another order": func(r *http.Request) {
			r.Header.Set("Authorization", algorithm+" "+parts[2]+", "+parts[0]+", "+parts[1])
		},
		"spaces in a value":      func(r *http.Request) { r.Header.Set("Content-Type", "  application/json;   charset=UTF-8 ") },
		"query in another order": func(r *http.Request) { r.URL.RawQuery = "b=x+y&a=1" },
		"headers not signed":     func(r *http.Request) { r.Header.Set("Accept", "x"); r.Header.Set("X-Amzn-Trace-Id", "x") },
		"the hash, not signed":   func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf(graphQLBody)) },
		"length known":           func(r *http.Request) { r.Header.Set("Content-Length", fmt.Sprint(len(graphQLBody))) },
	} {
		r := b.posted(t)
		change(r)
		if _, err := b.verifier.Check(r, []byte(graphQLBody)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	r := newRequest(t, "POST", "http://127.0.0.1:4000/graphql", graphQLBody) // names of any case, values in any number
	r.Header["x-CUSTOM"] = []string{"a", "b  c"}
	b.signer.sign(t, r, hashOf(graphQLBody))
	r.Header["X-Custom"] = r.Header["x-CUSTOM"] // as a server has it
	delete(r.Header, "x-CUSTOM")
	if _, err := b.verifier.Check(r, []byte(graphQLBody)); err != nil {
		t.Error(err)
	}
}

// Some clients sign headers that the SDK's signer leaves out.
func TestHeadersThatTheSignerIgnores(t *testing.T) {
	b := newBench(t, Options{})
	for _, name := range []string{"user-agent", "expect", "transfer-encoding", "x-amzn-trace-id"} {
		r := newRequest(t, "POST", "http://127.0.0.1:4000/graphql", graphQLBody)
		r.Header[name] = []string{"some value"} // in lower case it signs it
		b.signer.sign(t, r, hashOf(graphQLBody))
		if !strings.Contains(r.Header.Get("Authorization"), name) {
			t.Fatalf("%s is not signed", name)
		}
		r.Header.Set(name, "some value")
		delete(r.Header, name)
		if _, err := b.verifier.Check(r, []byte(graphQLBody)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r.Header.Set(name, "some other")
		_, err := b.verifier.Check(r, []byte(graphQLBody))
		wantReason(t, name, err, Mismatch, "the signature is not of this request")
	}
}

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

func TestSizes(t *testing.T) {
	b := newBench(t, Options{})
	many := make([]string, maxSignedHeaders+1)
	for i := range many {
		many[i] = fmt.Sprintf("h%03d", i)
	}
	for what, change := range map[string]func(r *http.Request){
		"authorization": func(r *http.Request) { r.Header.Set("Authorization", algorithm+" "+strings.Repeat("a", maxSigned)) },
		"query":         func(r *http.Request) { r.URL.RawQuery = strings.Repeat("a", maxSigned+1) },
		"signed header": func(r *http.Request) { r.Header.Set("Content-Type", strings.Repeat("a", maxSigned)) },
		"signed headers": func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "host;", strings.Join(many, ";")+";host;", 1))
		},
	} {
		r := b.posted(t)
		change(r)
		if _, err := b.verifier.Check(r, []byte(graphQLBody)); freshet.CodeOf(err) != freshet.TooLarge {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSkew(t *testing.T) {
	for _, test := range []struct {
		late  time.Duration
		taken bool
	}{
		{0, true},
		{MaxSkew, true},
		{MaxSkew + 1, false},
		{MaxSkew + time.Second, false},
		{time.Hour, false},
		{24 * time.Hour, false},
		{-MaxSkew, true},
		{-MaxSkew - 1, false},
		{-time.Hour, false},
	} {
		b := newBench(t, Options{})
		r := b.posted(t)
		b.clock.move(test.late)
		_, err := b.verifier.Check(r, []byte(graphQLBody))
		if test.taken && err != nil {
			t.Errorf("%v late: %v", test.late, err)
		}
		if !test.taken {
			wantReason(t, fmt.Sprintf("%v late", test.late), err, Skewed, "set the clock")
		}
	}
	b := newBench(t, Options{}) // midnight lies between the clocks
	b.clock.move(12*time.Hour + time.Minute)
	b.signer.at = b.clock.now().Add(-2 * time.Minute)
	if _, err := b.verifier.Check(b.posted(t), []byte(graphQLBody)); err != nil {
		t.Error(err)
	}
}

func TestPresignedTimes(t *testing.T) {
	for _, test := range []struct {
		expires string
		late    time.Duration
		want    Reason
	}{
		{"900", 0, ""},
		{"900", 15 * time.Minute, ""},
		{"900", 15*time.Minute + 1, Expired},
		{"1", time.Second, ""},
		{"1", 2 * time.Second, Expired},
		{"900", -MaxSkew, ""},
		{"900", -MaxSkew - 1, Skewed},
		{"604800", 7 * 24 * time.Hour, ""},
		{"604801", 0, Malformed},
		{"0", 0, Malformed},
		{"-1", 0, Malformed},
		{"", 0, Malformed},
		{"1e3", 0, Malformed},
		{"99999999999", 0, Malformed},
	} {
		b := newBench(t, Options{Presigned: true})
		signed := b.signer.presign(t, newRequest(t, "GET", "http://127.0.0.1:4000/a?X-Amz-Expires="+test.expires, ""), hashOf(""))
		b.clock.move(test.late)
		_, err := b.verifier.Check(newRequest(t, "GET", signed, ""), nil)
		if reason, _ := errors.AsType[Reason](err); reason != test.want || (err == nil) != (test.want == "") {
			t.Errorf("expires %s, %v late: %v, want %s", test.expires, test.late, err, test.want)
		}
	}
	b := newBench(t, Options{Presigned: true}) // UNSIGNED-PAYLOAD is another option
	signed := b.signer.presign(t, newRequest(t, "GET", "http://127.0.0.1:4000/a?X-Amz-Expires=9", ""), unsignedPayload)
	_, err := b.verifier.Check(newRequest(t, "GET", signed, ""), nil)
	wantReason(t, "unsigned", err, Mismatch, "signature")
}

func TestKeysThatEnd(t *testing.T) {
	b := newBench(t, Options{})
	key, secret := create(t, b.keys, "short", b.clock.now().Add(time.Minute), false)
	b.signer.id, b.signer.secret = key.ID, secret
	proof, err := b.verifier.Verify(t.Context(), RequestOf(b.posted(t), []byte(graphQLBody)))
	if err != nil || !proof.Expires.Equal(key.Expires) || proof.KeyID != key.ID || proof.Identity.Claims["admin"] != false {
		t.Errorf("%+v, %v", proof, err)
	}
	b.clock.move(time.Minute)
	_, err = b.verifier.Check(b.posted(t), []byte(graphQLBody))
	wantReason(t, "a minute later", err, Expired, "the access key has expired")

	key, b.signer.secret = create(t, b.keys, "long", time.Time{}, false)
	b.signer.id = key.ID
	if _, err := b.verifier.Check(b.posted(t), []byte(graphQLBody)); err != nil {
		t.Error(err)
	}
	if _, err := b.keys.Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	_, err = b.verifier.Check(b.posted(t), []byte(graphQLBody))
	wantReason(t, "revoked", err, UnknownKey, "was revoked")
}

func TestOnce(t *testing.T) {
	b := newBench(t, Options{})
	verify := func() Proof {
		t.Helper()
		proof, err := b.verifier.Verify(t.Context(), RequestOf(b.posted(t), []byte(graphQLBody)))
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	first := verify()
	if err := b.verifier.Once(first); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "at once", b.verifier.Once(verify()), Replayed, "was here before")
	b.clock.move(MaxSkew) // the last moment at which the request itself is taken
	wantReason(t, "at the end", b.verifier.Once(verify()), Replayed, "was here before")
	b.signer.at = b.clock.now()
	if err := b.verifier.Once(verify()); err != nil {
		t.Errorf("signed anew: %v", err)
	}

	b.verifier.seen.max = 2
	b.signer.at = b.clock.now().Add(time.Second)
	wantCode(t, b.verifier.Once(verify()), freshet.Unavailable, "2 signed writes are remembered")
	b.clock.move(2 * time.Minute) // the first has ended
	if err := b.verifier.Once(verify()); err != nil || b.verifier.seen.count != 2 {
		t.Errorf("%d, %v", b.verifier.seen.count, err)
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
		r, err := SocketRequest(path, object(path, body), []byte(body))
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
	r, _ := SocketRequest("/graphql", object("/graphql/connect", "{}"), []byte("{}"))
	_, err = b.verifier.Verify(t.Context(), r)
	wantReason(t, "connect for start", err, Mismatch, "signature")
	_, err = SocketRequest("/", map[string]string{"Authorization": "a", "authorization": "b", "host": "h"}, nil)
	wantReason(t, "twice", err, Malformed, "is there twice")
	_, err = SocketRequest("/", map[string]string{"Range": "", "range": "", "host": "h"}, nil)
	wantReason(t, "twice and empty", err, Malformed, "is there twice")
	_, err = SocketRequest("/", map[string]string{"authorization": "b"}, nil)
	wantReason(t, "no host", err, Malformed, "no host")
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
