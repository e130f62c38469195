package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keysAge    = time.Hour        // keys are read again after this long, so that withdrawn ones end
	rereadWait = 30 * time.Second // at least this long between two reads because of an unknown key
	readLimit  = 10 * time.Second
	maxKeySet  = 1 << 20 // bytes
	minRSABits = 2048    // RFC 7518, section 3.3
)

// algorithms are the ones that tokens may be signed with. Those with a shared secret are not among them:
// whoever has an issuer's public key could sign with it.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// keySet is the public keys of an issuer. It is not empty.
type keySet []jose.JSONWebKey

// verify tells whether one of the keys signed a token, and whether there is a key with the id that the token names.
func (set keySet) verify(token *jose.JSONWebSignature) (right, named bool) {
	header := token.Signatures[0].Protected
	for _, key := range set {
		exact := header.KeyID != "" && key.KeyID == header.KeyID
		named = named || exact
		if !exact && header.KeyID != "" && key.KeyID != "" || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if _, err := token.Verify(key.Key); err == nil {
			return true, true
		}
	}
	return false, named
}

// parseKeySet reads the JWK set that was found at some place. Keys that cannot verify tokens are passed over, as
// RFC 7517 section 5 says.
func parseKeySet(name string, body []byte) (keySet, error) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, fmt.Errorf("read %s: it is no JWK set: %w", name, err)
	}
	var set keySet
	for _, text := range raw.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(text) == nil && verifies(&key) {
			set = append(set, key)
		}
	}
	if len(set) == 0 {
		return nil, fmt.Errorf("read %s: it holds no usable key; a public RSA key of %d bits or more, an EC or an Ed25519 key is needed", name, minRSABits)
	}
	return set, nil
}

func verifies(key *jose.JSONWebKey) bool {
	if key.Use != "" && key.Use != "sig" || key.Algorithm != "" && !slices.Contains(algorithms, jose.SignatureAlgorithm(key.Algorithm)) {
		return false
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

// keySource gives the keys of one issuer, read from where the issuer has them and kept.
type keySource struct {
	read   func(context.Context) (keySet, error)
	now    func() time.Time
	logger *slog.Logger

	mu      sync.Mutex
	set     keySet        // nil: none yet
	failed  error         // of the last read
	tried   time.Time     // when the last read began
	reading chan struct{} // closed when the read in progress ends; nil: there is none
}

// keys gives the keys at hand, nil where there are none yet, and the error of the last read. It reads them
// first when the last read began longer ago than age. Callers that need a read share the one in progress;
// those with keys in hand that are only old do not wait for it.
func (s *keySource) keys(ctx context.Context, age time.Duration) (keySet, error) {
	s.mu.Lock()
	if s.set == nil {
		age = min(age, rereadWait)
	}
	due := s.now().Sub(s.tried) >= age
	reading := s.reading
	if reading == nil && due {
		s.reading, s.tried = make(chan struct{}), s.now()
	}
	s.mu.Unlock()

	switch {
	case reading == nil && due:
		s.refresh(ctx)
	case reading != nil && age <= rereadWait:
		select {
		case <-reading:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set, s.failed
}

// refresh does the read that its caller has announced. Others wait for it, so it does not end with the
// request that it was begun for.
func (s *keySource) refresh(ctx context.Context) {
	set, err := keySet(nil), errors.New("the read broke off")
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil {
			s.set = set
		}
		s.failed = err
		close(s.reading)
		s.reading = nil
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readLimit)
	defer cancel()
	if set, err = s.read(ctx); err != nil {
		s.logger.WarnContext(ctx, "the keys of an issuer cannot be read", "error", err)
	}
}

// keysFromURL gives a reader of the JWK set at an address.
func keysFromURL(client *http.Client, address string) func(context.Context) (keySet, error) {
	return func(ctx context.Context) (keySet, error) {
		body, err := get(ctx, client, address)
		if err != nil {
			return nil, err
		}
		return parseKeySet(address, body)
	}
}

// get gives what an issuer has at an address.
func get(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", address, response.Status)
	}
	return readAll(address, response.Body)
}

// keysFromFile gives a reader of the JWK set in a file.
func keysFromFile(path string) func(context.Context) (keySet, error) {
	return func(context.Context) (keySet, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		body, err := readAll(path, file)
		if err != nil {
			return nil, err
		}
		return parseKeySet(path, body)
	}
}

func readAll(name string, r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxKeySet+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(body) > maxKeySet {
		return nil, fmt.Errorf("read %s: it has more than %d bytes", name, maxKeySet)
	}
	return body, nil
}
