package control

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"freshet"
	"freshet/internal/accesskey"
	"freshet/internal/accounts"
	"freshet/internal/mail"
)

// Accounts is what an operator can do with users. They are found by user name, e-mail or id. Errors of all: not_found
// for a user who is not there, invalid for what cannot be read.
type Accounts interface {
	// Users calls visit with the users, some at a time, in no order that says anything.
	Users(ctx context.Context, visit func([]User) error) error
	// CreateUser makes an account. password is the temporary one where nobody but the caller is told of it; one
	// who has an e-mail is told by mail. Errors: conflict for a name or an e-mail that is taken.
	CreateUser(ctx context.Context, user NewUser) (made User, password string, err error)
	// ActOnUser does something with a user as a whole.
	ActOnUser(ctx context.Context, name string, act UserAct) error
	// SetUserGroups has a user join and leave groups, and gives those the user is in then. A group that is joined
	// and is not there is made.
	SetUserGroups(ctx context.Context, name string, change GroupChange) ([]string, error)
	// SetupLink makes the link by which a user becomes the first administrator; the one before counts no more.
	// Errors: conflict where there is an administrator.
	SetupLink(ctx context.Context) (string, error)
}

// Letters is the mail that waits, that was given up, and that is kept for want of an SMTP server.
type Letters interface {
	// Letters gives them without their text, newest first.
	Letters(ctx context.Context) ([]mail.Entry, error)
	// Letter gives one. Errors: not_found.
	Letter(ctx context.Context, id string) (mail.Kept, error)
}

// SignedKeys is the keys that sign requests.
type SignedKeys interface {
	// SignedKeys gives them, oldest first, expired and revoked ones too.
	SignedKeys(ctx context.Context) ([]SignedKey, error)
	// CreateSignedKey makes one; a zero expires stands for never. The secret is given this once. Errors: as
	// CreateKey.
	CreateSignedKey(ctx context.Context, name string, expires time.Time, admin bool) (key accesskey.Key, secret string, err error)
}

// SignedKey is a key that signs requests, as an operator is shown it.
type SignedKey struct {
	accesskey.Key
	Used time.Time `json:"used,omitzero"` // when it let somebody in last; zero: never
}

// User is an account as an operator is shown it.
type User struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Email   string    `json:"email,omitempty"`
	Status  string    `json:"status"`
	Enabled bool      `json:"enabled"`
	Groups  []string  `json:"groups,omitempty"`
	Created time.Time `json:"created"`
}

// NewUser is an account to be made.
type NewUser struct {
	Name     string   `json:"name"` // a name, or an e-mail
	Email    string   `json:"email,omitempty"`
	Password string   `json:"password,omitempty"` // for good; empty: a temporary one
	Groups   []string `json:"groups,omitempty"`
}

// UserAct is something that is done with a user as a whole.
type UserAct string

// The acts.
const (
	DisableUser UserAct = "disable"
	EnableUser  UserAct = "enable"
	ResetUser   UserAct = "reset" // the user chooses another password, by a mailed code
	DeleteUser  UserAct = "delete"
)

// GroupChange is the groups to join and to leave.
type GroupChange struct {
	Join  []string `json:"join,omitempty"`
	Leave []string `json:"leave,omitempty"`
}

// byOperator is who asks the pool here.
var byOperator = accounts.Caller{By: operator.Name}

func shownUser(u accounts.User) User {
	shown := User{ID: u.ID, Name: u.Name, Status: string(u.Status), Enabled: u.Enabled, Groups: u.Groups, Created: u.Created}
	for _, a := range u.Attributes {
		if a.Name == "email" {
			shown.Email = a.Value
		}
	}
	return shown
}

// plain makes an error of the pool one that an operator reads: without the name that programs know it by.
func plain(err error) error {
	if e, ok := errors.AsType[*accounts.Error](err); ok {
		return e.Err
	}
	return err
}

// Users calls visit with the users.
func (d *Desk) Users(ctx context.Context, visit func([]User) error) error {
	for next := ""; ; {
		page, err := d.Pool.ListUsers(ctx, "", 0, next)
		if err != nil {
			return plain(err)
		}
		users := make([]User, len(page.Users))
		for i := range page.Users {
			users[i] = shownUser(page.Users[i])
		}
		if err := visit(users); err != nil {
			return err
		}
		if next = page.Next; next == "" {
			return nil
		}
	}
}

const (
	attrEmail       = "email"
	suppressMessage = "SUPPRESS"
)

