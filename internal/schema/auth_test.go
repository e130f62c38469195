package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
)

// identity makes a signed-in caller: "ana", "ana admins,staff".
func signedIn(s *Schema, provider freshet.Provider, claims map[string]any) *freshet.Identity {
	id := &freshet.Identity{Providers: []freshet.Provider{provider}, Claims: claims}
	id.Tokens = s.TokensOf(id)
	return id
}

func user(name string, groups ...any) map[string]any {
	return map[string]any{"username": name, "sub": "sub-of-" + name, "email": name + "@example.com", "cognito:groups": groups}
}

// TestRules holds every kind of rule: which tokens a record's audience has, who may, and who may not.
func TestRules(t *testing.T) {
	pools, oidc, key, iam := freshet.UserPools, freshet.OIDC, freshet.APIKey, freshet.IAM
	type caller struct {
		provider freshet.Provider
		claims   map[string]any
	}
	for _, c := range []struct {
		rule, fields string
		record       string
		audience     []freshet.Token
		may, mayNot  []caller
	}{
		{
			rule: `{allow: public}`, record: `{}`, audience: []freshet.Token{"public"},
			may:    []caller{{key, nil}},
			mayNot: []caller{{pools, user("ana")}, {oidc, user("ana")}, {iam, nil}, {"", nil}},
		},
		{
			rule: `{allow: public, provider: iam}`, record: `{}`, audience: []freshet.Token{"public[iam]"},
			may:    []caller{{iam, nil}},
			mayNot: []caller{{key, nil}, {pools, user("ana")}},
		},
		{
			rule: `{allow: public, provider: identityPool}`, record: `{}`, audience: []freshet.Token{"public[iam]"},
			may:    []caller{{iam, nil}},
			mayNot: []caller{{key, nil}},
		},
		{
			rule: `{allow: private}`, record: `{}`, audience: []freshet.Token{"private"},
			may:    []caller{{pools, user("ana")}, {pools, map[string]any{}}},
			mayNot: []caller{{key, nil}, {oidc, user("ana")}, {iam, nil}},
		},
		{
			rule: `{allow: private, provider: oidc}`, record: `{}`, audience: []freshet.Token{"private[oidc]"},
			may:    []caller{{oidc, user("ana")}},
			mayNot: []caller{{key, nil}, {pools, user("ana")}},
		},
		{
			rule: `{allow: owner}`, record: `{"owner":"ana"}`, audience: []freshet.Token{"owner:ana"},
			may: []caller{{pools, user("ana")}, {pools, map[string]any{"cognito:username": "ana"}}, {pools, map[string]any{"sub": "ana"}}},
			mayNot: []caller{
				{pools, user("bob")},
				{pools, user("an")},
				{oidc, user("ana")},
				{key, map[string]any{"username": "ana"}},
				{pools, map[string]any{"username": "bob", "sub": "ana"}},
				{pools, map[string]any{"username": []any{"ana"}}},
				{pools, nil},
			},
		},
		{
			rule: `{allow: owner}`, record: `{}`, audience: nil,
			mayNot: []caller{{pools, user("ana")}, {pools, user("")}, {pools, nil}, {key, nil}},
		},
		{
			rule: `{allow: owner}`, record: `{"owner":""}`, audience: nil,
			mayNot: []caller{{pools, user("")}, {pools, map[string]any{"sub": ""}}},
		},
		{
			rule: `{allow: owner, provider: oidc}`, record: `{"owner":"ana"}`, audience: []freshet.Token{"owner[oidc]:ana"},
			may:    []caller{{oidc, user("ana")}},
			mayNot: []caller{{pools, user("ana")}},
		},
		{
			rule: `{allow: owner, provider: iam}`, record: `{"owner":"ana"}`, audience: []freshet.Token{"owner[iam]:ana"},
			may:    []caller{{iam, user("ana")}},
			mayNot: []caller{{iam, user("bob")}, {iam, nil}, {pools, user("ana")}},
		},
		{
			rule: `{allow: owner, ownerField: "author"}`, fields: "author: String owner: String",
			record: `{"author":"ana","owner":"bob"}`, audience: []freshet.Token{"owner:ana"},
			may:    []caller{{pools, user("ana")}},
			mayNot: []caller{{pools, user("bob")}},
		},
		{
			rule: `{allow: owner, ownerField: "editors"}`, fields: "editors: [String]",
			record: `{"editors":["bob",null,"ana","ana",""]}`, audience: []freshet.Token{"owner:ana", "owner:bob"},
			may:    []caller{{pools, user("ana")}, {pools, user("bob")}},
			mayNot: []caller{{pools, user("eve")}, {pools, user("")}},
		},
		{
			rule: `{allow: owner, identityClaim: "email"}`, record: `{"owner":"ana@example.com"}`, audience: []freshet.Token{"owner[email]:ana@example.com"},
			may: []caller{{pools, user("ana")}},
			mayNot: []caller{
				{pools, map[string]any{"username": "ana@example.com"}}, {pools, map[string]any{"email": "eve@example.com"}},
			},
		},
		{
			rule: `{allow: owner, identityClaim: "username"}`, record: `{"owner":"ana"}`, audience: []freshet.Token{"owner:ana"},
			may: []caller{{pools, user("ana")}},
		},
		{
			rule: `{allow: owner, identityClaim: "sub::username"}`, record: `{"owner":"sub-of-ana::ana"}`,
			audience: []freshet.Token{"owner[sub::username]:sub-of-ana::ana"},
			may:      []caller{{pools, user("ana")}},
			mayNot:   []caller{{pools, user("bob")}, {pools, map[string]any{"username": "ana", "sub": "another"}}},
		},
		{
			rule: `{allow: owner, identityClaim: "sub::username"}`, record: `{"owner":"ana"}`, audience: []freshet.Token{"owner[sub::username]:ana"},
			may:    []caller{{pools, user("ana")}},
			mayNot: []caller{{pools, user("bob")}},
		},
		{
			rule: `{allow: groups, groups: ["admins", "staff"]}`, record: `{}`, audience: []freshet.Token{"group:admins", "group:staff"},
			may: []caller{
				{pools, user("ana", "admins")},
				{pools, user("ana", "x", "staff")},
				{pools, map[string]any{"cognito:groups": `["staff"]`}},
				{pools, map[string]any{"cognito:groups": "staff"}},
			},
			mayNot: []caller{{pools, user("admins")}, {pools, user("ana", "admin")}, {pools, user("ana")}, {oidc, user("ana", "admins")}, {key, nil}},
		},
		{
			rule: `{allow: groups, groupsField: "team"}`, fields: "team: String",
			record: `{"team":"red"}`, audience: []freshet.Token{"group:red"},
			may:    []caller{{pools, user("ana", "red")}},
			mayNot: []caller{{pools, user("ana", "blue")}, {pools, user("red")}},
		},
		{
			rule: `{allow: groups}`, fields: "groups: [String]",
			record: `{"groups":["red","blue"]}`, audience: []freshet.Token{"group:blue", "group:red"},
			may:    []caller{{pools, user("ana", "red")}, {pools, user("ana", "blue")}},
			mayNot: []caller{{pools, user("ana", "green")}, {pools, user("ana")}},
		},
		{
			rule: `{allow: groups, groups: ["admins"], groupClaim: "roles", provider: oidc}`, record: `{}`, audience: []freshet.Token{"group[oidc,roles]:admins"},
			may:    []caller{{oidc, map[string]any{"roles": []any{"admins"}}}},
			mayNot: []caller{{oidc, user("ana", "admins")}, {pools, map[string]any{"roles": []any{"admins"}}}},
		},
		{
			// An owner and a group of the same name are not each other.
			rule: `{allow: groups, groups: ["ana"]}, {allow: owner}`, record: `{"owner":"red"}`, audience: []freshet.Token{"group:ana", "owner:red"},
			may:    []caller{{pools, user("x", "ana")}, {pools, user("red")}},
			mayNot: []caller{{pools, user("ana")}, {pools, user("x", "red")}},
		},
		{rule: "", record: `{}`, mayNot: []caller{{key, nil}, {pools, user("ana", "admins")}, {iam, nil}}},
	} {
		t.Run(c.rule+" "+c.record, func(t *testing.T) {
			auth := ""
			if c.rule != "" {
				auth = "@auth(rules: [" + c.rule + "])"
			}
			s := mustLoad(t, fmt.Sprintf("type T @model %s { x: Int %s }", auth, c.fields))
			m := s.Models[0]
			doc, err := m.Parse([]byte(c.record))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.audience, m.Audience(doc)); diff != "" {
				t.Errorf("audience (-want +got):\n%s", diff)
			}
			for _, access := range []Access{AccessCreate, AccessUpdate, AccessDelete, AccessGet, AccessList, AccessSync, AccessListen} {
				for _, who := range c.may {
					if !m.Allows(signedIn(s, who.provider, who.claims), access, doc) {
						t.Errorf("%v may not (%x)", who, access)
					}
				}
				for _, who := range c.mayNot {
					if m.Allows(signedIn(s, who.provider, who.claims), access, doc) {
						t.Errorf("%v may (%x)", who, access)
					}
				}
			}
			if !m.Allows(&freshet.Identity{System: true}, AccessUpdate, doc) {
				t.Error("the operator may not")
			}
		})
	}
}

