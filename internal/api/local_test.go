package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/api"
)

const presence = `
type Task @model @auth(rules: [{allow: owner}, {allow: owner, ownerField: "sharedWith", operations: [read]}]) { title: String sharedWith: [String] owner: String }
type Presence { taskId: ID! user: String @caller state: String }
type Mutation {
  setPresence(taskId: ID!, state: String = "here"): Presence @local(reads: {model: "Task", key: "taskId"})
  shout(taskId: ID!, state: String): Presence @local
}
type Subscription {
  onPresence(taskId: ID): Presence @aws_subscribe(mutations: ["setPresence"])
  onAny(state: String): Presence @aws_subscribe(mutations: ["setPresence", "shout"])
}
`

// ear is a subscription, and the count of the times that it was woken.
type ear struct {
	api.Stream
	t     *testing.T
	woken int
}

func (h house) subscribe(id *freshet.Identity, query string) *ear {
	h.T.Helper()
	op, faults := h.API.Prepare(query, "")
	if faults != nil {
		h.T.Fatalf("%s", faults.Append(nil))
	}
	bound, faults := op.Bind(nil)
	if faults != nil {
		h.T.Fatalf("%s", faults.Append(nil))
	}
	e := &ear{t: h.T}
	var err error
	if e.Stream, err = h.API.Subscribe(id, bound, func() { e.woken++ }); err != nil {
		h.T.Fatalf("%s: %v", query, err)
	}
	h.T.Cleanup(e.Close)
	return e
}

// hears takes all that there is.
func (e *ear) hears(want ...string) {
	e.t.Helper()
	var got []string
	for more := true; more; {
		var responses [][]byte
		var err error
		if responses, more, err = e.Next(e.t.Context()); err != nil {
			e.t.Fatal(err)
		}
		for _, r := range responses {
			got = append(got, string(r))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		e.t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestLocalMutationsReachThoseWhoMayReadTheRecord(t *testing.T) {
	h := openSDL(t, presence)
	ana, ben, eve := h.User("ana"), h.User("ben"), h.User("eve")
	h.Ask(ana, `mutation { createTask(input: {id: "t", title: "Water", sharedWith: ["ben"]}) { id } }`)
	h.Ask(ana, `mutation { createTask(input: {id: "u", title: "Sow"}) { id } }`)
	seq := h.Engine.Head().Seq
	const all, tOnly, here = `subscription { onPresence { taskId user state } }`, `subscription { onPresence(taskId: "t") { user state } }`, `subscription { onAny(state: "here") { taskId } }`
	anas, bens, eves, benAny := h.subscribe(ana, all), h.subscribe(ben, tOnly), h.subscribe(eve, all), h.subscribe(ben, here)

	h.want(ben, `mutation { setPresence(taskId: "t") { user state } }`, `{"data":{"setPresence":{"user":"ben","state":"here"}}}`)
	h.want(ana, `mutation { setPresence(taskId: "u", state: null) { taskId user state } }`, `{"data":{"setPresence":{"taskId":"u","user":"ana","state":null}}}`)
	anas.hears(`{"data":{"onPresence":{"taskId":"t","user":"ben","state":"here"}}}`, `{"data":{"onPresence":{"taskId":"u","user":"ana","state":null}}}`)
	bens.hears(`{"data":{"onPresence":{"user":"ben","state":"here"}}}`)
	eves.hears()
	benAny.hears(`{"data":{"onAny":{"taskId":"t"}}}`)
	if bens.woken != 1 || eves.woken != 2 {
		t.Errorf("one for t was woken %d times, one for all %d times", bens.woken, eves.woken)
	}

	for name, task := range map[string]string{"not shared": "u", "not there": "nothing"} {
		h.fails(ben, `mutation { setPresence(taskId: "`+task+`") { user } }`, "Unauthorized", "there is no Task with this key that you may read")
		if t.Failed() {
			t.Errorf("a task that is %s", name)
		}
	}
	h.fails(h.ByKey(), `mutation { shout(taskId: "t") { user } }`, "Unauthorized", "the rules of shout do not allow it")
	h.fails(ana, `mutation { setPresence(taskId: "t", user: "eve") { user } }`, "ValidationException", "user")
	op, _ := h.API.Prepare(all, "")
	bound, _ := op.Bind(nil)
	if _, err := h.API.Subscribe(h.ByKey(), bound, func() {}); freshet.CodeOf(err) != freshet.Forbidden {
		t.Errorf("a key that may not listen: %v", err)
	}

	// What was said is heard by those who may read the record when it is delivered.
	h.Ask(ana, `mutation { setPresence(taskId: "t") { user } }`)
	h.Ask(ana, `mutation { updateTask(input: {id: "t", sharedWith: ["eve"]}) { id } }`)
	bens.hears()
	eves.hears(`{"data":{"onPresence":{"taskId":"t","user":"ana","state":"here"}}}`)
	h.Ask(ana, `mutation { setPresence(taskId: "t") { user } }`)
	if err := eves.Renew(ben); err != nil {
		t.Fatal(err)
	}
	eves.hears()
	h.Ask(eve, `mutation { shout(taskId: "anything", state: "here") { user } }`)
	benAny.hears(`{"data":{"onAny":{"taskId":"anything"}}}`)
	if after := h.Engine.Head().Seq; after != seq+1 {
		t.Errorf("the log went from %d to %d; one record was written", seq, after)
	}
}

func TestLocalMutationsAreBounded(t *testing.T) {
	h := openSDL(t, presence)
	say := func(who *freshet.Identity, bytes int) string {
		return h.Ask(who, fmt.Sprintf(`mutation { shout(taskId: "t", state: %q) { taskId } }`, strings.Repeat("x", bytes)))
	}
	const rest = len(`{"taskId":"t","user":"ana","state":""}`)
	if got := say(h.User("ana"), 64<<10-rest); got != `{"data":{"shout":{"taskId":"t"}}}` {
		t.Errorf("the largest message gives %s", got)
	}
	if got := say(h.User("ana"), 64<<10-rest+1); !strings.Contains(got, "65537 bytes, and the largest local message is 65536 bytes") {
		t.Errorf("a larger message gives %s", got)
	}
	refused := 0
	for range 1000 {
		if strings.Contains(say(h.User("ben"), 1), "more than 50 local messages a second") {
			refused++
		}
	}
	if refused < 500 { // 100 at once, and some while this goes on
		t.Errorf("%d of 1000 messages were refused", refused)
	}
	if got := say(h.User("ana"), 1); got != `{"data":{"shout":{"taskId":"t"}}}` {
		t.Errorf("after another's flood: %s", got)
	}
}

// TestSlowHearersLoseTheOldest holds that the messages for one who does not take them stay bounded.
func TestSlowHearersLoseTheOldest(t *testing.T) {
	h := openSDL(t, presence)
	slow := h.subscribe(h.User("ana"), `subscription { onAny { user } }`)
	var want []string
	for i := range 40 {
		user := fmt.Sprintf("u%02d", i)
		h.Ask(h.User(user), fmt.Sprintf(`mutation { shout(taskId: "t", state: %q) { user } }`, strings.Repeat("x", 60<<10)))
		want = append(want, fmt.Sprintf(`{"data":{"onAny":{"user":%q}}}`, user))
	}
	slow.hears(want[40-17:]...) // 17 of 60 KiB are within 1 MiB
	h.Ask(h.User("ben"), `mutation { shout(taskId: "t") { user } }`)
	slow.hears(`{"data":{"onAny":{"user":"ben"}}}`)
}
