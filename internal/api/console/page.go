package console

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"freshet/internal/mail"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pages = template.Must(template.New("page").Funcs(template.FuncMap{
	"machine": func(t time.Time) string { return t.Format(time.RFC3339) },
	"people":  func(t time.Time) string { return t.Format("2 January 2006, 15:04:05 MST") },
}).Parse(pageText))

// policy is the Content-Security-Policy of the pages.
var policy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
}()

// page is what one of the pages shows.
type page struct {
	Title   string
	Text    string
	Letters []mail.Entry
	Letter  mail.Kept
}

func (h *handler) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	var body bytes.Buffer
	err := pages.ExecuteTemplate(&body, name, struct {
		page
		Product, Path string
		Style         template.CSS
	}{p, h.opts.Product, Path, template.CSS(pageStyle)})
	if err != nil {
		h.opts.Logger.ErrorContext(r.Context(), "write a page", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a browser that is gone does not want it
}
