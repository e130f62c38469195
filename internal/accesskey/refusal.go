package accesskey

import "freshet"

// Reason is why a signed request was refused, for a door that has a name of its own for each. It is the
// cause of a freshet.Error with the code unauthenticated: errors.AsType[accesskey.Reason](err).
type Reason string

// The reasons.
const (
	Malformed  Reason = "malformed"   // the signature's parts are not what they have to be
	UnknownKey Reason = "unknown key" // also: a session token that is not ours
	Expired    Reason = "expired"     // the key, the temporary credentials, or a presigned request
	Skewed     Reason = "skewed"      // the caller's clock and ours are too far apart
	Mismatch   Reason = "mismatch"    // the signature, or the hash of the body, is not of this request
	Replayed   Reason = "replayed"    // a write came twice
)

// Error makes a reason an error.
func (r Reason) Error() string { return string(r) }

// refuse never says what the signature would have to be.
func refuse(reason Reason, format string, args ...any) error {
	return freshet.Wrap(freshet.Unauthenticated, reason, format, args...)
}
