package mail

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"freshet"
)

// post is a real SMTP server that keeps what it gets.
type post struct {
	certificate tls.Certificate
	roots       *x509.CertPool
	address     string
	implicit    bool
	server      *smtp.Server
	listener    net.Listener

	mu      sync.Mutex
	refuse  func(stage string) error // "mail", "rcpt" and "data"; nil: takes everything
	hold    chan struct{}            // DATA waits for it
	got     chan letter
	logIns  []string
	secured []bool // by session
}

type letter struct {
	from, to string
	utf8     bool // SMTPUTF8 was asked for
	raw      []byte
}

// patience is for a machine that is busy; a test that passes does not wait for it.
const patience = 10 * time.Second

const testUser, testPassword = "ana", "p@ss:wörd/1"

func newPost(t *testing.T, implicit bool) *post {
	t.Helper()
	p := &post{implicit: implicit, got: make(chan letter, 100), address: "127.0.0.1:0"}
	p.certificate, p.roots = newCertificate(t)
	p.start(t)
	return p
}

func (p *post) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	p.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{post: p, conn: c}, nil }))
	p.server.Domain = "localhost"
	p.server.EnableSMTPUTF8 = true
	p.server.ErrorLog = log.New(io.Discard, "", 0)
	config := &tls.Config{Certificates: []tls.Certificate{p.certificate}}
	if p.implicit {
		listener = tls.NewListener(listener, config)
	} else {
		p.server.TLSConfig = config
	}
	p.listener = listener
	server := p.server
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(p.stop)
}

func (p *post) stop() {
	_ = p.listener.Close() // the server may not know of it yet
	_ = p.server.Close()
}

func (p *post) url() string {
	scheme := "smtp"
	if p.implicit {
		scheme = "smtps"
	}
	return scheme + "://" + testUser + ":p%40ss%3Aw%C3%B6rd%2F1@" + p.address
}

func (p *post) refuseWith(refuse func(stage string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

func (p *post) asked(stage string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse == nil {
		return nil
	}
	return p.refuse(stage)
}

// next waits for a letter.
func (p *post) next(t *testing.T) letter {
	t.Helper()
	select {
	case l := <-p.got:
		return l
	case <-time.After(patience):
		t.Fatal("no letter came")
		return letter{}
	}
}

type session struct {
	post   *post
	conn   *smtp.Conn
	letter letter
	user   string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != testUser || password != testPassword {
			return smtp.ErrAuthFailed
		}
		s.user = user
		_, secure := s.conn.TLSConnectionState()
		s.post.mu.Lock()
		defer s.post.mu.Unlock()
		s.post.logIns, s.post.secured = append(s.post.logIns, user), append(s.post.secured, secure)
		return nil
	}), nil
}

func (s *session) Mail(from string, options *smtp.MailOptions) error {
	if s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.letter.from, s.letter.utf8 = from, options.UTF8
	return s.post.asked("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = to
	return s.post.asked("rcpt")
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.post.mu.Lock()
	hold := s.post.hold
	s.post.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if err := s.post.asked("data"); err != nil {
		return err
	}
	s.letter.raw = raw
	s.post.got <- s.letter
	return nil
}

func (s *session) Reset()        { s.letter = letter{} }
func (s *session) Logout() error { return nil }

func newCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// parsed is a letter as a mail program sees it.
type parsed struct {
	header     netmail.Header
	subject    string
	text, html string
}

func read(t *testing.T, raw []byte) parsed {
	t.Helper()
	message, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	p := parsed{header: message.Header}
	if p.subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %s, %v", kind, err)
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for i, want := range []string{"text/plain", "text/html"} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || kind != want || !strings.EqualFold(parameters["charset"], "utf-8") {
			t.Fatalf("part %d is %s; %v, %v", i, kind, parameters, err)
		}
		if encoding := part.Header.Get("Content-Transfer-Encoding"); encoding != "quoted-printable" {
			t.Fatalf("part %d is in %s", i, encoding)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			p.text = string(body)
		} else {
			p.html = string(body)
		}
	}
	return p
}

// start opens Mail and runs it until the test ends, or until the function it gives is called.
func start(t *testing.T, documents freshet.Documents, config Config) (*Mail, func()) {
	t.Helper()
	m := open(t, documents, config)
	return m, run(t, m)
}

// run delivers until the test ends, or until the function it gives is called.
func run(t *testing.T, m *Mail) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func open(t *testing.T, documents freshet.Documents, config Config) *Mail {
	t.Helper()
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := Open(t.Context(), documents, config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func code(to string) Message {
	return Message{To: to, Template: VerifyEmail, Data: map[string]string{"Code": "482913", "Minutes": "15"}}
}

// mustSend sends, and sees that it was taken.
func mustSend(t *testing.T, m *Mail, message Message) {
	t.Helper()
	if err := m.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something that a delivery does after the SMTP server has answered.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal(what)
		}
	}
}

func wantCode(t *testing.T, err error, want freshet.Code, message string) {
	t.Helper()
	if freshet.CodeOf(err) != want || !strings.Contains(freshet.MessageOf(err), message) {
		t.Errorf("%v, want %s: %s", err, want, message)
	}
}

var (
	errTemporary = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted,\x01 try again"}
	errPermanent = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
)

var errDisk = errors.New("disk full")
