package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/mail"
)

const code = "482913"

// box is a mailbox with two letters, one of which was given up.
type box struct{ fail error }

var kept = mail.Kept{
	Entry: mail.Entry{
		ID: "0190-abc", To: "ana@example.com", Template: "verify-email", Subject: `Your code & "more" <b>`, State: mail.StateKept,
		Created: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	},
	Text: "Your code is " + code + " <script>alert(1)</script>", HTML: "<p style=\"color:red\">" + code + "</p><script>alert(1)</script>",
}

var failed = mail.Kept{Entry: mail.Entry{ID: "0180-def", To: "ben@example.com", Template: "invitation", State: mail.StateFailed, Error: "550 no such user", Attempts: 1}}

func (b box) List(context.Context) ([]mail.Entry, error) {
	return []mail.Entry{kept.Entry, failed.Entry}, b.fail
}

func (b box) Show(_ context.Context, id string) (mail.Kept, error) {
	for _, letter := range []mail.Kept{kept, failed} {
		if letter.ID == id {
			return letter, b.fail
		}
	}
	return mail.Kept{}, freshet.Errorf(freshet.NotFound, "there is no letter %q", id)
}

// journal is an audit.
type journal struct{ lines []string }

func (j *journal) Record(_ context.Context, e accounts.Entry) {
	j.lines = append(j.lines, fmt.Sprintf("%s %s of %q by %q from %s", e.What, e.Outcome, e.Who, e.By, e.From))
}

// Who asks: the socket's other end, and the host that was asked for.
const (
	machine  = "127.0.0.1:40000"
	stranger = "192.0.2.7:40000"
	local    = "localhost:8080"
)

// ask sends a request; headers are "Name: value".
func ask(opts Options, path, peer, host string, headers ...string) *httptest.ResponseRecorder {
	if opts.Letters == nil {
		opts.Letters = box{}
	}
	if opts.URL == "" {
		opts.URL = "http://127.0.0.1:8080"
	}
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr, r.Host = peer, host
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
		if name == "old" {
			r.Proto, r.ProtoMinor = "HTTP/1.0", 0
		}
	}
	w := httptest.NewRecorder()
	New(opts).ServeHTTP(w, r)
	return w
}

// all are the addresses beneath which a letter may show.
var all = []string{Path, Path + "/" + kept.ID, Path + "/" + kept.ID + "/html", Path + "/nothing"}

func TestWhoMayRead(t *testing.T) {
	admin := func(r *http.Request) (string, error) {
		switch r.Header.Get("Authorization") {
		case "Bearer admin":
			return "user ana", nil
		case "Bearer broken":
			return "", errors.New("the store is closed")
		}
		return "", nil
	}
	direct := Options{Admin: admin}
	public := Options{Admin: admin, URL: "https://app.example.com"}
	proxied := Options{Admin: admin, Proxied: func(*http.Request) bool { return true }}
	for _, c := range []struct {
		name       string
		opts       Options
		peer, host string
		header     string
		status     int
	}{
		{"at the machine", direct, machine, local, "", 200},
		{"by address", direct, machine, "127.0.0.1:8080", "", 200},
		{"by another loopback address", direct, "127.8.8.8:1", "127.8.8.8", "", 200},
		{"by IPv6", direct, "[::1]:40000", "[::1]:8080", "", 200},
		{"by IPv4 in IPv6", direct, "[::ffff:127.0.0.1]:40000", local, "", 200},
		{"in capitals", direct, machine, "LocalHost:8080", "", 200},
		{"no administrators", Options{}, machine, local, "", 200},

		{"a stranger", direct, stranger, local, "", 403},
		{"a stranger by the address", direct, stranger, "127.0.0.1:8080", "", 403},
		{"a stranger by IPv6", direct, "[2001:db8::1]:40000", local, "", 403},
		{"the network of the machine", direct, "10.0.0.2:40000", local, "", 403},
		{"no peer", direct, "", local, "", 403},
		{"a socket file", direct, "@", local, "", 403},
		{"a stranger who says so", direct, stranger, local, "X-Forwarded-For: 127.0.0.1", 403},
		{"a stranger, no administrators", Options{}, stranger, local, "Authorization: Bearer admin", 403},

		{"rebinding", direct, machine, "evil.example:8080", "", 403},
		{"rebinding, like localhost", direct, machine, "localhost.evil.example", "", 403},
		{"rebinding, beneath localhost", direct, machine, "evil.localhost", "", 403},
		{"rebinding, with a dot", direct, machine, "localhost.", "", 403},
		{"rebinding to all addresses", direct, machine, "0.0.0.0:8080", "", 403},
		{"no host", direct, machine, "", "", 403},
		{"rebinding of an administrator", direct, machine, "evil.example", "Authorization: Bearer admin", 403},

		{"behind a trusted proxy", proxied, machine, local, "", 403},
		{"behind another proxy", direct, machine, local, "X-Forwarded-For: 203.0.113.9", 403},
		{"behind one that says so otherwise", direct, machine, local, "Forwarded: for=203.0.113.9", 403},
		{"behind one of HTTP", direct, machine, local, "Via: 1.1 proxy", 403},
		{"behind one that names the address", direct, machine, local, "X-Real-IP: 203.0.113.9", 403},
		{"behind one that names it otherwise", direct, machine, local, "CF-Connecting-IP: 203.0.113.9", 403},
		{"behind one of an old HTTP", direct, machine, local, "old: HTTP", 403},
		{"by IPv6 with a zone", direct, "[::1%lo]:40000", "[::1]:8080", "", 200},
		{"behind one that says nothing", public, machine, local, "", 403},
		{"behind one that keeps the host", public, machine, "app.example.com", "", 403},

		{"an administrator", direct, stranger, local, "Authorization: Bearer admin", 200},
		{"an administrator by the public name", public, stranger, "app.example.com", "Authorization: Bearer admin", 200},
		{"behind a trusted proxy, an administrator", proxied, machine, local, "Authorization: Bearer admin", 200},
		{"by another name, an administrator", public, stranger, "other.example.com", "Authorization: Bearer admin", 403},
		{"no administrator", direct, stranger, local, "Authorization: Bearer user", 403},
		{"nobody can tell", direct, stranger, local, "Authorization: Bearer broken", 503},
	} {
		for _, path := range all {
			var headers []string
			if c.header != "" {
				headers = []string{c.header}
			}
			audit := new(journal)
			c.opts.Audit = audit
			w := ask(c.opts, path, c.peer, c.host, headers...)
			want := c.status
			if want == 200 && strings.HasSuffix(path, "nothing") {
				want = 404
			}
			body := w.Body.String()
			if w.Code != want || want != 200 && (strings.Contains(body, code) || strings.Contains(body, "ana@example.com") || !strings.Contains(body, "<h1>")) {
				t.Errorf("%s, %s: %d, want %d\n%s", c.name, path, w.Code, want, body)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s, %s: it may be kept: %q", c.name, path, got)
			}
			if refused := strings.Contains(fmt.Sprint(audit.lines), "ReadMail forbidden"); refused != (want == 403) {
				t.Errorf("%s, %s: on record is %q", c.name, path, audit.lines)
			}
		}
	}
}

