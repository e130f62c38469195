package accounts

import (
	"context"
	"time"
)

// Audit keeps what happened: every sign-in, every refusal, every act of an operator.
type Audit interface {
	// Record takes an entry. It must not hold up its caller for long; what it cannot keep, it has to say to
	// its operator itself.
	Record(ctx context.Context, e Entry)
}

// Entry is one thing that happened. It holds no secret.
type Entry struct {
	At      time.Time `json:"at"`
	Who     string    `json:"who,omitempty"`    // the user's id, or what was typed where no user was looked up
	What    string    `json:"what"`             // the operation, as Cognito names it
	By      string    `json:"by,omitempty"`     // the operator who asked; empty: the user
	Client  string    `json:"client,omitempty"` // the id of the app
	From    string    `json:"from,omitempty"`   // the network address
	About   string    `json:"about,omitempty"`  // what it was done to, where that is no account: "calendar ID", "session ID"
	Outcome string    `json:"outcome"`          // OutcomeOK, the challenge that follows, or the fault's name
}

// OutcomeOK is the outcome of what was done.
const OutcomeOK = "ok"

// record tells the audit what became of an operation.
func (p *Pool) record(ctx context.Context, c Caller, what, who, outcome string, err error) {
	p.recordAbout(ctx, c, what, who, "", outcome, err)
}

func (p *Pool) recordAbout(ctx context.Context, c Caller, what, who, about, outcome string, err error) {
	if p.config.Audit == nil {
		return
	}
	if err != nil {
		outcome = string(FaultOf(err))
	}
	p.config.Audit.Record(ctx, Entry{
		At: p.now(), Who: excerpt(who), What: what, By: c.By, Client: excerpt(c.Client), From: c.Address, About: excerpt(about), Outcome: outcome,
	})
}
