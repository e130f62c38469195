package freshet

import (
	"context"
	"encoding/json"
)

// Document names one of the server's own records: an account, a key, a letter. No caller of the API ever sees one.
type Document struct {
	Kind ModelName // begins with an underscore
	Key  string
}

// Documents keeps the server's own records, each a JSON value. All methods may be called concurrently; one call
// sees what the ones that returned before it did.
type Documents interface {
	// Get decodes a document into value, and tells whether there is one.
	Get(ctx context.Context, document Document, value any) (bool, error)
	// Update changes documents durably, all or none. change is given their bodies, nil for one that is not there,
	// and gives what they become: nil takes one away, the body itself leaves it as it is. When another writer was
	// faster with one that changes, change is called again with what is there then. An error of change ends the
	// update, changes nothing and is returned.
	Update(ctx context.Context, documents []Document, change func(bodies [][]byte) ([][]byte, error)) error
	// Under calls visit with every document of a kind whose key begins with a prefix, in the order of the keys.
	// visit may change documents; an error of it ends the walk and is returned.
	Under(ctx context.Context, kind ModelName, prefix string, visit func(key string, body []byte) error) error
}

// PutDocument writes a document, whatever there was.
func PutDocument(ctx context.Context, in Documents, document Document, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return in.Update(ctx, []Document{document}, func([][]byte) ([][]byte, error) { return [][]byte{body}, nil })
}

// RemoveDocuments takes documents away, all or none; what is not there is passed over.
func RemoveDocuments(ctx context.Context, in Documents, documents ...Document) error {
	return in.Update(ctx, documents, func(bodies [][]byte) ([][]byte, error) { return make([][]byte, len(bodies)), nil })
}
