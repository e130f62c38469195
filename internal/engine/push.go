package engine

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"freshet"
	"freshet/internal/schema"
	"freshet/internal/store"
)

// Status says what became of one write of a push.
type Status string

// The statuses.
const (
	Applied Status = "APPLIED" // as it was
	Merged  Status = "MERGED"  // in part: some fields kept what others wrote
	Refused Status = "REFUSED" // not at all; Err says why
	Skipped Status = "SKIPPED" // not at all, because another write of an all-or-nothing push was refused
)

// Outcome is what became of one write of a push.
type Outcome struct {
	Counter   uint64
	Status    Status
	Model     freshet.ModelName
	Key       freshet.Key
	Version   freshet.Version // of the record after the write; 0 where it was refused
	Conflicts []freshet.FieldConflict
	Err       *freshet.Error
	Row       *Row // the record as it is now; nil where there is none that the writer may see
}

const maxClientID = 128

// Push applies a client's writes in their order and in one commit, each on its own or, with atomic, all or
// none. Their counters rise. A write whose counter was used before gets the outcome of the first time, a
// refusal too, and changes nothing.
func (e *Engine) Push(ctx context.Context, id *freshet.Identity, client string, writes []freshet.Write, atomic bool) ([]Outcome, error) {
	if err := e.checkPush(client, writes); err != nil {
		return nil, err
	}
	p := &push{engine: e, id: id, client: id.Name + "\x00" + client, atomic: atomic, outcomes: make([]Outcome, len(writes))}
	for i, w := range writes {
		p.read(i, w)
	}
	if schema.ReadOnly(id) {
		p.refuseReader()
		return p.outcomes, p.show(ctx)
	}
	defer e.locks.lock(p.refs()...)()
	for {
		err := p.try(ctx)
		if err == nil {
			return p.outcomes, p.show(ctx)
		}
		stale, seen := (*store.StaleError)(nil), (*store.SeenError)(nil)
		switch {
		case errors.As(err, &stale):
		case errors.As(err, &seen):
			if err := p.recall(seen); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

func (e *Engine) checkPush(client string, writes []freshet.Write) error {
	if client == "" || len(client) > maxClientID {
		return freshet.Errorf(freshet.Invalid, "client: give an id of 1 to %d bytes that is this client's own", maxClientID)
	}
	if limit := e.opts.Limits.BatchWrites; len(writes) > limit {
		return freshet.Errorf(freshet.TooLarge, "%d writes are over the largest push, %d writes", len(writes), limit)
	}
	last := uint64(0)
	for i, w := range writes {
		if w.Counter <= last {
			return freshet.Errorf(freshet.Invalid, "writes[%d].counter: %d comes after %d; counters rise from 1", i, w.Counter, last)
		}
		last = w.Counter
	}
	return nil
}

// push is one Push under way. A request is nil where its write has a fault.
type push struct {
	engine   *Engine
	id       *freshet.Identity
	client   string
	atomic   bool
	writes   []*request
	faults   []error // why writes could not be read
	outcomes []Outcome
	recalled int // the first writes, whose outcomes are of an earlier push
}

func (p *push) read(i int, w freshet.Write) {
	p.outcomes[i] = Outcome{Counter: w.Counter, Model: w.Model, Key: w.Key}
	r, err := p.engine.read(w)
	if err == nil {
		p.outcomes[i].Key = r.Key
	}
	p.writes, p.faults = append(p.writes, r), append(p.faults, err)
}

func (p *push) refuse(i int, err error) {
	p.outcomes[i].Status, p.outcomes[i].Version = Refused, 0
	if !errors.As(err, &p.outcomes[i].Err) {
		p.outcomes[i].Err = freshet.Wrap(freshet.Internal, err, "internal error")
	}
}

// refuseReader refuses what comes from one who may only read. It is not kept: the counters are of the whole identity,
// which may be of one who may write.
func (p *push) refuseReader() {
	for i := range p.outcomes {
		p.refuse(i, freshet.Errorf(freshet.Forbidden, "this credential may only read"))
		if p.atomic {
			p.skipOthers(i)
			return
		}
	}
}

func (p *push) refs() []store.Ref {
	var refs []store.Ref
	for _, r := range p.writes {
		if r != nil {
			refs = append(refs, r.ref())
		}
	}
	return refs
}

// try resolves the writes that are not recalled against the records as they are, and commits.
func (p *push) try(ctx context.Context) error {
	states, err := p.states(ctx)
	if err != nil {
		return err
	}
	batch := store.Batch{Counter: &store.Counter{Client: p.client}}
	var placed []int // the writes of the batch's puts
	for i := p.recalled; i < len(p.writes); i++ {
		put, err := p.resolve(ctx, i, states)
		switch {
		case err != nil && transient(err):
			return err
		case err != nil:
			p.refuse(i, err)
		case put != nil:
			batch.Puts, placed = append(batch.Puts, *put), append(placed, i)
		}
		if p.atomic && p.outcomes[i].Status == Refused {
			p.skipOthers(i)
			batch.Puts, placed = nil, nil
			break
		}
	}
	for i := p.recalled; i < len(p.outcomes); i++ {
		outcome, err := encodeOutcome(&p.outcomes[i])
		if err != nil {
			return err
		}
		batch.Counter.Results = append(batch.Counter.Results, store.Result{Counter: p.outcomes[i].Counter, Outcome: outcome})
	}
	if len(batch.Counter.Results) == 0 {
		return nil
	}
	receipt, err := p.engine.store.Commit(ctx, batch)
	for n, i := range placed {
		if row := p.outcomes[i].Row; row != nil {
			row.Seq, row.At = receipt.First+freshet.Seq(n), receipt.At
		}
	}
	return err
}

// transient tells whether a write failed for a reason that is not its own, so that sending it again may
// help.
func transient(err error) bool {
	code := freshet.CodeOf(err)
	return code == freshet.Unavailable || code == freshet.Internal
}

func (p *push) states(ctx context.Context) (map[store.Ref]state, error) {
	refs := p.refs()
	slices.SortFunc(refs, compareRefs)
	refs = slices.Compact(refs)
	records, err := p.engine.store.Get(ctx, refs...)
	if err != nil {
		return nil, err
	}
	states := make(map[store.Ref]state, len(refs))
	for i, ref := range refs {
		states[ref] = state{current: records[i], others: records[i]}
	}
	return states, nil
}

func (p *push) resolve(ctx context.Context, i int, states map[store.Ref]state) (*store.Put, error) {
	o, r := &p.outcomes[i], p.writes[i]
	*o = Outcome{Counter: o.Counter, Model: o.Model, Key: o.Key}
	if r == nil {
		return nil, p.faults[i]
	}
	s := states[r.ref()]
	done, err := p.engine.resolve(ctx, p.id, r, s)
	if err != nil {
		return nil, err
	}
	o.Status, o.Version, o.Conflicts, o.Row = Applied, done.written.Version, done.written.Conflicts, done.written.Row
	if len(o.Conflicts) > 0 {
		o.Status = Merged
	}
	if done.put != nil {
		states[r.ref()] = s.after(r, &done)
	} else if s.current != s.others {
		o.Row = nil // it has no place in the log yet
	}
	return done.put, nil
}

func (p *push) skipOthers(refused int) {
	for i := p.recalled; i < len(p.outcomes); i++ {
		if i != refused {
			o := &p.outcomes[i]
			*o = Outcome{Counter: o.Counter, Status: Skipped, Model: o.Model, Key: o.Key}
		}
	}
}

// recall takes over the outcomes that writes had the first time they were sent.
func (p *push) recall(seen *store.SeenError) error {
	kept := make(map[uint64][]byte, len(seen.Results))
	for _, result := range seen.Results {
		kept[result.Counter] = result.Outcome
	}
	for i := p.recalled; i < len(p.outcomes) && p.outcomes[i].Counter <= seen.Last; i++ {
		o := &p.outcomes[i]
		p.recalled = i + 1
		outcome, ok := kept[o.Counter]
		if !ok {
			p.refuse(i, freshet.Errorf(freshet.Gone, "the counter %d was used before, and its outcome is not kept any more", o.Counter))
			continue
		}
		first, err := decodeOutcome(outcome)
		if err != nil {
			return freshet.Wrap(freshet.Internal, err, "the outcome of counter %d cannot be read", o.Counter)
		}
		first.Counter, first.Model = o.Counter, o.Model
		*o = first
	}
	return nil
}

// show fills in the records of outcomes that do not have them: those recalled, and those refused.
func (p *push) show(ctx context.Context) error {
	missing := make(map[store.Ref]*Row)
	for i := range p.outcomes {
		if o := &p.outcomes[i]; o.Row == nil && o.Key != "" && p.engine.schema.Model(o.Model) != nil {
			missing[store.Ref{Model: o.Model, Key: o.Key}] = nil
		}
	}
	if len(missing) == 0 {
		return nil
	}
	refs := slices.Collect(maps.Keys(missing))
	records, err := p.engine.store.Get(ctx, refs...)
	if err != nil {
		return err
	}
	for i, r := range records {
		if r == nil {
			continue
		}
		row, err := p.engine.row(p.engine.schema.Model(r.Model), r)
		if err != nil {
			return err
		}
		if row.Model.Allows(p.id, schema.AccessGet, row.Doc) {
			missing[refs[i]] = row
		}
	}
	for i := range p.outcomes {
		if o := &p.outcomes[i]; o.Row == nil {
			o.Row = missing[store.Ref{Model: o.Model, Key: o.Key}]
		}
	}
	return nil
}

// storedOutcome is an Outcome as it is kept with the client's counter.
type storedOutcome struct {
	Status    Status                  `json:"status"`
	Key       []byte                  `json:"key"`
	Version   freshet.Version         `json:"version,omitempty"`
	Conflicts []freshet.FieldConflict `json:"conflicts,omitempty"`
	Code      freshet.Code            `json:"code,omitempty"`
	Message   string                  `json:"message,omitempty"`
}

func encodeOutcome(o *Outcome) ([]byte, error) {
	s := storedOutcome{Status: o.Status, Key: []byte(o.Key), Version: o.Version, Conflicts: o.Conflicts}
	if o.Err != nil {
		s.Code, s.Message = o.Err.Code, o.Err.Message
	}
	return json.Marshal(s)
}

func decodeOutcome(b []byte) (Outcome, error) {
	var s storedOutcome
	if err := json.Unmarshal(b, &s); err != nil {
		return Outcome{}, err
	}
	o := Outcome{Status: s.Status, Key: freshet.Key(s.Key), Version: s.Version, Conflicts: s.Conflicts}
	if s.Code != "" {
		o.Err = &freshet.Error{Code: s.Code, Message: s.Message}
	}
	return o, nil
}
