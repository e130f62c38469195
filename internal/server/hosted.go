package server

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"freshet"
	"freshet/internal/accounts"
)

// Hosted is an app that sends people to the hosted pages to sign in.
type Hosted struct {
	ID           string
	Name         string   // as people read it; empty: the product's
	Secret       string   // of an app that can keep one; empty: a public client
	RedirectURIs []string // where people may be sent back to
	LogoutURIs   []string
}

const hostedForm = "write client_id=ID,redirect_uri=URL[,redirect_uri=URL…][,logout_uri=URL…][,name=NAME][,secret=SECRET]"

// ParseHosted reads the form that an app has on the command line:
// client_id=ID,redirect_uri=URL,logout_uri=URL,name=NAME,secret=SECRET. An address with a comma in it has to write
// that as %2C.
func ParseHosted(text string) (Hosted, error) {
	var h Hosted
	once := map[string]*string{"client_id": &h.ID, "name": &h.Name, "secret": &h.Secret}
	many := map[string]*[]string{"redirect_uri": &h.RedirectURIs, "logout_uri": &h.LogoutURIs}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case value == "":
			return h, freshet.Errorf(freshet.Invalid, "%q has no value; %s", name, hostedForm)
		case many[name] != nil:
			*many[name] = append(*many[name], value)
		case once[name] == nil:
			return h, freshet.Errorf(freshet.Invalid, "%q is not known; %s", name, hostedForm)
		case *once[name] != "":
			return h, freshet.Errorf(freshet.Invalid, "%s stands twice; %s", name, hostedForm)
		default:
			*once[name] = value
		}
	}
	if h.ID == "" || len(h.RedirectURIs) == 0 {
		return h, freshet.Errorf(freshet.Invalid, "an app needs client_id and redirect_uri; %s", hostedForm)
	}
	return h, nil
}

// The forms of ids are Cognito's; clients read the region from them.
var (
	poolIDForm         = regexp.MustCompile(`^[A-Za-z0-9-]+_[A-Za-z0-9]+$`)
	identityPoolIDForm = regexp.MustCompile(`^[A-Za-z0-9-]+:[A-Za-z0-9-]+$`)
)

// validateAccounts tells what is wrong with the settings of the user pool and its mail.
func (c *Config) validateAccounts() error {
	for name, text := range map[string]string{"url": c.URL, "issuer": c.Issuer, "holidays-url": c.HolidaysURL} {
		if u, err := url.Parse(text); text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, "{}")) {
			return freshet.Errorf(freshet.Invalid, "%s: %q is no address; write one like https://app.example.com", name, text)
		}
	}
	if c.Secret != "" {
		if _, err := parseSecret(c.Secret, "FRESHET_SECRET"); err != nil {
			return err
		}
	}
	for _, former := range c.Former {
		if _, err := parseSecret(former, "FRESHET_SECRET_OLD"); err != nil {
			return err
		}
	}
	if c.PoolID != "" && !poolIDForm.MatchString(c.PoolID) {
		return freshet.Errorf(freshet.Invalid, "pool-id: %q is no pool id; write a region and a name with _ between them, like %s", c.PoolID, DefaultPool)
	}
	for _, id := range c.ClientIDs {
		if id == "" || strings.ContainsFunc(id, unicode.IsSpace) {
			return freshet.Errorf(freshet.Invalid, "client-id: %q is no id of an app; write one without spaces, like %s", id, DefaultClient)
		}
	}
	if c.IdentityPoolID != "" && !identityPoolIDForm.MatchString(c.IdentityPoolID) {
		return freshet.Errorf(freshet.Invalid, "identity-pool: %q is no id of an identity pool; write a region and a UUID with : between them, as in local:6f1b8f0e-9d0c-4f0e-8a63-52a3e8f4c111", c.IdentityPoolID)
	}
	if c.Guests && c.IdentityPoolID == "" {
		return freshet.Errorf(freshet.Invalid, "guests: there is no identity pool that gives them credentials; set identity-pool")
	}
	if !slices.Contains([]Disposal{"", KeepRecords, DeleteRecords}, c.DeletedUsers) {
		return freshet.Errorf(freshet.Invalid, "deleted-users: %q is not known; write keep or delete, for what becomes of their records", c.DeletedUsers)
	}
	if c.PageSession == Forever {
		return freshet.Errorf(freshet.Invalid, "page-session: it has to end; write a time from a minute to less than %s", duration(accounts.DefaultRefreshLifetime))
	}
	if c.PageSession != 0 && (c.PageSession < time.Minute || c.PageSession >= accounts.DefaultRefreshLifetime) {
		return freshet.Errorf(freshet.Invalid, "page-session: %s is no time for it; write one from a minute to less than %s, which is how long apps stay signed in",
			duration(c.PageSession), duration(accounts.DefaultRefreshLifetime))
	}
	party := c.relyingParty(publicURL(c, c.withDefaults().Listen))
	if err := party.Validate(); err != nil {
		return err
	}
	if c.AdminGroup != "" && !accounts.IsGroupName(c.AdminGroup) {
		return freshet.Errorf(freshet.Invalid, "admin-group: %q is no name of a group; write 1 to 128 characters, none of them a space", c.AdminGroup)
	}
	return c.Mail.Validate()
}

// clientIDs gives the apps that the user pool knows, that of the web app first.
func (c *Config) clientIDs() []string {
	ids := slices.Clone(c.ClientIDs)
	if len(ids) == 0 {
		ids = []string{DefaultClient}
	}
	for i := range c.Hosted {
		if id := c.Hosted[i].ID; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// issuer gives the iss of this server's tokens, of the address by which clients come.
func (c *Config) issuer(url string) string {
	if c.Issuer != "" {
		return c.Issuer
	}
	return url + "/" + c.PoolID
}
