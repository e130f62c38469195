package test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// needWire skips a test that drives a client library where those are not installed.
func needWire(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("wire", "node_modules")); err != nil {
		t.Skip("the client libraries are not installed; make test installs them")
	}
}

// needChromium gives the program of the browser, and skips the test where there is none.
func needChromium(t *testing.T) string {
	t.Helper()
	needWire(t)
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("Chromium is not installed; make browser installs it on Debian, as root")
	}
	return program
}

// runNode runs a script of the wire folder, which ends with 0 when all was as it expected.
func runNode(t *testing.T, patience time.Duration, arguments ...string) {
	t.Helper()
	needWire(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client := exec.CommandContext(ctx, "node", arguments...)
	client.Dir = "wire"
	client.WaitDelay = time.Second // a browser that it started may hold its output
	if output, err := client.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

// browse opens a page in Chromium and waits until it says how it went.
func browse(t *testing.T, patience time.Duration, address string) {
	t.Helper()
	runNode(t, patience, "browser.mjs", needChromium(t), address)
}

// pageOf serves a page that runs a script of the wire folder.
func pageOf(t *testing.T, script string) http.Handler {
	t.Helper()
	needChromium(t)
	dir := t.TempDir()
	bundle := exec.CommandContext(t.Context(), filepath.Join("node_modules", ".bin", "esbuild"), script,
		"--bundle", "--format=esm", "--define:global=globalThis", "--log-level=warning", "--outfile="+filepath.Join(dir, "page.js"))
	bundle.Dir = "wire"
	if output, err := bundle.CombinedOutput(); err != nil {
		t.Fatalf("bundle %s: %v\n%s", script, err, output)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>Test</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>`)
	})
	mux.Handle("GET /page.js", http.FileServer(http.Dir(dir)))
	return mux
}

// serveHandler serves until the test ends, and gives the address.
func serveHandler(t *testing.T, handler http.Handler) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}
