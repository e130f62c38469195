package accesskey

import (
	"context"
	"fmt"
	"sync"
	"time"

	"freshet"
)

const (
	// maxSeen bounds the signatures kept, some 35 MB of them: 1,700 signed writes a second from callers whose
	// clocks are 5 min fast, twice as many from those that are right. Over it writes are refused, for to forget
	// a signature would let it pass again.
	maxSeen = 1 << 20

	seenLength = 16 // bytes of a signature: enough that no two are alike

	seenMinute = int64(time.Minute / time.Second)
)

var seenDocument = freshet.Document{Kind: "_Signatures", Key: "seen"}

// storedSeen is signatures one after the other, by the minute in which they end.
type storedSeen map[int64][]byte

// Seen remembers signatures for as long as they are good: in memory while the process runs, and in the store from one
// that ends to the next. What a process has seen that ends without Close is forgotten.
type Seen struct {
	documents freshet.Documents // nil: nothing is stored
	max       int

	mu      sync.Mutex
	minutes map[int64]map[[seenLength]byte]struct{} // by the minute in which they end, which is signed too
	count   int
}

func newSeen() *Seen {
	return &Seen{max: maxSeen, minutes: make(map[int64]map[[seenLength]byte]struct{})}
}

// OpenSeen reads what the process before has seen and is good at a time.
func OpenSeen(ctx context.Context, documents freshet.Documents, now time.Time) (*Seen, error) {
	s := newSeen()
	s.documents = documents
	var stored storedSeen
	if _, err := documents.Get(ctx, seenDocument, &stored); err != nil {
		return nil, fmt.Errorf("read the signatures that were seen: %w", err)
	}
	for minute, signatures := range stored {
		for ; len(signatures) >= seenLength; signatures = signatures[seenLength:] {
			s.put([seenLength]byte(signatures), minute)
		}
	}
	s.forget(now)
	return s, nil
}

// Close stores what was seen, if anything was.
func (s *Seen) Close() error {
	stored := s.all()
	var err error
	if len(stored) > 0 {
		err = freshet.PutDocument(context.Background(), s.documents, seenDocument, stored)
	} else {
		err = freshet.RemoveDocuments(context.Background(), s.documents, seenDocument)
	}
	if err != nil {
		return fmt.Errorf("store the signatures that were seen: %w", err)
	}
	return nil
}

func (s *Seen) all() storedSeen {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(storedSeen, len(s.minutes))
	for minute, signatures := range s.minutes {
		for signature := range signatures {
			all[minute] = append(all[minute], signature[:]...)
		}
	}
	return all
}

func (s *Seen) add(signature [seenLength]byte, until, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	minute := until.Unix() / seenMinute
	if _, again := s.minutes[minute][signature]; again {
		return refuse(Replayed, "this signed request was here before; sign each write anew")
	}
	if s.count >= s.max {
		return freshet.Errorf(freshet.Unavailable, "%d signed writes are remembered, and that is the limit; try again in some minutes", s.max)
	}
	s.put(signature, minute)
	return nil
}

// put remembers a signature that is not there; s.mu is held.
func (s *Seen) put(signature [seenLength]byte, minute int64) {
	if s.minutes[minute] == nil {
		s.minutes[minute] = make(map[[seenLength]byte]struct{})
	}
	s.minutes[minute][signature] = struct{}{}
	s.count++
}

// forget lets go of what has ended; s.mu is held.
func (s *Seen) forget(now time.Time) {
	for minute, ended := range s.minutes {
		if minute < now.Unix()/seenMinute {
			s.count -= len(ended)
			delete(s.minutes, minute)
		}
	}
}
