package rawjson

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMembers(t *testing.T) {
	var got []string
	err := Members([]byte(" { \"a\" : 1 , \"b\\u0063\":[ 1, {\"x\": \"}\"} ] ,\"\":null}\n"), func(name, value []byte) error {
		got = append(got, string(name)+"="+string(value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a=1", `bc=[ 1, {"x": "}"} ]`, "=null"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `[1,]`, `[1 2]`, `01`, `1.`, `.5`, `1e`, `-`, `+1`,
		`"`, `"\x"`, `"\u12g4"`, "\"\x01\"", "\"\xff\"", `tru`, `nul`, `1 2`, `{} {}`, `NaN`, `'a'`,
		strings.Repeat("[", 65) + strings.Repeat("]", 65),
	} {
		if _, err := Trim([]byte(text)); err == nil {
			t.Errorf("%q passed for JSON", text)
		}
	}
	deep := strings.Repeat("[", 64) + strings.Repeat("]", 64)
	if _, err := Trim([]byte(deep)); err != nil {
		t.Errorf("an allowed depth: %v", err)
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[1,2]}`, `{ "b": [1, 2], "a": 1.0 }`, true},
		{`"\u0061"`, `"a"`, true},
		{`[1,2]`, `[2,1]`, false},
		{`null`, ``, false},
		{`1`, `"1"`, false},
	} {
		if got := Equal([]byte(c.a), []byte(c.b)); got != c.want {
			t.Errorf("%s and %s: equal %v", c.a, c.b, got)
		}
	}
}

// FuzzTrim compares what is accepted, and how it is compacted and decoded, with encoding/json.
func FuzzTrim(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"\u00e9",null,true]}`, ` [ ] `, `"\ud83d\ude00"`, `"\ud83d"`, `-0.1E+2`, `{"a":{"a":{}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		value, err := Trim(b)
		valid := json.Valid(b) && utf8.Valid(b)
		if err != nil {
			if _, ok := err.(*SyntaxError); !ok {
				t.Fatalf("error %T", err)
			}
			if valid && !strings.Contains(err.Error(), "nested deeper") {
				t.Fatalf("%q is JSON, got %v", b, err)
			}
			return
		}
		if !valid {
			t.Fatalf("%q is not JSON and was accepted", b)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, b); err != nil {
			t.Fatal(err)
		}
		if got := AppendCompact(nil, value); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%q became %q, want %q", b, got, want.Bytes())
		}
		if value[0] == '"' {
			text, err := String(value)
			var decoded string
			if err != nil || json.Unmarshal(value, &decoded) != nil || text != decoded {
				t.Fatalf("%q decodes to %q, %v, want %q", value, text, err, decoded)
			}
			var again string
			if json.Unmarshal(AppendString(nil, text), &again) != nil || again != text {
				t.Fatalf("%q was encoded as %q", text, AppendString(nil, text))
			}
		}
		if value[0] == '{' {
			if err := Members(b, func(_, member []byte) error {
				_, err := Trim(member)
				return err
			}); err != nil {
				t.Fatalf("members of %q: %v", b, err)
			}
		}
	})
}
