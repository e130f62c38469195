package control

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

const (
	maxLine = 4 << 20  // bytes of one record in a file; as stored it is far smaller
	peeked  = 64 << 10 // bytes by which a format is recognised
)

// openSource finds out what a file holds.
func openSource(s *schema.Schema, q ImportQuery, file io.Reader) (source, error) {
	var m *schema.Model
	if q.Model != "" {
		if m = s.Model(q.Model); m == nil {
			return nil, noModel(s, string(q.Model))
		}
	}
	r := bufio.NewReaderSize(file, peeked)
	if mark, err := r.Peek(3); err == nil && string(mark) == "\xEF\xBB\xBF" {
		_, _ = r.Discard(3)
	}
	start, err := r.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if q.Format == "" {
		if q.Format, err = recognise(q.Name, start); err != nil {
			return nil, err
		}
	}
	if m == nil && q.Format != DynamoDB {
		return nil, freshet.Errorf(freshet.Invalid, "a file in the form %s does not say of what model its records are; give --model", q.Format)
	}
	switch q.Format {
	case NDJSON:
		return &lines{model: m, r: r}, nil
	case CSV:
		return openTable(m, r)
	case DynamoDB:
		return openBatch(s, m, r)
	}
	return nil, freshet.Errorf(freshet.Invalid, "the format %q is not known; write %s, %s or %s", q.Format, NDJSON, CSV, DynamoDB)
}

func noModel(s *schema.Schema, name string) error {
	var names []string
	for _, m := range s.Models {
		names = append(names, string(m.Name))
	}
	return freshet.Errorf(freshet.Invalid, "there is no model %q; the schema has %s", name, strings.Join(names, ", "))
}

var batchForm = regexp.MustCompile(`^\{\s*"[^"]*"\s*:\s*\[\s*(\{\s*"(Put|Delete)Request"|\])`)

// recognise tells a format by the name of a file, or by how it begins.
func recognise(name string, start []byte) (Format, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return CSV, nil
	case ".ndjson", ".jsonl":
		return NDJSON, nil
	}
	start = bytes.TrimSpace(start)
	switch {
	case len(start) == 0:
		return NDJSON, nil
	case start[0] == '[':
		return "", freshet.Errorf(freshet.Invalid, "the file is a JSON array; write an object a line, as `jq -c '.[]'` makes of it")
	case batchForm.Match(start):
		return DynamoDB, nil
	case start[0] == '{':
		return NDJSON, nil
	}
	return CSV, nil
}

// lines is a file with an object a line.
type lines struct {
	model *schema.Model
	r     *bufio.Reader
	line  int
}

func (l *lines) next() (item, error) {
	for {
		text, long, err := l.read()
		if err != nil {
			return item{}, err
		}
		it := item{where: fmt.Sprintf("line %d", l.line), model: l.model}
		if long {
			it.err = freshet.Errorf(freshet.TooLarge, "the line is longer than %d bytes", maxLine)
			return it, nil
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if it.fields, err = rawjson.Trim(text); err != nil {
			it.err = freshet.Errorf(freshet.Invalid, "%v", err)
		} else if it.fields[0] != '{' {
			it.err = freshet.Errorf(freshet.Invalid, "this is no JSON object")
		}
		return it, nil
	}
}

// read gives a line in memory of its own. One that is too long is passed over.
func (l *lines) read() (text []byte, long bool, err error) {
	l.line++
	for {
		part, err := l.r.ReadSlice('\n')
		if len(text)+len(part) > maxLine {
			text, long = nil, true
		}
		if !long {
			text = append(text, part...)
		}
		switch {
		case err == nil, errors.Is(err, io.EOF) && (len(text) > 0 || long):
			return text, long, nil
		case errors.Is(err, io.EOF):
			return nil, false, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, fmt.Errorf("read line %d: %w", l.line, err)
		}
	}
}

// table is a CSV file.
type table struct {
	model   *schema.Model
	r       *csv.Reader
	bounded *bounded
	columns []*schema.Field // nil for one that is passed over
	line    int             // where the last row begins
}

func openTable(m *schema.Model, r io.Reader) (*table, error) {
	b := &bounded{r: r}
	t := &table{model: m, r: csv.NewReader(b), bounded: b}
	b.begin()
	header, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return t, nil
	}
	if err != nil {
		return nil, freshet.Wrap(freshet.Invalid, err, "the header of the CSV file cannot be read")
	}
	seen := make(map[string]bool)
	for _, name := range header {
		name = strings.TrimSpace(name)
		f := m.Field(name)
		if f == nil && !strings.HasPrefix(name, "_") {
			return nil, freshet.Errorf(freshet.Invalid, "line 1: %s has no field %q; the first line of a CSV file names the fields", m.Name, name)
		}
		if seen[name] {
			return nil, freshet.Errorf(freshet.Invalid, "line 1: the field %q stands twice", name)
		}
		seen[name] = true
		t.columns = append(t.columns, f)
	}
	return t, nil
}

func (t *table) next() (item, error) {
	t.bounded.begin()
	row, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return item{}, io.EOF
	}
	it := item{model: t.model}
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		it.where = fmt.Sprintf("line %d", bad.StartLine)
		if it.err = freshet.Errorf(freshet.Invalid, "%v", bad.Err); errors.Is(err, csv.ErrFieldCount) {
			it.err = freshet.Errorf(freshet.Invalid, "the line has %d fields, the header %d", len(row), len(t.columns))
		}
		return it, nil
	}
	if err != nil {
		return item{}, freshet.Wrap(freshet.CodeOf(err), err, "what comes after line %d cannot be read", t.line)
	}
	t.line, _ = t.r.FieldPos(0)
	it.where = fmt.Sprintf("line %d", t.line)
	it.fields = t.fields(row)
	return it, nil
}

// fields makes an object of a row. What a column holds follows from the type of its field; a text that is
// not in its form goes on as a string, and is refused with the others.
func (t *table) fields(row []string) []byte {
	b := []byte{'{'}
	for i, f := range t.columns {
		if f == nil || row[i] == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(rawjson.AppendString(b, f.Name), ':')
		b = appendCell(b, f.Type, row[i])
	}
	return append(b, '}')
}

func appendCell(b []byte, t *schema.Type, text string) []byte {
	if !t.IsList() && t.Object == nil && (&schema.Field{Type: t}).IsText() {
		return rawjson.AppendString(b, text)
	}
	value := []byte(text)
	if t.Name == "Boolean" && !t.IsList() {
		value = bytes.ToLower(value)
	}
	if json, err := rawjson.Trim(value); err == nil {
		return append(b, json...)
	}
	return rawjson.AppendString(b, text)
}

// bounded gives an error when too much is read for one record.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) begin() { b.left = maxLine }

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, freshet.Errorf(freshet.TooLarge, "a record is longer than %d bytes; is there a quote that is not closed?", maxLine)
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}
