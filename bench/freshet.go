package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gorilla/websocket"
)

const apiKey = "da2-benchbenchbenchbenchbench"

// freshetServer is Freshet, asked through GraphQL.
type freshetServer struct {
	*process
	signer *signer
}

// startFreshet starts the server, with more flags than it needs where those are given.
func startFreshet(b *bench, dir string, more ...string) (*freshetServer, error) {
	program, err := b.build("freshet", "..", "./cmd/freshet")
	if err != nil {
		return nil, err
	}
	signer, err := newSigner()
	if err != nil {
		return nil, err
	}
	keys := filepath.Join(b.dir, "jwks.json")
	if err := replaceFile(keys, signer.keySet()); err != nil {
		return nil, err
	}
	flags := append([]string{
		"serve", "--data", dir, "--schema", "bench.graphql", "--listen", "127.0.0.1:0", "--api-key", apiKey,
		"--oidc", fmt.Sprintf("issuer=%s,jwks=%s,client_id=%s", issuer, keys, clientID),
	}, more...)
	p, err := startProcess(b.ctx, "/readyz", program, flags...)
	if err != nil {
		return nil, err
	}
	return &freshetServer{process: p, signer: signer}, nil
}

// replaceFile puts a new file in the place of an old one, which a server may have open.
func replaceFile(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (f *freshetServer) name() string          { return freshetName }
func (f *freshetServer) create() []byte        { return f.asKey(createTask, task(title(0), "user1", 0)) }
func (f *freshetServer) id(body []byte) string { return between(body, `"id":"`, `"`) }
func (f *freshetServer) update(id string) []byte {
	return f.asKey(updateTask, fmt.Sprintf(`{"id":%q,"title":%q}`, id, title(0)))
}

const (
	taskFields = `{id title body owner updatedAt _version}`
	createTask = `mutation($input:CreateTaskInput!){createTask(input:$input)` + taskFields + `}`
	updateTask = `mutation($input:UpdateTaskInput!){updateTask(input:$input)` + taskFields + `}`
	listenTask = `subscription{onUpdateTask` + taskFields + `}`
	changes    = `query($after:String,$models:[String!],$limit:Int){changes(after:$after,models:$models,limit:$limit)` +
		`{cursor upToDate reset changes{model op key version at record}}}`
)

// asKey builds a request with an input, a JSON text, and the API key.
func (f *freshetServer) asKey(query, input string) []byte {
	return f.graphql("x-api-key: "+apiKey, query, `{"input":`+input+`}`)
}

// asUser builds a request with a token that names its user.
func (f *freshetServer) asUser(user, query, variables string) ([]byte, error) {
	token, err := f.signer.token(user, time.Now().Add(24*time.Hour))
	return f.graphql("Authorization: "+token, query, variables), err
}

func (f *freshetServer) graphql(credential, query, variables string) []byte {
	return post("POST", f.addr, "/graphql", credential+"\r\n", fmt.Sprintf(`{"query":%q,"variables":%s}`, query, variables))
}

func (f *freshetServer) check(status int, body []byte) error {
	if status != 200 || bytes.Contains(body, []byte(`"errors":`)) {
		return fmt.Errorf("Freshet answers %d %.300s", status, body)
	}
	return nil
}

// socket is a subscription over graphql-transport-ws.
type socket struct{ *websocket.Conn }

func (f *freshetServer) listen() (feed, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: 10 * time.Second}
	c, _, err := dialer.Dial("ws://"+f.addr+"/graphql", http.Header{})
	if err != nil {
		return nil, err
	}
	s := &socket{c}
	if err := s.begin(); err != nil {
		c.Close()
		return nil, err
	}
	return s, nil
}

func (s *socket) begin() error {
	hello := map[string]any{"type": "connection_init", "payload": map[string]string{"x-api-key": apiKey}}
	if err := s.WriteJSON(hello); err != nil {
		return err
	}
	var answer struct {
		Type    string
		Payload json.RawMessage
	}
	if err := s.ReadJSON(&answer); err != nil {
		return err
	}
	if answer.Type != "connection_ack" {
		return fmt.Errorf("Freshet answers connection_init with %s %s", answer.Type, answer.Payload)
	}
	return s.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": listenTask}})
}

func (s *socket) next() ([]byte, error) {
	_, message, err := s.ReadMessage()
	if err == nil && bytes.Contains(message, []byte(`"type":"error"`)) {
		err = fmt.Errorf("Freshet sends %.300s", message)
	}
	return message, err
}
