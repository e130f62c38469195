package server

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/mail"
	"freshet/internal/schema"
	"freshet/schemas"
)

// The defaults of a Config.
const (
	DefaultData   = "./freshet-data"
	DefaultListen = "127.0.0.1:8080"
	DefaultKept   = 90 * 24 * time.Hour
	DefaultPool   = "local_freshet"
	DefaultClient = "freshet-web"
	DefaultAdmins = "admins"
)

// Forever is a time to keep something that does not end.
const Forever time.Duration = -1

// Config is how a server runs. The zero value is the default.
type Config struct {
	Data    string        // the data directory; default DefaultData
	Schema  []string      // files of SDL, and directories of *.graphql; default: the workspace schema
	Listen  string        // host and port of the public door; default DefaultListen
	APIKeys []string      // let in beside those that are stored
	Issuers []auth.Issuer // whose tokens are believed

	// Authoriser is the address of a function that is asked about tokens of no known issuer; empty: none.
	Authoriser string

	// How long the server remembers, each DefaultKept by default. A client that was away for longer than
	// tombstones are kept has to look through all it has when it comes back; versions of records can be
	// told apart as long as history is kept, which is no shorter.
	KeepTombstones time.Duration
	KeepHistory    time.Duration
	KeepAudit      time.Duration // entries of the audit, audit.Most of each flow at most; default DefaultKept

	URL     string         // by which clients come, http or https; default http:// and the address
	Proxies []netip.Prefix // whose X-Forwarded-For is believed; default: nobody's
	Secret  string         // seals accounts and keys: 64 hexadecimal digits; default: of a file that is made at the first start
	Former  []string       // secrets that were in its place, beside those in the file

	Issuer         string           // the iss of this server's tokens; default URL/PoolID
	PoolID         string           // region_name; default DefaultPool. Passwords are bound to it
	ClientIDs      []string         // the apps of the user pool beside those of Hosted; default DefaultClient
	Hosted         []Hosted         // the apps that use the hosted pages
	AdminGroup     string           // whose members are administrators; default DefaultAdmins
	NoSignUp       bool             // only operators make accounts
	EmailSignIn    bool             // a mailed code lets in too, in place of the password
	Devices        accounts.Devices // which devices may stand in for the second factor; default accounts.DevicesOff
	MFA            accounts.MFA     // who has to prove a second factor; default accounts.MFAOptional
	PageSession    time.Duration    // for which a browser stays signed in at the hosted pages; default oauth.DefaultSessionLifetime
	NoVerification bool             // an account may sign in before its e-mail is verified
	PasskeyOrigins []string         // whose pages may use passkeys; default: that of URL, where it can
	PasskeyRPID    string           // the domain that passkeys are for; default: the host of the first of these

	NoFindPeople bool // users do not find each other by their e-mail

	// HolidaysURL is the address of a service that speaks as Nager.Date does; empty: the program knows by itself.
	HolidaysURL string

	// DeletedUsers says what becomes of the records of a user whose account is deleted; default KeepRecords.
	DeletedUsers Disposal

	IdentityPoolID string // region:uuid; empty: there is no identity pool
	Guests         bool   // the identity pool gives credentials to those who have not signed in too

	Mail mail.Config // how mail leaves; its Logger and its Now are the server's, its URL by default the one above

	Limits    Limits
	LogLevel  slog.Level
	LogFormat LogFormat

	Now func() time.Time // the clock of accounts, keys and mail; default time.Now
}

// Disposal says what becomes of records; it is the engine's.
type Disposal = engine.Disposal

// The disposals.
const (
	KeepRecords   = engine.KeepRecords
	DeleteRecords = engine.DeleteRecords
)

// Limits bound what one request may ask for. The zero value of each is its default.
type Limits struct {
	engine.Limits
	BodyBytes     int // of an HTTP request or a socket's message; default 1 MiB
	Subscriptions int // of one socket; default 1,000
}

// LogFormat is how log lines look.
type LogFormat string

