package schema

import (
	"testing"

	"freshet"
)

func TestScopesBoundWhatRulesAllow(t *testing.T) {
	s, err := Load(Source{Name: "s", Text: `
		type Task @model @auth(rules: [{allow: public}]) { title: String }
		type Note @model @auth(rules: [{allow: public}, {allow: owner}]) { title: String owner: String }
		type Hook @model @auth(rules: [{allow: custom, operations: [create]}]) { title: String }`})
	if err != nil {
		t.Fatal(err)
	}
	const may, mayNot = true, false
	for _, c := range []struct {
		scopes []freshet.Scope
		model  freshet.ModelName
		access Access
		want   bool
	}{
		{nil, "Task", AccessDelete, may},
		{[]freshet.Scope{{Model: "Task", Operations: []string{"create", "read"}}}, "Task", AccessCreate, may},
		{[]freshet.Scope{{Model: "Task", Operations: []string{"create", "read"}}}, "Task", AccessSync, may},
		{[]freshet.Scope{{Model: "Task", Operations: []string{"create", "read"}}}, "Task", AccessUpdate, mayNot},
		{[]freshet.Scope{{Model: "Task", Operations: []string{"create", "read"}}}, "Note", AccessGet, mayNot},
		{[]freshet.Scope{{Model: AnyModel, Operations: []string{"get"}}, {Model: "Note", Operations: []string{"delete"}}}, "Note", AccessDelete, may},
		{[]freshet.Scope{{Model: AnyModel, Operations: []string{"get"}}, {Model: "Note", Operations: []string{"delete"}}}, "Task", AccessGet, may},
		{[]freshet.Scope{{Model: AnyModel, Operations: []string{"get"}}, {Model: "Note", Operations: []string{"delete"}}}, "Task", AccessList, mayNot},
		{[]freshet.Scope{{Model: AnyModel, Operations: []string{"create"}}}, "Hook", AccessCreate, mayNot}, // a scope gives nothing
	} {
		id := &freshet.Identity{Providers: []freshet.Provider{freshet.APIKey}, Scopes: c.scopes}
		id.Tokens = s.TokensOf(id)
		m := s.Model(c.model)
		if got := m.Allows(id, c.access, make(Doc, len(m.Fields))); got != c.want {
			t.Errorf("%v %s %b: allowed %v", c.scopes, c.model, c.access, got)
		}
		if got := m.MayEver(id, c.access); got != c.want {
			t.Errorf("%v %s %b: may ever %v", c.scopes, c.model, c.access, got)
		}
	}
	blind := &freshet.Identity{Providers: []freshet.Provider{freshet.APIKey}, Scopes: []freshet.Scope{{Model: "Task", Operations: []string{"create"}}}}
	if tokens := s.Model("Task").ReadTokens(blind); tokens != nil {
		t.Errorf("who may only create finds records by %v", tokens)
	}
	for _, scope := range []freshet.Scope{{Model: "Ghost", Operations: []string{"read"}}, {Model: "Task"}, {Model: "Task", Operations: []string{"fly"}}} {
		if err := s.CheckScope(scope); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("the scope %v gives %v", scope, err)
		}
	}
	if err := s.CheckScope(freshet.Scope{Model: AnyModel, Operations: []string{"read", "create"}}); err != nil {
		t.Error(err)
	}
}

func TestCustomRulesAdmitWhatTheFunctionAuthorised(t *testing.T) {
	s, err := Load(Source{Name: "s", Text: `type Hook @model @auth(rules: [{allow: custom}]) { title: String }`})
	if err != nil {
		t.Fatal(err)
	}
	m := s.Model("Hook")
	for provider, want := range map[freshet.Provider]bool{freshet.Function: true, freshet.APIKey: false, freshet.UserPools: false} {
		id := &freshet.Identity{Providers: []freshet.Provider{provider}}
		id.Tokens = s.TokensOf(id)
		if got := m.Allows(id, AccessCreate, make(Doc, len(m.Fields))); got != want {
			t.Errorf("%s: allowed %v", provider, got)
		}
	}
}
