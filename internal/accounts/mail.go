package accounts

import (
	"context"
	"strings"

	"freshet"
)

// Mailer takes messages on their way. Send returns when the message is safe in a queue; the post itself may
// take its time. A message to nobody takes as long and fails for the same reasons, and comes to nothing: strangers
// wait for the answer.
type Mailer interface {
	Send(ctx context.Context, m Message) error
}

// Message is a mail to be made of a template.
type Message struct {
	To       string // empty: nobody
	Template string
	Data     map[string]string // code, user, password, minutes
}

// The templates, and what their data holds beside user.
const (
	MailSignUp          = "sign-up"          // code, minutes
	MailReset           = "reset"            // code, minutes
	MailVerify          = "verify"           // code, minutes
	MailSignIn          = "sign-in"          // code, minutes
	MailInvitation      = "invitation"       // password
	MailPasswordChanged = "password-changed" // nothing
	MailEmailChanged    = "email-changed"    // email: the new one; goes to the old one
	MailPasskeyAdded    = "passkey-added"    // nothing
)

// Delivery tells where a code went, as far as its reader may know.
type Delivery struct {
	Attribute   string // email
	Medium      string // EMAIL
	Destination string // a***@e***
}

func emailDelivery(to string) Delivery {
	return Delivery{Attribute: attrEmail, Medium: "EMAIL", Destination: masked(to)}
}

// masked gives the first letters of an address and of its host.
func masked(email string) string {
	first := func(text string) string {
		for _, r := range text {
			return string(r) + "***"
		}
		return "***"
	}
	local, host, _ := strings.Cut(email, "@")
	return first(local) + "@" + first(host)
}

func (p *Pool) send(ctx context.Context, m Message) error {
	if err := p.config.Mailer.Send(ctx, m); err != nil {
		return &Error{Fault: CodeDeliveryFailure, Err: freshet.Wrap(freshet.Unavailable, err, "the mail could not be sent; try again later")}
	}
	return nil
}

// tell mails a user of what is done. That it is done stays true where the mail cannot be sent; that is on record.
func (p *Pool) tell(ctx context.Context, c Caller, u *user, m Message) {
	if err := p.send(ctx, m); err != nil {
		p.recordAbout(ctx, c, "Notice", u.ID, "mail "+m.Template, "", err)
	}
}
