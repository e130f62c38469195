package accounts

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"freshet"
)

// purpose is what a code is good for. Each user has one code for each.
type purpose string

const (
	codeSignUp purpose = "sign-up"
	codeReset  purpose = "reset"
	codeVerify purpose = "verify"
	codeSignIn purpose = "sign-in"
)

func (w purpose) template() string {
	return map[purpose]string{codeSignUp: MailSignUp, codeReset: MailReset, codeVerify: MailVerify, codeSignIn: MailSignIn}[w]
}

const (
	codeTries     = 5
	codeInterval  = time.Minute      // between two sends
	codeSlowdown  = 5                // sends within a day, after which the interval is the longer one
	codeIntervals = 15 * time.Minute // so a code is guessed at 500 times a day at most, of a million
	codeDay       = 24 * time.Hour
)

// sentCode is a code that was sent, hashed. It stays when it is used, for the times of the sends.
type sentCode struct {
	Hash    []byte    `json:"hash,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	Tries   int       `json:"tries,omitzero"`
	AtHome  int       `json:"atHome,omitzero"` // tries from networks that the owner has signed in from
	Sent    time.Time `json:"sent,omitzero"`
	Sends   int       `json:"sends,omitzero"` // since Day
	Day     time.Time `json:"day,omitzero"`
	Until   time.Time `json:"until"` // kept
}

func codeDocument(userID string, w purpose) freshet.Document {
	return freshet.Document{Kind: kindCode, Key: userID + " " + string(w)}
}

// codeParts are what is hashed of a code: it is bound to the user, the purpose and the address it went to.
func codeParts(userID string, w purpose, to, code string) []string {
	return []string{"code", userID, string(w), fold(to), code}
}

// newCode makes a code within an update that holds its document. Errors: LimitExceeded too soon after the last.
func (p *Pool) newCode(e *edit, userID string, w purpose, to string) (string, error) {
	d := codeDocument(userID, w)
	var c sentCode
	e.get(d, &c)
	now := p.now()
	ahead := c.Sent.After(now.Add(leeway)) // the clock was, when it was sent
	if now.Sub(c.Day) >= codeDay || ahead {
		c.Day, c.Sends = now, 0
	}
	interval := codeInterval
	if c.Sends >= codeSlowdown {
		interval = codeIntervals
	}
	if now.Before(c.Sent.Add(interval)) && !ahead {
		return "", refuse(LimitExceeded, "Attempt limit exceeded, please try after some time: a code was sent to you less than %d min ago.", interval/time.Minute)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	code := fmt.Sprintf("%06d", n)
	c.Hash, c.Expires, c.Tries, c.Sent = p.secrets.hash(codeParts(userID, w, to, code)...), now.Add(p.config.CodeLifetime), 0, now
	c.AtHome = 0
	c.Sends++
	c.keep(now)
	e.put(d, c)
	return code, nil
}

// keep says how long the document is of use.
func (c *sentCode) keep(now time.Time) {
	c.Until = now.Add(codeDay)
	if c.Expires.After(c.Until) {
		c.Until = c.Expires
	}
}

// useCode takes a code within an update that holds its document: the right one is used up, a wrong one costs
// a try. The update has to be written in either case. Where no code was sent the answers are those to a wrong
// one. Tries at home are counted apart: a stranger who uses up the others leaves them to the owner.
func (p *Pool) useCode(e *edit, userID string, w purpose, to, code string, atHome bool) error {
	d := codeDocument(userID, w)
	var c sentCode
	e.get(d, &c)
	now := p.now()
	tries := &c.Tries
	if atHome {
		tries = &c.AtHome
	}
	if *tries >= codeTries && now.Before(c.Until) {
		return refuse(TooManyFailedAttempts, "Too many wrong codes; ask for a new one.")
	}
	right := p.secrets.hashed(c.Hash, codeParts(userID, w, to, strings.TrimSpace(code))...)
	switch {
	case !right:
		*tries++
		c.keep(now)
		e.put(d, c)
		return errWrongCode
	case !now.Before(c.Expires):
		return refuse(ExpiredCode, "Invalid code provided, please request a code again.")
	}
	c.Hash, c.Tries, c.AtHome = nil, 0, 0
	e.put(d, c)
	return nil
}

// sendCode makes a code, and mails it once it is stored. A ghost's is mailed to nobody.
func (p *Pool) sendCode(ctx context.Context, u *user, w purpose, to string) (Delivery, error) {
	var code string
	err := p.update(ctx, []freshet.Document{codeDocument(u.ID, w)}, func(e *edit) (err error) {
		code, err = p.newCode(e, u.ID, w, to)
		return err
	})
	if err != nil {
		return Delivery{}, err
	}
	delivery := emailDelivery(to)
	if u.ghost {
		to, code = "", strings.Repeat("0", len(code))
	}
	return delivery, p.mailCode(ctx, u, w, to, code)
}

func (p *Pool) mailCode(ctx context.Context, u *user, w purpose, to, code string) error {
	minutes := strconv.Itoa(int(p.config.CodeLifetime / time.Minute))
	return p.send(ctx, Message{To: to, Template: w.template(), Data: map[string]string{"user": u.Name, "code": code, "minutes": minutes}})
}
