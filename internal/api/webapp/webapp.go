// Package webapp is the door that serves the web app: a folder of files that were built, and for every address that
// is a page of the app, its index.
//
// Its invariants: no page of it runs a script or takes a style that is not a file of it, or talks to another server;
// and what is not a page is never answered with one, so that a client that is wrong about an address sees that.
package webapp

import (
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"freshet"
)

// Options set up the door. The zero value is the default.
type Options struct {
	// URL is the address by which clients come, so that pages may open sockets there in browsers for which a
	// socket is not of the same origin.
	URL string
	// NotPages are the beginnings of paths that are of other doors, beneath which there is no page of the app.
	NotPages []string
	// OnePage tells that the index is for the address / alone: there is no app.
	OnePage bool
}

const index = "index.html"

// assets is the folder of files that have a hash of their content in their name.
const assets = "assets/"

type handler struct {
	opts   Options
	files  map[string]*file
	policy string
}

// New makes the door. It reads all of the files, of which index.html has to be one.
func New(files fs.FS, opts Options) (http.Handler, error) {
	h := &handler{opts: opts, files: make(map[string]*file), policy: policy(opts.URL)}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		h.files[name] = newFile(name, body)
		return err
	})
	if err != nil {
		return nil, err
	}
	for name, f := range h.files {
		if compressed := h.files[name+".gz"]; compressed != nil {
			f.built = compressed.body
		}
	}
	if h.files[index] == nil {
		return nil, freshet.Errorf(freshet.Invalid, "the web app has no %s", index)
	}
	return h, nil
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.secure(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	if f := h.find(r); f != nil {
		f.serve(w, r)
		return
	}
	http.NotFound(w, r)
}

// find gives the file that a request is for; nil where there is none, and no page either.
func (h *handler) find(r *http.Request) *file {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if f := h.files[name]; f != nil && !strings.HasSuffix(r.URL.Path, "/") {
		return f
	}
	if name == "" || h.isPage(r.URL.Path) && acceptsPages(r) {
		return h.files[index]
	}
	return nil
}

func (h *handler) isPage(address string) bool {
	if h.opts.OnePage || strings.HasPrefix(address, "/"+assets) {
		return false
	}
	for _, other := range h.opts.NotPages {
		if address == other || strings.HasPrefix(address, strings.TrimSuffix(other, "/")+"/") {
			return false
		}
	}
	return true
}

// acceptsPages tells whether whoever asks is a browser that goes somewhere, not a script that fetches something.
func acceptsPages(r *http.Request) bool {
	for accepted := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if kind, _, _ := strings.Cut(strings.TrimSpace(accepted), ";"); kind == "text/html" || kind == "application/xhtml+xml" {
			return true
		}
	}
	return false
}

// policy gives the Content-Security-Policy of the pages.
func policy(address string) string {
	connect := "'self'"
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		connect += " " + strings.Replace(u.Scheme, "http", "ws", 1) + "://" + u.Host
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'",
		"connect-src " + connect, "manifest-src 'self'", "worker-src 'self'",
		"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
	}, "; ")
}

// secure sets what holds for everything that is served here.
func (h *handler) secure(header http.Header) {
	header.Set("Content-Security-Policy", h.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
}