// CreateUser makes an account.
func (d *Desk) CreateUser(ctx context.Context, n NewUser) (User, string, error) {
	if err := checkGroups(n.Groups); err != nil { // before there is an account, whose password nobody would be told
		return User{}, "", err
	}
	request := accounts.AdminCreateUser{Username: n.Name, TemporaryPassword: n.Password}
	if n.Email != "" {
		request.Attributes = []accounts.Attribute{{Name: attrEmail, Value: n.Email}}
	}
	mailed := n.Password == "" && (n.Email != "" || strings.Contains(n.Name, "@"))
	if !mailed {
		request.MessageAction = suppressMessage
	}
	temporary := ""
	if n.Password == "" && !mailed {
		temporary = rand.Text()[:16] // 80 random bits
		request.TemporaryPassword = temporary
	}
	u, err := d.Pool.AdminCreateUser(ctx, byOperator, request)
	if err != nil {
		return User{}, "", plain(err)
	}
	if n.Password != "" {
		if err := d.Pool.AdminSetUserPassword(ctx, byOperator, u.ID, n.Password, true); err != nil {
			return User{}, "", plain(err)
		}
	}
	if _, err := d.SetUserGroups(ctx, u.ID, GroupChange{Join: n.Groups}); err != nil {
		return User{}, "", err
	}
	u, err = d.Pool.AdminGetUser(ctx, u.ID)
	return shownUser(u), temporary, plain(err)
}

// ActOnUser does something with a user as a whole.
func (d *Desk) ActOnUser(ctx context.Context, name string, act UserAct) error {
	acts := map[UserAct]func(context.Context, accounts.Caller, string) error{
		DisableUser: d.Pool.AdminDisableUser, EnableUser: d.Pool.AdminEnableUser,
		ResetUser: d.Pool.AdminResetUserPassword, DeleteUser: d.Pool.AdminDeleteUser,
	}
	do := acts[act]
	if do == nil {
		return freshet.Errorf(freshet.Invalid, "%q is nothing that can be done with a user", act)
	}
	return plain(do(ctx, byOperator, name))
}

// SetUserGroups has a user join and leave groups. What can be wrong with one of them is looked at before the first.
func (d *Desk) SetUserGroups(ctx context.Context, name string, change GroupChange) ([]string, error) {
	if err := checkGroups(change.Join); err != nil {
		return nil, err
	}
	if _, err := d.Pool.AdminGetUser(ctx, name); err != nil {
		return nil, plain(err)
	}
	for _, group := range change.Leave {
		if _, err := d.Pool.GetGroup(ctx, group); err != nil {
			return nil, plain(err)
		}
	}
	for _, group := range change.Join {
		if err := d.makeGroup(ctx, group); err != nil {
			return nil, plain(err)
		}
		if err := d.Pool.AdminAddUserToGroup(ctx, byOperator, name, group); err != nil {
			return nil, plain(err)
		}
	}
	for _, group := range change.Leave {
		if err := d.Pool.AdminRemoveUserFromGroup(ctx, byOperator, name, group); err != nil {
			return nil, plain(err)
		}
	}
	u, err := d.Pool.AdminGetUser(ctx, name)
	return slices.Clone(u.Groups), plain(err)
}

// SetupLink makes the link by which a user becomes the first administrator.
func (d *Desk) SetupLink(ctx context.Context) (string, error) {
	secret, err := d.Pool.NewSetup(ctx, byOperator, d.AdminGroup)
	if err != nil {
		return "", plain(err)
	}
	return d.SetupURL + "#" + secret, nil
}

func checkGroups(names []string) error {
	for _, name := range names {
		if !accounts.IsGroupName(name) {
			return freshet.Errorf(freshet.Invalid, "%q is no name of a group; write 1 to 128 characters, none of them a space", name)
		}
	}
	return nil
}

// makeGroup sees to it that a group is there.
func (d *Desk) makeGroup(ctx context.Context, name string) error {
	_, err := d.Pool.GetGroup(ctx, name)
	if err == nil || accounts.FaultOf(err) != accounts.ResourceNotFound {
		return err
	}
	_, err = d.Pool.CreateGroup(ctx, byOperator, accounts.Group{Name: name})
	if accounts.FaultOf(err) == accounts.GroupExists && err != nil {
		return nil // another operator was faster
	}
	return err
}

// Letters gives the mail.
func (d *Desk) Letters(ctx context.Context) ([]mail.Entry, error) { return d.Mail.List(ctx) }

// Letter gives one letter. It may hold a code, so that it was read is on record.
func (d *Desk) Letter(ctx context.Context, id string) (mail.Kept, error) {
	letter, err := d.Mail.Show(ctx, id)
	if err == nil {
		d.record(ctx, "ReadMail", letter.To, nil)
	}
	return letter, err
}

// SignedKeys gives the keys that sign requests.
func (d *Desk) SignedKeys(ctx context.Context) ([]SignedKey, error) {
	list, err := d.AccessKeys.List(ctx)
	var shown []SignedKey
	for _, key := range list {
		shown = append(shown, SignedKey{key, d.lastUse(key.ID)})
	}
	return shown, err
}

// CreateSignedKey makes a key that signs requests.
func (d *Desk) CreateSignedKey(ctx context.Context, name string, expires time.Time, admin bool) (accesskey.Key, string, error) {
	key, secret, err := d.AccessKeys.Create(ctx, name, expires, admin)
	what := "CreateAccessKey"
	if admin {
		what = "CreateAdminAccessKey"
	}
	d.record(ctx, what, keyTold(key.ID, name), err)
	return key, secret, err
}
