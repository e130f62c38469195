package api_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestHistoryIsShown(t *testing.T) {
	h := open(t)
	ana, ben := h.User("ana"), h.User("ben")
	h.Ask(ana, `mutation { createTask(input: {id: "1", title: "Water"}) { id } }`)
	h.Ask(ana, `mutation { updateTask(input: {id: "1", title: "Rain", sharedWith: ["ben"]}) { id } }`)
	h.Ask(ben, `mutation { updateTask(input: {id: "1", points: 3}) { id } }`)
	h.want(ana, `{ history(model: "Task", key: "1") { items { version op by changed } nextToken } }`,
		`{"data":{"history":{"items":[{"version":3,"op":"UPDATE","by":"user ben","changed":["points"]},`+
			`{"version":2,"op":"UPDATE","by":"user ana","changed":["title","sharedWith"]},`+
			`{"version":1,"op":"CREATE","by":"user ana","changed":["id","title","status","owner"]}],"nextToken":null}}}`)
	h.want(ben, `{ history(model: "Task", key: "1") { items { version changed } } }`,
		`{"data":{"history":{"items":[{"version":3,"changed":["points"]},{"version":2,"changed":null}]}}}`)
	var got struct {
		Data struct {
			History struct {
				Items []struct {
					At     int64
					Record map[string]any
				}
				NextToken string
			}
		}
	}
	page := h.Ask(ana, `{ history(model: "Task", key: "1", limit: 1) { items { at record } nextToken } }`)
	if err := json.Unmarshal([]byte(page), &got); err != nil || len(got.Data.History.Items) != 1 || got.Data.History.NextToken == "" {
		t.Fatalf("the first page is %s", page)
	}
	if first := got.Data.History.Items[0]; first.At == 0 || first.Record["title"] != "Rain" || first.Record["points"] != 3.0 {
		t.Errorf("the latest version is %s", page)
	}
	h.want(ana, `query($t: String) { history(model: "Task", key: "1", limit: 1, nextToken: $t) { items { version } } }`,
		`{"data":{"history":{"items":[{"version":2}]}}}`, `{"t":"`+got.Data.History.NextToken+`"}`)

	h.fails(h.User("eve"), `{ history(model: "Task", key: "1") { items { version } } }`, "Unauthorized", "not allowed to get this Task")
	h.fails(ana, `{ history(model: "Ghost", key: "1") { items { version } } }`, "ValidationException", `there is no model "Ghost"`)
	h.fails(ana, `{ history(model: "Slot", key: "1") { items { version } } }`, "ValidationException", "key")
	h.fails(ana, `{ history(model: "Task", key: "1", limit: 1001) { items { version } } }`, "LimitExceededException", "1000 versions")
}

// TestHistoryHidesTheSub holds that owners are shown in old versions as they are elsewhere.
func TestHistoryHidesTheSub(t *testing.T) {
	h := openSDL(t, `type Note @model @auth(rules: [{allow: owner, identityClaim: "sub::username"}]) { text: String owner: String }`)
	ana := h.User("ana")
	h.Ask(ana, `mutation { createNote(input: {id: "1", text: "x"}) { id } }`)
	if got := h.Ask(ana, `{ history(model: "Note", key: "1") { items { record } } }`); !strings.Contains(got, `"owner":"ana"`) || strings.Contains(got, "sub-ana") {
		t.Errorf("the owner is shown in %s", got)
	}
}
