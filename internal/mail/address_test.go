package mail

import (
	"context"
	"strings"
	"testing"

	"freshet"
	"freshet/internal/documentstest"
)

// TestAddressesOfAllScripts sends to addresses that not every mail server takes.
func TestAddressesOfAllScripts(t *testing.T) {
	for _, test := range []struct {
		to     string
		utf8   bool   // the server takes more than ASCII
		want   string // the recipient; empty: it is given up
		marked bool   // as being for servers that take more than ASCII
	}{
		{"zofie@example.com", true, "zofie@example.com", false},
		{"zofie@example.com", false, "zofie@example.com", false},
		{"zofie@bücher.example", true, "zofie@xn--bcher-kva.example", false},
		{"zofie@bücher.example", false, "zofie@xn--bcher-kva.example", false},
		{"zofie@BÜCHER.example", false, "zofie@xn--bcher-kva.example", false},
		{"žofie@bücher.example", true, "žofie@xn--bcher-kva.example", true},
		{"žofie@bücher.example", false, "", false},
		{"用户@例子.example", true, "用户@xn--fsqu00a.example", true},
		{"o'neil+x@my_host.example", false, "o'neil+x@my_host.example", false},
	} {
		p, documents, c := newPost(t, false), new(documentstest.Memory), newClock()
		p.server.EnableSMTPUTF8 = test.utf8
		var told []Entry
		m, stop := start(t, documents, Config{
			Server: p.url(), From: "Grüße <no-reply@bücher.example>", RootCAs: p.roots, Now: c.now,
			GivenUp: func(_ context.Context, letter Entry) { told = append(told, letter) },
		})
		mustSend(t, m, code(test.to))
		eventually(t, "the letter stays in the queue", func() bool { return documents.Count(queueKind) == 0 })
		stop()
		if test.want == "" {
			if len(told) != 1 || told[0].To != test.to || !strings.Contains(told[0].Error, "SMTPUTF8") || told[0].State != StateFailed || documents.Count(mailboxKind) != 1 {
				t.Errorf("%s: told of %+v", test.to, told)
			}
			continue
		}
		l := p.next(t)
		header := read(t, l.raw).header
		if l.to != test.want || l.utf8 != test.marked || l.from != "no-reply@xn--bcher-kva.example" || header.Get("To") != "<"+test.want+">" || len(told) > 0 {
			t.Errorf("%s: from %s to %s, %v; marked %v", test.to, l.from, l.to, header, l.utf8)
		}
		if id := header.Get("Message-Id"); !strings.HasSuffix(id, "@xn--bcher-kva.example>") {
			t.Errorf("the Message-ID is %s", id)
		}
	}
	m := open(t, new(documentstest.Memory), Config{})
	for _, bad := range []string{"a@-ü.example", "a@ü..example", "a@ü_b.example"} {
		wantCode(t, m.Send(t.Context(), code(bad)), freshet.Invalid, "is no e-mail address")
	}
}
