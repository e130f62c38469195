package mail

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"freshet"
	"freshet/internal/documentstest"
)

func TestDelivery(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		p, documents, c := newPost(t, implicit), new(documentstest.Memory), newClock()
		m, _ := start(t, documents, Config{
			Server: p.url(), From: "Grüße <no-reply@example.com>", Product: "Bücher & Söhne", URL: "https://example.com/a", RootCAs: p.roots, Now: c.now,
		})
		mustSend(t, m, code("bea@example.com"))
		l := p.next(t)
		if l.from != "no-reply@example.com" || l.to != "bea@example.com" {
			t.Errorf("from %s to %s", l.from, l.to)
		}
		got := read(t, l.raw)
		if want := "Confirm your e-mail address for Bücher & Söhne"; got.subject != want {
			t.Errorf("subject %q, want %q", got.subject, want)
		}
		if raw := got.header.Get("Subject"); strings.ContainsFunc(raw, func(r rune) bool { return r > 126 }) {
			t.Errorf("subject on the wire is %q", raw)
		}
		for _, want := range []string{"482913", "15 minutes", "Bücher & Söhne", "https://example.com/a"} {
			if !strings.Contains(got.text, want) {
				t.Errorf("the text has no %q:\n%s", want, got.text)
			}
		}
		for _, want := range []string{"482913", "15 minutes", "Bücher &amp; Söhne", `href="https://example.com/a"`, "prefers-color-scheme: dark"} {
			if !strings.Contains(got.html, want) {
				t.Errorf("the HTML has no %q:\n%s", want, got.html)
			}
		}
		from, err := got.header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Name != "Grüße" {
			t.Errorf("from %v, %v", from, err)
		}
		if date, err := got.header.Date(); err != nil || !date.Equal(c.now()) {
			t.Errorf("date %v, %v", date, err)
		}
		if got.header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(got.header.Get("Message-Id"), "@example.com>") {
			t.Errorf("header %v", got.header)
		}
		if len(p.secured) != 1 || !p.secured[0] {
			t.Errorf("log-ins %v, by TLS %v", p.logIns, p.secured)
		}
		eventually(t, "the letter stays in the queue", func() bool { return documents.Count(queueKind) == 0 })
		if list, err := m.List(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	}
}

// A temporary failure, and what it leaves behind, then a restart, then success, with the Message-ID as planned.
func TestTemporaryFailureThenSuccess(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	p.refuseWith(func(stage string) error {
		if stage == "rcpt" {
			return errTemporary
		}
		return nil
	})
	config := Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now}
	m, stop := start(t, documents, config)
	mustSend(t, m, code("bea@example.com"))
	waitingWith := func(attempts int) Entry {
		var entry Entry
		eventually(t, "the attempt is not recorded", func() bool {
			list, err := m.List(t.Context())
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			entry = list[0]
			return entry.Attempts == attempts
		})
		return entry
	}
	entry := waitingWith(1)
	if entry.State != StateWaiting || !strings.Contains(entry.Error, "greylisted") || strings.Contains(entry.Error, "\x01") {
		t.Errorf("%+v", entry)
	}
	if wait := entry.Next.Sub(c.now()); wait < time.Minute || wait > 90*time.Second {
		t.Errorf("tried again after %v", wait)
	}

	p.refuseWith(func(string) error { return errTemporary })
	c.move(90 * time.Second)
	m.signal()
	second := waitingWith(2)
	if wait := second.Next.Sub(c.now()); wait < 2*time.Minute || wait > 3*time.Minute {
		t.Errorf("tried again after %v", wait)
	}
	stop()

	p.refuseWith(nil)
	m, _ = start(t, documents, config)
	m.signal()
	select {
	case <-p.got:
		t.Fatal("tried before its time")
	default:
	}
	c.move(3 * time.Minute)
	m.signal()
	if id := read(t, p.next(t).raw).header.Get("Message-Id"); id != "<"+entry.ID+"@example.com>" {
		t.Errorf("the Message-ID is %s", id)
	}
	eventually(t, "the letter stays in the queue", func() bool { return documents.Count(queueKind) == 0 })
}

