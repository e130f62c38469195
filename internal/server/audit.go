package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"freshet"
	"freshet/internal/accounts"
)

// auditKind holds what happened to accounts: who did what, from where, with what outcome.
const auditKind freshet.ModelName = "_Audit"

const (
	auditKept = 90 * 24 * time.Hour

	// auditMost bounds the entries that are kept through a storm of guesses, some 200 MB; the oldest go first.
	auditMost = 500_000

	auditPage = 500 // entries that are taken away by one commit
)

// audit keeps entries in the store and writes each to the log.
type audit struct {
	documents freshet.Documents
	logger    *slog.Logger
	level     slog.Level // of the log's lines
}

var _ accounts.Audit = (*audit)(nil)

type auditEntry struct {
	At      time.Time `json:"at"`
	Who     string    `json:"who,omitempty"`
	What    string    `json:"what"`
	By      string    `json:"by,omitempty"`
	Client  string    `json:"client,omitempty"`
	From    string    `json:"from,omitempty"`
	Outcome string    `json:"outcome"`
}

// Record keeps an entry, also when the one who asked has gone.
func (a *audit) Record(ctx context.Context, e accounts.Entry) {
	ctx = context.WithoutCancel(ctx)
	a.logger.LogAttrs(ctx, a.level, "audit", slog.String("what", e.What), slog.String("who", e.Who), slog.String("by", e.By),
		slog.String("client", e.Client), slog.String("from", e.From), slog.String("outcome", e.Outcome))
	if err := freshet.PutDocument(ctx, a.documents, freshet.Document{Kind: auditKind, Key: auditKey(e.At) + "-" + rand.Text()[:13]}, auditEntry(e)); err != nil {
		a.logger.ErrorContext(ctx, "an audit entry was not kept", "what", e.What, "err", err)
	}
}

// auditKey sorts by time.
func auditKey(at time.Time) string { return fmt.Sprintf("%012x", at.UnixMilli()) }

// trim forgets the entries before a time, and the oldest of those that are too many.
func (a *audit) trim(ctx context.Context, before time.Time, most int) error {
	var old, kept []freshet.Document
	err := a.documents.Under(ctx, auditKind, "", func(key string, _ []byte) error {
		d := freshet.Document{Kind: auditKind, Key: key}
		if key < auditKey(before) {
			old = append(old, d)
		} else {
			kept = append(kept, d)
		}
		return nil
	})
	if err != nil {
		return err
	}
	old = append(old, kept[:max(0, len(kept)-most)]...)
	for len(old) > 0 {
		page := old[:min(len(old), auditPage)]
		if err := freshet.RemoveDocuments(ctx, a.documents, page...); err != nil {
			return err
		}
		old = old[len(page):]
	}
	return nil
}
