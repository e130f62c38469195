package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// machine says where the figures come from.
func (b *bench) machine() (*table, error) {
	t := &table{title: "Machine", columns: []string{"what", "value"}}
	t.row("date", time.Now().Format("2006-01-02"))
	t.row("cores", fmt.Sprint(runtime.NumCPU()))
	t.row("CPU", procField("/proc/cpuinfo", "model name"))
	t.row("memory", procField("/proc/meminfo", "MemTotal"))
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	t.row("kernel", strings.TrimSpace(string(kernel)))
	fsync, err := fsyncs(b.dir, b.size(500, 100), 0)
	if err != nil {
		return nil, err
	}
	t.row("fdatasync of 4 KiB appended, one after the other", fmt.Sprintf("p50 %s ms, p99 %s ms", number(fsync.median()), number(fsync.percentile(99))))
	t.row("Go", runtime.Version())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if strings.HasPrefix(module.Path, "github.com/cockroachdb/pebble") {
				t.row("Pebble", module.Version)
			}
		}
	}
	if version, compiler := b.peerVersion(); version != "" {
		log := "with its log of requests, as it comes"
		if !b.peerLog {
			log = "its log of requests turned off"
		}
		t.row("PocketBase", fmt.Sprintf("%s, built with %s, %s", version, compiler, log))
	}
	if inMemory(b.dir) {
		t.note("WARNING: %s is in memory, so nothing here was durable. Give -dir a directory on a disk.", b.dir)
	}
	if b.quick {
		t.note("WARNING: a quick run. It shows that all works, not how fast.")
	}
	return t, nil
}

func procField(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range bytes.Lines(text) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// peerVersion asks the peer's program for what it was built from; empty where it was not built.
func (b *bench) peerVersion() (version, compiler string) {
	out, err := exec.Command("go", "version", "-m", filepath.Join(b.dir, peerProgram)).Output()
	if err != nil {
		return "", ""
	}
	for i, line := range strings.Split(string(out), "\n") {
		fields := strings.Fields(line)
		switch {
		case i == 0 && len(fields) > 1:
			compiler = fields[len(fields)-1]
		case len(fields) > 2 && fields[1] == "github.com/pocketbase/pocketbase":
			version = fields[2]
		}
	}
	return version, compiler
}

func inMemory(dir string) bool {
	const tmpfs = 0x01021994
	var stat syscall.Statfs_t
	return syscall.Statfs(dir, &stat) == nil && int64(stat.Type) == tmpfs
}

// fsyncs appends count times 4 KiB to a new file, one append in each interval, and gives the milliseconds
// that each append and its fdatasync took: what an acknowledged write costs at the least.
func fsyncs(dir string, count int, interval time.Duration) (samples, error) {
	file, err := os.CreateTemp(dir, "fsync-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := bytes.Repeat([]byte("4 KiB of"), 512)
	var took samples
	for begin, n := time.Now(), 0; n < count; n++ {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * interval)))
		start := time.Now()
		if _, err := file.Write(page); err != nil {
			return nil, err
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			return nil, err
		}
		took.add(millis(time.Since(start)))
	}
	return took, nil
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
