package documentstest

import (
	"testing"

	"freshet"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) freshet.Documents { return new(Memory) })
}
