package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/auth"
	"freshet/internal/server"
)

const usualConfig = "freshet.toml"

// setting is one thing that can be set by a flag, by a variable of the environment, or in freshet.toml; the
// first of these goes before the others. Its name is the flag's.
type setting struct {
	name   string
	usage  string // of the flag; empty: there is none
	common bool   // a flag of every command
	list   bool   // may be given several times
	split  func(env string) []string
	apply  func(cfg *server.Config, values []string) error
}

// variable gives the name in the environment: FRESHET_LOG_LEVEL for log-level.
func (s *setting) variable() string {
	return "FRESHET_" + strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToUpper(s.name))
}

// key gives the name in freshet.toml: log_level for log-level, a dot for a table.
func (s *setting) key() string { return strings.ReplaceAll(s.name, "-", "_") }

func settings() []setting {
	return []setting{
		{
			name: "data", common: true, usage: "the data `directory` (default " + server.DefaultData + ")",
			apply: text(func(cfg *server.Config, v string) { cfg.Data = v }),
		},
		{
			name: "schema", list: true, usage: "a `file` of SDL, or a directory of *.graphql; several may be given (default: tasks, events and calendars)",
			split: filepath.SplitList,
			apply: func(cfg *server.Config, values []string) error {
				cfg.Schema = values
				return nil
			},
		},
		{
			name: "listen", usage: "the `address` to serve on (default " + server.DefaultListen + ")",
			apply: text(func(cfg *server.Config, v string) { cfg.Listen = v }),
		},
		{
			name: "api-key", list: true, usage: "a `secret` that lets in, beside the keys of `freshet key`; several may be given",
			split: strings.Fields,
			apply: func(cfg *server.Config, values []string) error {
				cfg.APIKeys = values
				return nil
			},
		},
		{
			name: "oidc", list: true, usage: "an `issuer` whose tokens are believed: issuer=URL,client_id=ID[,client_id=ID…][,jwks=FILE_OR_URL][,provider=userPools|oidc]; several may be given",
			split: strings.Fields, apply: applyIssuers,
		},
		{
			name: "authoriser", usage: "the `address` of a function that is asked about tokens of no known issuer, for rules with allow: custom",
			apply: text(func(cfg *server.Config, v string) { cfg.Authoriser = v }),
		},
		{
			name: "url", usage: "the `address` by which clients come, like https://app.example.com (default http:// and where it listens)",
			apply: text(func(cfg *server.Config, v string) { cfg.URL = v }),
		},
		{
			name: "trusted-proxy", list: true, usage: "a `network`, like 10.0.0.0/24, of proxies whose X-Forwarded-For is believed; several may be given",
			split: strings.Fields, apply: applyProxies,
		},
		{
			name: "issuer", usage: "the `iss` of this server's own tokens (default: the URL and the pool id)",
			apply: text(func(cfg *server.Config, v string) { cfg.Issuer = v }),
		},
		{
			name: "pool-id", usage: "the `id` of the user pool, region_name; passwords are bound to it (default " + server.DefaultPool + ")",
			apply: text(func(cfg *server.Config, v string) { cfg.PoolID = v }),
		},
		{
			name: "client-id", list: true, usage: "the `id` of an app of the user pool; several may be given, the first is that of the web app (default " + server.DefaultClient + ")",
			split: strings.Fields,
			apply: func(cfg *server.Config, values []string) error {
				cfg.ClientIDs = values
				return nil
			},
		},
		{
			name: "hosted", list: true, usage: "an `app` that uses the hosted sign-in pages, beside those of client-id: client_id=ID,redirect_uri=URL[,redirect_uri=URL…][,logout_uri=URL…][,name=NAME][,secret=SECRET]; several may be given",
			split: strings.Fields, apply: applyHosted,
		},
		{
			name: "page-session", usage: "how long a browser stays signed in at the hosted pages: a `time` like 8h (default 1h)",
			apply: kept(func(cfg *server.Config) *time.Duration { return &cfg.PageSession }),
		},
		{
			name: "admin-group", usage: "the `group` whose members are administrators, who may read the local mailbox from afar too (default " + server.DefaultAdmins + ")",
			apply: text(func(cfg *server.Config, v string) { cfg.AdminGroup = v }),
		},
		{
			name: "find-people", usage: "`on` or off: whether users who are signed in find others by their exact e-mail (default on)",
			apply: onOff(func(cfg *server.Config, on bool) { cfg.NoFindPeople = !on }),
		},
		{
			name: "sign-up", usage: "`on` or off: whether anybody may make an account (default on)",
			apply: onOff(func(cfg *server.Config, on bool) { cfg.NoSignUp = !on }),
		},
		{
			name: "verify-email", usage: "`on` or off: whether an e-mail has to be verified before the first sign-in (default on)",
			apply: onOff(func(cfg *server.Config, on bool) { cfg.NoVerification = !on }),
		},
		{
			name: "deleted-users", usage: "what becomes of the records of a user whose account is deleted: `keep` them without an owner, or delete (default keep)",
			apply: text(func(cfg *server.Config, v string) { cfg.DeletedUsers = server.Disposal(v) }),
		},
		{
			name: "email-sign-in", usage: "`on` or off: whether a mailed code lets in too, in place of the password (default off)",
			apply: onOff(func(cfg *server.Config, on bool) { cfg.EmailSignIn = on }),
		},
		{
			name: "mfa", usage: "`off`, optional or required: whether accounts have a second factor (default optional)",
			apply: func(cfg *server.Config, values []string) error {
				known := map[string]accounts.MFA{"off": accounts.MFAOff, "optional": accounts.MFAOptional, "required": accounts.MFARequired}
				if cfg.MFA = known[values[0]]; cfg.MFA == "" {
					return errors.New("write off, optional or required")
				}
				return nil
			},
		},
		{
			name: "devices", usage: "`off`, ask or always: whether a device stands in for the second factor once its user has given that on it; with ask, if the app says that it is to be remembered (default off)",
			apply: func(cfg *server.Config, values []string) error {
				known := map[string]accounts.Devices{"off": accounts.DevicesOff, "ask": accounts.DevicesAsk, "always": accounts.DevicesAlways}
				if cfg.Devices = known[values[0]]; cfg.Devices == "" {
					return errors.New("write off, ask or always")
				}
				return nil
			},
		},
		{
			name: "passkey-origin", list: true, usage: "an `origin` whose pages may use passkeys, like https://app.example.com; several may be given (default: that of the URL)",
			split: strings.Fields,
			apply: func(cfg *server.Config, values []string) error {
				cfg.PasskeyOrigins = values
				return nil
			},
		},
		{
			name: "passkey-rp-id", usage: "the `domain` that passkeys are for, which all their pages share (default: the host of the first origin)",
			apply: text(func(cfg *server.Config, v string) { cfg.PasskeyRPID = v }),
		},
		{
			name: "identity-pool", usage: "the `id` of the identity pool, region:uuid (default: there is none)",
			apply: text(func(cfg *server.Config, v string) { cfg.IdentityPoolID = v }),
		},
		{
			name: "guests", usage: "`on` or off: whether the identity pool gives credentials to those who have not signed in (default off)",
			apply: onOff(func(cfg *server.Config, on bool) { cfg.Guests = on }),
		},
		{
			name: "smtp", usage: "the `server` that mail goes to: smtp://user:password@host:587, smtps:// or smtp+insecure:// (default: a local mailbox)",
			apply: text(func(cfg *server.Config, v string) { cfg.Mail.Server = v }),
		},
		{
			name: "mail-from", usage: "the `sender` of mail, like \"Freshet <no-reply@example.com>\"",
			apply: text(func(cfg *server.Config, v string) { cfg.Mail.From = v }),
		},
		{
			name: "mail-templates", usage: "a `directory` of letters that go before the built-in ones",
			apply: text(func(cfg *server.Config, v string) { cfg.Mail.TemplateDir = v }),
		},
		{
			name: "holidays-url", usage: "the `address` of a service that tells public holidays as Nager.Date does (default: the program knows some countries)",
			apply: text(func(cfg *server.Config, v string) { cfg.HolidaysURL = v }),
		},
		// It has no flag: what is on a command line, every user of the machine can see.
		{name: "secret", apply: text(func(cfg *server.Config, v string) { cfg.Secret = v })},
		{
			name: "secret-old", list: true, split: strings.Fields,
			apply: func(cfg *server.Config, values []string) error {
				cfg.Former = values
				return nil
			},
		},
		{
			name: "keep-tombstones", usage: "how long removals are remembered for clients that are away: a `time` like 90d, or 0 for ever (default 90d)",
			apply: kept(func(cfg *server.Config) *time.Duration { return &cfg.KeepTombstones }),
		},
		{
			name: "keep-history", usage: "how long old versions of records are kept: a `time` like 90d, or 0 for ever (default 90d)",
			apply: kept(func(cfg *server.Config) *time.Duration { return &cfg.KeepHistory }),
		},
		{
			name: "keep-audit", usage: "how long it is kept what happened to accounts and keys: a `time` like 90d, or 0 for ever (default 90d)",
			apply: kept(func(cfg *server.Config) *time.Duration { return &cfg.KeepAudit }),
		},
		{
			name: "log-level", usage: "the least `level` of log lines: debug, info, warn or error (default info)",
			apply: func(cfg *server.Config, values []string) error {
				if err := cfg.LogLevel.UnmarshalText([]byte(values[0])); err != nil {
					return errors.New("write debug, info, warn or error")
				}
				return nil
			},
		},
		{
			name: "log-format", usage: "the `form` of log lines: text or json (default: text on a terminal, json elsewhere)",
			apply: text(func(cfg *server.Config, v string) { cfg.LogFormat = server.LogFormat(v) }),
		},
		{name: "limits.record-bytes", apply: limit(func(l *server.Limits) *int { return &l.RecordBytes })},
		{name: "limits.batch-writes", apply: limit(func(l *server.Limits) *int { return &l.BatchWrites })},
		{name: "limits.list-page", apply: limit(func(l *server.Limits) *int { return &l.ListPage })},
		{name: "limits.changes-page", apply: limit(func(l *server.Limits) *int { return &l.ChangesPage })},
		{name: "limits.local-bytes", apply: limit(func(l *server.Limits) *int { return &l.LocalBytes })},
		{name: "limits.local-rate", apply: limit(func(l *server.Limits) *int { return &l.LocalRate })},
		{name: "limits.body-bytes", apply: limit(func(l *server.Limits) *int { return &l.BodyBytes })},
		{name: "limits.subscriptions", apply: limit(func(l *server.Limits) *int { return &l.Subscriptions })},
	}
}

