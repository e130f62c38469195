package audit

import (
	"context"
	"errors"
	"time"

	"freshet"
)

// Most bounds the entries that are kept through a storm of guesses, some 200 MB; the oldest go first.
const Most = 500_000

var errEnough = errors.New("enough was visited")

// Trim forgets the entries from before a time, and the oldest of those that are over a number.
func (l *Log) Trim(ctx context.Context, before time.Time, most int) error {
	old, all := 0, 0
	err := l.documents.Under(ctx, kind, "", func(key string, _ []byte) error {
		all++
		if key < keyAt(before) {
			old++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.forget(ctx, max(old, all-most))
}

// forget takes the oldest n entries away, a page at a time.
func (l *Log) forget(ctx context.Context, n int) error {
	for n > 0 {
		var oldest []freshet.Document
		err := l.documents.Under(ctx, kind, "", func(key string, _ []byte) error {
			oldest = append(oldest, freshet.Document{Kind: kind, Key: key})
			if len(oldest) == min(n, page) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		if len(oldest) == 0 {
			return nil
		}
		if err := freshet.RemoveDocuments(ctx, l.documents, oldest...); err != nil {
			return err
		}
		n -= len(oldest)
	}
	return nil
}
