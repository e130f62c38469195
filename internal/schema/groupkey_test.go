package schema

import (
	"testing"

	"freshet"
)

// TestGroupKeys: a key of groups is let in by rules for groups of users, and by no other rule.
func TestGroupKeys(t *testing.T) {
	s, err := Load(Source{Name: "s", Text: `
		type Fixed @model @auth(rules: [{allow: groups, groups: ["staff"], operations: [read, create]}]) { title: String }
		type Named @model @auth(rules: [{allow: groups, groupsField: "team"}]) { team: String }
		type Claimed @model @auth(rules: [{allow: groups, groups: ["staff"], groupClaim: "roles"}]) { title: String }
		type Federated @model @auth(rules: [{allow: groups, groups: ["staff"], provider: oidc}]) { title: String }
		type Public @model @auth(rules: [{allow: public}]) { title: String }
		type Private @model @auth(rules: [{allow: private}]) { title: String }
		type Owned @model @auth(rules: [{allow: owner}]) { title: String owner: String }`})
	if err != nil {
		t.Fatal(err)
	}
	id := &freshet.Identity{Providers: []freshet.Provider{freshet.GroupKey}, Claims: map[string]any{freshet.GroupsClaim: []string{"staff", "crew"}}}
	id.Tokens = s.TokensOf(id)
	for _, c := range []struct {
		model freshet.ModelName
		body  string
		may   Access // on the record
		ever  Access
	}{
		{"Fixed", `{"title":"a"}`, AccessRead | AccessCreate, AccessRead | AccessCreate},
		{"Named", `{"team":"crew"}`, AccessAll, AccessAll},
		{"Named", `{"team":"others"}`, 0, AccessAll},
		{"Claimed", `{"title":"a"}`, 0, 0},
		{"Federated", `{"title":"a"}`, 0, 0},
		{"Public", `{"title":"a"}`, 0, 0},
		{"Private", `{"title":"a"}`, 0, 0},
		{"Owned", `{"owner":"staff"}`, 0, 0},
	} {
		m := s.Model(c.model)
		doc, err := m.Patch([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		for access := AccessCreate; access <= AccessListen; access <<= 1 {
			if got, want := m.Allows(id, access, doc), c.may&access != 0; got != want {
				t.Errorf("%s %s, operation %b: %v, want %v", c.model, c.body, access, got, want)
			}
			if got, want := m.MayEver(id, access), c.ever&access != 0; got != want {
				t.Errorf("%s, ever operation %b: %v, want %v", c.model, access, got, want)
			}
		}
	}
	if _, err := Load(Source{Name: "s", Text: `type T @model @auth(rules: [{allow: groups, groups: ["staff"], provider: groupKey}]) { title: String }`}); err == nil {
		t.Error("a rule names the provider of keys of groups")
	}
}
