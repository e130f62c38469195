package agenda

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/auth"
	"freshet/internal/schema"
)

// maxPublished bounds the calendars that one user publishes: their keys are held in memory.
const maxPublished = 100

// Published is what a calendar's owner is told when it is published.
type Published struct {
	Key  string `json:"key"`  // shown this once
	Page string `json:"page"` // beneath the address of the server; the key is in the fragment, which no server sees
	Feed string `json:"feed"`
}

// state tells whether a calendar is published.
type state struct {
	Published bool      `json:"published"`
	Since     time.Time `json:"since,omitzero"`
}

// publish makes a key to a calendar, in the place of one that there was.
func (d *Door) publish(r *http.Request) (any, error) {
	by, calendar, err := d.owner(r, false)
	if err == nil {
		err = publishable(calendar)
	}
	var secret string
	if err == nil {
		secret, err = d.makeKey(r.Context(), publisher(by.name), calendar)
	}
	d.record(r, by, "PublishCalendar", calendar, err)
	if err != nil {
		return nil, err
	}
	path := CalendarPath + url.PathEscape(calendar)
	return Published{Key: secret, Page: path + "#" + secret, Feed: path + ".ics?key=" + secret}, nil
}

// publishable tells why a calendar cannot be published. Its id becomes a group, and whoever makes a calendar chooses
// the id: it may not be the name of a group that people are in.
func publishable(calendar string) error {
	if id, err := uuid.Parse(calendar); err != nil || id.String() != calendar {
		return freshet.Errorf(freshet.Invalid, "only a calendar whose id is a UUID, in lower case, can be published")
	}
	return nil
}

// publisher is how a key says on whose behalf it was made, given an owner as records name it.
func publisher(owner string) string { return "user " + schema.ShownOwner(owner) }

func (d *Door) makeKey(ctx context.Context, by, calendar string) (string, error) {
	others := 0
	for _, key := range d.Keys.List() {
		if key.By == by && key.Name != keyName(calendar) {
			others++
		}
	}
	if others >= maxPublished {
		return "", freshet.Errorf(freshet.TooLarge, "you publish %d calendars, which is the most; take one back first", others)
	}
	if err := d.revoke(ctx, calendar); err != nil {
		return "", err
	}
	read := []string{"read"}
	_, secret, err := d.Keys.Add(ctx, auth.Key{
		Name: keyName(calendar), Groups: []string{calendar}, By: by,
		Scopes: []freshet.Scope{{Model: calendarModel, Operations: read}, {Model: eventModel, Operations: read}},
	})
	return secret, err
}

// published tells whether a calendar is published, and since when.
func (d *Door) published(r *http.Request) (any, error) {
	_, calendar, err := d.owner(r, true)
	if err != nil {
		return nil, err
	}
	key, found := d.keyOf(calendar)
	return state{found, key.Created}, nil
}

// unpublish takes the key to a calendar away, also of one that was deleted.
func (d *Door) unpublish(r *http.Request) (any, error) {
	by, calendar, err := d.owner(r, true)
	if err == nil {
		err = d.revoke(r.Context(), calendar)
	}
	d.record(r, by, "UnpublishCalendar", calendar, err)
	return state{}, err
}

// owner gives who asks, and the calendar that is asked about, which is theirs.
func (d *Door) owner(r *http.Request, deleted bool) (by user, calendar string, err error) {
	calendar = r.PathValue("id")
	if by, err = d.user(r); err != nil {
		return by, calendar, err
	}
	row, err := d.find(r.Context(), by.id, calendar, deleted)
	if err == nil && !by.owns(row) {
		err = freshet.Errorf(freshet.Forbidden, "a calendar is published by its owner")
	}
	return by, calendar, err
}

func keyName(calendar string) string { return "calendar " + calendar }

// keyOf gives the key by which a calendar is published. Keys that an operator made are not the owner's to revoke.
func (d *Door) keyOf(calendar string) (auth.Key, bool) {
	for _, key := range d.Keys.List() {
		if key.By != "" && key.Name == keyName(calendar) {
			return key, true
		}
	}
	return auth.Key{}, false
}

func (d *Door) revoke(ctx context.Context, calendar string) error {
	if key, found := d.keyOf(calendar); found {
		return d.remove(ctx, key)
	}
	return nil
}

func (d *Door) remove(ctx context.Context, key auth.Key) error {
	_, err := d.Keys.Revoke(ctx, key.ID)
	if err == nil && d.Forget != nil {
		d.Forget(ctx, key.Ref())
	}
	return err
}

// Sweep takes away the keys of calendars that are deleted, or not of the user any more who published them.
func (d *Door) Sweep(ctx context.Context) error {
	system := &freshet.Identity{Name: "server", System: true}
	for _, key := range d.Keys.List() {
		if key.By == "" || len(key.Groups) != 1 || key.Name != keyName(key.Groups[0]) {
			continue
		}
		row, err := d.find(ctx, system, key.Groups[0], false)
		if err != nil && freshet.CodeOf(err) != freshet.NotFound {
			return err
		}
		if err == nil && key.By == publisher(text(row, ownerField)) {
			continue
		}
		if err := d.remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// record tells the audit of an act on a calendar.
func (d *Door) record(r *http.Request, by user, what, calendar string, err error) {
	if d.Audit == nil {
		return
	}
	e := accounts.Entry{What: what, From: r.RemoteAddr, Outcome: accounts.OutcomeOK, About: "calendar " + calendar}
	if len(e.About) > maxAbout {
		e.About = e.About[:maxAbout]
	}
	if by.id != nil {
		if e.Who, _ = by.id.Claims["sub"].(string); e.Who == "" {
			e.Who = by.name
		}
	}
	if err != nil {
		e.Outcome = string(freshet.CodeOf(err))
	}
	d.Audit.Record(r.Context(), e)
}

const maxAbout = 100 // bytes
