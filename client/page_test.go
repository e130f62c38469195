package client_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestPage holds that the code of the page on this package is that of the examples, which run.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../docs/go-client.md")
	check(t, err)
	examples, err := os.ReadFile("example_test.go")
	check(t, err)
	indent := regexp.MustCompile(`(?m)^\t+`)
	running := indent.ReplaceAllString(string(examples), "")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Fatal("the page has no code")
	}
	for _, block := range blocks {
		if !strings.Contains(running, indent.ReplaceAllString(block[1], "")) {
			t.Errorf("no example holds\n%s", block[1])
		}
	}
}
