package feed

import (
	"slices"
	"sync"

	"freshet"
	"freshet/internal/schema"
)

// Event is a change on its way to subscribers. They share it, and what they make of it.
type Event struct {
	freshet.Change
	encoded

	doc schema.Doc // under mu
}

// encoded is what subscribers made of something that they share.
type encoded struct {
	mu       sync.Mutex
	encoding map[string][]byte
}

// Doc gives the fields of the record as the change left it.
func (e *Event) Doc(m *schema.Model) (schema.Doc, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	if e.doc == nil {
		e.doc, err = m.Parse(e.Body)
	}
	return e.doc, err
}

// Encode gives what encode makes of it, and makes it once for each key. The bytes are shared.
func (e *encoded) Encode(key string, encode func() []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if b, ok := e.encoding[key]; ok {
		return b
	}
	b := encode()
	if e.encoding == nil {
		e.encoding = make(map[string][]byte, 1)
	}
	e.encoding[key] = b
	return b
}

// tokens gives those whose holders the change concerns.
func (e *Event) tokens() []freshet.Token {
	if len(e.Left) == 0 {
		return e.Audience
	}
	return slices.Concat(e.Audience, e.Left)
}

// size estimates the memory of an event with one encoding.
func (e *Event) size() int { return 2*len(e.Body) + 512 }
