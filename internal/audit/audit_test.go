package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"freshet/internal/accounts"
	"freshet/internal/engine"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
)

// fixture is a log over a real store, with a clock that tests move.
type fixture struct {
	*Log
	t  *testing.T
	db *pebble.DB

	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T, dir string, logger *slog.Logger) *fixture {
	t.Helper()
	db, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sdl := []schema.Source{{Name: "schema.graphql", Text: `type Task @model @auth(rules: [{allow: owner}]) { title: String! }`}}
	eng, err := engine.Open(t.Context(), db, sdl, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, db: db, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	f.Log = New(eng.Documents(), Options{Logger: logger, Now: func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.now
	}})
	return f
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// flood records an entry many times.
func (f *fixture) flood(n int, e accounts.Entry) {
	for range n {
		f.Record(f.t.Context(), e)
	}
}

// read gives what a query finds.
func (f *fixture) read(q Query) []Entry {
	f.t.Helper()
	var all []Entry
	err := f.Read(f.t.Context(), q, func(list []Entry) error {
		all = append(all, list...)
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// counts gives how many entries there are of each What, and for how many those stand that were left out.
func (f *fixture) counts() (kept map[string]int, omitted map[string]int) {
	f.t.Helper()
	kept, omitted = make(map[string]int), make(map[string]int)
	for _, e := range f.read(Query{}) {
		kept[e.What]++
		omitted[e.Outcome] += e.Omitted
	}
	return kept, omitted
}

var (
	refusal  = accounts.Entry{What: "InitiateAuth", Who: "ana", From: "192.0.2.1:99", Outcome: "NotAuthorizedException"}
	signIn   = accounts.Entry{What: "SignIn", Who: "ana", Outcome: accounts.OutcomeOK}
	byHand   = accounts.Entry{What: "AdminDisableUser", Who: "ana", By: "operator", Outcome: accounts.OutcomeOK}
	signedUp = accounts.Entry{What: "SignUp", Who: "ben", Outcome: accounts.OutcomeOK}
)

func TestRead(t *testing.T) {
	f := open(t, t.TempDir(), nil)
	begin := f.now
	for i := range 3 {
		f.Record(t.Context(), accounts.Entry{What: fmt.Sprint("Step", i), Who: []string{"ana", "ben", "ana"}[i], Outcome: accounts.OutcomeOK})
		f.advance(time.Hour)
	}
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{}, "Step0 Step1 Step2"},
		{Query{Since: begin.Add(30 * time.Minute)}, "Step1 Step2"},
		{Query{Since: begin.Add(time.Hour)}, "Step1 Step2"},
		{Query{Since: begin.Add(9 * time.Hour)}, ""},
		{Query{Who: []string{"ana"}}, "Step0 Step2"},
		{Query{Who: []string{"eve", "ben"}}, "Step1"},
		{Query{Who: []string{"eve"}}, ""},
	} {
		var got []string
		for _, e := range f.read(c.q) {
			got = append(got, e.What)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v finds %v, want %s", c.q, got, c.want)
		}
	}
	stop := errors.New("stop")
	if err := f.Read(t.Context(), Query{}, func([]Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of a visit becomes %v", err)
	}
}

// TestFollow reads entries as they come, also one whose time is before those that were read.
func TestFollow(t *testing.T) {
	f := open(t, t.TempDir(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	t.Cleanup(running.Wait)
	t.Cleanup(cancel)
	seen, ended := make(chan string, 10), make(chan error, 1)
	go func() {
		ended <- f.Read(ctx, Query{Follow: true}, func(list []Entry) error {
			for _, e := range list {
				seen <- e.What
			}
			return nil
		})
	}()
	for i, at := range []time.Time{f.now, f.now.Add(-time.Hour), f.now} {
		what := fmt.Sprint("Step", i)
		f.Record(ctx, accounts.Entry{At: at, What: what, Outcome: accounts.OutcomeOK})
		select {
		case got := <-seen:
			if got != what {
				t.Fatalf("%s comes, want %s", got, what)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s does not come", what)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

// TestFlood holds that strangers push out nobody, and that what is left out is counted.
func TestFlood(t *testing.T) {
	f := open(t, t.TempDir(), nil)
	most := int(rates[strangers].burst)
	f.flood(most, refusal)
	f.flood(1000, refusal)
	f.flood(500, signedUp)
	f.flood(1, signIn)
	f.flood(700, byHand)
	if kept, omitted := f.counts(); kept["InitiateAuth"] != most || kept["SignUp"] != 0 || kept["SignIn"] != 1 || kept["AdminDisableUser"] != 700 || len(omitted) > 3 {
		t.Errorf("kept %v, omitted %v", kept, omitted)
	}
	f.advance(10 * time.Second) // as many more
	f.flood(1000, refusal)
	if kept, _ := f.counts(); kept["InitiateAuth"] != most+10 || kept[Omitted] != 0 {
		t.Errorf("10 s later: kept %v", kept)
	}
	f.advance(tellEvery)
	if kept, omitted := f.counts(); kept[Omitted] != 1 || omitted["strangers"] != 1000+500+990 {
		t.Errorf("a minute later: kept %v, omitted %v", kept, omitted)
	}
	if got := f.read(Query{Who: []string{"nobody"}}); len(got) != 1 || got[0].What != Omitted {
		t.Errorf("who asks for one user is not told what was left out: %v", got)
	}
	f.flood(1000, signIn)
	if kept, _ := f.counts(); kept["SignIn"] != 1+int(rates[users].burst) {
		t.Errorf("of users: kept %v", kept)
	}
}

// TestStoreStandsStill holds that nobody waits for the store, and that little waits for it.
func TestStoreStandsStill(t *testing.T) {
	f := open(t, t.TempDir(), nil)
	f.turn <- struct{}{} // as while a commit hangs
	f.flood(2*maxWaiting, byHand)
	if len(f.waiting) != maxWaiting {
		t.Errorf("%d entries wait", len(f.waiting))
	}
	<-f.turn
	f.advance(tellEvery)
	if kept, omitted := f.counts(); kept["AdminDisableUser"] != maxWaiting || omitted["operators"] != maxWaiting {
		t.Errorf("kept %v, omitted %v", kept, omitted)
	}
}

func TestCloseLosesNothing(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, nil)
	f.flood(1234, byHand)
	f.flood(700, refusal)
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	kept, omitted := open(t, dir, nil).counts()
	if kept["AdminDisableUser"] != 1234 || kept["InitiateAuth"] != 600 || omitted["strangers"] != 100 {
		t.Errorf("after a restart: kept %v, omitted %v", kept, omitted)
	}
}

// TestFailedCommit holds that what the store refuses waits, and that its loss is told.
func TestFailedCommit(t *testing.T) {
	f := open(t, t.TempDir(), nil)
	f.flood(3, signIn)
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err == nil {
		t.Error("entries that were not written are not told of")
	}
	if len(f.waiting) != 3 {
		t.Errorf("%d entries wait", len(f.waiting))
	}
}

func TestTrim(t *testing.T) {
	f := open(t, t.TempDir(), nil)
	begin := f.now
	f.flood(2*page, byHand)
	for i := range 10 {
		f.Record(t.Context(), accounts.Entry{At: begin.Add(time.Duration(i+1) * time.Hour), What: "SignIn", Who: fmt.Sprint(i), Outcome: accounts.OutcomeOK})
	}
	for _, c := range []struct {
		before time.Duration // after begin
		most   int
		want   int
		first  string
	}{
		{0, 10_000, 2*page + 10, "ana"},
		{time.Hour, 10_000, 10, "0"},
		{4 * time.Hour, 100, 7, "3"},
		{4 * time.Hour, 4, 4, "6"},
		{100 * time.Hour, 100, 0, ""},
	} {
		if err := f.Trim(t.Context(), begin.Add(c.before), c.most); err != nil {
			t.Fatal(err)
		}
		got := f.read(Query{})
		if len(got) != c.want || c.want > 0 && got[0].Who != c.first {
			t.Errorf("from %v on, %d at most: %d entries, want %d from %q on", c.before, c.most, len(got), c.want, c.first)
		}
	}
}

// TestTrimOfFlows holds that the entries of some do not make those of others go.
func TestTrimOfFlows(t *testing.T) {
	f := open(t, t.TempDir(), nil)
	f.flood(3, byHand)
	f.flood(5, signIn)
	f.flood(page, refusal)
	f.flood(1, byHand)
	for _, most := range []int{50, 4, 2} {
		f.counts() // which writes what waits
		if err := f.Trim(t.Context(), time.Time{}, most); err != nil {
			t.Fatal(err)
		}
		if kept, _ := f.counts(); kept["AdminDisableUser"] != min(4, most) || kept["SignIn"] != min(5, most) || kept["InitiateAuth"] != most {
			t.Errorf("%d of each at most: %v", most, kept)
		}
	}
}

func TestLines(t *testing.T) {
	var lines bytes.Buffer
	f := open(t, t.TempDir(), slog.New(slog.NewTextHandler(&lines, nil)))
	f.flood(700, refusal) // a line of each, kept or not
	if got := strings.Count(lines.String(), "msg=audit what=InitiateAuth who=ana"); got != 700 {
		t.Errorf("%d lines", got)
	}
}

func TestFlowOf(t *testing.T) {
	for _, c := range []struct {
		entry accounts.Entry
		want  int
	}{
		{accounts.Entry{What: "InitiateAuth", Outcome: "ok"}, users},
		{accounts.Entry{What: "InitiateAuth", Outcome: "SOFTWARE_TOKEN_MFA"}, strangers},
		{accounts.Entry{What: "SignUp", Outcome: "ok"}, strangers},
		{accounts.Entry{What: "GetCredentialsForIdentity", Outcome: "ok"}, strangers},
		{accounts.Entry{What: "AdminDeleteUser", Outcome: "ok", By: "access key backend"}, operators},
		{accounts.Entry{What: "AdminDeleteUser", Outcome: "UserNotFoundException", By: "access key backend"}, operators},
		{accounts.Entry{What: "AdminDeleteUser", Outcome: "NotAuthorizedException"}, strangers},
		{accounts.Entry{What: "AdminGetUser", Outcome: "ok", By: "access key backend"}, users},
		{accounts.Entry{What: "ListUsers", Outcome: "ok", By: "access key backend"}, users},
		{accounts.Entry{What: "InitiateAuth", Outcome: "ok", By: "access key backend"}, users},
		{accounts.Entry{What: "InitiateAuth", Outcome: "NotAuthorizedException", By: "access key backend"}, strangers},
	} {
		if got := flowOf(c.entry); got != c.want {
			t.Errorf("%+v is of the %s", c.entry, flowNames[got])
		}
	}
}
