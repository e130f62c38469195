package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"freshet"
)

const resealPage = 100 // users in one update

// Reseal seals what lies in the store with the secret of now, where it is sealed with a former one, and gives the
// number of users and signing keys that were. Whoever had the old secret may have copied the signing keys with it, so
// another one takes over soon. Nobody else writes meanwhile.
//
// The signing keys come last: Open does not go without a secret that they are sealed with, so none is taken away while
// it is needed. One that was cut off goes on when it is called again. What none of the secrets opens stays as it is.
func (p *Pool) Reseal(ctx context.Context) (int, error) {
	users, err := p.resealUsers(ctx)
	if err != nil {
		return users, fmt.Errorf("seal the users: %w", err)
	}
	keys, err := p.resealKeys(ctx)
	if err != nil {
		return users, fmt.Errorf("seal the signing keys: %w", err)
	}
	return users + keys, nil
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

// resealUsers goes through all users.
func (p *Pool) resealUsers(ctx context.Context) (n int, err error) {
	var page []freshet.Document
	flush := func() error {
		err := p.update(ctx, page, func(e *edit) error {
			for _, d := range page {
				if u := new(user); e.get(d, u) && p.secrets.resealUser(u) {
					e.put(d, u)
				}
			}
			return nil
		})
		n += len(page)
		page = page[:0]
		return err
	}
	err = p.documents.Under(ctx, kindUser, "", func(id string, body []byte) error {
		var u user
		if err := json.Unmarshal(body, &u); err != nil {
			return fmt.Errorf("user %s: %w", id, err)
		}
		if !p.secrets.resealUser(&u) {
			return nil
		}
		if page = append(page, userDocument(id)); len(page) < resealPage {
			return nil
		}
		return flush()
	})
	if err == nil && len(page) > 0 {
		err = flush()
	}
	return n, err
}

// resealUser seals what of a user is sealed with a former secret, and tells whether something was.
func (s *secrets) resealUser(u *user) bool {
	verifier := s.reseal(&u.Verifier, "verifier", u.ID)
	totp := s.reseal(&u.TOTP, "totp", u.ID)
	pending := s.reseal(&u.PendingTOTP, "totp", u.ID)
	return verifier || totp || pending
}

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
