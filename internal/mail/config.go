package mail

import (
	"context"
	"crypto/x509"
	"log/slog"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"freshet"
)

// Config says how mail leaves the server, and how it looks.
type Config struct {
	// Server is the SMTP server's URL. smtp://user:password@host:587 insists on STARTTLS, smtps://…:465
	// begins with TLS, smtp+insecure://host:1025 has none and takes no password. Empty: a local mailbox.
	Server string

	From        string         // the sender, as "Freshet <no-reply@example.com>"; needed with a Server
	Product     string         // the name that letters show; empty: Freshet
	URL         string         // where the product is, http or https; empty: letters show none
	Mailbox     string         // where a letter is read whose id stands behind it, for the log; empty: nowhere
	TemplateDir string         // has templates that go before the embedded ones; empty: none
	RootCAs     *x509.CertPool // signers of the SMTP server's certificate; nil: the system's

	// GivenUp is told of a letter that will not arrive; its Error says why. It must not hold up its caller. nil: nobody.
	GivenUp func(ctx context.Context, letter Entry)

	Logger *slog.Logger     // nil: slog.Default
	Now    func() time.Time // nil: time.Now
}

func (c Config) withDefaults() Config {
	if c.Product == "" {
		c.Product = "Freshet"
	}
	if c.From == "" && c.Server == "" {
		c.From = "no-reply@localhost"
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate tells what is wrong with the configuration; templates are looked at by Open.
func (c Config) Validate() error {
	if _, err := parseServer(c.Server); err != nil {
		return err
	}
	if c.From == "" && c.Server != "" {
		return freshet.Errorf(freshet.Invalid, `mail needs a sender's address; set mail-from, like "Freshet <no-reply@example.com>"`)
	}
	if c.From != "" {
		from, err := netmail.ParseAddress(c.From)
		if err != nil || !isLine(c.From) || checkAddress(from.Address) != nil {
			return freshet.Errorf(freshet.Invalid, `the sender of mail %q is no address; write it like "Freshet <no-reply@example.com>"`, c.From)
		}
		if local, _, _ := strings.Cut(from.Address, "@"); !isASCII(local) {
			return freshet.Errorf(freshet.Invalid, "the sender of mail %q is no address that every mail server takes; write what stands before the @ in ASCII", c.From)
		}
	}
	if !isLine(c.Product) || len(c.Product) > maxValue {
		return freshet.Errorf(freshet.Invalid, "the product's name in mail is one line of %d bytes at most", maxValue)
	}
	if c.URL != "" && !strings.HasPrefix(c.URL, "https://") && !strings.HasPrefix(c.URL, "http://") || !isLine(c.URL) || len(c.URL) > maxValue {
		return freshet.Errorf(freshet.Invalid, "the product's address in mail %q is no http or https URL", c.URL)
	}
	return nil
}

// isLine tells whether text can stand in a header and look like what it is: no control character, no line
// or paragraph separator, nothing that turns the direction of what follows.
func isLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	})
}
