package freshet

import "time"

// ModelName names a type of the schema that is marked @model. Names that begin with an underscore are
// the server's own.
type ModelName string

// Seq is a place in the log. The first change has 1, and each next one is greater by 1.
type Seq uint64

// Version counts the writes of one record, from 1. 0 stands for "no such record".
type Version uint64

// Epoch is the random id of a log. A log that was restored from a backup has a new one.
type Epoch [8]byte

// Millis is a time in milliseconds since 1970-01-01 UTC.
type Millis int64

// MillisOf gives t in milliseconds.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time gives m as a time in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Token is a name for a set of readers: "public", "private", "owner:ana", "group:admins".
type Token string

// Grant is a token in a record's audience, with the seq at which it came in.
type Grant struct {
	Token Token
	Since Seq
}

// IndexKey is a record's place in one index of its model.
type IndexKey struct {
	Index string
	Key   Key
}

// Record is one row of a model, in its latest version.
type Record struct {
	Model    ModelName
	Key      Key
	Version  Version
	Seq      Seq    // of the change that made this version
	At       Millis // when that change was committed
	Deleted  bool   // a tombstone; Body is the last image
	Body     []byte // the fields, a JSON object
	Meta     []byte // what the engine keeps beside the fields; opaque to a store
	Audience []Grant
	Index    []IndexKey
}

// Op is what a change did to its record.
type Op uint8

// The operations of a change.
const (
	OpCreate Op = iota + 1
	OpUpdate
	OpDelete
)

// String gives the operation in lower case.
func (o Op) String() string {
	switch o {
	case OpCreate:
		return "create"
	case OpUpdate:
		return "update"
	case OpDelete:
		return "delete"
	}
	return "unknown"
}

// Change is one entry of the log: a committed write and the image that it left.
type Change struct {
	Seq      Seq
	End      Seq // the last seq of the commit that this change is part of
	Prev     Seq // the change before it of the same record; 0 for the first
	Op       Op
	Model    ModelName
	Key      Key
	Version  Version
	At       Millis
	By       string
	Body     []byte  // the new image, a JSON object; of a delete the last image; nil where no history is kept
	Audience []Token // who may read the record after this change; of a delete, who might before
	Left     []Token // who might read it before and may not any more
}
