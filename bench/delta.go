package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"time"

	"freshet"
	"freshet/internal/store"
)

// delta measures what it takes to learn what changed for one owner, among few records and among many.
func (b *bench) delta() (*table, error) {
	large, mine := b.large()
	t := &table{
		title: fmt.Sprintf("A delta of %s changes", number(float64(mine))),
		about: fmt.Sprintf("One owner of %s records changes each of them once; then a reader who knew them as they were before asks for what is new, and one who knows all asks again. "+
			"One kept-alive connection, no compression. PocketBase is asked for updated > X && owner = Y with perPage=1000 and skipTotal, by an index on owner and updated.", number(float64(mine))),
		columns: []string{"records in all", "read from", "delta, ms", "poll without change, ms"},
	}
	var readers []*deltaReader
	defer func() {
		for _, r := range readers {
			r.server.stop()
		}
	}()
	var stores []*deltaStore
	for _, records := range []int{b.small(), large} {
		s, r, err := b.freshetDelta(records, mine)
		if err != nil {
			t.note("Freshet with %s records was not measured: %s", number(float64(records)), firstLines(err))
		}
		if s != nil {
			stores = append(stores, s)
		}
		if r != nil {
			readers = append(readers, r)
		}
		if r, err = b.pocketBaseDelta(records, mine); err != nil {
			t.note("PocketBase with %s records was not measured: %s", number(float64(records)), firstLines(err))
		} else {
			readers = append(readers, r)
		}
	}
	var turns []func() error
	for _, r := range readers {
		turns = append(turns, func() error { return r.measure(b) })
	}
	if err := b.interleave(turns...); err != nil {
		return nil, err
	}
	for _, r := range readers {
		r.server.stop() // the store is read on its own now
	}
	if err := measureStores(b, stores); err != nil {
		return nil, err
	}
	figures := make(map[string]float64)
	for _, s := range stores {
		t.row(number(float64(s.records)), "Freshet's store", s.delta.median(), "-")
		figures[fmt.Sprintf("store %d", s.records)] = s.delta.median()
	}
	for _, r := range readers {
		t.row(number(float64(r.records)), r.name, r.delta.median(), r.poll.median())
		figures[fmt.Sprintf("%s %d", r.name, r.records)] = r.delta.median()
		figures[fmt.Sprintf("%s poll %d", r.name, r.records)] = r.poll.median()
	}
	among := func(name string) float64 {
		return ratio(figures, fmt.Sprintf("%s %d", name, large), fmt.Sprintf("%s %d", name, b.small()))
	}
	what := fmt.Sprintf("among %s records : among %s", number(float64(large)), number(float64(b.small())))
	t.atMost("Freshet's store, "+what, among("store"), 1.5, "x")
	t.atMost("Freshet over HTTP, "+what, among(overHTTP), 1.5, "x")
	t.atMost("Freshet over HTTP, poll without change", value(figures, fmt.Sprintf("%s poll %d", overHTTP, large)), 0.15, " ms")
	return t, nil
}

const overHTTP = "Freshet over HTTP"

// deltaReader is a server and the two requests.
type deltaReader struct {
	name    string
	records int
	server  *process
	request []byte
	again   []byte
	mark    []byte // stands once in an answer for each change
	mine    int

	delta, poll samples
}

