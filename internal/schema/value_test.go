package schema

import (
	"slices"
	"strings"
	"testing"

	"freshet"
	"freshet/internal/rawjson"
)

// TestValues holds, for each type, what it accepts (and the form it is stored in) and what it does not.
func TestValues(t *testing.T) {
	s := mustLoad(t, `type T @model {
		id: ID! string: String int: Int float: Float boolean: Boolean date: AWSDate time: AWSTime dateTime: AWSDateTime timestamp: AWSTimestamp
		json: AWSJSON email: AWSEmail url: AWSURL phone: AWSPhone ip: AWSIPAddress e: E list: [Int] strict: [Int!] matrix: [[Int]] o: O needed: String!
	}
	enum E { A B }
	type O { x: Int! y: [String!] o: O }`)
	m := s.Models[0]
	for field, values := range map[string]struct{ good, bad []string }{
		"id":        {good: []string{`"a"`, `""`, `5→"5"`}, bad: []string{`1.5`, `true`, `{}`, `["a"]`}},
		"string":    {good: []string{`"a"`, `"\u00e9"`, `"é"`, `null`}, bad: []string{`5`, `true`, `{}`}},
		"int":       {good: []string{`5`, `-2147483648`, `2147483647`, `1.0→1`, `1e3→1000`, `-0→0`}, bad: []string{`"5"`, `1.5`, `2147483648`, `-2147483649`, `1e99`, `true`}},
		"float":     {good: []string{`5`, `-1.5e-3`, `0`}, bad: []string{`"5"`, `true`, `1e999`}},
		"boolean":   {good: []string{`true`, `false`}, bad: []string{`"true"`, `1`, `0`}},
		"date":      {good: []string{`"2026-11-21"`, `"2026-11-21Z"`, `"2026-11-21+02:00"`, `"2024-02-29"`}, bad: []string{`"2026-13-01"`, `"2026-02-30"`, `"21.11.2026"`, `"2026-11-21+25:00"`, `20261121`}},
		"time":      {good: []string{`"12:30"`, `"12:30:59"`, `"12:30:59.999"`, `"12:30Z"`, `"12:30:00-08:00"`}, bad: []string{`"24:00"`, `"12:60"`, `"12"`, `"12:30:61"`, `"noon"`}},
		"dateTime":  {good: []string{`"2026-11-21T12:30:00.000Z"`, `"2026-11-21T12:30Z"`, `"2026-11-21T12:30:00+05:30"`}, bad: []string{`"2026-11-21T12:30:00"`, `"2026-11-21"`, `"2026-11-21 12:30:00Z"`, `"2026-02-30T12:30:00.000Z"`, `"2026-11-21T25:30:00.000Z"`}},
		"timestamp": {good: []string{`1795219200`, `1795219200000`, `-1`}, bad: []string{`"1795219200"`, `1.5`}},
		"json":      {good: []string{`"{\"a\":1}"`, `"null"`, `"1"`}, bad: []string{`"{a:1}"`, `""`, `{"a":1}`, `1`}},
		"email":     {good: []string{`"ana@example.com"`, `"a+b@localhost"`}, bad: []string{`"ana"`, `"ana@"`, `"@example.com"`, `"a b@example.com"`, `5`}},
		"url":       {good: []string{`"https://example.com/a?b#c"`, `"mailto:ana@example.com"`}, bad: []string{`"example.com"`, `"/a"`, `"https://"`, `"::"`}},
		"phone":     {good: []string{`"+41 44 668 18 00"`, `"555-1234"`}, bad: []string{`"call me"`, `"+"`, `""`}},
		"ip":        {good: []string{`"192.0.2.1"`, `"2001:db8::1"`, `"192.0.2.0/24"`, `"2001:db8::/32"`}, bad: []string{`"192.0.2"`, `"192.0.2.256"`, `"192.0.2.0/33"`, `"fe80::1%eth0"`}},
		"e":         {good: []string{`"A"`, `"B"`}, bad: []string{`"C"`, `"a"`, `A`, `0`}},
		"list":      {good: []string{`[1,2]`, `[]`, `[null]`, `5→[5]`, `[ 1 , 2 ]→[1,2]`, `null`}, bad: []string{`["1"]`, `[[1]]`, `"1"`, `{}`}},
		"strict":    {good: []string{`[1]`, `[]`}, bad: []string{`[null]`, `[1,null]`}},
		"matrix":    {good: []string{`[[1],[2,3]]`, `[[1],null]`, `[1]→[[1]]`, `1→[[1]]`}, bad: []string{`[["1"]]`, `[[[1]]]`}},
		"o":         {good: []string{`{"x":1}`, `{"y":["a"],"x":1}→{"x":1,"y":["a"]}`, `{"x":1,"o":{"x":2}}`, `{"x":1,"y":null}→{"x":1,"y":null}`}, bad: []string{`{}`, `{"x":null}`, `{"x":1,"z":1}`, `{"x":1,"x":2}`, `[{"x":1}]`, `"x"`, `{"x":1,"o":{}}`}},
	} {
		for _, value := range values.good {
			in, want, changed := strings.Cut(value, "→")
			if !changed {
				want = in
			}
			patch, err := m.Patch([]byte(`{"` + field + `": ` + in + `}`))
			if err != nil {
				t.Errorf("%s: %s was refused: %v", field, in, err)
			} else if got := string(patch[m.Field(field).Ordinal]); got != want {
				t.Errorf("%s: %s is stored as %s, want %s", field, in, got, want)
			}
		}
		for _, value := range values.bad {
			if patch, err := m.Patch([]byte(`{"` + field + `": ` + value + `}`)); err == nil || freshet.CodeOf(err) != freshet.Invalid {
				t.Errorf("%s: %s was accepted as %s, %v", field, value, patch[m.Field(field).Ordinal], err)
			}
		}
	}
}

