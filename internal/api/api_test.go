package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/api/apitest"
)

const sdl = `
type Task @model @auth(rules: [{allow: owner}, {allow: owner, ownerField: "sharedWith", operations: [read, update]}, {allow: groups, groups: ["admins"]}]) {
  title: String!
  status: Status @default(value: "OPEN")
  points: Int
  tags: [String]
  place: Place
  sharedWith: [String]
  owner: String @index(name: "byOwner", queryField: "tasksByOwner", sortKeyFields: ["status", "points"])
}
enum Status { OPEN DONE }
type Place { name: String! floor: Int }
type Slot @model @auth(rules: [{allow: public}]) {
  room: ID! @primaryKey(sortKeyFields: ["start"])
  start: Int!
  note: String
}
type Secret @model @auth(rules: [{allow: groups, groups: ["admins"]}]) { id: ID! text: String }
`

// house asks, and looks at the answers.
type house struct{ *apitest.House }

func open(t *testing.T) house { return openSDL(t, sdl) }

func openSDL(t *testing.T, sdl string) house { return house{apitest.Open(t, sdl)} }

func (h house) want(id *freshet.Identity, query, response string, variables ...string) {
	h.T.Helper()
	if diff := cmp.Diff(response, h.Ask(id, query, variables...)); diff != "" {
		h.T.Errorf("%s\n(-want +got):\n%s", query, diff)
	}
}

