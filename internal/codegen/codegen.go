// Package codegen writes what a client's program has to know of a schema: its types, and the description by which
// the client keeps, finds and merges records.
//
// Its invariant: the same schema gives the same text, and what is given compiles and means the same to the client as
// to the server. Names that would not do are refused with an error that says what to do. It is pure.
package codegen

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"freshet/internal/schema"
)

// Options say what a module looks like.
type Options struct {
	Import  string   // the module that has the type Schema; default @freshet/client
	Sources []string // the files of SDL, for the header; only their names are shown
}

const usualImport = "@freshet/client"

// TypeScript gives a module with the types of a schema's records and the constant that a client is made with.
// Error: invalid, with all names that cannot be used, one a line.
func TypeScript(s *schema.Schema, opts Options) ([]byte, error) {
	if err := checkNames(s); err != nil {
		return nil, err
	}
	if opts.Import == "" {
		opts.Import = usualImport
	}
	w := new(writer)
	w.header(opts)
	for _, e := range s.Enums {
		w.enum(e)
	}
	for _, o := range s.Objects {
		w.object(o)
	}
	for _, m := range s.Models {
		w.model(m)
	}
	w.schema(s)
	return w.Bytes(), nil
}

// writer gathers a module. Its lines are as Biome and Prettier like them, but for their length.
type writer struct{ bytes.Buffer }

func (w *writer) line(indent int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", indent))
	fmt.Fprintf(w, format+"\n", args...)
}

func (w *writer) header(opts Options) {
	from := ""
	if len(opts.Sources) > 0 {
		names := make([]string, len(opts.Sources))
		for i, source := range opts.Sources {
			names[i] = path.Base(strings.ReplaceAll(source, `\`, "/"))
		}
		from = " from " + oneLine(strings.Join(names, ", "))
	}
	w.line(0, "// Made by `freshet codegen typescript`%s. Change that, and make this again.", from)
	w.line(0, "import type { Schema } from %s;", quoted(opts.Import))
}

// doc writes a description as a doc comment.
func (w *writer) doc(indent int, text string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "*/", "*\\/"))
	if text == "" {
		return
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if len(lines) == 1 {
		w.line(indent, "/** %s */", text)
		return
	}
	w.line(indent, "/**")
	for _, line := range lines {
		w.line(indent, "%s", strings.TrimRight(" * "+line, " \t"))
	}
	w.line(indent, " */")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// quoted gives a string literal.
func quoted(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return "'" + b.String() + "'"
}
