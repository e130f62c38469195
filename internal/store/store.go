// Package store is the contract for records and their log, in words that an embedded engine and
// DynamoDB can both keep. A store knows nothing but records: bytes, a version, an audience, index keys.
//
// Its one invariant: what Commit has acknowledged is durable, and every read shows a state of the log
// that was durable when it was taken. On the path of a write it stands between the engine, which decides
// what to write, and the feed, which reads back what was written.
package store

import (
	"context"
	"fmt"

	"freshet"
)

// Store keeps records, the log of their changes, and for each token an index of that log.
//
// The log has no hole: the changes of one Commit have consecutive seqs, and the next Commit goes on from
// there. For each token the index holds each record at most once, at the seq of its latest change: with
// its image while the token is in its audience, as a removal after it left or was deleted.
//
// All methods may be called concurrently. An error that is not named here has the code unavailable when
// the store cannot serve now (a failed disk, a closed store), and internal otherwise. After a write has
// failed for such a reason, writes stay unavailable and reads go on.
type Store interface {
	// Commit applies a batch, all of it or nothing, and returns once it is durable. The puts take
	// effect in their order, so a later one may build on an earlier one of the same record. A record
	// that is not at the version a put expects gives *StaleError; a counter that is not beyond the
	// client's last one gives *SeenError. Both change nothing, and what they report is durable. Once
	// the batch has been handed over, ctx does not interrupt it.
	Commit(ctx context.Context, batch Batch) (Receipt, error)

	// Get gives the latest version of each record asked for, tombstones too, in the order asked; nil
	// for one that does not exist. It sees every Commit that returned before the call.
	Get(ctx context.Context, refs ...Ref) ([]*freshet.Record, error)

	// Query gives a page of a model's records in the order of an index.
	Query(ctx context.Context, query Query) (QueryPage, error)

	// Changes gives a page of the merged index of some tokens, in the order of seq. A cursor that the
	// store can no longer serve gives an error with the code gone: removals after it were trimmed, or
	// it lies beyond the head.
	Changes(ctx context.Context, query ChangesQuery) (ChangesPage, error)

	// History gives every change of one record, the latest first, or of the whole log, the oldest
	// first. Changes before Head().History are not kept: a walk of one record ends there, a walk of
	// the log from before it gives an error with the code gone.
	History(ctx context.Context, query HistoryQuery) ([]freshet.Change, error)

	// Head tells where the log ends.
	Head() Head

	// Wait returns the head as soon as it is beyond after.
	Wait(ctx context.Context, after freshet.Seq) (Head, error)

	// Trim forgets old removals and old history. It works in steps that do not hold up writes.
	Trim(ctx context.Context, trim Trim) error

	// Close waits for commits and reads under way, then lets go of the store. It is idempotent.
	Close() error
}

// Head is the state of a log.
type Head struct {
	Epoch   freshet.Epoch
	Seq     freshet.Seq    // of the latest change; 0 in an empty log
	At      freshet.Millis // of the latest change; never goes back
	Trimmed freshet.Seq    // removals up to here may be forgotten
	History freshet.Seq    // the oldest change that is kept with its image; 1 before any trim
}

// Ref names a record.
type Ref struct {
	Model freshet.ModelName
	Key   freshet.Key
}

// Batch is what one Commit writes.
type Batch struct {
	Puts    []Put
	Reindex []Reindex
	Counter *Counter
}

// Put writes a new version of a record and appends its change to the log.
type Put struct {
	Ref
	Expect    freshet.Version // the version it replaces; 0: the record must not exist
	Op        freshet.Op
	By        string
	Body      []byte // JSON object; of a delete the last image
	Meta      []byte
	Audience  []freshet.Token // sorted, each once; of a delete, the one before
	Index     []freshet.IndexKey
	NoHistory bool // the log keeps no image
}

// Reindex replaces a record's index keys and leaves its version, its audience and the log alone.
type Reindex struct {
	Ref
	Expect freshet.Version
	Index  []freshet.IndexKey
}

// Counter makes a batch exactly-once for a client. Results holds the outcome of each of the client's
// writes in the batch, with rising counters; the last KeptResults of a client are kept. A batch may hold
// results and no puts: refusals are remembered too.
type Counter struct {
	Client  string
	Results []Result
}

// Result is the outcome of one write of a client; Outcome is opaque to the store.
type Result struct {
	Counter uint64
	Outcome []byte
}

// KeptResults is how many results a store keeps of each client, at the least.
const KeptResults = 128

// Receipt says where in the log a batch went. With no puts First is 0 and Last the head.
type Receipt struct {
	First, Last freshet.Seq
	At          freshet.Millis
}

// StaleError says that records were not at the versions expected. Current holds each such record as it
// is, nil in the place of one that does not exist.
type StaleError struct {
	Refs    []Ref
	Current []*freshet.Record
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("%d records are not at the version expected", len(e.Refs))
}

// SeenError says that the client's counter had already been used. Results holds those of the batch's
// counters whose outcome is still kept, Last the client's last counter.
type SeenError struct {
	Last    uint64
	Results []Result
}

func (e *SeenError) Error() string {
	return fmt.Sprintf("the client's writes up to %d were answered before", e.Last)
}

// Primary is the index that every record of a model is in, by its key.
const Primary = ""

// NoAudience is the token under which records without any audience are indexed. No caller holds it.
const NoAudience freshet.Token = ""

// Query asks for records of one model whose audience meets the tokens, each once, in the order of their
// key in an index, then of their own key. Paging shows every record that is there throughout exactly
// once, whatever is written meanwhile.
type Query struct {
	Model      freshet.ModelName
	Index      string
	Tokens     []freshet.Token
	All        bool   // instead of Tokens: every record, for the server's own use; Primary only, not Descending
	From, To   []byte // bounds on the index key: From <= key < To; empty: unbounded
	After      []byte // the Next of the page before
	Descending bool
	Deleted    bool // tombstones too
	Limit      int  // at least 1
}

// QueryPage is a page of records. Next is nil when there is no more.
type QueryPage struct {
	Records []*freshet.Record
	Next    []byte
}

// ChangesQuery asks for what is in the index of any of the tokens after a seq.
type ChangesQuery struct {
	Tokens []freshet.Token
	After  freshet.Seq
	// Known is the head when the reader began from nothing; it has missed no removal of what it
	// holds as long as removals up to max(After, Known) at most were trimmed. 0 where After is
	// beyond that head.
	Known freshet.Seq
	Until freshet.Seq // stop before entries beyond it; 0: the head
	Limit int         // entries; a page goes over it to end with a commit
	Bytes int         // of images, likewise; 0: no bound
}

// ChangesPage is a page of changes, each record at most once for what it is now. A change without a Body
// is a removal. By, Prev, Audience and Left are not filled.
type ChangesPage struct {
	Changes []freshet.Change
	Next    freshet.Seq // everything up to here is in this page or before it; never inside a commit
	More    bool        // there is more up to Until
	Head    Head
}

// HistoryQuery asks for changes in full. With a Ref: those of one record, the latest first, from Before
// (0: from the latest) down. Without: all of the log after After, the oldest first.
type HistoryQuery struct {
	Ref    *Ref
	Before freshet.Seq
	After  freshet.Seq
	Limit  int
	Bytes  int // of images; 0: no bound; at least one change is given
}

// Trim says what may be forgotten: tombstones, markers of records that left a token and results of
// clients, up to Removals; and entries of the log before History.
type Trim struct {
	Removals freshet.Seq
	History  freshet.Seq
}
