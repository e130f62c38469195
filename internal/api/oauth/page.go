package oauth

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is one of the pages: a heading, and a form where there is something to fill in.
type page struct {
	Title  string
	Lead   string
	Notice string // good news, above the form
	Alert  string // what is wrong with no field in particular
	User   string // who is signing in, for the page and for password managers
	Secret string // to be typed into an authenticator app
	Setup  template.URL
	Code   picture // of Setup; none where its size is 0

	Action string
	Form   string // sealed step
	Fields []field
	Submit string
	Others []button
	Links  []link
}

// field is a labelled input. One with choices is a group of radio buttons.
type field struct {
	Name, Label, Type, Value string
	Complete                 string // autocomplete
	Mode                     string // inputmode
	Hint, Error              string
	Choices                  []choice
	Focus                    bool
}

type choice struct {
	Value, Label string
	Checked      bool
}

// button sends the form with another intent.
type button struct{ Value, Label string }

type link struct{ Text, Label, Href string }

// picture is a QR code: the length of its sides in modules, and what is black of it.
type picture struct {
	Size  int
	Black template.HTMLAttr
}

// complain writes what is wrong beside a field, or above all where there is no such field.
func (p *page) complain(name, text string) {
	for i := range p.Fields {
		if p.Fields[i].Name == name {
			p.Fields[i].Error = text
			return
		}
	}
	p.Alert = text
}

// wrong tells whether anything was complained of.
func (p *page) wrong() bool {
	for _, f := range p.Fields {
		if f.Error != "" {
			return true
		}
	}
	return p.Alert != ""
}

// focus picks the field to begin with: the first that is wrong, else the first that is empty.
func (p *page) focus() {
	pick := -1
	for i, f := range p.Fields {
		if f.Error != "" {
			pick = i
			break
		}
		if pick < 0 && f.Value == "" {
			pick = i
		}
	}
	if pick >= 0 {
		p.Fields[pick].Focus = true
	}
}

// guard sets the headers of all that a browser sees. A form may end in a redirect to the app, so the app's scheme
// is among the targets of forms; its host is not enough, since browsers hold the further redirects of the app to
// the same list.
func (h *handler) guard(w http.ResponseWriter, redirect string) {
	target := ""
	if redirect != "" {
		target = " " + schemeOf(redirect) + ":"
	}
	sum := sha256.Sum256([]byte(pageStyle))
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; form-action 'self'"+target+"; frame-ancestors 'none'; base-uri 'none'")
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
}

func (h *handler) render(w http.ResponseWriter, r *http.Request, status int, p page) {
	p.focus()
	var body bytes.Buffer
	err := pageTemplate.Execute(&body, struct {
		page
		Product string
		Style   template.CSS
		Wrong   bool
	}{p, h.opts.Product, template.CSS(pageStyle), p.wrong()})
	if err != nil {
		h.opts.Logger.ErrorContext(r.Context(), "write a page", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a browser that is gone does not want it
}

// refuse answers a request with which nothing can be done, nor anybody sent anywhere.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, text string) {
	h.render(w, r, http.StatusBadRequest, page{Title: "This did not work", Alert: text, Lead: "Go back to the app and try again."})
}
