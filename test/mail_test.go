package test

import (
	"bytes"
	"encoding/base64"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"freshet/internal/server"

	ourmail "freshet/internal/mail"
)

// patience is for a machine that is busy; a test that passes does not wait for it.
const patience = 20 * time.Second

// TestMail signs up by the codes of letters that go out by SMTP, also when the mail server is away for a while.
func TestMail(t *testing.T) {
	office := openPostOffice(t)
	var wall clock
	c := openCounter(t, office.config(t, &wall))

	office.open(t)
	c.signUp(t, "ana")
	letter := office.next(t)
	from, to, subject := letter.header.Get("From"), letter.header.Get("To"), letter.header.Get("Subject")
	if from != "Zoë <no-reply@freshet.test>" || to != "<ana@freshet.test>" || subject != "Bitte bestätigen: Möwe 🌊" {
		t.Errorf("the letter is from %s to %s about %s", from, to, subject)
	}
	if raw := letter.raw.Get("Subject"); !strings.HasPrefix(raw, "=?UTF-8?") {
		t.Errorf("the subject stands in the header as %q", raw)
	}
	if letter.envelope != "ana@freshet.test" {
		t.Errorf("the envelope is to %s", letter.envelope)
	}
	c.refuses(t, "UserNotConfirmedException", "InitiateAuth", signInOf("ana"))
	c.refuses(t, "CodeMismatchException", "ConfirmSignUp", confirmationOf("ana", "none"))
	c.joins(t, "ana", letter)

	office.shut()
	c.signUp(t, "ben")
	c.awaitFailure(t, "ben@freshet.test")
	office.open(t)
	wall.advance(2 * time.Minute) // the first pause is shorter
	c.signUp(t, "cleo")           // another letter has the queue look
	for range 2 {
		letter := office.next(t)
		name, _, _ := strings.Cut(letter.envelope, "@")
		c.joins(t, name, letter)
	}
	c.await(t, "the queue is empty", func() bool { return len(c.letters(t)) == 0 })
}

// TestMailAfterRestart has a letter wait through the end of the server.
func TestMailAfterRestart(t *testing.T) {
	office := openPostOffice(t)
	var wall clock
	cfg := office.config(t, &wall)
	cfg.Data = t.TempDir()
	t.Run("away", func(t *testing.T) {
		c := openCounter(t, cfg)
		c.signUp(t, "ana")
		c.awaitFailure(t, "ana@freshet.test")
	})
	wall.advance(2 * time.Minute)
	office.open(t)
	c := openCounter(t, cfg)
	c.joins(t, "ana", office.next(t))
	c.await(t, "the queue is empty", func() bool { return len(c.letters(t)) == 0 })
}

func signInOf(name string) string {
	return `{"ClientId":"` + server.DefaultClient + `","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"` + name + `","PASSWORD":"` + password + `"}}`
}

func confirmationOf(name, code string) string {
	return `{"ClientId":"` + server.DefaultClient + `","Username":"` + name + `","ConfirmationCode":"` + code + `"}`
}

func (c *counter) signUp(t *testing.T, name string) {
	t.Helper()
	var made struct{ UserConfirmed bool }
	c.cognito(t, "SignUp", `{"ClientId":"`+server.DefaultClient+`","Username":"`+name+`","Password":"`+password+
		`","UserAttributes":[{"Name":"email","Value":"`+name+`@freshet.test"}]}`, &made)
	if made.UserConfirmed {
		t.Errorf("%s is confirmed without a letter", name)
	}
}

// joins confirms a sign-up by the code of a letter, and signs in.
func (c *counter) joins(t *testing.T, name string, l letter) {
	t.Helper()
	if l.envelope != name+"@freshet.test" {
		t.Fatalf("the letter is to %s, not to %s", l.envelope, name)
	}
	c.cognito(t, "ConfirmSignUp", confirmationOf(name, secretIn(t, l.text)), new(struct{}))
	var in struct{ AuthenticationResult struct{ AccessToken string } }
	c.cognito(t, "InitiateAuth", signInOf(name), &in)
	if got := c.ask(t, in.AuthenticationResult.AccessToken, asksNothing); !strings.HasPrefix(got, "200 ") {
		t.Errorf("%s is answered %s", name, got)
	}
}

