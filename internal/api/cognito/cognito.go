// Package cognito is the door of the user pool and the identity pool, in the dialect of Amazon Cognito: POST with
// the operation in X-Amz-Target and a JSON body.
//
// It bounds and decodes requests, finds out who may administer, and gives answers and refusals the shape that
// Cognito's clients look for. Its invariant: an operation on other people's accounts is passed on only for a
// request that is signed by an access key with admin rights. What the operations mean is for package accounts to
// say. The table in operations.go shows all that there is.
package cognito

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"freshet/internal/accesskey"
	"freshet/internal/accounts"
	"freshet/internal/api"
)

// Options tune the door. PoolID has to be given; what else is zero has a default.
type Options struct {
	PoolID         string                     // of the user pool, as accounts.Config has it
	IdentityPoolID string                     // region:uuid; empty: there is no identity pool
	AllowGuests    bool                       // of the identity pool
	BodyBytes      int                        // the largest request body; default 256 KiB
	Address        func(*http.Request) string // where a request comes from; default the peer: behind a proxy, give what that says
	Audit          accounts.Audit             // is told what the pool is not: of refused administration, of reads, of credentials; nil: nobody is
	Logger         *slog.Logger               // default: discards
}

const usualBodyBytes = 256 << 10

type door struct {
	pool       *accounts.Pool
	keys       *accesskey.Keys
	verifier   *accesskey.Verifier
	opts       Options
	operations map[string]operation
}

// New makes the door. The verifier is for the operations of administrators; keys give the temporary credentials of
// the identity pool.
func New(pool *accounts.Pool, keys *accesskey.Keys, verifier *accesskey.Verifier, opts Options) http.Handler {
	if opts.BodyBytes == 0 {
		opts.BodyBytes = usualBodyBytes
	}
	if opts.Address == nil {
		opts.Address = func(r *http.Request) string { return r.RemoteAddr }
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &door{pool: pool, keys: keys, verifier: verifier, opts: opts, operations: operations()}
}

// contentType is what the protocol calls its JSON.
const contentType = "application/x-amz-json-1.1"

// ServeHTTP answers one request.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api.AllowOrigins(w, r)
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "POST, OPTIONS")
		d.refuse(w, r, refuse(methodNotAllowed, "send the operations of Cognito by POST"))
		return
	}
	body, err := d.answer(w, r)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	respond(w, http.StatusOK, body)
}

func (d *door) answer(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	target := r.Header.Get("X-Amz-Target")
	o, found := d.operations[target]
	if !found {
		return nil, refuse(unknownOperation, "%.100q is no operation of this server; X-Amz-Target names one, like %sSignUp", target, userPool)
	}
	if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(t), contentType) {
		return nil, refuse(unsupportedMediaType, "send the request with Content-Type: %s", contentType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(d.opts.BodyBytes)))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, refuse(requestTooLarge, "the request is over the largest body, %d bytes", d.opts.BodyBytes)
	}
	if err != nil {
		return nil, refuse(serialization, "the request body could not be read to its end")
	}
	c := accounts.Caller{Address: d.opts.Address(r), Agent: r.UserAgent()}
	if o.access != anybody {
		if c.By, err = d.admit(r, body, o.access); err != nil {
			d.opts.Logger.LogAttrs(r.Context(), slog.LevelWarn, "administration refused",
				slog.String("target", target), slog.String("from", c.Address), slog.Any("error", err))
			d.record(r.Context(), c, target, "", err)
			return nil, err
		}
	}
	out, err := o.serve(r.Context(), d, c, body)
	if o.access == adminReads {
		d.record(r.Context(), c, target, askedAbout(body), err)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// record tells of an operation that the pool does not tell of: one that did not come to it, or only reads, or is of the
// identity pool.
func (d *door) record(ctx context.Context, c accounts.Caller, target, who string, err error) {
	if d.opts.Audit == nil {
		return
	}
	_, what, _ := strings.Cut(target, ".")
	outcome := accounts.OutcomeOK
	if err != nil {
		outcome = string(faultOf(err))
	}
	d.opts.Audit.Record(ctx, accounts.Entry{What: what, Who: who, By: c.By, From: c.Address, Outcome: outcome})
}

// askedAbout gives the user or the group of an administrator's request.
func askedAbout(body []byte) string {
	var in struct{ Username, GroupName string }
	_ = json.Unmarshal(body, &in) // what cannot be read was refused
	who := cmp.Or(in.Username, in.GroupName)
	return who[:min(len(who), 100)]
}

func respond(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone does not want it
}
