package mail

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"freshet"
)

// discardKind holds letters to nobody; the later ones take the place of the earlier.
const (
	discardKind = "_maildiscard"
	maxDiscards = 64 // so that two at once seldom meet
)

// Discard takes as long as Send and fails as Send does, but nobody gets the letter: whoever waits for the answer must
// not tell from it whether there is somebody to write to. What the letter says is stored until others take its place,
// so it must hold nothing that is good for anything; its address is passed over.
func (m *Mail) Discard(ctx context.Context, message Message) error {
	message.To = "nobody@example.com"
	now := m.now().UTC().Truncate(time.Millisecond)
	letter := Kept{Entry: Entry{ID: newID(now), To: message.To, Template: message.Template, Created: now}}
	if err := m.templates.render(message, m.config, &letter); err != nil {
		return err
	}
	if m.server != nil {
		if !m.reserve() {
			return errFull()
		}
		defer m.release()
	}
	document := freshet.Document{Kind: discardKind, Key: strconv.Itoa(rand.IntN(maxDiscards))}
	if err := freshet.PutDocument(ctx, m.documents, document, letter); err != nil {
		return fmt.Errorf("discard mail: %w", err)
	}
	return nil
}

func errFull() error {
	return freshet.Errorf(freshet.Unavailable, "%d letters wait for the mail server; try again later", maxWaiting)
}
