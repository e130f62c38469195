package freshet

import (
	"encoding/binary"
	"errors"
)

// Cursor is a reader's place in a log: "I have everything up to here". It tells what the reader may have
// been shown, so that a change of its tokens is made good with just what it gained and lost.
type Cursor struct {
	Epoch  Epoch
	Seq    Seq
	Known  Seq       // the head when the reader began from nothing, until Seq is beyond it; then 0
	Scope  []Part    // the models that it was read with: sorted, each once
	Tokens []Token   // the tokens it was read with: sorted, each once
	Behind []Backlog // what was gained and lost since, and is still to be made good
}

// Part stands for a model and the filter on it: a hash of both.
type Part uint32

// Backlog is the rest of an index that is to be gone through after something was gained or lost.
type Backlog struct {
	Token Token  // gained or lost; none: Parts were gained
	Parts []Part // gained; only without a token
	Lost  bool
	At    Seq // everything up to here is done
}

var errCursor = errors.New("malformed cursor")

// Append encodes the cursor.
func (c *Cursor) Append(b []byte) []byte {
	b = append(b, c.Epoch[:]...)
	b = binary.AppendUvarint(b, uint64(c.Seq))
	b = binary.AppendUvarint(b, uint64(c.Known))
	b = appendParts(b, c.Scope)
	b = binary.AppendUvarint(b, uint64(len(c.Tokens)))
	for _, token := range c.Tokens {
		b = appendToken(b, token)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Behind)))
	for _, backlog := range c.Behind {
		b = appendParts(appendToken(b, backlog.Token), backlog.Parts)
		lost := byte(0)
		if backlog.Lost {
			lost = 1
		}
		b = append(b, lost)
		b = binary.AppendUvarint(b, uint64(backlog.At))
	}
	return b
}

func appendToken(b []byte, token Token) []byte {
	return append(binary.AppendUvarint(b, uint64(len(token))), token...)
}

func appendParts(b []byte, parts []Part) []byte {
	b = binary.AppendUvarint(b, uint64(len(parts)))
	for _, part := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(part))
	}
	return b
}

// ParseCursor decodes what Append wrote.
func ParseCursor(b []byte) (Cursor, error) {
	var c Cursor
	r := cursorReader{rest: b}
	copy(c.Epoch[:], r.bytes(uint64(len(c.Epoch))))
	c.Seq = Seq(r.uvarint())
	c.Known = Seq(r.uvarint())
	c.Scope = r.parts()
	for range r.count() {
		c.Tokens = append(c.Tokens, Token(r.bytes(r.uvarint())))
	}
	for range r.count() {
		backlog := Backlog{Token: Token(r.bytes(r.uvarint())), Parts: r.parts()}
		if lost := r.bytes(1); lost != nil {
			backlog.Lost = lost[0] == 1
		}
		backlog.At = Seq(r.uvarint())
		c.Behind = append(c.Behind, backlog)
	}
	if r.bad || len(r.rest) > 0 {
		return Cursor{}, errCursor
	}
	return c, nil
}

type cursorReader struct {
	rest []byte
	bad  bool
}

func (r *cursorReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count reads the length of a list, each of whose items takes a byte at least.
func (r *cursorReader) count() uint64 {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return 0
	}
	return n
}

func (r *cursorReader) parts() []Part {
	var parts []Part
	for range r.count() {
		if part := r.bytes(4); part != nil {
			parts = append(parts, Part(binary.BigEndian.Uint32(part)))
		}
	}
	return parts
}

func (r *cursorReader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}
