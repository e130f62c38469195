package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"freshet"
)

type request struct {
	Query     string `json:"query"`
	Variables any    `json:"variables,omitempty"`
}

// ask sends a document and gives the data of its answer. A credential that is refused is renewed once.
func (c *Client) ask(ctx context.Context, document string, variables any) (json.RawMessage, error) {
	body, err := json.Marshal(request{document, variables})
	if err != nil {
		return nil, freshet.Wrap(freshet.Invalid, err, "the variables cannot be written as JSON")
	}
	proof, data, err := c.post(ctx, body)
	if freshet.CodeOf(err) == freshet.Unauthenticated && c.opts.Credentials.refused(proof) {
		_, data, err = c.post(ctx, body)
	}
	return data, err
}

// post sends a body, and tells what it was proven with.
func (c *Client) post(ctx context.Context, body []byte) (proof string, data json.RawMessage, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.opts.Endpoint, bytes.NewReader(body))
	if err != nil {
		return "", nil, freshet.Wrap(freshet.Invalid, err, "the request cannot be made")
	}
	r.Header.Set("Content-Type", "application/json")
	if proof, err = c.opts.Credentials.prove(ctx, r, body); err != nil {
		return "", nil, err
	}
	response, err := c.opts.HTTP.Do(r)
	if err != nil {
		return proof, nil, unreached(ctx, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return proof, nil, unreached(ctx, err)
	}
	data, err = readAnswer(response.StatusCode, text)
	return proof, data, err
}

// unreached is the error where no answer came.
func unreached(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return freshet.Wrap(freshet.Unavailable, err, "the server did not answer")
}
