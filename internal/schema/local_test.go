package schema

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
)

const presence = `
type Task @model @auth(rules: [{allow: owner}]) { title: String }
type Presence { taskId: ID! user: String! @caller state: String mood: Mood at: AWSTimestamp @now day: AWSDateTime @now }
enum Mood { GOOD BAD }
type Mutation {
  "Who looks at what."
  setPresence(taskId: ID!, state: String = "here", mood: Mood, silent: Boolean): Presence @local(reads: {model: "Task", key: "taskId"})
  shout(taskId: ID!): Presence! @local @auth(rules: [{allow: groups, groups: ["loud"]}])
}
type Subscription {
  onPresence(taskId: ID, mood: Mood): Presence @aws_subscribe(mutations: ["setPresence", "shout"])
  onPublic: Presence @aws_subscribe(mutations: ["shout"]) @auth(rules: [{allow: public}])
}
`

// arguments gives the arguments of a call.
func arguments(given map[string]string) func(string) []byte {
	return func(name string) []byte {
		if value, ok := given[name]; ok {
			return []byte(value)
		}
		return nil
	}
}

func TestNotice(t *testing.T) {
	s := mustLoad(t, presence)
	ana, key := signedIn(s, freshet.UserPools, user("ana")), signedIn(s, freshet.APIKey, nil)
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		id     *freshet.Identity
		given  map[string]string
		want   string
		code   freshet.Code
		reason string
	}{
		{ana, map[string]string{"taskId": `"t"`, "state": `"typing"`, "mood": `"GOOD"`, "silent": "true"}, `{"taskId":"t","user":"ana","state":"typing","mood":"GOOD","at":1795420800000,"day":"2026-11-23T08:00:00.000Z"}`, "", ""},
		{ana, map[string]string{"taskId": `"t"`, "state": "null"}, `{"taskId":"t","user":"ana","at":1795420800000,"day":"2026-11-23T08:00:00.000Z"}`, "", ""},
		{ana, map[string]string{"taskId": `"t"`, "mood": `"UGLY"`}, "", freshet.Invalid, `mood: "UGLY" is no Mood`},
		{ana, map[string]string{"taskId": "null"}, "", freshet.Invalid, "taskId: null"},
		{key, map[string]string{"taskId": `"t"`}, "", freshet.Forbidden, "you have no name"},
	} {
		n, err := s.Locals[0].Notice(c.id, arguments(c.given), now)
		if c.code != "" {
			if freshet.CodeOf(err) != c.code || !strings.Contains(freshet.MessageOf(err), c.reason) {
				t.Errorf("%v: %v, want %s %q", c.given, err, c.code, c.reason)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(n.Body)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.given, diff)
		}
		if n.About != freshet.StringKey("t") {
			t.Errorf("it is about %q", n.About)
		}
	}
}

func TestWhoTellsAndWhoHears(t *testing.T) {
	s := mustLoad(t, presence)
	ana, loud := signedIn(s, freshet.UserPools, user("ana")), signedIn(s, freshet.UserPools, user("lou", "loud"))
	key := signedIn(s, freshet.APIKey, nil)
	bound := *ana
	bound.Scopes = []freshet.Scope{{Model: "Task", Operations: []string{"create", "read"}}}
	set, shout, onPresence, onPublic := s.Locals[0], s.Locals[1], s.Hearings[0], s.Hearings[1]
	for _, c := range []struct {
		who       *freshet.Identity
		may, want [4]bool
	}{
		{ana, [4]bool{set.MayTell(ana), shout.MayTell(ana), onPresence.MayHear(ana), onPublic.MayHear(ana)}, [4]bool{true, false, true, false}},
		{loud, [4]bool{set.MayTell(loud), shout.MayTell(loud), onPresence.MayHear(loud), onPublic.MayHear(loud)}, [4]bool{true, true, true, false}},
		{key, [4]bool{set.MayTell(key), shout.MayTell(key), onPresence.MayHear(key), onPublic.MayHear(key)}, [4]bool{false, false, false, true}},
		{&bound, [4]bool{set.MayTell(&bound), shout.MayTell(&bound), onPresence.MayHear(&bound), onPublic.MayHear(&bound)}, [4]bool{}},
	} {
		if c.may != c.want {
			t.Errorf("%v with scopes %v may %v, want %v", c.who.Claims, c.who.Scopes, c.may, c.want)
		}
	}
}

