package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// load sends requests on some connections for a time, on each the next one when the last was answered, and
// gives how many were answered in a second. Every answer is looked at with check.
//
// It shares the machine's cores with the server that it measures, so it is one thread around epoll: for
// each request a write, a read and a part of a wait.
func load(ctx context.Context, addr string, connections int, turn time.Duration, request []byte, check func(status int, body []byte) error) (perSecond float64, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return 0, err
	}
	defer syscall.Close(poll)
	callers := make([]*caller, connections)
	for i := range callers {
		c, err := newCaller(addr, newNumbered(request), i*100_000)
		if err != nil {
			return 0, err
		}
		defer syscall.Close(c.fd)
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(i)} // the place, instead of the descriptor
		if err := syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, c.fd, &event); err != nil {
			return 0, err
		}
		callers[i] = c
	}
	begin := time.Now()
	for _, c := range callers {
		if err := c.send(); err != nil {
			return 0, err
		}
	}
	answered := 0
	events := make([]syscall.EpollEvent, connections)
	for waiting, until := connections, begin.Add(turn); waiting > 0; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := syscall.EpollWait(poll, events, 30_000)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return 0, errors.Join(err, fmt.Errorf("%d of %d requests are not answered", waiting, connections))
		}
		for _, event := range events[:n] {
			c := callers[event.Fd]
			done, err := c.receive(check)
			if err != nil {
				return 0, err
			}
			if !done {
				continue
			}
			answered++
			if !time.Now().Before(until) {
				waiting--
			} else if err := c.send(); err != nil {
				return 0, err
			}
		}
	}
	return float64(answered) / time.Since(begin).Seconds(), nil
}

// caller is one connection of a load. The network poller of the runtime does not know it.
type caller struct {
	fd      int
	request numbered
	number  int
	buf     []byte
	n       int
}

func newCaller(addr string, request numbered, number int) (*caller, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.SetNonblock(fd, true))
	if err != nil {
		return nil, errors.Join(err, syscall.Close(fd))
	}
	return &caller{fd: fd, request: request, number: number, buf: make([]byte, 64<<10)}, nil
}

func (c *caller) send() error {
	request := c.request.with(c.number)
	c.number++
	n, err := syscall.Write(c.fd, request)
	if err == nil && n < len(request) {
		err = errors.New("the server does not take a whole request")
	}
	return err
}

// receive reads what has come, and tells whether that is a whole answer.
func (c *caller) receive(check func(int, []byte) error) (done bool, err error) {
	n, err := syscall.Read(c.fd, c.buf[c.n:])
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, errors.New("the server closed the connection, or the answer is over 64 KiB")
	}
	c.n += n
	head, body, found := bytes.Cut(c.buf[:c.n], []byte("\r\n\r\n"))
	if !found {
		return false, nil
	}
	if length := header(head, "content-length"); length != nil {
		size, err := strconv.Atoi(string(length))
		if err != nil || len(body) < size {
			return false, err
		}
	} else if !bytes.HasSuffix(body, []byte("0\r\n\r\n")) {
		return false, nil // chunks, which end so; no check cares for what is between them
	}
	status, err := strconv.Atoi(string(head[min(len(head), 9):min(len(head), 12)]))
	if err != nil {
		return false, errAnswer
	}
	c.n = 0
	return true, check(status, body)
}
