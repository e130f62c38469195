package accounts

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/rate"
)

// SignUp is the request of a new account.
type SignUp struct {
	Username   string // a name, or an e-mail
	Password   string // may be empty where EmailSignIn is set
	Attributes []Attribute
}

// SignedUp is the answer.
type SignedUp struct {
	ID        string // sub
	Confirmed bool   // it may sign in at once
	Delivery  *Delivery
	Session   string // for ConfirmSignUp, so that it may sign in without the password
}

// A sign-up has to tell that a name or an e-mail is taken. What one network is told so is as much as one user is told of
// who has an e-mail; then its sign-ups wait, whatever they ask for.
const (
	takenAtOnce = 20
	takenEvery  = 10 * time.Second
)

// SignUp makes an account and mails the code that confirms it. Errors: UsernameExists, InvalidPassword and
// InvalidParameter, and TooManyRequests after many that exist.
func (p *Pool) SignUp(ctx context.Context, c Caller, r SignUp) (_ SignedUp, err error) {
	defer func() { p.record(ctx, c, "SignUp", r.Username, OutcomeOK, err) }()
	if err := p.knows(c); err != nil {
		return SignedUp{}, err
	}
	if p.config.AdminOnly {
		return SignedUp{}, refuse(NotAuthorized, "SignUp is not permitted for this user pool")
	}
	network := rate.NetworkOf(c.Address)
	if p.taken.Over(network, p.now()) {
		return SignedUp{}, refuse(TooManyRequests, "Too many sign-ups with a name or an e-mail that is taken; try again later.")
	}
	u, err := p.newUser(r.Username, r.Attributes, false)
	if err != nil {
		return SignedUp{}, err
	}
	if u.email() == "" && !p.config.AutoConfirm {
		return SignedUp{}, refuse(InvalidParameter, "The attribute email is required.")
	}
	u.Status = Unconfirmed
	if p.config.AutoConfirm {
		u.Status = Confirmed
	}
	if r.Password != "" || !p.config.EmailSignIn {
		if err := p.givePassword(ctx, u, r.Password); err != nil {
			return SignedUp{}, err
		}
	}
	code, err := p.create(ctx, u, !p.config.AutoConfirm)
	if err != nil {
		if FaultOf(err) == UsernameExists {
			p.taken.Count(network, p.now())
		}
		return SignedUp{}, err
	}
	answer := SignedUp{ID: u.ID, Confirmed: u.Status == Confirmed}
	if code != "" {
		delivery := emailDelivery(u.email())
		answer.Delivery = &delivery
		answer.Session = p.seal(ticket{Step: stepConfirm, User: u.ID, Client: c.Client, Origin: uuid.NewString(), Generation: u.Generation}, p.config.UnconfirmedLifetime)
		err = p.mailCode(ctx, u, codeSignUp, u.email(), code)
	}
	return answer, err
}

// newUser makes an account that is not stored yet. An e-mail in place of a user name is the account's e-mail,
// and its id is its name.
func (p *Pool) newUser(username string, list []Attribute, operator bool) (*user, error) {
	attributes, err := p.readAttributes(list, operator)
	if err != nil {
		return nil, err
	}
	now := p.now()
	u := &user{ID: uuid.NewString(), Name: strings.ToLower(strings.TrimSpace(username)), Created: now, Modified: now}
	email := attributes[attrEmail]
	if isEmail(username) {
		if err := checkEmail(strings.TrimSpace(username)); err != nil {
			return nil, err
		}
		if email != "" && fold(email) != fold(username) {
			return nil, refuse(InvalidParameter, "The username and the attribute email are different addresses.")
		}
		email, u.Name = strings.TrimSpace(username), u.ID
	} else if err := checkUserName(u.Name); err != nil {
		return nil, err
	}
	if err := u.setAttributes(attributes); err != nil {
		return nil, err
	}
	if email != "" {
		u.Attributes[attrEmail] = email
		if attributes[attrEmailVerified] != "true" {
			u.Attributes[attrEmailVerified] = "false"
		}
	}
	return u, nil
}

// givePassword checks a password and gives it to an account that is not stored yet.
func (p *Pool) givePassword(ctx context.Context, u *user, password string) error {
	if err := CheckPassword(password, u.Name, u.email()); err != nil {
		return err
	}
	n, err := p.hash(ctx, u.ID, password)
	if err == nil {
		u.setPassword(n)
	}
	return err
}

// create stores an account with its names, all or none, and a code to confirm it where it is asked for. Sign-ups
// that were never confirmed give way when their time has passed.
func (p *Pool) create(ctx context.Context, u *user, withCode bool) (code string, err error) {
	documents := append(u.aliases(), userDocument(u.ID), codeDocument(u.ID, codeSignUp))
	var squatters []*squatter
	for _, name := range []string{u.Name, u.email()} {
		s, err := p.squatter(ctx, name, p.config.UnconfirmedLifetime)
		if err != nil {
			return "", err
		}
		squatters = append(squatters, s)
		documents = append(documents, s.documents()...)
	}
	err = p.update(ctx, documents, func(e *edit) error {
		for _, s := range squatters {
			s.evict(e)
		}
		for _, d := range u.aliases() {
			if e.get(d, new(alias)) {
				if d == aliasDocument(u.Name) {
					return refuse(UsernameExists, "User already exists")
				}
				return refuse(UsernameExists, "An account with the given email already exists.")
			}
			e.put(d, alias{u.ID})
		}
		e.put(userDocument(u.ID), u)
		if withCode {
			code, err = p.newCode(e, u.ID, codeSignUp, u.email())
			return err
		}
		return nil
	})
	return code, err
}

// squatter is an account that holds a name that another one wants, and has not shown that it is its own: it was never
// confirmed, or the e-mail never verified. A nil one is none.
type squatter struct{ *user }

