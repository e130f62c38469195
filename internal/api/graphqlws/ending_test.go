package graphqlws_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"freshet/internal/api/graphqlws"
)

const addTask = `{"id":"m","type":"subscribe","payload":{"query":"mutation { createTask(input: {id: \"late\", title: \"t\"}) { id } }"}}`

// tryFor goes on to say something, and that it is there, once a second; that the socket is gone is no fault.
func (c *client) tryFor(d time.Duration, text string) {
	for begin := time.Now(); time.Since(begin) < d; time.Sleep(time.Second) {
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		if c.WriteMessage(websocket.TextMessage, []byte(text)) != nil || c.WriteControl(websocket.PongMessage, nil, time.Now().Add(100*time.Millisecond)) != nil {
			return
		}
	}
}

// A client that takes no notice of the end of its credential is not served any more, and does not keep its socket.
func TestExpiredSocketIsCutOff(t *testing.T) {
	for name, listens := range map[string]bool{"a client that reads": true, "a client that does not read": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				c := b.enter(as("ana for=1h"))
				c.SetCloseHandler(func(int, string) error { return nil })
				if listens {
					heard := &listening{c, make(chan string, 10), make(chan error, 1)}
					go heard.listen()
				} else {
					c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription { onCreateTask { id } }"}}`)
				}
				time.Sleep(time.Hour - time.Second)
				b.create("1")
				time.Sleep(time.Second + time.Millisecond)
				c.tryFor(time.Minute, addTask)
				time.Sleep(time.Second)
				if n := b.server.Sockets(); n != 0 {
					t.Errorf("a minute after the end of its credential the socket is there")
				}
				if got := b.Ask(b.ByKey(), `{ getTask(id: "late") { id } }`); got != `{"data":{"getTask":null}}` {
					t.Errorf("a write after the end of the credential gives %s", got)
				}
			})
		})
	}
}

// Who renews in the moment in which the credential ends is either told so and stays, or leaves.
func TestRenewalAtTheLastMoment(t *testing.T) {
	const lifetime = time.Hour + time.Second // when the server does not ask at once whether the client is there
	inBubble(t, func(b *bubble) {
		for range 50 {
			c := b.connect(as("ana for=" + lifetime.String()))
			time.Sleep(lifetime)
			_ = c.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping","payload":`+as("ana")+`}`)) // it may have ended
			time.Sleep(time.Second)
			select {
			case got := <-c.told:
				if got != renewed || len(c.ended) > 0 {
					t.Errorf("the client is told %s, and the socket has ended: %v", got, len(c.ended) > 0)
				}
			default:
				if err := <-c.ended; !websocket.IsCloseError(err, 4403) {
					t.Errorf("the socket ended with %v", err)
				}
			}
			_ = c.Close()
		}
	})
}

// To say that one is there is not to say who one is.
func TestPongsAreNoCredential(t *testing.T) {
	inBubble(t, func(b *bubble) {
		c := b.dial()
		var trying sync.WaitGroup
		trying.Go(func() { c.tryFor(time.Minute, `{"type":"ping"}`) })
		defer trying.Wait()
		defer c.Close()
		begin := time.Now()
		_ = c.SetReadDeadline(time.Time{})
		err := error(nil)
		for err == nil {
			_, _, err = c.ReadMessage()
		}
		if got := time.Since(begin); !websocket.IsCloseError(err, 4408) || got != 10*time.Second {
			t.Errorf("after %v the socket ends with %v, want 4408 after 10 s", got, err)
		}
	})
}

// A client that asks for much and does not read holds its socket no longer than others.
func TestRevokedKeyEndsASocketWithAnswersThatNobodyReads(t *testing.T) {
	d := open(t, graphqlws.Options{})
	d.create("1")
	d.update(strings.Repeat("x", 200<<10))
	c := d.connect(byKey)
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	for i := 0; i < 1000; i++ { // until the server does not take more
		text := fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"{ getTask(id: \"1\") { body } }"}}`, i)
		if c.WriteMessage(websocket.TextMessage, []byte(text)) != nil {
			break
		}
	}
	d.server.RevokeKey("key test")
	deadline := time.After(2 * time.Second)
	for d.server.Sockets() > 0 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the socket is still there")
		}
	}
}

// A reason that is cut short is text still, else clients take the whole frame for a fault.
func TestLongReasons(t *testing.T) {
	d := open(t, graphqlws.Options{})
	for _, pad := range []string{"", "x"} { // of which one cuts through a character
		c := d.connect(byKey)
		c.say(`{"type":"` + pad + strings.Repeat("ů", 100) + `"}`)
		c.closes(4400)
	}
}
