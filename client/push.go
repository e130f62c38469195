package client

import (
	"context"
	"errors"

	"freshet"
)

// Write does one write, as Push does. The error of a write that is refused is the refusal.
func (c *Client) Write(ctx context.Context, w Write) (Result, error) {
	results, err := c.Push(ctx, w)
	if results == nil {
		return Result{}, err
	}
	if refusal := results[0].Err; err == nil && refusal != nil {
		err = refusal
	}
	return results[0], err
}

// Push writes, each write on its own, in their order and after those of earlier pushes, and gives what became of each.
// What fails for a reason that may pass is sent again until it is answered; each write is applied once all the same.
//
// Several writes of one record may all have the Base that was known before the first of them, as long as they go in one
// request, which takes 100 writes. What several pushes write was made by writers who did not know of each other.
//
// With an error - ctx is done, or the server does not take the credential or the request - the results of the writes
// that are not answered are Pending. These stay before all others: the next Push sends them, or Flush, which also tells
// their results.
func (c *Client) Push(ctx context.Context, writes ...Write) ([]Result, error) {
	return c.outbox.push(ctx, writes, false)
}

// PushAtomic is Push, of all writes or none: where one is refused, the others are skipped. All have to fit into one
// request.
func (c *Client) PushAtomic(ctx context.Context, writes ...Write) ([]Result, error) {
	return c.outbox.push(ctx, writes, true)
}

// Flush sends the writes that are pending, those that a journal brought along too, and gives the results of all whose
// Push ended without them, each once. An error is that of Push.
func (c *Client) Flush(ctx context.Context) ([]Result, error) {
	return c.outbox.flush(ctx)
}

// Pending gives the number of writes that are not answered yet.
func (c *Client) Pending() int { return c.outbox.pending() }

// attempt sends some writes once.
func (c *Client) attempt(ctx context.Context, id string, writes []letter, atomic bool) ([]Result, error) {
	data, err := c.ask(ctx, pushDocument, map[string]any{"client": id, "writes": writes, "atomic": atomic})
	if err != nil {
		return nil, err
	}
	return readResults(data, writes)
}

// unfit tells whether a push was refused as a whole for what its writes are. Something else on the way may call a
// request invalid for reasons of its own.
func unfit(err error) bool {
	code := freshet.CodeOf(err)
	return code == freshet.TooLarge || code == freshet.Invalid && !errors.Is(err, errForeign)
}
