package main

import (
	"fmt"
	"os"
	"time"

	"freshet/internal/server"
)

// progress tells on stderr how far long work has come: on a terminal in a line that is written again and
// again, elsewhere in a line now and then.
type progress struct {
	terminal bool
	said     time.Time
	dirty    bool
}

const (
	sayOnTerminal = 100 * time.Millisecond
	sayElsewhere  = 5 * time.Second
)

func newProgress() *progress {
	return &progress{terminal: server.IsTerminal(os.Stderr), said: time.Now()}
}

func (p *progress) say(format string, args ...any) {
	every := sayElsewhere
	if p.terminal {
		every = sayOnTerminal
	}
	now := time.Now()
	if now.Sub(p.said) < every {
		return
	}
	p.said = now
	if p.terminal {
		p.dirty = true
		fmt.Fprintf(os.Stderr, "\r\x1b[K"+format, args...)
		return
	}
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// end takes the line away.
func (p *progress) end() {
	if p.dirty {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
