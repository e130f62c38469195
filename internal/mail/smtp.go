package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"freshet"
)

const (
	dialTimeout = 30 * time.Second // for connecting, and then for each of hello, TLS and log-in together
	sendTimeout = 2 * time.Minute  // for the whole of a delivery; a server that checks for spam takes its time
)

// server is the SMTP server that takes the letters.
type server struct {
	host           string
	port           int
	implicit       bool // TLS from the first byte
	insecure       bool // no TLS at all
	user, password string
	roots          *x509.CertPool
	timeout        time.Duration // of a delivery; 0: sendTimeout
}

const serverForm = "write smtp://user:password@host:587 or smtps://user:password@host:465"

// parseServer reads a server's URL; none for an empty one. Errors never show it, for it has a password.
func parseServer(text string) (*server, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, freshet.Errorf(freshet.Invalid, "the mail server is no URL; %s", serverForm)
	}
	s := &server{host: u.Hostname(), port: 587, user: u.User.Username()}
	s.password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
	case "smtps":
		s.port, s.implicit = 465, true
	case "smtp+insecure":
		s.port, s.insecure = 25, true
	default:
		return nil, freshet.Errorf(freshet.Invalid, "the mail server's scheme %q is not known; %s", u.Scheme, serverForm)
	}
	if port := u.Port(); port != "" {
		if s.port, err = strconv.Atoi(port); err != nil || s.port < 1 || s.port > 65535 {
			return nil, freshet.Errorf(freshet.Invalid, "the mail server's port %q is no port; %s", port, serverForm)
		}
		s.implicit = s.implicit || s.port == 465 && !s.insecure
	}
	switch {
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, freshet.Errorf(freshet.Invalid, "the mail server's URL has something behind the port; %s", serverForm)
	case (s.user == "") != (s.password == ""):
		return nil, freshet.Errorf(freshet.Invalid, "the mail server's URL has a user or a password, but not both; %s", serverForm)
	case s.insecure && s.user != "":
		return nil, freshet.Errorf(freshet.Invalid, "smtp+insecure would send the password in the clear; %s", serverForm)
	}
	return s, nil
}

// send hands a message over. When it gives no error the server has taken it.
func (s *server) send(ctx context.Context, message *gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.timeout, sendTimeout))
	defer cancel()
	var open net.Conn
	defer func() {
		if open != nil {
			_ = open.Close() // whatever is left of it: the library leaves a connection open when its start fails
		}
	}()
	dial := func(dialing context.Context, network, address string) (_ net.Conn, err error) {
		open, err = s.dial(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = open.Close() })
		}
		return open, err
	}
	options := append(s.options(), gomail.WithDialContextFunc(dial))
	if !needsUTF8(message) { // a server on the way that does not know it need not
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to the mail server: %w", err)
	}
	if known, _ := conn.Extension("SMTPUTF8"); !known && needsUTF8(message) {
		return errNoUTF8
	}
	if err := client.SendWithSMTPClient(conn, message); err != nil && !message.IsDelivered() {
		return err
	}
	_ = client.CloseWithSMTPClient(conn) // a goodbye; the message is theirs already
	return nil
}

func (s *server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil || !s.implicit {
		return conn, err
	}
	secure := tls.Client(conn, s.tls())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

func (s *server) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

func (s *server) options() []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.port),
		gomail.WithTimeout(dialTimeout),
		gomail.WithTLSConfig(s.tls()),
		gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithoutNoop(),
		gomail.WithoutRset(),
	}
	if s.implicit {
		options = append(options, gomail.WithSSL())
	}
	if s.insecure {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

var errNoUTF8 = errors.New("the mail server takes no addresses beyond ASCII (SMTPUTF8)")

// needsUTF8 tells whether the address that a message goes to cannot be written in ASCII; the sender's can.
func needsUTF8(message *gomail.Msg) bool {
	recipients, err := message.GetRecipients()
	return err != nil || slices.ContainsFunc(recipients, func(to string) bool { return !isASCII(to) })
}

// permanent tells whether the server refused the message itself for good. A server that cannot be reached,
// that does not let us in, or that does not take our sender, can be mended by the operator, so the letter waits.
func permanent(err error) bool {
	if errors.Is(err, errNoUTF8) {
		return true
	}
	refusal, ok := errors.AsType[*gomail.SendError](err)
	if !ok || refusal.Reason == gomail.ErrSMTPMailFrom {
		return false
	}
	switch code := refusal.ErrorCode(); code {
	case 530, 534, 535, 538: // about the log-in
		return false
	default:
		return code >= 500
	}
}

// compose makes the message of a letter. Nothing in it but the boundaries differs from attempt to attempt.
func compose(sender string, letter Kept) (*gomail.Msg, error) {
	from, err := netmail.ParseAddress(sender)
	if err != nil {
		return nil, err
	}
	if from.Address, err = onTheWire(from.Address); err != nil {
		return nil, err
	}
	to, err := onTheWire(letter.To)
	if err != nil {
		return nil, err
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(from)
	if err := message.To(to); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	message.SetMessageIDWithValue(letter.ID + "@" + domain)
	message.SetDateWithValue(letter.Created)
	message.Subject(letter.Subject)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	message.SetBodyString(gomail.TypeTextPlain, letter.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, letter.HTML)
	return message, nil
}
