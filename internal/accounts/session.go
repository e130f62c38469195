package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"freshet"
)

// session is one sign-in, for as long as its refresh tokens can go on. Its id is the origin_jti of its tokens.
type session struct {
	Client     string    `json:"client"`
	Agent      string    `json:"agent,omitempty"` // the program that signed in
	AuthTime   time.Time `json:"authTime"`
	Used       time.Time `json:"used,omitzero"` // when it last gave tokens
	Expires    time.Time `json:"expires"`
	Generation int       `json:"generation"` // of the user; it is over when the user's is another
	Scope      string    `json:"scope"`
	Device     string    `json:"device,omitempty"` // the key of the device that it began on
	Known      bool      `json:"known,omitzero"`   // that device has proven itself, or was confirmed
	Second     bool      `json:"second,omitzero"`  // with the second factor
	Ended      bool      `json:"ended,omitzero"`
	Until      time.Time `json:"until"` // kept

	Current   []byte    `json:"current,omitempty"`   // hash of the refresh token that counts
	Previous  []byte    `json:"previous,omitempty"`  // hash of the one before
	Rotated   time.Time `json:"rotated,omitzero"`    // when it became that
	Successor []byte    `json:"successor,omitempty"` // the one that counts, sealed, for those who missed it
}

func sessionDocument(userID, sessionID string) freshet.Document {
	return freshet.Document{Kind: kindSession, Key: userID + " " + sessionID}
}

// over tells whether a session of a user counts no more.
func (s *session) over(u *user, now time.Time) bool {
	return s.Ended || u.Disabled || s.Generation != u.Generation || !now.Before(s.Expires)
}

// signIn makes the session that a sign-in was for, once, and its tokens.
func (p *Pool) signIn(ctx context.Context, u *user, t ticket) (AuthResult, error) {
	newDevice := p.config.Devices != DevicesOff && t.Device == ""
	if newDevice {
		t.Device = p.newDeviceKey()
	}
	tokens, err := p.begin(ctx, t, userScope, "")
	if err == nil && newDevice {
		tokens.NewDevice = &NewDevice{Key: t.Device, Group: p.poolName}
	}
	return AuthResult{Tokens: tokens}, err
}

