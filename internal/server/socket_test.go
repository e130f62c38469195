package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/gorilla/websocket"

	"freshet/internal/accesskey"
	"freshet/internal/accounts"
)

// connection is the payload of a connection_init, signed as clients of AppSync sign it; nonce may name a further value.
func (r *running) connection(t *testing.T, c aws.Credentials, at time.Time, nonce ...string) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.Addr()+"/graphql/connect", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json, text/javascript")
	request.Header.Set("Content-Encoding", "amz-1.0")
	request.Header.Set("Content-Type", "application/json; charset=UTF-8")
	for _, value := range nonce {
		request.Header.Set("Nonce", value)
	}
	sum := sha256.Sum256([]byte("{}"))
	if err := v4.NewSigner().SignHTTP(t.Context(), c, request, hex.EncodeToString(sum[:]), "appsync", "local", at); err != nil {
		t.Fatal(err)
	}
	payload := map[string]any{"host": r.Addr()}
	for name := range request.Header {
		payload[strings.ToLower(name)] = request.Header.Get(name)
	}
	return payload
}

func text(t *testing.T, payload any) string {
	t.Helper()
	b, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// tell sends a message, and gives what comes back.
func tell(t *testing.T, ws *websocket.Conn, kind, payload string) (string, error) {
	t.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"`+kind+`","payload":`+payload+`}`)); err != nil {
		t.Fatal(err)
	}
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, answer, err := ws.ReadMessage()
	return string(answer), err
}

// refuses sees that a socket does not open, or does not go on, for a reason.
func refuses(t *testing.T, what string, err error, reason string) {
	t.Helper()
	if !websocket.IsCloseError(err, 4403) || !strings.Contains(err.Error(), reason) {
		t.Errorf("%s: the socket ends with %v, want 4403 and %q", what, err, reason)
	}
}

func (r *running) accessKey(t *testing.T, name string, expires time.Time) (accesskey.Key, aws.Credentials) {
	t.Helper()
	key, secret, err := r.people.keys.Create(t.Context(), name, expires, false)
	if err != nil {
		t.Fatal(err)
	}
	return key, aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: secret}
}

func (r *running) userID(t *testing.T, name string) string {
	t.Helper()
	u, err := r.people.pool.AdminGetUser(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}

// temporary gives credentials as the identity pool gives them.
func (r *running) temporary(t *testing.T, subject accesskey.Subject, lifetime time.Duration) aws.Credentials {
	t.Helper()
	c, err := r.people.keys.Issue(subject, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: c.ID, SecretAccessKey: c.Secret, SessionToken: c.SessionToken}
}

const iamSchema = `type Note @model @auth(rules: [{allow: private, provider: iam}, {allow: public, provider: iam}]) { text: String }`

func startIAM(t *testing.T) *running {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schema.graphql")
	if err := os.WriteFile(path, []byte(iamSchema), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, Config{Schema: []string{path}})
}

func TestSignedConnection(t *testing.T) {
	s := startIAM(t)
	_, robot := s.accessKey(t, "robot", time.Time{})
	guest := s.temporary(t, accesskey.Subject{Guest: true, IdentityID: "local:1"}, time.Hour)
	for name, credentials := range map[string]aws.Credentials{"an access key": robot, "temporary credentials": guest} {
		ws := s.connect(t, text(t, s.connection(t, credentials, time.Now())))
		list := `{"type":"subscribe","id":"1","payload":{"query":"{ listNotes { nextToken } }"}}`
		if err := ws.WriteMessage(websocket.TextMessage, []byte(list)); err != nil {
			t.Fatal(err)
		}
		if _, answer, err := ws.ReadMessage(); err != nil || string(answer) != `{"type":"next","id":"1","payload":{"data":{"listNotes":{"nextToken":null}}}}` {
			t.Errorf("%s: %s, %v", name, answer, err)
		}
	}

	with := func(change func(payload map[string]any)) map[string]any {
		payload := s.connection(t, robot, time.Now().Add(-time.Minute))
		change(payload)
		return payload
	}
	for name, test := range map[string]struct {
		payload map[string]any
		reason  string
	}{
		"another host":         {with(func(p map[string]any) { p["host"] = "example.com" }), "signed for the host \"example.com\""},
		"another name of it":   {with(func(p map[string]any) { p["host"] = strings.Replace(s.Addr(), "127.0.0.1", "localhost", 1) }), "was called"},
		"another header":       {with(func(p map[string]any) { p["accept"] = "*/*" }), "the signature is not of this request"},
		"no host":              {with(func(p map[string]any) { delete(p, "host") }), "no host among the headers"},
		"no date":              {with(func(p map[string]any) { delete(p, "x-amz-date") }), "the header x-amz-date was signed and is not there"},
		"a date that is none":  {with(func(p map[string]any) { p["x-amz-date"] = 5 }), "the header x-amz-date was signed and is not there"},
		"a header twice":       {with(func(p map[string]any) { p["Accept"] = "*/*" }), "is there twice"},
		"a header of AWS more": {with(func(p map[string]any) { p["x-amz-target"] = "x" }), "is not signed"},
		"an old signature":     {s.connection(t, robot, time.Now().Add(-time.Hour)), "set the clock"},
		"another secret":       {s.connection(t, aws.Credentials{AccessKeyID: robot.AccessKeyID, SecretAccessKey: "x"}, time.Now()), "the signature is not of this request"},
		"a key of nobody":      {s.connection(t, aws.Credentials{AccessKeyID: "FKIAAAAAAAAAAAAAAAAA", SecretAccessKey: "x"}, time.Now()), "the access key is not known"},
		"no session token": {
			s.connection(t, aws.Credentials{AccessKeyID: guest.AccessKeyID, SecretAccessKey: guest.SecretAccessKey}, time.Now()), "session token",
		},
	} {
		ws := s.dial(t)
		_, err := tell(t, ws, "connection_init", text(t, test.payload))
		refuses(t, name, err, test.reason)
	}
}

const addNote = `{"query":"mutation { createNote(input: {text: \"n\"}) { text } }"}`

// asks has a query or a mutation executed on a socket.
func asks(t *testing.T, ws *websocket.Conn, request, want string) {
	t.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribe","id":"q","payload":`+request+`}`)); err != nil {
		t.Fatal(err)
	}
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	for _, want := range []string{`{"type":"next","id":"q","payload":` + want, `{"type":"complete","id":"q"`} {
		if _, answer, err := ws.ReadMessage(); err != nil || !strings.HasPrefix(string(answer), want) {
			t.Errorf("%s gives %s, %v, want %s", request, answer, err, want)
		}
	}
}

