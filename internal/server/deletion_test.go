package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"freshet/internal/accounts"
	"freshet/internal/api/control"
)

const deletionSDL = `
	type Task @model @auth(rules: [{allow: owner}, {allow: owner, ownerField: "sharedWith", operations: [read, update]}]) {
		title: String! owner: String sharedWith: [String]
	}
	type Bill @model @auth(rules: [{allow: owner, ownerField: "payer"}]) { amount: Int! payer: String! }`

// idp asks an operation of the user pool over the network; prepare may sign the request.
func (r *running) idp(t *testing.T, operation, body string, prepare ...func(*http.Request)) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.Addr()+"/idp", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	for _, p := range prepare {
		p(request)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil && response.ContentLength > 0 || response.StatusCode != 200 {
		t.Fatalf("%s: %d %v, %v", operation, response.StatusCode, answer, err)
	}
	return answer
}

// signUp makes an account as anybody may, and gives an access token.
func (r *running) signUp(t *testing.T, name string) string {
	t.Helper()
	r.idp(t, "SignUp", `{"ClientId":"`+DefaultClient+`","Username":"`+name+`","Password":"`+testPassword+`"}`)
	answer := r.idp(t, "InitiateAuth", `{"ClientId":"`+DefaultClient+`","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"`+name+`","PASSWORD":"`+testPassword+`"}}`)
	token, _ := answer["AuthenticationResult"].(map[string]any)["AccessToken"].(string)
	return token
}

// graphql asks, and gives the data.
func (r *running) graphql(t *testing.T, token, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	response, answer := r.ask(t, "POST", "/graphql", string(body), "Content-Type", "application/json", "Authorization", token)
	if response.StatusCode != 200 || strings.Contains(answer, `"errors"`) {
		t.Fatalf("%s: %d %s", query, response.StatusCode, answer)
	}
	return answer
}

const everything = `{
	listTasks { items { id } } listBills { items { id } }
	gone: listTasks(filter: {_deleted: {eq: true}}) { items { id } } goneBills: listBills(filter: {_deleted: {eq: true}}) { items { id } }
	getTask(id: "mine") { title } getBill(id: "bill") { amount }
	changes { changes { key op record } } }`

func openForDeletion(t *testing.T, what Disposal) *running {
	t.Helper()
	file := filepath.Join(t.TempDir(), "schema.graphql")
	if err := os.WriteFile(file, []byte(deletionSDL), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, Config{Data: t.TempDir(), Schema: []string{file}, NoVerification: true, DeletedUsers: what})
}

func fill(t *testing.T, s *running, ana, ben string) {
	t.Helper()
	for token, mutations := range map[string][]string{
		ana: {
			`createTask(input: {id: "mine", title: "secret"}) { id }`, `createTask(input: {id: "shared", title: "ours", sharedWith: ["ben"]}) { id }`,
			`createTask(input: {id: "old", title: "gone"}) { id }`, `deleteTask(input: {id: "old"}) { id }`,
			`createBill(input: {id: "bill", amount: 3, payer: "ana"}) { id }`,
		},
		ben: {`createTask(input: {id: "ben's", title: "for ana", sharedWith: ["ana", "eve"]}) { id }`},
	} {
		for _, mutation := range mutations {
			s.graphql(t, token, "mutation { "+mutation+" }")
		}
	}
}

