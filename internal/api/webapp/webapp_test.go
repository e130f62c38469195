package webapp

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"freshet"
	"freshet/web"
)

const page = `<!doctype html><script type="module" src="/assets/index-BkT3x9aQ.js"></script>`

var (
	script = strings.Repeat("export const a = 1;\n", 200)
	files  = fstest.MapFS{
		"index.html":                   {Data: []byte(page)},
		"sw.js":                        {Data: []byte(script)},
		"manifest.webmanifest":         {Data: []byte(`{}`)},
		"assets/index-BkT3x9aQ.js":     {Data: []byte(script)},
		"assets/theme-D41d8cd9.css":    {Data: []byte("p{}" + script)},
		"assets/theme-D41d8cd9.css.gz": {Data: []byte("was compressed when it was built")},
		"assets/logo.svg":              {Data: []byte(`<svg/>`)},
	}
)

func door(t *testing.T, opts Options) http.Handler {
	t.Helper()
	h, err := New(files, opts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func TestFind(t *testing.T) {
	h := door(t, Options{NotPages: []string{"/graphql", "/oauth2/", "/agenda/import"}})
	for _, c := range []struct {
		method, path, accept string
		status               int
		body, kind, cache    string
	}{
		{"GET", "/", browser, 200, page, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/", "", 200, page, "text/html; charset=utf-8", "no-cache"},
		{"HEAD", "/", browser, 200, "", "text/html; charset=utf-8", "no-cache"},
		{"GET", "/index.html", browser, 200, page, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/sw.js", "*/*", 200, script, "text/javascript; charset=utf-8", "no-cache"},
		{"GET", "/manifest.webmanifest", "*/*", 200, "{}", "application/manifest+json", "no-cache"},
		{"GET", "/assets/index-BkT3x9aQ.js", "*/*", 200, script, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"GET", "/assets/logo.svg", "*/*", 200, "<svg/>", "image/svg+xml", "no-cache"},
		{"GET", "/tasks/1", browser, 200, page, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/calendar/0b", "application/xhtml+xml", 200, page, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/agenda", browser, 200, page, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/graphqlx", browser, 200, page, "text/html; charset=utf-8", "no-cache"},
		// What is no page.
		{"GET", "/tasks/1", "*/*", 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"GET", "/tasks/1", "application/json", 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"GET", "/assets/index-00000000.js", browser, 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"GET", "/assets/", browser, 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"GET", "/graphql", browser, 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"GET", "/oauth2/nothing", browser, 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"GET", "/agenda/import", browser, 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"GET", "/../webapp.go", "*/*", 404, "404 page not found\n", "text/plain; charset=utf-8", ""},
		{"POST", "/tasks/1", browser, 405, "Method Not Allowed\n", "text/plain; charset=utf-8", ""},
	} {
		w := ask(h, c.method, c.path, "Accept", c.accept)
		header := w.Header()
		if w.Code != c.status || w.Body.String() != c.body || header.Get("Content-Type") != c.kind || header.Get("Cache-Control") != c.cache {
			t.Errorf("%s %s for %q: %d %.60q %v", c.method, c.path, c.accept, w.Code, w.Body, header)
		}
		if header.Get("Content-Security-Policy") == "" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: %v", c.method, c.path, header)
		}
	}
}

func TestPolicy(t *testing.T) {
	const rest = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src CONNECT; " +
		"manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
	for address, connect := range map[string]string{
		"": "'self'", "https://app.example.com": "'self' wss://app.example.com", "http://127.0.0.1:8080": "'self' ws://127.0.0.1:8080",
	} {
		header := ask(door(t, Options{URL: address}), "GET", "/", "Accept", browser).Header()
		if got, want := header.Get("Content-Security-Policy"), strings.Replace(rest, "CONNECT", connect, 1); got != want {
			t.Errorf("%q: the policy is\n%s, want\n%s", address, got, want)
		}
		if header.Get("Referrer-Policy") != "no-referrer" || header.Get("X-Frame-Options") != "DENY" || !strings.Contains(header.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%q: %v", address, header)
		}
	}
}

func TestCompression(t *testing.T) {
	h := door(t, Options{})
	const name = "/assets/index-BkT3x9aQ.js"
	plain := ask(h, "GET", name)
	packed := ask(h, "GET", name, "Accept-Encoding", "br, gzip;q=0.8")
	if packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("Vary") != "Accept-Encoding" || packed.Body.Len() >= len(script)/2 {
		t.Errorf("%d bytes of %d, %v", packed.Body.Len(), len(script), packed.Header())
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != script {
		t.Errorf("it unpacks to %.60q, %v", text, err)
	}
	if got := ask(h, "GET", "/assets/theme-D41d8cd9.css", "Accept-Encoding", "gzip").Body.String(); got != "was compressed when it was built" {
		t.Errorf("what was compressed already is given as %.60q", got)
	}
	for _, accepted := range []string{"", "br", "gzip;q=0", "gzip; q=0.0", "identity"} {
		if w := ask(h, "GET", name, "Accept-Encoding", accepted); w.Header().Get("Content-Encoding") != "" || w.Body.String() != script {
			t.Errorf("for %q: %v", accepted, w.Header())
		}
	}
	if w := ask(h, "GET", "/", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Error("a small page is compressed")
	}

	// Each form has its tag.
	tag, packedTag := plain.Header().Get("ETag"), packed.Header().Get("ETag")
	if tag == packedTag {
		t.Errorf("both forms have the tag %s", tag)
	}
	for _, c := range []struct {
		given, accepted string
		status          int
	}{{tag, "", 304}, {"W/" + tag, "", 304}, {`"x", ` + packedTag, "gzip", 304}, {tag, "gzip", 200}, {packedTag, "", 200}, {`"x"`, "", 200}} {
		w := ask(h, "GET", name, "If-None-Match", c.given, "Accept-Encoding", c.accepted)
		if w.Code != c.status || c.status == 304 && w.Body.Len() > 0 {
			t.Errorf("%s and %q: %d, %d bytes", c.given, c.accepted, w.Code, w.Body.Len())
		}
	}
}

// TestPlaceholder: a program that is built without the app says how it gets one, at / alone.
func TestPlaceholder(t *testing.T) {
	h, err := New(web.Placeholder(), Options{OnePage: true})
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(h, "GET", "/", "Accept", browser); w.Code != 200 || !strings.Contains(w.Body.String(), "make app build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/page.css"); w.Code != 200 || !strings.Contains(w.Body.String(), "body {") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/tasks", "Accept", browser); w.Code != 404 {
		t.Errorf("a page of the app is there: %d", w.Code)
	}
	if _, err := New(fstest.MapFS{"a.js": {}}, Options{}); freshet.CodeOf(err) != freshet.Invalid {
		t.Errorf("an app without an index: %v", err)
	}
}
