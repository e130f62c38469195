package mail

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"freshet/internal/documentstest"
)

// script is a mail server that speaks as it should, up to a line of its client, and then does something else.
type script struct {
	at   string // the beginning of that line; "hello" is before the first, "TLS" in the place of the handshake
	then func(net.Conn)
}

func (s script) serve(t *testing.T, certificate tls.Certificate) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer conn.Close(); s.talk(conn, certificate) })
		}
	})
	return listener.Addr().String()
}

func (s script) talk(conn net.Conn, certificate tls.Certificate) {
	say := func(lines ...string) { _, _ = conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")) }
	if s.at == "hello" {
		s.then(conn)
		return
	}
	say("220 localhost")
	lines := bufio.NewReader(conn)
	inside := false
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if line == s.at || s.at != "." && strings.HasPrefix(line, s.at) && s.at != "TLS" {
			s.then(conn)
			return
		}
		verb, _, _ := strings.Cut(line, " ")
		switch verb {
		case "EHLO":
			say("250-localhost", "250-STARTTLS", "250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go on")
			if s.at == "TLS" {
				s.then(conn)
				return
			}
			secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}})
			if secure.Handshake() != nil {
				return
			}
			conn, lines = secure, bufio.NewReader(secure)
		case "AUTH":
			say("235 welcome")
		case "MAIL", "RCPT":
			say("250 well")
		case "DATA":
			inside = true
			say("354 go on")
		case ".":
			inside = false
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			if !inside {
				say("500 what?")
			}
		}
	}
}

// TestServerThatHangs stops at each step: it is silent, says a letter now and then without an end, or goes away. The
// letter waits for another attempt, and the connection does not stay.
func TestServerThatHangs(t *testing.T) {
	certificate, roots := newCertificate(t)
	ways := map[string]func(net.Conn){
		"is silent": func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)); waitGone(conn) },
		"never comes to an end": func(conn net.Conn) {
			for range time.Tick(time.Millisecond) {
				if _, err := conn.Write([]byte("250-and\r\n")); err != nil {
					return
				}
			}
		},
		"goes away":     func(conn net.Conn) {},
		"talks rubbish": func(conn net.Conn) { _, _ = conn.Write([]byte("\x00\xff rubbish\r\n")); waitGone(conn) },
	}
	for _, at := range []string{"hello", "EHLO", "STARTTLS", "TLS", "AUTH", "MAIL", "RCPT", "DATA", "."} {
		for name, then := range ways {
			t.Run(at+" "+name, func(t *testing.T) {
				t.Parallel()
				address := script{at, then}.serve(t, certificate)
				documents, c := new(documentstest.Memory), newClock()
				m := open(t, documents, Config{Server: "smtp://" + testUser + ":pass@" + address, From: "no-reply@example.com", RootCAs: roots, Now: c.now})
				m.server.timeout = 300 * time.Millisecond
				mustSend(t, m, code("bea@example.com"))
				run(t, m)
				eventually(t, "no attempt", func() bool {
					list, err := m.List(t.Context())
					return err == nil && len(list) == 1 && list[0].State == StateWaiting && list[0].Attempts == 1 && list[0].Error != ""
				})
			})
		}
	}
}

// waitGone returns when the client has closed.
func waitGone(conn net.Conn) {
	for buffer := make([]byte, 1024); ; {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// TestAnswers gives each kind of answer at each step, and says what becomes of the letter.
func TestAnswers(t *testing.T) {
	certificate, roots := newCertificate(t)
	for _, test := range []struct {
		at     string
		answer string
		state  State
	}{
		{"hello", "554 no service", StateWaiting},
		{"hello", "421 too busy", StateWaiting},
		{"STARTTLS", "454 no TLS now", StateWaiting}, // and nothing goes out without
		{"STARTTLS", "502 not implemented", StateWaiting},
		{"AUTH", "535 wrong password", StateWaiting},
		{"AUTH", "454 try later", StateWaiting},
		{"AUTH", "534 use another way", StateWaiting},
		{"MAIL", "550 not your address", StateWaiting}, // the operator can give another sender
		{"MAIL", "451 try later", StateWaiting},
		{"RCPT", "550 no such user", StateFailed},
		{"RCPT", "452 mailbox full", StateWaiting},
		{"RCPT", "530 log in first", StateWaiting},
		{"DATA", "554 no", StateFailed},
		{"DATA", "451 no", StateWaiting},
		{".", "552 too much", StateFailed},
		{".", "421 closing", StateWaiting},
	} {
		t.Run(test.at+" "+test.answer, func(t *testing.T) {
			t.Parallel()
			address := script{test.at, func(conn net.Conn) {
				_, _ = fmt.Fprintf(conn, "%s\r\n", test.answer)
				waitGone(conn)
			}}.serve(t, certificate)
			documents, c := new(documentstest.Memory), newClock()
			m := open(t, documents, Config{Server: "smtp://" + testUser + ":pass@" + address, From: "no-reply@example.com", RootCAs: roots, Now: c.now})
			m.server.timeout = time.Second
			mustSend(t, m, code("bea@example.com"))
			run(t, m)
			eventually(t, "no attempt", func() bool {
				list, err := m.List(t.Context())
				return err == nil && len(list) == 1 && list[0].Attempts == 1
			})
			list, _ := m.List(t.Context())
			if list[0].State != test.state || !strings.Contains(list[0].Error, test.answer[4:]) {
				t.Errorf("the letter is %s: %s", list[0].State, list[0].Error)
			}
		})
	}
}

// TestCrashAfterYes ends the process between the mail server's yes and the record of it: the letter comes again, with
// the Message-ID by which a mailbox sees that it is the same, and no third time.
func TestCrashAfterYes(t *testing.T) {
	p, c := newPost(t, false), newClock()
	documents := new(documentstest.Memory)
	config := Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now}
	p.refuseWith(func(string) error { // from the next write on, nothing is recorded
		documents.Fail(errDisk)
		return nil
	})
	m, stop := start(t, documents, config)
	mustSend(t, m, code("bea@example.com"))
	first := p.next(t)
	stop() // it knows of the delivery, and takes that with it
	p.refuseWith(nil)
	documents.Fail(nil)
	_, stop = start(t, documents, config)
	second := p.next(t)
	eventually(t, "the letter stays in the queue", func() bool { return documents.Count(queueKind) == 0 })
	stop()
	start(t, documents, config)
	a, b := read(t, first.raw), read(t, second.raw)
	for _, name := range []string{"Message-Id", "Date", "Subject", "To"} {
		if a.header.Get(name) == "" || a.header.Get(name) != b.header.Get(name) {
			t.Errorf("%s is %q, then %q", name, a.header.Get(name), b.header.Get(name))
		}
	}
	if a.text != b.text || len(p.got) > 0 {
		t.Errorf("the copies differ, or %d more came", len(p.got))
	}
}
