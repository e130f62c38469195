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

// shown is how the errors of a code leave the house.
type shown struct {
	errorType string // the name that clients of AppSync know it by
	status    int    // over HTTP, where it ends a whole request
}

var codes = map[freshet.Code]shown{
	freshet.Invalid:         {"ValidationException", http.StatusBadRequest},
	freshet.Unauthenticated: {"UnauthorizedException", http.StatusUnauthorized},
	freshet.Forbidden:       {"Unauthorized", http.StatusForbidden},
	freshet.NotFound:        {"ConditionalCheckFailedException", http.StatusNotFound},
	freshet.Conflict:        {"ConditionalCheckFailedException", http.StatusConflict},
	freshet.Gone:            {"Gone", http.StatusGone},
	freshet.TooLarge:        {"LimitExceededException", http.StatusRequestEntityTooLarge},
	freshet.Unavailable:     {"ServiceUnavailableException", http.StatusServiceUnavailable},
	freshet.Internal:        {"InternalFailure", http.StatusInternalServerError},
}

const conflictUnhandled = "ConflictUnhandled"

// ErrorType gives the name that clients of AppSync know an error by.
func ErrorType(err error) string { return codes[freshet.CodeOf(err)].errorType }

// Status gives the HTTP status of an error that ends a whole request.
func Status(err error) int { return codes[freshet.CodeOf(err)].status }

// AppendError appends the response to a request that does not come to be executed.
func AppendError(dst []byte, err error) []byte {
	dst = rawjson.AppendString(append(dst, `{"errors":[{"errorType":`...), ErrorType(err))
	dst = fmt.Appendf(dst, `,"errorInfo":{"code":%q},"message":`, freshet.CodeOf(err))
	return append(rawjson.AppendString(dst, freshet.MessageOf(err)), `}]}`...)
}

// describe shows the error of a root field.
func (a *API) describe(ctx context.Context, call *graphql.Call, err error) graphql.Described {
	code := freshet.CodeOf(err)
	d := graphql.Described{Message: freshet.MessageOf(err), Type: codes[code].errorType, Info: fmt.Appendf(nil, `{"code":%q}`, code)}
	var e *freshet.Error
	switch {
	case code == freshet.Internal && !errors.Is(err, context.Canceled):
		a.logger.ErrorContext(ctx, "request failed", "field", call.Field(), "error", err)
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
