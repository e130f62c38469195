package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"freshet"
)

// issuerServer serves a key set, to which its discovery document leads, and counts how often.
type issuerServer struct {
	*httptest.Server
	reads   atomic.Int64
	handler atomic.Value // of http.HandlerFunc
}

func newIssuerServer(t testing.TB, keys ...jose.JSONWebKey) *issuerServer {
	s := &issuerServer{}
	s.serve(t, keys...)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, s.URL, s.URL+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) {
		s.reads.Add(1)
		s.handler.Load().(http.HandlerFunc)(w, r)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *issuerServer) serve(t testing.TB, keys ...jose.JSONWebKey) {
	body := encodeSet(t, keys...)
	s.answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
}

func (s *issuerServer) answer(f http.HandlerFunc) { s.handler.Store(f) }

func (s *issuerServer) wantReads(t testing.TB, want int64) {
	t.Helper()
	if got := s.reads.Load(); got != want {
		t.Errorf("the keys were read %d times, want %d", got, want)
	}
}

func TestKeyRotation(t *testing.T) {
	c := newClock()
	first, second, third := rs256("k1"), signer{"k2", jose.RS256, otherRSA()}, signer{"k3", jose.RS256, rsaKey()}
	server := newIssuerServer(t, first.public())
	tokens := newTokens(t, c, Issuer{URL: server.URL, ClientIDs: []string{"web"}})
	server.wantReads(t, 0)
	token := func(s signer) string { return s.sign(t, of(c, claims{"iss": server.URL, "sub": c.now().String()})) }
	accepted := func(s signer) {
		t.Helper()
		if _, _, err := tokens.Check(t.Context(), token(s)); err != nil {
			t.Errorf("%s: %v", s.kid, err)
		}
	}
	unknown := func(s signer) {
		t.Helper()
		_, _, err := tokens.Check(t.Context(), token(s))
		wantCode(t, err, freshet.Unauthenticated, "the token is not signed with a key of its issuer")
	}
	accepted(first)
	server.wantReads(t, 1)

	// Unknown keys cause a read in 30 seconds at most.
	unknown(second)
	server.wantReads(t, 1)
	c.advance(rereadWait)
	unknown(second)
	unknown(second)
	server.wantReads(t, 2)

	// A new key is found with the first token that is signed with it.
	server.serve(t, second.public())
	c.advance(rereadWait)
	accepted(second)
	accepted(second)
	server.wantReads(t, 3)
	unknown(first)

	// When it cannot be read, what was read before stays.
	server.answer(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) })
	c.advance(rereadWait)
	_, _, err := tokens.Check(t.Context(), token(third))
	wantCode(t, err, freshet.Unauthenticated, "the token is not signed with a key of its issuer")
	if err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("the cause is not told: %v", err)
	}
	server.wantReads(t, 4)
	accepted(second)
	c.advance(keysAge)
	accepted(second)
	server.wantReads(t, 5)

	// A wrong signature with a known key causes no read.
	c.advance(rereadWait)
	_, _, err = tokens.Check(t.Context(), token(signer{"k2", jose.RS256, rsaKey()}))
	wantCode(t, err, freshet.Unauthenticated, "the token's signature is wrong")
	server.wantReads(t, 5)

	// A key without an id that was replaced is found too.
	nameless := signer{"", jose.RS256, rsaKey()}
	server.serve(t, nameless.public())
	accepted(nameless)
	server.wantReads(t, 6)
}

// TestKeyWithdrawn: a key that its issuer withdraws ends, for tokens in the cache too.
func TestKeyWithdrawn(t *testing.T) {
	c := newClock()
	old, next := rs256("k1"), signer{"k2", jose.RS256, otherRSA()}
	server := newIssuerServer(t, old.public(), next.public())
	tokens := newTokens(t, c, Issuer{URL: server.URL, ClientIDs: []string{"web"}})
	token := old.sign(t, of(c, claims{"iss": server.URL, "exp": c.now().Add(24 * time.Hour).Unix()}))
	check := func() error {
		_, _, err := tokens.Check(t.Context(), token)
		return err
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	server.serve(t, next.public())
	c.advance(keysAge - time.Second)
	if err := check(); err != nil {
		t.Errorf("before the keys are read again: %v", err)
	}
	c.advance(cacheAge)
	wantCode(t, check(), freshet.Unauthenticated, "the token is not signed with a key of its issuer")
	server.wantReads(t, 2)
}

func TestKeysUnavailable(t *testing.T) {
	key := rs256("k1")
	for name, answer := range map[string]http.HandlerFunc{
		"an error":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"nothing":       func(http.ResponseWriter, *http.Request) {},
		"no JSON":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"no key":        func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) },
		"too much":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", maxKeySet+1)) },
		"a closed line": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			server := newIssuerServer(t)
			server.answer(answer)
			tokens := newTokens(t, c, Issuer{URL: server.URL, ClientIDs: []string{"web"}})
			token := key.sign(t, of(c, claims{"iss": server.URL}))
			for range 3 {
				_, _, err := tokens.Check(t.Context(), token)
				wantCode(t, err, freshet.Unavailable, "cannot be had now; try again later")
				if errors.Unwrap(err) == nil {
					t.Errorf("%v has no cause", err)
				}
			}
			if reads := server.reads.Load(); name != "a closed line" && reads != 1 { // where the client tries again itself
				t.Errorf("the keys were read %d times", reads)
			}
			server.serve(t, key.public())
			c.advance(rereadWait)
			if _, _, err := tokens.Check(t.Context(), token); err != nil {
				t.Errorf("when they can be had again: %v", err)
			}
		})
	}
}

