package control

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/schema"
	"freshet/internal/store/pebble"
)

const sdl = `
	type Note @model @auth(rules: [{allow: public}]) {
		text: String!
		kind: Kind @default(value: "PLAIN")
		count: Int
		price: Float
		done: Boolean
		tags: [String]
		parts: [Int]
		place: Place
		extra: AWSJSON
	}
	enum Kind { PLAIN FANCY }
	type Place { name: String lat: Float }
	type Line @model @auth(rules: [{allow: public}]) {
		book: ID! @primaryKey(sortKeyFields: ["number"])
		number: Int!
		text: String
	}`

// newTestDesk makes a desk over a store of its own.
func newTestDesk(t *testing.T) *Desk {
	t.Helper()
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	eng, err := engine.Open(t.Context(), db, []schema.Source{{Name: "schema.graphql", Text: sdl}}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.OpenKeys(t.Context(), eng.Documents(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	check := func(ctx context.Context, progress func(string, int)) (Report, error) {
		progress("log", 1)
		found, err := db.Check(ctx, progress)
		if err != nil {
			return Report{}, err
		}
		return Report{Seq: found.Head.Seq, Records: found.Records, Problems: found.Problems}, nil
	}
	return &Desk{Store: db, Engine: eng, Keyring: keys, CheckStore: check, Address: "127.0.0.1:1"}
}

// dial serves a desk on a socket, and reaches it there.
func dial(t *testing.T, desk *Desk) *Client {
	t.Helper()
	data := t.TempDir()
	listener, err := Listen(data)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: NewHandler(desk)}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	client, err := Dial(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// eachOperator runs a test on a desk and on the other end of a socket, each with a store of its own.
func eachOperator(t *testing.T, test func(t *testing.T, desk *Desk, o Operator)) {
	t.Run("desk", func(t *testing.T) {
		desk := newTestDesk(t)
		test(t, desk, desk)
	})
	t.Run("client", func(t *testing.T) {
		desk := newTestDesk(t)
		test(t, desk, dial(t, desk))
	})
}

func TestKeys(t *testing.T) {
	eachOperator(t, func(t *testing.T, desk *Desk, o Operator) {
		ctx := t.Context()
		until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
		key, secret, err := o.CreateKey(ctx, NewKey{Name: "console", Expires: until, Groups: []string{"staff"}})
		if err != nil || key.Name != "console" || key.ID == "" || !key.Expires.Equal(until) {
			t.Fatalf("create: %+v, %v", key, err)
		}
		if id, err := desk.Keyring.Check(secret); err != nil || !id.Has(freshet.GroupKey) {
			t.Errorf("the secret does not let in as a member: %+v, %v", id, err)
		}
		if _, _, err := o.CreateKey(ctx, NewKey{Name: "console"}); freshet.CodeOf(err) != freshet.Conflict {
			t.Errorf("a second key of the name: %v", err)
		}
		if _, _, err := o.CreateKey(ctx, NewKey{}); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("a key without a name: %v", err)
		}
		if err := desk.Keyring.AddFixed("fixed", "a fixed secret"); err != nil {
			t.Fatal(err)
		}
		list, err := o.Keys(ctx)
		if diff := cmp.Diff([]Key{{Name: "fixed", Fixed: true}, key}, list); err != nil || diff != "" {
			t.Errorf("%v, keys (-want +got):\n%s", err, diff)
		}
		if err := o.RevokeKey(ctx, key.ID); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{key.ID, "no/such id", ""} {
			if err := o.RevokeKey(ctx, id); err == nil {
				t.Errorf("%q was revoked", id)
			}
		}
		if _, err := desk.Keyring.Check(secret); err == nil {
			t.Error("the secret still lets in")
		}
	})
}

func TestTail(t *testing.T) {
	eachOperator(t, func(t *testing.T, desk *Desk, o Operator) {
		if _, _, err := o.CreateKey(t.Context(), NewKey{Name: "secretive"}); err != nil {
			t.Fatal(err)
		}
		first := desk.Store.Head().Seq
		var text strings.Builder
		for i := range 15 {
			text.WriteString(`{"id": "n` + strconv.Itoa(i) + `", "text": "<b>&"}` + "\n")
		}
		importText(t, o, ImportQuery{Model: "Note"}, text.String())
		tail := func(ctx context.Context, q TailQuery, enough int) ([]Entry, error) {
			var all []Entry
			done := errors.New("enough")
			err := o.Tail(ctx, q, func(entries []Entry) error {
				if all = append(all, entries...); len(all) >= enough {
					return done
				}
				return nil
			})
			if errors.Is(err, done) {
				err = nil
			}
			return all, err
		}
		all, err := tail(t.Context(), TailQuery{From: 1}, 1000)
		if err != nil || len(all) != int(first)+15 {
			t.Fatalf("%d changes, %v", len(all), err)
		}
		for i, e := range all {
			if e.Seq != freshet.Seq(i+1) || e.At == 0 || e.Version == 0 {
				t.Errorf("change %d is %+v", i, e)
			}
			secret := strings.HasPrefix(string(e.Model), "_")
			if shown := string(e.Record) != "null" && e.Record != nil; shown == secret {
				t.Errorf("%s is shown: %v", e.Model, shown)
			}
			if !secret && (e.By != "operator" || e.Op != "create" || len(e.Audience) != 1 || !strings.Contains(string(e.Record), `"text":"<b>&"`)) {
				t.Errorf("change %d is %+v", i, e)
			}
		}
		last, err := tail(t.Context(), TailQuery{}, 1000)
		if err != nil || len(last) != 10 || last[0].Seq != first+6 {
			t.Errorf("the last changes are %d from %d on, %v", len(last), last[0].Seq, err)
		}
		if none, err := tail(t.Context(), TailQuery{From: 1000}, 1); err != nil || len(none) > 0 {
			t.Errorf("beyond the head there are %d changes, %v", len(none), err)
		}

		// One that follows is given what comes, until its context ends.
		ctx, cancel := context.WithCancel(t.Context())
		followed := make(chan []Entry)
		go func() {
			all, _ := tail(ctx, TailQuery{From: first + 15, Follow: true}, 2)
			followed <- all
		}()
		importText(t, o, ImportQuery{Model: "Note"}, `{"id": "late", "text": "x"}`)
		if all := <-followed; len(all) != 2 || all[1].Key != "late" {
			t.Errorf("followed %+v", all)
		}
		cancel()
		if _, err := tail(ctx, TailQuery{Follow: true}, 1000); !errors.Is(err, context.Canceled) {
			t.Errorf("a tail that is cancelled gives %v", err)
		}
	})
}

func TestCheckAndStatus(t *testing.T) {
	eachOperator(t, func(t *testing.T, desk *Desk, o Operator) {
		said := 0
		report, err := o.Check(t.Context(), func(stage string, done int) {
			if stage != "log" || done != 1 {
				t.Errorf("progress %s %d", stage, done)
			}
			said++
		})
		if err != nil || said != 1 || report.Records != 2 || len(report.Problems) > 0 {
			t.Errorf("%+v, %v, progress %d times", report, err, said)
		}
		status, err := o.Status(t.Context())
		if err != nil || status.Address != "127.0.0.1:1" || status.Seq != desk.Store.Head().Seq || !cmp.Equal(status.Models, []freshet.ModelName{"Note", "Line"}) {
			t.Errorf("%+v, %v", status, err)
		}
	})
}

// importText imports a file that has nothing wrong.
func importText(t *testing.T, o Operator, q ImportQuery, text string) Imported {
	t.Helper()
	done, err := o.Import(t.Context(), q, strings.NewReader(text), func(Imported) {})
	if err != nil || done.Refused > 0 {
		t.Fatalf("import: %+v, %v", done, err)
	}
	return done
}

// exported gives the records of a model.
func exported(t *testing.T, o Operator, q ExportQuery) string {
	t.Helper()
	var text strings.Builder
	err := o.Export(t.Context(), q, func(record []byte) error {
		text.Write(record)
		text.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestExportImport(t *testing.T) {
	eachOperator(t, func(t *testing.T, desk *Desk, o Operator) {
		var text strings.Builder
		for i := range 2500 { // some pages
			text.WriteString(`{"book": "b", "number": ` + strconv.Itoa(i) + `, "text": "é \"<b>\" \\ \n"}` + "\n")
		}
		if done := importText(t, o, ImportQuery{Model: "Line"}, text.String()); done.Created != 2500 {
			t.Fatalf("%+v", done)
		}
		whole := exported(t, o, ExportQuery{Model: "Line"})
		if n := strings.Count(whole, "\n"); n != 2500 {
			t.Fatalf("%d records are exported", n)
		}
		other := newTestDesk(t)
		importText(t, other, ImportQuery{Model: "Line"}, whole)
		if exported(t, other, ExportQuery{Model: "Line"}) != whole {
			t.Error("what was imported again is not the same")
		}
		err := o.Export(t.Context(), ExportQuery{Model: "Nothing"}, func([]byte) error { return nil })
		if freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("a model that there is not gives %v", err)
		}
		stop := errors.New("stop")
		if err := o.Export(t.Context(), ExportQuery{Model: "Line"}, func([]byte) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("an error of visit becomes %v", err)
		}
	})
}

// TestImportEnds looks at imports that cannot be done to the end.
func TestImportEnds(t *testing.T) {
	eachOperator(t, func(t *testing.T, desk *Desk, o Operator) {
		never := func(Imported) {}
		_, err := o.Import(t.Context(), ImportQuery{Model: "Nothing"}, endless{}, never)
		if freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(err.Error(), "the schema has Note, Line") {
			t.Errorf("a model that there is not gives %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = o.Import(ctx, ImportQuery{Model: "Note"}, endless{}, func(Imported) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("one that is cancelled gives %v", err)
		}
		if desk.Store.Head().Seq < 100 {
			t.Error("progress came before there was any")
		}
		if err := desk.Store.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = o.Import(t.Context(), ImportQuery{Model: "Note"}, endless{}, never)
		if freshet.CodeOf(err) != freshet.Unavailable || !strings.Contains(err.Error(), "the store is closed") {
			t.Errorf("a store that takes nothing gives %v", err)
		}
	})
}

// endless is a file without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	const line = `{"text": "again and again"}` + "\n"
	n := 0
	for n+len(line) <= len(p) {
		n += copy(p[n:], line)
	}
	if n == 0 {
		return copy(p, strings.Repeat(" ", len(p))), nil
	}
	return n, nil
}

// TestCutOff looks at answers that end before they are done.
func TestCutOff(t *testing.T) {
	for _, c := range []struct{ answer, want string }{
		{"", "the server went away"},
		{`{"item":{}}` + "\n", "the server went away"},
		{`{"result":{}`, "the server went away"},
		{"404 page not found\n", "cannot be read"},
		{`{"result":{},"item":{}}` + "\n", "cannot be read"},
		{`{"error":{"code":"gone","message":"it went"}}` + "\n", "it went"},
	} {
		err := readStream(strings.NewReader(c.answer), noItem, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gives %v, want %q", c.answer, err, c.want)
		}
	}
	long := `{"item":"` + strings.Repeat("x", 1<<20) + `"}` + "\n"
	n := 0
	if err := readStream(strings.NewReader(long+long+`{"result":null}`+"\n"), func(item []byte) error {
		n += len(item)
		return nil
	}, nil); err != nil || n != 2*(1<<20+2) {
		t.Errorf("long lines give %d bytes, %v", n, err)
	}
}

func TestSocket(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 20), strings.Repeat("long", 20))
	if err := os.MkdirAll(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{t.TempDir(), long} {
		if _, err := Dial(t.Context(), data); !errors.Is(err, ErrNobody) {
			t.Errorf("an empty directory gives %v", err)
		}
		left, err := Listen(data) // a process that is killed leaves its socket
		if err != nil {
			t.Fatal(err)
		}
		if err := left.(*socketListener).Listener.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Dial(t.Context(), data); !errors.Is(err, ErrNobody) {
			t.Errorf("a socket that was left gives %v", err)
		}
		listener, err := Listen(data)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(data, SocketName))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the socket has the mode %v, %v", info.Mode(), err)
		}
		accepted := make(chan error, 1)
		go func() {
			conn, err := listener.Accept()
			if err == nil {
				err = conn.Close()
			}
			accepted <- err
		}()
		if _, err := Dial(t.Context(), data); err != nil {
			t.Errorf("dial: %v", err)
		}
		if err := <-accepted; err != nil {
			t.Error(err)
		}
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second close gives %v", err)
		}
		if entries, err := os.ReadDir(data); err != nil || len(entries) > 0 {
			t.Errorf("%v is left, %v", entries, err)
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	client := dial(t, newTestDesk(t))
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/keys", `{"name": "x", "more": 1}`, 400},
		{"POST", "/keys", `nonsense`, 400},
		{"GET", "/log?from=x", "", 400},
		{"GET", "/nothing", "", 404},
		{"POST", "/status", "", 405},
		{"DELETE", "/keys/nothing", "", 404},
		{"POST", "/import?model=Nothing", "{}", 400},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://freshet"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, response.StatusCode, c.status)
		}
	}
}
