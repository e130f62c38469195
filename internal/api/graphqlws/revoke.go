package graphqlws

import (
	"time"

	"freshet"
)

// cutTime is how long a client that takes no notice may hold its socket after what let it in was revoked or has
// expired; it is given nothing more in this time.
const cutTime = 500 * time.Millisecond

// proof is what lets a socket in and can be revoked: a session of a token, a key, or the account behind
// temporary credentials, which are stored nowhere.
type proof struct{ session, key, user string }

// proofOf gives the proof of an identity; the zero one cannot be revoked.
func proofOf(id *freshet.Identity) proof {
	if session := claim(id, "origin_jti"); session != "" {
		return proof{session: session}
	}
	if isKey(id) {
		return proof{key: id.Name}
	}
	if id.Has(freshet.IAM) {
		return proof{user: claim(id, "sub")}
	}
	return proof{}
}

// RevokeSession ends the sockets that a session's tokens let in: the session is in their claim origin_jti. It does
// not wait for their end.
func (s *Server) RevokeSession(id string) { s.revoke(proof{session: id}) }

// RevokeKey ends the sockets that a key of either kind let in, given the name of its identity.
func (s *Server) RevokeKey(identity string) { s.revoke(proof{key: identity}) }

// RevokeUser ends the sockets that temporary credentials of a user let in, given the claim sub.
func (s *Server) RevokeUser(sub string) { s.revoke(proof{user: sub}) }

func (s *Server) revoke(p proof) {
	if p == (proof{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.proofs[p] {
		c.cutOff(revoked)
	}
}

// prove notes what lets a socket in, in place of what did before. Whoever calls it looks at the credential once
// more: it may have been revoked before it was noted.
func (s *Server) prove(c *socket, id *freshet.Identity) {
	p := proofOf(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unprove(c)
	if c.proof = p; p == (proof{}) {
		return
	}
	if s.proofs[p] == nil {
		s.proofs[p] = make(map[*socket]struct{})
	}
	s.proofs[p][c] = struct{}{}
}

// unprove forgets a socket; s.mu is held.
func (s *Server) unprove(c *socket) {
	delete(s.proofs[c.proof], c)
	if len(s.proofs[c.proof]) == 0 {
		delete(s.proofs, c.proof)
	}
}

// cutOff ends the socket now: what is on its way is not sent any more, and what comes in is not looked at.
func (c *socket) cutOff(code closeCode) {
	c.mu.Lock()
	c.ending, c.cut = &code, true
	c.mu.Unlock()
	c.wake()
	time.AfterFunc(cutTime, func() { c.ws.Close() })
}

func (c *socket) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}
