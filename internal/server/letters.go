package server

import (
	"context"
	"strconv"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/mail"
)

// letters turns what the pool has to say into mail.
type letters struct {
	mail *mail.Mail
	now  func() time.Time
}

var _ accounts.Mailer = (*letters)(nil)

var letterOf = map[string]string{
	accounts.MailSignUp:          mail.VerifyEmail,
	accounts.MailReset:           mail.ResetPassword,
	accounts.MailVerify:          mail.NewAddress,
	accounts.MailSignIn:          mail.SignInCode,
	accounts.MailInvitation:      mail.Invitation,
	accounts.MailPasswordChanged: mail.PasswordChanged,
	accounts.MailEmailChanged:    mail.EmailChanged,
	accounts.MailPasskeyAdded:    mail.PasskeyAdded,
}

var letterField = map[string]string{"code": "Code", "minutes": "Minutes", "user": "Username", "password": "Password", "email": "Email"}

// Send puts a letter in the queue; one to nobody takes as long.
func (l *letters) Send(ctx context.Context, m accounts.Message) error {
	letter := mail.Message{To: m.To, Template: letterOf[m.Template], Data: make(map[string]string)}
	for name, value := range m.Data {
		field, known := letterField[name]
		if !known {
			return freshet.Errorf(freshet.Internal, "the letter %s has no place for %s", m.Template, name)
		}
		letter.Data[field] = value
	}
	switch letter.Template {
	case mail.Invitation:
		letter.Data["Days"] = strconv.Itoa(int(invitationKept.Hours() / 24))
	case mail.PasswordChanged, mail.PasskeyAdded:
		letter.Data["Time"] = l.now().UTC().Format("2 January 2006, 15:04 UTC")
	}
	if m.To == "" {
		return l.mail.Discard(ctx, letter)
	}
	return l.mail.Send(ctx, letter)
}
