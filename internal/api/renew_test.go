package api_test

import (
	"encoding/json"
	"slices"
	"testing"

	"freshet"
)

// frames hears frames until one says that it is up to date, and gives their changes as "PUT a".
func (s *stream) frames() (changes []string) {
	s.t.Helper()
	for {
		for _, response := range s.hear(1) {
			var got struct {
				Data struct {
					Changes struct {
						UpToDate bool
						Reset    bool
						Changes  []struct{ Op, Key string }
					}
				}
			}
			if err := json.Unmarshal([]byte(response), &got); err != nil || got.Data.Changes.Reset {
				s.t.Fatalf("%s, %v", response, err)
			}
			for _, c := range got.Data.Changes.Changes {
				changes = append(changes, c.Op+" "+c.Key)
			}
			if got.Data.Changes.UpToDate {
				return changes
			}
		}
	}
}

func (s *stream) renew(id *freshet.Identity) {
	s.t.Helper()
	if err := s.Renew(id); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stream) wantFrames(what string, want ...string) {
	s.t.Helper()
	if got := s.frames(); !slices.Equal(got, want) {
		s.t.Errorf("%s: the frames have %v, want %v", what, got, want)
	}
}

const changesSubscription = `subscription { changes { upToDate reset changes { op key } } }`

func TestRenewedChangesMakeGoodTheDifference(t *testing.T) {
	h := open(t)
	ana, ben, admin := h.User("ana"), h.User("ben"), h.User("ana admins")
	h.Ask(ben, `mutation { createTask(input: {id: "b", title: "x"}) { id } }`)
	h.Ask(ana, `mutation { createTask(input: {id: "a", title: "x"}) { id } }`)
	h.Ask(admin, `mutation { createSecret(input: {id: "s", text: "x"}) { id } }`)
	s := h.follow(ana, changesSubscription)
	s.wantFrames("at first", "PUT a")

	s.renew(h.User("ana"))
	if responses, more, err := s.Next(t.Context()); responses != nil || more || err != nil {
		t.Errorf("after a renewal with the same rights there is %s, %v, %v", responses, more, err)
	}
	h.Ask(ana, `mutation { createTask(input: {id: "a2", title: "x"}) { id } }`)
	s.wantFrames("after a renewal with the same rights", "PUT a2")

	s.renew(admin)
	s.wantFrames("with a group more", "PUT b", "PUT s")
	h.Ask(ben, `mutation { createTask(input: {id: "b2", title: "x"}) { id } }`)
	s.wantFrames("live with a group more", "PUT b2")

	h.Ask(ben, `mutation { updateTask(input: {id: "b", title: "unseen"}) { id } }`)
	s.renew(ana)
	s.wantFrames("without it again", "REMOVE s", "REMOVE b2", "REMOVE b")
	h.Ask(ben, `mutation { createTask(input: {id: "b3", title: "x"}) { id } }`)
	h.Ask(ana, `mutation { createTask(input: {id: "a3", title: "x"}) { id } }`)
	s.wantFrames("live without it", "PUT a3")
}

// A stream that is renewed while it catches up gives each record once.
func TestRenewedWhileItCatchesUp(t *testing.T) {
	h := open(t)
	ana, ben := h.User("ana"), h.User("ben")
	for _, id := range []string{"1", "2", "3"} {
		h.Ask(ben, `mutation { createTask(input: {id: "b`+id+`", title: "x"}) { id } }`)
		h.Ask(ana, `mutation { createTask(input: {id: "a`+id+`", title: "x"}) { id } }`)
	}
	s := h.follow(ana, `subscription { changes(limit: 1) { upToDate changes { op key } } }`)
	s.renew(ana) // before anything was said
	s.hear(1)
	s.renew(h.User("ana admins"))
	s.wantFrames("the rest", "PUT b1", "PUT b2", "PUT a2", "PUT b3", "PUT a3")
}

func TestRenewedListener(t *testing.T) {
	h := open(t)
	ana, ben, admin := h.User("ana"), h.User("ben"), h.User("ana admins")
	create := func(id *freshet.Identity, key string) {
		t.Helper()
		h.want(id, `mutation { createTask(input: {id: "`+key+`", title: "x"}) { id } }`, `{"data":{"createTask":{"id":"`+key+`"}}}`)
	}
	s := h.follow(ana, `subscription { onCreateTask { id } }`)
	hears := func(what, key string) {
		t.Helper()
		if got := s.hear(1); !slices.Equal(got, []string{`{"data":{"onCreateTask":{"id":"` + key + `"}}}`}) {
			t.Errorf("%s she heard %v, want %s", what, got, key)
		}
	}
	create(ben, "b1")
	create(ana, "a1")
	hears("as ana", "a1")
	s.renew(admin)
	create(ben, "b2")
	hears("with the group", "b2")
	s.renew(ana)
	create(ben, "b3")
	create(ana, "a2")
	hears("without it", "a2")

	secrets := h.follow(admin, `subscription { onCreateSecret { id } }`)
	if err := secrets.Renew(ana); freshet.CodeOf(err) != freshet.Forbidden {
		t.Errorf("without the group that may listen at all: %v", err)
	}
}