// TestDeletedUsers deletes an account in each way there is; whoever takes its name then finds nothing.
func TestDeletedUsers(t *testing.T) {
	ways := map[string]func(t *testing.T, s *running, token string){
		"DeleteUser": func(t *testing.T, s *running, token string) {
			s.idp(t, "DeleteUser", `{"AccessToken":"`+token+`"}`)
		},
		"AdminDeleteUser": func(t *testing.T, s *running, _ string) {
			key, secret, err := s.people.keys.Create(t.Context(), "root", time.Time{}, true)
			if err != nil {
				t.Fatal(err)
			}
			body := `{"UserPoolId":"` + DefaultPool + `","Username":"ana"}`
			s.idp(t, "AdminDeleteUser", body, func(r *http.Request) {
				sum := sha256.Sum256([]byte(body))
				credentials := aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: secret}
				if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), "cognito-idp", "local", time.Now()); err != nil {
					t.Fatal(err)
				}
			})
		},
		"freshet user delete": func(t *testing.T, s *running, _ string) {
			desk, err := control.Dial(t.Context(), s.cfg.Data)
			if err != nil {
				t.Fatal(err)
			}
			if err := desk.ActOnUser(t.Context(), "ana", control.DeleteUser); err != nil {
				t.Fatal(err)
			}
		},
	}
	ofBen := map[Disposal]string{
		KeepRecords:   `{"data":{"listTasks":{"items":[{"id":"ben's","sharedWith":["eve"]},{"id":"shared","sharedWith":["ben"]}]}}}`,
		DeleteRecords: `{"data":{"listTasks":{"items":[{"id":"ben's","sharedWith":["eve"]}]}}}`,
	}
	for what, wantBen := range ofBen {
		for way, remove := range ways {
			t.Run(string(what)+" by "+way, func(t *testing.T) {
				s := openForDeletion(t, what)
				ana, ben := s.signUp(t, "ana"), s.signUp(t, "ben")
				fill(t, s, ana, ben)
				watching := s.connect(t, `{"Authorization":"`+ben+`"}`)
				subscribe(t, watching, `subscription { changes { changes { key op } } }`)

				remove(t, s, ana)
				if response, _ := s.ask(t, "POST", "/graphql", askType, "Content-Type", "application/json", "Authorization", ana); response.StatusCode != 401 {
					t.Errorf("the token of the deleted account gives %d", response.StatusCode)
				}
				again := s.signUp(t, "ana")
				const nothing = `{"data":{"listTasks":{"items":[]},"listBills":{"items":[]},"gone":{"items":[]},"goneBills":{"items":[]},"getTask":null,"getBill":null,"changes":{"changes":[]}}}`
				if diff := cmp.Diff(nothing, s.seen(t, again)); diff != "" {
					t.Errorf("the next ana sees (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(wantBen, s.graphql(t, ben, `{ listTasks { items { id sharedWith } } }`)); diff != "" {
					t.Errorf("ben has (-want +got):\n%s", diff)
				}
				op := map[Disposal]string{KeepRecords: "PUT", DeleteRecords: "REMOVE"}[what]
				wantPushed(t, watching, `"key":"shared","op":"`+op+`"`, `"key":"ben's","op":"PUT"`)
			})
		}
	}
}

// seen asks for everything. To get what one may not get is an error, which is as good as nothing.
func (r *running) seen(t *testing.T, token string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": everything})
	if err != nil {
		t.Fatal(err)
	}
	_, answer := r.ask(t, "POST", "/graphql", string(body), "Content-Type", "application/json", "Authorization", token)
	var parts struct {
		Data   json.RawMessage
		Errors []struct{ ErrorType string }
	}
	if err := json.Unmarshal([]byte(answer), &parts); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	for _, e := range parts.Errors {
		if e.ErrorType != "Unauthorized" {
			t.Errorf("everything gives %s", answer)
		}
	}
	return `{"data":` + string(parts.Data) + `}`
}

// TestDeletedOffline deletes an account where no server runs.
func TestDeletedOffline(t *testing.T) {
	s := openForDeletion(t, DeleteRecords)
	ana, ben := s.signUp(t, "ana"), s.signUp(t, "ben")
	fill(t, s, ana, ben)
	s.end()
	desk, err := OpenOffline(t.Context(), s.cfg, WithAccounts, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(desk.ActOnUser(t.Context(), "ana", control.DeleteUser), desk.Close()); err != nil {
		t.Fatal(err)
	}
	s = start(t, s.cfg)
	if got := s.seen(t, s.signUp(t, "ana")); strings.Contains(got, "id") {
		t.Errorf("the next ana sees %s", got)
	}
}

// TestDeletionGoesOn holds that who asks for a deletion and goes away gets it all the same.
func TestDeletionGoesOn(t *testing.T) {
	s := openForDeletion(t, KeepRecords)
	ana := s.signUp(t, "ana")
	fill(t, s, ana, s.signUp(t, "ben"))
	ctx, cancel := context.WithCancel(t.Context())
	s.people.pool.OnRevoke(func(string, string) { cancel() })
	if err := s.people.pool.DeleteUser(ctx, accounts.Caller{Client: DefaultClient}, ana); err != nil || ctx.Err() == nil {
		t.Fatalf("%v, %v", err, ctx.Err())
	}
	if got := s.seen(t, s.signUp(t, "ana")); strings.Contains(got, "id") {
		t.Errorf("the next ana sees %s", got)
	}
}

// subscribe begins a subscription and waits for its first frame.
func subscribe(t *testing.T, ws *websocket.Conn, query string) {
	t.Helper()
	payload, err := json.Marshal(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]string{"query": query}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.WriteMessage(websocket.TextMessage, payload); err != nil {
		t.Fatal(err)
	}
	wantPushed(t, ws, `"key":"shared"`)
}

// wantPushed reads from a socket until it has had all of some texts.
func wantPushed(t *testing.T, ws *websocket.Conn, texts ...string) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	var all strings.Builder
	for _, text := range texts {
		for !strings.Contains(all.String(), text) {
			_, message, err := ws.ReadMessage()
			if err != nil {
				t.Fatalf("the socket had %s and not %s: %v", all.String(), text, err)
			}
			all.Write(message)
		}
	}
}
