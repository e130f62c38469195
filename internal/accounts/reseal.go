package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"freshet"
)

const resealPage = 100 // documents in one update

// sealedIn are the kinds with something sealed in them beside the signing keys, and what becomes of one of their
// documents; nil where nothing has to. Sessions are left out: their successors hold for seconds.
var sealedIn = map[freshet.ModelName]func(s *secrets, key string, body []byte) any{
	kindUser:   resealUser,
	kindDevice: resealDevice,
}

// Reseal seals what lies in the store with the secret of now, where it is sealed with a former one, and gives the
// number of documents and signing keys that were. Whoever had the old secret may have copied the signing keys with it,
// so another one takes over soon. Nobody else writes meanwhile.
//
// The signing keys come last: Open does not go without a secret that they are sealed with, so none is taken away while
// it is needed. One that was cut off goes on when it is called again. What none of the secrets opens stays as it is.
func (p *Pool) Reseal(ctx context.Context) (n int, err error) {
	for _, kind := range slices.Sorted(maps.Keys(sealedIn)) {
		changed, err := p.resealKind(ctx, kind)
		n += changed
		if err != nil {
			return n, fmt.Errorf("seal %s: %w", kind, err)
		}
	}
	keys, err := p.resealKeys(ctx)
	if err != nil {
		return n, fmt.Errorf("seal the signing keys: %w", err)
	}
	return n + keys, nil
}

func (p *Pool) resealKeys(ctx context.Context) (n int, err error) {
	var stored []storedKey
	if _, err := p.documents.Get(ctx, keysDocument, &stored); err != nil {
		return 0, err
	}
	former := func(key storedKey) bool { return p.secrets.reseal(&key.Sealed, "signing key", key.ID) }
	if !slices.ContainsFunc(stored, former) {
		return 0, nil
	}
	if err := p.keys.add(ctx, p.keys.ahead()); err != nil {
		return 0, err
	}
	err = p.update(ctx, []freshet.Document{keysDocument}, func(e *edit) error {
		var stored []storedKey
		e.get(keysDocument, &stored)
		n = 0
		for i := range stored {
			if p.secrets.reseal(&stored[i].Sealed, "signing key", stored[i].ID) {
				n++
			}
		}
		e.put(keysDocument, stored)
		return nil
	})
	return n, err
}

// resealKind goes through all documents of a kind.
func (p *Pool) resealKind(ctx context.Context, kind freshet.ModelName) (n int, err error) {
	var page []freshet.Document
	flush := func() error {
		err := p.documents.Update(ctx, page, func(bodies [][]byte) ([][]byte, error) {
			for i, body := range bodies {
				if next, err := p.resealBody(page[i], body); err != nil {
					return nil, err
				} else if next != nil {
					bodies[i] = next
				}
			}
			return bodies, nil
		})
		if err == nil {
			n += len(page)
		}
		page = page[:0]
		return err
	}
	err = p.documents.Under(ctx, kind, "", func(key string, body []byte) error {
		d := freshet.Document{Kind: kind, Key: key}
		if next, err := p.resealBody(d, body); next == nil || err != nil {
			return err
		}
		if page = append(page, d); len(page) < resealPage {
			return nil
		}
		return flush()
	})
	if err == nil && len(page) > 0 {
		err = flush()
	}
	return n, err
}

// resealBody gives what becomes of a document; nil where nothing does.
func (p *Pool) resealBody(d freshet.Document, body []byte) ([]byte, error) {
	changed := sealedIn[d.Kind](p.secrets, d.Key, body)
	if changed == nil {
		return nil, nil
	}
	return json.Marshal(changed)
}

func resealUser(s *secrets, _ string, body []byte) any {
	var u user
	if json.Unmarshal(body, &u) != nil {
		return nil // it is gone, or of no use to anybody
	}
	verifier := s.reseal(&u.Verifier, "verifier", u.ID)
	totp := s.reseal(&u.TOTP, "totp", u.ID)
	pending := s.reseal(&u.PendingTOTP, "totp", u.ID)
	if !verifier && !totp && !pending {
		return nil
	}
	return u
}

func resealDevice(s *secrets, key string, body []byte) any {
	var d device
	userID, key, _ := strings.Cut(key, " ")
	if json.Unmarshal(body, &d) != nil || !s.reseal(&d.Verifier, "device", userID, key) {
		return nil
	}
	return d
}

// reseal tells whether something was sealed with a former secret; then it is sealed anew.
func (s *secrets) reseal(sealed *[]byte, bound ...string) bool {
	if _, err := open(s.rest, *sealed, bound...); err == nil {
		return false
	}
	plain, err := s.open(*sealed, bound...)
	if err == nil {
		*sealed = seal(s.rest, plain, bound...)
	}
	return err == nil
}
