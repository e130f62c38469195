package accounts

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	maxSessions = 100 // that Sessions gives
	maxAgent    = 256 // bytes of a User-Agent that are kept
)

// Session is a sign-in of a user that goes on.
type Session struct {
	ID       string
	Client   string    // the id of the app
	Agent    string    // the program that signed in, as its User-Agent says; empty: it said nothing
	SignedIn time.Time // when the user proved who it is
	Used     time.Time // when it last gave tokens
	Expires  time.Time
	Current  bool // it is the one that asks
}

// Sessions gives the sessions of an access token's user, those first that were used last; 100 at most.
func (p *Pool) Sessions(ctx context.Context, c Caller, accessToken string) ([]Session, error) {
	v, u, err := p.owner(ctx, c, "ListSessions", accessToken)
	if err != nil {
		return nil, err
	}
	var list []Session
	err = p.documents.Under(ctx, kindSession, u.ID+" ", func(key string, body []byte) error {
		var s session
		if err := json.Unmarshal(body, &s); err != nil || s.over(u, p.now()) {
			return err
		}
		_, id, _ := strings.Cut(key, " ")
		list = append(list, s.view(id, id == v.session))
		return nil
	})
	slices.SortFunc(list, func(a, b Session) int { return b.Used.Compare(a.Used) })
	return list[:min(len(list), maxSessions)], err
}

func (s *session) view(id string, current bool) Session {
	used := s.Used
	if used.IsZero() {
		used = s.AuthTime // it began before that was kept
	}
	return Session{ID: id, Client: s.Client, Agent: s.Agent, SignedIn: s.AuthTime, Used: used, Expires: s.Expires, Current: current}
}

// EndSession ends one session of an access token's user. Errors: ResourceNotFound for one that has ended, or is not
// the user's.
func (p *Pool) EndSession(ctx context.Context, c Caller, accessToken, sessionID string) (err error) {
	_, u, err := p.owner(ctx, c, "EndSession", accessToken)
	if err != nil {
		return err
	}
	defer func() { p.recordAbout(ctx, c, "EndSession", u.ID, "session "+sessionID, OutcomeOK, err) }()
	var s session
	found := false
	if uuid.Validate(sessionID) == nil {
		if found, err = p.documents.Get(ctx, sessionDocument(u.ID, sessionID), &s); err != nil {
			return err
		}
	}
	if !found || s.over(u, p.now()) {
		return refuse(ResourceNotFound, "There is no such session; it may have ended.")
	}
	return p.endSession(ctx, u.ID, sessionID, "")
}

// agentOf keeps what a caller says of its program from filling the store.
func agentOf(c Caller) string {
	return strings.ToValidUTF8(c.Agent[:min(len(c.Agent), maxAgent)], "")
}