// fails asks, and wants an error with a type and a part of a message.
func (h house) fails(id *freshet.Identity, query, errorType, message string, variables ...string) json.RawMessage {
	h.T.Helper()
	response := h.Ask(id, query, variables...)
	var got struct {
		Errors []struct {
			ErrorType, Message string
			Data               json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(response), &got); err != nil || len(got.Errors) != 1 {
		h.T.Fatalf("%s\ngave %s, want one error", query, response)
	}
	if e := got.Errors[0]; e.ErrorType != errorType || !strings.Contains(e.Message, message) {
		h.T.Errorf("%s\ngave %s %q, want %s %q", query, e.ErrorType, e.Message, errorType, message)
	}
	return got.Errors[0].Data
}

func TestRecordsAreWrittenAndRead(t *testing.T) {
	h := open(t)
	ana, ben := h.User("ana"), h.User("ben")
	h.want(ana, `mutation { createTask(input: {id: "1", title: "Water", place: {name: "Hall"}, tags: "green"}) { id title status owner tags place { name floor } _version _deleted } }`,
		`{"data":{"createTask":{"id":"1","title":"Water","status":"OPEN","owner":"ana","tags":["green"],"place":{"name":"Hall","floor":null},"_version":1,"_deleted":null}}}`)
	h.want(ana, `{ getTask(id: "1") { title __typename } }`, `{"data":{"getTask":{"title":"Water","__typename":"Task"}}}`)
	h.want(ana, `{ getTask(id: "2") { title } }`, `{"data":{"getTask":null}}`)
	h.fails(ben, `{ getTask(id: "1") { title } }`, "Unauthorized", "Not Authorized to access getTask on type Query")
	h.want(ben, `{ listTasks { items { id } nextToken } }`, `{"data":{"listTasks":{"items":[],"nextToken":null}}}`)
	h.fails(h.ByKey(), `{ listTasks { items { id } } }`, "Unauthorized", "")
	h.want(ana, `mutation($in: UpdateTaskInput!) { updateTask(input: $in) { title points _version } }`,
		`{"data":{"updateTask":{"title":"Water","points":3,"_version":2}}}`, `{"in":{"id":"1","points":3,"_version":1}}`)
	h.want(h.User("root admins"), `{ listTasks(filter: {points: {gt: 2}}) { items { id } } }`, `{"data":{"listTasks":{"items":[{"id":"1"}]}}}`)
	h.want(ana, `mutation { deleteTask(input: {id: "1"}) { id title _deleted _version } }`,
		`{"data":{"deleteTask":{"id":"1","title":"Water","_deleted":true,"_version":3}}}`)
	h.want(ana, `{ getTask(id: "1") { title } listTasks { items { id } } all: listTasks(filter: {_deleted: {eq: true}}) { items { id _deleted } } }`,
		`{"data":{"getTask":null,"listTasks":{"items":[]},"all":{"items":[{"id":"1","_deleted":true}]}}}`)
}

func TestErrorsHaveTheShapeOfAppSync(t *testing.T) {
	h := open(t)
	ana := h.User("ana")
	h.Ask(ana, `mutation { createTask(input: {id: "1", title: "Water"}) { id } }`)
	h.want(ana, `mutation {
  createTask(input: {id: "1", title: "Fire"}) { id }
}`, `{"data":{"createTask":null},"errors":[{"path":["createTask"],"data":null,"errorType":"ConditionalCheckFailedException","errorInfo":{"code":"conflict"},"locations":[{"line":2,"column":3,"sourceName":null}],"message":"The conditional request failed: the key 1 of Task is taken"}]}`)
	h.fails(ana, `mutation { updateTask(input: {id: "9", title: "x"}) { id } }`, "ConditionalCheckFailedException", "The conditional request failed")
	h.fails(ana, `mutation { updateTask(input: {id: "1", title: "x"}, condition: {title: {eq: "Fire"}}) { id } }`, "ConditionalCheckFailedException", "The conditional request failed")
	h.fails(ana, `mutation { updateTask(input: {id: "1", title: null}) { id } }`, "ValidationException", "title")
	h.fails(ana, `{ listTasks(limit: 1001) { items { id } } }`, "LimitExceededException", "1000")
	h.fails(ana, `{ listTasks(limit: 0) { items { id } } }`, "ValidationException", "limit")
	h.fails(ana, `{ listTasks(nextToken: "~") { items { id } } }`, "ValidationException", "nextToken")
	h.fails(ana, `{ nothing }`, "ValidationException", "Validation error of type FieldUndefined: Field 'nothing' in type 'Query' is undefined @ 'nothing'")
	data := h.fails(ana, `mutation { deleteTask(input: {id: "1", _version: 9}) { id } }`, "ConflictUnhandled", "Conflict resolver rejects mutation")
	var current map[string]any
	if err := json.Unmarshal(data, &current); err != nil || current["title"] != "Water" || current["_version"] != 1.0 || current["_lastChangedAt"] == nil {
		t.Errorf("the data of a conflict is %s", data)
	}
}

func TestMergeTellsWhatItDidNotTake(t *testing.T) {
	h := open(t)
	ana := h.User("ana")
	h.Ask(ana, `mutation { createTask(input: {id: "1", title: "Water"}) { id } }`)
	h.Ask(ana, `mutation { updateTask(input: {id: "1", title: "Rain"}) { id } }`)
	h.want(ana, `mutation { updateTask(input: {id: "1", title: "Snow", points: 1, _version: 1}) { title points _version } }`,
		`{"data":{"updateTask":{"title":"Rain","points":1,"_version":3}},"extensions":{"conflicts":[{"field":"title","yours":"Snow","theirs":"Rain","base":"Water"}]}}`)
}

func TestKeysAndIndexesAreQueried(t *testing.T) {
	h := open(t)
	key, ana := h.ByKey(), h.User("ana")
	for _, start := range []string{"9", "10", "100", "-5"} {
		h.want(key, `mutation($s: Int!) { createSlot(input: {room: "A", start: $s}) { room } }`, `{"data":{"createSlot":{"room":"A"}}}`, `{"s":`+start+`}`)
	}
	h.want(key, `{ getSlot(room: "A", start: 10) { start } }`, `{"data":{"getSlot":{"start":10}}}`)
	h.want(key, `{ listSlots(room: "A") { items { start } } }`, `{"data":{"listSlots":{"items":[{"start":-5},{"start":9},{"start":10},{"start":100}]}}}`)
	h.want(key, `{ listSlots(room: "A", start: {between: [9, 10]}, sortDirection: DESC) { items { start } } }`, `{"data":{"listSlots":{"items":[{"start":10},{"start":9}]}}}`)
	h.want(key, `{ listSlots(room: "B") { items { start } } }`, `{"data":{"listSlots":{"items":[]}}}`)
	h.fails(key, `{ listSlots(start: {eq: 1}) { items { start } } }`, "ValidationException", "room")
	for _, task := range []string{`status: OPEN, points: 1`, `status: OPEN, points: 2`, `status: DONE, points: 1`, `status: DONE`} {
		h.Ask(ana, `mutation { createTask(input: {title: "t", `+task+`}) { id } }`)
	}
	h.want(ana, `{ tasksByOwner(owner: "ana", statusPoints: {eq: {status: OPEN}}) { items { status points } } }`,
		`{"data":{"tasksByOwner":{"items":[{"status":"OPEN","points":1},{"status":"OPEN","points":2}]}}}`)
	h.want(ana, `{ tasksByOwner(owner: "ana", statusPoints: {gt: {status: DONE, points: 1}}, limit: 1) { items { status points } } }`,
		`{"data":{"tasksByOwner":{"items":[{"status":"OPEN","points":1}]}}}`)
}

func TestChangesAreAFirstSyncAndADelta(t *testing.T) {
	h := open(t)
	ana, ben := h.User("ana"), h.User("ben")
	type frame struct {
		Cursor          string
		UpToDate, Reset bool
		Changes         []struct {
			Model, Op, Key string
			Version        int
			At             int64
			Record         map[string]any
		}
	}
	changes := func(id *freshet.Identity, after string) frame {
		t.Helper()
		cursor, _ := json.Marshal(after)
		response := h.Ask(id, `query($after: String) { changes(after: $after) { cursor upToDate reset changes { model op key version at record } } }`, `{"after":`+string(cursor)+`}`)
		var got struct {
			Data   struct{ Changes frame }
			Errors []any
		}
		if err := json.Unmarshal([]byte(response), &got); err != nil || got.Errors != nil {
			t.Fatalf("changes gave %s", response)
		}
		return got.Data.Changes
	}
	h.Ask(ana, `mutation { createTask(input: {id: "1", title: "Water", sharedWith: ["ben"]}) { id } }`)
	h.Ask(ana, `mutation { createTask(input: {id: "2", title: "Fire"}) { id } }`)
	a, b := changes(ana, ""), changes(ben, "")
	if len(a.Changes) != 2 || len(b.Changes) != 1 || b.Changes[0].Record["title"] != "Water" || !a.UpToDate {
		t.Fatalf("first sync gave ana %+v, ben %+v", a, b)
	}
	h.Ask(ana, `mutation { updateTask(input: {id: "1", sharedWith: []}) { id } }`)
	h.Ask(ana, `mutation { deleteTask(input: {id: "2"}) { id } }`)
	a, b = changes(ana, a.Cursor), changes(ben, b.Cursor)
	if len(a.Changes) != 2 || a.Changes[0].Op != "PUT" || a.Changes[1].Op != "REMOVE" || a.Changes[1].Record != nil || a.Changes[1].Key != "2" {
		t.Errorf("the delta of ana is %+v", a)
	}
	if len(b.Changes) != 1 || b.Changes[0].Op != "REMOVE" || b.Changes[0].Key != "1" {
		t.Errorf("the delta of ben is %+v", b)
	}
	if again := changes(ana, a.Cursor); len(again.Changes) != 0 || !again.UpToDate {
		t.Errorf("a delta after the last gave %+v", again)
	}
	h.fails(ana, `{ changes(models: ["Nothing"]) { cursor } }`, "ValidationException", "Nothing")
	h.fails(ana, `{ changes(models: ["Secret"]) { cursor } }`, "Unauthorized", "")
	h.fails(ana, `{ changes(after: "?") { cursor } }`, "ValidationException", "cursor")
	h.fails(ana, `{ changes(limit: 10001) { cursor } }`, "LimitExceededException", "10000")
}

func TestPushAnswersEachWriteOnItsOwn(t *testing.T) {
	h := open(t)
	ana := h.User("ana")
	const push = `mutation($w: [WriteInput!]!, $a: Boolean) { push(client: "phone", writes: $w, atomic: $a) { results { counter status key version conflicts { field yours theirs base } error { code message } } } }`
	h.want(ana, push, `{"data":{"push":{"results":[`+
		`{"counter":1,"status":"APPLIED","key":"1","version":1,"conflicts":[],"error":null},`+
		`{"counter":2,"status":"REFUSED","key":null,"version":null,"conflicts":[],"error":{"code":"invalid","message":"there is no model \"Nothing\""}},`+
		`{"counter":3,"status":"APPLIED","key":"1","version":2,"conflicts":[],"error":null}]}}}`,
		`{"w":[{"counter":1,"model":"Task","op":"CREATE","fields":{"id":"1","title":"Water"}},{"counter":2,"model":"Nothing","op":"CREATE"},{"counter":3,"model":"Task","op":"DELETE","key":"1"}]}`)
	response := h.Ask(ana, push, `{"a":true,"w":[{"counter":4,"model":"Task","op":"CREATE","fields":{"id":"5","title":"x"}},{"counter":5,"model":"Task","op":"UPDATE","key":"nothing","fields":{}}]}`)
	if !strings.Contains(response, `"SKIPPED"`) || !strings.Contains(response, `"not_found"`) {
		t.Errorf("an all-or-nothing push gave %s", response)
	}
	h.want(ana, `{ getTask(id: "5") { id } }`, `{"data":{"getTask":null}}`)
	h.fails(ana, push, "ValidationException", "writes[0]", `{"w":[{"counter":9,"model":"Slot","op":"CREATE","key":"A"}]}`)
}

// With the record of an answer comes the record's own version, which may be later than the write's.
func TestPushTellsTheVersionOfTheRecord(t *testing.T) {
	h := open(t)
	ana := h.User("ana")
	const push = `mutation($w: [WriteInput!]!) { push(client: "phone", writes: $w) { results { status version recordVersion record } } }`
	want := func(writes, results string) {
		t.Helper()
		h.want(ana, push, `{"data":{"push":{"results":[`+results+`]}}}`, `{"w":[`+writes+`]}`)
	}
	const create = `{"counter":1,"model":"Task","op":"CREATE","fields":{"id":"1"}}`
	want(create, `{"status":"REFUSED","version":null,"recordVersion":null,"record":null}`)
	const remove = `{"counter":4,"model":"Task","op":"DELETE","key":"2"}`
	h.Ask(ana, `mutation { createTask(input: {id: "2", title: "Water"}) { id } }`)
	h.Ask(ana, `mutation { updateTask(input: {id: "2", title: "Water it"}) { id } }`)
	want(remove, `{"status":"APPLIED","version":3,"recordVersion":3,"record":null}`)
	h.Ask(ana, `mutation { createTask(input: {id: "2", title: "Dry"}) { id } }`)
	response := h.Ask(ana, push, `{"w":[`+remove+`]}`)
	if !strings.Contains(response, `"status":"APPLIED","version":3,"recordVersion":4,"record":{`) {
		t.Errorf("an answer given again is %s", response)
	}
}

// stream is a subscription under way.
type stream struct {
	api.Stream
	t     *testing.T
	woken chan struct{}
}

func (h house) follow(id *freshet.Identity, query string) *stream {
	h.T.Helper()
	op, faults := h.API.Prepare(query, "")
	if faults != nil {
		h.T.Fatal(faults)
	}
	bound, faults := op.Bind(nil)
	if faults != nil {
		h.T.Fatal(faults)
	}
	s := &stream{t: h.T, woken: make(chan struct{}, 1)}
	var err error
	s.Stream, err = h.API.Subscribe(id, bound, func() {
		select {
		case s.woken <- struct{}{}:
		default:
		}
	})
	if err != nil {
		h.T.Fatal(err)
	}
	h.T.Cleanup(s.Close)
	return s
}

// hear gives n responses at least.
func (s *stream) hear(n int) (all []string) {
	s.t.Helper()
	for len(all) < n {
		responses, more, err := s.Next(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range responses {
			all = append(all, string(r))
		}
		if !more && len(all) < n {
			<-s.woken
		}
	}
	return all
}

// A stream gives what is committed after it began, once, in order, and only what may be seen.
func TestStreams(t *testing.T) {
	h := open(t)
	ana, ben := h.User("ana"), h.User("ben")
	heard := func(id *freshet.Identity, query string) func(n int) []string { return h.follow(id, query).hear }
	created := heard(ana, `subscription { onCreateTask { id title owner } }`)
	mine := heard(ana, `subscription { t: onUpdateTask(owner: "ana", filter: {title: {beginsWith: "W"}}) { id title } }`)
	bens := heard(ben, `subscription { changes(models: ["Task"]) { upToDate changes { op key record } } }`)
	if got := bens(1); got[0] != `{"data":{"changes":{"upToDate":true,"changes":[]}}}` {
		t.Errorf("the first frame is %s", got)
	}
	h.Ask(ben, `mutation { createTask(input: {id: "b", title: "Ben's"}) { id } }`)
	h.Ask(ana, `mutation { createTask(input: {id: "a", title: "Fire"}) { id } }`)
	h.Ask(ana, `mutation { updateTask(input: {id: "a", title: "Air"}) { id } }`)
	h.Ask(ana, `mutation { updateTask(input: {id: "a", title: "Water", sharedWith: ["ben"]}) { id } }`)
	if diff := cmp.Diff([]string{`{"data":{"onCreateTask":{"id":"a","title":"Fire","owner":"ana"}}}`}, created(1)); diff != "" {
		t.Errorf("onCreateTask (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`{"data":{"t":{"id":"a","title":"Water"}}}`}, mine(1)); diff != "" {
		t.Errorf("onUpdateTask (-want +got):\n%s", diff)
	}
	var keys []string
	for len(keys) < 2 {
		for _, r := range bens(1) {
			var got struct {
				Data struct {
					Changes struct{ Changes []struct{ Op, Key string } }
				}
			}
			if err := json.Unmarshal([]byte(r), &got); err != nil {
				t.Fatal(err)
			}
			for _, c := range got.Data.Changes.Changes {
				keys = append(keys, c.Op+" "+c.Key)
			}
		}
	}
	if want := []string{"PUT b", "PUT a"}; !slices.Equal(keys, want) {
		t.Errorf("changes gave %v, want %v", keys, want)
	}
	op, _ := h.API.Prepare(`subscription { onCreateTask(owner: "ben") { id } }`, "")
	bound, _ := op.Bind(nil)
	if _, err := h.API.Subscribe(ana, bound, func() {}); freshet.CodeOf(err) != freshet.Forbidden {
		t.Errorf("listening as another gave %v", err)
	}
}
