package accesskey

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"freshet"
)

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
