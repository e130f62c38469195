package oauth

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"freshet"
	"freshet/internal/accounts"
)

// step is how far a sign-in has come: sealed in the form of a page, and good for that page, app and browser only.
type step struct {
	Station string `json:"station"`
	Client  string `json:"client"`
	Browser string `json:"browser"`

	User      string   `json:"user,omitempty"` // as it was typed
	Session   string   `json:"session,omitempty"`
	Challenge string   `json:"challenge,omitempty"`
	Sent      string   `json:"sent,omitempty"` // where a code went
	Choices   []string `json:"choices,omitempty"`
	Secret    string   `json:"secret,omitempty"` // of an authenticator app that is being set up
}

// formLifetime is for how long a page may stay open.
const formLifetime = time.Hour

// visit is one request for one of the pages.
type visit struct {
	*handler
	w       http.ResponseWriter
	r       *http.Request
	q       *request
	browser string
	step    step // of the form that came
}

// station is one of the pages. One without show is reached from another only.
type station struct {
	name string
	show func(*visit)
	take func(*visit, url.Values)
}

func stations() []station {
	return []station{
		{"signin", (*visit).showSignIn, (*visit).takeSignIn},
		{"signup", (*visit).showSignUp, (*visit).takeSignUp},
		{"confirm", nil, (*visit).takeConfirm},
		{"forgot", (*visit).showForgot, (*visit).takeForgot},
		{"reset", nil, (*visit).takeReset},
		{"challenge", nil, (*visit).takeChallenge},
	}
}

// show answers GET.
func (h *handler) show(s station) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.guard(w, "")
		q, ok := h.requestOf(w, r)
		switch {
		case !ok:
		case s.show == nil: // a reload of a page that came of a form
			http.Redirect(w, r, q.link("signin"), http.StatusSeeOther)
		default:
			h.guard(w, q.redirect)
			s.show(&visit{handler: h, w: w, r: r, q: q, browser: h.meetBrowser(w, r)})
		}
	}
}

// take answers POST: a form that this server gave to this browser, for this page and app.
func (h *handler) take(s station) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.guard(w, "")
		q, ok := h.requestOf(w, r)
		if !ok {
			return
		}
		h.guard(w, q.redirect)
		v := &visit{handler: h, w: w, r: r, q: q, browser: h.browser(r)}
		form, err := readForm(w, r)
		if err != nil {
			h.refuse(w, r, "The form cannot be read.")
			return
		}
		ours := h.sealing.open("form", form.Get("form"), &v.step) && v.browser != "" &&
			v.step.Station == s.name && v.step.Client == q.client.ID && same(v.step.Browser, v.browser)
		if !ours {
			h.render(w, r, http.StatusForbidden, page{
				Title: "This page is too old", Alert: "The page was open for too long, or your browser does not keep cookies for it.",
				Links: []link{{Label: "Start again", Href: q.link("signin")}},
			})
			return
		}
		s.take(v, form)
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (v *visit) caller() accounts.Caller { return caller(v.r, v.q.client.ID) }

// app gives the name of the app for people to read.
func (v *visit) app() string {
	if v.q.client.Name != "" {
		return v.q.client.Name
	}
	return v.opts.Product
}

// form makes a page's form lead to a station, with what that has to know.
func (v *visit) form(p page, station string, s step) page {
	s.Station, s.Client, s.Browser = station, v.q.client.ID, v.browser
	p.Action, p.Form = v.q.link(station), v.sealing.seal("form", s, formLifetime)
	return p
}

func (v *visit) say(p page) { v.render(v.w, v.r, http.StatusOK, p) }

// filled tells whether all fields of a page were filled in; if not, the page comes again.
func (v *visit) filled(p page, form url.Values) bool {
	for i := range p.Fields {
		if strings.TrimSpace(form.Get(p.Fields[i].Name)) == "" {
			p.Fields[i].Error = "Please fill this in."
		}
	}
	if p.wrong() {
		v.render(v.w, v.r, http.StatusBadRequest, p)
		return false
	}
	return true
}

// places says beside which field a refusal is shown. Those that are not in it are shown above all.
type places map[accounts.Fault]string

// again shows a page once more, with what the pool had to say.
func (v *visit) again(p page, err error, where places) {
	v.failed(v.r, "sign in", err)
	text, status := freshet.MessageOf(err), http.StatusBadRequest
	fault := accounts.FaultOf(err)
	switch {
	case fault == accounts.InvalidPassword:
		_, reason, found := strings.Cut(text, ": ")
		if found {
			text = "Choose another password: " + reason + "."
		}
	case fault == accounts.InternalFault:
		text, status = "Something went wrong here. Please try again later.", http.StatusInternalServerError
	case fault == accounts.LimitExceeded, fault == accounts.TooManyFailedAttempts, fault == accounts.TooManyRequests:
		status = http.StatusTooManyRequests
	case freshet.CodeOf(err) == freshet.Unavailable:
		status = http.StatusServiceUnavailable
	}
	p.Notice = ""
	p.complain(where[fault], text)
	v.render(v.w, v.r, status, p)
}

// code gives a code as people paste it.
func code(form url.Values) string { return strings.Join(strings.Fields(form.Get("code")), "") }

// pressed tells whether the other button was pressed.
func pressed(form url.Values, value string) bool { return form.Get("action") == value }
