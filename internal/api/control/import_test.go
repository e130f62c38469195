package control

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

const stamps = `"createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z"`

// TestImport shows what becomes of files: the records that are there then, and what is refused.
func TestImport(t *testing.T) {
	before := `{"id":"old","text":"before","count":1,"tags":["a"],` + stamps + `}`
	for _, c := range []struct {
		name    string
		q       ImportQuery
		file    string
		want    Imported
		records []string // beside the one before
		changed string   // what the one before becomes; "gone"
	}{
		{
			name: "an object a line",
			file: "\xEF\xBB\xBF" + `{"id":"a","text":"x",` + stamps + "}\r\n\n  " + `{"id":"b","text":"y","_version":7,` + stamps + `}`,
			want: Imported{Created: 2},
			records: []string{
				`{"id":"a","text":"x","kind":"PLAIN",` + stamps + `}`,
				`{"id":"b","text":"y","kind":"PLAIN",` + stamps + `}`,
			},
		},
		{
			name: "lines that cannot be taken",
			file: "{\n" + `{"id":"a"}` + "\n" + `{"id":"b","text":5}` + "\n" + `{"id":"c","text":7}` + "\n" + `{"id":"d","text":"x","more":1}` + "\n" +
				`[]` + "\n" + `{"id":"old","text":"x"}` + "\n" + `{"text":"` + strings.Repeat("x", maxLine) + `"}` + "\n" + `{"id":"e","text":"x",` + stamps + `}`,
			want: Imported{
				Created: 1, Refused: 8,
				First: []Refusal{
					{Where: "line 1", Message: "invalid JSON at byte 2: the text ends too early"},
					{Where: "line 2", Message: "Note.text: null, and a value is needed"},
					{Where: "line 3", Message: "Note.text: 5 is no String; write a string"},
					{Where: "line 4", Message: "Note.text: 7 is no String; write a string"},
					{Where: "line 5", Message: `Note has no field "more"`},
					{Where: "line 6", Message: "this is no JSON object"},
					{Where: "line 7", Message: `the key "old" is taken`},
					{Where: "line 8", Message: "the line is longer than 4194304 bytes"},
				},
				Reasons: []Reason{
					{"Note.text: … is no String; write a string", 2},
					{"Note has no field …", 1},
					{"Note.text: null, and a value is needed", 1},
					{"invalid JSON at byte …: the text ends too early", 1},
					{"the key … is taken", 1},
					{"the line is longer than … bytes", 1},
					{"this is no JSON object", 1},
				},
			},
			records: []string{`{"id":"e","text":"x","kind":"PLAIN",` + stamps + `}`},
		},
		{
			name:    "in the place of a record",
			q:       ImportQuery{Replace: true},
			file:    `{"id":"old","text":"after","createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z"}`,
			want:    Imported{Replaced: 1},
			changed: `{"id":"old","text":"after","kind":"PLAIN",` + stamps + `}`,
		},
		{
			name: "tombstones",
			file: `{"id":"old","text":"before","_deleted":true}` + "\n" + `{"id":"never","text":"x","_deleted":true}`,
			want: Imported{
				Deleted: 1, Refused: 1,
				First:   []Refusal{{Where: "line 1", Message: `the key "old" is taken, and the file says that it is deleted`}},
				Reasons: []Reason{{"the key … is taken, and the file says that it is deleted", 1}},
			},
		},
		{
			name: "tombstones in the place of records", q: ImportQuery{Replace: true},
			file: `{"id":"old","text":"before","_deleted":true}`, want: Imported{Deleted: 1}, changed: "gone",
		},
		{
			name: "columns",
			q:    ImportQuery{Name: "notes.CSV"},
			file: "id,text, count,price,done,tags,parts,place,extra,createdAt,updatedAt,_version\n" +
				`a,"x, ""y""",3,1.5,TRUE,"[""p"",""q""]",4,"{""name"":""Bern""}","{""k"":1}",2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,9` + "\n" +
				`b,5,,,,p,,,,2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,` + "\n" +
				`c,x,many,,,,,,,,,` + "\n" + `d,x,,,maybe,,,,,,,` + "\n" + `e,x,,,,,,Bern,,,,` + "\n" + `f,x` + "\n" + `g,x"y,,,,,,,,,,`,
			want: Imported{
				Created: 2, Refused: 5,
				First: []Refusal{
					{Where: "line 4", Message: `Note.count: "many" is no Int; write a whole number of 32 bits`},
					{Where: "line 5", Message: `Note.done: "maybe" is no Boolean; write true or false`},
					{Where: "line 6", Message: `Note.place: "Bern" is no Place; write an object`},
					{Where: "line 7", Message: "the line has 2 fields, the header 12"},
					{Where: "line 8", Message: `bare " in non-quoted-field`},
				},
			},
			records: []string{
				`{"id":"a","text":"x, \"y\"","kind":"PLAIN","count":3,"price":1.5,"done":true,"tags":["p","q"],"parts":[4],"place":{"name":"Bern"},"extra":"{\"k\":1}",` + stamps + `}`,
				`{"id":"b","text":"5","kind":"PLAIN","tags":["p"],` + stamps + `}`,
			},
		},
		{name: "a header without rows", q: ImportQuery{Format: CSV}, file: "id,text\n"},
		{name: "an empty file", file: " \n"},
		{
			name: "attributes with types",
			file: `{"Note-prod": [{"PutRequest": {"Item": {
				"id": {"S": "a"}, "text": {"S": "x"}, "count": {"N": "3"}, "price": {"N": "-1.5e2"}, "done": {"BOOL": true}, "kind": {"NULL": true},
				"tags": {"SS": ["p", "q"]}, "parts": {"NS": ["1", "2"]}, "place": {"M": {"name": {"S": "Bern"}, "lat": {"N": "47"}}},
				"extra": {"M": {"k": {"L": [{"N": "1"}, {"NULL": true}]}}}, "_version": {"N": "3"}, "__typename": {"S": "Note"},
				"createdAt": {"S": "2026-01-01T00:00:00.000Z"}, "updatedAt": {"S": "2026-01-01T00:00:00.000Z"}}}},
				{"PutRequest": {"Item": {"id": {"S": "b"}, "text": {"S": 5}}}},
				{"PutRequest": {"Item": {"id": {"S": "b"}, "text": "x"}}},
				{"PutRequest": {"Item": {"id": {"S": "b"}, "text": {"X": "x"}}}},
				{"PutRequest": {"Item": {"id": {"S": "b"}, "count": {"N": "1, 2"}}}},
				{"PutRequest": {"Key": {"id": {"S": "b"}}}},
				{"DeleteRequest": {"Key": {"id": {"S": "old"}}}},
				{"DeleteRequest": {"Key": {"id": {"S": "never"}}}}]}`,
			want: Imported{
				Created: 1, Deleted: 2, Refused: 5,
				First: []Refusal{
					{Where: "item 2", Message: `the attribute "text": S needs a string`},
					{Where: "item 3", Message: `the attribute "text": "x" is no attribute; write its type and its value, like {"S": "text"}`},
					{Where: "item 4", Message: `the attribute "text": the type "X" is not known`},
					{Where: "item 5", Message: `the attribute "count": "1, 2" is no number`},
					{Where: "item 6", Message: `this is no PutRequest; write {"PutRequest": {"Item": {…}}} or {"DeleteRequest": {"Key": {…}}}`},
				},
			},
			records: []string{
				`{"id":"a","text":"x","kind":"PLAIN","count":3,"price":-1.5e2,"done":true,"tags":["p","q"],"parts":[1,2],"place":{"name":"Bern","lat":47},"extra":"{\"k\":[1,null]}",` + stamps + `}`,
			},
			changed: "gone",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			desk := newTestDesk(t)
			importText(t, desk, ImportQuery{Model: "Note"}, before)
			c.q.Model = "Note"
			got, err := desk.Import(t.Context(), c.q, strings.NewReader(c.file), func(Imported) {})
			if err != nil {
				t.Fatal(err)
			}
			if c.want.Reasons == nil {
				got.Reasons = nil
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(Refusal{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("imported (-want +got):\n%s", diff)
			}
			want := c.records
			switch c.changed {
			case "":
				want = append(want, strings.Replace(before, `"count"`, `"kind":"PLAIN","count"`, 1))
			case "gone":
			default:
				want = append(want, c.changed)
			}
			records := strings.Split(strings.TrimSpace(exported(t, desk, ExportQuery{Model: "Note"})), "\n")
			sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
			if diff := cmp.Diff(want, records, sorted, cmpopts.EquateEmpty()); diff != "" && (len(want) > 0 || records[0] != "") {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestImportCannotBegin looks at files that cannot be read at all, or not to their end.
func TestImportCannotBegin(t *testing.T) {
	desk := newTestDesk(t)
	for _, c := range []struct {
		q          ImportQuery
		file, want string
	}{
		{ImportQuery{}, `{"text":"x"}`, "does not say of what model its records are; give --model"},
		{ImportQuery{Model: "_Key"}, `{}`, `there is no model "_Key"; the schema has Note, Line`},
		{ImportQuery{Model: "Note", Format: "xml"}, `{}`, `the format "xml" is not known`},
		{ImportQuery{Model: "Note"}, ` [{"text":"x"}]`, "the file is a JSON array"},
		{ImportQuery{Model: "Note"}, "text,more\n", `line 1: Note has no field "more"`},
		{ImportQuery{Model: "Note"}, "text,text\n", `line 1: the field "text" stands twice`},
		{ImportQuery{Model: "Note"}, `"text`, "the header of the CSV file cannot be read"},
		{ImportQuery{Model: "Note"}, "text\n\"" + strings.Repeat("x", 2*maxLine), "a record is longer than 4194304 bytes; is there a quote that is not closed?"},
		{ImportQuery{}, `{"Note": [{"PutRequest"`, "item 1 of Note cannot be read: unexpected EOF"},
		{ImportQuery{}, `{"Note": [], "Other": []}`, `the table Other cannot be placed; give --model: there is no model "Other"`},
		{ImportQuery{Model: "Note"}, `{"a": [], "b": []}`, "the file has a second table, b"},
		{ImportQuery{Format: DynamoDB}, `{"Note": {}}`, "{ stands where [ should"},
		{ImportQuery{Format: DynamoDB}, `{"Note": []`, "the file cannot be read: unexpected EOF"},
		{ImportQuery{Format: DynamoDB}, `{"Note": [{"PutRequest": {"Item": {"text": {"S": "` + strings.Repeat("x", 2*maxLine), "a record is longer than"},
	} {
		_, err := desk.Import(t.Context(), c.q, strings.NewReader(c.file), func(Imported) {})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q with %+v gives %v, want %q", c.file, c.q, err, c.want)
		}
		if code := freshet.CodeOf(err); code != freshet.Invalid && code != freshet.TooLarge {
			t.Errorf("%.40q gives the code %s", c.file, code)
		}
	}
	// Several tables go to several models.
	done := importText(t, desk, ImportQuery{}, `{
		"Note": [{"PutRequest": {"Item": {"text": {"S": "x"}}}}],
		"Line": [{"PutRequest": {"Item": {"book": {"N": "1"}, "number": {"N": "2"}}}}]}`)
	if done.Created != 2 || exported(t, desk, ExportQuery{Model: "Line"}) == "" {
		t.Errorf("of two tables: %+v", done)
	}
}

// TestManyRefusals holds how much is kept of them.
func TestManyRefusals(t *testing.T) {
	desk := newTestDesk(t)
	var file strings.Builder
	for i := range 300 {
		file.WriteString(`{"id":"n","text":"x","` + strings.Repeat("f", i%40+1) + "\":1}\n" + strings.Repeat("{\"bad\": ", i%30) + "\n")
	}
	done, err := desk.Import(t.Context(), ImportQuery{Model: "Note"}, strings.NewReader(file.String()), func(Imported) {})
	if err != nil || done.Refused != 300+290 || len(done.First) != keptRefusals || len(done.Reasons) > keptReasons+1 {
		t.Fatalf("%d refused, %d shown, %d reasons, %v", done.Refused, len(done.First), len(done.Reasons), err)
	}
	count := 0
	for _, reason := range done.Reasons {
		count += reason.Count
	}
	if count != done.Refused {
		t.Errorf("the reasons count %d of %d", count, done.Refused)
	}
	if first, last := done.First[0], done.First[keptRefusals-1]; first.Where != "line 1" || last.Where != "line 20" && last.Where != "line 21" {
		t.Errorf("the first are from %s to %s", first.Where, last.Where)
	}
}

func FuzzSource(f *testing.F) {
	for _, seed := range []string{
		`{"text":"x"}` + "\n{}\n[", "text,count\nx,1\n\"a\nb\",2\n", `{"Note":[{"PutRequest":{"Item":{"text":{"S":"x"},"extra":{"M":{"a":{"NS":["1"]}}}}}}]}`,
		`{"Note":[{"DeleteRequest":{"Key":{"id":{"S":"x"}}}}],"Line":[]}`, "\xEF\xBB\xBFtext;\n",
	} {
		f.Add("", seed)
	}
	s, err := schema.Load(schema.Source{Text: sdl})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, format, text string) {
		for _, q := range []ImportQuery{{Format: Format(format)}, {Model: "Note"}, {Model: "Note", Format: CSV}, {Format: DynamoDB}} {
			src, err := openSource(s, q, strings.NewReader(text))
			for err == nil {
				var it item
				if it, err = src.next(); err != nil {
					if !errors.Is(err, io.EOF) && freshet.CodeOf(err) == freshet.Internal {
						t.Errorf("%v", err)
					}
					break
				}
				if it.where == "" || it.model == nil {
					t.Errorf("an item without a place: %+v", it)
				}
				if fields, bad := rawjson.Trim(it.fields); it.err == nil && (bad != nil || fields[0] != '{') {
					t.Errorf("%q is no object: %v", it.fields, bad)
				}
			}
		}
	})
}