// The formats. The default is text on a terminal and JSON elsewhere.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Validate tells what is wrong with the configuration, as far as that shows without touching disk or
// network.
func (c *Config) Validate() error {
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			return freshet.Errorf(freshet.Invalid, "listen: %q is no address; write host:port, like %s, or :8080 for all addresses", c.Listen, DefaultListen)
		}
	}
	if !slices.Contains([]LogFormat{"", LogText, LogJSON}, c.LogFormat) {
		return freshet.Errorf(freshet.Invalid, "log-format: %q is not known; write text or json", c.LogFormat)
	}
	if err := c.validateAccounts(); err != nil {
		return err
	}
	for i := range c.Issuers {
		is := &c.Issuers[i]
		if err := is.Validate(); err != nil {
			return err
		}
		if is.Provider == freshet.UserPools && !c.NoSignUp {
			return freshet.Errorf(freshet.Invalid, "the issuer %s has provider=userPools, so its users and this server's own are the same by their names: switch sign-up off, or anybody could take a name here", is.URL)
		}
	}
	for name, kept := range map[string]time.Duration{"keep-tombstones": c.KeepTombstones, "keep-history": c.KeepHistory, "keep-audit": c.KeepAudit} {
		if kept < 0 && kept != Forever || kept > 0 && kept < time.Hour {
			return freshet.Errorf(freshet.Invalid, "%s: %s is too short; keep an hour at least", name, kept)
		}
	}
	if d := c.withDefaults(); d.KeepHistory != Forever && (d.KeepTombstones == Forever || d.KeepTombstones > d.KeepHistory) {
		return freshet.Errorf(freshet.Invalid, "keep-history: %s is shorter than tombstones are kept; history tells how old they are", duration(d.KeepHistory))
	}
	l := &c.Limits
	for name, limit := range map[string]int{
		"record_bytes": l.RecordBytes, "batch_writes": l.BatchWrites, "list_page": l.ListPage,
		"changes_page": l.ChangesPage, "local_bytes": l.LocalBytes, "local_rate": l.LocalRate, "body_bytes": l.BodyBytes, "subscriptions": l.Subscriptions,
	} {
		if limit < 0 {
			return freshet.Errorf(freshet.Invalid, "limits.%s: %d is negative; write 0 for the default", name, limit)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Data == "" {
		c.Data = DefaultData
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.PoolID == "" {
		c.PoolID = DefaultPool
	}
	if c.AdminGroup == "" {
		c.AdminGroup = DefaultAdmins
	}
	if c.DeletedUsers == "" {
		c.DeletedUsers = KeepRecords
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.KeepTombstones == 0 {
		c.KeepTombstones = DefaultKept
	}
	if c.KeepAudit == 0 {
		c.KeepAudit = DefaultKept
	}
	if c.KeepHistory == 0 {
		c.KeepHistory = max(DefaultKept, c.KeepTombstones)
		if c.KeepTombstones == Forever {
			c.KeepHistory = Forever
		}
	}
	return c
}

// Sources reads the files of the schema.
func (c *Config) Sources() ([]schema.Source, error) {
	if len(c.Schema) == 0 {
		return []schema.Source{{Name: "workspace.graphql", Text: schemas.Workspace}}, nil
	}
	var sources []schema.Source
	for _, path := range c.Schema {
		files := []string{path}
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			// Names of directories may hold what a pattern would take for its own.
			files, err = fs.Glob(os.DirFS(path), "*.graphql")
			for i := range files {
				files[i] = filepath.Join(path, files[i])
			}
			if err == nil && len(files) == 0 {
				return nil, freshet.Errorf(freshet.Invalid, "schema: there is no file *.graphql in %s", path)
			}
		}
		if err != nil {
			return nil, freshet.Errorf(freshet.Invalid, "schema: %v", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, freshet.Errorf(freshet.Invalid, "schema: %v", err)
			}
			sources = append(sources, schema.Source{Name: file, Text: string(text)})
		}
	}
	return sources, nil
}

// duration gives days where a duration is some.
func duration(d time.Duration) string {
	if day := 24 * time.Hour; d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}
