package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"freshet"
	"freshet/internal/accounts"
)

// Bearer gives the access token that a request to a door of the user's own account comes with.
func Bearer(r *http.Request) (string, error) {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		return "", freshet.Errorf(freshet.Unauthenticated, "sign in, and send the access token as Authorization: Bearer …")
	}
	return token, nil
}

// Respond answers such a request with JSON.
func Respond(w http.ResponseWriter, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		Refuse(w, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// Refuse answers it with an error, in the shape of a GraphQL request that is not executed.
func Refuse(w http.ResponseWriter, err error) {
	status := Status(err)
	if fault, ok := errors.AsType[*accounts.Error](err); ok && fault.Fault == accounts.TooManyRequests {
		status = http.StatusTooManyRequests
	}
	w.Header().Set("x-amzn-errortype", ErrorType(err))
	writeJSON(w, status, AppendError(nil, err))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone does not want it
}
