package accounts

import (
	"context"
	"crypto/rand"
	"slices"

	"freshet"
)

// AdminCreateUser is the request of an account by an operator.
type AdminCreateUser struct {
	Username          string
	Attributes        []Attribute
	TemporaryPassword string // empty: a random one
	MessageAction     string // RESEND: a new invitation for one who is there; SUPPRESS: no mail
}

const (
	messageResend   = "RESEND"
	messageSuppress = "SUPPRESS"
)

// AdminCreateUser makes an account with a temporary password and mails the invitation, where the account has an
// e-mail. Errors: UsernameExists, UnsupportedUserState for RESEND to one who has signed in.
func (p *Pool) AdminCreateUser(ctx context.Context, c Caller, r AdminCreateUser) (_ User, err error) {
	who := r.Username
	defer func() { p.record(ctx, c, "AdminCreateUser", who, OutcomeOK, err) }()
	if r.MessageAction != "" && r.MessageAction != messageResend && r.MessageAction != messageSuppress {
		return User{}, refuse(InvalidParameter, "MessageAction has to be RESEND or SUPPRESS.")
	}
	password := r.TemporaryPassword
	if password == "" {
		password = rand.Text()[:16] // 80 random bits
	}
	if r.MessageAction == messageResend {
		u, err := p.reinvite(ctx, r.Username, password)
		if err != nil {
			return User{}, err
		}
		who = u.ID
		return u.view(), p.invite(ctx, u, password)
	}
	u, err := p.newUser(r.Username, r.Attributes, true)
	if err != nil {
		return User{}, err
	}
	if err := p.givePassword(ctx, u, password); err != nil {
		return User{}, err
	}
	u.Status, u.TemporaryUntil = ForceChange, p.now().Add(p.config.TemporaryLifetime)
	u.Invited = r.MessageAction != messageSuppress && u.email() != ""
	if _, err := p.create(ctx, u, false); err != nil {
		return User{}, err
	}
	who = u.ID
	if u.Invited {
		err = p.invite(ctx, u, password)
	}
	return u.view(), err
}

func (p *Pool) reinvite(ctx context.Context, username, password string) (*user, error) {
	u, err := p.findKnown(ctx, username)
	if err != nil {
		return nil, err
	}
	if u.email() == "" {
		return nil, refuse(InvalidParameter, "The user has no email to be invited by.")
	}
	if err := CheckPassword(password, u.Name, u.email()); err != nil {
		return nil, err
	}
	next, err := p.hash(ctx, u.ID, password)
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, u.ID, func(_ *edit, now *user) error {
		if now.Status != ForceChange {
			return refuse(UnsupportedUserState, "Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", now.Status)
		}
		now.setPassword(next)
		now.TemporaryUntil, now.Invited = p.now().Add(p.config.TemporaryLifetime), true
		u = now
		return nil
	})
	return u, err
}

func (p *Pool) invite(ctx context.Context, u *user, password string) error {
	name := u.Name
	if name == u.ID {
		name = u.email()
	}
	return p.send(ctx, Message{To: u.email(), Template: MailInvitation, Data: map[string]string{"user": name, "password": password}})
}

// admins looks up the user of an operator's act; that there is none is on record.
func (p *Pool) admins(ctx context.Context, c Caller, what, username string) (*user, error) {
	u, err := p.findKnown(ctx, username)
	if err != nil {
		p.record(ctx, c, what, username, "", err)
	}
	return u, err
}

// administer is an act on one user.
func (p *Pool) administer(ctx context.Context, c Caller, what, username string, act func(u *user) error) (err error) {
	u, err := p.admins(ctx, c, what, username)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, what, u.ID, OutcomeOK, err) }()
	return act(u)
}

// AdminGetUser gives a user by name, e-mail or id. Errors: UserNotFound, as with all that follows.
func (p *Pool) AdminGetUser(ctx context.Context, username string) (User, error) {
	u, err := p.findKnown(ctx, username)
	if err != nil {
		return User{}, err
	}
	return u.view(), nil
}

