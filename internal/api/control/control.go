// Package control is the operator's door: what somebody with the right to the data directory can do with
// it. Rules do not apply here; being able to open the directory is the right.
//
// A Desk does the work, on a store that this process has open. Handler serves a Desk over a unix socket in
// the data directory, and a Client is the other end of it. Both ends are an Operator, so that a command
// does not care whether a server is running.
package control

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"freshet"
)

// Operator is what an operator can do.
type Operator interface {
	Accounts
	Letters
	SignedKeys
	Audit

	// Status tells how the store stands.
	Status(ctx context.Context) (Status, error)

	// Keys gives the API keys, expired ones too.
	Keys(ctx context.Context) ([]Key, error)
	// CreateKey makes an API key. The secret is given this once.
	// Errors: invalid for what it is made of, conflict when a live key has the name.
	CreateKey(ctx context.Context, k NewKey) (key Key, secret string, err error)
	// RevokeKey takes a key away, of either kind; one that is not there gives the code not_found.
	RevokeKey(ctx context.Context, id string) error

	// Tail calls visit with the changes of the log in their order, some at a time. An error of visit
	// ends it and is returned. Changes that are not kept any more give the code gone.
	Tail(ctx context.Context, q TailQuery, visit func([]Entry) error) error
	// Check compares every part of the store with every other; progress is called now and then.
	Check(ctx context.Context, progress func(stage string, done int)) (Report, error)

	// Import writes records out of a file; progress is called now and then. What was written stays
	// when it ends with an error.
	Import(ctx context.Context, q ImportQuery, file io.Reader, progress func(Imported)) (Imported, error)
	// Export calls visit with the records of a model, each a JSON object that is valid during the call.
	Export(ctx context.Context, q ExportQuery, visit func(record []byte) error) error
}

var (
	_ Operator = (*Desk)(nil)
	_ Operator = (*Client)(nil)
)

// Status is how a store stands.
type Status struct {
	Address string              `json:"address,omitempty"` // of the public door; empty where there is none
	Epoch   string              `json:"epoch"`
	Seq     freshet.Seq         `json:"seq"` // of the latest change
	At      freshet.Millis      `json:"at"`
	History freshet.Seq         `json:"history"` // the oldest change that is kept
	Trimmed freshet.Seq         `json:"trimmed"` // removals up to here may be forgotten
	Models  []freshet.ModelName `json:"models"`
}

// Key is an API key without its secret.
type Key struct {
	ID      string          `json:"id,omitempty"`
	Name    string          `json:"name"`
	Created time.Time       `json:"created,omitzero"`
	Expires time.Time       `json:"expires,omitzero"` // zero: never
	Used    time.Time       `json:"used,omitzero"`    // when it let somebody in last; zero: never
	Scopes  []freshet.Scope `json:"scopes,omitempty"` // none: whatever the rules allow
	Groups  []string        `json:"groups,omitempty"` // of which it makes a member, and nothing else
	By      string          `json:"by,omitempty"`     // who had it made; empty: an operator
	Fixed   bool            `json:"fixed,omitempty"`  // given at the start of the server; it cannot be revoked
}

// NewKey is what an API key is made of.
type NewKey struct {
	Name    string          `json:"name"`
	Expires time.Time       `json:"expires,omitzero"` // zero: never
	Scopes  []freshet.Scope `json:"scopes,omitempty"` // what its holder may do at most
	Groups  []string        `json:"groups,omitempty"` // its holder comes in as a member of these, and by no other rule
}

// TailQuery asks for changes of the log.
type TailQuery struct {
	From   freshet.Seq // the first one; 0: the last ten
	Follow bool        // go on with those to come, until ctx is done
}

// Entry is a change as an operator is shown it.
type Entry struct {
	Seq      freshet.Seq       `json:"seq"`
	At       freshet.Millis    `json:"at"`
	Op       string            `json:"op"`
	Model    freshet.ModelName `json:"model"`
	Key      string            `json:"key"`
	Version  freshet.Version   `json:"version"`
	By       string            `json:"by"`
	Audience []freshet.Token   `json:"audience"`
	Left     []freshet.Token   `json:"left,omitempty"`
	Record   json.RawMessage   `json:"record"` // null where it is not kept, and of the server's own models
}

// Report is what a check found. Without Problems, the store is sound.
type Report struct {
	Seq      freshet.Seq `json:"seq"`
	Records  int         `json:"records"` // tombstones included
	Changes  int         `json:"changes"` // in the log
	Entries  int         `json:"entries"` // in the indexes of tokens
	Indexed  int         `json:"indexed"` // entries in the indexes of models
	Problems []string    `json:"problems"`
}

// ExportQuery asks for the records of a model.
type ExportQuery struct {
	Model   freshet.ModelName
	Deleted bool // tombstones too, marked with _deleted
}

// Format is the form of a file of records.
type Format string

// The formats.
const (
	NDJSON   Format = "ndjson"   // an object a line
	CSV      Format = "csv"      // the first line names the fields
	DynamoDB Format = "dynamodb" // the JSON of a batch write: {"Table": [{"PutRequest": {"Item": {…}}}]}
)

// ImportQuery says what to do with a file of records.
type ImportQuery struct {
	Model   freshet.ModelName // empty: the file names its tables, which are models
	Format  Format            // empty: as Name and the content suggest
	Name    string            // of the file
	Replace bool              // a record whose key exists takes the place of what is there
}

// Imported is what an import has done so far.
type Imported struct {
	Created  int       `json:"created"`
	Replaced int       `json:"replaced"`
	Deleted  int       `json:"deleted"`
	Refused  int       `json:"refused"`
	Reasons  []Reason  `json:"reasons,omitempty"` // of refusals, the most frequent first
	First    []Refusal `json:"first,omitempty"`   // the first refusals of the file
}

// Total gives how many records of the file were looked at.
func (i *Imported) Total() int { return i.Created + i.Replaced + i.Deleted + i.Refused }

// Reason counts the refusals that have one cause.
type Reason struct {
	Text  string `json:"text"` // without what differs from one to the next
	Count int    `json:"count"`
}

// Refusal is a record of the file that was not taken.
type Refusal struct {
	Where   string `json:"where"` // "line 3"
	Message string `json:"message"`

	place int
}
