package accounts

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"freshet"
)

const (
	attrSub           = "sub"
	attrEmail         = "email"
	attrEmailVerified = "email_verified"
	attrPhone         = "phone_number"
	attrPhoneVerified = "phone_number_verified"

	maxAttributes     = 80   // of a user
	maxAttributeValue = 2048 // characters, as in Cognito
)

// standardAttributes are the claims of OpenID Connect that a user may have.
var standardAttributes = []string{
	"address", "birthdate", attrEmail, "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname",
	attrPhone, "picture", "preferred_username", "profile", "updated_at", "website", "zoneinfo",
}

var customAttribute = regexp.MustCompile(`^custom:[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,20}$`)

// readAttributes checks attributes that are to be written. Users write what is theirs to say; operators
// also whether an address is verified.
func (p *Pool) readAttributes(list []Attribute, operator bool) (map[string]string, error) {
	attributes := make(map[string]string, len(list))
	for _, a := range list {
		if err := p.mayWrite(a.Name, operator); err != nil {
			return nil, err
		}
		if _, twice := attributes[a.Name]; twice {
			return nil, refuse(InvalidParameter, "The attribute %s stands twice.", a.Name)
		}
		if err := checkAttribute(a); err != nil {
			return nil, err
		}
		attributes[a.Name] = strings.TrimSpace(a.Value)
	}
	return attributes, nil
}

func (p *Pool) mayWrite(name string, operator bool) error {
	switch {
	case name == attrEmailVerified || name == attrPhoneVerified:
		if operator {
			return nil
		}
	case slices.Contains(standardAttributes, name), customAttribute.MatchString(name):
		if operator || !slices.Contains(p.config.ReadOnly, name) {
			return nil
		}
	default:
		return refuse(InvalidParameter, "user.%s: Attribute does not exist in the schema.", excerpt(name))
	}
	return refuse(NotAuthorized, "A client attempted to write the attribute %s, which it may not.", name)
}

func checkAttribute(a Attribute) error {
	if n := utf8.RuneCountInString(a.Value); n > maxAttributeValue || !utf8.ValidString(a.Value) {
		return refuse(InvalidParameter, "The attribute %s has %d characters; the limit is %d.", a.Name, n, maxAttributeValue)
	}
	value := strings.TrimSpace(a.Value)
	switch a.Name {
	case attrEmail:
		return checkEmail(value)
	case attrEmailVerified, attrPhoneVerified:
		if value != "true" && value != "false" {
			return refuse(InvalidParameter, "The attribute %s has to be true or false.", a.Name)
		}
	case attrPhone:
		if value != "" && !regexp.MustCompile(`^\+[0-9]{1,15}$`).MatchString(value) {
			return refuse(InvalidParameter, "Invalid phone number format.")
		}
	}
	return nil
}

// setAttributes takes over what was checked; an empty value takes an attribute away. It leaves the e-mail to
// its caller, as others may have it.
func (u *user) setAttributes(attributes map[string]string) error {
	if u.Attributes == nil {
		u.Attributes = make(map[string]string)
	}
	for name, value := range attributes {
		switch {
		case name == attrEmail:
		case value == "":
			delete(u.Attributes, name)
		default:
			u.Attributes[name] = value
		}
	}
	if _, written := attributes[attrPhone]; written && attributes[attrPhoneVerified] == "" {
		delete(u.Attributes, attrPhoneVerified)
	}
	if len(u.Attributes) > maxAttributes {
		return refuse(LimitExceeded, "A user has %d attributes at most.", maxAttributes)
	}
	return nil
}

// GetUser gives the user of an access token. Of this, as of Sessions, only refusals are on record: apps ask all the time.
func (p *Pool) GetUser(ctx context.Context, c Caller, accessToken string) (User, error) {
	_, u, err := p.owner(ctx, c, "GetUser", accessToken)
	if err != nil {
		return User{}, err
	}
	return u.view(), nil
}

// UpdateUserAttributes writes attributes of the user of an access token. Another e-mail gets a code and counts
// when that is given to VerifyUserAttribute; until then the user keeps the old one. Errors: LimitExceeded too soon after
// the last code; then nothing is written.
func (p *Pool) UpdateUserAttributes(ctx context.Context, c Caller, accessToken string, list []Attribute) (_ []Delivery, err error) {
	_, u, err := p.owner(ctx, c, "UpdateUserAttributes", accessToken)
	if err != nil {
		return nil, err
	}
	defer func() { p.record(ctx, c, "UpdateUserAttributes", u.ID, OutcomeOK, err) }()
	attributes, err := p.readAttributes(list, false)
	if err != nil {
		return nil, err
	}
	pending, code := "", ""
	err = p.change(ctx, u.ID, func(e *edit, u *user) (err error) {
		pending = ""
		if email, given := attributes[attrEmail]; given {
			switch {
			case fold(email) == fold(u.email()) && u.emailVerified():
				u.Attributes[attrEmail], u.PendingEmail = email, "" // no more than its case changes
			default:
				pending, u.PendingEmail = email, email
				if code, err = p.newCode(e, u.ID, codeVerify, pending); err != nil {
					return err
				}
			}
		}
		return u.setAttributes(attributes)
	}, codeDocument(u.ID, codeVerify))
	if err != nil || pending == "" {
		return nil, err
	}
	return []Delivery{emailDelivery(pending)}, p.mailCode(ctx, u, codeVerify, pending, code)
}