const (
	noteMade    = `{"data":{"createNote":{"text":"n"}}}`
	noteRefused = `{"data":{"createNote":null},"errors":[{"path":["createNote"],"data":null,"errorType":"Unauthorized"`
)

// Two sockets that one key opens within a second have one signature. The second may read: the first has no more than
// that from who sees its signature.
func TestSignatureThatWasSeen(t *testing.T) {
	s := startIAM(t)
	_, robot := s.accessKey(t, "robot", time.Time{})
	signed := time.Now().Add(-4 * time.Minute).Truncate(time.Second)
	payload := text(t, s.connection(t, robot, signed))
	terms := fmt.Sprintf(`"readOnly":true,"expires":%d}}`, signed.Add(accesskey.MaxSkew).UnixMilli())

	first := s.connect(t, payload)
	asks(t, first, addNote, noteMade)
	second := s.dial(t)
	if got, err := tell(t, second, "connection_init", payload); err != nil || got != `{"type":"connection_ack","payload":{`+terms {
		t.Fatalf("the second socket is told %s, %v", got, err)
	}
	asks(t, second, `{"query":"{ listNotes { items { text } } }"}`, `{"data":{"listNotes":{"items":[{"text":"n"}]}}}`)
	asks(t, second, addNote, noteRefused)
	asks(t, second, `{"query":"mutation { push(client: \"c\", writes: [{counter: 1, op: CREATE, model: \"Note\", key: \"k\", fields: {text: \"n\"}}]) { results { status } } }"}`,
		`{"data":{"push":{"results":[{"status":"REFUSED"}]}}}`)
	if err := second.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribe","id":"s","payload":{"query":"subscription { onCreateNote { text } }"}}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := tell(t, second, "ping", "1"); err != nil || got != `{"type":"pong","payload":1}` {
		t.Fatalf("the second socket says %s, %v", got, err)
	}
	asks(t, first, addNote, noteMade)
	if _, got, err := second.ReadMessage(); err != nil || string(got) != `{"type":"next","id":"s","payload":{"data":{"onCreateNote":{"text":"n"}}}}` {
		t.Errorf("the second socket hears %s, %v", got, err)
	}

	if got, err := tell(t, first, "ping", payload); err != nil || got != `{"type":"pong","payload":{"renewed":true,`+terms {
		t.Errorf("a renewal by what was seen gives %s, %v", got, err)
	}
	asks(t, first, addNote, noteRefused)
	if got, err := tell(t, first, "ping", text(t, s.connection(t, robot, time.Now()))); err != nil || got != `{"type":"pong","payload":{"renewed":true}}` {
		t.Errorf("a renewal by another signature gives %s, %v", got, err)
	}
	asks(t, first, addNote, noteMade)
}

