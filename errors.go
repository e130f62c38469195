package freshet

import (
	"errors"
	"fmt"
)

// Code is the kind of an error: what a caller can decide on. Doors map codes to HTTP status, GraphQL
// error type and socket close code, each in one place.
type Code string

// The codes.
const (
	Invalid         Code = "invalid"         // the request is wrong; sending it again will not help
	Unauthenticated Code = "unauthenticated" // no credential, or one that is not valid
	Forbidden       Code = "forbidden"       // the credential is valid, the rules say no
	NotFound        Code = "not_found"       // there is no such record
	Conflict        Code = "conflict"        // the record is not in the state that the write needs
	Gone            Code = "gone"            // it was there, and its retention has passed
	TooLarge        Code = "too_large"       // over a limit; the message names it
	Unavailable     Code = "unavailable"     // cannot be done now; sending it again later may help
	Internal        Code = "internal"        // a fault of the server
)

// Error is the one error type that crosses package edges.
type Error struct {
	Code    Code
	Message string // safe to show to the caller
	Current *Record
	Cause   error // for the log, never for the caller
}

// Errorf builds an Error with a message that is safe to show to the caller.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap builds an Error around a cause that is kept for the log.
func Wrap(code Code, cause error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Error gives the message, and the cause behind a colon.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf gives the code of the first Error in err's chain; Internal when there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// MessageOf gives the text of err that is safe to show to the caller.
func MessageOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return "internal error"
}