func text(set func(*server.Config, string)) func(*server.Config, []string) error {
	return func(cfg *server.Config, values []string) error {
		set(cfg, values[0])
		return nil
	}
}

func limit(of func(*server.Limits) *int) func(*server.Config, []string) error {
	return func(cfg *server.Config, values []string) error {
		n, err := strconv.Atoi(values[0])
		if err != nil || n < 1 {
			return errors.New("write a whole number above 0")
		}
		*of(&cfg.Limits) = n
		return nil
	}
}

func kept(of func(*server.Config) *time.Duration) func(*server.Config, []string) error {
	return func(cfg *server.Config, values []string) error {
		d, err := parseDuration(values[0])
		if err != nil {
			return err
		}
		if d == 0 {
			d = server.Forever
		}
		*of(cfg) = d
		return nil
	}
}

func onOff(set func(cfg *server.Config, on bool)) func(*server.Config, []string) error {
	return func(cfg *server.Config, values []string) error {
		switch values[0] {
		case "on", "true":
			set(cfg, true)
		case "off", "false":
			set(cfg, false)
		default:
			return errors.New("write on or off")
		}
		return nil
	}
}

func applyProxies(cfg *server.Config, values []string) error {
	cfg.Proxies = nil
	for _, value := range values {
		prefix, err := netip.ParsePrefix(value)
		if address, single := netip.ParseAddr(value); single == nil {
			prefix, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return errors.New("write an address or a network, like 10.0.0.0/24")
		}
		cfg.Proxies = append(cfg.Proxies, prefix)
	}
	return nil
}