func TestPatchErrors(t *testing.T) {
	s := mustLoad(t, `type T @model { title: String! list: [O] } type O { x: [Int] }`)
	m := s.Models[0]
	for text, want := range map[string]string{
		`{"title":5}`:                     `T.title: 5 is no String; write a string`,
		`{"list":[{"x":[1]},{"x":[{}]}]}`: `T.list[1].x[0]: {} is no Int; write a whole number of 32 bits`,
		`{"nope":1}`:                      `T has no field "nope"`,
		`{"title":"a","title":"b"}`:       `T.title stands twice`,
		`{"title":"a"`:                    `the fields of a T: invalid JSON at byte 12`,
		`[]`:                              `the fields of a T: invalid JSON at byte 0: an object should begin here`,
	} {
		_, err := m.Patch([]byte(text))
		if freshet.CodeOf(err) != freshet.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := m.Patch([]byte(`{"title":"a","_version":3,"__typename":"T"}`)); err != nil {
		t.Errorf("what was read cannot be written back: %v", err)
	}
	doc, err := m.Patch([]byte(`{"title":null,"id":"1"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Complete(doc); err == nil || !strings.Contains(err.Error(), "T.title: null, and a value is needed") {
		t.Errorf("a needed value that was taken away: %v", err)
	}
}

func TestBody(t *testing.T) {
	s := mustLoad(t, `type T @model { a: String b: Int c: [Int] }`)
	m := s.Models[0]
	doc, err := m.Parse([]byte(`{ "c": [1, 2], "gone": {"x": 1}, "b": null, "id": "1", "a": "\"" }`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(m.Body(doc)), `{"id":"1","a":"\"","c":[1, 2]}`; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if got := string(m.Body(make(Doc, len(m.Fields)))); got != "{}" {
		t.Errorf("an empty body is %s", got)
	}
}

func TestKeys(t *testing.T) {
	s := mustLoad(t, `
		type Plain @model { x: Int }
		type Number @model { n: Int! @primaryKey }
		type Pair @model { user: ID! @primaryKey(sortKeyFields: ["n", "at"]) n: Int! at: AWSDateTime! kind: K @index(name: "byKind", sortKeyFields: ["n"]) price: Float @index }
		enum K { B A }`)
	pair := s.Model("Pair")
	for _, c := range []struct {
		model freshet.ModelName
		text  string
		body  string
		bad   bool
	}{
		{model: "Plain", text: `a b`, body: `{"id":"a b"}`},
		{model: "Plain", text: "a\x00\"é", body: `{"id":"a\u0000\"é"}`},
		{model: "Plain", text: ``, bad: true},
		{model: "Number", text: `-5`, body: `{"n":-5}`},
		{model: "Number", text: `x`, bad: true},
		{model: "Number", text: `99999999999`, bad: true},
		{model: "Pair", text: `["ana",7,"2026-11-21T12:30:00.000Z"]`, body: `{"user":"ana","n":7,"at":"2026-11-21T12:30:00.000Z"}`},
		{model: "Pair", text: `["ana",7]`, bad: true},
		{model: "Pair", text: `["ana",7,"2026-11-21T12:30:00.000Z",1]`, bad: true},
		{model: "Pair", text: `["ana","7","2026-11-21T12:30:00.000Z"]`, bad: true},
		{model: "Pair", text: `ana`, bad: true},
	} {
		m := s.Model(c.model)
		key, err := m.ParseKey(c.text)
		if c.bad {
			if freshet.CodeOf(err) != freshet.Invalid {
				t.Errorf("%s %q is a key, %v", c.model, c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %q: %v", c.model, c.text, err)
			continue
		}
		if key.Text() != c.text {
			t.Errorf("%s %q comes back as %q", c.model, c.text, key.Text())
		}
		doc, err := m.Parse([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if of, err := m.KeyOf(doc); err != nil || of != key {
			t.Errorf("%s: the key is %q, %v, want %q", c.body, of, err, key)
		}
		again := make(Doc, len(m.Fields))
		if err := m.SetKey(again, key); err != nil || !rawjson.Equal(m.Body(again), []byte(c.body)) {
			t.Errorf("%s: the key's fields are %s, %v", c.body, m.Body(again), err)
		}
	}
	keysOf := func(body string) []freshet.IndexKey {
		t.Helper()
		doc, err := pair.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		keys, err := pair.IndexKeys(doc)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if keys := keysOf(`{"kind":"A","n":1}`); len(keys) != 1 || keys[0].Index != "byKind" {
		t.Errorf("a record without a price is in %v", keys)
	}
	if keys := keysOf(`{"n":1,"price":0}`); len(keys) != 1 || keys[0].Index != "byPrice" {
		t.Errorf("a record without a kind is in %v", keys)
	}
	// Keys sort as their values do.
	var prices []freshet.Key
	for _, price := range []string{"-1e10", "-2.5", "-1", "-0.5", "0", "1e-9", "1", "2.5", "1e10"} {
		prices = append(prices, keysOf(`{"n":1,"price":` + price + `}`)[0].Key)
	}
	if !slices.IsSorted(prices) {
		t.Error("prices are not in their order")
	}
	var ns []freshet.Key
	for _, n := range []string{"-2147483648", "-1", "0", "1", "255", "256", "2147483647"} {
		ns = append(ns, keysOf(`{"kind":"A","n":` + n + `}`)[0].Key)
	}
	if !slices.IsSorted(ns) {
		t.Error("numbers are not in their order")
	}
}
