// Package console is the door of the operator's pages: the local mailbox, in which letters stay while no SMTP server
// is set.
//
// The letters hold codes and passwords, so its invariant is: nobody reads one who is neither at the machine itself
// nor an administrator, and no page of another site gets at one through the browser of somebody who is. It decides
// that in access.go; what a letter says is for package mail.
package console

import (
	"context"
	"log/slog"
	"net/http"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/mail"
)

// Path is where the mailbox is.
const Path = "/console/mail"

// Letters is the mailbox.
type Letters interface {
	// List gives the letters without their text, newest first.
	List(ctx context.Context) ([]mail.Entry, error)
	// Show gives one. Errors: not_found.
	Show(ctx context.Context, id string) (mail.Kept, error)
}

// Options set up the door. Letters and URL have to be given.
type Options struct {
	Letters Letters
	// URL is by which clients come. A server whose URL is not of the machine itself stands behind something that may
	// speak for anybody, so there being at the machine proves nothing.
	URL     string
	Product string // in the head of the pages; default Freshet

	// Proxied tells whether a request came through a proxy that speaks for others; nil: none does.
	Proxied func(r *http.Request) bool
	// Admin gives the name of the administrator who asks; empty: nobody. nil: there are no administrators.
	Admin func(r *http.Request) (name string, err error)

	Audit  accounts.Audit // is told who read a letter, and who was refused; nil: nobody is
	Logger *slog.Logger   // default: discards
}

type handler struct {
	opts Options
	host string // of the URL
}

// New makes the door, which serves all beneath /console/.
func New(opts Options) http.Handler {
	if opts.Product == "" {
		opts.Product = "Freshet"
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	h := &handler{opts: opts, host: hostOf(opts.URL)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, h.admitted(h.list))
	mux.HandleFunc("GET "+Path+"/{id}", h.admitted(h.letter))
	mux.HandleFunc("GET "+Path+"/{id}/html", h.admitted(h.html))
	return mux
}

// list shows the letters.
func (h *handler) list(w http.ResponseWriter, r *http.Request, _ string) {
	letters, err := h.opts.Letters.List(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.render(w, r, http.StatusOK, "list", page{Title: "Mailbox", Letters: letters})
}

// letter shows one letter.
func (h *handler) letter(w http.ResponseWriter, r *http.Request, by string) {
	if letter, found := h.find(w, r, by); found {
		h.render(w, r, http.StatusOK, "letter", page{Title: letter.Subject, Letter: letter})
	}
}

// html gives a letter's HTML alone, for the frame of its page. It may do nothing: no script, no form, no request.
func (h *handler) html(w http.ResponseWriter, r *http.Request, by string) {
	letter, found := h.find(w, r, by)
	if !found {
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'")
	header.Set("X-Frame-Options", "SAMEORIGIN")
	header.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(letter.HTML)) // a browser that is gone does not want it
}

// find gives the letter that is asked for, and tells the audit; where there is none, that is answered.
func (h *handler) find(w http.ResponseWriter, r *http.Request, by string) (mail.Kept, bool) {
	letter, err := h.opts.Letters.Show(r.Context(), r.PathValue("id"))
	switch {
	case err == nil:
		h.record(r, by, letter.To, accounts.OutcomeOK)
		return letter, true
	case freshet.CodeOf(err) == freshet.NotFound:
		h.render(w, r, http.StatusNotFound, "message", page{Title: "There is no such letter", Text: "It may have gone: the mailbox keeps the latest 1,000."})
	default:
		h.fail(w, r, err)
	}
	return mail.Kept{}, false
}

func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	h.opts.Logger.ErrorContext(r.Context(), "show the mailbox", "error", err)
	h.render(w, r, http.StatusServiceUnavailable, "message", page{Title: "This did not work", Text: "The mailbox cannot be read now; the log says why."})
}

func (h *handler) record(r *http.Request, by, who, outcome string) {
	if h.opts.Audit != nil {
		h.opts.Audit.Record(r.Context(), accounts.Entry{What: "ReadMail", Who: who, By: by, From: r.RemoteAddr, Outcome: outcome})
	}
}
