package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a server under test, in a process of its own.
type process struct {
	addr  string        // host and port
	ready time.Duration // from its start until it answered
	cmd   *exec.Cmd
	ended chan struct{}

	mu   sync.Mutex
	said []string // the last lines that it printed
}

var addressLine = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`)

// startProcess starts a program and waits until it prints its address and answers path with 200.
func startProcess(ctx context.Context, path, program string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	p := &process{cmd: cmd, ended: make(chan struct{})}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address := make(chan string, 1)
	go p.read(output, address)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	select {
	case p.addr = <-address:
	case <-p.ended:
		return nil, p.failed("it ended")
	case <-ctx.Done():
		p.stop()
		return nil, p.failed("it printed no address")
	}
	if err := p.await(ctx, path); err != nil {
		p.stop()
		return nil, p.failed(err.Error())
	}
	p.ready = time.Since(begin)
	return p, nil
}

func (p *process) read(output io.Reader, address chan<- string) {
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if found := addressLine.FindStringSubmatch(lines.Text()); found != nil {
			select {
			case address <- found[1]:
			default:
			}
		}
		p.mu.Lock()
		p.said = append(p.said[max(0, len(p.said)-9):], lines.Text())
		p.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, output)
	_ = p.cmd.Wait()
	close(p.ended)
}

func (p *process) failed(why string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Errorf("%s: %s; its last words:\n%s", p.cmd, why, strings.Join(p.said, "\n"))
}

// await asks until the answer is 200.
func (p *process) await(ctx context.Context, path string) error {
	for {
		if c, err := dial(p.addr); err == nil {
			status, _, err := c.roundTrip(get(p.addr, path, ""))
			c.Close()
			if err == nil && status == 200 {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("it does not get ready")
		case <-p.ended:
			return errors.New("it ended")
		case <-time.After(time.Millisecond):
		}
	}
}

func (p *process) server() *process { return p }

// stop asks the process to end, and ends it when it does not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// cpu gives the processor time that the process has used; the kernel counts it in steps of 10 ms.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces. After it, user and system time are the 12th and 13th.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}

// ownCPU gives the processor time that this process has used.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// memory gives the megabytes that the process has in memory.
func (p *process) memory() (float64, error) {
	text := procField(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), "VmRSS")
	kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	return kilobytes / 1024, err
}

// build makes a program from the Go package in a directory of the source, once in a run.
func (b *bench) build(name, module, pkg string) (string, error) {
	program := filepath.Join(b.dir, name)
	err, done := b.built[name]
	if !done {
		b.progress("  building %s", name)
		cmd := exec.CommandContext(b.ctx, "go", "build", "-o", program, pkg)
		cmd.Dir = module
		if os.Getenv("GOTOOLCHAIN") == "" {
			cmd.Env = append(os.Environ(), "GOTOOLCHAIN=auto") // a module may need a newer Go than this one
		}
		var out []byte
		if out, err = cmd.CombinedOutput(); err != nil {
			err = fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
		b.built[name] = err
	}
	return program, err
}
