// Command bench measures Freshet beside what limits it and beside PocketBase, in one run on one machine:
// the contenders of a figure take turns, and a figure is the median over several rounds.
//
//	cd bench && go run .                        everything, some 20 minutes
//	cd bench && go run . -quick                 small sizes, to see that it works
//	cd bench && go run . -only create,push -md  two figures, as Markdown
//
// It builds the server and the peer, starts each as a process of its own on a loopback port, and needs
// Linux: processor time and memory are read from /proc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// figures in the order in which they are measured: those that only read come before those that write to
// the same data.
var figures = []struct {
	name    string
	measure func(*bench) (*table, error)
}{
	{"commits", (*bench).commits},
	{"create", (*bench).create},
	{"push", (*bench).push},
	{"delta", (*bench).delta},
	{"sync", (*bench).sync},
	{"open", (*bench).open},
	{"verify", (*bench).verify},
	{"logins", (*bench).logins},
	{"storm", (*bench).storm},
}

func main() {
	var names []string
	for _, f := range figures {
		names = append(names, f.name)
	}
	only := flag.String("only", strings.Join(names, ","), "the `figures` to measure, with commas between")
	rounds := flag.Int("rounds", 5, "how often each contender has its turn")
	quick := flag.Bool("quick", false, "small sizes and short turns: shows that all works, not how fast")
	markdown := flag.Bool("md", false, "print Markdown")
	dir := flag.String("dir", "", "work `directory` on the disk to be measured; data that was filled in is kept there and used again (default: a temporary one)")
	peerLog := flag.Bool("peerlog", true, "let PocketBase keep its log of requests, as it comes; without, it is some 10 to 25 percent faster at writing")
	flag.Parse()

	chosen := strings.Split(*only, ",")
	for _, name := range chosen {
		if !slices.Contains(names, name) {
			fail(fmt.Errorf("there is no figure %q; choose from %s", name, strings.Join(names, ", ")))
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b, err := newBench(ctx, *dir, *rounds, *quick)
	if err != nil {
		fail(err)
	}
	b.peerLog = *peerLog
	err = b.measure(chosen, *markdown)
	b.close()
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

// bench is one run.
type bench struct {
	ctx     context.Context
	dir     string
	keep    bool
	rounds  int
	quick   bool
	peerLog bool             // PocketBase keeps its log of requests
	built   map[string]error // programs that were built, by their file
}

func newBench(ctx context.Context, dir string, rounds int, quick bool) (*bench, error) {
	if _, err := os.Stat("bench.graphql"); err != nil {
		return nil, errors.New("run it in the directory bench of the source: cd bench && go run .")
	}
	b := &bench{ctx: ctx, dir: dir, keep: dir != "", rounds: max(rounds, 1), quick: quick, built: make(map[string]error)}
	var err error
	if b.keep {
		b.dir, err = filepath.Abs(dir)
		err = errors.Join(err, os.MkdirAll(b.dir, 0o700))
	} else {
		b.dir, err = os.MkdirTemp("", "freshet-bench-")
	}
	return b, err
}

func (b *bench) close() {
	if !b.keep {
		_ = os.RemoveAll(b.dir)
	}
}

func (b *bench) measure(chosen []string, markdown bool) error {
	for _, f := range figures {
		if !slices.Contains(chosen, f.name) {
			continue
		}
		b.progress("%s", f.name)
		t, err := f.measure(b)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		t.print(os.Stdout, markdown)
	}
	t, err := b.machine()
	if err != nil {
		return err
	}
	t.print(os.Stdout, markdown)
	return nil
}

// size is a number of records or the like, smaller in a quick run.
func (b *bench) size(full, quick int) int {
	if b.quick {
		return quick
	}
	return full
}

// turn is how long one contender is measured at a time.
func (b *bench) turn(full time.Duration) time.Duration {
	if b.quick {
		return full / 8
	}
	return full
}

// interleave gives each contender its turn in every round, and lets another one begin each time.
func (b *bench) interleave(contenders ...func() error) error {
	for round := range b.rounds {
		b.progress("  round %d of %d", round+1, b.rounds)
		for i := range contenders {
			if err := b.ctx.Err(); err != nil {
				return err
			}
			if err := contenders[(round+i)%len(contenders)](); err != nil {
				return err
			}
		}
	}
	return nil
}

// fresh gives an empty directory, and a function that takes it away.
func (b *bench) fresh(name string) (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(b.dir, name+"-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}
