package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"freshet"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// batch is a file in the form of DynamoDB's BatchWriteItem: for each table a list of requests, whose items
// have typed attributes. See the AWS reference, "AttributeValue".
type batch struct {
	schema  *schema.Schema
	given   *schema.Model // for the one table of the file, whatever its name
	bounded *bounded
	d       *json.Decoder

	name  string // of the table that is being read; empty: between tables
	model *schema.Model
	count int // items of the table so far
	ended bool
}

func openBatch(s *schema.Schema, m *schema.Model, r *bufio.Reader) (*batch, error) {
	b := &batch{schema: s, given: m, bounded: &bounded{r: r}}
	b.d = json.NewDecoder(b.bounded)
	b.bounded.begin()
	return b, b.expect('{')
}

func (b *batch) expect(delim json.Delim) error {
	token, err := b.d.Token()
	if err != nil {
		return b.failed(err)
	}
	if token != delim {
		return freshet.Errorf(freshet.Invalid, `%v stands where %v should; the form is {"Table": [{"PutRequest": {"Item": {…}}}]}`, token, delim)
	}
	return nil
}

func (b *batch) failed(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	where := "the file"
	if b.name != "" {
		where = fmt.Sprintf("item %d of %s", b.count+1, b.name)
	}
	return freshet.Wrap(freshet.Invalid, err, "%s cannot be read", where)
}

func (b *batch) next() (item, error) {
	b.bounded.begin()
	for {
		switch {
		case b.ended:
			return item{}, io.EOF
		case b.name == "" && !b.d.More():
			b.ended = true
			if err := b.expect('}'); err != nil {
				return item{}, err
			}
		case b.name == "":
			if err := b.beginTable(); err != nil {
				return item{}, err
			}
		case !b.d.More():
			if err := b.expect(']'); err != nil {
				return item{}, err
			}
			b.name = ""
		default:
			return b.item()
		}
	}
}

func (b *batch) beginTable() error {
	token, err := b.d.Token()
	if err != nil {
		return b.failed(err)
	}
	name, _ := token.(string)
	switch {
	case b.given == nil:
		if b.model = b.schema.Model(freshet.ModelName(name)); b.model == nil {
			return freshet.Wrap(freshet.Invalid, noModel(b.schema, name), "the table %s cannot be placed; give --model", name)
		}
	case b.model != nil:
		return freshet.Errorf(freshet.Invalid, "the file has a second table, %s; leave --model out, or give a file with one table", name)
	default:
		b.model = b.given
	}
	b.name, b.count = name, 0
	return b.expect('[')
}

func (b *batch) item() (item, error) {
	var raw json.RawMessage
	if err := b.d.Decode(&raw); err != nil {
		return item{}, b.failed(err)
	}
	b.count++
	it := item{where: fmt.Sprintf("item %d", b.count), model: b.model}
	if b.given == nil {
		it.where += " of " + b.name
	}
	it.fields, it.remove, it.err = decodeRequest(b.model, raw)
	return it, nil
}

// decodeRequest gives the fields that a request puts, or the key that it deletes.
func decodeRequest(m *schema.Model, raw []byte) (fields []byte, remove bool, err error) {
	const form = `write {"PutRequest": {"Item": {…}}} or {"DeleteRequest": {"Key": {…}}}`
	name, request, ok := single(raw)
	remove = name == "DeleteRequest"
	if !ok || !remove && name != "PutRequest" {
		return nil, false, freshet.Errorf(freshet.Invalid, "this is no request; %s", form)
	}
	part, attributes, ok := single(request)
	if !ok || remove && part != "Key" || !remove && part != "Item" {
		return nil, false, freshet.Errorf(freshet.Invalid, "this is no %s; %s", name, form)
	}
	fields, err = appendAttributes(nil, attributes, func(name string) *schema.Type {
		if f := m.Field(name); f != nil {
			return f.Type
		}
		return nil
	})
	return fields, remove, err
}

// single gives the only member of an object.
func single(b []byte) (name string, value []byte, ok bool) {
	n := 0
	err := rawjson.Members(b, func(k, v []byte) error {
		name, value = string(k), v
		n++
		return nil
	})
	return name, value, err == nil && n == 1
}

// appendAttributes appends a map of typed attributes as a plain object.
func appendAttributes(dst, attributes []byte, typeOf func(name string) *schema.Type) ([]byte, error) {
	dst = append(dst, '{')
	first := true
	err := rawjson.Members(attributes, func(name, value []byte) error {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(rawjson.AppendString(dst, string(name)), ':')
		start := len(dst)
		var err error
		if dst, err = appendAttribute(dst, value); err != nil {
			return freshet.Wrap(freshet.Invalid, err, "the attribute %q", name)
		}
		// A field that holds JSON as text may be kept as a map or a list.
		if t := typeOf(string(name)); t != nil && t.Name == "AWSJSON" && !t.IsList() && dst[start] != '"' && !rawjson.IsNull(dst[start:]) {
			text := string(dst[start:])
			dst = rawjson.AppendString(dst[:start], text)
		}
		return nil
	})
	return append(dst, '}'), err
}

var noType = func(string) *schema.Type { return nil }

func appendAttribute(dst, attribute []byte) ([]byte, error) {
	kind, value, ok := single(attribute)
	if !ok {
		return dst, freshet.Errorf(freshet.Invalid, `%.40s is no attribute; write its type and its value, like {"S": "text"}`, attribute)
	}
	switch kind {
	case "S", "B":
		if _, err := rawjson.String(value); err != nil {
			return dst, freshet.Errorf(freshet.Invalid, "%s needs a string", kind)
		}
		return append(dst, value...), nil
	case "BOOL":
		if text := string(value); text != "true" && text != "false" {
			return dst, freshet.Errorf(freshet.Invalid, "BOOL needs true or false")
		}
		return append(dst, value...), nil
	case "NULL":
		return append(dst, rawjson.Null...), nil
	case "N":
		return appendNumber(dst, value)
	case "M":
		return appendAttributes(dst, value, noType)
	case "L":
		return appendList(dst, value, appendAttribute)
	case "SS", "BS":
		return appendList(dst, value, func(dst, element []byte) ([]byte, error) { return append(dst, element...), nil })
	case "NS":
		return appendList(dst, value, appendNumber)
	}
	return dst, freshet.Errorf(freshet.Invalid, "the type %q is not known", kind)
}

// appendNumber appends a number that stands in a string.
func appendNumber(dst, value []byte) ([]byte, error) {
	text, err := rawjson.String(value)
	if err != nil {
		return dst, freshet.Errorf(freshet.Invalid, `a number needs a string, like {"N": "1.5"}`)
	}
	number, err := rawjson.Trim([]byte(text))
	if err != nil || number[0] != '-' && (number[0] < '0' || number[0] > '9') {
		return dst, freshet.Errorf(freshet.Invalid, "%q is no number", text)
	}
	return append(dst, number...), nil
}

func appendList(dst, list []byte, appendElement func(dst, element []byte) ([]byte, error)) ([]byte, error) {
	dst = append(dst, '[')
	first := true
	err := rawjson.Elements(list, func(element []byte) error {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var err error
		dst, err = appendElement(dst, element)
		return err
	})
	return append(dst, ']'), err
}