// DeleteUserAttributes takes attributes away from the user of an access token. The e-mail stays: it is what
// the password is reset with.
func (p *Pool) DeleteUserAttributes(ctx context.Context, c Caller, accessToken string, names []string) (err error) {
	_, u, err := p.owner(ctx, c, "DeleteUserAttributes", accessToken)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "DeleteUserAttributes", u.ID, OutcomeOK, err) }()
	return p.deleteAttributes(ctx, u.ID, names, false)
}

func (p *Pool) deleteAttributes(ctx context.Context, id string, names []string, operator bool) error {
	for _, name := range names {
		if name == attrEmail {
			return refuse(InvalidParameter, "The attribute email is required.")
		}
		if err := p.mayWrite(name, operator); err != nil {
			return err
		}
	}
	return p.change(ctx, id, func(_ *edit, u *user) error {
		for _, name := range names {
			delete(u.Attributes, name)
			if name == attrPhone {
				delete(u.Attributes, attrPhoneVerified)
			}
		}
		return nil
	})
}

// GetUserAttributeVerificationCode sends a code to the e-mail that waits for its verification.
func (p *Pool) GetUserAttributeVerificationCode(ctx context.Context, c Caller, accessToken, attribute string) (_ Delivery, err error) {
	_, u, err := p.owner(ctx, c, "GetUserAttributeVerificationCode", accessToken)
	if err != nil {
		return Delivery{}, err
	}
	defer func() { p.record(ctx, c, "GetUserAttributeVerificationCode", u.ID, OutcomeOK, err) }()
	if attribute != attrEmail {
		return Delivery{}, NotSupported("the verification of " + excerpt(attribute))
	}
	to := u.PendingEmail
	if to == "" {
		to = u.email()
	}
	if to == "" {
		return Delivery{}, refuse(InvalidParameter, "The user has no email to be verified.")
	}
	return p.sendCode(ctx, u, codeVerify, to)
}

// VerifyUserAttribute takes the code that went to an e-mail; from then on it is the user's. Errors: AliasExists for one
// that another user has verified.
func (p *Pool) VerifyUserAttribute(ctx context.Context, c Caller, accessToken, attribute, code string) (err error) {
	_, u, err := p.owner(ctx, c, "VerifyUserAttribute", accessToken)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "VerifyUserAttribute", u.ID, OutcomeOK, err) }()
	if attribute != attrEmail {
		return NotSupported("the verification of " + excerpt(attribute))
	}
	to := u.PendingEmail
	if to == "" {
		to = u.email()
	}
	before := u.email()
	squatter, err := p.squatter(ctx, to, 0)
	if err != nil {
		return err
	}
	if squatter != nil && squatter.ID == u.ID {
		squatter = nil
	}
	documents := append(squatter.documents(), userDocument(u.ID), codeDocument(u.ID, codeVerify), aliasDocument(to), aliasDocument(before))
	var verdict error
	err = p.update(ctx, documents, func(e *edit) error {
		now := new(user)
		if !e.get(userDocument(u.ID), now) || now.email() != before {
			return errAccessToken
		}
		if verdict = p.useCode(e, u.ID, codeVerify, to, code, false); verdict != nil {
			return nil // the try is counted
		}
		squatter.evict(e)
		now.PendingEmail = ""
		now.Modified = p.now()
		if err := now.takeEmail(e, to, true); err != nil {
			return err
		}
		e.put(userDocument(u.ID), now)
		return nil
	})
	if err != nil || verdict != nil {
		return firstError(err, verdict)
	}
	if before != "" && fold(before) != fold(to) {
		p.tell(ctx, c, u, Message{To: before, Template: MailEmailChanged, Data: map[string]string{"user": u.Name, "email": to}})
	}
	return nil
}

// takeEmail gives the user an e-mail in place of the one it has. The update has to hold the aliases of both.
func (u *user) takeEmail(e *edit, email string, verified bool) error {
	var holder alias
	if e.get(aliasDocument(email), &holder) && holder.User != u.ID {
		return refuse(AliasExists, "An account with the given email already exists.")
	}
	if u.email() != "" {
		e.remove(aliasDocument(u.email()))
	}
	e.put(aliasDocument(email), alias{u.ID})
	if u.Attributes == nil {
		u.Attributes = make(map[string]string)
	}
	u.Attributes[attrEmail] = email
	u.Attributes[attrEmailVerified] = "false"
	if verified {
		u.Attributes[attrEmailVerified] = "true"
	}
	return nil
}

// change is an update of one user who is there.
func (p *Pool) change(ctx context.Context, id string, change func(*edit, *user) error, also ...freshet.Document) error {
	d := userDocument(id)
	return p.update(ctx, append(also, d), func(e *edit) error {
		u := new(user)
		if !e.get(d, u) {
			return errUnknownUser
		}
		if err := change(e, u); err != nil {
			return err
		}
		u.Modified = p.now()
		e.put(d, u)
		return nil
	})
}

// firstError gives the first error that is one.
func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}
