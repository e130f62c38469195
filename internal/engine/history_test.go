package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/store"
)

// versions walks all pages of a record's history: "3 update ben title,note".
func (f *fixture) versions(id *freshet.Identity, q HistoryQuery) []string {
	f.t.Helper()
	var list []string
	for {
		page, err := f.History(f.t.Context(), id, q)
		if err != nil {
			f.t.Fatalf("the history of %s: %v", q.Key.Text(), err)
		}
		for _, v := range page.Versions {
			changed := strings.Join(v.Changed, ",")
			if v.Changed == nil {
				changed = "?"
			}
			list = append(list, fmt.Sprintf("%d %s %s %s", v.Version, v.Op, strings.TrimPrefix(v.By, "user "), changed))
		}
		if q.Token = page.NextToken; q.Token == "" {
			return list
		}
	}
}

func (f *fixture) wantVersions(what string, id *freshet.Identity, q HistoryQuery, want ...string) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.versions(id, q)); diff != "" {
		f.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestHistory(t *testing.T) {
	f := newFixture(t, tasks)
	ana, ben, eve := f.user("ana"), f.user("ben"), f.user("eve")
	f.write(ana, create(`{"id":"a","title":"Water","note":"secret"}`))
	f.write(ana, update("a", 0, `{"note":null,"editors":["ben"]}`))
	f.write(ben, update("a", 0, `{"title":"Rain","priority":2}`))
	f.write(ana, update("a", 0, `{"editors":[]}`))
	f.write(ana, update("a", 0, `{"editors":["ben","eve"]}`))
	a := HistoryQuery{Model: "Task", Key: freshet.StringKey("a")}
	all := []string{"5 update ana editors", "4 update ana editors", "3 update ben title,priority", "2 update ana note,editors", "1 create ana id,title,status,note,owner"}
	f.wantVersions("the owner's", ana, a, all...)
	f.wantVersions("the operator's", f.operator(), a, all...)
	f.wantVersions("one's who could not always read it", ben, a, "5 update ana ?", "3 update ben title,priority", "2 update ana ?")
	f.wantVersions("one's who can only now", eve, a, "5 update ana ?")
	for limit := 1; limit <= 6; limit++ {
		q := a
		q.Limit = limit
		f.wantVersions(fmt.Sprintf("by pages of %d", limit), ana, q, all...)
		f.wantVersions(fmt.Sprintf("with gaps, by pages of %d", limit), ben, q, "5 update ana ?", "3 update ben title,priority", "2 update ana ?")
	}
	page, err := f.History(t.Context(), ana, a)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, "the first version", string(page.Versions[4].Body), `{"id":"a","title":"Water","status":"OPEN","note":"secret","owner":"ana","createdAt":"2026-11-23T08:00:00.000Z","updatedAt":"2026-11-23T08:00:00.000Z"}`)

	for who, id := range map[string]*freshet.Identity{"a stranger": f.user("sue"), "a key": f.anyone()} {
		_, err := f.History(t.Context(), id, a)
		wantCode(t, who, err, freshet.Forbidden)
	}
	f.write(ana, update("a", 0, `{"editors":["eve"]}`))
	_, err = f.History(t.Context(), ben, a)
	wantCode(t, "one who cannot read it any more", err, freshet.Forbidden)

	f.wantVersions("of nothing", ana, HistoryQuery{Model: "Task", Key: freshet.StringKey("none")})
	for name, q := range map[string]HistoryQuery{
		"a model that is not there": {Model: "Ghost", Key: a.Key}, "a model of the server": {Model: settings, Key: freshet.StringKey("schema")},
		"a token of nobody": {Model: "Task", Key: a.Key, Token: "~"}, "an empty place": {Model: "Task", Key: a.Key, Token: "AA"},
	} {
		_, err := f.History(t.Context(), ana, q)
		wantCode(t, name, err, freshet.Invalid)
	}
	_, err = f.History(t.Context(), ana, HistoryQuery{Model: "Task", Key: a.Key, Limit: 1001})
	wantCode(t, "too large a page", err, freshet.TooLarge)
}

func TestHistoryOfADeletedRecord(t *testing.T) {
	f := newFixture(t, tasks)
	ana, ben := f.user("ana"), f.user("ben")
	f.write(ana, create(`{"id":"a","title":"Water","team":"red"}`))
	f.write(ana, remove("a", 0))
	a := HistoryQuery{Model: "Task", Key: freshet.StringKey("a")}
	want := []string{"2 delete ana ", "1 create ana id,title,status,owner,team"}
	f.wantVersions("the owner's", ana, a, want...)
	f.wantVersions("a reader's at the end", f.user("ron", "red"), a, want...)
	_, err := f.History(t.Context(), ben, a)
	wantCode(t, "a stranger's", err, freshet.Forbidden)
	f.write(ana, create(`{"id":"a","title":"Again"}`))
	f.wantVersions("after it was made again", ana, a, append([]string{"3 create ana id,title,status,owner"}, want...)...)
}

func TestHistoryThatIsNotKept(t *testing.T) {
	f := newFixture(t, tasks)
	ana := f.user("ana")
	f.write(ana, create(`{"id":"a","title":"1"}`))
	f.write(ana, update("a", 0, `{"title":"2"}`))
	f.write(ana, update("a", 0, `{"title":"3"}`))
	a := HistoryQuery{Model: "Task", Key: freshet.StringKey("a")}
	if err := f.db.Trim(t.Context(), store.Trim{History: f.Head().Seq - 1}); err != nil {
		t.Fatal(err)
	}
	f.wantVersions("what is kept", ana, a, "3 update ana title", "2 update ana ?")
	a.Limit = 1
	f.wantVersions("by pages", ana, a, "3 update ana title", "2 update ana ?")
}

// TestHistoryByRulesOfSingleReads holds that a version is for those who may get it, however else they may read it.
func TestHistoryByRulesOfSingleReads(t *testing.T) {
	f := newFixture(t, `type Task @model @auth(rules: [{allow: owner}, {allow: private, operations: [list]}, {allow: owner, ownerField: "readers", operations: [get]}]) {
		title: String owner: String readers: [String] }`)
	ana, ben := f.user("ana"), f.user("ben")
	f.write(ana, create(`{"id":"a","title":"1"}`))
	f.write(ana, update("a", 0, `{"readers":["ben"]}`))
	a := HistoryQuery{Model: "Task", Key: freshet.StringKey("a")}
	f.wantVersions("one's who might only list it", ben, a, "2 update ana ?")
	_, err := f.History(t.Context(), f.user("eve"), a)
	wantCode(t, "one who may only list it", err, freshet.Forbidden)
}
