// Package rawjson reads and splices JSON text without decoding it. A record goes from the door to the
// log and out to readers as the bytes it came in; this package finds its parts.
//
// Everything it accepts is valid JSON by RFC 8259 in valid UTF-8, nested no deeper than MaxDepth.
package rawjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 64

// Null is the JSON null.
var Null = []byte("null")

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Offset int
	What   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.What)
}

// IsNull tells whether value is null or absent.
func IsNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

// Trim gives b without the white space around it, and an error when it is not one JSON value.
func Trim(b []byte) ([]byte, error) {
	s := scanner{b: b}
	s.space()
	start := s.i
	if err := s.value(0); err != nil {
		return nil, err
	}
	end := s.i
	s.space()
	if s.i != len(b) {
		return nil, s.fail("more text after the value")
	}
	return b[start:end], nil
}

// Members calls visit for each member of the object that b is, in its order. The slices lie in b, or in
// new memory for a name with escapes. An error of visit ends the walk.
func Members(b []byte, visit func(name, value []byte) error) error {
	s := scanner{b: b}
	s.space()
	if !s.take('{') {
		return s.fail("an object should begin here")
	}
	s.space()
	if s.take('}') {
		return s.end()
	}
	for {
		s.space()
		start := s.i
		escaped, err := s.text()
		if err != nil {
			return err
		}
		name := b[start+1 : s.i-1]
		if escaped {
			unescaped, err := String(b[start:s.i])
			if err != nil {
				return err
			}
			name = []byte(unescaped)
		}
		s.space()
		if !s.take(':') {
			return s.fail("a colon should follow the name")
		}
		s.space()
		start = s.i
		if err := s.value(1); err != nil {
			return err
		}
		if err := visit(name, b[start:s.i]); err != nil {
			return err
		}
		s.space()
		if s.take(',') {
			continue
		}
		if !s.take('}') {
			return s.fail("a comma or the end of the object should follow")
		}
		return s.end()
	}
}

// Elements calls visit for each element of the array that b is. An error of visit ends the walk.
func Elements(b []byte, visit func(value []byte) error) error {
	s := scanner{b: b}
	s.space()
	if !s.take('[') {
		return s.fail("an array should begin here")
	}
	s.space()
	if s.take(']') {
		return s.end()
	}
	for {
		s.space()
		start := s.i
		if err := s.value(1); err != nil {
			return err
		}
		if err := visit(b[start:s.i]); err != nil {
			return err
		}
		s.space()
		if s.take(',') {
			continue
		}
		if !s.take(']') {
			return s.fail("a comma or the end of the array should follow")
		}
		return s.end()
	}
}

// String decodes the JSON string that b is.
func String(b []byte) (string, error) {
	s := scanner{b: b}
	escaped, err := s.text()
	if err != nil {
		return "", err
	}
	if s.i != len(b) {
		return "", s.fail("more text after the string")
	}
	if !escaped {
		return string(b[1 : len(b)-1]), nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return "", &SyntaxError{What: err.Error()}
	}
	return text, nil
}

const hex = "0123456789abcdef"

// AppendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
			start = i + 1
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

// AppendInt appends v as a JSON number.
func AppendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendCompact appends the valid JSON value without white space between its parts.
func AppendCompact(dst, value []byte) []byte {
	if !bytes.ContainsAny(value, " \t\r\n") {
		return append(dst, value...)
	}
	inString := false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case inString:
			dst = append(dst, c)
			if c == '\\' {
				i++
				dst = append(dst, value[i])
			} else if c == '"' {
				inString = false
			}
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		default:
			inString = c == '"'
			dst = append(dst, c)
		}
	}
	return dst
}

// Equal tells whether two valid JSON values mean the same: the order of members and the way numbers and
// strings are written do not matter.
func Equal(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	x, errX := canonical(a)
	y, errY := canonical(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func canonical(b []byte) ([]byte, error) {
	var value any
	if err := json.Unmarshal(b, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value) // sorts members
}

// scanner walks over valid JSON and stops at the first byte that is not.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) fail(what string) error {
	if s.i >= len(s.b) {
		what = "the text ends too early"
	}
	return &SyntaxError{Offset: s.i, What: what}
}

func (s *scanner) end() error {
	s.space()
	if s.i != len(s.b) {
		return s.fail("more text after the value")
	}
	return nil
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *scanner) value(depth int) error {
	if s.i >= len(s.b) {
		return s.fail("")
	}
	switch c := s.b[s.i]; {
	case (c == '{' || c == '[') && depth >= MaxDepth:
		return s.fail(fmt.Sprintf("nested deeper than %d", MaxDepth))
	case c == '"':
		_, err := s.text()
		return err
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	return s.fail("a value should begin here")
}

func (s *scanner) word(word string) error {
	if len(s.b)-s.i >= len(word) && string(s.b[s.i:s.i+len(word)]) == word {
		s.i += len(word)
		return nil
	}
	return s.fail("a value should begin here")
}

func (s *scanner) object(depth int) error {
	s.i++
	s.space()
	if s.take('}') {
		return nil
	}
	for {
		s.space()
		if _, err := s.text(); err != nil {
			return err
		}
		s.space()
		if !s.take(':') {
			return s.fail("a colon should follow the name")
		}
		s.space()
		if err := s.value(depth + 1); err != nil {
			return err
		}
		s.space()
		if s.take(',') {
			continue
		}
		if !s.take('}') {
			return s.fail("a comma or the end of the object should follow")
		}
		return nil
	}
}

func (s *scanner) array(depth int) error {
	s.i++
	s.space()
	if s.take(']') {
		return nil
	}
	for {
		s.space()
		if err := s.value(depth + 1); err != nil {
			return err
		}
		s.space()
		if s.take(',') {
			continue
		}
		if !s.take(']') {
			return s.fail("a comma or the end of the array should follow")
		}
		return nil
	}
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

func (s *scanner) number() error {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return s.fail("a digit should follow")
	}
	if s.take('.') && !s.digits() {
		return s.fail("a digit should follow")
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return s.fail("a digit should follow")
		}
	}
	return nil
}

// text passes over a string and tells whether it has escapes.
func (s *scanner) text() (escaped bool, err error) {
	if !s.take('"') {
		return false, s.fail("a string should begin here")
	}
	for s.i < len(s.b) {
		c := s.b[s.i]
		switch {
		case c == '"':
			s.i++
			return escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return false, err
			}
		case c < 0x20:
			return false, s.fail("a control character has to be escaped")
		case c < utf8.RuneSelf:
			s.i++
		default:
			r, size := utf8.DecodeRune(s.b[s.i:])
			if r == utf8.RuneError && size == 1 {
				return false, s.fail("invalid UTF-8")
			}
			s.i += size
		}
	}
	return false, s.fail("")
}

func (s *scanner) escape() error {
	s.i++
	if s.i >= len(s.b) {
		return s.fail("")
	}
	switch s.b[s.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i++
		return nil
	case 'u':
		s.i++
		for range 4 {
			if s.i >= len(s.b) || !isHex(s.b[s.i]) {
				return s.fail("four hexadecimal digits should follow")
			}
			s.i++
		}
		return nil
	}
	return s.fail("unknown escape")
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
