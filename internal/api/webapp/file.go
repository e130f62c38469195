package webapp

import (
	"bytes"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"freshet/internal/api"
)

// file is a file of the app, in memory.
type file struct {
	body       []byte
	built      []byte        // as it was compressed when the app was built; nil: it was not
	compressed func() []byte // nil: it is not worth it
	kind       string
	tag        string
	cache      string
}

// compressFrom is the size in bytes from which a file is compressed for who accepts that.
const compressFrom = 1400

// hashed are names with a hash of the content, like index-BkT3x9aQ.js.
var hashed = regexp.MustCompile(`^` + assets + `.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$`)

// kinds are the types that the system's table may lack.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".ico": "image/x-icon", ".js": "text/javascript; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2",
}

func newFile(name string, body []byte) *file {
	f := &file{body: body, kind: kinds[path.Ext(name)], tag: api.TagOf(body), cache: "no-cache"}
	if f.kind == "" {
		f.kind = mime.TypeByExtension(path.Ext(name))
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	if hashed.MatchString(name) {
		f.cache = "public, max-age=31536000, immutable"
	}
	f.compressed = sync.OnceValue(func() []byte {
		if len(body) < compressFrom || strings.HasPrefix(f.kind, "image/") && f.kind != "image/svg+xml" || strings.HasPrefix(f.kind, "font/") {
			return nil
		}
		if f.built != nil {
			return f.built
		}
		var text bytes.Buffer
		w, _ := gzip.NewWriterLevel(&text, gzip.BestCompression) // the level is a valid one
		_, _ = w.Write(body)
		_ = w.Close() // to memory, neither goes wrong
		return text.Bytes()
	})
	return f
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", f.cache)
	header.Set("Vary", "Accept-Encoding")
	body, tag := f.body, f.tag
	if acceptsGzip(r) {
		if compressed := f.compressed(); compressed != nil {
			body, tag = compressed, strings.TrimSuffix(f.tag, `"`)+`-gz"`
			header.Set("Content-Encoding", "gzip")
		}
	}
	header.Set("ETag", tag)
	if api.Has(r, tag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", f.kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a browser that is gone does not want it
	}
}

func acceptsGzip(r *http.Request) bool {
	for accepted := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(accepted), ";")
		if strings.EqualFold(coding, "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}
