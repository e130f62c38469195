package cognito_test

import (
	"os"
	"strings"
	"testing"

	"freshet/internal/api/cognito"
)

// TestOperationsAreDocumented is of docs/protocol.md, which names each operation.
func TestOperationsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range cognito.Operations() {
		if _, name, _ := strings.Cut(target, "."); !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/protocol.md does not name %s", name)
		}
	}
}
