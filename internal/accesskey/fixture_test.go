package accesskey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

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

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
