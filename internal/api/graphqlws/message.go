package graphqlws

import (
	"encoding/json"
	"strings"

	"github.com/gorilla/websocket"

	"freshet"
	"freshet/internal/rawjson"
)

// message is what a client sends.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

func parseMessage(text []byte) (message, error) {
	var m message
	err := json.Unmarshal(text, &m)
	return m, err
}

// appendFrame appends a message of the server about an operation.
func appendFrame(dst []byte, kind, id string, payload []byte) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, '"')
	if id != "" {
		dst = rawjson.AppendString(append(dst, `,"id":`...), id)
	}
	if payload != nil {
		dst = append(append(dst, `,"payload":`...), payload...)
	}
	return append(dst, '}')
}

// errorsOf gives the list of errors in a response that holds nothing else, as an error message has it.
func errorsOf(response []byte) []byte { return response[len(`{"errors":`) : len(response)-1] }

// closeCode ends a socket. Codes from 4400 on tell a client not to try the same again, by the
// sub-protocol; others are worth another try.
type closeCode struct {
	code   int
	reason string
}

var (
	goingAway    = closeCode{websocket.CloseGoingAway, "the server is stopping; connect again"}
	initTimeout  = closeCode{4408, "Connection initialisation timeout"}
	initTwice    = closeCode{4429, "Too many initialisation requests"}
	initMissing  = closeCode{4401, "Unauthorized"}
	tokenExpired = closeCode{4403, "Token expired"}
	revoked      = closeCode{4403, "Forbidden: the session or the key was revoked"}
	badMessage   = closeCode{4400, "Invalid message received"}
)

// refusal gives the close code of an error that ends a socket.
func refusal(err error) closeCode {
	switch freshet.CodeOf(err) {
	case freshet.Unauthenticated, freshet.Forbidden:
		return closeCode{4403, "Forbidden: " + freshet.MessageOf(err)}
	case freshet.Unavailable:
		return closeCode{websocket.CloseTryAgainLater, freshet.MessageOf(err)}
	case freshet.Internal:
		return closeCode{4500, freshet.MessageOf(err)}
	}
	return closeCode{4400, freshet.MessageOf(err)}
}

// renewalRefusal gives the close code of a credential that does not renew.
func renewalRefusal(err error) closeCode {
	switch freshet.CodeOf(err) {
	case freshet.Unavailable, freshet.Internal:
		return refusal(err)
	}
	return closeCode{4403, "Not renewed: " + freshet.MessageOf(err)}
}

// maxReason is the largest reason that a close frame has room for, in bytes.
const maxReason = 123

func (c closeCode) frame() []byte {
	reason := strings.ToValidUTF8(c.reason[:min(len(c.reason), maxReason)], "") // a character that was cut through goes
	return websocket.FormatCloseMessage(c.code, reason)
}
