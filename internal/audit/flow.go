package audit

import (
	"slices"
	"strings"
	"time"

	"freshet/internal/accounts"
)

// Entries come in flows, and each is bounded on its own: strangers who guess cannot push out the one sign-in that
// went well, nor can anybody push out what operators did.
const (
	strangers = iota // what anybody can bring about: refusals, challenges, sign-ups
	users            // what was done by those who proved who they are
	operators
	flows
)

// rates bound what is kept of a flow: some at once, and then so many a second.
var rates = [flows]rate{
	strangers: {burst: 600, perSecond: 1},
	users:     {burst: 600, perSecond: 10},
	operators: {burst: maxWaiting, perSecond: maxWaiting},
}

var flowNames = [flows]string{strangers: "strangers", users: "users", operators: "operators"}

// unproven are the operations that go well for anybody.
var unproven = []string{"SignUp", "ForgotPassword", "ResendConfirmationCode", "GetCredentialsForIdentity"}

// maxWaiting bounds the entries that wait for the store, some 2 MB, for a disk that stands still.
const maxWaiting = 8192

func flowOf(e accounts.Entry) int {
	switch {
	case e.By != "" && !isRoutine(e.What):
		return operators
	case e.Outcome == accounts.OutcomeOK && !slices.Contains(unproven, e.What):
		return users
	}
	return strangers
}

// isRoutine tells whether an administrator's operation is one that a program does all day for an app's users: to read,
// and to sign them in. It is not to push out the acts.
func isRoutine(what string) bool {
	return slices.ContainsFunc([]string{"AdminGet", "AdminList", "Get", "List", "InitiateAuth", "RespondToAuthChallenge"}, func(routine string) bool {
		return strings.HasPrefix(what, routine)
	})
}

type rate struct{ burst, perSecond float64 }

// flow is a bucket that leaks.
type flow struct {
	level   float64
	at      time.Time
	omitted int // since they were last counted into an entry
}

// admits tells whether one more entry may be kept.
func (f *flow) admits(r rate, now time.Time) bool {
	f.level = max(0, f.level-max(0, now.Sub(f.at).Seconds())*r.perSecond)
	f.at = now
	if f.level+1 > r.burst {
		return false
	}
	f.level++
	return true
}
