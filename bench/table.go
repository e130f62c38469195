package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table is a figure as it is printed: what was measured, and which targets were met.
type table struct {
	title   string
	about   string
	columns []string
	rows    [][]string
	targets [][]string
	notes   []string
}

// row adds a row; numbers are written as wide as they can be trusted.
func (t *table) row(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		switch cell := cell.(type) {
		case float64:
			row[i] = number(cell)
		default:
			row[i] = fmt.Sprint(cell)
		}
	}
	t.rows = append(t.rows, row)
}

// atLeast holds a value against a target below which it must not be.
func (t *table) atLeast(what string, value, target float64, unit string) {
	t.target(what, "≥ "+number(target)+unit, value, unit, value >= target)
}

// atMost holds a value against a target above which it must not be.
func (t *table) atMost(what string, value, target float64, unit string) {
	t.target(what, "≤ "+number(target)+unit, value, unit, value <= target)
}

func (t *table) target(what, target string, value float64, unit string, met bool) {
	verdict := "no"
	switch {
	case math.IsNaN(value):
		verdict = "not measured"
	case met:
		verdict = "yes"
	}
	measured := number(value)
	if !math.IsNaN(value) {
		measured += unit
	}
	t.targets = append(t.targets, []string{what, target, measured, verdict})
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// number writes three figures or all before the point, with a comma at each thousand.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.Abs(v) < 10:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 2, 64), ".00")
	case math.Abs(v) < 100:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func (t *table) print(w io.Writer, markdown bool) {
	if markdown {
		fmt.Fprintf(w, "### %s\n\n", t.title)
	} else {
		fmt.Fprintf(w, "%s\n%s\n", t.title, strings.Repeat("=", utf8.RuneCountInString(t.title)))
	}
	if t.about != "" {
		fmt.Fprintf(w, "%s\n\n", t.about)
	}
	printGrid(w, t.columns, t.rows, markdown)
	if len(t.targets) > 0 {
		printGrid(w, []string{"target", "aim", "measured", "met"}, t.targets, markdown)
	}
	for _, note := range t.notes {
		if markdown {
			note = "- " + note
		}
		fmt.Fprintln(w, note)
	}
	if len(t.notes) > 0 {
		fmt.Fprintln(w)
	}
}

func printGrid(w io.Writer, columns []string, rows [][]string, markdown bool) {
	widths := make([]int, len(columns))
	for _, row := range append([][]string{columns}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	between, edge := "  ", ""
	if markdown {
		between, edge = " | ", "|"
	}
	line := func(row []string, pad string) {
		cells := make([]string, len(columns))
		for i := range columns {
			cell := ""
			if i < len(row) {
				cell = row[i]
			}
			fill := strings.Repeat(pad, widths[i]-utf8.RuneCountInString(cell))
			if isNumber(cell) {
				cells[i] = fill + cell
			} else {
				cells[i] = cell + fill
			}
		}
		text := strings.Join(cells, between)
		if markdown {
			text = edge + " " + text + " " + edge
		}
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
	line(columns, " ")
	line(make([]string, len(columns)), "-")
	for _, row := range rows {
		line(row, " ")
	}
	fmt.Fprintln(w)
}

func isNumber(cell string) bool {
	return cell == "-" || cell != "" && strings.ContainsRune("0123456789+-", rune(cell[0])) && len(strings.Fields(cell)) == 1
}
