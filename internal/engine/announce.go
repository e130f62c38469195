package engine

import (
	"context"

	"freshet"
	"freshet/internal/schema"
)

// announceBurst is how many seconds' worth of local messages one caller may send at once.
const announceBurst = 2

// Announce checks what an identity tells by a local mutation: whether it may, and how much and how often. Nothing is
// stored. Errors: forbidden, too_large, unavailable for one who tells too much, invalid.
func (e *Engine) Announce(ctx context.Context, id *freshet.Identity, m *schema.Local, argument func(name string) []byte) (*schema.Notice, error) {
	if !m.MayTell(id) {
		return nil, freshet.Errorf(freshet.Forbidden, "the rules of %s do not allow it", m.Name)
	}
	now := e.opts.Now()
	if !e.announcing.Admits(id.Name, now) {
		return nil, freshet.Errorf(freshet.Unavailable, "more than %d local messages a second; send less of them", e.opts.Limits.LocalRate)
	}
	n, err := m.Notice(id, argument, now)
	if err != nil {
		return nil, err
	}
	if limit := e.opts.Limits.LocalBytes; len(n.Body) > limit {
		return nil, freshet.Errorf(freshet.TooLarge, "the %s has %d bytes, and the largest local message is %d bytes", m.Result.Name, len(n.Body), limit)
	}
	may, err := e.mayReadAbout(ctx, id, n)
	if err == nil && !may {
		err = freshet.Errorf(freshet.Forbidden, "there is no %s with this key that you may read", m.Reads.Model.Name)
	}
	return n, err
}

// mayReadAbout tells whether an identity may read the record that a notice is about, as it is now.
func (e *Engine) mayReadAbout(ctx context.Context, id *freshet.Identity, n *schema.Notice) (bool, error) {
	if n.Mutation.Reads == nil {
		return true, nil
	}
	row, err := e.Get(ctx, id, n.Mutation.Reads.Model.Name, n.About, false)
	if err != nil && freshet.CodeOf(err) == freshet.Forbidden {
		return false, nil
	}
	return row != nil, err
}

// Hearer picks the notices that an identity asked to be told of.
type Hearer struct {
	engine *Engine
	id     *freshet.Identity
	wanted schema.Doc
}

// Hearer makes a hearer. Errors: forbidden, invalid.
func (e *Engine) Hearer(id *freshet.Identity, h *schema.Hearing, argument func(name string) []byte) (*Hearer, error) {
	if !h.MayHear(id) {
		return nil, freshet.Errorf(freshet.Forbidden, "the rules of %s do not allow it", h.Name)
	}
	wanted, err := h.Wanted(argument)
	return &Hearer{engine: e, id: id, wanted: wanted}, err
}

// Wants tells whether a notice is what was asked for; whether the hearer may be told says Hears.
func (h *Hearer) Wants(n *schema.Notice) bool { return n.Matches(h.wanted) }

// Hears tells whether the hearer may be told of a notice now.
func (h *Hearer) Hears(ctx context.Context, n *schema.Notice) (bool, error) {
	return h.engine.mayReadAbout(ctx, h.id, n)
}