// squatter finds the one that holds a name for longer than it may. One that was confirmed otherwise than by its e-mail,
// by an operator say, may for ever, but for one who has proven to have the mailbox, who does not wait: then may is 0.
func (p *Pool) squatter(ctx context.Context, name string, may time.Duration) (*squatter, error) {
	d := aliasDocument(name)
	var a alias
	found, err := p.documents.Get(ctx, d, &a)
	if err != nil || !found {
		return nil, err
	}
	u, err := p.load(ctx, a.User)
	if err != nil || u.ghost {
		return nil, err
	}
	s := &squatter{u}
	if s.goes() && !p.now().Before(u.Created.Add(may)) || !s.goes() && may == 0 && !u.emailVerified() {
		return s, nil
	}
	return nil, nil
}

// goes tells whether the account goes as a whole; else it loses the e-mail.
func (s *squatter) goes() bool { return s.Status == Unconfirmed && len(s.Groups) == 0 }

func (s *squatter) documents() []freshet.Document {
	if s == nil {
		return nil
	}
	return append(s.aliases(), userDocument(s.ID))
}

// evict takes the account away, or the e-mail from it, unless it was changed in between.
func (s *squatter) evict(e *edit) {
	if s == nil {
		return
	}
	now := new(user)
	if !e.get(userDocument(s.ID), now) || !now.Modified.Equal(s.Modified) {
		return
	}
	if s.goes() {
		for _, d := range s.documents() {
			e.remove(d)
		}
		return
	}
	e.remove(aliasDocument(now.email()))
	delete(now.Attributes, attrEmail)
	delete(now.Attributes, attrEmailVerified)
	e.put(userDocument(s.ID), now)
}

// ConfirmSignUp takes the code of a sign-up; the e-mail is verified by it. It gives a session with which USER_AUTH
// signs in without the password: whoever has the code has the mailbox, and could reset the password by it. The
// session of the sign-up may be given, as Amplify does not; then it has to be of this user. Errors: CodeMismatch,
// also where nobody waits for a code, ExpiredCode and TooManyFailedAttempts.
func (p *Pool) ConfirmSignUp(ctx context.Context, c Caller, username, code, session string) (_ string, err error) {
	u, try, err := p.codeUser(ctx, c, "ConfirmSignUp", username)
	if err != nil {
		return "", err
	}
	defer func() { p.record(ctx, c, "ConfirmSignUp", u.ID, OutcomeOK, err) }()
	var verdict error
	err = p.update(ctx, []freshet.Document{userDocument(u.ID), codeDocument(u.ID, codeSignUp)}, func(e *edit) error {
		now := new(user)
		known := e.get(userDocument(u.ID), now)
		verdict = p.useCode(e, u.ID, codeSignUp, now.email(), code, try.atHome)
		if verdict != nil || !known || now.Status != Unconfirmed {
			verdict = firstError(verdict, errWrongCode)
			return nil
		}
		now.Status = Confirmed
		now.Attributes[attrEmailVerified] = "true"
		now.Modified = p.now()
		e.put(userDocument(u.ID), now)
		return nil
	})
	if err = firstError(err, verdict); err != nil {
		return "", err
	}
	if err := try.succeeded(ctx); err != nil {
		return "", err
	}
	t := ticket{User: u.ID, Client: c.Client, Origin: uuid.NewString(), Generation: u.Generation}
	if session != "" {
		if t, err = p.open(session, c, stepConfirm); err != nil || t.User != u.ID {
			return "", nil // none that counts: the user signs in as usual
		}
	}
	t.Step = stepConfirmed
	return p.seal(t, p.config.ChallengeLifetime), nil
}

// codeUser looks up whom a code is to be for, and counts the guess at it.
func (p *Pool) codeUser(ctx context.Context, c Caller, what, username string) (u *user, try *attempt, err error) {
	defer func() {
		if err != nil {
			p.record(ctx, c, what, username, "", err)
		}
	}()
	if err := p.knows(c); err != nil {
		return nil, nil, err
	}
	if u, err = p.seek(ctx, username); err != nil {
		return nil, nil, err
	}
	try, err = p.attempt(ctx, "code:"+u.ID, c.Address)
	return u, try, err
}

// ResendConfirmationCode mails another code for a sign-up. It says that it did so for any name, unless unknown
// users are to be told.
func (p *Pool) ResendConfirmationCode(ctx context.Context, c Caller, username string) (_ Delivery, err error) {
	return p.requestCode(ctx, c, "ResendConfirmationCode", username, codeSignUp, func(u *user) bool { return u.Status == Unconfirmed })
}

// requestCode mails a code to one who is not signed in, if that one is meant to have it; the answer does not
// tell.
func (p *Pool) requestCode(ctx context.Context, c Caller, what, username string, w purpose, meant func(*user) bool) (_ Delivery, err error) {
	who := username
	defer func() { p.record(ctx, c, what, who, OutcomeOK, err) }()
	if err := p.knows(c); err != nil {
		return Delivery{}, err
	}
	u, err := p.seek(ctx, username)
	if err != nil {
		return Delivery{}, err
	}
	who = u.ID
	silent := *u
	silent.ghost = u.ghost || u.email() == "" || u.Disabled || !meant(u)
	_, err = p.sendCode(ctx, &silent, w, u.email())
	return emailDelivery(p.shownEmail(u, username)), err
}

// shownEmail gives the address that an answer may hint at: the one that was typed, or the user's own or a
// ghost's.
func (p *Pool) shownEmail(u *user, typed string) string {
	switch {
	case isEmail(typed):
		return strings.ToLower(strings.TrimSpace(typed))
	case u.email() == "":
		return p.ghost(u.ID).email()
	}
	return strings.ToLower(u.email())
}
