package accounts

import (
	"strings"
	"testing"

	"freshet"
)

func TestRelyingParty(t *testing.T) {
	for name, test := range map[string]struct {
		party RelyingParty
		want  string
	}{
		"none":                  {RelyingParty{}, ""},
		"a domain":              {RelyingParty{ID: "example.com", Origins: []string{"https://example.com", "https://app.example.com:8443"}}, ""},
		"this machine":          {RelyingParty{ID: "localhost", Origins: []string{"http://localhost:5173"}}, ""},
		"an address":            {RelyingParty{ID: "192.0.2.1"}, "is none"},
		"an URL":                {RelyingParty{ID: "https://example.com"}, "is none"},
		"capitals":              {RelyingParty{ID: "Example.com"}, "is none"},
		"no pages":              {RelyingParty{ID: "example.com"}, "no page may use those"},
		"a page elsewhere":      {RelyingParty{ID: "example.com", Origins: []string{"https://badexample.com"}}, "the domain that all pages share"},
		"a page above":          {RelyingParty{ID: "app.example.com", Origins: []string{"https://example.com"}}, "the domain that all pages share"},
		"a page without TLS":    {RelyingParty{ID: "example.com", Origins: []string{"http://example.com"}}, "can use none"},
		"a page with a path":    {RelyingParty{ID: "example.com", Origins: []string{"https://example.com/"}}, "can use none"},
		"a page of an address":  {RelyingParty{ID: "example.com", Origins: []string{"https://127.0.0.1"}}, "can use none"},
		"a page without a host": {RelyingParty{ID: "example.com", Origins: []string{"https://"}}, "can use none"},
	} {
		err := test.party.Validate()
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || freshet.CodeOf(err) != freshet.Invalid) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
