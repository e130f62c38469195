package client

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"freshet"
)

// Credentials prove who asks; APIKey, Bearer and Signed make them.
type Credentials interface {
	// prove adds to a request what proves it, and gives a name of that.
	prove(ctx context.Context, r *http.Request, body []byte) (proof string, err error)
	// payload gives what opens a socket; nil where these cannot.
	payload(ctx context.Context) (payload map[string]string, proof string, err error)
	// refused is told of a proof that was not accepted, and tells whether there may be another.
	refused(proof string) bool
}

const apiKeyHeader, tokenHeader = "x-api-key", "Authorization"

// APIKey proves by an API key.
func APIKey(secret string) Credentials { return apiKey(secret) }

type apiKey string

func (k apiKey) prove(_ context.Context, r *http.Request, _ []byte) (string, error) {
	r.Header.Set(apiKeyHeader, string(k))
	return "", nil
}

func (k apiKey) payload(context.Context) (map[string]string, string, error) {
	return map[string]string{apiKeyHeader: string(k)}, "", nil
}

func (k apiKey) refused(string) bool { return false }

// Bearer proves by tokens. token is called for the first one, and for another one when the last was refused, by one
// goroutine at a time. An error of it that is no freshet.Error counts as unavailable: it is tried again where others
// are.
func Bearer(token func(ctx context.Context) (string, error)) Credentials {
	return &bearer{fetch: token, turn: make(chan struct{}, 1)}
}

type bearer struct {
	fetch func(context.Context) (string, error)
	turn  chan struct{} // holds an item while somebody looks at token
	token string        // empty: to be fetched
}

func (b *bearer) prove(ctx context.Context, r *http.Request, _ []byte) (string, error) {
	token, err := b.get(ctx)
	r.Header.Set(tokenHeader, "Bearer "+token)
	return token, err
}

func (b *bearer) payload(ctx context.Context) (map[string]string, string, error) {
	token, err := b.get(ctx)
	return map[string]string{tokenHeader: "Bearer " + token}, token, err
}

func (b *bearer) get(ctx context.Context) (string, error) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if b.token != "" {
		return b.token, nil
	}
	token, err := b.fetch(ctx)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && freshet.CodeOf(err) == freshet.Internal:
		return "", freshet.Wrap(freshet.Unavailable, err, "there is no token now")
	}
	b.token = token
	return token, err
}

func (b *bearer) refused(token string) bool {
	b.turn <- struct{}{}
	defer func() { <-b.turn }()
	if b.token == token { // else somebody renewed it meanwhile
		b.token = ""
	}
	return true
}

// Signed proves by signing each request with an access key. Sockets cannot be opened so: Changes asks now and then.
func Signed(keys aws.CredentialsProvider) Credentials {
	return &signed{keys: keys, signer: v4.NewSigner()}
}

type signed struct {
	keys   aws.CredentialsProvider
	signer *v4.Signer
}

// The server looks at neither; a signature has to name some.
const signedService, signedRegion = "appsync", "local"

func (s *signed) prove(ctx context.Context, r *http.Request, body []byte) (string, error) {
	key, err := s.keys.Retrieve(ctx)
	if err != nil {
		return "", freshet.Wrap(freshet.Unavailable, err, "there is no access key now")
	}
	// It is signed too, so that a request that is sent again within a second has another signature.
	r.Header.Set("X-Request-Id", rand.Text())
	sum := sha256.Sum256(body)
	err = s.signer.SignHTTP(ctx, key, r, hex.EncodeToString(sum[:]), signedService, signedRegion, time.Now())
	if err != nil {
		return "", freshet.Wrap(freshet.Unauthenticated, err, "the request cannot be signed")
	}
	return "", nil
}

func (s *signed) payload(context.Context) (map[string]string, string, error) { return nil, "", nil }

func (s *signed) refused(string) bool {
	cache, ok := s.keys.(*aws.CredentialsCache)
	if ok {
		cache.Invalidate()
	}
	return ok
}