// TestGuests holds that what is private is for those who signed in, and what is public for guests too.
func TestGuests(t *testing.T) {
	s := mustLoad(t, `type T @model @auth(rules: [{allow: private, provider: iam}, {allow: public, provider: iam, operations: [read]}]) { x: Int }`)
	m := s.Models[0]
	guest := &freshet.Identity{Providers: []freshet.Provider{freshet.IAM}, Guest: true}
	guest.Tokens = s.TokensOf(guest)
	for _, who := range []struct {
		id   *freshet.Identity
		may  []Access
		not  []Access
		held []freshet.Token
	}{
		{signedIn(s, freshet.IAM, nil), []Access{AccessCreate, AccessGet}, nil, []freshet.Token{"private[iam]", "public[iam]"}},
		{guest, []Access{AccessGet, AccessListen}, []Access{AccessCreate, AccessUpdate, AccessDelete}, []freshet.Token{"public[iam]"}},
	} {
		if diff := cmp.Diff(who.held, who.id.Tokens); diff != "" {
			t.Errorf("tokens (-want +got):\n%s", diff)
		}
		for _, access := range who.may {
			if !m.Allows(who.id, access, Doc{nil}) || !m.MayEver(who.id, access) {
				t.Errorf("a guest (%v) may not (%x)", who.id.Guest, access)
			}
		}
		for _, access := range who.not {
			if m.Allows(who.id, access, Doc{nil}) || m.MayEver(who.id, access) {
				t.Errorf("a guest may (%x)", access)
			}
		}
	}
}

