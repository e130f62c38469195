package pebble

import (
	"encoding/binary"
	"errors"

	"freshet"
	"freshet/internal/store"
)

// row is a record as the store keeps it: with the places of its removals in the indexes of tokens that
// it left, which have to move when it comes back to them.
type row struct {
	freshet.Record
	noHistory bool
	left      []marker
}

// marker is a removal in the index of a token.
type marker struct {
	token freshet.Token
	seq   freshet.Seq
}

func (r *row) ref() store.Ref { return store.Ref{Model: r.Model, Key: r.Key} }

// size estimates the memory a row takes.
func (r *row) size() int {
	n := 200 + len(r.Key) + len(r.Body) + len(r.Meta)
	for _, grant := range r.Audience {
		n += 24 + len(grant.Token)
	}
	for _, ik := range r.Index {
		n += 32 + len(ik.Key)
	}
	return n
}

const (
	flagDeleted   = 1 << 0
	flagNoHistory = 1 << 1
)

func appendRow(b []byte, r *row) []byte {
	var flags byte
	if r.Deleted {
		flags |= flagDeleted
	}
	if r.noHistory {
		flags |= flagNoHistory
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(r.Version))
	b = binary.AppendUvarint(b, uint64(r.Seq))
	b = binary.AppendUvarint(b, uint64(r.At))
	b = binary.AppendUvarint(b, uint64(len(r.Audience)))
	for _, grant := range r.Audience {
		b = appendText(b, grant.Token)
		b = binary.AppendUvarint(b, uint64(grant.Since))
	}
	b = binary.AppendUvarint(b, uint64(len(r.left)))
	for _, m := range r.left {
		b = appendText(b, m.token)
		b = binary.AppendUvarint(b, uint64(m.seq))
	}
	b = binary.AppendUvarint(b, uint64(len(r.Index)))
	for _, ik := range r.Index {
		b = appendText(b, ik.Index)
		b = appendText(b, ik.Key)
	}
	b = appendText(b, r.Meta)
	return append(b, r.Body...)
}

// decodeRow copies what it keeps of b.
func decodeRow(model freshet.ModelName, key freshet.Key, b []byte) (*row, error) {
	d := decoder{rest: b}
	r := &row{Record: freshet.Record{Model: model, Key: key}}
	flags := d.byte()
	r.Deleted = flags&flagDeleted != 0
	r.noHistory = flags&flagNoHistory != 0
	r.Version = freshet.Version(d.uvarint())
	r.Seq = freshet.Seq(d.uvarint())
	r.At = freshet.Millis(d.uvarint())
	r.Audience = make([]freshet.Grant, d.count())
	for i := range r.Audience {
		r.Audience[i] = freshet.Grant{Token: freshet.Token(d.text()), Since: freshet.Seq(d.uvarint())}
	}
	if n := d.count(); n > 0 {
		r.left = make([]marker, n)
		for i := range r.left {
			r.left[i] = marker{token: freshet.Token(d.text()), seq: freshet.Seq(d.uvarint())}
		}
	}
	if n := d.count(); n > 0 {
		r.Index = make([]freshet.IndexKey, n)
		for i := range r.Index {
			r.Index[i] = freshet.IndexKey{Index: string(d.text()), Key: freshet.Key(d.text())}
		}
	}
	meta := d.text()
	images := make([]byte, 0, len(meta)+len(d.rest))
	images = append(append(images, meta...), d.rest...)
	r.Meta, r.Body = images[:len(meta):len(meta)], images[len(meta):]
	if d.bad {
		return nil, corrupt("record", []byte(key))
	}
	return r, nil
}

func appendChange(b []byte, c *freshet.Change) []byte {
	b = append(b, byte(c.Op))
	b = binary.AppendUvarint(b, uint64(c.End-c.Seq))
	b = binary.AppendUvarint(b, uint64(c.Prev))
	b = binary.AppendUvarint(b, uint64(c.Version))
	b = binary.AppendUvarint(b, uint64(c.At))
	b = appendText(b, c.Model)
	b = appendText(b, c.Key)
	b = appendText(b, c.By)
	b = appendTokens(b, c.Audience)
	b = appendTokens(b, c.Left)
	return append(b, c.Body...)
}

