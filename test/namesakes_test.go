package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"freshet/internal/api/control"
	"freshet/internal/auth"
	"freshet/internal/server"
)

// namesakeModels are guarded by each kind of rule, for one provider. The first is pushed.
const namesakeModels = `
	type KINDNote @model @auth(rules: [{allow: owner, provider: PROVIDER}]) { text: String! }
	type KINDTeam @model @auth(rules: [{allow: groups, groups: ["editors"], provider: PROVIDER}]) { text: String! }
	type KINDBoard @model @auth(rules: [{allow: groups, groupsField: "teams", provider: PROVIDER}]) { text: String! teams: [String] }
	type KINDClub @model @auth(rules: [{allow: private, provider: PROVIDER}]) { text: String! }`

// namesake is one of two people of one name and of one group, each of an issuer of their own.
type namesake struct {
	*counter
	t     *testing.T
	kind  string // of the models that are guarded for it
	token string
	live  *websocket.Conn // hears all changes

	writes int // that it pushed
}

// TestNamesakes: "ana" of this server and "ana" of another issuer, which is given no provider, reach what the rules for
// their own provider guard, by every way of reading and writing, and nothing of each other's by any.
func TestNamesakes(t *testing.T) {
	is, key := openIssuer(t), newSigningKey(t, "first")
	is.publish(key)
	trusted, err := auth.ParseIssuer("issuer=" + is.url + ",client_id=shop")
	check(t, err)
	file := filepath.Join(t.TempDir(), "namesakes.graphql")
	sdl := strings.NewReplacer("KIND", "Own", "PROVIDER", "userPools").Replace(namesakeModels) +
		strings.NewReplacer("KIND", "Far", "PROVIDER", "oidc").Replace(namesakeModels)
	check(t, os.WriteFile(file, []byte(sdl), 0o600))
	c := openCounter(t, server.Config{Schema: []string{file}, Issuers: []auth.Issuer{trusted}})
	_, _, err = c.operator.CreateUser(t.Context(), control.NewUser{Name: "ana", Password: password, Groups: []string{"editors"}})
	check(t, err)
	var signedIn struct {
		AuthenticationResult struct{ AccessToken string }
	}
	c.cognito(t, "InitiateAuth", signInOf("ana"), &signedIn)
	own := &namesake{counter: c, t: t, kind: "Own", token: signedIn.AuthenticationResult.AccessToken}
	far := &namesake{counter: c, t: t, kind: "Far", token: is.token(t, key, map[string]any{"cognito:groups": []string{"editors"}})}

	both := []*namesake{own, far}
	cursors := make(map[*namesake]string)
	for _, n := range both {
		n.live = n.subscribe(`subscription { changes { changes { key } } }`)
		cursors[n], _ = n.changes("")
	}
	for _, n := range both { // the counters of the one are not those of the other
		n.gets(`mutation { push(client: "c", writes: [{counter: 1, op: CREATE, model: "KINDNote", key: "KINDNote", fields: {text: "x"}}]) { results { status key } } }`,
			`{"status":"APPLIED","key":"KINDNote"}`)
		n.gets(`mutation { createKINDTeam(input: {id: "KINDTeam", text: "x"}) { id } }`, `"id":"KINDTeam"`)
		n.gets(`mutation { createKINDBoard(input: {id: "KINDBoard", text: "x", teams: ["editors"]}) { id } }`, `"id":"KINDBoard"`)
		n.gets(`mutation { createKINDClub(input: {id: "KINDClub", text: "x"}) { id } }`, `"id":"KINDClub"`)
	}
	for i, n := range both {
		for _, sort := range []string{"Note", "Team", "Board", "Club"} {
			n.reaches(n.kind+sort, true)
			n.reaches(both[1-i].kind+sort, false)
		}
		want := []string{n.kind + "Board", n.kind + "Club", n.kind + "Note", n.kind + "Team"}
		for _, after := range []string{"", cursors[n]} {
			if _, got := n.changes(after); !slices.Equal(got, want) {
				t.Errorf("%s: the changes after %q are %q, want %q", n.kind, after, got, want)
			}
		}
	}
	for _, n := range both {
		n.gets(`mutation { createKINDClub(input: {id: "last of KIND", text: "x"}) { id } }`, "last of KIND")
	}
	for _, n := range both {
		heard := n.hears("last of " + n.kind)
		if diff := cmp.Diff([]string{n.kind + "Board", n.kind + "Club", n.kind + "Note", n.kind + "Team", "last of " + n.kind}, heard); diff != "" {
			t.Errorf("%s hears (-want +got):\n%s", n.kind, diff)
		}
	}
}

