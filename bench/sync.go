package main

import (
	"bytes"
	"fmt"
	"net/url"
	"time"
)

// sync measures how long a new client waits for all that there is.
func (b *bench) sync() (*table, error) {
	total := b.size(100_000, 5000)
	t := &table{
		title: fmt.Sprintf("First sync of %s records", number(float64(total))),
		about: "One kept-alive connection, no compression, one page after the other. Freshet: changes from nothing with limit 10,000, which a page's 4 MiB may end sooner. " +
			"PocketBase: perPage=1000, the most it gives, with skipTotal; by id > the last one, sorted by id; and page by page, sorted by @rowid.",
		columns: []string{"server", "records/s", "MB/s", "server CPU, µs/record"},
	}
	var readers []*syncReader
	defer func() {
		for _, r := range readers {
			r.server.stop()
		}
	}()
	if r, err := b.freshetSync(total); err != nil {
		t.note("Freshet was not measured: %s", firstLines(err))
	} else {
		readers = append(readers, r)
	}
	if rs, err := b.pocketBaseSync(total); err != nil {
		t.note("PocketBase was not measured: %s", firstLines(err))
	} else {
		readers = append(readers, rs...)
	}
	var turns []func() error
	for _, r := range readers {
		turns = append(turns, func() error { return r.measure(b, total) })
	}
	if err := b.interleave(turns...); err != nil {
		return nil, err
	}
	for _, r := range readers {
		t.row(r.name, r.rate.median(), r.megabytes.median(), r.cpu.median())
	}
	return t, nil
}

// syncReader is a server and its pages.
type syncReader struct {
	name   string
	server *process
	mark   []byte                          // stands once in an answer for each record
	page   func(n int, last []byte) []byte // the request after an answer; nil: that was the last
	check  func(status int, b []byte) error

	rate, megabytes, cpu samples
}

func (r *syncReader) measure(b *bench, total int) error {
	c, err := dial(r.server.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	before, err := r.server.cpu()
	if err != nil {
		return err
	}
	begin := time.Now()
	count, size := 0, 0
	var body []byte
	for n := 0; ; n++ {
		request := r.page(n, body)
		if request == nil || b.ctx.Err() != nil {
			break
		}
		var status int
		if status, body, err = c.roundTrip(request); err == nil {
			err = r.check(status, body)
		}
		if err != nil {
			return err
		}
		count += bytes.Count(body, r.mark)
		size += len(body)
	}
	took := time.Since(begin)
	after, err := r.server.cpu()
	if err != nil {
		return err
	}
	if count != total {
		return fmt.Errorf("%s gives %d records and not %d", r.name, count, total)
	}
	r.rate.add(float64(count) / took.Seconds())
	r.megabytes.add(float64(size) / 1e6 / took.Seconds())
	r.cpu.add(micros(after-before) / float64(count))
	return nil
}

func (b *bench) freshetSync(total int) (*syncReader, error) {
	dir, err := b.freshetData("Task", total, 0)
	if err != nil {
		return nil, err
	}
	f, err := startFreshet(b, dir)
	if err != nil {
		return nil, err
	}
	page := func(n int, last []byte) []byte {
		variables := map[string]any{"models": []string{"Task"}, "limit": 10_000}
		if n > 0 {
			head := last[:min(len(last), 4096)] // the cursor comes before the changes
			if bytes.Contains(head, []byte(`"upToDate":true`)) {
				return nil
			}
			variables["after"] = between(head, `"cursor":"`, `"`)
		}
		return f.graphql("x-api-key: "+apiKey, changes, string(encode(variables)))
	}
	return &syncReader{name: freshetName, server: f.process, mark: []byte(`"op":"PUT"`), page: page, check: f.check}, nil
}

func (b *bench) pocketBaseSync(total int) ([]*syncReader, error) {
	dir, err := b.pocketBaseData(total, 0)
	if err != nil {
		return nil, err
	}
	p, err := startPocketBase(b, dir, "stock")
	if err != nil {
		return nil, err
	}
	empty := func(n int, last []byte) bool { return n > 0 && bytes.Contains(last, []byte(`"items":[]`)) }
	byID := func(n int, last []byte) []byte {
		if empty(n, last) {
			return nil
		}
		query := "?perPage=1000&skipTotal=1&sort=id"
		if n > 0 {
			tail := last[bytes.LastIndex(last, []byte(`"id":"`)):]
			query += "&filter=" + url.QueryEscape("id > '"+between(tail, `"id":"`, `"`)+"'")
		}
		return get(p.addr, tasksPath+query, "")
	}
	byRow := func(n int, last []byte) []byte {
		if empty(n, last) {
			return nil
		}
		return get(p.addr, fmt.Sprintf("%s?perPage=1000&skipTotal=1&sort=@rowid&page=%d", tasksPath, n+1), "")
	}
	mark := []byte(`"collectionId"`)
	return []*syncReader{
		{name: "PocketBase, by id", server: p.process, mark: mark, page: byID, check: p.check},
		{name: "PocketBase, by page", server: p.process, mark: mark, page: byRow, check: p.check},
	}, nil
}