// decodeChange copies what it keeps of b.
func decodeChange(seq freshet.Seq, b []byte) (freshet.Change, error) {
	d := decoder{rest: b}
	c := freshet.Change{Seq: seq, Op: freshet.Op(d.byte())}
	c.End = seq + freshet.Seq(d.uvarint())
	c.Prev = freshet.Seq(d.uvarint())
	c.Version = freshet.Version(d.uvarint())
	c.At = freshet.Millis(d.uvarint())
	c.Model = freshet.ModelName(d.text())
	c.Key = freshet.Key(d.text())
	c.By = string(d.text())
	c.Audience = d.tokens()
	c.Left = d.tokens()
	if len(d.rest) > 0 {
		c.Body = append([]byte(nil), d.rest...)
	}
	if d.bad {
		return c, corrupt("log entry", appendLogKey(nil, seq))
	}
	return c, nil
}

// entry is what a token's index says of a record.
type entry struct {
	kind    entryKind
	op      freshet.Op
	end     freshet.Seq
	version freshet.Version
	at      freshet.Millis
	model   []byte
	key     []byte
	body    []byte
}

type entryKind byte

const (
	entryImage     entryKind = iota + 1 // visible; the image is in the entry
	entryPointer                        // visible; the image is the record's
	entryTombstone                      // deleted
	entryLeft                           // the token left the audience; later changes leave the entry here
)

func appendEntry(b []byte, kind entryKind, c *freshet.Change) []byte {
	b = append(b, byte(kind), byte(c.Op))
	b = binary.AppendUvarint(b, uint64(c.End-c.Seq))
	b = binary.AppendUvarint(b, uint64(c.Version))
	b = binary.AppendUvarint(b, uint64(c.At))
	b = appendText(b, c.Model)
	b = appendText(b, c.Key)
	if kind == entryImage {
		b = append(b, c.Body...)
	}
	return b
}

// decodeEntry gives an entry whose slices lie in b.
func decodeEntry(seq freshet.Seq, b []byte) (entry, error) {
	d := decoder{rest: b}
	e := entry{kind: entryKind(d.byte()), op: freshet.Op(d.byte())}
	e.end = seq + freshet.Seq(d.uvarint())
	e.version = freshet.Version(d.uvarint())
	e.at = freshet.Millis(d.uvarint())
	e.model = d.text()
	e.key = d.text()
	e.body = d.rest
	if d.bad {
		return e, corrupt("token entry", appendLogKey(nil, seq))
	}
	return e, nil
}

// grave is what a trim can forget from one change.
type grave struct {
	model     freshet.ModelName
	key       freshet.Key
	tombstone bool
	left      []freshet.Token
}

func appendGrave(b []byte, g *grave) []byte {
	if g.tombstone {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = appendText(b, g.model)
	b = appendText(b, g.key)
	return appendTokens(b, g.left)
}

func decodeGrave(b []byte) (grave, error) {
	d := decoder{rest: b}
	g := grave{tombstone: d.byte() == 1}
	g.model = freshet.ModelName(d.text())
	g.key = freshet.Key(d.text())
	g.left = d.tokens()
	if d.bad {
		return g, corrupt("grave", b)
	}
	return g, nil
}

func appendText[T ~string | ~[]byte](b []byte, text T) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

func appendTokens(b []byte, tokens []freshet.Token) []byte {
	b = binary.AppendUvarint(b, uint64(len(tokens)))
	for _, token := range tokens {
		b = appendText(b, token)
	}
	return b
}

// decoder reads what the append functions wrote. After a fault bad is set and every read gives zero.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() {
	d.bad, d.rest = true, nil
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// count reads the length of a list, each of whose items takes a byte at least.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) text() []byte {
	n := d.count()
	text := d.rest[:n]
	d.rest = d.rest[n:]
	return text
}

func (d *decoder) tokens() []freshet.Token {
	n := d.count()
	if n == 0 {
		return nil
	}
	tokens := make([]freshet.Token, n)
	for i := range tokens {
		tokens[i] = freshet.Token(d.text())
	}
	return tokens
}

var errCorrupt = errors.New("stored bytes are malformed")

func corrupt(what string, key []byte) error {
	return freshet.Wrap(freshet.Internal, errCorrupt, "%s at %x cannot be read; run freshet check", what, key)
}