func TestOperations(t *testing.T) {
	all := []Access{AccessCreate, AccessUpdate, AccessDelete, AccessGet, AccessList, AccessSync, AccessListen}
	for operations, want := range map[string]Access{
		"[create]": AccessCreate, "[read]": AccessRead, "[update, delete]": AccessUpdate | AccessDelete,
		"[get]": AccessGet, "[list, listen]": AccessList | AccessListen, "[create, sync]": AccessCreate | AccessSync, "[search]": 0, "read": AccessRead,
	} {
		s := mustLoad(t, `type T @model @auth(rules: [{allow: owner, operations: `+operations+`}]) { x: Int }`)
		m, ana := s.Models[0], signedIn(s, freshet.UserPools, user("ana"))
		doc, _ := m.Parse([]byte(`{"owner":"ana"}`))
		for _, access := range all {
			may := want&access != 0
			if m.Allows(ana, access, doc) != may || m.MayEver(ana, access) != may {
				t.Errorf("%s: access %x: allowed %v, ever %v, want %v", operations, access, m.Allows(ana, access, doc), m.MayEver(ana, access), may)
			}
		}
		if got := len(m.Audience(doc)) > 0; got != (want&AccessRead != 0) {
			t.Errorf("%s: in the audience %v", operations, got)
		}
		if partial := want&AccessRead != 0 && want&AccessRead != AccessRead; m.Partial() != partial {
			t.Errorf("%s: partial %v", operations, m.Partial())
		}
	}
}

