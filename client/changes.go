package client

import (
	"context"
	"encoding/json"
	"errors"
	"iter"

	"freshet"
)

// Scope is what of the log is asked for. The zero value is all that may be read.
type Scope struct {
	Models []freshet.ModelName // none: all
	Filter map[string]any      // for models by name, the filter that their records have to match
	Limit  int                 // the changes of a frame, about; 0: as the server likes
}

// Frame is some changes, and the cursor behind them.
type Frame struct {
	Cursor   string   `json:"cursor"`
	UpToDate bool     `json:"upToDate"` // false: there is more already
	Reset    bool     `json:"reset"`    // begin from nothing: mark what is there; see Changes
	Changes  []Change `json:"changes"`
}

// Change is a record as it is now, or its removal.
type Change struct {
	Model   freshet.ModelName `json:"model"`
	Op      ChangeOp          `json:"op"`
	Key     string            `json:"key"`
	Version freshet.Version   `json:"version"`
	At      freshet.Millis    `json:"at"`
	Record  json.RawMessage   `json:"record"` // its fields, a JSON object; null in a Remove
}

// ChangeOp says what a change is.
type ChangeOp string

// The kinds of changes.
const (
	Put    ChangeOp = "PUT"
	Remove ChangeOp = "REMOVE" // deleted, not visible any more, or not matching the filter any more
)

// Changes gives what changed after a cursor, and then what changes, until the loop over it ends, ctx is done, or asking
// again cannot help; the error comes last. Without a cursor it begins with every record that may be read.
//
// It catches up by requests and goes on by a socket. What fails for a reason that may pass is done again from the cursor
// of the last frame that the loop took. Frames may be empty.
//
// Whoever keeps records applies a frame so: for Put, store the record if its version is greater than the stored one's;
// for Remove, drop it; keep the cursor together with the records. After a frame with Reset, what is stored is marked
// first, a Put replaces what is marked whatever its version, and what is still marked with the next frame that is
// UpToDate is dropped.
//
// A cursor may be used with another scope: the frames bring the records of models that were added or have another filter
// now. With the first of these frames, drop the records of the models that were taken away, and mark those of the
// models with another filter.
func (c *Client) Changes(ctx context.Context, scope Scope, cursor string) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		f := &follower{client: c, scope: scope, cursor: cursor, yield: yield}
		if err := f.run(ctx); !errors.Is(err, errStopped) {
			yield(Frame{}, err)
		}
	}
}

// follower is one reading of changes.
type follower struct {
	client *Client
	scope  Scope
	cursor string // of the last frame that was taken
	yield  func(Frame, error) bool

	failures int // in a row, since it was last live
	refusals int // of the credential at a socket, in a row
}

var errStopped = errors.New("the loop has ended")

func (f *follower) run(ctx context.Context) error {
	for {
		err := f.catchUp(ctx)
		if err == nil {
			err = f.live(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !transient(err):
			return err
		case err == nil: // that was all that can be had now
			f.failures = 0
			err = sleep(ctx, f.client.opts.Poll)
		default:
			f.failures++
			err = f.client.pause(ctx, f.failures)
		}
		if err != nil {
			return err
		}
	}
}

// take hands a frame out.
func (f *follower) take(frame *Frame) error {
	if !f.yield(*frame, nil) {
		return errStopped
	}
	f.cursor = frame.Cursor
	return nil
}

const frameFields = `changes(after: $after, models: $models, filter: $filter, limit: $limit) {
    cursor upToDate reset changes { model op key version at record }
  }`

const frameVariables = `($after: String, $models: [String!], $filter: JSON, $limit: Int)`

func (f *follower) variables() map[string]any {
	v := make(map[string]any)
	if f.cursor != "" {
		v["after"] = f.cursor
	}
	if len(f.scope.Models) > 0 {
		v["models"] = f.scope.Models
	}
	if len(f.scope.Filter) > 0 {
		v["filter"] = f.scope.Filter
	}
	if f.scope.Limit > 0 {
		v["limit"] = f.scope.Limit
	}
	return v
}

// catchUp asks for frames until it is up to date.
func (f *follower) catchUp(ctx context.Context) error {
	for {
		data, err := f.client.ask(ctx, "query"+frameVariables+" {\n  "+frameFields+"\n}", f.variables())
		if err != nil {
			return err
		}
		frame, err := readFrame(data)
		if err == nil {
			err = f.take(frame)
		}
		if err != nil || frame.UpToDate {
			return err
		}
	}
}

func readFrame(data []byte) (*Frame, error) {
	var decoded struct{ Changes *Frame }
	err := json.Unmarshal(data, &decoded)
	if err == nil && decoded.Changes == nil {
		err = errors.New("it holds no frame")
	}
	if err != nil {
		return nil, freshet.Wrap(freshet.Unavailable, err, "the answer cannot be read")
	}
	return decoded.Changes, nil
}
