package filter

import (
	"encoding/json"
	"os"
	"testing"

	"freshet"
)

// TestGolden runs the cases that the client's filters pass too.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("../../web/golden/filter.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Matches []struct {
			Record, Filter json.RawMessage
			Matches        bool
		}
		Refused []json.RawMessage
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Matches) == 0 {
		t.Fatal(err, len(golden.Matches))
	}
	m := model(t)
	for _, c := range golden.Matches {
		f, err := Compile(m, c.Filter)
		if err != nil {
			t.Errorf("%s: %v", c.Filter, err)
			continue
		}
		doc, err := m.Parse(c.Record)
		if err != nil {
			t.Fatalf("%s: %v", c.Record, err)
		}
		if f.Match(doc, false) != c.Matches {
			t.Errorf("%s on %s: want %v", c.Filter, c.Record, c.Matches)
		}
	}
	for _, filter := range golden.Refused {
		if _, err := Compile(m, filter); freshet.CodeOf(err) != freshet.Invalid {
			t.Errorf("%s is not refused: %v", filter, err)
		}
	}
}
