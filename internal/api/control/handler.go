package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"

	"freshet"
	"freshet/internal/rawjson"
)

const maxBody = 64 << 10 // bytes of a request that is no file

type handler struct{ desk *Desk }

// NewHandler serves a desk. Who can reach it may do everything: it belongs on a socket that only the
// operator can open.
func NewHandler(desk *Desk) http.Handler {
	h := &handler{desk}
	mux := http.NewServeMux()
	routes := h.accountRoutes()
	maps.Copy(routes, map[string]func(*http.Request, *stream) (any, error){
		"GET /status":       h.status,
		"GET /keys":         h.keys,
		"POST /keys":        h.createKey,
		"DELETE /keys/{id}": h.revokeKey,
		"GET /log":          h.log,
		"GET /audit":        h.audit,
		"POST /check":       h.check,
		"POST /import":      h.importFile,
		"GET /export":       h.export,
	})
	for pattern, serve := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			out := &stream{w: w}
			result, err := serve(r, out)
			if cause := context.Cause(r.Context()); cause != nil && errors.Is(err, context.Canceled) {
				err = cause
			}
			out.end(result, err)
			// The other end reads the answer to its file only as long as it can go on writing.
			_, _ = io.Copy(io.Discard, r.Body)
		})
	}
	return mux
}

func (h *handler) status(r *http.Request, _ *stream) (any, error) { return h.desk.Status(r.Context()) }

func (h *handler) keys(r *http.Request, _ *stream) (any, error) { return h.desk.Keys(r.Context()) }

type keyAnswer struct {
	Key    Key    `json:"key"`
	Secret string `json:"secret"`
}

func (h *handler) createKey(r *http.Request, _ *stream) (any, error) {
	var k NewKey
	if err := decode(r, &k); err != nil {
		return nil, err
	}
	key, secret, err := h.desk.CreateKey(r.Context(), k)
	return keyAnswer{key, secret}, err
}

func (h *handler) revokeKey(r *http.Request, _ *stream) (any, error) {
	return nil, h.desk.RevokeKey(r.Context(), r.PathValue("id"))
}

func (h *handler) log(r *http.Request, out *stream) (any, error) {
	query := r.URL.Query()
	from, err := strconv.ParseUint("0"+query.Get("from"), 10, 64)
	if err != nil {
		return nil, freshet.Errorf(freshet.Invalid, "from: %q is no place in the log", query.Get("from"))
	}
	q := TailQuery{From: freshet.Seq(from), Follow: query.Has("follow")}
	return nil, h.desk.Tail(r.Context(), q, func(entries []Entry) error {
		for i := range entries {
			if err := out.line(memberItem, entries[i].append(nil)); err != nil {
				return err
			}
		}
		return out.flush()
	})
}

// append encodes an entry, and leaves the record as it is stored.
func (e *Entry) append(b []byte) []byte {
	record := e.Record
	if record == nil {
		record = rawjson.Null
	}
	plain := *e
	plain.Record = nil
	head, _ := json.Marshal(plain) // it holds nothing that cannot be encoded
	b = append(b, head[:len(head)-len(`null}`)]...)
	return append(append(b, record...), '}')
}

// checkProgress tells how far a check has come.
type checkProgress struct {
	Stage string `json:"stage"`
	Done  int    `json:"done"`
}

func (h *handler) check(r *http.Request, out *stream) (any, error) {
	return h.desk.Check(r.Context(), func(stage string, done int) { out.progress(checkProgress{stage, done}) })
}

func (h *handler) importFile(r *http.Request, out *stream) (any, error) {
	query := r.URL.Query()
	q := ImportQuery{
		Model: freshet.ModelName(query.Get("model")), Format: Format(query.Get("format")), Name: query.Get("name"), Replace: query.Has("replace"),
	}
	// Progress goes out while the file comes in.
	if err := http.NewResponseController(out.w).EnableFullDuplex(); err != nil {
		return nil, err
	}
	done, err := h.desk.Import(r.Context(), q, r.Body, func(done Imported) { out.progress(done) })
	if err != nil && done.Total() > 0 {
		out.progress(done) // it is worth knowing
	}
	return done, err
}

func (h *handler) export(r *http.Request, out *stream) (any, error) {
	query := r.URL.Query()
	q := ExportQuery{Model: freshet.ModelName(query.Get("model")), Deleted: query.Has("deleted")}
	return nil, h.desk.Export(r.Context(), q, func(record []byte) error { return out.line(memberItem, record) })
}
