package engine

import (
	"cmp"
	"context"
	"hash/crc32"
	"maps"
	"slices"

	"freshet"
	"freshet/internal/filter"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// Scope is what of the log a reader asks for.
type Scope struct {
	Models []freshet.ModelName // empty: every model that the reader may sync
	Filter []byte              // a JSON object: for models by name, the filter that their records have to match
}

// Sight is a change as a reader is shown it.
type Sight struct {
	Model   *schema.Model
	Key     freshet.Key
	Version freshet.Version
	Seq     freshet.Seq
	At      freshet.Millis
	Body    []byte // the fields, a JSON object; nil: the record is gone, or not for this reader any more
}

// Page is a part of what a reader has not seen yet.
type Page struct {
	Changes  []Sight
	UpToDate bool
	Reset    bool // the place of the cursor is lost: this begins from nothing
}

// Reader reads the log on behalf of an identity. Its place is in cursors, not in itself, so one Reader may
// serve many calls, one after the other.
type Reader struct {
	engine *Engine
	id     *freshet.Identity
	models map[freshet.ModelName]*scoped
	all    bool            // every model that the identity may sync
	denied *schema.Model   // one asked for by name that the identity can never sync; nil: none
	tokens []freshet.Token // those that find records of the models
	scope  []freshet.Part
	key    string
}

type scoped struct {
	model  *schema.Model
	filter *filter.Filter
	// filtered is the text of filter, and part stands for it and the model in cursors.
	filtered []byte
	part     freshet.Part
}

// Reader makes a reader. Models that the identity can never sync are left out. Where it asked for one by
// name, it may not begin from nothing; with a cursor from before it lost the right it gets the removals.
func (e *Engine) Reader(id *freshet.Identity, scope Scope) (*Reader, error) {
	r := &Reader{engine: e, id: id, models: make(map[freshet.ModelName]*scoped), all: len(scope.Models) == 0}
	for _, name := range scope.Models {
		m, err := e.model(name)
		if err != nil {
			return nil, err
		}
		if !m.MayEver(id, schema.AccessSync) {
			r.denied = m
		}
		r.models[name] = &scoped{model: m}
	}
	if r.all {
		for _, m := range e.schema.Models {
			if m.MayEver(id, schema.AccessSync) {
				r.models[m.Name] = &scoped{model: m}
			}
		}
	}
	if err := r.addFilters(scope.Filter); err != nil {
		return nil, err
	}
	r.addParts()
	for _, s := range r.models {
		r.tokens = append(r.tokens, s.model.ReadTokens(id)...)
	}
	slices.Sort(r.tokens)
	r.tokens = slices.Compact(r.tokens)
	r.key = r.readerKey(scope.Filter)
	return r, nil
}

// readerKey names what a reader is shown: by its tokens, of its models, through its filters.
func (r *Reader) readerKey(filters []byte) string {
	var key []byte
	for _, token := range r.tokens {
		key = rawjson.AppendString(key, string(token))
	}
	key = append(key, '/')
	for _, name := range slices.Sorted(maps.Keys(r.models)) {
		key = rawjson.AppendString(key, string(name))
	}
	return string(append(append(key, '/'), filters...))
}

func (r *Reader) addFilters(filters []byte) error {
	if rawjson.IsNull(filters) {
		return nil
	}
	filters, err := rawjson.Trim(filters)
	if err != nil || filters[0] != '{' {
		return freshet.Errorf(freshet.Invalid, `filter: write an object of filters by model, like {"Task": {"status": {"eq": "OPEN"}}}`)
	}
	return rawjson.Members(filters, func(name, value []byte) error {
		s := r.models[freshet.ModelName(name)]
		if s == nil {
			return freshet.Errorf(freshet.Invalid, "filter: %q is not among the models that are read", name)
		}
		s.filtered = rawjson.AppendCompact(nil, value)
		var err error
		s.filter, err = filter.Compile(s.model, value)
		return err
	})
}

// addParts names the models and their filters as they stand in cursors. Who reads all has those too that a gain
// of rights would bring.
func (r *Reader) addParts() {
	for _, m := range r.engine.schema.Models {
		if s := r.models[m.Name]; s != nil {
			s.part = partOf(m, s.filtered)
			r.scope = append(r.scope, s.part)
		} else if r.all {
			r.scope = append(r.scope, partOf(m, nil))
		}
	}
	slices.Sort(r.scope)
}

func partOf(m *schema.Model, filtered []byte) freshet.Part {
	return freshet.Part(crc32.ChecksumIEEE(append([]byte(m.Name+"\x00"), filtered...)))
}

// Tokens gives the tokens whose changes concern the reader: sorted, each once.
func (r *Reader) Tokens() []freshet.Token { return r.tokens }

// Key is equal for two readers that are shown every change alike: they asked for the same and hold the same
// tokens.
func (r *Reader) Key() string { return r.key }

// Open gives the place that a cursor stands for; none begins from nothing. With reset it begins from
// nothing too, for the cursor is of another log.
func (r *Reader) Open(text string) (c freshet.Cursor, reset bool, err error) {
	if text == "" {
		switch {
		case r.denied != nil:
			return c, false, forbidden(r.denied, "sync")
		case len(r.models) == 0:
			return c, false, freshet.Errorf(freshet.Forbidden, "not allowed to sync any model")
		}
		return r.begin(), false, nil
	}
	head := r.engine.store.Head()
	c, ours, err := r.engine.seal.open(text, head.Epoch)
	if err != nil {
		return c, false, err
	}
	if !ours || c.Seq > head.Seq {
		return r.begin(), true, nil
	}
	if r.denied != nil && slices.Contains(missing(r.scope, c.Scope), r.models[r.denied.Name].part) {
		return c, false, forbidden(r.denied, "sync")
	}
	r.widen(&c)
	r.catchUp(&c)
	return c, false, nil
}

// Seal gives a cursor the form in which it leaves the server.
func (r *Reader) Seal(c *freshet.Cursor) string { return r.engine.seal.seal(c) }

func (r *Reader) begin() freshet.Cursor {
	head := r.engine.store.Head()
	return freshet.Cursor{Epoch: head.Epoch, Known: head.Seq, Scope: r.scope, Tokens: r.tokens}
}

// widen notes what models were gained since the cursor was made. A model with another filter is another one; what
// is not asked for any more is the reader's to drop.
func (r *Reader) widen(c *freshet.Cursor) {
	if slices.Equal(c.Scope, r.scope) {
		return
	}
	if c.Seq > 0 || len(c.Behind) > 0 {
		var behind []freshet.Backlog
		for _, b := range c.Behind { // what is under way goes on for the models that are still wanted
			b.Parts = slices.DeleteFunc(b.Parts, func(p freshet.Part) bool { return !slices.Contains(r.scope, p) })
			if b.Token != "" || len(b.Parts) > 0 {
				behind = append(behind, b)
			}
		}
		if gained := missing(r.scope, c.Scope); len(gained) > 0 {
			behind = append(behind, freshet.Backlog{Parts: gained})
		}
		c.Behind = behind
	}
	c.Scope = r.scope
}

// catchUp notes what the reader's tokens make good: what it gained and lost since the cursor was made.
func (r *Reader) catchUp(c *freshet.Cursor) {
	if slices.Equal(c.Tokens, r.tokens) {
		return
	}
	if c.Seq > 0 || len(c.Behind) > 0 {
		change := func(token freshet.Token, lost bool) {
			c.Behind = slices.DeleteFunc(c.Behind, func(b freshet.Backlog) bool { return b.Token == token })
			c.Behind = append(c.Behind, freshet.Backlog{Token: token, Lost: lost})
		}
		for _, token := range missing(c.Tokens, r.tokens) {
			change(token, true)
		}
		for _, token := range missing(r.tokens, c.Tokens) {
			change(token, false)
		}
	}
	c.Tokens = r.tokens
}

// missing gives what of a is not in b; both are sorted.
func missing[E cmp.Ordered](a, b []E) []E {
	var list []E
	for _, e := range a {
		if _, found := slices.BinarySearch(b, e); !found {
			list = append(list, e)
		}
	}
	return list
}

// pageBytes bounds the images of one page.
const pageBytes = 4 << 20

// Page reads on from a cursor and moves it. It never ends inside a commit, so it may hold somewhat more
// than limit changes.
func (r *Reader) Page(ctx context.Context, c *freshet.Cursor, limit int) (Page, error) {
	if limit <= 0 || limit > r.engine.opts.Limits.ChangesPage {
		return Page{}, freshet.Errorf(freshet.TooLarge, "limit: %d is not within 1 and %d changes", limit, r.engine.opts.Limits.ChangesPage)
	}
	page, err := r.page(ctx, c, limit)
	if freshet.CodeOf(err) != freshet.Gone {
		return page, err
	}
	*c = r.begin()
	page, err = r.page(ctx, c, limit)
	page.Reset = true
	return page, err
}

func (r *Reader) page(ctx context.Context, c *freshet.Cursor, limit int) (Page, error) {
	if len(c.Behind) > 0 {
		return r.backlog(ctx, c, limit)
	}
	if c.Seq == r.engine.store.Head().Seq {
		c.Known = 0
		return Page{UpToDate: true}, nil
	}
	found, err := r.engine.store.Changes(ctx, store.ChangesQuery{
		Tokens: r.tokens, After: c.Seq, Known: c.Known, Limit: limit, Bytes: pageBytes,
	})
	if err != nil {
		return Page{}, err
	}
	page := Page{Changes: make([]Sight, 0, len(found.Changes)), UpToDate: !found.More}
	for i := range found.Changes {
		change := &found.Changes[i]
		sight, ok, err := r.sight(change, change.Body != nil)
		if err != nil {
			return Page{}, err
		}
		// Who began from nothing holds nothing that could have gone before that.
		if ok && (sight.Body != nil || change.Seq > c.Known) {
			page.Changes = append(page.Changes, sight)
		}
	}
	if c.Seq = found.Next; c.Seq >= c.Known {
		c.Known = 0
	}
	return page, nil
}

// See tells how a change of the log is shown to the reader; ok is false where it does not concern it.
func (r *Reader) See(change *freshet.Change) (sight Sight, ok bool, err error) {
	visible := change.Op != freshet.OpDelete && meet(r.tokens, change.Audience)
	if !visible && !meet(r.tokens, change.Left) && (change.Op != freshet.OpDelete || !meet(r.tokens, change.Audience)) {
		return Sight{}, false, nil
	}
	return r.sight(change, visible)
}

func meet(held, audience []freshet.Token) bool {
	return slices.ContainsFunc(audience, func(token freshet.Token) bool {
		_, found := slices.BinarySearch(held, token)
		return found
	})
}

// sight applies what tokens do not tell: the models asked for, rules that allow one way of reading and not
// another, filters.
func (r *Reader) sight(change *freshet.Change, visible bool) (Sight, bool, error) {
	s := r.models[change.Model]
	if s == nil {
		return Sight{}, false, nil
	}
	sight := Sight{Model: s.model, Key: change.Key, Version: change.Version, Seq: change.Seq, At: change.At}
	if !visible {
		return sight, true, nil
	}
	if s.filter != nil || s.model.Partial() {
		doc, err := s.model.Parse(change.Body)
		if err != nil {
			return Sight{}, false, err
		}
		if s.model.Partial() && !s.model.Allows(r.id, schema.AccessSync, doc) || !s.filter.Match(doc, false) {
			return sight, true, nil
		}
	}
	sight.Body = change.Body
	return sight, true, nil
}
