package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/mail"
	"freshet/internal/schema"
	"freshet/schemas"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name  string
		cfg   Config
		fault string // empty: none
	}{
		{"defaults", Config{}, ""},
		{"all addresses", Config{Listen: ":80"}, ""},
		{"no port", Config{Listen: "localhost"}, `listen: "localhost" is no address`},
		{"log format", Config{LogFormat: "xml"}, `log-format: "xml" is not known`},
		{"issuer", Config{Issuers: []auth.Issuer{{URL: "x"}}}, `the issuer "x" is no URL`},
		{"issuer for no app", Config{Issuers: []auth.Issuer{{URL: "https://id.example"}}}, "client_id is missing"},
		{"issuer", Config{Issuers: []auth.Issuer{{URL: "https://id.example", ClientIDs: []string{"web"}}}}, ""},
		{"issuer of the same users, and sign-up", Config{Issuers: []auth.Issuer{{URL: "https://id.example", ClientIDs: []string{"web"}, Provider: freshet.UserPools}}}, "switch sign-up off"},
		{"issuer of the same users", Config{NoSignUp: true, Issuers: []auth.Issuer{{URL: "https://id.example", ClientIDs: []string{"web"}, Provider: freshet.UserPools}}}, ""},
		{"url", Config{URL: "app.example.com"}, `url: "app.example.com" is no address`},
		{"issuer's path", Config{Issuer: "https://a.example/{x}"}, "is no address"},
		{"pool id", Config{PoolID: "local"}, `pool-id: "local" is no pool id`},
		{"app", Config{ClientIDs: []string{"web", "a b"}}, `client-id: "a b" is no id of an app`},
		{"app without an id", Config{ClientIDs: []string{""}}, `client-id: "" is no id of an app`},
		{"identity pool", Config{IdentityPoolID: "local"}, `identity-pool: "local" is no id of an identity pool`},
		{"guests", Config{IdentityPoolID: "local:6f1b8f0e-9d0c-4f0e-8a63-52a3e8f4c111", Guests: true}, ""},
		{"guests of no identity pool", Config{Guests: true}, "guests: there is no identity pool"},
		{"secret", Config{Secret: "abc"}, "FRESHET_SECRET: the secret has 3 characters"},
		{"records of deleted users", Config{DeletedUsers: DeleteRecords}, ""},
		{"records of deleted users, not known", Config{DeletedUsers: "burn"}, `deleted-users: "burn" is not known; write keep or delete`},
		{"mail without a sender", Config{Mail: mail.Config{Server: "smtp://mail.example:587"}}, "mail needs a sender's address"},
		{"too short", Config{KeepTombstones: time.Minute}, "keep-tombstones: 1m0s is too short"},
		{"a short audit", Config{KeepAudit: time.Minute}, "keep-audit: 1m0s is too short"},
		{"an audit for ever", Config{KeepAudit: Forever}, ""},
		{"pages for a day", Config{PageSession: 24 * time.Hour}, ""},
		{"pages for ever", Config{PageSession: Forever}, "page-session: it has to end"},
		{"pages for a moment", Config{PageSession: time.Second}, "page-session: 1s is no time for it"},
		{"pages as long as apps", Config{PageSession: 30 * 24 * time.Hour}, "page-session: 30d is no time for it"},
		{"negative", Config{KeepHistory: -2}, "keep-history: -2ns is too short"},
		{"history is shorter", Config{KeepHistory: 24 * time.Hour}, "keep-history: 1d is shorter than tombstones are kept"},
		{"tombstones for ever", Config{KeepTombstones: Forever}, ""},
		{"tombstones for ever, history not", Config{KeepTombstones: Forever, KeepHistory: time.Hour}, "keep-history: 1h0m0s is shorter"},
		{"history for ever", Config{KeepHistory: Forever}, ""},
		{"longer tombstones", Config{KeepTombstones: 2 * DefaultKept}, ""},
		{"passkeys", Config{PasskeyOrigins: []string{"https://app.example.com", "http://localhost:5173"}}, `no page of http://localhost:5173 can use those of "app.example.com"`},
		{"passkeys of two pages", Config{PasskeyOrigins: []string{"https://app.example.com", "https://example.com"}, PasskeyRPID: "example.com"}, ""},
		{"passkeys without TLS", Config{PasskeyOrigins: []string{"http://app.example.com"}}, `pages of "http://app.example.com" can use none`},
		{"passkeys of an address", Config{PasskeyOrigins: []string{"https://192.0.2.1"}}, `pages of "https://192.0.2.1" can use none`},
		{"passkeys for no page", Config{URL: "http://192.0.2.1", PasskeyRPID: "example.com"}, "no page may use those of example.com"},
		{"passkeys for another domain", Config{URL: "https://app.example.com", PasskeyRPID: "example.org"}, "no page of https://app.example.com can use those"},
		{"holidays of nowhere", Config{HolidaysURL: "date.nager.at"}, `holidays-url: "date.nager.at" is no address`},
		{"limit", Config{Limits: Limits{Limits: engine.Limits{ListPage: -1}}}, "limits.list_page: -1 is negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.cfg.Validate()
			if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("the error is %v, want %q", err, c.fault)
			}
			if err != nil && freshet.CodeOf(err) != freshet.Invalid {
				t.Errorf("the code is %s", freshet.CodeOf(err))
			}
		})
	}
}

func TestSources(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[odd*name")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	b, a, other := file("b.graphql", "B"), file("a.graphql", "A"), file("other.txt", "O")
	for _, c := range []struct {
		paths []string
		want  []schema.Source
	}{
		{nil, []schema.Source{{Name: "workspace.graphql", Text: schemas.Workspace}}},
		{[]string{dir}, []schema.Source{{Name: a, Text: "A"}, {Name: b, Text: "B"}}},
		{[]string{other, b}, []schema.Source{{Name: other, Text: "O"}, {Name: b, Text: "B"}}},
	} {
		cfg := Config{Schema: c.paths}
		got, err := cfg.Sources()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("of %q (-want +got):\n%s", c.paths, diff)
		}
	}
}
