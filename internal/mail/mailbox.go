package mail

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"freshet"
)

// State is what became of a letter. One that was delivered is no longer there.
type State string

// The states.
const (
	StateWaiting State = "waiting" // in the queue
	StateKept    State = "kept"    // in the local mailbox
	StateFailed  State = "failed"  // given up; its text is gone, for it may have held a secret
)

// Entry is a letter without its text.
type Entry struct {
	ID       string    `json:"id"`
	To       string    `json:"to"`
	Template string    `json:"template"`
	Subject  string    `json:"subject"`
	State    State     `json:"state"`
	Created  time.Time `json:"created"`         // in UTC
	Attempts int       `json:"attempts"`        // deliveries that failed
	Next     time.Time `json:"next,omitzero"`   // of a waiting one: not tried before
	Error    string    `json:"error,omitempty"` // of the last attempt, as the mail server put it
}

// Kept is a letter with its text.
type Kept struct {
	Entry
	Text string `json:"text"`
	HTML string `json:"html"`
}

// List gives the letters that wait, that are kept, and that were given up: newest first.
func (m *Mail) List(ctx context.Context) ([]Entry, error) {
	var list []Entry
	for _, kind := range []freshet.ModelName{queueKind, mailboxKind} {
		err := m.documents.Under(ctx, kind, "", func(id string, body []byte) error {
			var letter Kept
			if err := json.Unmarshal(body, &letter); err != nil {
				return fmt.Errorf("letter %s: %w", id, err)
			}
			list = append(list, letter.Entry)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list mail: %w", err)
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(b.ID, a.ID) })
	return list, nil
}

// Show gives one letter. Errors: not_found.
func (m *Mail) Show(ctx context.Context, id string) (Kept, error) {
	for _, document := range []freshet.Document{boxed(id), queued(id)} {
		var letter Kept
		found, err := m.documents.Get(ctx, document, &letter)
		if err != nil {
			return Kept{}, fmt.Errorf("read mail: %w", err)
		}
		if found {
			return letter, nil
		}
	}
	return Kept{}, freshet.Errorf(freshet.NotFound, "there is no letter %.64q", id)
}

// keep stores a letter in the mailbox, takes it out of the queue, and lets the oldest ones go.
func (m *Mail) keep(ctx context.Context, letter Kept) error {
	body, err := json.Marshal(letter)
	if err != nil {
		return err
	}
	documents := []freshet.Document{boxed(letter.ID), queued(letter.ID)}
	gone, stays := m.makeRoom(letter.ID)
	for _, id := range gone {
		documents = append(documents, boxed(id))
	}
	err = m.documents.Update(ctx, documents, func(bodies [][]byte) ([][]byte, error) {
		next := make([][]byte, len(bodies))
		if stays {
			next[0] = body
		}
		return next, nil
	})
	if err != nil {
		m.takeBack(letter.ID, gone)
	}
	return err
}

// makeRoom adds an id to the mailbox, and gives those that have to go for it. One that was given up late may
// be older than all others: then it does not stay itself.
func (m *Mail) makeRoom(id string) (gone []string, stays bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, _ := slices.BinarySearch(m.kept, id)
	m.kept = slices.Insert(m.kept, at, id)
	if n := len(m.kept) - maxKept; n > 0 {
		gone = slices.Clone(m.kept[:n])
		m.kept = slices.Delete(m.kept, 0, n)
	}
	others := slices.DeleteFunc(gone, func(other string) bool { return other == id })
	return others, len(others) == len(gone)
}

// takeBack undoes makeRoom.
func (m *Mail) takeBack(id string, gone []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = slices.DeleteFunc(append(m.kept, gone...), func(other string) bool { return other == id })
	slices.Sort(m.kept)
}

// newID makes an id that sorts by time and that nobody can guess.
func newID(now time.Time) string {
	return fmt.Sprintf("%012x-%s", now.UnixMilli(), strings.ToLower(rand.Text()[:16]))
}
