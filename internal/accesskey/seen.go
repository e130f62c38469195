package accesskey

import (
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

// seen remembers signatures for as long as they are good.
type seen struct {
	max int

	mu      sync.Mutex
	minutes map[int64]map[[seenLength]byte]struct{} // by the minute in which they end, which is signed too
	count   int
}

func (s *seen) add(signature [seenLength]byte, until, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for minute, ended := range s.minutes {
		if minute < now.Unix()/seenMinute {
			s.count -= len(ended)
			delete(s.minutes, minute)
		}
	}
	minute := until.Unix() / seenMinute
	if _, again := s.minutes[minute][signature]; again {
		return refuse(Replayed, "this signed request was here before; sign each write anew")
	}
	if s.count >= s.max {
		return freshet.Errorf(freshet.Unavailable, "%d signed writes are remembered, and that is the limit; try again in some minutes", s.max)
	}
	if s.minutes == nil {
		s.minutes = make(map[int64]map[[seenLength]byte]struct{})
	}
	if s.minutes[minute] == nil {
		s.minutes[minute] = make(map[[seenLength]byte]struct{})
	}
	s.minutes[minute][signature] = struct{}{}
	s.count++
	return nil
}