func TestPermanentFailure(t *testing.T) {
	for _, stage := range []string{"rcpt", "data"} {
		p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
		p.refuseWith(func(at string) error {
			if at == stage {
				return errPermanent
			}
			return nil
		})
		m, stop := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
		mustSend(t, m, code("bea@example.com"))
		eventually(t, "the letter is not given up", func() bool { return documents.Count(mailboxKind) == 1 })
		list, err := m.List(t.Context())
		if err != nil || len(list) != 1 || list[0].State != StateFailed || list[0].Attempts != 1 || !strings.Contains(list[0].Error, "no such mailbox") {
			t.Fatalf("%+v, %v", list, err)
		}
		kept, err := m.Show(t.Context(), list[0].ID)
		if err != nil || kept.Text != "" || kept.HTML != "" || kept.Subject != "" {
			t.Errorf("%+v, %v", kept, err)
		}
		if stop(); m.pending != 0 {
			t.Errorf("%d letters are pending", m.pending)
		}
	}
}

// A server that wants another log-in can be given one: the letter waits for that.
func TestLogInRefusedLate(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	p.refuseWith(func(string) error { return &smtp.SMTPError{Code: 530, Message: "authentication required"} })
	m, _ := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
	mustSend(t, m, code("bea@example.com"))
	eventually(t, "no attempt", func() bool {
		list, err := m.List(t.Context())
		return err == nil && len(list) == 1 && list[0].Attempts == 1 && list[0].State == StateWaiting
	})
}

func TestGivenUpAfterTwoDays(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	p.refuseWith(func(string) error { return errTemporary })
	m, _ := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
	mustSend(t, m, code("bea@example.com"))
	began, attempts := c.now(), 0
	for documents.Count(mailboxKind) == 0 {
		attempts++
		eventually(t, "the attempt is not recorded", func() bool {
			list, err := m.List(t.Context())
			return err == nil && len(list) == 1 && list[0].Attempts == attempts
		})
		list, _ := m.List(t.Context())
		if list[0].State == StateFailed {
			break
		}
		c.move(list[0].Next.Sub(c.now()))
		m.signal()
	}
	if age := c.now().Sub(began); age < 36*time.Hour || age > maxAge {
		t.Errorf("given up after %v", age)
	}
	if attempts < 12 || attempts > 18 {
		t.Errorf("%d attempts", attempts)
	}
}

// The server is down, then lets nobody in, then is well: the letter waits through all of it.
func TestServerDownThenUp(t *testing.T) {
	p, documents, c := newPost(t, true), new(documentstest.Memory), newClock()
	p.stop()
	m, _ := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
	mustSend(t, m, code("bea@example.com"))
	attempted := func(n int) func() bool {
		return func() bool {
			list, err := m.List(t.Context())
			return err == nil && len(list) == 1 && list[0].Attempts == n && list[0].State == StateWaiting
		}
	}
	eventually(t, "no attempt", attempted(1))
	m.server.password = "wrong" // no delivery runs: the only letter waits
	p.start(t)
	c.move(2 * time.Minute)
	m.signal()
	eventually(t, "a log-in that fails gives the letter up", attempted(2))
	m.server.password = testPassword
	c.move(5 * time.Minute)
	m.signal()
	p.next(t)
}

func TestRestartBetweenQueueAndDelivery(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	config := Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now}
	sent := open(t, documents, config) // and never run
	for _, to := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		mustSend(t, sent, code(to))
	}
	start(t, documents, config)
	got := map[string]bool{}
	for range 3 {
		got[p.next(t).to] = true
	}
	if len(got) != 3 {
		t.Errorf("only %v came", got)
	}
	eventually(t, "letters stay in the queue", func() bool { return documents.Count(queueKind) == 0 })
}

// A delivery of which no record can be made is not repeated while the process lives.
func TestStoreFailsAfterDelivery(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	hold := make(chan struct{})
	p.hold = hold
	m, _ := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
	mustSend(t, m, code("bea@example.com"))
	documents.Fail(errDisk)
	close(hold)
	p.next(t)
	eventually(t, "the letter is not tried again", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.waiting) == 1 && m.waiting[0].delivered
	})
	documents.Fail(nil)
	c.move(time.Hour)
	m.signal()
	eventually(t, "the letter stays in the queue", func() bool { return documents.Count(queueKind) == 0 })
	select {
	case <-p.got:
		t.Error("the letter came twice")
	default:
	}
}

