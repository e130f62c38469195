package server

import (
	"context"

	"freshet"
	"freshet/internal/accesskey"
	"freshet/internal/accounts"
	"freshet/internal/engine"
	"freshet/internal/mail"
)

// documents keeps the server's own records in the engine, a kind to a model. Each package names a record by a
// type of its own, all of one shape.
type documents[D ~struct{ Kind, Key string }] struct{ engine *engine.Engine }

var (
	_ accounts.Documents  = documents[accounts.Document]{}
	_ mail.Documents      = documents[mail.Document]{}
	_ accesskey.Documents = documents[accesskey.Document]{}
)

// Get decodes a record into value, and tells whether there is one.
func (d documents[D]) Get(ctx context.Context, kind, key string, value any) (bool, error) {
	return d.engine.Internal(freshet.ModelName(kind)).Get(ctx, key, value)
}

// Update changes records, all or none.
func (d documents[D]) Update(ctx context.Context, list []D, change func(bodies [][]byte) ([][]byte, error)) error {
	names := make([]engine.Document, len(list))
	for i, document := range list {
		plain := struct{ Kind, Key string }(document)
		names[i] = engine.Document{Model: freshet.ModelName(plain.Kind), Key: plain.Key}
	}
	return d.engine.UpdateDocuments(ctx, names, change)
}

// Under calls visit with the records of a kind whose keys begin with a prefix.
func (d documents[D]) Under(ctx context.Context, kind, prefix string, visit func(key string, body []byte) error) error {
	return d.engine.Internal(freshet.ModelName(kind)).Under(ctx, prefix, visit)
}
