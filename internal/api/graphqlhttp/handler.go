// Package graphqlhttp is the door for GraphQL over HTTP, as AppSync's clients speak it: POST with a JSON
// body, an API key or a token in the headers, or a signature over all of it.
//
// It bounds and decodes a request, finds out who asks, and hands it to the API. It knows no model.
package graphqlhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/auth"
	"freshet/internal/graphql"
	"freshet/internal/rawjson"
)

// Options tune the door. The zero value is the default.
type Options struct {
	BodyBytes int // the largest request body; default 1 MiB

	// Signatures proves requests that are signed with an access key; nil: they are refused as any other
	// credential that is not known.
	Signatures Signatures
}

// Signatures tells who signed a request.
type Signatures interface {
	// Identify is given a request and its body, for the signature covers both. once lets the request pass a
	// single time; the door calls it before a mutation, which nobody may send again who has listened.
	//
	// Errors of both: unauthenticated, too_large, unavailable.
	Identify(r *http.Request, body []byte) (id freshet.Identity, once func() error, err error)
}

const usualBodyBytes = 1 << 20

// compressFrom is the size in bytes from which a response is compressed for who accepts that.
const compressFrom = 1400

type handler struct {
	api  *api.API
	by   api.Identifier
	opts Options
}

// New makes the door.
func New(a *api.API, by api.Identifier, opts Options) (http.Handler, error) {
	if opts.BodyBytes == 0 {
		opts.BodyBytes = usualBodyBytes
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(compressFrom), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, err
	}
	return compress(&handler{api: a, by: by, opts: opts}), nil
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api.AllowOrigins(w, r)
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "POST, OPTIONS")
		h.refuse(w, http.StatusMethodNotAllowed, freshet.Invalid, "MethodNotAllowed", "send GraphQL requests by POST, with a JSON body")
		return
	}
	id, bound, ok := h.open(w, r)
	if !ok {
		return
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	*buffer = h.api.Execute(r.Context(), id, bound, (*buffer)[:0])
	if cap(*buffer) > keptBuffer {
		defer func() { *buffer = nil }()
	}
	respond(w, http.StatusOK, *buffer)
}

// open finds out who asks and for what; what is wrong is answered. Where the signature covers the body it is read
// before anybody is known, up to its limit.
func (h *handler) open(w http.ResponseWriter, r *http.Request) (*freshet.Identity, *graphql.Bound, bool) {
	refuse := func(err error) (*freshet.Identity, *graphql.Bound, bool) {
		h.refuse(w, api.Status(err), freshet.CodeOf(err), api.ErrorType(err), freshet.MessageOf(err))
		return nil, nil, false
	}
	credentials := auth.Credentials{APIKey: r.Header.Get("x-api-key"), Authorization: r.Header.Get("Authorization"), From: r.RemoteAddr}
	if h.opts.Signatures == nil || !credentials.Signed() {
		id, _, err := h.api.Identify(r.Context(), h.by, credentials)
		if err != nil {
			return refuse(err)
		}
		body, ok := h.read(w, r)
		if !ok {
			return nil, nil, false
		}
		bound, ok := h.bind(w, body)
		return id, bound, ok
	}
	body, ok := h.read(w, r)
	if !ok {
		return nil, nil, false
	}
	signer, once, err := h.opts.Signatures.Identify(r, body)
	if err != nil {
		return refuse(err)
	}
	bound, ok := h.bind(w, body)
	if !ok {
		return nil, nil, false
	}
	if bound.Operation().Kind() == graphql.Mutation {
		if err := once(); err != nil {
			return refuse(err)
		}
	}
	return h.api.Admit(signer), bound, true
}

// keptBuffer is the largest buffer that is kept for the next response.
const keptBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func respond(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header["Content-Type"] = jsonType
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone does not want it
}

var jsonType = []string{"application/json; charset=utf-8"}

// read takes in the body; what is wrong with it is answered.
func (h *handler) read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	malformed := func(status int, message string) ([]byte, bool) {
		h.refuse(w, status, freshet.Invalid, malformedRequest, message)
		return nil, false
	}
	if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(t), "application/json") {
		return malformed(http.StatusUnsupportedMediaType, "send the request with Content-Type: application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(h.opts.BodyBytes)))
	if err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			h.refuse(w, http.StatusRequestEntityTooLarge, freshet.TooLarge, api.ErrorType(freshet.Errorf(freshet.TooLarge, "")),
				"the request is over the largest body, "+strconv.Itoa(h.opts.BodyBytes)+" bytes")
			return nil, false
		}
		return malformed(http.StatusBadRequest, "the request body could not be read to its end")
	}
	return body, true
}

const malformedRequest = "MalformedHttpRequestException"

// bind decodes the request; what is wrong with it is answered.
func (h *handler) bind(w http.ResponseWriter, body []byte) (*graphql.Bound, bool) {
	malformed := func(status int, message string) (*graphql.Bound, bool) {
		h.refuse(w, status, freshet.Invalid, malformedRequest, message)
		return nil, false
	}
	q, err := api.ParseRequest(body)
	if err != nil {
		return malformed(http.StatusBadRequest, freshet.MessageOf(err))
	}
	operation, faults := h.api.Prepare(q.Query, q.OperationName)
	if faults != nil {
		h.refuseDocument(w, faults)
		return nil, false
	}
	if operation.Kind() == graphql.Subscription {
		return malformed(http.StatusBadRequest, "subscriptions need a WebSocket: connect to this address with the sub-protocol graphql-transport-ws")
	}
	bound, faults := operation.Bind(q.Variables)
	if faults != nil {
		h.refuseDocument(w, faults)
		return nil, false
	}
	return bound, true
}

// refuseDocument answers a document that cannot be executed. AppSync gives 200 for one that is well formed.
func (h *handler) refuseDocument(w http.ResponseWriter, faults graphql.Errors) {
	status := http.StatusOK
	if faults.Fault() == graphql.Syntax {
		status = http.StatusBadRequest
		w.Header().Set("x-amzn-errortype", malformedRequest)
	}
	respond(w, status, faults.Append(nil))
}

// refuse answers a request that does not come to be executed. Clients look at the header, at message, or
// at errors.
func (h *handler) refuse(w http.ResponseWriter, status int, code freshet.Code, errorType, message string) {
	w.Header().Set("x-amzn-errortype", errorType)
	body := rawjson.AppendString([]byte(`{"errors":[{"errorType":`), errorType)
	body = fmt.Appendf(body, `,"errorInfo":{"code":%q},"message":`, code)
	body = rawjson.AppendString(body, message)
	body = rawjson.AppendString(append(body, `}],"message":`...), message)
	respond(w, status, append(body, '}'))
}
