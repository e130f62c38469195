package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"freshet"
)

const (
	socketProtocol = "graphql-transport-ws"
	// silence is how long nothing may come by a socket; the server asks every 20 s whether the client is there.
	silence = time.Minute
	// operation is the id of the one subscription of a socket.
	operation = "changes"
)

// message is what both sides send.
type message struct {
	Type    string `json:"type"`
	ID      string `json:"id,omitempty"`
	Payload any    `json:"payload,omitempty"`
}

type received struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// live hands out frames as they come by a socket, until that fails. It gives nil where the credentials open no socket.
func (f *follower) live(ctx context.Context) error {
	payload, proof, err := f.client.opts.Credentials.payload(ctx)
	if payload == nil || err != nil {
		return err
	}
	dialer := *f.client.opts.Dialer
	dialer.Subprotocols = []string{socketProtocol}
	ws, _, err := dialer.DialContext(ctx, f.client.socket, nil)
	if err != nil {
		return unreached(ctx, err)
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	err = f.converse(&socket{ws}, payload)
	if freshet.CodeOf(err) == freshet.Unauthenticated {
		return f.refused(proof, err)
	}
	return err
}

// refused decides what becomes of a credential that was not accepted: a token may have had its time.
func (f *follower) refused(proof string, err error) error {
	if f.refusals++; f.refusals > 1 || !f.client.opts.Credentials.refused(proof) {
		return err
	}
	return freshet.Wrap(freshet.Unavailable, err, "the socket has ended")
}

// converse opens the conversation on a socket and hears it to its end.
func (f *follower) converse(s *socket, payload map[string]string) error {
	s.ws.SetPingHandler(func(text string) error {
		s.alive()
		return s.ws.WriteControl(websocket.PongMessage, []byte(text), time.Now().Add(silence))
	})
	if err := s.say(message{Type: "connection_init", Payload: payload}); err != nil {
		return err
	}
	for {
		m, err := s.hear()
		if err == nil {
			err = f.answer(s, m)
		}
		if err != nil {
			return err
		}
	}
}

// answer takes a message of the server.
func (f *follower) answer(s *socket, m received) error {
	switch m.Type {
	case "connection_ack":
		subscribe := request{"subscription" + frameVariables + " {\n  " + frameFields + "\n}", f.variables()}
		return s.say(message{Type: "subscribe", ID: operation, Payload: subscribe})
	case "ping":
		return s.say(message{Type: "pong"})
	case "next":
		data, err := readAnswer(http.StatusOK, m.Payload)
		if err != nil {
			return err
		}
		frame, err := readFrame(data)
		if err != nil {
			return err
		}
		f.failures, f.refusals = 0, 0
		return f.take(frame)
	case "error":
		var faults []fault
		if err := json.Unmarshal(m.Payload, &faults); err != nil || len(faults) == 0 {
			return freshet.Errorf(freshet.Unavailable, "the subscription has failed")
		}
		return join(faults, freshet.Invalid)
	case "complete":
		return freshet.Errorf(freshet.Unavailable, "the subscription has ended")
	}
	return nil
}

// socket carries messages.
type socket struct{ ws *websocket.Conn }

func (s *socket) alive() { _ = s.ws.SetReadDeadline(time.Now().Add(silence)) }

func (s *socket) say(m message) error {
	_ = s.ws.SetWriteDeadline(time.Now().Add(silence))
	if err := s.ws.WriteJSON(m); err != nil {
		return closed(err)
	}
	return nil
}

func (s *socket) hear() (m received, err error) {
	s.alive()
	_, text, err := s.ws.ReadMessage()
	if err != nil {
		return m, closed(err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, freshet.Wrap(freshet.Unavailable, err, "the socket's message cannot be read")
	}
	return m, nil
}

// closed is the error of a socket that ended, by the code that it was closed with.
func closed(err error) error {
	code := freshet.Unavailable
	if e, ok := errors.AsType[*websocket.CloseError](err); ok {
		switch e.Code {
		case 4403:
			code = freshet.Unauthenticated
		case websocket.CloseMessageTooBig:
			code = freshet.TooLarge
		case 4400, 4401, 4409, 4429:
			code = freshet.Invalid
		}
	}
	return freshet.Wrap(code, err, "the socket has ended")
}
