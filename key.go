package freshet

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Key identifies a record within its model, and orders records. It is a tuple of strings, numbers and
// booleans in an encoding whose byte order is the tuple's order: numbers by value, strings by their
// bytes, a shorter tuple before the longer ones that begin with it. No key is a prefix of the bytes of
// another tuple's element, so prefix scans over elements are exact.
type Key string

// Each element starts with a tag; the tags order elements of different kinds.
const (
	tagString byte = 0x02
	tagInt    byte = 0x03
	tagFloat  byte = 0x04
	tagFalse  byte = 0x05
	tagTrue   byte = 0x06
)

// StringKey is the key of one string element, the usual one.
func StringKey(s string) Key { return Key(AppendString(make([]byte, 0, len(s)+2), s)) }

// AppendString appends s as an element. A zero byte inside s is escaped, so that the terminator is
// unambiguous.
func AppendString(b []byte, s string) []byte {
	b = AppendStringPrefix(b, s)
	return append(b, 0x00)
}

// AppendStringPrefix appends s without its terminator: the prefix of every string that begins with s.
func AppendStringPrefix(b []byte, s string) []byte {
	b = append(b, tagString)
	for i := 0; i < len(s); i++ {
		b = append(b, s[i])
		if s[i] == 0x00 {
			b = append(b, 0xFF)
		}
	}
	return b
}

// AppendInt appends v as an element.
func AppendInt(b []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, tagInt), uint64(v)^(1<<63))
}

// AppendFloat appends v as an element.
func AppendFloat(b []byte, v float64) []byte {
	bits := math.Float64bits(v + 0) // -0 becomes 0
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(b, tagFloat), bits)
}

// AppendBool appends v as an element.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, tagTrue)
	}
	return append(b, tagFalse)
}

// Elements decodes the tuple: each element is a string, int64, float64 or bool.
func (k Key) Elements() ([]any, error) {
	var elements []any
	for rest := string(k); rest != ""; {
		element, n, err := decodeElement(rest)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
		rest = rest[n:]
	}
	return elements, nil
}

// Text gives the key as it stands on the wire: the element itself as text, a tuple of several as a
// JSON array.
func (k Key) Text() string {
	if s, ok := k.plainString(); ok {
		return s
	}
	elements, err := k.Elements()
	if err != nil {
		return fmt.Sprintf("malformed key %x", string(k))
	}
	if len(elements) == 1 {
		return elementText(elements[0])
	}
	text, err := json.Marshal(elements)
	if err != nil {
		return fmt.Sprintf("malformed key %x", string(k))
	}
	return string(text)
}

// plainString spares the usual key, one string without zero bytes, its decoding.
func (k Key) plainString() (string, bool) {
	if len(k) < 2 || k[0] != tagString || strings.IndexByte(string(k), 0x00) != len(k)-1 {
		return "", false
	}
	return string(k[1 : len(k)-1]), true
}

func elementText(element any) string {
	switch v := element.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

func decodeElement(s string) (element any, n int, err error) {
	switch s[0] {
	case tagString:
		return decodeString(s)
	case tagInt:
		if len(s) >= 9 {
			return int64(binary.BigEndian.Uint64([]byte(s[1:9])) ^ (1 << 63)), 9, nil
		}
	case tagFloat:
		if len(s) >= 9 {
			bits := binary.BigEndian.Uint64([]byte(s[1:9]))
			if bits>>63 == 1 {
				bits &^= 1 << 63
			} else {
				bits = ^bits
			}
			return math.Float64frombits(bits), 9, nil
		}
	case tagFalse:
		return false, 1, nil
	case tagTrue:
		return true, 1, nil
	}
	return nil, 0, Errorf(Invalid, "malformed key")
}

func decodeString(s string) (element any, n int, err error) {
	var text []byte
	for i := 1; i < len(s); i++ {
		if s[i] != 0x00 {
			text = append(text, s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == 0xFF {
			text = append(text, 0x00)
			i++
			continue
		}
		return string(text), i + 1, nil
	}
	return nil, 0, Errorf(Invalid, "malformed key")
}

// First gives the length in bytes of the first element; 0 where there is none.
func (k Key) First() int {
	if k == "" {
		return 0
	}
	_, n, err := decodeElement(string(k))
	if err != nil {
		return 0
	}
	return n
}
