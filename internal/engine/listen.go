package engine

import (
	"slices"

	"freshet"
	"freshet/internal/filter"
	"freshet/internal/schema"
)

// Listener picks the changes of one model and operation that an identity asked to be told of.
type Listener struct {
	id     *freshet.Identity
	model  *schema.Model
	op     freshet.Op
	filter *filter.Filter
	owners []ownerArgument
	tokens []freshet.Token
}

type ownerArgument struct {
	field *schema.Field
	name  string
}

// ListenQuery asks to be told of changes.
type ListenQuery struct {
	Model  freshet.ModelName
	Op     freshet.Op
	Filter []byte            // a JSON object as ModelSubscriptionXFilterInput describes it
	Owners map[string]string // owner fields that have to hold a name
}

// Listener makes a listener. An owner that is not the identity is refused, unless other rules than those
// for owners let it listen.
func (e *Engine) Listener(id *freshet.Identity, q ListenQuery) (*Listener, error) {
	m, err := e.model(q.Model)
	if err != nil {
		return nil, err
	}
	if !m.MayEver(id, schema.AccessListen) {
		return nil, forbidden(m, "listen to")
	}
	l := &Listener{id: id, model: m, op: q.Op, tokens: m.ReadTokens(id)}
	if l.filter, err = filter.Compile(m, q.Filter); err != nil {
		return nil, err
	}
	for name, owner := range q.Owners {
		f := m.Field(name)
		if f == nil {
			return nil, freshet.Errorf(freshet.Invalid, "%s has no field %q", m.Name, name)
		}
		if !slices.Contains(m.OwnerNames(id, f), owner) && m.OnlyOwns(id, schema.AccessListen) {
			return nil, forbidden(m, "listen to another's")
		}
		l.owners = append(l.owners, ownerArgument{f, owner})
	}
	return l, nil
}

// Tokens gives the tokens whose changes concern the listener: sorted, each once.
func (l *Listener) Tokens() []freshet.Token { return l.tokens }

// Hears tells whether the listener is told of a change that left the record as doc; after a delete, of
// what it was before.
func (l *Listener) Hears(change *freshet.Change, doc schema.Doc) bool {
	if change.Model != l.model.Name || change.Op != l.op || !meet(l.tokens, change.Audience) {
		return false
	}
	for _, argument := range l.owners {
		if !argument.field.Names(doc[argument.field.Ordinal], argument.name) {
			return false
		}
	}
	if l.model.Partial() && !l.model.Allows(l.id, schema.AccessListen, doc) {
		return false
	}
	return l.filter.Match(doc, change.Op == freshet.OpDelete)
}
