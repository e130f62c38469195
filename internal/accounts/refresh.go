package accounts

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"github.com/google/uuid"

	"freshet"
)

// A refresh token is the ids of its user and its session, 256 random bits, and a code over all that only this
// server can make. So one that was issued once and counts no more is told from one that was made up, and
// nobody can end a session with the latter.
const (
	refreshRandom = 32
	refreshMAC    = 16
	refreshSize   = 16 + 16 + refreshRandom + refreshMAC
)

type refreshToken struct{ user, session string }

func (p *Pool) newRefreshToken(userID, sessionID string) string {
	raw := make([]byte, 0, refreshSize)
	user, session := uuid.MustParse(userID), uuid.MustParse(sessionID)
	raw = append(append(raw, user[:]...), session[:]...)
	raw = raw[:len(raw)+refreshRandom]
	_, _ = rand.Read(raw[len(raw)-refreshRandom:])
	raw = append(raw, p.secrets.hash("refresh", string(raw))[:refreshMAC]...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (p *Pool) readRefresh(text string) (refreshToken, error) {
	if len(text) != base64.RawURLEncoding.EncodedLen(refreshSize) {
		return refreshToken{}, errRefreshToken
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != refreshSize { // the decoder skips line ends
		return refreshToken{}, errRefreshToken
	}
	body := raw[:refreshSize-refreshMAC]
	if !p.secrets.hashed(raw[len(body):], "refresh", string(body)) {
		return refreshToken{}, errRefreshToken
	}
	return refreshToken{user: uuid.UUID(raw[:16]).String(), session: uuid.UUID(raw[16:32]).String()}, nil
}

func (p *Pool) hashRefresh(token string) []byte { return p.secrets.hash("refresh hash", token) }

// GetTokensFromRefreshToken gives new tokens, a refresh token among them; the old one counts no more. Whoever
// shows it again within RefreshGrace gets the same successor, as two tabs at once do; later it is taken for
// stolen, and the session ends. Errors: NotAuthorized and RefreshTokenReuse.
func (p *Pool) GetTokensFromRefreshToken(ctx context.Context, c Caller, token string) (tokens *Tokens, err error) {
	who := ""
	defer func() { p.record(ctx, c, "GetTokensFromRefreshToken", who, OutcomeOK, err) }()
	if err := p.knows(c); err != nil {
		return nil, err
	}
	tokens, who, err = p.refresh(ctx, c, token, true)
	return tokens, err
}

// refresh gives tokens for a refresh token. Clients that use the older flow keep the one they have, so it does not
// rotate there; a session that has rotated once is none of theirs.
func (p *Pool) refresh(ctx context.Context, c Caller, token string, rotate bool) (*Tokens, string, error) {
	r, err := p.readRefresh(token)
	if err != nil {
		return nil, "", err
	}
	var u *user
	var s session
	var next string
	var verdict error
	d := sessionDocument(r.user, r.session)
	err = p.update(ctx, []freshet.Document{d, userDocument(r.user)}, func(e *edit) (err error) {
		u, s, next, verdict = new(user), session{}, "", nil
		if !e.get(userDocument(r.user), u) || !e.get(d, &s) || s.over(u, p.now()) || s.Client != c.Client {
			return refuse(NotAuthorized, "Refresh Token has been revoked")
		}
		next, verdict = p.successor(&s, r, token, rotate)
		if verdict == nil {
			s.Used = p.now()
		}
		if FaultOf(verdict) == RefreshTokenReuse || verdict == nil {
			e.put(d, s)
			return nil
		}
		return verdict
	})
	if FaultOf(verdict) == RefreshTokenReuse && err == nil {
		p.tellRevoked(r.session, r.user)
	}
	if err = firstError(err, verdict); err != nil {
		return nil, r.user, err
	}
	tokens, err := p.mint(ctx, u, r.session, &s, "")
	if err != nil {
		return nil, r.user, err
	}
	tokens.Refresh = next
	return tokens, r.user, nil
}

// successor decides what a token that was issued for a session is worth, changes the session by it and gives the
// refresh token that follows; none where it does not rotate.
func (p *Pool) successor(s *session, r refreshToken, token string, rotate bool) (string, error) {
	is := func(hash []byte) bool { return p.secrets.hashed(hash, "refresh hash", token) }
	now := p.now()
	switch {
	case is(s.Current) && !rotate && s.Previous != nil:
		return "", refuse(NotAuthorized, "The tokens of this session rotate; refresh them by GetTokensFromRefreshToken.")
	case is(s.Current) && !rotate:
		return "", nil
	case is(s.Current):
		next := p.newRefreshToken(r.user, r.session)
		s.Previous, s.Current, s.Rotated = s.Current, p.hashRefresh(next), now
		s.Successor = seal(p.secrets.rest, []byte(next), "successor", r.session)
		return next, nil
	case is(s.Previous) && now.Before(s.Rotated.Add(p.config.RefreshGrace)):
		next, err := p.secrets.open(s.Successor, "successor", r.session)
		return string(next), err
	}
	s.end()
	return "", refuse(RefreshTokenReuse, "The refresh token was used before; its session has ended.")
}
