// Package accounts is the user pool: who there is, how they prove it, and the tokens they get for it. It
// speaks the operations of Cognito as Go methods and knows nothing of HTTP.
//
// Its invariants: nobody gets tokens without every proof that the account asks for; what would open an
// account (verifiers, TOTP secrets, codes, refresh tokens, signing keys) lies in the store sealed or hashed
// only; and an account that does not exist answers like one that does, unless the operator wants otherwise.
// It stands behind the doors that sign people in; the data path meets it at Check.
//
// All that has to last lies in documents, none of it in memory, so several servers over one store are one
// pool. Pool's methods are its operations; Config says how it is set up.
package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"freshet"
	"freshet/internal/rate"
	"freshet/internal/tokencache"
)

// Config sets up a pool. Secret, Issuer and Mailer have to be given; what else is zero has a default.
type Config struct {
	// Secret seals what is stored; 32 random bytes at least. With another one no password fits any more.
	Secret []byte
	// Former are secrets that were in its place. What lies in the store under them is read still.
	Former [][]byte
	// PoolID is region_name; default local_freshet. Passwords are bound to its name: it cannot be changed later.
	PoolID string
	// Issuer is the iss of tokens: an URL.
	Issuer string
	// Clients are the ids of the apps; default: freshet.
	Clients []string

	Mailer Mailer
	Audit  Audit // nil: no entries
	// Deleting is called before an account goes away, for what is to become of the user's records; the user's
	// sessions have ended then. When it fails the account stays, so it may be called again for one user.
	Deleting func(ctx context.Context, u User) error
	Now      func() time.Time // default time.Now

	AdminOnly          bool    // no sign-up; operators create the users
	AutoConfirm        bool    // sign-in before the e-mail is verified
	EmailSignIn        bool    // a mailed code in place of the password, by USER_AUTH
	RevealUnknownUsers bool    // UserNotFoundException in place of answers like those for known users
	MFA                MFA     // default MFAOptional
	Devices            Devices // default DevicesOff
	// ReadOnly are attributes that users cannot write themselves, like a custom:role that rules look at.
	ReadOnly []string
	// RelyingParty is whom passkeys are for; without an ID there are none.
	RelyingParty RelyingParty

	AccessLifetime      time.Duration // of access tokens; default 1 h
	IDLifetime          time.Duration // of ID tokens; default 1 h
	RefreshLifetime     time.Duration // of a session, however often it is refreshed; default 30 days
	RefreshGrace        time.Duration // for which a rotated refresh token still gives its successor; default 10 s
	ChallengeLifetime   time.Duration // of one step of a sign-in; default 3 min
	CodeLifetime        time.Duration // of a mailed code; default 15 min
	TemporaryLifetime   time.Duration // of a password that an operator gave; default 7 days
	UnconfirmedLifetime time.Duration // for which an unconfirmed sign-up keeps its names; default 24 h
	KeyRotation         time.Duration // of the signing key; default 90 days
	// Recheck is for how long Check believes a session without a look at the store; what this process ends is
	// noticed at once, what another one ends within this time. Default 5 s.
	Recheck time.Duration
}

// MFA tells who has to prove a second factor.
type MFA string

// The settings of MFA, in Cognito's words.
const (
	MFAOff      MFA = "OFF"
	MFAOptional MFA = "OPTIONAL" // those who have set one up
	MFARequired MFA = "ON"       // everybody; who has none sets it up at the next sign-in
)

// Devices tells which devices may be known again, so that they stand in for the second factor.
type Devices string

// The settings of Devices.
const (
	DevicesOff    Devices = "OFF"
	DevicesAsk    Devices = "ASK"    // those that their users say are to be remembered
	DevicesAlways Devices = "ALWAYS" // each that somebody signs in on
)

// DefaultRefreshLifetime is for how long a session goes on.
const DefaultRefreshLifetime = 30 * 24 * time.Hour

const minSecret = 32 // bytes

// Validate tells what is wrong with a configuration.
func (c *Config) Validate() error {
	switch {
	case len(c.Secret) < minSecret:
		return freshet.Errorf(freshet.Invalid, "the secret has %d bytes; give %d random ones at least", len(c.Secret), minSecret)
	case slices.ContainsFunc(c.Former, func(secret []byte) bool { return len(secret) < minSecret }):
		return freshet.Errorf(freshet.Invalid, "a former secret has less than %d bytes", minSecret)
	case c.Issuer == "":
		return freshet.Errorf(freshet.Invalid, "the pool has no issuer; give the URL under which its tokens' keys are found")
	case c.Mailer == nil:
		return freshet.Errorf(freshet.Invalid, "the pool has no mailer")
	case !slices.Contains([]Devices{"", DevicesOff, DevicesAsk, DevicesAlways}, c.Devices):
		return freshet.Errorf(freshet.Invalid, "Devices is %q; it has to be OFF, ASK or ALWAYS", c.Devices)
	case !slices.Contains([]MFA{"", MFAOff, MFAOptional, MFARequired}, c.MFA):
		return freshet.Errorf(freshet.Invalid, "MFA is %q; it has to be OFF, OPTIONAL or ON", c.MFA)
	}
	if region, name, _ := strings.Cut(c.PoolID, "_"); c.PoolID != "" && (region == "" || name == "" || strings.Contains(name, "_")) {
		return freshet.Errorf(freshet.Invalid, "the pool id %q has to be a region and a name with _ between them, like local_freshet", c.PoolID)
	}
	if slices.Contains(c.Clients, "") {
		return freshet.Errorf(freshet.Invalid, "a client id is empty")
	}
	if err := c.RelyingParty.Validate(); err != nil {
		return err
	}
	for _, d := range c.durations() {
		if *d.value < 0 {
			return freshet.Errorf(freshet.Invalid, "%s is %v; it cannot be less than nothing", d.name, *d.value)
		}
	}
	return nil
}

