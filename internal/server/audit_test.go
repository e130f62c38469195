package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"freshet/internal/accounts"
	"freshet/internal/audit"
)

// entries gives what is on record, as "What Outcome".
func (r *running) entries(t *testing.T) (list []string) {
	t.Helper()
	err := r.people.audit.Read(t.Context(), audit.Query{}, func(page []audit.Entry) error {
		for _, e := range page {
			list = append(list, e.What+" "+e.Outcome)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAuditOfRefusedAdministrators(t *testing.T) {
	s := start(t, Config{})
	for _, operation := range []string{"ListUsers", "AdminGetUser", "AdminDisableUser"} {
		body := `{"UserPoolId":"` + DefaultPool + `","Username":"ana"}`
		response, answer := s.ask(t, "POST", "/idp", body, "X-Amz-Target", "AWSCognitoIdentityProviderService."+operation, "Content-Type", "application/x-amz-json-1.1")
		if response.StatusCode != 400 || !strings.Contains(answer, "NotAuthorizedException") {
			t.Errorf("%s of anybody gives %d %s", operation, response.StatusCode, answer)
		}
		if want := operation + " NotAuthorizedException"; !slices.Contains(s.entries(t), want) {
			t.Errorf("%q is not on record, but %q", want, s.entries(t))
		}
	}
}

// TestAuditOfLastRequests holds that what was answered before a shutdown is on record after it.
func TestAuditOfLastRequests(t *testing.T) {
	data := t.TempDir()
	first := start(t, Config{Data: data})
	for i := range 200 {
		body := fmt.Sprintf(`{"ClientId":%q,"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"user %d","PASSWORD":"x"}}`, "nobody's app", i)
		first.ask(t, "POST", "/idp", body, "X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth", "Content-Type", "application/x-amz-json-1.1")
	}
	first.end()
	if got := start(t, Config{Data: data}).entries(t); len(got) < 200 {
		t.Errorf("%d of 200 refusals are on record", len(got))
	}
}

func TestKeepAudit(t *testing.T) {
	s := start(t, Config{KeepAudit: 2 * time.Hour})
	if d := (Config{}).withDefaults(); d.KeepAudit != 90*24*time.Hour {
		t.Errorf("it is kept for %v by default", d.KeepAudit)
	}
	now := time.Now().Add(4 * time.Hour) // entries are kept in their order, so these come after those of the start
	for _, age := range []time.Duration{3 * time.Hour, time.Hour} {
		s.people.audit.Record(t.Context(), accounts.Entry{At: now.Add(-age), What: age.String(), Outcome: accounts.OutcomeOK})
	}
	for _, c := range []struct {
		keep time.Duration
		want int
	}{{Forever, 2}, {s.cfg.KeepAudit, 1}} {
		s.entries(t) // which writes what waits
		if err := s.people.trim(t.Context(), now, c.keep); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(s.entries(t), func(e string) bool { return !strings.Contains(e, "h0m0s") })
		if len(got) != c.want {
			t.Errorf("kept for %v: %q", c.keep, got)
		}
	}
}
