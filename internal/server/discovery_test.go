package server

import (
	"strings"
	"testing"
)

func TestTheWebAppIsToldItsIDs(t *testing.T) {
	hosted := []Hosted{{ID: "portal", RedirectURIs: []string{"https://portal.example.com/"}}}
	for want, cfg := range map[string]Config{
		`"user_pool":"local_freshet","client_id":"freshet-web"`: {},
		`"user_pool":"north_harbour","client_id":"web"`:         {PoolID: "north_harbour", ClientIDs: []string{"web", "cli"}, Hosted: hosted},
		`"client_id":"freshet-web"`:                             {Hosted: hosted},
	} {
		s := start(t, cfg)
		if _, body := s.ask(t, "GET", "/.well-known/openid-configuration", ""); !strings.Contains(body, want) {
			t.Errorf("discovery gives %s, without %s", body, want)
		}
		s.end()
	}
}
