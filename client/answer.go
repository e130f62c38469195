package client

import (
	"encoding/json"
	"errors"
	"net/http"

	"freshet"
)

// fault is an error as it is on the wire.
type fault struct {
	Message   string          `json:"message"`
	ErrorInfo json.RawMessage `json:"errorInfo"`
	Data      json.RawMessage `json:"data"`
}

// readAnswer gives the data of an answer, and its errors joined.
func readAnswer(status int, text []byte) (json.RawMessage, error) {
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []fault         `json:"errors"`
	}
	usual := codeOf(status)
	switch err := json.Unmarshal(text, &answer); {
	case err != nil && status == http.StatusOK:
		return nil, freshet.Wrap(freshet.Unavailable, err, "the answer cannot be read")
	case err != nil, status != http.StatusOK && len(answer.Errors) == 0:
		return nil, freshet.Wrap(usual, errForeign, "the answer has the status %d", status)
	}
	return answer.Data, join(answer.Errors, usual)
}

var errForeign = errors.New("it is not an answer of Freshet")

// codeOf gives the code of an answer that says none itself: of something before the server, or of a document that does
// not fit the schema, which comes with status 200.
func codeOf(status int) freshet.Code {
	switch status {
	case http.StatusUnauthorized:
		return freshet.Unauthenticated
	case http.StatusForbidden:
		return freshet.Forbidden
	case http.StatusNotFound:
		return freshet.NotFound
	case http.StatusRequestEntityTooLarge:
		return freshet.TooLarge
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return freshet.Unavailable
	}
	if status >= http.StatusInternalServerError {
		return freshet.Internal
	}
	return freshet.Invalid
}

func join(faults []fault, usual freshet.Code) error {
	list := make([]error, len(faults))
	for i := range faults {
		list[i] = faults[i].err(usual)
	}
	if len(list) == 1 {
		return list[0]
	}
	return errors.Join(list...)
}

func (f *fault) err(usual freshet.Code) *freshet.Error {
	e := &freshet.Error{Code: usual, Message: f.Message}
	var info struct {
		Code freshet.Code `json:"code"`
	}
	if json.Unmarshal(f.ErrorInfo, &info) == nil && info.Code != "" {
		e.Code = info.Code
	}
	if e.Code == freshet.Conflict {
		e.Current = f.current()
	}
	return e
}

// current gives the record that a write was in conflict with; nil where it is not told.
func (f *fault) current() *freshet.Record {
	var r struct {
		Version freshet.Version `json:"_version"`
		Deleted bool            `json:"_deleted"`
		At      freshet.Millis  `json:"_lastChangedAt"`
	}
	if json.Unmarshal(f.Data, &r) != nil || r.Version == 0 {
		return nil
	}
	return &freshet.Record{Version: r.Version, Deleted: r.Deleted, At: r.At, Body: f.Data}
}

// transient tells whether the same request may have another answer later.
func transient(err error) bool {
	e, ok := errors.AsType[*freshet.Error](err)
	return ok && (e.Code == freshet.Unavailable || e.Code == freshet.Internal)
}
