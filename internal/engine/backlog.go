package engine

import (
	"context"
	"slices"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// backlog reads on in the index of a token that the reader gained or lost, or in those of all its tokens where it
// gained models, up to its place in the log.
func (r *Reader) backlog(ctx context.Context, c *freshet.Cursor, limit int) (Page, error) {
	b := &c.Behind[0]
	query := store.ChangesQuery{
		Tokens: []freshet.Token{b.Token}, After: b.At, Known: max(c.Seq, c.Known), Limit: limit, Bytes: pageBytes,
	}
	if b.Token == "" {
		query.Tokens = r.tokens
	}
	if !b.Lost {
		query.Until = c.Seq
	}
	found, err := r.engine.store.Changes(ctx, query)
	if err != nil {
		return Page{}, err
	}
	var page Page
	for i := range found.Changes {
		change := &found.Changes[i]
		show := r.gained
		switch {
		case b.Lost:
			show = r.lost
		case b.Token == "":
			show = r.widened
		}
		sight, ok, err := show(ctx, change, c)
		if err != nil {
			return Page{}, err
		}
		if ok {
			page.Changes = append(page.Changes, sight)
		}
	}
	b.At = found.Next
	if !found.More {
		c.Behind = c.Behind[1:]
	}
	page.UpToDate = len(c.Behind) == 0 && c.Seq == r.engine.store.Head().Seq
	return page, nil
}

// gained shows a record that a token brought, unless the reader was shown it by one that it kept: such a
// record is in both indexes at the same place, which the reader is beyond.
func (r *Reader) gained(_ context.Context, change *freshet.Change, c *freshet.Cursor) (Sight, bool, error) {
	if change.Body == nil {
		return Sight{}, false, nil
	}
	kept := slices.DeleteFunc(slices.Clone(r.tokens), func(token freshet.Token) bool {
		return slices.ContainsFunc(c.Behind, func(b freshet.Backlog) bool { return b.Token == token })
	})
	if shown, err := r.visible(change, kept); err != nil || shown {
		return Sight{}, false, err
	}
	sight, ok, err := r.sight(change, true)
	return sight, ok && sight.Body != nil, err
}

// widened shows a record of a model that was gained.
func (r *Reader) widened(_ context.Context, change *freshet.Change, c *freshet.Cursor) (Sight, bool, error) {
	s := r.models[change.Model]
	if change.Body == nil || s == nil || !slices.Contains(c.Behind[0].Parts, s.part) {
		return Sight{}, false, nil
	}
	sight, ok, err := r.sight(change, true)
	return sight, ok && sight.Body != nil, err
}

// lost takes away a record that the reader may have been shown by a token that it does not hold any more.
// With the token it may have lost the model.
func (r *Reader) lost(ctx context.Context, change *freshet.Change, c *freshet.Cursor) (Sight, bool, error) {
	m := r.engine.schema.Model(change.Model)
	if m == nil || r.models[change.Model] == nil && !r.all {
		return Sight{}, false, nil
	}
	if change.Body == nil && change.Seq <= c.Seq {
		return Sight{}, false, nil // that removal was shown
	}
	if change.Body != nil {
		if still, err := r.visible(change, r.tokens); err != nil || still {
			return Sight{}, false, err
		}
	}
	if change.Seq > c.Seq {
		if held, err := r.held(ctx, change, c); err != nil || !held {
			return Sight{}, false, err
		}
	}
	return Sight{Model: m, Key: change.Key, Version: change.Version, Seq: change.Seq, At: change.At}, true, nil
}

// held tells whether the reader may have been shown a record by the token that is gone through: at the
// cursor or before, for a record that changed since is shown once, as it is now. What history does not tell
// any more may have been.
func (r *Reader) held(ctx context.Context, change *freshet.Change, c *freshet.Cursor) (bool, error) {
	query := store.HistoryQuery{Ref: &store.Ref{Model: change.Model, Key: change.Key}, Limit: 1000, Bytes: pageBytes}
	oldest := change.Version
	for {
		earlier, err := r.engine.store.History(ctx, query)
		if err != nil || len(earlier) == 0 {
			return oldest > 1, err
		}
		for i := range earlier {
			e := &earlier[i]
			if e.Seq <= c.Seq && e.Op != freshet.OpDelete && slices.Contains(e.Audience, c.Behind[0].Token) {
				return true, nil
			}
			oldest, query.Before = e.Version, e.Seq
		}
	}
}

// visible tells whether some tokens show a record to a reader who syncs.
func (r *Reader) visible(change *freshet.Change, tokens []freshet.Token) (bool, error) {
	s := r.models[change.Model]
	if s == nil {
		return false, nil
	}
	doc, err := s.model.Parse(change.Body)
	if err != nil {
		return false, err
	}
	return s.model.Allows(&freshet.Identity{Tokens: tokens}, schema.AccessSync, doc), nil
}
