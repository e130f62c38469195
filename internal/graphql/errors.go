package graphql

import (
	"strings"

	"freshet/internal/rawjson"
)

// Fault says what is wrong with a request that is not executed.
type Fault string

// The faults.
const (
	Syntax     Fault = "syntax"     // the text is no document
	Limit      Fault = "limit"      // the document is over a limit
	Validation Fault = "validation" // the document does not fit the schema, or holds no such operation
	Variables  Fault = "variables"  // the variables do not fit the operation
)

// errorType gives the errorType that clients see.
func (f Fault) errorType() string {
	switch f {
	case Syntax:
		return "BadRequestException"
	case Limit:
		return "LimitExceededException"
	}
	return "ValidationException"
}

// info gives the errorInfo that clients see: the code of package freshet.
func (f Fault) info() []byte {
	if f == Limit {
		return []byte(`{"code":"too_large"}`)
	}
	return []byte(`{"code":"invalid"}`)
}

// Location is a place in the text of a document; both count from 1.
type Location struct {
	Line, Column int
}

// RequestError is one thing that is wrong with a request.
type RequestError struct {
	Fault     Fault
	Message   string
	Locations []Location
}

// Errors is all that is wrong with a request that is not executed, and nil for one that can be. Its
// members have the same fault.
type Errors []RequestError

// Fault gives the kind of what is wrong.
func (e Errors) Fault() Fault {
	if len(e) == 0 {
		return ""
	}
	return e[0].Fault
}

// Error gives the messages, one a line.
func (e Errors) Error() string {
	messages := make([]string, len(e))
	for i := range e {
		messages[i] = e[i].Message
	}
	return strings.Join(messages, "\n")
}

// Append appends the response for the request: {"errors":[…]}.
func (e Errors) Append(dst []byte) []byte {
	dst = append(dst, `{"errors":[`...)
	for i := range e {
		if i > 0 {
			dst = append(dst, ',')
		}
		described := Described{Message: e[i].Message, Type: e[i].Fault.errorType(), Info: e[i].Fault.info()}
		dst = appendError(dst, nil, described, e[i].Locations...)
	}
	return append(dst, `]}`...)
}

// appendError appends an error object in the shape that AppSync gives it.
func appendError(dst []byte, path []segment, d Described, at ...Location) []byte {
	dst = appendPath(append(dst, `{"path":`...), path)
	dst = appendOrNull(append(dst, `,"data":`...), d.Data)
	dst = rawjson.AppendString(append(dst, `,"errorType":`...), d.Type)
	dst = appendOrNull(append(dst, `,"errorInfo":`...), d.Info)
	dst = append(dst, `,"locations":`...)
	if len(at) == 0 {
		dst = append(dst, rawjson.Null...)
	}
	for i, location := range at {
		dst = append(dst, "[,"[min(i, 1)])
		dst = rawjson.AppendInt(append(dst, `{"line":`...), int64(location.Line))
		dst = rawjson.AppendInt(append(dst, `,"column":`...), int64(location.Column))
		dst = append(dst, `,"sourceName":null}`...)
	}
	if len(at) > 0 {
		dst = append(dst, ']')
	}
	dst = rawjson.AppendString(append(dst, `,"message":`...), d.Message)
	return append(dst, '}')
}

func appendOrNull(dst, value []byte) []byte {
	if value == nil {
		value = rawjson.Null
	}
	return append(dst, value...)
}

// segment is a step of a path into the response: a key, or an index where the key is empty.
type segment struct {
	key   string
	index int
}

func appendPath(dst []byte, path []segment) []byte {
	if path == nil {
		return append(dst, rawjson.Null...)
	}
	dst = append(dst, '[')
	for i, s := range path {
		if i > 0 {
			dst = append(dst, ',')
		}
		if s.key != "" {
			dst = rawjson.AppendString(dst, s.key)
		} else {
			dst = rawjson.AppendInt(dst, int64(s.index))
		}
	}
	return append(dst, ']')
}
