package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/rawjson"
)

// An answer is lines of JSON objects with one member each: any number of items, then the result or an
// error. A stream that ends without one of these was cut off.
const (
	memberItem   = "item"
	memberResult = "result"
	memberError  = "error"
)

type streamError struct {
	Code    freshet.Code `json:"code"`
	Message string       `json:"message"`
}

// stream writes an answer.
type stream struct {
	w     http.ResponseWriter
	begun bool
	buf   []byte
}

func (s *stream) line(member string, value []byte) error {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	s.buf = append(append(append(s.buf[:0], `{"`...), member...), `":`...)
	s.buf = append(append(s.buf, value...), "}\n"...)
	_, err := s.w.Write(s.buf)
	return err
}

func (s *stream) marshal(member string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.line(member, text)
}

func (s *stream) flush() error { return http.NewResponseController(s.w).Flush() }

// progress writes an item that is wanted at once.
func (s *stream) progress(value any) {
	// When the other end has gone, its context ends the work.
	if s.marshal(memberItem, value) == nil {
		_ = s.flush()
	}
}

// end writes the last line.
func (s *stream) end(result any, err error) {
	defer func() { _ = s.flush() }()
	if err == nil {
		_ = s.marshal(memberResult, result)
		return
	}
	if !s.begun {
		s.w.Header().Set("Content-Type", "application/x-ndjson")
		s.w.WriteHeader(api.Status(err))
	}
	// The operator may see everything.
	_ = s.marshal(memberError, streamError{Code: freshet.CodeOf(err), Message: err.Error()})
}

// readStream reads an answer: item is called with each item, which is valid during the call.
func readStream(r io.Reader, item func([]byte) error, result any) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	var long []byte
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, line...)
			continue
		}
		if err != nil {
			return freshet.Wrap(freshet.Unavailable, err, "the server went away before it was done")
		}
		if len(long) > 0 {
			line = append(long, line...)
			long = line[:0]
		}
		member, value, ok := single(bytes.TrimSpace(line))
		switch {
		case ok && member == memberItem:
			if err := item(value); err != nil {
				return err
			}
		case ok && member == memberResult:
			if rawjson.IsNull(value) {
				return nil
			}
			return json.Unmarshal(value, result)
		case ok && member == memberError:
			var failed streamError
			if err := json.Unmarshal(value, &failed); err != nil {
				return err
			}
			return &freshet.Error{Code: failed.Code, Message: failed.Message}
		default:
			return fmt.Errorf("the server's answer cannot be read: %.100q", line)
		}
	}
}
