package agenda

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"sync"

	"github.com/google/uuid"

	"freshet"
	"freshet/internal/engine"
	"freshet/internal/ical"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

const (
	maxImport   = 1 << 20 // bytes
	importers   = 16      // writes at a time, so that one fsync serves many
	maxRefusals = 100     // that are told one by one
	maxAttempts = 3
)

// Imported is what became of the events of a text.
type Imported struct {
	Created   int       `json:"created"`
	Updated   int       `json:"updated"`
	Unchanged int       `json:"unchanged"`
	Refused   int       `json:"refused"`
	Ignored   int       `json:"ignored"`            // components that are no events
	Refusals  []Refusal `json:"refusals,omitempty"` // the first hundred
}

// Refusal is why an event was not taken.
type Refusal struct {
	UID    string `json:"uid"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// importEvents writes the events of a text as the caller. Those that it wrote before by the same UIDs are changed.
func (d *Door) importEvents(r *http.Request) (any, error) {
	u, err := d.user(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	calendar := query.Get("calendar")
	if calendar != "" {
		row, err := d.find(r.Context(), u.id, calendar, false)
		if err != nil {
			return nil, err
		}
		if !u.owns(row) && !slices.Contains(namesOf(row, "sharedWith"), u.name) {
			return nil, freshet.Errorf(freshet.Forbidden, "this calendar is not yours, and not shared with you")
		}
	}
	text, err := readText(r)
	if err != nil {
		return nil, err
	}
	items, others, err := ical.Decode(text, query.Get("zone"))
	if err != nil {
		return nil, err
	}
	run := &importing{Door: d, user: u, calendar: calendar, done: Imported{Ignored: others}}
	return run.write(r.Context(), items)
}

func readText(r *http.Request) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "text/calendar" {
		return nil, freshet.Errorf(freshet.Invalid, "send the events with Content-Type: text/calendar")
	}
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxImport))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, freshet.Errorf(freshet.TooLarge, "the text is over the most of one import, %d bytes", maxImport)
	}
	if err != nil {
		return nil, freshet.Wrap(freshet.Invalid, err, "the text could not be read to its end")
	}
	return text, nil
}

// importing is an import under way.
type importing struct {
	*Door
	user
	calendar string // empty: that of each event stays

	mu   sync.Mutex
	done Imported
}

func (run *importing) write(ctx context.Context, items []ical.Item) (Imported, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	last := make(map[string]int)
	for i := range items {
		last[run.recordID(&items[i])] = i
	}
	work := make(chan int)
	var writers sync.WaitGroup
	for range importers {
		writers.Go(func() {
			for i := range work {
				it := &items[i]
				if it.Err == nil && last[run.recordID(it)] != i {
					it.Err = errors.New("it stands twice; the last one is taken")
				}
				if err := run.take(ctx, it); err != nil {
					cancel(err) // not the event's fault
				}
			}
		})
	}
	for i := range items {
		if ctx.Err() != nil {
			break
		}
		work <- i
	}
	close(work)
	writers.Wait()
	return run.done, context.Cause(ctx)
}

// take writes one event, and counts what became of it.
func (run *importing) take(ctx context.Context, it *ical.Item) error {
	err := it.Err
	var count *int
	if err == nil {
		count, err = run.put(ctx, it)
	}
	code := freshet.CodeOf(err)
	if it.Err == nil && err != nil && (code == freshet.Unavailable || code == freshet.Internal) {
		return err
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	if err == nil {
		*count++
		return nil
	}
	if run.done.Refused++; len(run.done.Refusals) < maxRefusals {
		reason := err.Error()
		if it.Err == nil {
			reason = freshet.MessageOf(err)
		}
		run.done.Refusals = append(run.done.Refusals, Refusal{UID: excerpt(it.UID), Title: excerpt(it.Event.Title), Reason: reason})
	}
	return nil
}

// put writes an event whose record may be there, and gives what counts it.
func (run *importing) put(ctx context.Context, it *ical.Item) (*int, error) {
	key := run.recordID(it)
	fields, err := run.fields(it, key)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		row, err := run.Engine.Get(ctx, run.id, eventModel, freshet.StringKey(key), false)
		if err != nil {
			return nil, err
		}
		w := freshet.Write{Model: eventModel, Op: freshet.OpUpdate, Fields: fields}
		count, raced := &run.done.Updated, freshet.NotFound
		if row == nil {
			w.Op, count, raced = freshet.OpCreate, &run.done.Created, freshet.Conflict
		} else if same, err := holds(row, fields); err != nil || same {
			return &run.done.Unchanged, err
		}
		// Another import may have been between the two.
		if _, err = run.Engine.Write(ctx, run.id, w); err == nil || freshet.CodeOf(err) != raced || attempt == maxAttempts {
			return count, err
		}
	}
}

// holds tells whether a record holds some fields already.
func holds(row *engine.Row, fields []byte) (bool, error) {
	patch, err := row.Model.Patch(fields)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(row.Model.Fields, func(f *schema.Field) bool {
		is, asked := row.Doc[f.Ordinal], patch[f.Ordinal]
		return asked != nil && !(rawjson.IsNull(is) && rawjson.IsNull(asked) || rawjson.Equal(is, asked))
	}), nil
}

var imported = uuid.MustParse("6c0d6b0e-3f0a-5d0c-9d53-0f6a4a6d1c5b")

// recordID gives the id of the record of an event: the same for the same UID and occurrence of the same user.
func (run *importing) recordID(it *ical.Item) string { return run.idOf(it.UID, it.Event.Occurrence) }

func (run *importing) idOf(uid, occurrence string) string {
	return uuid.NewSHA1(imported, []byte(run.name+"\x00"+uid+"\x00"+occurrence)).String()
}

// fields gives an event as the fields of its record. What it does not have is taken away from a record that is there.
func (run *importing) fields(it *ical.Item, key string) ([]byte, error) {
	e := &it.Event
	fields := map[string]any{"id": key, "title": e.Title, "start": e.Start, "end": e.End, "allDay": e.AllDay, "exdates": nil, "series": nil}
	for name, value := range map[string]string{
		"zone": e.Zone, "location": e.Location, "notes": e.Notes, "rrule": e.RRule, "occurrence": e.Occurrence,
	} {
		if fields[name] = any(value); value == "" {
			fields[name] = nil
		}
	}
	if len(e.ExDates) > 0 {
		fields["exdates"] = e.ExDates
	}
	if e.Series != "" {
		fields["series"] = run.idOf(e.Series, "")
	}
	if run.calendar != "" {
		fields["calendar"] = run.calendar
	}
	return json.Marshal(fields)
}

// excerpt is what is told of a text that somebody else wrote.
func excerpt(text string) string {
	if runes := []rune(text); len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return text
}
