package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"freshet"
)

// The kinds. Their names are fit for models of a store.
const (
	kindUser    = "_User"        // user id → user
	kindAlias   = "_UserAlias"   // folded user name or e-mail → alias
	kindSession = "_UserSession" // user id, space, session id → session
	kindCode    = "_UserCode"    // user id, space, purpose → sentCode
	kindGroup   = "_UserGroup"   // name → group
	kindMember  = "_UserMember"  // group, space, user id → member
	kindAttempt = "_UserAttempt" // who guesses what → attempts
	kindKeys    = "_UserKeys"    // "signing" → storedKeys
	kindSetup   = "_UserSetup"   // "admin" → setup
	kindDevice  = "_UserDevice"  // user id, space, device key → device
	kindPool    = "_UserPool"    // "name" → the pool's name
	kindPasskey = "_UserPasskey" // hash of a credential's id → passkey
)

// edit is one update: what is there, and what becomes of it, by document.
type edit struct {
	documents []freshet.Document
	bodies    [][]byte
	err       error // the first fault in reading or writing a body
}

// update changes some documents, all or none; a document may stand twice in the list.
func (p *Pool) update(ctx context.Context, documents []freshet.Document, change func(*edit) error) error {
	var distinct []freshet.Document
	for _, d := range documents {
		if !slices.Contains(distinct, d) {
			distinct = append(distinct, d)
		}
	}
	return p.documents.Update(ctx, distinct, func(bodies [][]byte) ([][]byte, error) {
		e := &edit{documents: distinct, bodies: slices.Clone(bodies)}
		if err := change(e); err != nil {
			return nil, err
		}
		return e.bodies, e.err
	})
}

// get decodes a document and tells whether it is there.
func (e *edit) get(d freshet.Document, value any) bool {
	i := e.find(d)
	if i < 0 || e.bodies[i] == nil {
		return false
	}
	if err := json.Unmarshal(e.bodies[i], value); err != nil {
		e.fail(fmt.Errorf("read %s: %w", d.Kind, err))
		return false
	}
	return true
}

func (e *edit) put(d freshet.Document, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		e.fail(fmt.Errorf("write %s: %w", d.Kind, err))
		return
	}
	if i := e.find(d); i >= 0 {
		e.bodies[i] = body
	}
}

func (e *edit) remove(d freshet.Document) {
	if i := e.find(d); i >= 0 {
		e.bodies[i] = nil
	}
}

func (e *edit) find(d freshet.Document) int {
	i := slices.Index(e.documents, d)
	if i < 0 {
		e.fail(fmt.Errorf("the update does not hold a document of %s", d.Kind))
	}
	return i
}

func (e *edit) fail(err error) { e.err = errors.Join(e.err, err) }

var errStop = errors.New("enough was visited")

const jumpDigits = 3 // of an id, 16^3 parts

// after visits the documents whose keys are a base and a hexadecimal id that comes after last, in order,
// until visit gives errStop. Documents has no way to begin in the middle, so it takes the prefixes that
// come after last one by one; it reads again no more than those that share last's first digits.
func (p *Pool) after(ctx context.Context, kind freshet.ModelName, base, last string, visit func(key string, body []byte) error) error {
	prefixes := []string{base}
	if len(last) >= jumpDigits {
		prefixes = []string{base + last[:jumpDigits]}
		for n := jumpDigits - 1; n >= 0; n-- {
			for _, digit := range "0123456789abcdef" {
				if byte(digit) > last[n] {
					prefixes = append(prefixes, base+last[:n]+string(digit))
				}
			}
		}
	}
	for _, prefix := range prefixes {
		err := p.documents.Under(ctx, kind, prefix, func(key string, body []byte) error {
			if key <= base+last {
				return nil
			}
			return visit(key, body)
		})
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
