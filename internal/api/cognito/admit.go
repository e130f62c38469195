package cognito

import (
	"net/http"

	"freshet"
	"freshet/internal/accesskey"
	"freshet/internal/accounts"
)

// admit gives the administrator who signed a request. One that changes something passes once.
func (d *door) admit(r *http.Request, body []byte, a access) (by string, err error) {
	if !accesskey.IsSigned(r) {
		return "", refuse(accounts.NotAuthorized, "the operation is for administrators: sign the request with an access key that has admin rights")
	}
	proof, err := d.verifier.Verify(r.Context(), accesskey.RequestOf(r, body))
	if err != nil {
		return "", err
	}
	if admin, _ := proof.Identity.Claims["admin"].(bool); !admin {
		return "", refuse(accounts.NotAuthorized, "the operation is for administrators: the access key has no admin rights")
	}
	if a == adminWrites {
		if err := d.verifier.Once(proof); err != nil {
			return "", err
		}
	}
	return proof.Identity.Name, nil
}

// ofPool refuses operations on another user pool.
func (d *door) ofPool(poolID string) error {
	if poolID != d.opts.PoolID {
		return &accounts.Error{
			Fault: accounts.ResourceNotFound, Err: freshet.Errorf(freshet.NotFound, "User pool %.100s does not exist.", poolID),
		}
	}
	return nil
}