func TestMayEver(t *testing.T) {
	s := mustLoad(t, `
		type A @model @auth(rules: [{allow: groups, groups: ["admins"]}]) { x: Int }
		type B @model @auth(rules: [{allow: owner}]) { x: Int }
		type C @model @auth(rules: [{allow: public, operations: [read]}]) { x: Int }
		type D @model { x: Int }`)
	for _, c := range []struct {
		who      string
		id       *freshet.Identity
		read     string
		mayWrite string
	}{
		{"admin", signedIn(s, freshet.UserPools, user("ana", "admins")), "AB", "AB"},
		{"user", signedIn(s, freshet.UserPools, user("ana")), "B", "B"},
		{"key", signedIn(s, freshet.APIKey, nil), "C", ""},
		{"nobody", signedIn(s, "", nil), "", ""},
		{"operator", &freshet.Identity{System: true}, "ABCD", "ABCD"},
	} {
		for _, m := range s.Models {
			if got, want := m.MayEver(c.id, AccessList), strings.Contains(c.read, string(m.Name)); got != want {
				t.Errorf("%s lists %s: %v", c.who, m.Name, got)
			}
			if got, want := m.MayEver(c.id, AccessCreate), strings.Contains(c.mayWrite, string(m.Name)); got != want {
				t.Errorf("%s creates %s: %v", c.who, m.Name, got)
			}
		}
	}
}

func TestSetOwners(t *testing.T) {
	for _, c := range []struct{ rule, fields, before, after string }{
		{`{allow: owner}`, "", `{}`, `{"owner":"ana"}`},
		{`{allow: owner}`, "", `{"owner":"bob"}`, `{"owner":"bob"}`},
		{`{allow: owner}`, "", `{"owner":null}`, `{}`},
		{`{allow: owner, ownerField: "editors"}`, "editors: [String]", `{}`, `{"editors":["ana"]}`},
		{`{allow: owner, identityClaim: "sub::username"}`, "", `{}`, `{"owner":"sub-of-ana::ana"}`},
		{`{allow: owner, identityClaim: "email"}`, "", `{}`, `{"owner":"ana@example.com"}`},
		{`{allow: owner, identityClaim: "phone"}`, "", `{}`, `{}`},
		{`{allow: owner, operations: [read]}`, "", `{}`, `{}`},
		{`{allow: owner, provider: oidc}`, "", `{}`, `{}`},
		{`{allow: owner}, {allow: owner, ownerField: "by", operations: [create]}`, "by: String", `{}`, `{"by":"ana","owner":"ana"}`},
	} {
		s := mustLoad(t, fmt.Sprintf("type T @model @auth(rules: [%s]) { x: Int %s }", c.rule, c.fields))
		m := s.Models[0]
		doc, err := m.Parse([]byte(c.before))
		if err != nil {
			t.Fatal(err)
		}
		m.SetOwners(signedIn(s, freshet.UserPools, user("ana")), doc)
		if got := string(m.Body(doc)); got != c.after {
			t.Errorf("%s on %s: %s, want %s", c.rule, c.before, got, c.after)
		}
	}
}