// A stop waits for the delivery that has begun, and begins no other.
func TestStop(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	hold := make(chan struct{})
	p.hold = hold
	m := open(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
	for range 5 {
		mustSend(t, m, code("bea@example.com"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()
	eventually(t, "no two deliveries at a time", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.waiting) == 5-workers
	})
	cancel()
	close(hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := documents.Count(queueKind); n != 5-workers {
		t.Errorf("%d letters wait", n)
	}
}

// A delivery that outlasts the grace is cut off; the letter waits as if nothing had been tried.
func TestStopCutsOff(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	hold := make(chan struct{})
	defer close(hold)
	p.hold = hold
	m := open(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
	m.grace = time.Millisecond
	mustSend(t, m, code("bea@example.com"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()
	eventually(t, "no log-in", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.logIns) == 1
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	list, err := m.List(t.Context())
	if err != nil || len(list) != 1 || list[0].State != StateWaiting || list[0].Attempts != 0 || len(m.waiting) != 1 || m.pending != 1 {
		t.Errorf("%+v, %v; %d waiting, %d pending", list, err, len(m.waiting), m.pending)
	}
}

// A failure that cannot be recorded, temporary or not, leaves the letter in the queue.
func TestStoreFailsAfterFailure(t *testing.T) {
	for _, refusal := range []error{errTemporary, errPermanent} {
		p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
		p.refuseWith(func(string) error {
			documents.Fail(errDisk)
			return refusal
		})
		m, _ := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
		mustSend(t, m, code("bea@example.com"))
		eventually(t, "the letter is not tried again", func() bool {
			m.mu.Lock()
			defer m.mu.Unlock()
			return len(m.waiting) == 1 && m.waiting[0].at.After(c.now())
		})
		documents.Fail(nil)
		p.refuseWith(nil)
		c.move(time.Hour)
		m.signal()
		p.next(t)
	}
}

func TestRunWithoutServer(t *testing.T) {
	m, stop := start(t, new(documentstest.Memory), Config{})
	mustSend(t, m, code("bea@example.com"))
	stop()
}

func TestRefusedWithoutTLS(t *testing.T) {
	p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
	p.server.TLSConfig = nil
	m, _ := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", RootCAs: p.roots, Now: c.now})
	mustSend(t, m, code("bea@example.com"))
	eventually(t, "no attempt", func() bool {
		list, err := m.List(t.Context())
		return err == nil && len(list) == 1 && strings.Contains(list[0].Error, "STARTTLS")
	})
	if len(p.logIns) != 0 {
		t.Error("a log-in without TLS")
	}
}

func TestCertificateOfNobody(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		p, documents, c := newPost(t, implicit), new(documentstest.Memory), newClock()
		m, _ := start(t, documents, Config{Server: p.url(), From: "no-reply@example.com", Now: c.now})
		mustSend(t, m, code("bea@example.com"))
		eventually(t, "no attempt", func() bool {
			list, err := m.List(t.Context())
			return err == nil && len(list) == 1 && strings.Contains(list[0].Error, "x509")
		})
		if len(p.logIns) != 0 {
			t.Error("a log-in at a server that nobody vouches for")
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	m := open(t, new(documentstest.Memory), Config{Server: "smtp://mail.example.com", From: "no-reply@example.com"})
	m.pending = maxWaiting - 1
	mustSend(t, m, code("bea@example.com"))
	wantCode(t, m.Send(t.Context(), code("bea@example.com")), freshet.Unavailable, "10000 letters wait")
}

func TestSendStoresOrFails(t *testing.T) {
	documents := new(documentstest.Memory)
	documents.Fail(errDisk)
	for _, config := range []Config{{}, {Server: "smtp://mail.example.com", From: "no-reply@example.com"}} {
		m := open(t, documents, config)
		if err := m.Send(t.Context(), code("bea@example.com")); err == nil {
			t.Error("sent, and nothing is stored")
		}
		if m.pending != 0 || len(m.waiting) != 0 || len(m.kept) != 0 {
			t.Errorf("%d pending, %d waiting, %d kept", m.pending, len(m.waiting), len(m.kept))
		}
	}
}

func TestPause(t *testing.T) {
	for attempts, want := range map[int][2]time.Duration{
		1: {time.Minute, 90 * time.Second}, 2: {2 * time.Minute, 3 * time.Minute}, 9: {256 * time.Minute, maxPause},
		10: {maxPause, maxPause}, 11: {maxPause, maxPause}, 1000: {maxPause, maxPause},
	} {
		for range 100 {
			if got := pause(attempts); got < want[0] || got > want[1] {
				t.Fatalf("after attempt %d comes %v", attempts, got)
			}
		}
	}
}
