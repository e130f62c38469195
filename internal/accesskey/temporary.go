package accesskey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"freshet"
)

// Subject is whom temporary credentials are for.
type Subject struct {
	Sub        string   `json:"sub,omitempty"`      // empty for a guest
	Username   string   `json:"username,omitempty"` // empty for a guest
	Guest      bool     `json:"guest,omitempty"`
	Groups     []string `json:"groups,omitempty"`
	IdentityID string   `json:"identity"` // of the identity pool: region:uuid
}

// Temporary is credentials for a while. They are stored nowhere, so they cannot be revoked one by one:
// whoever lets a user in by them asks whether the account is still good.
type Temporary struct {
	ID           string // FSIA and 16 letters and digits
	Secret       string
	SessionToken string
	Expires      time.Time // in UTC
}

// session is what a session token holds, sealed and bound to the credentials' id.
type session struct {
	Subject
	Expires int64 `json:"expires"` // Unix seconds
}

const (
	maxLifetime     = 12 * time.Hour
	maxSessionToken = 8 << 10 // half of what a request may spend on its signature
)

// Issue makes temporary credentials. Errors: invalid for a subject that is neither a user nor a guest and for
// a lifetime that is not up to 12 h, too_large for one with so many groups that no header could hold them.
func (k *Keys) Issue(subject Subject, lifetime time.Duration) (Temporary, error) {
	if subject.IdentityID == "" || subject.Guest != (subject.Sub == "") || subject.Guest != (subject.Username == "") {
		return Temporary{}, freshet.Errorf(freshet.Invalid, "temporary credentials are for a user with sub and name, or for a guest, with an identity id")
	}
	if lifetime < time.Second || lifetime > maxLifetime {
		return Temporary{}, freshet.Errorf(freshet.Invalid, "temporary credentials live for 1 s to %v", maxLifetime)
	}
	expires := k.now().UTC().Add(lifetime).Truncate(time.Second)
	body, err := json.Marshal(session{Subject: subject, Expires: expires.Unix()})
	if err != nil {
		return Temporary{}, err
	}
	id := newID(temporaryPrefix)
	token := base64.StdEncoding.EncodeToString(k.seals.session.Seal(nil, nil, body, []byte(id)))
	if len(token) > maxSessionToken {
		return Temporary{}, freshet.Errorf(freshet.TooLarge, "the session token would have %d bytes, %d are the limit: the user is in too many groups", len(token), maxSessionToken)
	}
	return Temporary{ID: id, Secret: k.temporarySecret(id), SessionToken: token, Expires: expires}, nil
}

func (k *Keys) temporarySecret(id string) string {
	mac := hmac.New(sha256.New, k.seals.derive)
	mac.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:secretLength]
}

// temporary opens a session token.
func (k *Keys) temporary(id, token string) (credential, error) {
	if token == "" {
		return credential{}, refuse(Malformed, "temporary credentials need their session token in x-amz-security-token")
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil || len(token) > maxSessionToken || strings.ContainsAny(token, "\r\n") { // which the decoder skips
		return credential{}, refuse(UnknownKey, "the session token is none of this server's")
	}
	body, err := k.seals.session.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return credential{}, refuse(UnknownKey, "the session token is none of this server's, or not for this access key")
	}
	var s session
	if err := json.Unmarshal(body, &s); err != nil {
		return credential{}, err
	}
	expires := time.Unix(s.Expires, 0).UTC()
	if !k.now().Before(expires) {
		return credential{}, refuse(Expired, "the temporary credentials have expired")
	}
	return credential{secret: k.temporarySecret(id), expires: expires, identity: s.identity()}, nil
}

// identity has claims as a token of the user pool has them, and those of the identity pool.
func (s *Subject) identity() freshet.Identity {
	id := freshet.Identity{
		Name: "guest " + s.IdentityID, Providers: []freshet.Provider{freshet.IAM},
		Claims: map[string]any{"authenticated": !s.Guest, "cognitoIdentityId": s.IdentityID}, Guest: s.Guest,
	}
	if s.Guest {
		return id
	}
	id.Name = "user " + s.Username
	id.Claims["sub"], id.Claims["username"] = s.Sub, s.Username
	groups := make([]any, len(s.Groups))
	for i, group := range s.Groups {
		groups[i] = group
	}
	id.Claims["cognito:groups"] = groups
	return id
}