// reaches sees that a record, of its model's name, is in reach, or is not.
func (n *namesake) reaches(model string, may bool) {
	n.t.Helper()
	n.writes++
	push := fmt.Sprintf(`push(client: "d", writes: [{counter: %d, op: UPDATE, model: "MODEL", key: "MODEL", fields: {text: "x"}}])`, n.writes)
	replace := strings.NewReplacer("MODEL", model).Replace
	for query, want := range map[string]string{
		`{ getMODEL(id: "MODEL") { id text } }`:                                  `{"getMODEL":{"id":"MODEL","text":"x"}}`,
		`{ listMODELs { items { id text } } }`:                                   `"items":[{"id":"MODEL","text":"x"}]`,
		`{ history(model: "MODEL", key: "MODEL") { items { version record } } }`: `"version":1`,
		`{ changes(models: ["MODEL"]) { changes { key record } } }`:              `"key":"MODEL"`,
		`mutation { updateMODEL(input: {id: "MODEL", text: "x"}) { id text } }`:  `{"updateMODEL":{"id":"MODEL","text":"x"}}`,
		`mutation { ` + push + ` { results { status record } } }`:                `"text":"x"`,
	} {
		if got := n.ask(n.t, n.token, replace(query)); strings.Contains(got, replace(want)) != may {
			n.t.Errorf("%s: %s gives %s, and should hold %s: %t", n.kind, replace(query), got, replace(want), may)
		}
	}
	if !may {
		n.gets(`mutation { deleteMODEL(input: {id: "MODEL"}) { id } }`, `"errorType":"Unauthorized"`, "MODEL", model)
	}
}

// gets sees what an answer holds. KIND stands for the kind of the models, and more may stand for something.
func (n *namesake) gets(query, want string, more ...string) {
	n.t.Helper()
	replace := strings.NewReplacer(append([]string{"KIND", n.kind}, more...)...).Replace
	if got := n.ask(n.t, n.token, replace(query)); !strings.Contains(got, replace(want)) {
		n.t.Errorf("%s: %s gives %s, want %s", n.kind, replace(query), got, replace(want))
	}
}

// changes gives the next cursor, and the keys of what changed, sorted.
func (n *namesake) changes(after string) (cursor string, keys []string) {
	n.t.Helper()
	argument := ""
	if after != "" {
		argument = `(after: "` + after + `")`
	}
	_, body, _ := strings.Cut(n.ask(n.t, n.token, `{ changes`+argument+` { cursor changes { key } } }`), " ")
	var answer struct {
		Data struct {
			Changes struct {
				Cursor  string
				Changes []struct{ Key string }
			}
		}
	}
	check(n.t, json.Unmarshal([]byte(body), &answer))
	for _, change := range answer.Data.Changes.Changes {
		keys = append(keys, change.Key)
	}
	slices.Sort(keys)
	return answer.Data.Changes.Cursor, keys
}

// subscribe begins a subscription on a socket of its own.
func (n *namesake) subscribe(query string) *websocket.Conn {
	n.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.DialContext(n.t.Context(), "ws://"+n.Addr()+"/graphql", nil)
	check(n.t, err)
	n.t.Cleanup(func() { ws.Close() })
	check(n.t, ws.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"Authorization": n.token}}))
	check(n.t, ws.WriteJSON(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]string{"query": query}}))
	return ws
}

// hears gives the keys that a socket heard of, sorted, each once, up to the last.
func (n *namesake) hears(last string) (keys []string) {
	n.t.Helper()
	check(n.t, n.live.SetReadDeadline(time.Now().Add(10*time.Second)))
	for !slices.Contains(keys, last) {
		var message struct {
			Payload struct {
				Data struct {
					Changes struct{ Changes []struct{ Key string } }
				}
			}
		}
		check(n.t, n.live.ReadJSON(&message))
		for _, change := range message.Payload.Data.Changes.Changes {
			keys = append(keys, change.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
