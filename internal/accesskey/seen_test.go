package accesskey

import (
	"testing"
	"time"

	"freshet"
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

	b.verifier.seen.max = 2
	b.signer.at = b.clock.now().Add(time.Second)
	wantCode(t, b.verifier.Once(verify()), freshet.Unavailable, "2 signed writes are remembered")
	b.clock.move(2 * time.Minute) // the first has ended
	if err := b.verifier.Once(verify()); err != nil || b.verifier.seen.count != 2 {
		t.Errorf("%d, %v", b.verifier.seen.count, err)
	}
}