type duration struct {
	name     string
	value    *time.Duration
	standard time.Duration
}

func (c *Config) durations() []duration {
	const day = 24 * time.Hour
	return []duration{
		{"AccessLifetime", &c.AccessLifetime, time.Hour},
		{"IDLifetime", &c.IDLifetime, time.Hour},
		{"RefreshLifetime", &c.RefreshLifetime, DefaultRefreshLifetime},
		{"RefreshGrace", &c.RefreshGrace, 10 * time.Second},
		{"ChallengeLifetime", &c.ChallengeLifetime, 3 * time.Minute},
		{"CodeLifetime", &c.CodeLifetime, 15 * time.Minute},
		{"TemporaryLifetime", &c.TemporaryLifetime, 7 * day},
		{"UnconfirmedLifetime", &c.UnconfirmedLifetime, day},
		{"KeyRotation", &c.KeyRotation, 90 * day},
		{"Recheck", &c.Recheck, 5 * time.Second},
	}
}

func (c Config) withDefaults() Config {
	for _, d := range c.durations() {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if c.PoolID == "" {
		c.PoolID = "local_freshet"
	}
	if len(c.Clients) == 0 {
		c.Clients = []string{"freshet"}
	}
	if c.Devices == "" {
		c.Devices = DevicesOff
	}
	if c.MFA == "" {
		c.MFA = MFAOptional
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Pool is the users and all that they do to be let in. Its methods may be called at the same time.
type Pool struct {
	config    Config
	poolName  string // of PoolID, behind the _
	documents freshet.Documents
	secrets   *secrets
	sums      *arithmetic
	keys      *signingKeys
	passkeys  *webauthn.WebAuthn // nil: there are none
	verified  tokencache.Cache[verifiedToken]
	live      liveCache
	taken     rate.Limiter // sign-ups that were told that a name or an e-mail is taken, by network

	mu      sync.Mutex
	revoked []func(sessionID, userID string)
	barred  []func(userID string)
}

// Open opens the pool over its documents; the first time it makes a signing key, which takes a moment.
func Open(ctx context.Context, documents freshet.Documents, config Config) (*Pool, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	_, name, _ := strings.Cut(config.PoolID, "_")
	p := &Pool{config: config, poolName: name, documents: documents, secrets: newSecrets(config.Secret, config.Former...), sums: newArithmetic()}
	p.taken = rate.Limiter{Every: takenEvery, Burst: takenAtOnce}
	var err error
	if p.passkeys, err = config.RelyingParty.ceremonies(config.ChallengeLifetime); err != nil {
		return nil, err
	}
	p.keys = &signingKeys{pool: p, now: config.Now, rotation: config.KeyRotation, life: max(config.AccessLifetime, config.IDLifetime)}
	if err := p.keys.open(ctx); err != nil {
		return nil, err
	}
	return p, p.ofStore(ctx)
}

var poolDocument = freshet.Document{Kind: kindPool, Key: "name"}

// ofStore refuses a store whose accounts are of a pool of another name: no password would fit.
func (p *Pool) ofStore(ctx context.Context) error {
	var name string
	known, err := p.documents.Get(ctx, poolDocument, &name)
	switch {
	case err != nil:
		return fmt.Errorf("read the name of the pool: %w", err)
	case !known:
		return freshet.PutDocument(ctx, p.documents, poolDocument, p.poolName)
	case name != p.poolName:
		return freshet.Errorf(freshet.Invalid, "the accounts here are of the pool %q, to whose name their passwords are bound; with %q no password would fit. "+
			"Give a pool id that ends in _%s", name, p.config.PoolID, name)
	}
	return nil
}

// now gives the time in whole milliseconds, as it is stored.
func (p *Pool) now() time.Time { return p.config.Now().UTC().Truncate(time.Millisecond) }

// Caller is who asks for an operation, as far as the door knows.
type Caller struct {
	Client  string // the id of the app; for operations that come without a token
	Address string // the network address the request came from
	Agent   string // the program that asks, as its User-Agent says
	By      string // the operator, of an admin operation: "key console"
}

// knows refuses the clients that are none of the pool's.
func (p *Pool) knows(c Caller) error {
	if !slices.Contains(p.config.Clients, c.Client) {
		return refuse(ResourceNotFound, "User pool client %s does not exist.", excerpt(c.Client))
	}
	return nil
}

// excerpt keeps what a caller sent from filling a message.
func excerpt(text string) string {
	if len(text) > 100 {
		return text[:97] + "..."
	}
	return text
}