func (c *counter) letters(t *testing.T) []ourmail.Entry {
	t.Helper()
	list, err := c.operator.Letters(t.Context())
	check(t, err)
	return list
}

// awaitFailure waits until a letter could not be delivered, and waits for another attempt.
func (c *counter) awaitFailure(t *testing.T, to string) {
	t.Helper()
	c.await(t, "a failed attempt", func() bool {
		list := c.letters(t)
		return len(list) == 1 && list[0].To == to && list[0].State == ourmail.StateWaiting && list[0].Attempts == 1 && list[0].Error != ""
	})
}

// await asks until something is so.
func (c *counter) await(t *testing.T, what string, so func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for !so() {
		select {
		case <-timeout:
			t.Fatalf("%s does not come", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// postOffice is an SMTP server, which may be away.
type postOffice struct {
	address string
	server  *smtp.Server
	got     chan letter
}

// letter is one as a mail program shows it.
type letter struct {
	envelope    string      // whom it is for
	raw, header mail.Header // as they came, and decoded
	text        string
}

// openPostOffice finds an address; nobody is there yet.
func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, listener.Close())
	return &postOffice{address: listener.Addr().String(), got: make(chan letter, 10)}
}

// config is of a server that sends its mail here.
func (p *postOffice) config(t *testing.T, wall *clock) server.Config {
	t.Helper()
	templates := t.TempDir()
	check(t, os.WriteFile(filepath.Join(templates, "verify-email.txt"), []byte("Subject: Bitte bestätigen: Möwe 🌊\nDer Code für {{.To}}:\n\n    {{.Code}}\n"), 0o600))
	return server.Config{Now: wall.now, Mail: ourmail.Config{Server: "smtp+insecure://" + p.address, From: "Zoë <no-reply@freshet.test>", TemplateDir: templates}}
}

func (p *postOffice) open(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", p.address)
	check(t, err)
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{office: p, t: t}, nil }))
	s.Domain, s.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	p.server = s
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
}

func (p *postOffice) shut() { _ = p.server.Close() }

func (p *postOffice) next(t *testing.T) letter {
	t.Helper()
	select {
	case l := <-p.got:
		return l
	case <-time.After(patience):
		t.Fatal("no letter comes")
		return letter{}
	}
}

// delivery is one connection to the post office.
type delivery struct {
	office *postOffice
	t      *testing.T
	to     string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Reset()                               {}
func (d *delivery) Logout() error                        { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l, err := readLetter(raw)
	if err != nil {
		d.t.Errorf("%v in\n%s", err, raw)
	}
	l.envelope = d.to
	d.office.got <- l
	return nil
}

func readLetter(raw []byte) (letter, error) {
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{}, err
	}
	l := letter{raw: message.Header, header: make(mail.Header)}
	for name, values := range message.Header {
		decoded, err := new(mime.WordDecoder).DecodeHeader(values[0])
		if err != nil {
			return letter{}, err
		}
		l.header[name] = []string{decoded}
	}
	_, parameters, err := mime.ParseMediaType(l.header.Get("Content-Type"))
	if err != nil {
		return letter{}, err
	}
	part, err := multipart.NewReader(message.Body, parameters["boundary"]).NextRawPart() // the text comes first
	if err != nil {
		return letter{}, err
	}
	text, err := io.ReadAll(decoderOf(part))
	l.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	return l, err
}

func decoderOf(part *multipart.Part) io.Reader {
	switch part.Header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		return quotedprintable.NewReader(part)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, part)
	}
	return part
}
