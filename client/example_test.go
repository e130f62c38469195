package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"freshet"
	"freshet/client"
	"freshet/internal/servertest"
)

const shopSchema = `
type Order @model @auth(rules: [{allow: public}]) {
  item: String!
  count: Int
  notes: [String]
}`

// shop runs a server with orders.
func shop() (endpoint, key string, end func()) {
	s, err := servertest.Start(shopSchema)
	if err != nil {
		log.Fatal(err)
	}
	return s.Endpoint(), s.APIKey(), func() {
		if err := s.Close(); err != nil {
			log.Fatal(err)
		}
	}
}

func Example() {
	endpoint, key, end := shop()
	defer end()
	ctx := context.Background()

	c, err := client.New(client.Options{Endpoint: endpoint, Credentials: client.APIKey(key)})
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Write(ctx, client.Write{
		Model: "Order", Op: freshet.OpCreate, Key: "1", Fields: map[string]any{"item": "tea", "count": 2},
	})
	if err != nil {
		log.Fatal(err)
	}
	var data struct {
		GetOrder struct{ Item string }
	}
	err = c.Query(ctx, `query($id: ID!) { getOrder(id: $id) { item } }`, map[string]any{"id": "1"}, &data)
	fmt.Println(data.GetOrder.Item, err)
	// Output: tea <nil>
}

func ExampleClient_Push() {
	endpoint, key, end := shop()
	defer end()
	ctx := context.Background()
	c, err := client.New(client.Options{Endpoint: endpoint, Credentials: client.APIKey(key)})
	if err != nil {
		log.Fatal(err)
	}

	results, err := c.Push(
		ctx,
		client.Write{Model: "Order", Op: freshet.OpCreate, Key: "1", Fields: map[string]any{"item": "tea", "count": 1}},
		client.Write{Model: "Order", Op: freshet.OpUpdate, Key: "1", Fields: map[string]any{"count": 2}},
		client.Write{Model: "Order", Op: freshet.OpUpdate, Key: "2", Fields: map[string]any{"count": 3}},
	)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		switch r.Status {
		case client.Applied:
			fmt.Println(r.Key, "is in version", r.Version)
		case client.Merged:
			fmt.Println(r.Key, "keeps what others wrote:", r.Conflicts)
		case client.Refused:
			fmt.Println(r.Key, "was not written:", r.Err.Code)
		}
	}
	// Output:
	// 1 is in version 1
	// 1 is in version 2
	// 2 was not written: not_found
}

func ExampleClient_Changes() {
	endpoint, key, end := shop()
	defer end()
	ctx := context.Background()
	c, err := client.New(client.Options{Endpoint: endpoint, Credentials: client.APIKey(key)})
	if err != nil {
		log.Fatal(err)
	}
	write := func(item string) {
		_, err := c.Write(ctx, client.Write{Model: "Order", Op: freshet.OpCreate, Fields: map[string]any{"item": item}})
		if err != nil {
			log.Fatal(err)
		}
	}
	write("tea")
	heard := 0
	enough := func(frame client.Frame) bool {
		if heard += len(frame.Changes); heard == 1 && frame.UpToDate && len(frame.Changes) == 0 {
			write("coffee") // it comes by the socket
		}
		return heard == 2
	}

	cursor := ""
	scope := client.Scope{Models: []freshet.ModelName{"Order"}}
	for frame, err := range c.Changes(ctx, scope, cursor) {
		if err != nil {
			log.Fatal(err)
		}
		for _, change := range frame.Changes {
			fmt.Println(change.Op, change.Model, change.Version)
		}
		cursor = frame.Cursor // to be kept together with what the frame brought
		if enough(frame) {
			break
		}
	}
	// Output:
	// PUT Order 1
	// PUT Order 1
}

func ExampleOpenJournal() {
	endpoint, key, end := shop()
	defer end()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "journal-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	journal, err := client.OpenJournal(filepath.Join(dir, "orders.journal"))
	if err != nil {
		log.Fatal(err)
	}
	defer journal.Close()
	c, err := client.New(client.Options{Endpoint: endpoint, Credentials: client.APIKey(key), Journal: journal})
	if err != nil {
		log.Fatal(err)
	}
	results, err := c.Flush(ctx) // what an earlier run was not told of
	fmt.Println(len(results), "writes of an earlier run,", c.Pending(), "still pending:", err)
	// Output: 0 writes of an earlier run, 0 still pending: <nil>
}
