package test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// buildServer gives the path of the real program.
func buildServer(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "freshet")
	build := exec.Command("go", "build", "-o", program, "freshet/cmd/freshet")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// serverProcess is the real server, in a process of its own.
type serverProcess struct {
	cmd     *exec.Cmd
	address chan string // closed without one when the process ends before it serves
	url     string
	stderr  bytes.Buffer
	ended   chan struct{}
}

var servesOn = regexp.MustCompile(`http://\S+/graphql`)

// startServer starts the server on an address of its own. It is killed when the test ends.
func startServer(t *testing.T, program string, flags ...string) *serverProcess {
	t.Helper()
	p := &serverProcess{address: make(chan string, 1), ended: make(chan struct{})}
	p.cmd = exec.Command(program, append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
	p.cmd.Stderr = &p.stderr
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	go func() {
		defer close(p.ended)
		defer close(p.address)
		said := false
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if url := servesOn.FindString(lines.Text()); url != "" && !said {
				said = true
				p.address <- url
			}
		}
		_ = p.cmd.Wait()
	}()
	return p
}

func (p *serverProcess) awaitAddress(t *testing.T) {
	t.Helper()
	select {
	case p.url = <-p.address:
	case <-time.After(time.Minute):
	}
	if p.url == "" {
		p.kill()
		t.Fatalf("the server does not start:\n%s", p.stderr.String())
	}
}

func (p *serverProcess) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// checkData has the program look whether a data directory is sound.
func checkData(t *testing.T, program, data string) {
	t.Helper()
	out, err := exec.Command(program, "check", "--data", data).CombinedOutput()
	if err != nil {
		t.Errorf("freshet check: %v\n%s", err, out)
	}
}

func envInt(t *testing.T, name string, usual int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
