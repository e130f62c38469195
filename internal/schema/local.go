package schema

import (
	"strconv"
	"time"

	"freshet"
	"freshet/internal/rawjson"
)

// Local is a mutation that tells those who listen something, and stores nothing.
type Local struct {
	Name        string
	Description string
	Arguments   []*Argument
	Result      *Type  // an object type
	Reads       *Reads // nil: whoever may call it may say anything

	access *Model // nothing but the rules
}

// Hearing is a subscription to local mutations, all of one result.
type Hearing struct {
	Name        string
	Description string
	Arguments   []*Argument // each a field of the result, which has to be equal
	Result      *Type
	Mutations   []*Local

	access *Model
}

// Argument is an argument of a Local or a Hearing.
type Argument struct {
	Name        string
	Description string
	Type        *Type
	Default     string // as SDL writes it; empty: none
	Field       *Field // of the result, with the same name; nil: there is none
}

// Reads says which record a message is about. Who sends it and who hears it has to be able to read that record.
type Reads struct {
	Model *Model
	Key   string // the argument that holds the record's key, as a Change has it
}

// Fill says what the server puts in a field, whatever the client sends.
type Fill string

// The fills.
const (
	FillCaller Fill = "caller" // who calls, by the name that owner fields hold
	FillNow    Fill = "now"    // the time
)

// Notice is what a Local tells.
type Notice struct {
	Mutation *Local
	Doc      Doc         // the fields of the result, by their ordinals
	Body     []byte      // the same as a JSON object
	About    freshet.Key // of the record that Reads names; empty without Reads
}

// MayTell tells whether the rules let an identity call the mutation.
func (l *Local) MayTell(id *freshet.Identity) bool { return l.access.MayEver(id, AccessCreate) }

// MayHear tells whether the rules let an identity subscribe.
func (h *Hearing) MayHear(id *freshet.Identity) bool { return h.access.MayEver(id, AccessListen) }

// Notice checks what an identity says and fills in what the server knows. An argument that was not given is nil.
func (l *Local) Notice(id *freshet.Identity, argument func(name string) []byte, now time.Time) (*Notice, error) {
	n := &Notice{Mutation: l, Doc: make(Doc, len(l.Result.Object.Fields))}
	for _, a := range l.Arguments {
		if a.Field == nil {
			continue
		}
		value, err := a.Field.Type.Append(nil, argument(a.Name))
		if err != nil {
			return nil, freshet.Errorf(freshet.Invalid, "%s: %v", l.Name, at(a.Name, err))
		}
		n.Doc[a.Field.Ordinal] = value
	}
	for _, f := range l.Result.Object.Fields {
		switch f.Fill {
		case FillCaller:
			if name := claimText(id, ""); name != "" {
				n.Doc[f.Ordinal] = rawjson.AppendString(nil, name)
			} else if f.Type.NonNull {
				return nil, freshet.Errorf(freshet.Forbidden, "%s.%s names the caller, and you have no name: sign in", l.Result.Name, f.Name)
			}
		case FillNow:
			n.Doc[f.Ordinal] = timeOf(f.Type, now)
		}
	}
	n.Body = l.Result.Object.body(n.Doc)
	if l.Reads == nil {
		return n, nil
	}
	text, err := rawjson.String(argument(l.Reads.Key))
	if err == nil {
		n.About, err = l.Reads.Model.ParseKey(text)
	}
	if err != nil {
		return nil, freshet.Errorf(freshet.Invalid, "%s: %s is no key of a %s", l.Name, l.Reads.Key, l.Reads.Model.Name)
	}
	return n, nil
}

func timeOf(t *Type, now time.Time) []byte {
	if t.Name == "AWSTimestamp" {
		return strconv.AppendInt(nil, now.UnixMilli(), 10)
	}
	return now.UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`)
}

// body encodes the fields of an object. Nulls are left out.
func (o *Object) body(doc Doc) []byte {
	body := []byte{'{'}
	for i, f := range o.Fields {
		if rawjson.IsNull(doc[i]) {
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(rawjson.AppendString(body, f.Name), ':')
		body = append(body, doc[i]...)
	}
	return append(body, '}')
}

// Wanted gives the values that arguments ask for, by the ordinals of the result's fields: nil for one that was not
// given, null for one that has to be null.
func (h *Hearing) Wanted(argument func(name string) []byte) (Doc, error) {
	wanted := make(Doc, len(h.Result.Object.Fields))
	for _, a := range h.Arguments {
		given := argument(a.Name)
		if given == nil {
			continue
		}
		value, err := a.Type.Append(nil, given)
		if err != nil {
			return nil, freshet.Errorf(freshet.Invalid, "%s: %v", h.Name, at(a.Name, err))
		}
		wanted[a.Field.Ordinal] = value
	}
	return wanted, nil
}

// Matches tells whether a notice has the values that are wanted.
func (n *Notice) Matches(wanted Doc) bool {
	for i, value := range wanted {
		switch {
		case value == nil:
		case rawjson.IsNull(value):
			if !rawjson.IsNull(n.Doc[i]) {
				return false
			}
		case n.Doc[i] == nil || !rawjson.Equal(value, n.Doc[i]):
			return false
		}
	}
	return true
}
