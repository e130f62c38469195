package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"time"
)

const peerProgram = "pocketbase"

// pocketServer is PocketBase, asked through its REST API.
type pocketServer struct {
	*process
	sync string // full or stock
}

func (b *bench) buildPocketBase() (string, error) { return b.build(peerProgram, "pocketbase", ".") }

func startPocketBase(b *bench, dir, sync string) (*pocketServer, error) {
	program, err := b.buildPocketBase()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(b.ctx, "/api/health", program, "--dir", dir, "--sync", sync,
		"--log="+strconv.FormatBool(b.peerLog))
	if err != nil {
		return nil, err
	}
	return &pocketServer{process: p, sync: sync}, nil
}

// fillPocketBase inserts tasks into a new directory, some of them ana's.
func fillPocketBase(b *bench, dir string, records, mine int) error {
	program, err := b.buildPocketBase()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(b.ctx, program, "--dir", dir, "--fill", strconv.Itoa(records),
		"--mine", strconv.Itoa(mine), "--text", strconv.Itoa(textLength)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("fill PocketBase: %w\n%s", err, out)
	}
	return nil
}

func (p *pocketServer) name() string {
	if p.sync == "full" {
		return fullName
	}
	return stockName
}

const tasksPath = "/api/collections/tasks/records"

func (p *pocketServer) create() []byte {
	return post("POST", p.addr, tasksPath, "", task(title(0), "user1", 0))
}

func (p *pocketServer) update(id string) []byte {
	return post("PATCH", p.addr, tasksPath+"/"+id, "", fmt.Sprintf(`{"title":%q}`, title(0)))
}

func (p *pocketServer) id(body []byte) string { return between(body, `"id":"`, `"`) }

func (p *pocketServer) check(status int, body []byte) error {
	if status != 200 {
		return fmt.Errorf("PocketBase answers %d %.300s", status, body)
	}
	return nil
}

// events is a subscription over server-sent events.
type events struct{ *conn }

func (p *pocketServer) listen() (feed, error) {
	c, err := dial(p.addr)
	if err != nil {
		return nil, err
	}
	e := events{c}
	if err := e.begin(p); err != nil {
		c.Close()
		return nil, err
	}
	return e, nil
}

func (e events) begin(p *pocketServer) error {
	_ = e.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := e.Write(get(p.addr, "/api/realtime", "Accept: text/event-stream\r\n")); err != nil {
		return err
	}
	client := ""
	for client == "" {
		if err := e.read(); err != nil {
			return err
		}
		client = between(e.buf[:e.n], `"clientId":"`, `"`)
	}
	_ = e.SetReadDeadline(time.Time{})
	c, err := dial(p.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	status, body, err := c.roundTrip(post("POST", p.addr, "/api/realtime", "",
		fmt.Sprintf(`{"clientId":%q,"subscriptions":["tasks/*"]}`, client)))
	if err == nil && status != 204 {
		err = fmt.Errorf("PocketBase answers a subscription with %d %s", status, bytes.TrimSpace(body))
	}
	return err
}

func (e events) next() ([]byte, error) {
	e.n = 0
	err := e.read()
	return e.buf[:e.n], err
}
