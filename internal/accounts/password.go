package accounts

import (
	"context"
	_ "embed"
	"math/big"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	minPassword = 8   // characters
	maxPassword = 256 // characters
)

//go:embed common.txt
var commonText string

// commonPasswords are those that are tried first by whoever guesses.
var commonPasswords = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool)
	for line := range strings.Lines(commonText) {
		set[fold(line)] = true
	}
	return set
})

// CheckPassword tells what is wrong with a password for a user; there are no rules about which kinds of
// characters it has. names are those of the user: its name and e-mail.
func CheckPassword(password string, names ...string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return refuse(InvalidPassword, "Password did not conform with policy: it is no UTF-8 text")
	case n < minPassword:
		return refuse(InvalidPassword, "Password did not conform with policy: it has %d characters; %d are needed", n, minPassword)
	case n > maxPassword:
		return refuse(InvalidPassword, "Password did not conform with policy: it has %d characters; the limit is %d", n, maxPassword)
	case commonPasswords()[fold(password)]:
		return refuse(InvalidPassword, "Password did not conform with policy: it is one of the most common ones")
	}
	for _, name := range names {
		if name != "" && fold(name) == fold(password) {
			return refuse(InvalidPassword, "Password did not conform with policy: it is the name of its user")
		}
	}
	return nil
}

// newPassword is what is stored of a password.
type newPassword struct{ salt, verifier []byte }

// hash makes what is stored of a password, when its turn comes.
func (p *Pool) hash(ctx context.Context, userID, password string) (n newPassword, err error) {
	n.salt = newSalt()
	var v *big.Int
	if err := p.sums.guess(ctx, func() { v = verifierOf(p.poolName, userID, password, n.salt) }); err != nil {
		return n, err
	}
	n.verifier = seal(p.secrets.rest, v.Bytes(), "verifier", userID)
	return n, nil
}

// setPassword gives the user another password, and ends its sessions.
func (u *user) setPassword(n newPassword) {
	u.Salt, u.Verifier = n.salt, n.verifier
	u.TemporaryUntil, u.Invited = time.Time{}, false
	u.Generation++
}

// fits tells whether a password is the user's, when its turn comes. For a ghost it does the same work.
func (p *Pool) fits(ctx context.Context, u *user, password string) (bool, error) {
	if utf8.RuneCountInString(password) > maxPassword {
		return false, nil
	}
	want, err := p.verifier(u)
	if err != nil {
		return false, err
	}
	var got *big.Int
	if err := p.sums.guess(ctx, func() { got = verifierOf(p.poolName, u.ID, password, u.salt(p)) }); err != nil {
		return false, err
	}
	return sameNumber(got, want) && !u.ghost, nil
}

// salt gives the user's, and a made-up one where there is no password.
func (u *user) salt(p *Pool) []byte {
	if u.Salt == nil {
		return mac(p.secrets.ghosts, "salt", u.ID)[:saltSize]
	}
	return u.Salt
}

// ChangePassword takes the old password of an access token's user and gives it a new one. All other sessions of
// the user end.
func (p *Pool) ChangePassword(ctx context.Context, c Caller, accessToken, previous, proposed string) (err error) {
	t, u, err := p.owner(ctx, c, "ChangePassword", accessToken)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "ChangePassword", u.ID, OutcomeOK, err) }()
	if err := CheckPassword(proposed, u.Name, u.email()); err != nil {
		return err
	}
	if err := p.reprove(ctx, c, u, previous); err != nil {
		return err
	}
	next, err := p.hash(ctx, u.ID, proposed)
	if err != nil {
		return err
	}
	current := sessionDocument(u.ID, t.session)
	before := u.Generation
	err = p.change(ctx, u.ID, func(e *edit, u *user) error {
		var s session
		if u.Generation != before || !e.get(current, &s) {
			return errAccessToken
		}
		u.setPassword(next)
		u.Status = Confirmed
		s.Generation = u.Generation
		e.put(current, s)
		return nil
	}, current)
	if err != nil {
		return err
	}
	if err := p.endSessions(ctx, u.ID, t.session); err != nil {
		return err
	}
	p.tellOwner(ctx, c, u, MailPasswordChanged)
	return nil
}

// reprove checks the password of a user who is signed in already.
func (p *Pool) reprove(ctx context.Context, c Caller, u *user, password string) error {
	try, err := p.attempt(ctx, u.ID, c.Address)
	if err != nil {
		return err
	}
	fits, err := p.fits(ctx, u, password)
	if err != nil {
		return err
	}
	if !fits {
		return errWrongPassword
	}
	return try.succeeded(ctx)
}

// tellOwner mails the user, who may not be the one who did it, what has happened to the account.
func (p *Pool) tellOwner(ctx context.Context, c Caller, u *user, template string) {
	if u.email() != "" && u.emailVerified() {
		p.tell(ctx, c, u, Message{To: u.email(), Template: template, Data: map[string]string{"user": u.Name}})
	}
}
