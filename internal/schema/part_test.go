package schema

import (
	"slices"
	"testing"

	"freshet"
)

func TestPart(t *testing.T) {
	const usual = `{allow: owner}`
	for name, c := range map[string]struct {
		rules, fields string
		record, want  string // want is empty where the record does not name ana
		owned, keyed  bool
	}{
		"an owner":                    {usual, `owner: String`, `{"owner":"ana"}`, `{"id":"1"}`, true, false},
		"one that was not declared":   {usual, ``, `{"owner":"ana"}`, `{"id":"1"}`, true, false},
		"another's":                   {usual, `owner: String`, `{"owner":"bob"}`, "", false, false},
		"nobody's":                    {usual, `owner: String`, `{}`, "", false, false},
		"one whose name begins alike": {usual, `owner: String`, `{"owner":"ana2"}`, "", false, false},
		"a name in a field that rules do not look at": {usual, `owner: String note: String`, `{"note":"ana"}`, "", false, false},
		"a field that needs a value":                  {usual, `owner: String!`, `{"owner":"ana"}`, `{"id":"1","owner":""}`, true, false},
		"a list":                                      {usual, `owner: [String]`, `{"owner":["bob","ana",null,"eve","ana"]}`, `{"id":"1","owner":["bob",null,"eve"]}`, false, false},
		"a list of one":                               {usual, `owner: [String!]!`, `{"owner":["ana"]}`, `{"id":"1","owner":[]}`, false, false},
		"a list of others":                            {usual, `owner: [String]`, `{"owner":["bob"]}`, "", false, false},
		"several fields":                              {usual + ` {allow: owner, ownerField: "editors"}`, `owner: String editors: [String]`, `{"owner":"bob","editors":["ana","bob"]}`, `{"id":"1","owner":"bob","editors":["bob"]}`, false, false},
		"a field of several rules":                    {`{allow: owner, operations: [read]} {allow: owner, operations: [delete]}`, `owner: String`, `{"owner":"ana"}`, `{"id":"1"}`, true, false},
		"who may read and update":                     {`{allow: owner, ownerField: "for", operations: [read, update]}`, `for: String`, `{"for":"ana"}`, `{"id":"1"}`, false, false},
		"who may create":                              {`{allow: owner, operations: [create]}`, `owner: String`, `{"owner":"ana"}`, `{"id":"1"}`, true, false},
		"by the id":                                   {`{allow: owner, identityClaim: "sub"}`, `owner: String`, `{"owner":"sub-of-ana"}`, `{"id":"1"}`, true, false},
		"by the id, and a name":                       {`{allow: owner, identityClaim: "sub"}`, `owner: String`, `{"owner":"ana"}`, "", false, false},
		"by both":                                     {`{allow: owner, identityClaim: "sub::username"}`, `owner: String`, `{"owner":"sub-of-ana::ana"}`, `{"id":"1"}`, true, false},
		"by both, and a name":                         {`{allow: owner, identityClaim: "sub::username"}`, `owner: String`, `{"owner":"ana"}`, `{"id":"1"}`, true, false},
		"by both, and an id":                          {`{allow: owner, identityClaim: "sub::username"}`, `owner: [String]`, `{"owner":["sub-of-ana","x"]}`, `{"id":"1","owner":["x"]}`, false, false},
		"by both, and another's":                      {`{allow: owner, identityClaim: "sub::username"}`, `owner: String`, `{"owner":"sub-of-bob::ana"}`, "", false, false},
		"by a claim that she has not":                 {`{allow: owner, identityClaim: "tenant"}`, `owner: String`, `{"owner":"ana"}`, "", false, false},
		"of another provider":                         {`{allow: owner, provider: oidc}`, `owner: String`, `{"owner":"ana"}`, "", false, false},
		"a group of her name":                         {`{allow: groups, groupsField: "team"}`, `team: String`, `{"team":"ana"}`, "", false, false},
		"the key":                                     {usual, `owner: String! @primaryKey size: Int!`, `{"owner":"ana","size":7}`, `{"owner":"ana"}`, true, true},
		"a part of the key":                           {usual, `at: Int! @primaryKey(sortKeyFields: ["owner"]) owner: String! size: Int!`, `{"at":3,"owner":"ana","size":7}`, `{"at":3,"owner":"ana"}`, true, true},
		"the key of another":                          {usual + ` {allow: owner, ownerField: "editors"}`, `owner: String! @primaryKey editors: [String]`, `{"owner":"bob","editors":["ana"]}`, `{"owner":"bob","editors":[]}`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Load(Source{Name: "s", Text: `type T @model @auth(rules: [` + c.rules + `]) { name: String ` + c.fields + ` }`})
			if err != nil {
				t.Fatal(err)
			}
			m := s.Model("T")
			doc, err := m.Parse([]byte(c.record))
			if err != nil {
				t.Fatal(err)
			}
			if f := m.ID(); f != nil {
				doc[f.Ordinal] = []byte(`"1"`)
			}
			id := &freshet.Identity{Providers: []freshet.Provider{freshet.UserPools}, Claims: map[string]any{"username": "ana", "sub": "sub-of-ana"}}
			before := string(m.Body(doc))
			p, named := m.Part(id, doc)
			if named != (c.want != "") || p.Owned != c.owned || p.Keyed != c.keyed {
				t.Errorf("named %t, owned %t, keyed %t", named, p.Owned, p.Keyed)
			}
			if named && string(m.Body(p.Doc)) != c.want {
				t.Errorf("left is %s, want %s", m.Body(p.Doc), c.want)
			}
			if got := string(m.Body(doc)); got != before {
				t.Errorf("the record itself became %s", got)
			}
			for _, token := range s.OwnerTokens(id) {
				if !p.Keyed && slices.Contains(m.Audience(p.Doc), token) {
					t.Errorf("%s may still read it", token)
				}
			}
		})
	}
}

func TestOwnersTokens(t *testing.T) {
	s, err := Load(Source{Name: "s", Text: `
		type Task @model @auth(rules: [{allow: owner}, {allow: private, operations: [read]}, {allow: groups, groups: ["a"]}]) { title: String }
		type Note @model @auth(rules: [{allow: owner, identityClaim: "sub"}, {allow: owner, ownerField: "inbox", operations: [create]}]) { inbox: String }
		type Mark @model @auth(rules: [{allow: owner, provider: oidc, operations: [create]}, {allow: owner}]) { title: String }`})
	if err != nil {
		t.Fatal(err)
	}
	id := signedIn(s, freshet.UserPools, user("ana", "a"))
	if got, want := s.OwnerTokens(id), []freshet.Token{"owner:ana", "owner[sub]:sub-of-ana"}; !slices.Equal(got, want) {
		t.Errorf("the tokens are %q, want %q", got, want)
	}
	for model, want := range map[freshet.ModelName]bool{"Task": false, "Note": true, "Mark": false} {
		if got := s.Model(model).HidesOwned(id); got != want {
			t.Errorf("%s hides what ana owns: %t", model, got)
		}
	}
}