// With a header of their own, two sockets that one key opens within a second may both write.
func TestSignaturesWithANonce(t *testing.T) {
	s := startIAM(t)
	_, robot := s.accessKey(t, "robot", time.Time{})
	at := time.Now()
	for _, nonce := range []string{"1", "2"} {
		asks(t, s.connect(t, text(t, s.connection(t, robot, at, nonce))), addNote, noteMade)
	}
}

func TestSignatureThatWasSeenEnds(t *testing.T) {
	s := startIAM(t)
	_, robot := s.accessKey(t, "robot", time.Time{})
	payload := text(t, s.connection(t, robot, time.Now().Add(2*time.Second-accesskey.MaxSkew))) // in whole seconds: it holds for one
	stays, ends := s.connect(t, payload), s.dial(t)
	if _, err := tell(t, ends, "connection_init", payload); err != nil {
		t.Fatal(err)
	}
	_, _, err := ends.ReadMessage()
	refuses(t, "a signature that is not fresh any more", err, "expired")
	asks(t, stays, addNote, noteMade)
}

// Of many sockets that are opened with one signature at once, one may write.
func TestSignatureThatIsSeenByMany(t *testing.T) {
	s := startIAM(t)
	_, robot := s.accessKey(t, "robot", time.Time{})
	payload := text(t, s.connection(t, robot, time.Now()))
	sockets := make([]*websocket.Conn, 10)
	for i := range sockets {
		sockets[i] = s.dial(t)
		if err := sockets[i].WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_init","payload":`+payload+`}`)); err != nil {
			t.Fatal(err)
		}
	}
	may := 0
	for _, ws := range sockets {
		_, answer, err := ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		want := noteRefused
		if string(answer) == `{"type":"connection_ack"}` {
			may++
			want = noteMade
		}
		asks(t, ws, addNote, want)
	}
	if may != 1 {
		t.Errorf("%d sockets may write", may)
	}
}

func TestSignedRenewal(t *testing.T) {
	s := startIAM(t)
	guest := func(id string) accesskey.Subject { return accesskey.Subject{Guest: true, IdentityID: id} }
	s.signIn(t, "ana")
	ana := accesskey.Subject{Sub: s.userID(t, "ana"), Username: "ana", IdentityID: "local:3"}
	_, robot := s.accessKey(t, "robot", time.Time{})
	_, other := s.accessKey(t, "other", time.Now().Add(time.Hour))
	// The expiry is that of the new credentials, which end on a whole second.
	for name, test := range map[string]struct {
		first, second aws.Credentials
		expires       bool
	}{
		"a guest":       {s.temporary(t, guest("local:1"), time.Minute), s.temporary(t, guest("local:1"), time.Hour), true},
		"a user":        {s.temporary(t, ana, time.Minute), s.temporary(t, ana, time.Hour), true},
		"an access key": {robot, robot, false},
		"a key's":       {other, other, true},
	} {
		ws := s.connect(t, text(t, s.connection(t, test.first, time.Now().Add(-time.Second))))
		answer, err := tell(t, ws, "ping", text(t, s.connection(t, test.second, time.Now())))
		var pong struct {
			Payload struct {
				Renewed bool
				Expires int64
			}
		}
		if err != nil || json.Unmarshal([]byte(answer), &pong) != nil || !pong.Payload.Renewed {
			t.Errorf("%s: the renewal gives %s, %v", name, answer, err)
		}
		left := time.Until(time.UnixMilli(pong.Payload.Expires))
		if test.expires && (left < 50*time.Minute || left > time.Hour) || !test.expires && pong.Payload.Expires != 0 {
			t.Errorf("%s: it holds for %v", name, left)
		}
	}
	for name, credentials := range map[string]aws.Credentials{
		"another guest": s.temporary(t, guest("local:2"), time.Hour), "a user": s.temporary(t, ana, time.Hour), "an access key": other,
	} {
		ws := s.connect(t, text(t, s.connection(t, s.temporary(t, guest("local:1"), time.Hour), time.Now())))
		_, err := tell(t, ws, "ping", text(t, s.connection(t, credentials, time.Now())))
		refuses(t, name, err, "another identity")
	}
}