// AdminSetUserPassword gives a user another password, for good or until the next sign-in. All sessions of the
// user end.
func (p *Pool) AdminSetUserPassword(ctx context.Context, c Caller, username, password string, permanent bool) error {
	return p.administer(ctx, c, "AdminSetUserPassword", username, func(u *user) error {
		if err := CheckPassword(password, u.Name, u.email()); err != nil {
			return err
		}
		next, err := p.hash(ctx, u.ID, password)
		if err != nil {
			return err
		}
		err = p.change(ctx, u.ID, func(_ *edit, u *user) error {
			u.setPassword(next)
			u.Status = Confirmed
			if !permanent {
				u.Status, u.TemporaryUntil = ForceChange, p.now().Add(p.config.TemporaryLifetime)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return p.endSessions(ctx, u.ID, "")
	})
}

// AdminConfirmSignUp confirms a sign-up without its code. The e-mail stays unverified.
func (p *Pool) AdminConfirmSignUp(ctx context.Context, c Caller, username string) error {
	return p.administer(ctx, c, "AdminConfirmSignUp", username, func(u *user) error {
		return p.change(ctx, u.ID, func(_ *edit, u *user) error {
			if u.Status != Unconfirmed {
				return refuse(NotAuthorized, "User cannot be confirmed. Current status is %s", u.Status)
			}
			u.Status = Confirmed
			return nil
		})
	})
}

// AdminDisableUser lets a user in no more; all sessions end.
func (p *Pool) AdminDisableUser(ctx context.Context, c Caller, username string) error {
	return p.administer(ctx, c, "AdminDisableUser", username, func(u *user) error { return p.setDisabled(ctx, u.ID, true) })
}

// AdminEnableUser lets a user in again; what was ended stays so.
func (p *Pool) AdminEnableUser(ctx context.Context, c Caller, username string) error {
	return p.administer(ctx, c, "AdminEnableUser", username, func(u *user) error { return p.setDisabled(ctx, u.ID, false) })
}

func (p *Pool) setDisabled(ctx context.Context, id string, disabled bool) error {
	err := p.change(ctx, id, func(_ *edit, u *user) error {
		u.Disabled = disabled
		if disabled {
			u.Generation++
		}
		return nil
	})
	if err != nil || !disabled {
		return err
	}
	p.tellBarred(id)
	return p.endSessions(ctx, id, "")
}

// AdminUpdateUserAttributes writes attributes of a user; an e-mail counts at once. Errors: AliasExists.
func (p *Pool) AdminUpdateUserAttributes(ctx context.Context, c Caller, username string, list []Attribute) error {
	return p.administer(ctx, c, "AdminUpdateUserAttributes", username, func(u *user) error {
		attributes, err := p.readAttributes(list, true)
		if err != nil {
			return err
		}
		email, given := attributes[attrEmail]
		before := u.email()
		return p.change(ctx, u.ID, func(e *edit, u *user) error {
			if u.email() != before {
				return refuse(TooManyRequests, "The user changed at the same time; try again.")
			}
			if given {
				verified := fold(email) == fold(before) && u.emailVerified()
				if err := u.takeEmail(e, email, verified); err != nil {
					return err
				}
				u.PendingEmail = ""
			}
			return u.setAttributes(attributes)
		}, aliasDocument(before), aliasDocument(email))
	})
}

// AdminDeleteUserAttributes takes attributes of a user away.
func (p *Pool) AdminDeleteUserAttributes(ctx context.Context, c Caller, username string, names []string) error {
	return p.administer(ctx, c, "AdminDeleteUserAttributes", username, func(u *user) error {
		return p.deleteAttributes(ctx, u.ID, names, true)
	})
}

// AdminResetUserPassword has a user choose another password by a mailed code before the next sign-in. All sessions
// end.
func (p *Pool) AdminResetUserPassword(ctx context.Context, c Caller, username string) error {
	return p.administer(ctx, c, "AdminResetUserPassword", username, func(u *user) error {
		if u.email() == "" {
			return refuse(InvalidParameter, "Cannot reset password for the user as there is no email")
		}
		err := p.change(ctx, u.ID, func(_ *edit, u *user) error {
			u.Status = ResetRequired
			u.Generation++
			return nil
		})
		if err != nil {
			return err
		}
		if err := p.endSessions(ctx, u.ID, ""); err != nil {
			return err
		}
		_, err = p.sendCode(ctx, u, codeReset, u.email())
		if FaultOf(err) == LimitExceeded {
			return nil // the user has just got one
		}
		return err
	})
}

// AdminSetUserMFAPreference turns a user's second factors on and off; nil leaves one as it is.
func (p *Pool) AdminSetUserMFAPreference(ctx context.Context, c Caller, username string, totp, email *MFASetting) error {
	return p.administer(ctx, c, "AdminSetUserMFAPreference", username, func(u *user) error { return p.setMFA(ctx, u.ID, totp, email) })
}

// AdminUserGlobalSignOut ends all sessions of a user.
func (p *Pool) AdminUserGlobalSignOut(ctx context.Context, c Caller, username string) error {
	return p.administer(ctx, c, "AdminUserGlobalSignOut", username, func(u *user) error { return p.signOut(ctx, u.ID) })
}

// AdminDeleteUser takes an account away.
func (p *Pool) AdminDeleteUser(ctx context.Context, c Caller, username string) error {
	return p.administer(ctx, c, "AdminDeleteUser", username, func(u *user) error { return p.delete(ctx, u) })
}

// DeleteUser takes the account of an access token's user away.
func (p *Pool) DeleteUser(ctx context.Context, c Caller, accessToken string) (err error) {
	_, u, err := p.owner(ctx, c, "DeleteUser", accessToken)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "DeleteUser", u.ID, OutcomeOK, err) }()
	return p.delete(ctx, u)
}

// delete takes an account away, with its names, memberships, passkeys, codes and sessions.
func (p *Pool) delete(ctx context.Context, u *user) error {
	ctx = context.WithoutCancel(ctx) // who asked may go; the work may be long
	if p.config.Deleting != nil {
		if err := p.signOut(ctx, u.ID); err != nil {
			return err
		}
		if err := p.config.Deleting(ctx, u.view()); err != nil {
			return err
		}
	}
	for _, group := range u.Groups {
		if err := p.leave(ctx, u.ID, group); err != nil {
			return err
		}
	}
	documents := slices.Concat(u.aliases(), u.passkeyDocuments(), []freshet.Document{userDocument(u.ID)})
	for _, w := range []purpose{codeSignUp, codeReset, codeVerify, codeSignIn} {
		documents = append(documents, codeDocument(u.ID, w))
	}
	devices, err := p.devices(ctx, u.ID)
	if err != nil {
		return err
	}
	for _, d := range devices {
		documents = append(documents, deviceDocument(u.ID, d.Key))
	}
	err = p.update(ctx, documents, func(e *edit) error {
		now := new(user)
		if !e.get(userDocument(u.ID), now) {
			return nil
		}
		if now.email() != u.email() || len(now.Groups) > 0 || !slices.Equal(now.Passkeys, u.Passkeys) {
			return refuse(TooManyRequests, "The user changed at the same time; try again.")
		}
		for _, d := range documents {
			e.remove(d)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.tellBarred(u.ID)
	return firstError(p.endSessions(ctx, u.ID, ""), p.keepDevices(ctx, u.ID, 0)) // one may have been confirmed meanwhile
}
