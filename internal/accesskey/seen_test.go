package accesskey

import (
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

func TestOnce(t *testing.T) {
	b := newBench(t, Options{})
	verify := func() Proof {
		t.Helper()
		proof, err := b.verifier.Verify(t.Context(), RequestOf(b.posted(t), []byte(graphQLBody)))
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	first := verify()
	if err := b.verifier.Once(first); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "at once", b.verifier.Once(verify()), Replayed, "was here before")
	b.clock.move(MaxSkew) // the last moment at which the request itself is taken
	wantReason(t, "at the end", b.verifier.Once(verify()), Replayed, "was here before")
	b.signer.at = b.clock.now()
	if err := b.verifier.Once(verify()); err != nil {
		t.Errorf("signed anew: %v", err)
	}

	b.verifier.options.Seen.max = 2
	b.signer.at = b.clock.now().Add(time.Second)
	wantCode(t, b.verifier.Once(verify()), freshet.Unavailable, "2 signed writes are remembered")
	b.clock.move(2 * time.Minute) // the first has ended
	if err := b.verifier.Once(verify()); err != nil || b.verifier.options.Seen.count != 2 {
		t.Errorf("%d, %v", b.verifier.options.Seen.count, err)
	}
}

// What was seen is known to the next process, for as long as it is good; a clean end that saw nothing writes nothing.
func TestSeenIsKept(t *testing.T) {
	documents, c := new(documentstest.Memory), newClock()
	reopen := func(s *Seen) *Seen {
		t.Helper()
		if s != nil {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		next, err := OpenSeen(t.Context(), documents, c.now())
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	early, late := [seenLength]byte{1}, [seenLength]byte{2}
	ends := map[[seenLength]byte]time.Time{early: c.now().Add(time.Minute), late: c.now().Add(MaxSkew)}
	s := reopen(nil)
	for signature, until := range ends {
		if err := s.add(signature, until, c.now()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		s = reopen(s)
		for signature, until := range ends {
			wantReason(t, "after a restart", s.add(signature, until, c.now()), Replayed, "was here before")
		}
	}
	c.move(2 * time.Minute)
	if s = reopen(s); s.count != 1 {
		t.Errorf("%d signatures are kept, want the one that is good", s.count)
	}
	wantReason(t, "the one that is good", s.add(late, ends[late], c.now()), Replayed, "was here before")
	c.move(MaxSkew)
	if s = reopen(reopen(s)); s.count != 0 || len(documents.All()) != 0 {
		t.Errorf("%d signatures are kept, and stored is %s", s.count, documents)
	}
	if err := s.add(late, c.now(), c.now()); err != nil {
		t.Fatal(err)
	}
	documents.Fail(freshet.Errorf(freshet.Unavailable, "the disk is full"))
	wantCode(t, s.Close(), freshet.Unavailable, "the disk is full")
}
