package mail

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"freshet"
)

const (
	workers = 2 // connections at a time: a small server's mail service takes no more kindly

	firstPause = time.Minute
	maxPause   = 6 * time.Hour
	maxAge     = 48 * time.Hour // of a letter that is still tried; a code in it is long stale by then

	// stopGrace is for how long a delivery that has begun may go on when the server stops: one that is cut off
	// may arrive twice.
	stopGrace = 5 * time.Second
)

// Run delivers what is due until ctx is done. Then it begins nothing more, and waits for what it has begun.
func (m *Mail) Run(ctx context.Context) error {
	if m.server == nil {
		<-ctx.Done()
		return nil
	}
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-sending.Done():
		case <-time.After(m.grace):
			cut()
		}
	})
	defer stop()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { m.work(ctx, sending) })
	}
	wg.Wait()
	return nil
}

func (m *Mail) work(ctx, sending context.Context) {
	for ctx.Err() == nil {
		next, wait := m.take()
		if wait == 0 {
			m.deliver(sending, next)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-m.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take gives a letter that is due, or for how long none will be.
func (m *Mail) take() (due, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiting) == 0 {
		return due{}, time.Hour // a signal comes with the next one
	}
	if wait := m.waiting[0].at.Sub(m.now()); wait > 0 {
		return due{}, wait
	}
	first := m.waiting[0]
	m.waiting = m.waiting[1:]
	if len(m.waiting) > 0 {
		m.signal()
	}
	return first, 0
}

// deliver tries a letter, and records what came of it.
func (m *Mail) deliver(ctx context.Context, d due) {
	record := context.WithoutCancel(ctx)
	var letter Kept
	if !d.delivered {
		found, err := m.documents.Get(record, queued(d.id), &letter)
		if err != nil {
			m.later(d, "read a letter of the queue", err)
			return
		}
		if !found {
			m.release()
			return
		}
		if err := m.send(ctx, letter); err != nil {
			if ctx.Err() != nil { // the server stops: the attempt does not count
				m.push(d)
				return
			}
			m.failed(record, d, letter, err)
			return
		}
		d.delivered = true
		m.log.Info("mail delivered", "id", d.id, "template", letter.Template, "attempts", letter.Attempts+1)
	}
	err := freshet.RemoveDocuments(record, m.documents, queued(d.id))
	if err != nil {
		m.later(d, "take a delivered letter out of the queue", err)
		return
	}
	m.release()
}

func (m *Mail) send(ctx context.Context, letter Kept) error {
	message, err := compose(m.config.From, letter)
	if err != nil {
		return err
	}
	return m.server.send(ctx, message)
}

// failed gives a letter up, or says when it is tried again.
func (m *Mail) failed(ctx context.Context, d due, letter Kept, cause error) {
	letter.Attempts++
	letter.Error = oneLine(cause.Error())
	letter.Next = m.now().UTC().Add(pause(letter.Attempts))
	if permanent(cause) || letter.Next.Sub(letter.Created) > maxAge {
		m.log.Warn("mail given up", "id", d.id, "template", letter.Template, "attempts", letter.Attempts, "error", letter.Error)
		letter.State, letter.Next = StateFailed, time.Time{}
		letter.Subject, letter.Text, letter.HTML = "", "", ""
		if err := m.keep(ctx, letter); err != nil {
			m.later(d, "record a letter that was given up", err)
			return
		}
		m.release()
		if m.config.GivenUp != nil {
			m.config.GivenUp(ctx, letter.Entry)
		}
		return
	}
	m.log.Warn("mail not delivered yet", "id", d.id, "template", letter.Template, "attempts", letter.Attempts, "next", letter.Next, "error", letter.Error)
	if err := freshet.PutDocument(ctx, m.documents, queued(d.id), letter); err != nil {
		m.log.Error("record an attempt to deliver mail", "id", d.id, "error", err)
	}
	d.at = letter.Next
	m.push(d)
}

// later is for when the store fails: the letter stays where it is, and comes up again.
func (m *Mail) later(d due, doing string, err error) {
	m.log.Error(doing, "id", d.id, "error", err)
	d.at = m.now().Add(firstPause)
	m.push(d)
}

// pause grows from a minute to six hours. What is added by chance keeps letters that failed together from
// coming back together.
func pause(attempts int) time.Duration {
	if attempts > 10 { // 2^9 minutes are over the limit
		return maxPause
	}
	d := firstPause << (attempts - 1)
	return min(d+rand.N(d/2), maxPause)
}

// oneLine cuts what a mail server said to what a list can show.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "�"), func(r rune) bool { return !isLine(string(r)) }), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
