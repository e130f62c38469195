package auth

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
)

func TestParseIssuer(t *testing.T) {
	for _, c := range []struct {
		text string
		want Issuer
	}{
		{"issuer=https://id.example.com,client_id=web", Issuer{URL: "https://id.example.com", ClientIDs: []string{"web"}}},
		{"client_id=web,issuer=https://id.example.com/,client_id=phone", Issuer{URL: "https://id.example.com/", ClientIDs: []string{"web", "phone"}}},
		{
			"issuer=http://localhost:8080/realms/a, jwks=/etc/keys.json, client_id=web, provider=oidc",
			Issuer{URL: "http://localhost:8080/realms/a", JWKS: "/etc/keys.json", ClientIDs: []string{"web"}, Provider: freshet.OIDC},
		},
		{
			"provider=userPools,jwks=http://localhost/keys,issuer=https://id.example.com/,client_id=web",
			Issuer{URL: "https://id.example.com/", JWKS: "http://localhost/keys", ClientIDs: []string{"web"}, Provider: freshet.UserPools},
		},
	} {
		got, err := ParseIssuer(c.text)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                                  `"" has no value; write issuer=URL,client_id=ID`,
		"https://id.example.com":            `"https://id.example.com" has no value; write issuer=URL`,
		"issuer=":                           `"issuer" has no value`,
		"issuer=a,":                         `"" has no value`,
		"jwks=keys.json":                    "an issuer has no URL; write issuer=URL",
		"issuer=id.example.com":             `the issuer "id.example.com" is no URL; write it as its tokens have it in iss, like https://`,
		"issuer=ftp://a":                    `the issuer "ftp://a" is no URL`,
		"issuer=https://":                   "is no URL",
		"issuer=https://a,issuer=https://b": "issuer stands twice",
		"issuer=https://a,jwks=ftp://b,client_id=c":       `"ftp://b" is no http or https URL; write one, or the path of a file`,
		"issuer=https://a":                                "the issuer https://a: client_id is missing",
		"issuer=https://a,audience=b":                     `"audience" is not known; write issuer=URL`,
		"issuer=https://a,provider=userpools,client_id=c": `the provider "userpools" is not known; write userPools or oidc`,
		"issuer=https://a,provider=iam,client_id=c":       `the provider "iam" is not known`,
	} {
		_, err := ParseIssuer(text)
		wantCode(t, err, freshet.Invalid, want)
	}
}
