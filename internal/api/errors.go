package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"freshet"
	"freshet/internal/graphql"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// errorTypes are the names that clients of AppSync know errors by.
var errorTypes = map[freshet.Code]string{
	freshet.Invalid:         "ValidationException",
	freshet.Unauthenticated: "UnauthorizedException",
	freshet.Forbidden:       "Unauthorized",
	freshet.NotFound:        "ConditionalCheckFailedException",
	freshet.Conflict:        "ConditionalCheckFailedException",
	freshet.Gone:            "Gone",
	freshet.TooLarge:        "LimitExceededException",
	freshet.Unavailable:     "ServiceUnavailableException",
	freshet.Internal:        "InternalFailure",
}

const conflictUnhandled = "ConflictUnhandled"

// ErrorType gives the name that clients of AppSync know an error by.
func ErrorType(err error) string { return errorTypes[freshet.CodeOf(err)] }

// Status gives the HTTP status of an error that ends a whole request.
func Status(err error) int {
	switch freshet.CodeOf(err) {
	case freshet.Unauthenticated:
		return http.StatusUnauthorized
	case freshet.Forbidden:
		return http.StatusForbidden
	case freshet.NotFound:
		return http.StatusNotFound
	case freshet.Conflict:
		return http.StatusConflict
	case freshet.Gone:
		return http.StatusGone
	case freshet.TooLarge:
		return http.StatusRequestEntityTooLarge
	case freshet.Unavailable:
		return http.StatusServiceUnavailable
	case freshet.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// AppendError appends the response to a request that does not come to be executed.
func AppendError(dst []byte, err error) []byte {
	dst = rawjson.AppendString(append(dst, `{"errors":[{"errorType":`...), ErrorType(err))
	dst = fmt.Appendf(dst, `,"errorInfo":{"code":%q},"message":`, freshet.CodeOf(err))
	return append(rawjson.AppendString(dst, freshet.MessageOf(err)), `}]}`...)
}

// describe shows the error of a root field.
func (a *API) describe(call *graphql.Call, err error) graphql.Described {
	code := freshet.CodeOf(err)
	d := graphql.Described{Message: freshet.MessageOf(err), Type: errorTypes[code], Info: fmt.Appendf(nil, `{"code":%q}`, code)}
	var e *freshet.Error
	switch {
	case code == freshet.Internal && !errors.Is(err, context.Canceled):
		a.logger.Error("request failed", "field", call.Field(), "error", err)
	case code == freshet.Forbidden:
		d.Message = fmt.Sprintf("Not Authorized to access %s on type %s: %s", call.Field(), call.Type(), d.Message)
	case errors.As(err, &e) && e.Current != nil && !strings.HasPrefix(call.Field(), "create"):
		d.Type, d.Data = conflictUnhandled, wholeRecord(a.engine.Schema().Model(e.Current.Model), e.Current)
	}
	return d
}

// wholeRecord gives a record as its type shows it, with every field that it has.
func wholeRecord(m *schema.Model, r *freshet.Record) []byte {
	body, err := shownBody(m, r.Body)
	if err != nil {
		return nil
	}
	b := append([]byte(nil), body[:len(body)-1]...)
	if len(b) > 1 {
		b = append(b, ',')
	}
	b = rawjson.AppendInt(append(b, `"_version":`...), int64(r.Version))
	b = append(b, `,"_deleted":`...)
	if r.Deleted {
		b = append(b, "true"...)
	} else {
		b = append(b, "null"...)
	}
	b = rawjson.AppendInt(append(b, `,"_lastChangedAt":`...), int64(r.At))
	return append(b, '}')
}
