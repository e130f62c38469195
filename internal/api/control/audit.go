package control

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/audit"
)

// Audit is what happened to accounts, keys and mail.
type Audit interface {
	// Audit calls visit with entries in their order, some at a time. An error of visit ends it and is returned.
	Audit(ctx context.Context, q AuditQuery, visit func([]AuditEntry) error) error
}

// AuditQuery asks for entries.
type AuditQuery struct {
	Since  time.Time // zero: all that are kept
	User   string    // by user name, e-mail or id, or as somebody typed it; empty: everybody
	Follow bool      // go on with those to come, until ctx is done
}

// AuditEntry is an entry as an operator is shown it.
type AuditEntry struct {
	audit.Entry
	Name string `json:"name,omitempty"` // the user's e-mail or name of today, where Who is an id
}

// record tells the audit of an act on what is no user; those are for the pool to tell.
func (d *Desk) record(ctx context.Context, what, who string, err error) {
	if d.Audited == nil {
		return
	}
	outcome := accounts.OutcomeOK
	if err != nil {
		outcome = string(freshet.CodeOf(err))
	}
	d.Audited.Record(ctx, accounts.Entry{What: what, Who: who, By: operator.Name, Outcome: outcome})
}

// keyTold is how an entry names a key.
func keyTold(id, name string) string {
	return strings.TrimSpace(id + " " + name)
}

// Audit calls visit with entries.
func (d *Desk) Audit(ctx context.Context, q AuditQuery, visit func([]AuditEntry) error) error {
	query := audit.Query{Since: q.Since, Follow: q.Follow}
	if q.User != "" {
		u, err := d.Pool.AdminGetUser(ctx, q.User)
		if err != nil && freshet.CodeOf(err) != freshet.NotFound { // an account that is gone still has entries
			return plain(err)
		}
		shown := shownUser(u)
		query.Who = slices.DeleteFunc([]string{q.User, shown.ID, shown.Name, shown.Email}, func(who string) bool { return who == "" })
	}
	return d.Audited.Read(ctx, query, func(list []audit.Entry) error {
		entries, err := d.named(ctx, list)
		if err != nil {
			return err
		}
		return visit(entries)
	})
}

// named says who the users of entries are.
func (d *Desk) named(ctx context.Context, list []audit.Entry) ([]AuditEntry, error) {
	names := make(map[string]string)
	entries := make([]AuditEntry, len(list))
	for i, e := range list {
		name, known := names[e.Who]
		if !known && uuid.Validate(e.Who) == nil {
			u, err := d.Pool.AdminGetUser(ctx, e.Who)
			if err != nil && freshet.CodeOf(err) != freshet.NotFound {
				return nil, plain(err)
			}
			shown := shownUser(u)
			name = cmp.Or(shown.Email, shown.Name)
			names[e.Who] = name
		}
		entries[i] = AuditEntry{e, name}
	}
	return entries, nil
}

// Audit calls visit with entries.
func (c *Client) Audit(ctx context.Context, q AuditQuery, visit func([]AuditEntry) error) error {
	query := url.Values{"user": {q.User}}
	if !q.Since.IsZero() {
		query.Set("since", q.Since.Format(time.RFC3339Nano))
	}
	if q.Follow {
		query.Set("follow", "")
	}
	return c.call(ctx, "GET", "/audit", query, nil, func(text []byte) error {
		var list []AuditEntry
		if err := json.Unmarshal(text, &list); err != nil {
			return err
		}
		return visit(list)
	}, nil)
}

func (h *handler) audit(r *http.Request, out *stream) (any, error) {
	query := r.URL.Query()
	q := AuditQuery{User: query.Get("user"), Follow: query.Has("follow")}
	if since := query.Get("since"); since != "" {
		var err error
		if q.Since, err = time.Parse(time.RFC3339Nano, since); err != nil {
			return nil, freshet.Errorf(freshet.Invalid, "since: %q is no time", since)
		}
	}
	return nil, h.desk.Audit(r.Context(), q, func(list []AuditEntry) error {
		if err := out.marshal(memberItem, list); err != nil {
			return err
		}
		return out.flush()
	})
}
