package main

import (
	"os"
	"strings"
	"testing"
)

// TestSettingsAreDocumented is of docs/configuration.md, which has each setting once in a table, and each limit by its name.
func TestSettingsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			rows = append(rows, cells[1])
			if strings.Contains(cells[1], "[limits]") {
				rows = append(rows, line)
			}
		}
	}
	named := strings.Join(rows, "\n")
	for _, s := range settings() {
		if n := strings.Count(named, "`"+strings.TrimPrefix(s.key(), "limits.")+"`"); n != 1 {
			t.Errorf("docs/configuration.md has %s in %d rows", s.key(), n)
		}
	}
}
