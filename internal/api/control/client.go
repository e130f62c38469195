package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"

	"freshet"
)

// Client is an Operator whose desk is in another process.
type Client struct{ http *http.Client }

// ErrNobody says that no server has the data directory open.
var ErrNobody = errors.New("no server is running on the data directory")

// Dial reaches the server that has a data directory open; ErrNobody where there is none.
func Dial(ctx context.Context, data string) (*Client, error) {
	dial := func(ctx context.Context) (net.Conn, error) {
		path, release, err := socketPath(data)
		if err != nil {
			return nil, err
		}
		defer release()
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNobody
	case err != nil:
		return nil, fmt.Errorf("reach the server on %s: %w", data, err)
	}
	if err := conn.Close(); err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableKeepAlives: true,
	}
	return &Client{&http.Client{Transport: transport}}, nil
}

// call asks for an operation.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body io.Reader, item func([]byte) error, result any) error {
	address := url.URL{Scheme: "http", Host: "freshet", Path: path, RawQuery: query.Encode()}
	r, err := http.NewRequestWithContext(ctx, method, address.String(), body)
	if err != nil {
		return err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return freshet.Wrap(freshet.Unavailable, err, "the server cannot be asked")
	}
	defer answer.Body.Close()
	err = readStream(answer.Body, item, result)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func noItem([]byte) error { return nil }

// Status tells how the store stands.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var status Status
	err := c.call(ctx, "GET", "/status", nil, nil, noItem, &status)
	return status, err
}

// Keys gives the API keys.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	var keys []Key
	err := c.call(ctx, "GET", "/keys", nil, nil, noItem, &keys)
	return keys, err
}

// CreateKey makes an API key.
func (c *Client) CreateKey(ctx context.Context, k NewKey) (Key, string, error) {
	body, err := json.Marshal(k)
	if err != nil {
		return Key{}, "", err
	}
	var answer keyAnswer
	err = c.call(ctx, "POST", "/keys", nil, bytes.NewReader(body), noItem, &answer)
	return answer.Key, answer.Secret, err
}

// RevokeKey takes an API key away.
func (c *Client) RevokeKey(ctx context.Context, id string) error {
	return c.call(ctx, "DELETE", "/keys/"+url.PathEscape(id), nil, nil, noItem, nil)
}

// Tail gives the changes of the log.
func (c *Client) Tail(ctx context.Context, q TailQuery, visit func([]Entry) error) error {
	query := url.Values{"from": {strconv.FormatUint(uint64(q.From), 10)}}
	if q.Follow {
		query.Set("follow", "")
	}
	return c.call(ctx, "GET", "/log", query, nil, func(text []byte) error {
		var entry Entry
		if err := json.Unmarshal(text, &entry); err != nil {
			return err
		}
		return visit([]Entry{entry})
	}, nil)
}

// Check looks whether the store is sound.
func (c *Client) Check(ctx context.Context, progress func(stage string, done int)) (Report, error) {
	var report Report
	err := c.call(ctx, "POST", "/check", nil, nil, func(text []byte) error {
		var p checkProgress
		if err := json.Unmarshal(text, &p); err != nil {
			return err
		}
		progress(p.Stage, p.Done)
		return nil
	}, &report)
	return report, err
}

// Import writes the records of a file.
func (c *Client) Import(ctx context.Context, q ImportQuery, file io.Reader, progress func(Imported)) (Imported, error) {
	query := url.Values{"model": {string(q.Model)}, "format": {string(q.Format)}, "name": {q.Name}}
	if q.Replace {
		query.Set("replace", "")
	}
	var done Imported
	err := c.call(ctx, "POST", "/import", query, file, func(text []byte) error {
		var so Imported
		if err := json.Unmarshal(text, &so); err != nil {
			return err
		}
		done = so
		progress(done)
		return nil
	}, &done)
	return done, err
}

// Export gives the records of a model.
func (c *Client) Export(ctx context.Context, q ExportQuery, visit func(record []byte) error) error {
	query := url.Values{"model": {string(q.Model)}}
	if q.Deleted {
		query.Set("deleted", "")
	}
	return c.call(ctx, "GET", "/export", query, nil, visit, nil)
}
