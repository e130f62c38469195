package accounts

import (
	"context"

	"freshet"
)

// ForgotPassword mails a code with which ConfirmForgotPassword gives another password. It says that it did so for
// any name, unless unknown users are to be told.
func (p *Pool) ForgotPassword(ctx context.Context, c Caller, username string) (Delivery, error) {
	return p.requestCode(ctx, c, "ForgotPassword", username, codeReset, func(*user) bool { return true })
}

// ConfirmForgotPassword takes the code and gives the user another password. All sessions of the user end. Whoever
// has the code has the mailbox, so a sign-up is confirmed by it too: it is theirs, whoever made it. Errors:
// CodeMismatch, ExpiredCode, TooManyFailedAttempts and InvalidPassword.
func (p *Pool) ConfirmForgotPassword(ctx context.Context, c Caller, username, code, password string) (err error) {
	u, try, err := p.codeUser(ctx, c, "ConfirmForgotPassword", username)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "ConfirmForgotPassword", u.ID, OutcomeOK, err) }()
	if err := CheckPassword(password, username); err != nil {
		return err
	}
	next, err := p.hash(ctx, u.ID, password)
	if err != nil {
		return err
	}
	var verdict error
	changed := new(user)
	err = p.update(ctx, []freshet.Document{userDocument(u.ID), codeDocument(u.ID, codeReset)}, func(e *edit) error {
		now := new(user)
		known := e.get(userDocument(u.ID), now)
		if !known {
			now.Attributes = u.Attributes
		}
		verdict = p.useCode(e, u.ID, codeReset, now.email(), code, try.atHome)
		if verdict != nil || !known {
			verdict = firstError(verdict, errWrongCode)
			return nil
		}
		if err := CheckPassword(password, now.Name, now.email()); err != nil {
			return err // the code is not used up
		}
		now.setPassword(next)
		now.Status = Confirmed
		now.Attributes[attrEmailVerified] = "true"
		now.Modified = p.now()
		e.put(userDocument(u.ID), now)
		changed = now
		return nil
	})
	if err = firstError(err, verdict); err != nil {
		return err
	}
	if err := p.endSessions(ctx, u.ID, ""); err != nil {
		return err
	}
	if err := try.succeeded(ctx); err != nil {
		return err
	}
	p.tellOwner(ctx, c, changed, MailPasswordChanged)
	return nil
}