func applyHosted(cfg *server.Config, values []string) error {
	cfg.Hosted = nil
	for _, value := range values {
		app, err := server.ParseHosted(value)
		if err != nil {
			return err
		}
		cfg.Hosted = append(cfg.Hosted, app)
	}
	return nil
}

func applyIssuers(cfg *server.Config, values []string) error {
	cfg.Issuers = nil
	for _, value := range values {
		issuer, err := auth.ParseIssuer(value)
		if err != nil {
			return err
		}
		cfg.Issuers = append(cfg.Issuers, issuer)
	}
	return nil
}

// parseDuration reads a time like 90d, 2w or 12h30m.
func parseDuration(text string) (time.Duration, error) {
	unit := time.Duration(0)
	switch {
	case text == "0":
		return 0, nil
	case strings.HasSuffix(text, "d"):
		unit = 24 * time.Hour
	case strings.HasSuffix(text, "w"):
		unit = 7 * 24 * time.Hour
	}
	if unit != 0 {
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 16)
		if err == nil {
			return time.Duration(n) * unit, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, errors.New("write a time like 30d, 2w or 12h")
}

// options gathers the settings of all sources.
type options struct {
	settings []setting
	values   map[string]*[]string // by the name of a flag that was given
	config   string
}

func newOptions() *options {
	return &options{settings: settings(), values: make(map[string]*[]string)}
}

func (o *options) bindCommon(flags *pflag.FlagSet) {
	flags.StringVar(&o.config, "config", "", "a `file` of settings (default "+usualConfig+", where there is one)")
	o.bind(flags, func(s *setting) bool { return s.common })
}

func (o *options) bindServe(flags *pflag.FlagSet) {
	flags.SortFlags = false
	o.bind(flags, func(s *setting) bool { return !s.common })
}

// bindOnly gives a command one of the settings of serve.
func (o *options) bindOnly(flags *pflag.FlagSet, name string) {
	o.bind(flags, func(s *setting) bool { return s.name == name })
}

func (o *options) bind(flags *pflag.FlagSet, wanted func(*setting) bool) {
	for i := range o.settings {
		if s := &o.settings[i]; s.usage != "" && wanted(s) {
			if o.values[s.name] == nil {
				o.values[s.name] = new([]string)
			}
			flags.Var(&flagValue{values: o.values[s.name], list: s.list}, s.name, s.usage)
		}
	}
}

// flagValue gathers the values of a flag.
type flagValue struct {
	values *[]string
	list   bool
}

func (v *flagValue) String() string { return "" }
func (v *flagValue) Type() string   { return "text" }

func (v *flagValue) Set(value string) error {
	if !v.list {
		*v.values = nil
	}
	*v.values = append(*v.values, value)
	return nil
}

// load gives the configuration: flags before the environment before the file.
func (o *options) load() (server.Config, error) {
	var cfg server.Config
	file, err := o.readFile()
	if err != nil {
		return cfg, err
	}
	for i := range o.settings {
		s := &o.settings[i]
		source, values := o.find(s, file)
		if len(values) == 0 {
			continue
		}
		if err := s.apply(&cfg, values); err != nil {
			return cfg, freshet.Errorf(freshet.Invalid, "%s: %q: %s", source, strings.Join(values, " "), err)
		}
	}
	return cfg, cfg.Validate()
}

// find gives the values of a setting, and where they come from.
func (o *options) find(s *setting, file map[string][]string) (source string, values []string) {
	if given := o.values[s.name]; given != nil && len(*given) > 0 {
		return "--" + s.name, *given
	}
	if env := os.Getenv(s.variable()); env != "" {
		if s.list {
			return s.variable(), s.split(env)
		}
		return s.variable(), []string{env}
	}
	return s.key(), file[s.key()]
}

// readFile gives the settings of the file.
func (o *options) readFile() (map[string][]string, error) {
	path := o.config
	if path == "" {
		path = os.Getenv("FRESHET_CONFIG")
	}
	usual := path == ""
	if usual {
		path = usualConfig
	}
	var tree map[string]any
	_, err := toml.DecodeFile(path, &tree)
	if usual && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, freshet.Errorf(freshet.Invalid, "%s: %s", path, strings.TrimPrefix(err.Error(), "toml: "))
	}
	values := make(map[string][]string)
	if err := o.flatten("", tree, values); err != nil {
		return nil, freshet.Errorf(freshet.Invalid, "%s: %s", path, err)
	}
	return values, nil
}

// flatten reads a table of the file; a key that is no setting is an error.
func (o *options) flatten(prefix string, table map[string]any, values map[string][]string) error {
	for name, value := range table {
		key := prefix + name
		if inner, ok := value.(map[string]any); ok && prefix == "" && name == "limits" {
			if err := o.flatten(name+".", inner, values); err != nil {
				return err
			}
			continue
		}
		i := slices.IndexFunc(o.settings, func(s setting) bool { return s.key() == key })
		if i < 0 {
			return fmt.Errorf("%s is no setting; there are %s", key, o.keys())
		}
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		} else if !o.settings[i].list {
			return fmt.Errorf("%s: write one value, not a list", key)
		}
		for _, element := range list {
			switch element.(type) {
			case string, int64, bool:
				values[key] = append(values[key], fmt.Sprint(element))
			default:
				return fmt.Errorf("%s: write a string, a number, true or false", key)
			}
		}
	}
	return nil
}

func (o *options) keys() string {
	keys := make([]string, len(o.settings))
	for i := range o.settings {
		keys[i] = o.settings[i].key()
	}
	return strings.Join(keys, ", ")
}
