package accounts

import (
	"context"
	"crypto/rand"
	"time"

	"freshet"
)

// SetupLifetime is how long the secret holds that makes the first administrator.
const SetupLifetime = 24 * time.Hour

// setup is that secret, hashed.
type setup struct {
	Hash    []byte    `json:"hash"`
	Expires time.Time `json:"expires"`
	Until   time.Time `json:"until"` // kept
}

var setupDocument = freshet.Document{Kind: kindSetup, Key: "admin"}

func errHasAdmin(group string) error {
	return refuse(UnsupportedUserState, "There is an administrator already: the group %s has members. They, or the operator, can let others join.", excerpt(group))
}

// NewSetup makes a secret with which one user can become the first member of a group. The one before counts no
// more. Errors: UnsupportedUserState where the group has members.
func (p *Pool) NewSetup(ctx context.Context, c Caller, name string) (secret string, err error) {
	defer func() { p.record(ctx, c, "NewSetup", name, OutcomeOK, err) }()
	secret = rand.Text() // 130 random bits
	of := groupDocument(name)
	err = p.update(ctx, []freshet.Document{setupDocument, of}, func(e *edit) error {
		var g group
		if e.get(of, &g) && g.Members > 0 {
			return errHasAdmin(name)
		}
		until := p.now().Add(SetupLifetime)
		e.put(setupDocument, setup{Hash: p.secrets.hash("setup", name, secret), Expires: until, Until: until.Add(SetupLifetime)})
		return nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Setup has an access token's user join a group that has no members, for the secret of NewSetup, which is used up
// then. A group that is not there is made. The user's next tokens say so. Errors: CodeMismatch, ExpiredCode,
// UnsupportedUserState where the e-mail is not verified or the group has members, TooManyRequests after wrong secrets.
func (p *Pool) Setup(ctx context.Context, c Caller, name, accessToken, secret string) (err error) {
	_, u, err := p.owner(ctx, c, "Setup "+excerpt(name), accessToken)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "Setup "+excerpt(name), u.ID, OutcomeOK, err) }()
	try, err := p.attempt(ctx, "setup:"+u.ID, c.Address)
	if err != nil && FaultOf(err) == TooManyFailedAttempts {
		return refuse(TooManyRequests, "Too many wrong secrets; try again later.")
	}
	if err != nil {
		return err
	}
	of := groupDocument(name)
	err = p.change(ctx, u.ID, func(e *edit, u *user) error {
		var s setup
		var g group
		switch known := e.get(of, &g); {
		case !e.get(setupDocument, &s) || !p.secrets.hashed(s.Hash, "setup", name, secret):
			return refuse(CodeMismatch, "The secret is not the one of the latest link, or it was used; `freshet user setup-link` prints a new one.")
		case !p.now().Before(s.Expires):
			return refuse(ExpiredCode, "The link has expired; `freshet user setup-link` prints a new one.")
		case g.Members > 0 || g.Removing:
			return errHasAdmin(name)
		case u.Status != Confirmed || !u.emailVerified():
			return refuse(UnsupportedUserState, "Verify your e-mail first.")
		case !known:
			g.Created, g.Modified = p.now(), p.now()
		}
		e.remove(setupDocument)
		return p.join(e, u, name, &g)
	}, setupDocument, of, memberDocument(name, u.ID))
	if err != nil {
		return err
	}
	return try.succeeded(ctx)
}