func (p *Pool) begin(ctx context.Context, t ticket, scope, nonce string) (*Tokens, error) {
	d := sessionDocument(t.User, t.Origin)
	refresh := p.newRefreshToken(t.User, t.Origin)
	u, s := new(user), session{}
	documents, known := []freshet.Document{userDocument(t.User), d}, deviceDocument(t.User, t.Device)
	if t.Proven {
		documents = append(documents, known)
	}
	err := p.update(ctx, documents, func(e *edit) error {
		if u = new(user); !e.get(userDocument(t.User), u) || u.Disabled || u.Generation != t.Generation {
			return errSession
		}
		if e.get(d, new(session)) {
			return refuse(NotAuthorized, "Invalid session for the user, session can only be used once.")
		}
		now := p.now()
		authTime, life := now, p.config.RefreshLifetime
		if t.Code != nil {
			authTime = t.Code.AuthTime
		}
		if t.Life > 0 {
			life = min(t.Life, life)
		}
		expires := now.Add(life)
		s = session{
			Client: t.Client, Agent: t.agent, AuthTime: authTime, Used: now, Expires: expires, Until: expires,
			Generation: u.Generation, Scope: scope, Current: p.hashRefresh(refresh),
			Device: t.Device, Known: t.Proven, Second: t.Second,
		}
		e.put(d, s)
		e.metAgain(known, t, now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	tokens, err := p.mint(ctx, u, t.Origin, &s, nonce)
	if err != nil {
		return nil, err
	}
	tokens.Refresh = refresh
	return tokens, nil
}

// GlobalSignOut ends all sessions of an access token's user.
func (p *Pool) GlobalSignOut(ctx context.Context, c Caller, accessToken string) (err error) {
	_, u, err := p.owner(ctx, c, "GlobalSignOut", accessToken)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "GlobalSignOut", u.ID, OutcomeOK, err) }()
	return p.signOut(ctx, u.ID)
}

func (p *Pool) signOut(ctx context.Context, id string) error {
	err := p.change(ctx, id, func(_ *edit, u *user) error {
		u.Generation++
		return nil
	})
	if err != nil {
		return err
	}
	return p.endSessions(ctx, id, "")
}

// RevokeToken ends the session of a refresh token, its access tokens too. A token that is no good any more is no
// fault, as RFC 7009 has it.
func (p *Pool) RevokeToken(ctx context.Context, c Caller, refreshToken string) (err error) {
	if err := p.knows(c); err != nil {
		p.record(ctx, c, "RevokeToken", "", "", err)
		return err
	}
	r, err := p.readRefresh(refreshToken)
	if err != nil {
		p.record(ctx, c, "RevokeToken", "", "", err)
		return nil // see above
	}
	defer func() { p.record(ctx, c, "RevokeToken", r.user, OutcomeOK, err) }()
	return p.endSession(ctx, r.user, r.session, c.Client)
}

// endSession ends one session; client, unless empty, has to be its.
func (p *Pool) endSession(ctx context.Context, userID, sessionID, client string) error {
	d := sessionDocument(userID, sessionID)
	ended := false
	err := p.update(ctx, []freshet.Document{d}, func(e *edit) error {
		var s session
		if ended = e.get(d, &s) && !s.Ended; !ended {
			return nil
		}
		if client != "" && s.Client != client {
			return refuse(NotAuthorized, "The token was issued to another client.")
		}
		s.end()
		e.put(d, s)
		return nil
	})
	if err == nil && ended {
		p.tellRevoked(sessionID, userID)
	}
	return err
}

// end forgets all that the session could go on with. The document stays, so that the sign-in it came of cannot
// be taken again.
func (s *session) end() {
	s.Ended, s.Agent = true, ""
	s.Current, s.Previous, s.Successor = nil, nil, nil
}

// endSessions tells of the end of a user's sessions but one, after a change of the user's generation has ended
// them, and takes them away; what it does not get to is swept in time.
func (p *Pool) endSessions(ctx context.Context, userID, but string) error {
	ctx = context.WithoutCancel(ctx)
	var ids []string
	err := p.documents.Under(ctx, kindSession, userID+" ", func(key string, _ []byte) error {
		if _, id, _ := strings.Cut(key, " "); id != but {
			ids = append(ids, id)
		}
		return nil
	})
	for _, id := range ids {
		p.tellRevoked(id, userID)
	}
	for _, id := range ids {
		err = errors.Join(err, freshet.RemoveDocuments(ctx, p.documents, sessionDocument(userID, id)))
	}
	if err != nil {
		return fmt.Errorf("take away the ended sessions: %w", err)
	}
	return nil
}

// OnRevoke has a function called when a session ends before its time by an act of this process: sign-out, a new
// password, reuse of a refresh token, an account that is disabled or deleted. It is called after the end is
// stored, and must not hold up its caller.
func (p *Pool) OnRevoke(f func(sessionID, userID string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked = append(p.revoked, f)
}

func (p *Pool) tellRevoked(sessionID, userID string) {
	p.live.remove(userID, sessionID)
	p.mu.Lock()
	functions := p.revoked
	p.mu.Unlock()
	for _, f := range functions {
		f(sessionID, userID)
	}
}

// OnBar has a function called when an account is disabled or deleted by an act of this process, whether it has
// sessions or not. It is called after that is stored, and must not hold up its caller.
func (p *Pool) OnBar(f func(userID string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.barred = append(p.barred, f)
}

func (p *Pool) tellBarred(userID string) {
	p.mu.Lock()
	functions := p.barred
	p.mu.Unlock()
	for _, f := range functions {
		f(userID)
	}
}

// Sweep takes away what has had its time: sessions, codes, counts of guesses. The server calls it now and then,
// once an hour say. It gives how many documents went.
func (p *Pool) Sweep(ctx context.Context) (int, error) {
	swept := 0
	type dated struct {
		Until time.Time `json:"until"`
	}
	for _, kind := range []freshet.ModelName{kindSession, kindCode, kindAttempt, kindSetup} {
		var past []string
		err := p.documents.Under(ctx, kind, "", func(key string, body []byte) error {
			var d dated
			if err := json.Unmarshal(body, &d); err != nil {
				return err
			}
			if !p.now().Before(d.Until) {
				past = append(past, key)
			}
			return nil
		})
		if err != nil {
			return swept, err
		}
		for _, key := range past {
			document := freshet.Document{Kind: kind, Key: key}
			err := p.update(ctx, []freshet.Document{document}, func(e *edit) error {
				var d dated
				if !e.get(document, &d) || p.now().Before(d.Until) {
					return errStop
				}
				e.remove(document)
				return nil
			})
			if err != nil && !errors.Is(err, errStop) {
				return swept, err
			}
			if err == nil {
				swept++
			}
		}
	}
	return swept, nil
}
