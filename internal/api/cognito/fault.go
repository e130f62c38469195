package cognito

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/rawjson"
)

// The names of the refusals that are the door's own; all others come from package accounts.
const (
	methodNotAllowed     accounts.Fault = "MethodNotAllowedException"
	requestTooLarge      accounts.Fault = "RequestEntityTooLargeException"
	serialization        accounts.Fault = "SerializationException" // the body is not what the operation takes
	serviceUnavailable   accounts.Fault = "ServiceUnavailableException"
	unknownOperation     accounts.Fault = "UnknownOperationException"
	unsupportedMediaType accounts.Fault = "UnsupportedMediaTypeException"
)

func refuse(fault accounts.Fault, format string, args ...any) error {
	return &accounts.Error{Fault: fault, Err: freshet.Errorf(freshet.Invalid, format, args...)}
}

// faultOf gives the name under which a client knows an error. Those that bring none are of the store, of the
// access keys, or faults of ours.
func faultOf(err error) accounts.Fault {
	if named, ok := errors.AsType[*accounts.Error](err); ok {
		return named.Fault
	}
	switch freshet.CodeOf(err) {
	case freshet.Invalid:
		return accounts.InvalidParameter
	case freshet.Unauthenticated, freshet.Forbidden:
		return accounts.NotAuthorized
	case freshet.NotFound, freshet.Gone:
		return accounts.ResourceNotFound
	case freshet.TooLarge:
		return accounts.LimitExceeded
	case freshet.Unavailable, freshet.Conflict:
		return serviceUnavailable
	}
	return accounts.InternalFault
}

// status gives 400 for nearly all, as Cognito does: clients go by the name.
func status(fault accounts.Fault) int {
	switch fault {
	case accounts.InternalFault:
		return http.StatusInternalServerError
	case serviceUnavailable:
		return http.StatusServiceUnavailable
	case methodNotAllowed:
		return http.StatusMethodNotAllowed
	case requestTooLarge:
		return http.StatusRequestEntityTooLarge
	case unsupportedMediaType:
		return http.StatusUnsupportedMediaType
	}
	return http.StatusBadRequest
}

// refuse answers a request that went wrong. Browsers' clients take the name from the header, others from the body.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	fault := faultOf(err)
	if fault == accounts.InternalFault && !errors.Is(err, context.Canceled) {
		d.opts.Logger.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("target", r.Header.Get("X-Amz-Target")), slog.Any("error", err))
	}
	w.Header().Set("x-amzn-errortype", string(fault))
	body := rawjson.AppendString([]byte(`{"__type":`), string(fault))
	body = rawjson.AppendString(append(body, `,"message":`...), freshet.MessageOf(err))
	respond(w, status(fault), append(body, '}'))
}
