package cognito

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/accesskey"
	"freshet/internal/accounts"
)

// An identity's id is the region of its pool and a UUID. A user's is always the same, as it is made of the pool
// and the user's sub; a guest's is random, and whoever has it is that guest. Their versions tell them apart, so
// that no guest is given credentials in the name of a user.
const (
	userVersion  = 8
	guestVersion = 4
)

// credentialsLifetime is longer than the 50 min for which Amplify keeps credentials.
const credentialsLifetime = time.Hour

type getIDInput struct {
	AccountID      string `json:"AccountId"` // of AWS; there are none here
	IdentityPoolID string `json:"IdentityPoolId"`
	Logins         map[string]string
}

type getIDOutput struct {
	IdentityID string `json:"IdentityId"`
}

// getID tells who one will be; nobody gets anything by it, so that only refusals are on record.
func (d *door) getID(ctx context.Context, c accounts.Caller, in getIDInput) (_ getIDOutput, err error) {
	defer func() {
		if err != nil {
			d.record(ctx, c, identityPool+"GetId", "", err)
		}
	}()
	if d.opts.IdentityPoolID == "" || in.IdentityPoolID != d.opts.IdentityPoolID {
		return getIDOutput{}, refuse(accounts.ResourceNotFound, "IdentityPool '%.100s' not found.", in.IdentityPoolID)
	}
	if len(in.Logins) > 0 {
		subject, err := d.login(ctx, in.Logins)
		return getIDOutput{subject.IdentityID}, err
	}
	if !d.opts.AllowGuests {
		return getIDOutput{}, errNoGuests()
	}
	return getIDOutput{d.identityID(uuid.New())}, nil
}

type getCredentialsInput struct {
	IdentityID    string `json:"IdentityId"`
	Logins        map[string]string
	CustomRoleARN string `json:"CustomRoleArn"`
}

type getCredentialsOutput struct {
	IdentityID  string `json:"IdentityId"`
	Credentials credentials
}

type credentials struct {
	AccessKeyID  string `json:"AccessKeyId"`
	SecretKey    string
	SessionToken string
	Expiration   seconds
}

// getCredentials gives the credentials of the user who logs in, also to one who was that guest before.
func (d *door) getCredentials(ctx context.Context, c accounts.Caller, in getCredentialsInput) (out getCredentialsOutput, err error) {
	who := in.IdentityID[:min(len(in.IdentityID), 100)]
	defer func() { d.record(ctx, c, identityPool+"GetCredentialsForIdentity", who, err) }()
	if in.CustomRoleARN != "" {
		return out, accounts.NotSupported("CustomRoleArn")
	}
	guest, err := d.isGuest(in.IdentityID)
	if err != nil {
		return out, err
	}
	subject := accesskey.Subject{Guest: true, IdentityID: in.IdentityID}
	switch {
	case len(in.Logins) > 0:
		if subject, err = d.login(ctx, in.Logins); err != nil {
			return out, err
		}
		who = subject.Sub
		if !guest && subject.IdentityID != in.IdentityID {
			return out, refuse(accounts.NotAuthorized, "The identity is not that of the login.")
		}
	case !guest:
		return out, refuse(accounts.NotAuthorized, "Access to Identity '%s' is forbidden.", in.IdentityID)
	case !d.opts.AllowGuests:
		return out, errNoGuests()
	}
	made, err := d.keys.Issue(subject, credentialsLifetime)
	if err != nil {
		return out, err
	}
	return getCredentialsOutput{subject.IdentityID, credentials{made.ID, made.Secret, made.SessionToken, seconds(made.Expires)}}, nil
}

func errNoGuests() error {
	return refuse(accounts.NotAuthorized, "Unauthenticated access is not supported for this identity pool.")
}

// login finds the user of an ID token, which stands under its issuer without the scheme.
func (d *door) login(ctx context.Context, logins map[string]string) (accesskey.Subject, error) {
	if len(logins) > 1 {
		return accesskey.Subject{}, accounts.NotSupported("an identity with several logins")
	}
	for provider, token := range logins {
		id, _, err := d.pool.CheckID(ctx, token)
		if err != nil {
			return accesskey.Subject{}, err
		}
		issuer, _ := id.Claims["iss"].(string)
		if _, bare, _ := strings.Cut(issuer, "://"); provider != bare {
			return accesskey.Subject{}, refuse(accounts.NotAuthorized, "The token under %.100q is of another issuer; name it %q.", provider, bare)
		}
		return d.subject(id), nil
	}
	return accesskey.Subject{}, refuse(accounts.InvalidParameter, "Logins is empty.")
}

func (d *door) subject(id freshet.Identity) accesskey.Subject {
	s := accesskey.Subject{}
	s.Sub, _ = id.Claims["sub"].(string)
	s.Username, _ = id.Claims["cognito:username"].(string)
	groups, _ := id.Claims["cognito:groups"].([]any)
	for _, g := range groups {
		if name, ok := g.(string); ok {
			s.Groups = append(s.Groups, name)
		}
	}
	made := uuid.NewHash(sha256.New(), uuid.NameSpaceURL, []byte(d.opts.IdentityPoolID+" "+s.Sub), userVersion)
	s.IdentityID = d.identityID(made)
	return s
}

func (d *door) identityID(id uuid.UUID) string {
	region, _, _ := strings.Cut(d.opts.IdentityPoolID, ":")
	return region + ":" + id.String()
}

// isGuest tells whether an id is a guest's, and refuses what cannot be an id of this pool.
func (d *door) isGuest(identityID string) (bool, error) {
	_, text, _ := strings.Cut(identityID, ":")
	id, err := uuid.Parse(text)
	if err != nil || d.opts.IdentityPoolID == "" || d.identityID(id) != identityID || id.Version() != guestVersion && id.Version() != userVersion {
		return false, refuse(accounts.ResourceNotFound, "Identity '%.100s' not found.", identityID)
	}
	return id.Version() == guestVersion, nil
}
