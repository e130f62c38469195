package filter

import (
	"strings"
	"testing"

	"freshet"
	"freshet/internal/schema"
)

const sdl = `type T @model { title: String n: Int price: Float done: Boolean tags: [String] kind: K kinds: [K] o: O at: AWSDateTime } enum K { A B } type O { x: Int }`

func model(t testing.TB) *schema.Model {
	t.Helper()
	s, err := schema.Load(schema.Source{Name: "t", Text: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return s.Models[0]
}

func TestMatch(t *testing.T) {
	m := model(t)
	full := `{"id":"1","title":"Gr\u00fc\u00dfe","n":5,"price":2.5,"done":true,"tags":["a","b","b"],"kind":"A","kinds":["A","B"],"at":"2026-11-21T12:00:00.000Z"}`
	empty := `{"id":"2"}`
	for _, c := range []struct {
		filter      string
		full, empty bool
	}{
		{`null`, true, true},
		{`{}`, true, true},
		{`{"title":null}`, true, true},
		{`{"title":{"eq":"Grüße"}}`, true, false},
		{`{"title":{"eq":"grüße"}}`, false, false},
		{`{"title":{"ne":"x"}}`, true, true},
		{`{"title":{"ne":"Grüße"}}`, false, true},
		{`{"title":{"eq":null}}`, false, true},
		{`{"title":{"ne":null}}`, true, false},
		{`{"title":{"contains":"rü"}}`, true, false},
		{`{"title":{"notContains":"rü"}}`, false, true},
		{`{"title":{"beginsWith":"Gr"}}`, true, false},
		{`{"title":{"beginsWith":"gr"}}`, false, false},
		{`{"title":{"lt":"H"}}`, true, false},
		{`{"title":{"between":["A","Z"]}}`, true, false},
		{`{"title":{"size":{"eq":5}}}`, true, false},
		{`{"title":{"size":{"gt":5}}}`, false, false},
		{`{"title":{"size":{"between":[1,5]}}}`, true, false},
		{`{"title":{"attributeExists":true}}`, true, false},
		{`{"title":{"attributeExists":false}}`, false, true},
		{`{"title":{"attributeType":"string"}}`, true, false},
		{`{"title":{"attributeType":"_null"}}`, false, true},
		{`{"title":{"in":["x","Grüße"]}}`, true, false},
		{`{"title":{"notIn":["x","Grüße"]}}`, false, true},
		{`{"title":{"in":[]}}`, false, false},
		{`{"n":{"eq":5}}`, true, false},
		{`{"n":{"eq":5.0}}`, true, false},
		{`{"n":{"gt":4,"lt":6}}`, true, false},
		{`{"n":{"gt":5}}`, false, false},
		{`{"n":{"ge":5}}`, true, false},
		{`{"n":{"le":4}}`, false, false},
		{`{"n":{"between":[5,5]}}`, true, false},
		{`{"n":{"between":[6,9]}}`, false, false},
		{`{"price":{"gt":2}}`, true, false},
		{`{"n":{"attributeType":"number"}}`, true, false},
		{`{"done":{"eq":true}}`, true, false},
		{`{"done":{"ne":true}}`, false, true},
		{`{"done":{"attributeType":"bool"}}`, true, false},
		{`{"tags":{"contains":"b"}}`, true, false},
		{`{"tags":{"contains":"c"}}`, false, false},
		{`{"tags":{"notContains":"c"}}`, true, true},
		{`{"tags":{"size":{"eq":3}}}`, true, false},
		{`{"tags":{"attributeType":"list"}}`, true, false},
		{`{"kind":{"eq":"A"}}`, true, false},
		{`{"kind":{"ne":"A"}}`, false, true},
		{`{"kinds":{"eq":["A","B"]}}`, true, false},
		{`{"kinds":{"contains":"B"}}`, true, false},
		{`{"at":{"ge":"2026-11-21"}}`, true, false},
		{`{"id":{"in":["1"]}}`, true, false},
		{`{"and":[{"n":{"eq":5}},{"done":{"eq":true}}]}`, true, false},
		{`{"and":{"n":{"eq":5}}}`, true, false},
		{`{"or":[{"n":{"eq":6}},{"done":{"eq":true}}]}`, true, false},
		{`{"or":[]}`, true, true},
		{`{"not":{"n":{"eq":5}}}`, false, true},
		{`{"not":{"or":[{"n":{"eq":6}},{"n":{"eq":5}}]}}`, false, true},
		{`{"n":{"eq":5},"title":{"eq":"x"}}`, false, false},
		{`{"createdAt":{"attributeExists":false}}`, true, true},
	} {
		f, err := Compile(m, []byte(c.filter))
		if err != nil {
			t.Errorf("%s: %v", c.filter, err)
			continue
		}
		for body, want := range map[string]bool{full: c.full, empty: c.empty} {
			doc, err := m.Parse([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Match(doc, false); got != want {
				t.Errorf("%s on %s: %v", c.filter, body, got)
			}
		}
	}
}

func TestDeleted(t *testing.T) {
	m := model(t)
	doc, _ := m.Parse([]byte(`{}`))
	for text, want := range map[string]struct{ asks, live, deleted bool }{
		`{}`:                                    {false, true, true},
		`{"_deleted":{"eq":true}}`:              {true, false, true},
		`{"_deleted":{"ne":true}}`:              {true, true, false},
		`{"_deleted":{"eq":false}}`:             {true, true, false},
		`{"not":{"_deleted":{"eq":true}}}`:      {true, true, false},
		`{"_deleted":{"attributeExists":true}}`: {true, true, true},
	} {
		f, err := Compile(m, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if f.Deleted() != want.asks || f.Match(doc, false) != want.live || f.Match(doc, true) != want.deleted {
			t.Errorf("%s: asks %v, live %v, deleted %v", text, f.Deleted(), f.Match(doc, false), f.Match(doc, true))
		}
	}
}

func TestRefused(t *testing.T) {
	m := model(t)
	for text, want := range map[string]string{
		`[]`:                            "an object should begin here",
		`{"nope":{"eq":1}}`:             `there is no field "nope"`,
		`{"title":{"like":"x"}}`:        `title: there is no operator "like"`,
		`{"title":"x"}`:                 "an object should begin here",
		`{"o":{"x":1}}`:                 "o is an object; filter by",
		`{"n":{"between":[1]}}`:         "between needs two values",
		`{"n":{"between":[1,true]}}`:    "between needs two values",
		`{"n":{"gt":true}}`:             "gt needs a string or a number",
		`{"title":{"beginsWith":1}}`:    "beginsWith needs a string",
		`{"title":{"attributeType":1}}`: "attributeType needs",
		`{"and":[{"nope":{}}]}`:         `there is no field "nope"`,
		`{"not":{"nope":{}}}`:           `there is no field "nope"`,
		`{"title":{"size":{"x":1}}}`:    `title: size: there is no operator "x"`,
		`{`:                             "the text ends too early",
	} {
		_, err := Compile(m, []byte(text))
		if freshet.CodeOf(err) != freshet.Invalid || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzCompile looks for input that is not refused and not understood either.
func FuzzCompile(f *testing.F) {
	m := model(f)
	f.Add([]byte(`{"and":[{"n":{"between":[1,2]}},{"not":{"title":{"contains":"x"}}}]}`))
	f.Add([]byte(`{"tags":{"size":{"le":3}},"_deleted":{"eq":true}}`))
	doc, _ := m.Parse([]byte(`{"title":"x","n":1,"tags":["a"]}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		filter, err := Compile(m, input)
		if err != nil {
			if freshet.CodeOf(err) != freshet.Invalid {
				t.Fatalf("%q: %v", input, err)
			}
			return
		}
		filter.Match(doc, false)
		filter.Match(make(schema.Doc, len(m.Fields)), true)
	})
}