func TestSignedSocketsEnd(t *testing.T) {
	s := startIAM(t)
	for _, name := range []string{"ana", "ben"} {
		s.signIn(t, name)
	}
	by := accounts.Caller{By: "test"}
	subject := func(name string) accesskey.Subject {
		return accesskey.Subject{Sub: s.userID(t, name), Username: name, IdentityID: "local:" + name}
	}
	key, robot := s.accessKey(t, "robot", time.Time{})
	_, other := s.accessKey(t, "other", time.Time{})
	stays := s.connect(t, text(t, s.connection(t, other, time.Now())))
	for name, test := range map[string]struct {
		credentials aws.Credentials
		end         func() error
	}{
		"a revoked access key": {robot, func() error {
			_, err := s.people.keys.Revoke(t.Context(), key.ID)
			return err
		}},
		"a disabled account": {s.temporary(t, subject("ana"), time.Hour), func() error {
			if err := s.people.pool.AdminUserGlobalSignOut(t.Context(), by, "ana"); err != nil {
				return err // so that there is no session by which to tell
			}
			return s.people.pool.AdminDisableUser(t.Context(), by, "ana")
		}},
		"a deleted account": {s.temporary(t, subject("ben"), time.Hour), func() error {
			return s.people.pool.AdminDeleteUser(t.Context(), by, "ben")
		}},
	} {
		ws := s.connect(t, text(t, s.connection(t, test.credentials, time.Now())))
		if err := test.end(); err != nil {
			t.Fatal(err)
		}
		_ = ws.SetReadDeadline(time.Now().Add(time.Second))
		_, _, err := ws.ReadMessage()
		refuses(t, name, err, "revoked")
	}
	if answer, err := tell(t, stays, "ping", "1"); err != nil || answer != `{"type":"pong","payload":1}` {
		t.Errorf("the other socket says %s, %v", answer, err)
	}
	_, err := tell(t, s.dial(t), "connection_init", text(t, s.connection(t, robot, time.Now())))
	refuses(t, "the revoked key again", err, "the access key is not known, or was revoked")
}

func TestOwnTokensRenew(t *testing.T) {
	s := start(t, Config{})
	first, ben := s.signIn(t, "ana"), s.signIn(t, "ben")
	second := s.token(t, "ana")
	payload := func(token string) string { return `{"Authorization":"` + token + `"}` }
	ws := s.connect(t, payload(first))
	if answer, err := tell(t, ws, "ping", payload(second)); err != nil || !strings.HasPrefix(answer, `{"type":"pong","payload":{"renewed":true,"expires":`) {
		t.Errorf("another token of ana gives %s, %v", answer, err)
	}
	other := s.connect(t, payload(second))
	_, err := tell(t, other, "ping", payload(ben))
	refuses(t, "a token of ben", err, "another identity")
	other = s.connect(t, payload(second))
	_, err = tell(t, other, "ping", payload(first[:len(first)-8]+"AAAAAAAA"))
	refuses(t, "a token that is wrong", err, "Not renewed")
	if err := s.people.pool.AdminDisableUser(t.Context(), accounts.Caller{By: "test"}, "ana"); err != nil {
		t.Fatal(err)
	}
	_ = ws.SetReadDeadline(time.Now().Add(time.Second))
	_, _, err = ws.ReadMessage()
	refuses(t, "the renewed socket of a disabled account", err, "revoked")
}

// A socket ends with the credential that let it in, whatever kind that is.
func TestSocketsEndWithTheirCredential(t *testing.T) {
	s := startIAM(t)
	s.signIn(t, "ana")
	ends := time.Now().Add(2 * time.Second).Truncate(time.Second) // credentials of the identity pool end on a whole one
	_, phone, err := s.keyring.Create(t.Context(), "phone", ends)
	if err != nil {
		t.Fatal(err)
	}
	_, robot := s.accessKey(t, "robot", ends)
	ana := accesskey.Subject{Sub: s.userID(t, "ana"), Username: "ana", IdentityID: "local:1"}
	guest := accesskey.Subject{Guest: true, IdentityID: "local:2"}
	signed := func(c aws.Credentials) string { return text(t, s.connection(t, c, time.Now())) }
	sockets := make(map[string]*websocket.Conn)
	for name, payload := range map[string]string{
		"an API key": `{"x-api-key":"` + phone + `"}`, "an access key": signed(robot),
		"a user's": signed(s.temporary(t, ana, time.Until(ends)+time.Millisecond)), "a guest's": signed(s.temporary(t, guest, time.Until(ends)+time.Millisecond)),
	} {
		sockets[name] = s.connect(t, payload)
	}
	for name, ws := range sockets {
		_ = ws.SetReadDeadline(ends.Add(time.Second))
		_, _, err := ws.ReadMessage()
		refuses(t, name, err, "Token expired")
		if left := time.Until(ends); left > 0 {
			t.Errorf("%s ends %v too soon", name, left)
		}
	}
}
