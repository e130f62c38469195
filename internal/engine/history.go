package engine

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// HistoryQuery asks for a page of a record's versions.
type HistoryQuery struct {
	Model freshet.ModelName
	Key   freshet.Key
	Limit int    // the versions that are looked at; 0: 100, or the largest page of a list where that is less
	Token string // the NextToken of the page before
}

// Version is a version of a record as a reader is shown it.
type Version struct {
	Model   *schema.Model
	Version freshet.Version
	Op      freshet.Op
	At      freshet.Millis
	By      string   // who wrote it, as the log knows them: "user ana"
	Body    []byte   // the fields, a JSON object; of a delete the last image
	Changed []string // the fields that differ from the version before; nil where that is not kept, or not for the reader
}

// HistoryPage is a page of versions, the newest first. NextToken is empty when there is no more.
type HistoryPage struct {
	Versions  []Version
	NextToken string
}

// historyBytes bounds the images that one page looks at.
const historyBytes = 4 << 20

// History gives the versions of a record, also of one that was deleted, to those who may get it as it is now: of
// these the ones that they might read then, and that today's rules let them get. A page may be short, or empty, while
// there is more. A record that never was has no versions.
func (e *Engine) History(ctx context.Context, id *freshet.Identity, q HistoryQuery) (HistoryPage, error) {
	limit := q.Limit
	if limit == 0 {
		limit = min(usualListPage, e.opts.Limits.ListPage)
	}
	if limit < 0 || limit > e.opts.Limits.ListPage {
		return HistoryPage{}, freshet.Errorf(freshet.TooLarge, "limit: %d is over the largest page, %d versions", limit, e.opts.Limits.ListPage)
	}
	before, err := openHistoryToken(q.Token)
	if err != nil {
		return HistoryPage{}, err
	}
	row, err := e.Get(ctx, id, q.Model, q.Key, true)
	if err != nil || row == nil {
		return HistoryPage{}, err
	}
	ref := store.Ref{Model: q.Model, Key: q.Key}
	changes, err := e.store.History(ctx, store.HistoryQuery{Ref: &ref, Before: before, Limit: limit, Bytes: historyBytes})
	if err != nil || len(changes) == 0 {
		return HistoryPage{}, err
	}
	last := changes[len(changes)-1].Seq
	earlier, err := e.store.History(ctx, store.HistoryQuery{Ref: &ref, Before: last, Limit: 1})
	if err != nil {
		return HistoryPage{}, err
	}
	page, err := seeVersions(row.Model, id, changes, earlier)
	if len(earlier) > 0 {
		page.NextToken = sealHistoryToken(last)
	}
	return page, err
}

// seeVersions gives what a reader may see of changes that follow each other, the newest first; earlier is the one
// before them, if there is one.
func seeVersions(m *schema.Model, id *freshet.Identity, changes, earlier []freshet.Change) (page HistoryPage, err error) {
	tokens := m.ReadTokens(id)
	docs := make([]schema.Doc, len(changes)+1) // nil: not for the reader
	for i, c := range slices.Concat(changes, earlier) {
		if !id.System && !meet(tokens, c.Audience) {
			continue
		}
		doc, err := m.Parse(c.Body)
		if err != nil {
			return page, err
		}
		if m.Allows(id, schema.AccessGet, doc) {
			docs[i] = doc
		}
	}
	for i := range changes {
		if docs[i] != nil {
			page.Versions = append(page.Versions, seeVersion(m, &changes[i], docs[i], docs[i+1]))
		}
	}
	return page, nil
}

func seeVersion(m *schema.Model, c *freshet.Change, doc, before schema.Doc) Version {
	v := Version{Model: m, Version: c.Version, Op: c.Op, At: c.At, By: c.By, Body: m.Body(doc)}
	switch {
	case c.Op == freshet.OpDelete:
		v.Changed = []string{}
	case c.Op == freshet.OpCreate:
		v.Changed = changedFields(m, doc, make(schema.Doc, len(doc)))
	case before != nil:
		v.Changed = changedFields(m, doc, before)
	}
	return v
}

// changedFields names the fields that differ, but for the times that the server sets.
func changedFields(m *schema.Model, doc, before schema.Doc) []string {
	names := []string{}
	for i, f := range m.Fields {
		if f != m.CreatedAt() && f != m.UpdatedAt() && !sameValue(doc[i], before[i]) {
			names = append(names, f.Name)
		}
	}
	return names
}

func sealHistoryToken(before freshet.Seq) string {
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(nil, uint64(before)))
}

func openHistoryToken(text string) (freshet.Seq, error) {
	if text == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	seq, n := binary.Uvarint(b)
	if err != nil || n <= 0 || n != len(b) || seq == 0 {
		return 0, freshet.Errorf(freshet.Invalid, "nextToken cannot be read; send one as the server gave it, or none for the first page")
	}
	return freshet.Seq(seq), nil
}
