package audit

import (
	"context"
	"time"

	"freshet"
)

// Most bounds the entries of each flow that are kept, some 80 MB; the oldest go first. Nobody's entries make those
// of others go.
const Most = 200_000

// Trim forgets the entries from before a time, and the oldest of each flow that has more than a number.
func (l *Log) Trim(ctx context.Context, before time.Time, most int) error {
	var left [flows]int
	err := l.documents.Under(ctx, kind, "", func(key string, _ []byte) error {
		left[flowIn(key)]++
		return nil
	})
	if err != nil {
		return err
	}
	var gone []freshet.Document
	err = l.documents.Under(ctx, kind, "", func(key string, _ []byte) error {
		of := flowIn(key)
		if key >= keyAt(before) && left[of] <= most {
			return nil
		}
		left[of]--
		if gone = append(gone, freshet.Document{Kind: kind, Key: key}); len(gone) < page {
			return nil
		}
		err := freshet.RemoveDocuments(ctx, l.documents, gone...)
		gone = nil
		return err
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	return freshet.RemoveDocuments(ctx, l.documents, gone...)
}
