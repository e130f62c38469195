// Package mail sends the server's own letters: codes, invitations, notices.
//
// Its invariant: when Send returns, the letter lies in the store and is either delivered, kept for the
// operator, or given up with a reason that the operator can read; no restart loses one. A letter may arrive
// twice, when the process ends between the SMTP server's yes and the record of it, and then both copies have
// the same Message-ID. It stands beside the path of a write: whoever needs a letter calls Send, and Run
// delivers.
//
// Without an SMTP server the letters go to a local mailbox, which List and Show read. It holds codes and
// passwords, as the queue does: both are for the operator only.
package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"freshet"
)

// Kinds of records. The keys in both begin with the time, so their order is that of sending.
const (
	queueKind   = "_mailqueue" // waits for delivery
	mailboxKind = "_mailbox"   // kept for the operator
)

func queued(id string) freshet.Document { return freshet.Document{Kind: queueKind, Key: id} }

func boxed(id string) freshet.Document { return freshet.Document{Kind: mailboxKind, Key: id} }

const (
	// maxWaiting bounds the queue, for an SMTP server that is down while strangers sign up.
	maxWaiting = 10_000

	// maxKept bounds the mailbox; the oldest goes first.
	maxKept = 1_000
)

// Mail is the queue and the mailbox. Only this process may write their records while it runs.
type Mail struct {
	documents freshet.Documents
	templates *templates
	server    *server // nil: everything goes to the mailbox
	config    Config
	now       func() time.Time
	log       *slog.Logger
	grace     time.Duration // stopGrace
	wake      chan struct{} // holds one signal: the queue has changed

	mu      sync.Mutex
	waiting []due    // by time
	pending int      // letters that are waiting, being stored or being delivered
	kept    []string // ids in the mailbox, oldest first
}

// due is a letter in the queue and when to try it.
type due struct {
	id        string
	at        time.Time
	delivered bool // only its record is still to be taken away
}

// Open reads the templates, the queue and the mailbox. Errors: invalid for the configuration and for a
// template, naming its file and line.
func Open(ctx context.Context, documents freshet.Documents, config Config) (*Mail, error) {
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return nil, err
	}
	m := &Mail{documents: documents, config: config, now: config.Now, log: config.Logger, grace: stopGrace, wake: make(chan struct{}, 1)}
	var err error
	if m.server, err = parseServer(config.Server); err != nil {
		return nil, err
	}
	if m.server != nil {
		m.server.roots = config.RootCAs
	}
	if m.templates, err = openTemplates(config.TemplateDir); err != nil {
		return nil, err
	}
	if err := m.load(ctx); err != nil {
		return nil, fmt.Errorf("read the mail queue: %w", err)
	}
	return m, nil
}

func (m *Mail) load(ctx context.Context) error {
	err := m.documents.Under(ctx, queueKind, "", func(id string, body []byte) error {
		var letter Kept
		if err := json.Unmarshal(body, &letter); err != nil {
			return fmt.Errorf("letter %s: %w", id, err)
		}
		m.waiting = append(m.waiting, due{id: id, at: letter.Next})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(m.waiting, func(a, b due) int { return a.at.Compare(b.at) })
	m.pending = len(m.waiting)
	return m.documents.Under(ctx, mailboxKind, "", func(id string, _ []byte) error {
		m.kept = append(m.kept, id)
		return nil
	})
}

// Message is a letter to be: a template and what to put into it.
type Message struct {
	To       string            // a bare address
	Template string            // VerifyEmail and so on
	Data     map[string]string // what the letter says; each value is one line of 512 bytes at most
}

// Send renders a letter and stores it; Run delivers it. Errors: invalid for the address, the template and
// the data, unavailable when too many letters wait.
func (m *Mail) Send(ctx context.Context, message Message) error {
	if err := checkAddress(message.To); err != nil {
		return err
	}
	now := m.now().UTC().Truncate(time.Millisecond)
	letter := Kept{Entry: Entry{ID: newID(now), To: message.To, Template: message.Template, Created: now}}
	if err := m.templates.render(message, m.config, &letter); err != nil {
		return err
	}
	if m.server == nil {
		letter.State = StateKept
		if err := m.keep(ctx, letter); err != nil {
			return fmt.Errorf("keep mail: %w", err)
		}
		m.log.InfoContext(ctx, "no SMTP server is set: the mail is kept in the local mailbox", "template", letter.Template, "letter", m.config.Mailbox+letter.ID)
		return nil
	}
	if !m.reserve() {
		return errFull()
	}
	letter.State, letter.Next = StateWaiting, now
	if err := freshet.PutDocument(ctx, m.documents, queued(letter.ID), letter); err != nil {
		m.release()
		return fmt.Errorf("queue mail: %w", err)
	}
	m.push(due{id: letter.ID, at: now})
	return nil
}

func (m *Mail) reserve() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pending >= maxWaiting {
		return false
	}
	m.pending++
	return true
}

func (m *Mail) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pending--
}

func (m *Mail) push(d due) {
	m.mu.Lock()
	at, _ := slices.BinarySearchFunc(m.waiting, d.at, func(other due, t time.Time) int {
		return cmp.Or(other.at.Compare(t), -1) // behind those of the same time
	})
	m.waiting = slices.Insert(m.waiting, at, d)
	m.mu.Unlock()
	m.signal()
}

// signal wakes a worker; that one wakes the next when more is due.
func (m *Mail) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
