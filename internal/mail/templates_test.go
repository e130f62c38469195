package mail

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"freshet"
	"freshet/internal/documentstest"
)

func TestEveryLetter(t *testing.T) {
	m := open(t, new(documentstest.Memory), Config{Product: "Ōkina <b>", URL: "https://example.com/?a=1&b=2"})
	for _, name := range slices.Sorted(maps.Keys(letterFields)) {
		data := map[string]string{}
		for _, field := range slices.Concat(letterFields[name].needs, letterFields[name].may) {
			data[field] = "<" + field + "-value>"
		}
		var full, bare Kept
		if err := m.templates.render(Message{To: "bea@example.com", Template: name, Data: data}, m.config, &full); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(full.HTML, "<b>") || strings.Contains(full.HTML, "-value>") || strings.Contains(full.HTML, "<table") {
			t.Errorf("%s: %s", name, full.HTML)
		}
		for _, field := range letterFields[name].needs {
			if !strings.Contains(full.Text, "<"+field+"-value>") || !strings.Contains(full.HTML, "&lt;"+field+"-value&gt;") {
				t.Errorf("%s does not show %s:\n%s", name, field, full.Text)
			}
			delete(data, field)
			wantCode(t, m.templates.render(Message{To: "bea@example.com", Template: name, Data: data}, m.config, &bare), freshet.Invalid, "needs "+field)
			data[field] = "1"
		}
		if !strings.Contains(full.Subject, "Ōkina <b>") || strings.Contains(full.Subject, "value") {
			t.Errorf("%s: subject %q", name, full.Subject)
		}
		if strings.Contains(full.Text, "\n\n\n\n") || strings.Contains(full.Text, "<no value>") {
			t.Errorf("%s:\n%s", name, full.Text)
		}
		if n := len(full.HTML); n > 8<<10 {
			t.Errorf("%s has %d bytes", name, n)
		}
	}
}

func TestStrangersWordsAreNotSent(t *testing.T) {
	m := open(t, new(documentstest.Memory), Config{})
	for _, name := range []string{VerifyEmail, SignInCode, ResetPassword, NewAddress, PasswordChanged, PasskeyAdded} {
		var letter Kept
		data := map[string]string{"Username": "buy at evil.example"}
		if len(letterFields[name].needs) > 0 {
			data["Code"] = "1"
		}
		if err := m.templates.render(Message{To: "bea@example.com", Template: name, Data: data}, m.config, &letter); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(letter.Subject+letter.Text+letter.HTML, "evil") {
			t.Errorf("%s shows the user name", name)
		}
	}
}

func TestInjectionIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "verify-email.txt", "Subject: {{.Username}}, {{.Code}}\ntext {{.Username}}")
	m := open(t, new(documentstest.Memory), Config{TemplateDir: dir})
	for _, bad := range []string{"a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\x00b", "a\x1bb", "a\u0085b", "a\u2028b", "a\u202eb", "a\xffb", strings.Repeat("a", maxValue+1)} {
		wantCode(t, m.Send(t.Context(), Message{To: "bea@example.com", Template: VerifyEmail, Data: map[string]string{"Code": "1", "Username": bad}}),
			freshet.Invalid, "Username in mail is one line")
		wantCode(t, m.Send(t.Context(), code(bad+"@example.com")), freshet.Invalid, "is no e-mail address")
		if _, err := Open(t.Context(), new(documentstest.Memory), Config{Product: bad}); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("the product %q: %v", bad, err)
		}
		if _, err := Open(t.Context(), new(documentstest.Memory), Config{From: bad + " <a@example.com>", Server: "smtp://mail.example.com"}); len(bad) < 100 && freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("the sender %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "bea", "bea@", "@example.com", "Bea <bea@example.com>", "<bea@example.com>", "a@b.c, d@e.f", "bea@example.com ", "bea@exam ple.com"} {
		wantCode(t, m.Send(t.Context(), code(bad)), freshet.Invalid, "is no e-mail address")
	}
	for data, message := range map[string]string{"Product": "has no", "code": "has no", "To": "has no"} {
		wantCode(t, m.Send(t.Context(), Message{To: "bea@example.com", Template: VerifyEmail, Data: map[string]string{"Code": "1", data: "x"}}), freshet.Invalid, message)
	}
	wantCode(t, m.Send(t.Context(), Message{To: "bea@example.com", Template: "layout"}), freshet.Invalid, "no mail template")
	if list, _ := m.List(t.Context()); len(list) != 0 {
		t.Errorf("%d letters went out", len(list))
	}
	wantCode(t, m.Send(t.Context(), Message{To: "bea@example.com", Template: VerifyEmail, Data: map[string]string{"Code": "1", "Username": "=?utf-8?q?x?="}}),
		freshet.Invalid, "the subject of the mail template")
}

