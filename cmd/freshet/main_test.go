package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"freshet/internal/api/control"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"freshet": main})
}

// TestScripts runs the command as operators do. What the scripts need beside the usual commands:
//
//	$SCHEMAS              the folder of example schemas
//	exits CODE COMMAND…   runs a command and compares its exit code
//	serving DATA          waits until a server is reached on a data directory, and sets ADDR
//	ask KEY QUERY         sends a GraphQL request to ADDR; prints the status and the body
//	get PATH              asks ADDR; prints the status and the body
//	taken                 takes a port, and sets TAKEN to its address
//	set NAME FILE REGEXP  sets a variable to what the group of an expression finds in a file
//	awaits FILE REGEXP    waits until an expression is found in a file
//	mode FILE MODE        compares the mode of a file, in octal digits
func TestScripts(t *testing.T) {
	schemas, err := filepath.Abs("../../schemas")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SCHEMAS", schemas)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector would wait a second in each process
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "serving": serving, "ask": ask, "get": get, "taken": taken, "set": set, "awaits": awaits, "mode": mode,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("the exit code is %d, want %d", got, want)
	}
}

func serving(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		desk, err := control.Dial(ctx, ts.MkAbs(args[0]))
		if err == nil {
			var status control.Status
			if status, err = desk.Status(ctx); err == nil {
				ts.Setenv("ADDR", status.Address)
				return
			}
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("no server on %s: %v", args[0], err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func ask(ts *testscript.TestScript, _ bool, args []string) {
	body, err := json.Marshal(map[string]string{"query": args[1]})
	ts.Check(err)
	r, err := http.NewRequest("POST", "http://"+ts.Getenv("ADDR")+"/graphql", strings.NewReader(string(body)))
	ts.Check(err)
	r.Header.Set("x-api-key", strings.TrimSpace(args[0]))
	r.Header.Set("content-type", "application/json")
	answer(ts, r)
}

func get(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.NewRequest("GET", "http://"+ts.Getenv("ADDR")+args[0], nil)
	ts.Check(err)
	answer(ts, r)
}

func answer(ts *testscript.TestScript, r *http.Request) {
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), strconv.Itoa(response.StatusCode)+" "+string(body)+"\n")
	ts.Check(err)
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[1] {
		ts.Fatalf("the mode of %s is %s, want %s", args[0], got, args[1])
	}
}

func set(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if found == nil {
		ts.Fatalf("%s has no %s", args[1], args[2])
	}
	ts.Setenv(args[0], found[1])
}

func awaits(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[1])
	deadline := time.After(30 * time.Second)
	for {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && pattern.Match(text) {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("%s does not get %s", args[0], args[1])
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func taken(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("TAKEN", l.Addr().String())
}
