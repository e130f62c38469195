package mail

import (
	"strings"
	"testing"

	"freshet"
	"freshet/internal/documentstest"
)

func TestParseServer(t *testing.T) {
	for text, want := range map[string]server{
		"smtp://mail.example.com":                 {host: "mail.example.com", port: 587},
		"smtp://mail.example.com:2525/":           {host: "mail.example.com", port: 2525},
		"smtp://a%40b:c%3Ad@mail.example.com:587": {host: "mail.example.com", port: 587, user: "a@b", password: "c:d"},
		"smtp://u:p@mail.example.com:465":         {host: "mail.example.com", port: 465, user: "u", password: "p", implicit: true},
		"smtps://u:p@mail.example.com":            {host: "mail.example.com", port: 465, user: "u", password: "p", implicit: true},
		"smtps://mail.example.com:10465":          {host: "mail.example.com", port: 10465, implicit: true},
		"smtp+insecure://localhost:1025":          {host: "localhost", port: 1025, insecure: true},
		"smtp+insecure://[::1]:465":               {host: "::1", port: 465, insecure: true},
	} {
		got, err := parseServer(text)
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"mail.example.com:587":                  "",
		"smtp://":                               "is no URL",
		"smtp://u:hush%zz@host":                 "is no URL",
		"http://u:hush@host":                    `"http" is not known`,
		"smtp://u:hush@host:99999":              "is no port",
		"smtp://u:hush@host/inbox":              "something behind the port",
		"smtp://u:hush@host?tls=no":             "something behind the port",
		"smtp://hush@host":                      "not both",
		"smtp://:hush@host":                     "not both",
		"smtp+insecure://u:hush@localhost:1025": "password in the clear",
	} {
		_, err := parseServer(text)
		wantCode(t, err, freshet.Invalid, want)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error shows the password: %v", text, err)
		}
	}
}

func TestConfig(t *testing.T) {
	for want, config := range map[string]Config{
		"needs a sender":     {Server: "smtp://mail.example.com"},
		"is no address":      {Server: "smtp://mail.example.com", From: "nobody"},
		"in ASCII":           {Server: "smtp://mail.example.com", From: "Žofie <žofie@example.com>"},
		"is no URL":          {Server: "smtp://"},
		"http or https URL":  {URL: "javascript:alert(1)"},
		"the product's name": {Product: "a\nb"},
	} {
		_, err := Open(t.Context(), new(documentstest.Memory), config)
		wantCode(t, err, freshet.Invalid, want)
	}
}