func (r *deltaReader) measure(b *bench) error {
	c, err := dial(r.server.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, part := range []struct {
		request  []byte
		expected int
		times    int
		into     *samples
	}{
		{r.request, r.mine, b.size(30, 10), &r.delta},
		{r.again, 0, b.size(300, 50), &r.poll},
	} {
		for range part.times {
			start := time.Now()
			status, body, err := c.roundTrip(part.request)
			took := time.Since(start)
			if err != nil {
				return err
			}
			if n := bytes.Count(body, r.mark); status != 200 || n != part.expected {
				return fmt.Errorf("%s answers %d with %d changes and not %d: %.300s", r.name, status, n, part.expected, body)
			}
			part.into.add(millis(took))
		}
	}
	return nil
}

// deltaStore is the same read from the store of a server that has stopped.
type deltaStore struct {
	dir     string
	records int
	mine    int
	tokens  []freshet.Token
	after   freshet.Seq
	delta   samples
}

func measureStores(b *bench, stores []*deltaStore) error {
	var turns []func() error
	for _, s := range stores {
		p, err := openEngine(b.ctx, s.dir)
		if err != nil {
			return err
		}
		defer p.Close()
		turns = append(turns, func() error { return s.measure(b.ctx, p, b.size(30, 10)) })
	}
	return b.interleave(turns...)
}

func (s *deltaStore) measure(ctx context.Context, p *inProcess, times int) error {
	query := store.ChangesQuery{Tokens: s.tokens, After: s.after, Limit: 10_000}
	for range times {
		start := time.Now()
		page, err := p.db.Changes(ctx, query)
		took := time.Since(start)
		if err != nil {
			return err
		}
		if len(page.Changes) != s.mine {
			return fmt.Errorf("the store has %d changes and not %d", len(page.Changes), s.mine)
		}
		s.delta.add(millis(took))
	}
	return nil
}

// freshetDelta makes the changes through a server on filled data. Without a server it makes them in
// process, so that the store can be measured.
func (b *bench) freshetDelta(records, mine int) (*deltaStore, *deltaReader, error) {
	dir, err := b.freshetData("Note", records, mine)
	if err != nil {
		return nil, nil, err
	}
	p, err := openEngine(b.ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	s := &deltaStore{dir: dir, records: records, mine: mine, tokens: p.user("ana").Tokens, after: p.engine.Head().Seq}
	if err := p.Close(); err != nil {
		return nil, nil, err
	}
	server, err := startFreshet(b, dir)
	if err != nil {
		return s, nil, errors.Join(err, changeInProcess(b.ctx, s))
	}
	r := &deltaReader{name: overHTTP, records: records, server: server.process, mine: mine, mark: []byte(`"op":"PUT"`)}
	if err := r.changeNotes(server); err != nil {
		server.stop()
		return nil, nil, err
	}
	return s, r, nil
}

// notesFrame is a frame of changes in an answer.
type notesFrame struct {
	Data struct {
		Changes struct {
			Cursor   string
			UpToDate bool
			Changes  []struct{ Key string }
		}
	}
}

// changeNotes reads ana's notes, lets her change each, and prepares the requests of one who knew them.
func (r *deltaReader) changeNotes(f *freshetServer) error {
	c, err := dial(f.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	keys, cursor, err := readNotes(c, f, "")
	if err != nil {
		return err
	}
	if r.request, err = notesAfter(f, cursor); err != nil {
		return err
	}
	const update = `mutation($input:UpdateNoteInput!){updateNote(input:$input){id}}`
	for i, key := range keys {
		request, err := f.asUser("ana", update, fmt.Sprintf(`{"input":{"id":%q,"title":%q}}`, key, title(i)))
		if err != nil {
			return err
		}
		status, body, err := c.roundTrip(request)
		if err == nil {
			err = f.check(status, body)
		}
		if err != nil {
			return err
		}
	}
	if _, cursor, err = readNotes(c, f, cursor); err != nil {
		return err
	}
	r.again, err = notesAfter(f, cursor)
	return err
}

func notesAfter(f *freshetServer, cursor string) ([]byte, error) {
	variables := map[string]any{"models": []string{"Note"}, "limit": 10_000}
	if cursor != "" {
		variables["after"] = cursor
	}
	return f.asUser("ana", changes, string(encode(variables)))
}

func readNotes(c *conn, f *freshetServer, cursor string) (keys []string, end string, err error) {
	for {
		request, err := notesAfter(f, cursor)
		if err != nil {
			return nil, "", err
		}
		status, body, err := c.roundTrip(request)
		if err == nil {
			err = f.check(status, body)
		}
		if err != nil {
			return nil, "", err
		}
		var frame notesFrame
		if err := json.Unmarshal(body, &frame); err != nil {
			return nil, "", err
		}
		for _, change := range frame.Data.Changes.Changes {
			keys = append(keys, change.Key)
		}
		if cursor = frame.Data.Changes.Cursor; frame.Data.Changes.UpToDate {
			return keys, cursor, nil
		}
	}
}

// changeInProcess makes the changes without a server.
func changeInProcess(ctx context.Context, s *deltaStore) error {
	p, err := openEngine(ctx, s.dir)
	if err != nil {
		return err
	}
	defer p.Close()
	page, err := p.db.Changes(ctx, store.ChangesQuery{Tokens: s.tokens, Limit: math.MaxInt32})
	if err != nil {
		return err
	}
	ana := p.user("ana")
	for i, change := range page.Changes {
		_, err := p.engine.Write(ctx, ana, freshet.Write{
			Model: change.Model, Op: freshet.OpUpdate, Key: change.Key, Fields: fmt.Appendf(nil, `{"title":%q}`, title(i)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) pocketBaseDelta(records, mine int) (*deltaReader, error) {
	dir, err := b.pocketBaseData(records, mine)
	if err != nil {
		return nil, err
	}
	p, err := startPocketBase(b, dir, "stock")
	if err != nil {
		return nil, err
	}
	r := &deltaReader{name: "PocketBase over HTTP", records: records, server: p.process, mine: mine, mark: []byte(`"collectionId"`)}
	if err := r.changeTasks(p); err != nil {
		p.stop()
		return nil, err
	}
	return r, nil
}

func (r *deltaReader) changeTasks(p *pocketServer) error {
	c, err := dial(p.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	tasks, newest, err := readTasks(c, p, "")
	if err != nil {
		return err
	}
	r.request = tasksAfter(p, newest)
	for i, id := range tasks {
		status, body, err := c.roundTrip(newNumbered(p.update(id)).with(i))
		if err == nil {
			err = p.check(status, body)
		}
		if err != nil {
			return err
		}
	}
	if _, newest, err = readTasks(c, p, newest); err != nil {
		return err
	}
	r.again = tasksAfter(p, newest)
	return nil
}

func tasksAfter(p *pocketServer, updated string) []byte {
	filter := url.QueryEscape(fmt.Sprintf("updated > '%s' && owner = 'ana'", updated))
	return get(p.addr, tasksPath+"?perPage=1000&skipTotal=1&sort=updated&filter="+filter, "")
}

func readTasks(c *conn, p *pocketServer, after string) (ids []string, newest string, err error) {
	status, body, err := c.roundTrip(tasksAfter(p, after))
	if err == nil {
		err = p.check(status, body)
	}
	if err != nil {
		return nil, "", err
	}
	var page struct {
		Items []struct{ ID, Updated string }
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, "", err
	}
	for _, item := range page.Items {
		ids, newest = append(ids, item.ID), item.Updated
	}
	return ids, newest, nil
}