// TestKeysReadOnce: many callers at once share one read.
func TestKeysReadOnce(t *testing.T) {
	c := newClock()
	key := rs256("k1")
	server := newIssuerServer(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	body := encodeSet(t, key.public())
	server.answer(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived) // a second read would panic
		<-release
		_, _ = w.Write(body)
	})
	tokens := newTokens(t, c, Issuer{URL: server.URL, ClientIDs: []string{"web"}})
	var wg sync.WaitGroup
	check := func(i int) {
		token := key.sign(t, of(c, claims{"iss": server.URL, "n": i}))
		wg.Go(func() {
			if _, _, err := tokens.Check(t.Context(), token); err != nil {
				t.Error(err)
			}
		})
	}
	check(0)
	<-arrived
	for i := range 20 {
		check(i + 1)
	}
	// One who goes away does not wait for it.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := tokens.Check(gone, key.sign(t, of(c, claims{"iss": server.URL})))
	wantCode(t, err, freshet.Unavailable, "cannot be had now")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is %v", err)
	}
	close(release)
	wg.Wait()
	server.wantReads(t, 1)
}

// TestOldKeysNobodyWaits: while keys that are only old are read again, others go on with them.
func TestOldKeysNobodyWaits(t *testing.T) {
	c := newClock()
	key := rs256("k1")
	server := newIssuerServer(t, key.public())
	tokens := newTokens(t, c, Issuer{URL: server.URL, ClientIDs: []string{"web"}})
	next := 0
	check := func() func() {
		next++
		token := key.sign(t, of(c, claims{"iss": server.URL, "n": next, "exp": c.now().Add(2 * keysAge).Unix()}))
		return func() {
			if _, _, err := tokens.Check(t.Context(), token); err != nil {
				t.Error(err)
			}
		}
	}
	check()()
	c.advance(keysAge)
	arrived, release := make(chan struct{}), make(chan struct{})
	body := encodeSet(t, key.public())
	server.answer(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		_, _ = w.Write(body)
	})
	var wg sync.WaitGroup
	wg.Go(check())
	<-arrived
	check()()
	close(release)
	wg.Wait()
	server.wantReads(t, 2)
}

// hangs is an issuer that never answers.
type hangs struct{}

func (hangs) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestKeysReadLimit(t *testing.T) {
	key := rs256("k1")
	synctest.Test(t, func(t *testing.T) {
		tokens, err := NewTokens([]Issuer{trust("")}, &http.Client{Transport: hangs{}}, time.Now, quiet)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		gone, cancel := context.WithCancel(t.Context())
		cancel() // the read is for others too
		_, _, err = tokens.Check(gone, key.sign(t, claims{"iss": testIssuer}))
		wantCode(t, err, freshet.Unavailable, "cannot be had now")
		if took := time.Since(begun); took != readLimit {
			t.Errorf("it took %v", took)
		}
	})
}

func TestKeyFileRotation(t *testing.T) {
	c := newClock()
	first, second := rs256("k1"), signer{"k2", jose.RS256, otherRSA()}
	path := keyFile(t, first.public())
	tokens := newTokens(t, c, trust(path))
	write := func(body []byte) {
		t.Helper()
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(s signer) error {
		_, _, err := tokens.Check(t.Context(), s.sign(t, of(c, nil)))
		return err
	}
	write([]byte("half a file"))
	c.advance(rereadWait)
	wantCode(t, check(second), freshet.Unauthenticated, "not signed with a key of its issuer")
	if err := check(first); err != nil {
		t.Errorf("after a damaged file: %v", err)
	}
	write(encodeSet(t, second.public()))
	c.advance(rereadWait)
	if err := check(second); err != nil {
		t.Errorf("after the file was replaced: %v", err)
	}
	wantCode(t, check(first), freshet.Unauthenticated, "not signed with a key of its issuer")
}
