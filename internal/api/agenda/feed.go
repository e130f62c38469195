package agenda

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"freshet"
	"freshet/internal/api"
	"freshet/internal/auth"
	"freshet/internal/engine"
	"freshet/internal/ical"
	"freshet/internal/rawjson"
)

// maxFeed bounds the events of a feed.
const maxFeed = 10_000

// feed gives a calendar as iCalendar, to who has a key that may read it.
func (d *Door) feed(w http.ResponseWriter, r *http.Request, calendar string) {
	body, err := d.encode(r.Context(), auth.Credentials{APIKey: r.URL.Query().Get("key"), From: r.RemoteAddr}, calendar)
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		status := http.StatusNotFound // as if there were no such calendar, whatever is wrong with the key
		switch freshet.CodeOf(err) {
		case freshet.Unavailable:
			status = http.StatusServiceUnavailable
		case freshet.Internal:
			status = http.StatusServiceUnavailable
			d.Logger.ErrorContext(r.Context(), "write a calendar", "error", err)
		case freshet.TooLarge:
			status = http.StatusRequestEntityTooLarge
		}
		header.Set("Cache-Control", "no-store")
		http.Error(w, http.StatusText(status), status)
		return
	}
	header.Set("ETag", api.TagOf(body))
	header.Set("Cache-Control", "private, no-cache")
	if api.Has(r, api.TagOf(body)) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", "text/calendar; charset=utf-8")
	header.Set("Content-Disposition", `inline; filename="calendar.ics"`)
	_, _ = w.Write(body) // a client that is gone does not want it
}

// encode gives a calendar with those of its events that its owner put there, or somebody it is shared with: anybody
// may name it in an event of theirs.
func (d *Door) encode(ctx context.Context, key auth.Credentials, calendar string) ([]byte, error) {
	id, _, err := d.API.Identify(ctx, d.By, key)
	if err != nil {
		return nil, err
	}
	row, err := d.find(ctx, id, calendar, false)
	if err != nil {
		return nil, err
	}
	rows, err := d.events(ctx, id, calendar)
	if err != nil {
		return nil, err
	}
	authors := append(namesOf(row, "sharedWith"), text(row, ownerField))
	var events []ical.Event
	for _, event := range rows {
		if !slices.Contains(authors, text(event, ownerField)) {
			continue
		}
		e := ical.Event{Version: uint64(event.Version), At: event.At.Time()}
		if err := json.Unmarshal(event.Body, &e); err != nil {
			return nil, freshet.Wrap(freshet.Internal, err, "an event cannot be read")
		}
		events = append(events, e)
	}
	return ical.Encode(ical.Calendar{Name: text(row, "name"), Color: text(row, "color")}, events, d.Now())
}

func (d *Door) events(ctx context.Context, id *freshet.Identity, calendar string) ([]*engine.Row, error) {
	condition := engine.KeyCondition{
		Fields:    d.Engine.Schema().Model(eventModel).Index(byCalendar).Fields,
		Partition: rawjson.AppendString(nil, calendar),
	}
	span, err := condition.Range()
	if err != nil {
		return nil, err
	}
	query := engine.ListQuery{Model: eventModel, Index: byCalendar, Range: span, Limit: d.Engine.Limits().ListPage}
	var rows []*engine.Row
	for {
		page, err := d.Engine.List(ctx, id, query)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if len(rows) > maxFeed {
			return nil, freshet.Errorf(freshet.TooLarge, "the calendar has more than %d events, which is the most of a feed", maxFeed)
		}
		if page.NextToken == "" {
			return rows, nil
		}
		query.Token = page.NextToken
	}
}

// namesOf gives the strings of a field that is a list of them.
func namesOf(row *engine.Row, field string) []string {
	var names []string
	if value := row.Doc[row.Model.Field(field).Ordinal]; !rawjson.IsNull(value) {
		_ = json.Unmarshal(value, &names) // stored values are valid
	}
	return names
}
