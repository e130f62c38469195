package control

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"freshet"
	"freshet/internal/accesskey"
	"freshet/internal/accounts"
	"freshet/internal/audit"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/mail"
	"freshet/internal/store"
)

// Desk does an operator's work. Without an Engine and a Keyring it can only tail and check; without the Pool and
// what stands beside it, it knows nothing of users, mail and signed keys.
type Desk struct {
	Store      store.Store
	Engine     *engine.Engine
	Keyring    *auth.Keys
	Pool       *accounts.Pool
	Mail       *mail.Mail
	AccessKeys *accesskey.Keys
	Uses       Uses       // of keys; nil: they are not known
	Audited    *audit.Log // nil: acts on keys are not on record
	CheckStore func(ctx context.Context, progress func(stage string, done int)) (Report, error)
	Address    string // of the public door
	AdminGroup string // whose members are administrators
	SetupURL   string // where the first one comes in
}

// Uses tells when keys were used, by the Ref of an API key and the id of one that signs.
type Uses interface {
	// Last gives when a key let somebody in last; zero: never.
	Last(ref string) time.Time
	// Forget forgets a key that is gone; what cannot be forgotten does no harm.
	Forget(ctx context.Context, ref string)
}

// operator is who writes here.
var operator = freshet.Identity{Name: "operator", System: true}

// Status tells how the store stands.
func (d *Desk) Status(context.Context) (Status, error) {
	head := d.Store.Head()
	status := Status{
		Address: d.Address, Epoch: hex.EncodeToString(head.Epoch[:]), Seq: head.Seq, At: head.At, History: head.History, Trimmed: head.Trimmed,
	}
	for _, m := range d.Engine.Schema().Models {
		status.Models = append(status.Models, m.Name)
	}
	return status, nil
}

// Keys gives the API keys.
func (d *Desk) Keys(context.Context) ([]Key, error) {
	var keys []Key
	for _, key := range d.Keyring.List() {
		keys = append(keys, d.shownKey(key))
	}
	return keys, nil
}

func (d *Desk) shownKey(key auth.Key) Key {
	return Key{
		ID: key.ID, Name: key.Name, Created: key.Created, Expires: key.Expires, Used: d.lastUse(key.Ref()),
		Scopes: key.Scopes, Groups: key.Groups, By: key.By, Fixed: key.Fixed,
	}
}

func (d *Desk) lastUse(ref string) time.Time {
	if d.Uses == nil {
		return time.Time{}
	}
	return d.Uses.Last(ref)
}

// CreateKey makes an API key.
func (d *Desk) CreateKey(ctx context.Context, k NewKey) (Key, string, error) {
	for _, scope := range k.Scopes {
		if err := d.Engine.Schema().CheckScope(scope); err != nil {
			return Key{}, "", err
		}
	}
	key, secret, err := d.Keyring.Add(ctx, auth.Key{Name: k.Name, Expires: k.Expires, Scopes: k.Scopes, Groups: k.Groups})
	d.record(ctx, "CreateAPIKey", keyTold(key.ID, k.Name), err)
	return d.shownKey(key), secret, err
}

// RevokeKey takes an API key away.
func (d *Desk) RevokeKey(ctx context.Context, id string) error {
	what := "RevokeAPIKey"
	found, err := d.Keyring.Revoke(ctx, id)
	if found && d.Uses != nil {
		d.Uses.Forget(ctx, id)
	}
	if err == nil && !found && d.AccessKeys != nil {
		if found, err = d.AccessKeys.Revoke(ctx, id); found {
			what = "RevokeAccessKey"
		}
	}
	if err == nil && !found {
		err = freshet.Errorf(freshet.NotFound, "there is no API key with the id %q; `freshet key list` shows those that there are", id)
	}
	d.record(ctx, what, keyTold(id, ""), err)
	return err
}

// Check looks whether the store is sound.
func (d *Desk) Check(ctx context.Context, progress func(stage string, done int)) (Report, error) {
	return d.CheckStore(ctx, progress)
}

const (
	usualTail = 10
	tailPage  = 512
	tailBytes = 4 << 20
)

// Tail gives the changes of the log.
func (d *Desk) Tail(ctx context.Context, q TailQuery, visit func([]Entry) error) error {
	head := d.Store.Head()
	after := max(q.From, 1) - 1
	if q.From == 0 {
		after = max(head.Seq, usualTail+head.History-1) - usualTail
	}
	for {
		changes, err := d.Store.History(ctx, store.HistoryQuery{After: after, Limit: tailPage, Bytes: tailBytes})
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			after = changes[len(changes)-1].Seq
			if err := visit(entries(changes)); err != nil {
				return err
			}
			continue
		}
		if !q.Follow {
			return ctx.Err()
		}
		if _, err := d.Store.Wait(ctx, after); err != nil {
			return err
		}
	}
}

func entries(changes []freshet.Change) []Entry {
	list := make([]Entry, len(changes))
	for i, c := range changes {
		list[i] = Entry{
			Seq: c.Seq, At: c.At, Op: c.Op.String(), Model: c.Model, Key: c.Key.Text(), Version: c.Version, By: c.By,
			Audience: c.Audience, Left: c.Left,
		}
		if c.Audience == nil {
			list[i].Audience = []freshet.Token{}
		}
		// The server's own records hold secrets.
		if !strings.HasPrefix(string(c.Model), "_") {
			list[i].Record = c.Body
		}
	}
	return list
}

// Export gives the records of a model.
func (d *Desk) Export(ctx context.Context, q ExportQuery, visit func(record []byte) error) error {
	list := engine.ListQuery{Model: q.Model, Deleted: q.Deleted, Limit: d.Engine.Limits().ListPage}
	var marked []byte
	for {
		page, err := d.Engine.List(ctx, &operator, list)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			record := row.Body
			if row.Deleted {
				marked = append(append(marked[:0], record[:len(record)-1]...), `,"_deleted":true}`...)
				record = marked
			}
			if err := visit(record); err != nil {
				return err
			}
		}
		if page.NextToken == "" {
			return nil
		}
		list.Token = page.NextToken
	}
}
