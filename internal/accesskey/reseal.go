package accesskey

import (
	"context"
	"encoding/json"
	"fmt"

	"freshet"
)

// Reseal seals with the server's key what was sealed with a former one, and gives the number of keys that were. One
// that was cut off goes on when it is called again; what none of them opens stays as it is.
func (k *Keys) Reseal(ctx context.Context) (n int, err error) {
	err = k.documents.Under(ctx, keyKind, permanentPrefix, func(id string, body []byte) error {
		if resealed, err := k.reseal(id, body); err != nil || resealed == nil {
			return err
		}
		n++
		return k.documents.Update(ctx, []freshet.Document{document(id)}, func(bodies [][]byte) ([][]byte, error) {
			resealed, err := k.reseal(id, bodies[0])
			if err != nil || resealed == nil {
				return bodies, err
			}
			return [][]byte{resealed}, nil
		})
	})
	if err != nil {
		return n, fmt.Errorf("seal the access keys: %w", err)
	}
	return n, nil
}

// reseal gives what becomes of a key that has to be sealed; nil of one that has not.
func (k *Keys) reseal(id string, body []byte) ([]byte, error) {
	var stored storedKey
	if body == nil {
		return nil, nil // it is gone
	}
	if err := json.Unmarshal(body, &stored); err != nil {
		return nil, err
	}
	if _, err := k.seals.secret.Open(nil, nil, stored.Secret, []byte(id)); err == nil || stored.Secret == nil {
		return nil, nil
	}
	secret, err := k.seals.open(stored.Secret, id)
	if err != nil {
		return nil, nil // as it was
	}
	stored.Secret = k.seals.secret.Seal(nil, nil, secret, []byte(id))
	return json.Marshal(stored)
}
