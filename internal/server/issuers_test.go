package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freshet/internal/auth"
)

// TestIssuersOfNobody tells the operator of an issuer whose users no rule lets in, and of no other. That an issuer cannot
// be reached does not matter at the start.
func TestIssuersOfNobody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.graphql")
	sdl := `type Note @model @auth(rules: [{allow: PROVIDED}]) { text: String }`
	for name, test := range map[string]struct {
		rule   string
		issuer string // beside its address
		told   bool
	}{
		"rules for the own users alone": {"owner", "client_id=web", true},
		"a rule for oidc":               {"owner, provider: oidc", "client_id=web", false},
		"the same users":                {"private", "client_id=web,provider=userPools", false},
		"rules for keys alone":          {"public", "client_id=web,provider=userPools", true},
	} {
		if err := os.WriteFile(file, []byte(strings.Replace(sdl, "PROVIDED", test.rule, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		is, err := auth.ParseIssuer("issuer=https://nobody.invalid," + test.issuer)
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, Config{Schema: []string{file}, Issuers: []auth.Issuer{is}, NoSignUp: true})
		if told := strings.Contains(s.log.String(), "no rule of the schema lets the users of an issuer in"); told != test.told {
			t.Errorf("%s: told is %t", name, told)
		}
		s.end()
	}
}