func TestMatches(t *testing.T) {
	s := mustLoad(t, presence)
	ana := signedIn(s, freshet.UserPools, user("ana"))
	n, err := s.Locals[0].Notice(ana, arguments(map[string]string{"taskId": `"t"`}), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for want, given := range map[bool][]map[string]string{
		true:  {{}, {"taskId": `"t"`}, {"taskId": `"\u0074"`}, {"mood": "null"}, {"taskId": `"t"`, "mood": "null"}},
		false: {{"taskId": `"u"`}, {"taskId": "null"}, {"mood": `"GOOD"`}, {"taskId": `"t"`, "mood": `"BAD"`}},
	} {
		for _, arg := range given {
			wanted, err := s.Hearings[0].Wanted(arguments(arg))
			if err != nil {
				t.Fatal(err)
			}
			if n.Matches(wanted) != want {
				t.Errorf("%v matches: %v", arg, !want)
			}
		}
	}
}

// TestLocalProblems holds what may not be declared.
func TestLocalProblems(t *testing.T) {
	const says = "type P { x: String! }\ntype T @model { y: Int }\n"
	for _, c := range []struct{ text, want string }{
		{"type Mutation { m(x: String!): P }", "3: Mutation.m: mutations of records are generated; mark one"},
		{"type Mutation { m(x: String!): T @local }", "a local message is of a type without @model"},
		{"type Mutation { m(x: String!): [P] @local }", "a local message is of a type without @model"},
		{"type Mutation { m(x: String!): String @local }", "a local message is of a type without @model"},
		{"type Mutation { m: P @local }", "P.x is non-null; add the argument x: String!"},
		{"type Mutation { m(x: String): P @local }", "P.x is non-null; add the argument x: String!"},
		{"type Mutation { m(x: Int!): P @local }", "the argument x is of type Int!, and P.x of type String!"},
		{"type Mutation { push(x: String!): P @local }", "Mutation.push is there already"},
		{"type Mutation { createT(x: String!): P @local }", "Mutation.createT is there already"},
		{"type Mutation { m(x: String!): P @local }\nextend type Mutation { m(x: String!): P @local }", "4: Mutation.m is there already"},
		{"type Mutation { _m(x: String!): P @local }", "names that begin with an underscore"},
		{"type Mutation @auth { m(x: String!): P @local }", "Mutation can have neither directives"},
		{"type Mutation { m(x: String!): P @local(queue: 1) }", "the only argument is reads"},
		{"type Mutation { m(x: String!): P @local(reads: {model: \"T\", key: \"y\"}) }", "write reads: {model:"},
		{"type Mutation { m(x: String!): P @local(reads: {model: \"U\", key: \"x\"}) }", "write reads: {model:"},
		{"type Mutation { m(x: String!, k: ID): P @local(reads: {model: \"T\", key: \"k\"}) }", "an argument of type ID!"},
		{"type Mutation { m(x: String!): P @local @auth(rules: [{allow: owner}]) }", "look at the caller alone"},
		{"type Mutation { m(x: String!): P @local @auth(rules: [{allow: private, operations: [read]}]) }", "look at the caller alone"},
		{"type Mutation { m(x: String!): P @local @default(value: \"1\") }", "@default on Mutation.m is not known"},
		{"type Subscription { s: P }", "name the @local mutations that it hears"},
		{"type Subscription { s: P @aws_subscribe(mutations: [\"createT\"]) }", "there is no @local mutation createT that gives a P"},
		{"type Subscription { onCreateT: P @aws_subscribe(mutations: [\"m\"]) }", "Subscription.onCreateT is there already"},
		{"type Mutation { m(x: String!): P @local }\ntype Subscription { s: P! @aws_subscribe(mutations: [\"m\"]) }", "a type that can be null"},
		{"type Mutation { m(x: String!): P @local }\ntype Subscription { s(y: Int): P @aws_subscribe(mutations: [\"m\"]) }", "the argument y has to be a field of P"},
		{"type Q { at: Int @now }\ntype Mutation { m: Q @local }", "@now on Q.at: the field has to be of type AWSTimestamp or AWSDateTime"},
		{"type Q { by: String @caller }", "no @local mutation gives a Q"},
		{"type Q { by: String @caller }\ntype Mutation { m(by: String): Q @local }", "Q.by is filled in by the server; take the argument away"},
		{"type Q { by: String @caller }\ntype Mutation { m: Q @local }\ntype U @model { q: [Q] }", "it cannot be a part of something else"},
		{"type U @model { by: String @caller }", "@caller on U.by is not known"},
	} {
		_, err := Load(Source{Name: "s", Text: says + c.text})
		if problems, ok := errors.AsType[Problems](err); !ok || !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}
