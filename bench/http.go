package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// conn is a connection that sends prebuilt requests and reads as little of the answers as it can.
type conn struct {
	net.Conn
	buf []byte
	n   int // bytes read of the answer under way
}

func dial(addr string) (*conn, error) {
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, buf: make([]byte, 16<<10)}, nil
}

var errAnswer = errors.New("malformed HTTP answer")

// roundTrip sends a request and reads the answer. The body is valid until the next call.
func (c *conn) roundTrip(request []byte) (status int, body []byte, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, nil, err
	}
	c.n = 0
	end := -1
	for end < 0 {
		if err := c.read(); err != nil {
			return 0, nil, err
		}
		end = bytes.Index(c.buf[:c.n], []byte("\r\n\r\n"))
	}
	head := c.buf[:end]
	if len(head) < 12 {
		return 0, nil, errAnswer
	}
	if status, err = strconv.Atoi(string(head[9:12])); err != nil {
		return 0, nil, errAnswer
	}
	begin := end + 4
	if length := header(head, "content-length"); length != nil {
		size, err := strconv.Atoi(string(length))
		if err != nil {
			return 0, nil, errAnswer
		}
		if err := c.readTo(begin + size); err != nil {
			return 0, nil, err
		}
		return status, c.buf[begin : begin+size], nil
	}
	if bytes.EqualFold(header(head, "transfer-encoding"), []byte("chunked")) {
		body, err = c.chunks(begin)
		return status, body, err
	}
	return status, nil, nil
}

// header gives the value of a header, whose name is in lower case; nil where there is none.
func header(head []byte, name string) []byte {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return bytes.TrimSpace(line[len(name)+1:])
		}
	}
	return nil
}

// chunks reads a chunked body that begins at a place in the buffer, and moves its pieces together.
func (c *conn) chunks(begin int) ([]byte, error) {
	at, end := begin, begin // where the next chunk lies, where the body so far ends
	for {
		line := -1
		for {
			if line = bytes.Index(c.buf[at:c.n], []byte("\r\n")); line >= 0 {
				break
			}
			if err := c.read(); err != nil {
				return nil, err
			}
		}
		size, err := strconv.ParseInt(string(c.buf[at:at+line]), 16, 32)
		if err != nil {
			return nil, errAnswer
		}
		data := at + line + 2
		at = data + int(size) + 2
		if err := c.readTo(at); err != nil {
			return nil, err
		}
		if size == 0 {
			return c.buf[begin:end], nil
		}
		end += copy(c.buf[end:], c.buf[data:data+int(size)])
	}
}

func (c *conn) readTo(n int) error {
	if n > len(c.buf) {
		c.buf = append(c.buf, make([]byte, n-len(c.buf))...)
	}
	for c.n < n {
		if err := c.read(); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) read() error {
	if c.n == len(c.buf) {
		c.buf = append(c.buf, make([]byte, len(c.buf))...)
	}
	n, err := c.Read(c.buf[c.n:])
	c.n += n
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	if n > 0 {
		err = nil
	}
	return err
}

// get and post build requests; headers are whole lines, each with its end.
func get(host, path, headers string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, host, headers)
}

func post(method, host, path, headers, body string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s",
		method, path, host, len(body), headers, body)
}

// numbered is a request with a number in it, written as title writes it.
type numbered struct {
	request []byte
	at      int
}

const titleDigits = 7

// title is a text that is found again in answers and events.
func title(n int) string { return fmt.Sprintf("n%0*d", titleDigits, n) }

// newNumbered wraps a request that holds title(0) once.
func newNumbered(request []byte) numbered {
	at := bytes.Index(request, []byte(title(0)))
	if at < 0 {
		panic("the request holds no title")
	}
	return numbered{request: bytes.Clone(request), at: at + 1}
}

// with gives the request with another number; it is valid until the next call.
func (r numbered) with(n int) []byte {
	for i := r.at + titleDigits - 1; i >= r.at; i-- {
		r.request[i] = byte('0' + n%10)
		n /= 10
	}
	return r.request
}