func TestAudit(t *testing.T) {
	audit := new(journal)
	opts := Options{Audit: audit, Admin: func(*http.Request) (string, error) { return "user ana", nil }}
	for _, path := range all {
		ask(opts, path, machine, local)
		ask(opts, path, stranger, local)
	}
	want := `ReadMail ok of "ana@example.com" by "" from 127.0.0.1:40000 ReadMail ok of "ana@example.com" by "user ana" from 192.0.2.7:40000`
	if got := strings.Join(audit.lines, " "); got != want+" "+want { // the page, and what is framed in it
		t.Errorf("on record is %s", got)
	}
}

func TestPages(t *testing.T) {
	list := ask(Options{}, Path, machine, local).Body.String()
	for _, want := range []string{
		`href="/console/mail/0190-abc">Your code &amp; &#34;more&#34; &lt;b&gt;</a>`, `datetime="2026-03-01T12:00:00Z"`, "1 March 2026, 12:00:00 UTC", "ana@example.com",
		`href="/console/mail/0180-def">A letter that was given up</a> <span class="state failed">failed</span>`,
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the list does not hold %s:\n%s", want, list)
		}
	}
	if strings.Contains(list, code) {
		t.Error("the list shows a code")
	}
	letter := ask(Options{Product: "Delta <co>"}, Path+"/0190-abc", machine, local).Body.String()
	for _, want := range []string{
		"Your code is 482913 &lt;script&gt;", `<iframe sandbox title="The letter as mail programs show it" src="/console/mail/0190-abc/html">`, "Delta &lt;co&gt;", `href="/console/mail"`,
	} {
		if !strings.Contains(letter, want) {
			t.Errorf("the letter does not hold %s:\n%s", want, letter)
		}
	}
	if strings.Contains(list+letter, "<script") || strings.Contains(list+letter, "style=") {
		t.Error("a page holds a script, or a style of an element")
	}
	if body := ask(Options{}, Path+"/0180-def", machine, local).Body.String(); !strings.Contains(body, "550 no such user") || !strings.Contains(body, "Its text is gone") || strings.Contains(body, "<iframe") {
		t.Errorf("one that was given up:\n%s", body)
	}
	if w := ask(Options{Letters: box{errors.New("a secret cause")}}, Path, machine, local); w.Code != 503 || strings.Contains(w.Body.String(), "a secret cause") {
		t.Errorf("a fault: %d %s", w.Code, w.Body)
	}
	if w := ask(Options{Letters: empty{}}, Path, machine, local); w.Code != 200 || !strings.Contains(w.Body.String(), "No letter yet") {
		t.Errorf("an empty mailbox: %d %s", w.Code, w.Body)
	}
}

type empty struct{ box }

func (empty) List(context.Context) ([]mail.Entry, error) { return nil, nil }

func TestHeaders(t *testing.T) {
	for path, want := range map[string]struct{ policies, frame string }{
		Path:                           {"default-src 'none'; style-src 'sha256-; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'", "DENY"},
		Path + "/" + kept.ID:           {"default-src 'none'; style-src 'sha256-; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'", "DENY"},
		Path + "/nothing":              {"default-src 'none'; frame-ancestors 'none'", "DENY"},
		Path + "/" + kept.ID + "/html": {"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'", "SAMEORIGIN"},
	} {
		h := ask(Options{}, path, machine, local).Header()
		policy := h.Get("Content-Security-Policy")
		for part := range strings.SplitSeq(want.policies, "; ") {
			if !strings.Contains(policy+";", part) {
				t.Errorf("%s: the policy is %q, without %q", path, policy, part)
			}
		}
		if strings.Contains(policy, "script") || strings.Contains(policy, "sandbox allow") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		for name, want := range map[string]string{
			"X-Frame-Options": want.frame, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Access-Control-Allow-Origin": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}