func TestSubjectOnTheWire(t *testing.T) {
	for _, subject := range []string{"a", "Žofie, 1", strings.Repeat("Ωmega ", 60) + "end", strings.Repeat("word ", 60) + "end", "日本語の件名" + strings.Repeat("件", 100), "a: b, \"c\" <d>"} {
		message, err := compose("a@example.com", Kept{Entry: Entry{ID: "1", To: "bea@example.com", Subject: subject}, Text: "text", HTML: "html"})
		if err != nil {
			t.Fatal(err)
		}
		var raw bytes.Buffer
		if _, err := message.WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		if got := read(t, raw.Bytes()); got.subject != subject || len(got.header) != 8 {
			t.Errorf("%q comes as %q with %v", subject, got.subject, got.header)
		}
		for line := range strings.SplitSeq(raw.String(), "\r\n") {
			if len(line) > 100 {
				t.Errorf("a line of %d bytes: %s", len(line), line)
			}
		}
	}
}

func TestTemplateDir(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "verify-email.txt", "Subject: {{.Code}} — náš kód\r\nOnly {{.Code}}.\n")
	write(t, dir, "layout.html", `{{define "top"}}<html>our {{.Product}}{{end}}{{define "code"}}[{{.Code}}]{{end}}{{define "bottom"}}</html>{{end}}`)
	write(t, dir, "README.md", "not a template")
	m := open(t, new(documentstest.Memory), Config{TemplateDir: dir})
	mustSend(t, m, code("bea@example.com"))
	list, _ := m.List(t.Context())
	kept, err := m.Show(t.Context(), list[0].ID)
	if err != nil || kept.Subject != "482913 — náš kód" || kept.Text != "Only 482913.\n" {
		t.Errorf("%+v, %v", kept, err)
	}
	if !strings.Contains(kept.HTML, "our Freshet") || !strings.Contains(kept.HTML, "[482913]") {
		t.Error(kept.HTML)
	}
}

func TestWrongTemplates(t *testing.T) {
	for name, test := range map[string]struct{ file, body, want string }{
		"unknown in the subject":   {"verify-email.txt", "Subject: {{.Cod}}\ntext", "verify-email.txt:1:11: there is no .Cod; there are Product, URL, To, Code"},
		"unknown in the text":      {"verify-email.txt", "Subject: a\ntext\n{{.Cod}}", "verify-email.txt:3:2: there is no .Cod"},
		"unknown on a dead end":    {"verify-email.txt", "Subject: a\n{{if eq .Code `no`}}\n{{if .Minutes}}{{else}}{{.Nope}}{{end}}{{end}}", "verify-email.txt:3"},
		"unknown in a pipe":        {"verify-email.txt", "Subject: a\n{{printf `%s` (print .Nope) | len}}", "verify-email.txt:2"},
		"unknown by the root":      {"verify-email.txt", "Subject: a\n{{with .Code}}{{$.Nope}}{{end}}", "verify-email.txt:2"},
		"unknown in a part of it":  {"verify-email.txt", "Subject: a\n{{define `part`}}\n{{.Nope}}{{end}}{{template `part` .}}", "verify-email.txt:3"},
		"field of a field":         {"verify-email.txt", "Subject: a\n{{.Code.Value}}", "verify-email.txt:2"},
		"another letter's field":   {"verify-email.txt", "Subject: a\n{{.Password}}", "verify-email.txt:2"},
		"unknown in HTML":          {"invitation.html", "<p>\n{{.Code}}</p>", "invitation.html:2:2: there is no .Code; there are Product, URL, To, Username, Password, Days"},
		"unknown in the layout":    {"layout.html", "{{define `top`}}\n\n{{.Nope}}{{end}}{{define `code`}}{{end}}{{define `bottom`}}{{end}}", "layout.html:3"},
		"code of no letter":        {"password-changed.html", "{{template `code` .}}", "layout.html:"},
		"no such part":             {"sign-in-code.html", "a\n{{template `nope` .}}", "sign-in-code.html"},
		"not closed":               {"sign-in-code.html", "a\n{{if .Code}}", "sign-in-code.html:2"},
		"unknown function":         {"sign-in-code.txt", "Subject: a\n\n{{shout .Code}}", `sign-in-code.txt:3: function "shout" not defined`},
		"HTML that cannot be":      {"sign-in-code.html", "<a href='{{if .Code}}'>{{end}}", "sign-in-code.html:1"},
		"no subject":               {"reset-password.txt", "Hello\nSubject: a", "reset-password.txt:1: the first line is not"},
		"empty subject":            {"reset-password.txt", "Subject:  \ntext", "reset-password.txt:1: the first line is not"},
		"empty":                    {"reset-password.txt", "", "reset-password.txt:1"},
		"name with a typing error": {"reset_password.txt", "Subject: a", "reset_password.txt is no mail template; there are email-changed, invitation"},
	} {
		dir := t.TempDir()
		write(t, dir, test.file, test.body)
		_, err := Open(t.Context(), new(documentstest.Memory), Config{TemplateDir: dir})
		if freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(freshet.MessageOf(err), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	dir := t.TempDir()
	write(t, dir, "invitation.html", strings.Repeat("a", maxTemplate+1))
	_, err := Open(t.Context(), new(documentstest.Memory), Config{TemplateDir: dir})
	wantCode(t, err, freshet.TooLarge, "invitation.html has more than 65536 bytes")
	_, err = Open(t.Context(), new(documentstest.Memory), Config{TemplateDir: filepath.Join(dir, "no")})
	wantCode(t, err, freshet.Invalid, "cannot be read")
}

func write(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}
