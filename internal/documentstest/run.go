package documentstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"freshet"
)

// Run holds documents, empty ones, to their contract.
func Run(t *testing.T, open func(t *testing.T) freshet.Documents) {
	for name, test := range map[string]func(*testing.T, freshet.Documents){
		"one document":   one,
		"all or none":    allOrNone,
		"another faster": anotherFaster,
		"concurrently":   concurrently,
		"in their order": inOrder,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

type note struct{ Text string }

func document(key string) freshet.Document { return freshet.Document{Kind: "_Note", Key: key} }

// want tells what a document has to hold; empty: it must not be there.
func want(t *testing.T, in freshet.Documents, key, text string) {
	t.Helper()
	var got note
	if found, err := in.Get(t.Context(), document(key), &got); err != nil || found != (text != "") || got.Text != text {
		t.Errorf("%q holds %q (%t, %v), want %q", key, got.Text, found, err, text)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, in freshet.Documents, key, text string) {
	t.Helper()
	must(t, freshet.PutDocument(t.Context(), in, document(key), note{text}))
}

func one(t *testing.T, in freshet.Documents) {
	want(t, in, "a", "")
	must(t, freshet.RemoveDocuments(t.Context(), in, document("a")))
	for _, text := range []string{"tulip", "rose"} {
		put(t, in, "a", text)
		want(t, in, "a", text)
	}
	if err := freshet.PutDocument(t.Context(), in, document("b"), make(chan int)); err == nil {
		t.Error("what is no JSON was put")
	}
	for range 2 {
		must(t, freshet.RemoveDocuments(t.Context(), in, document("a"), document("b")))
		want(t, in, "a", "")
	}
	put(t, in, "a", "lily")
	want(t, in, "a", "lily")
}

func allOrNone(t *testing.T, in freshet.Documents) {
	put(t, in, "a", "tulip")
	put(t, in, "c", "lily")
	all := []freshet.Document{document("a"), document("b"), document("c")}
	refused := errors.New("refused")
	err := in.Update(t.Context(), all, func(bodies [][]byte) ([][]byte, error) {
		if bodies[0] == nil || bodies[1] != nil || bodies[2] == nil {
			t.Errorf("given %s", bodies)
		}
		return make([][]byte, 3), refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("the error of a change comes as %v", err)
	}
	want(t, in, "a", "tulip")
	must(t, in.Update(t.Context(), all, func(bodies [][]byte) ([][]byte, error) {
		return [][]byte{nil, []byte(`{"Text":"rose"}`), bodies[2]}, nil
	}))
	want(t, in, "a", "")
	want(t, in, "b", "rose")
	want(t, in, "c", "lily")
}

// anotherFaster writes to the document in the middle of its update.
func anotherFaster(t *testing.T, in freshet.Documents) {
	var seen []string
	must(t, in.Update(t.Context(), []freshet.Document{document("a")}, func(bodies [][]byte) ([][]byte, error) {
		if seen = append(seen, string(bodies[0])); len(seen) == 1 {
			put(t, in, "a", "rose")
		}
		return [][]byte{[]byte(`{"Text":"tulip"}`)}, nil
	}))
	if !slices.Equal(seen, []string{"", `{"Text":"rose"}`}) {
		t.Errorf("a change was given %q", seen)
	}
	want(t, in, "a", "tulip")
}

func concurrently(t *testing.T, in freshet.Documents) {
	const writers, each = 4, 10
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range each {
				err := in.Update(t.Context(), []freshet.Document{document("count")}, func(bodies [][]byte) ([][]byte, error) {
					n := 0
					if bodies[0] != nil {
						if err := json.Unmarshal(bodies[0], &n); err != nil {
							return nil, err
						}
					}
					return [][]byte{fmt.Append(nil, n+1)}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	var n int
	if _, err := in.Get(t.Context(), document("count"), &n); err != nil || n != writers*each {
		t.Errorf("counted %d, %v", n, err)
	}
}

func inOrder(t *testing.T, in freshet.Documents) {
	must(t, freshet.PutDocument(t.Context(), in, freshet.Document{Kind: "_Other", Key: "k1"}, note{"other"}))
	var keys []string
	for n := range 1005 { // more than a page
		keys = append(keys, fmt.Sprintf("k%04d", n))
		put(t, in, keys[n], "x")
	}
	put(t, in, "l", "x")
	must(t, freshet.RemoveDocuments(t.Context(), in, document(keys[3])))
	keys = slices.Delete(keys, 3, 4)
	for prefix, want := range map[string][]string{"k": keys, "k000": keys[:9], "": append(slices.Clone(keys), "l"), "x": nil} {
		var got []string
		must(t, in.Under(t.Context(), "_Note", prefix, func(key string, body []byte) error {
			if string(body) != `{"Text":"x"}` {
				t.Errorf("%s holds %s", key, body)
			}
			got = append(got, key)
			return nil
		}))
		if !slices.Equal(got, want) {
			t.Errorf("under %q: %d keys, want %d", prefix, len(got), len(want))
		}
	}
	enough := errors.New("enough")
	if err := in.Under(t.Context(), "_Note", "", func(string, []byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a visit that fails: %v", err)
	}
	must(t, in.Under(t.Context(), "_Note", "", func(key string, _ []byte) error {
		return freshet.RemoveDocuments(t.Context(), in, document(key))
	}))
	want(t, in, "l", "")
}
