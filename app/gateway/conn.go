package gateway

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// listener gives connections on which net/http's own refusals have this API's
// form. Where there are too many of them, the one that has been without a request
// for the longest time is closed: who opens connections and says nothing keeps
// nobody out.
type listener struct {
	net.Listener
	most int

	mu   sync.Mutex
	open map[*conn]bool
}

func newListener(l net.Listener, most int) *listener {
	return &listener{Listener: l, most: most, open: map[*conn]bool{}}
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	own := &conn{Conn: c, from: l}
	own.since.Store(time.Now().UnixNano())
	if silent := l.add(own); silent != nil {
		go func() { _ = silent.Close() }() // with TLS that may wait for the other side
	}
	return own, nil
}

// add notes a new connection and gives the one that has to go for it; nil where
// there is room. Where all have a request it is the new one itself.
func (l *listener) add(c *conn) (silent *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c] = true
	if len(l.open) <= l.most {
		return nil
	}
	silent = c
	for other := range l.open {
		if !other.serving.Load() && other.since.Load() < silent.since.Load() {
			silent = other
		}
	}
	return silent
}

func (l *listener) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

// conn is a connection.
type conn struct {
	net.Conn
	from *listener

	since   atomic.Int64 // when it was opened or its last request was over, in Unix nanoseconds
	serving atomic.Bool  // a request came whole: its handler answers
	heard   atomic.Bool  // else: bytes of one came
	late    atomic.Bool  // but not all of them in time
	told    atomic.Bool  // and net/http has refused it by itself
}

// idle notes that a request is over.
func (c *conn) idle() {
	c.serving.Store(false)
	c.heard.Store(false)
	c.late.Store(false)
	c.since.Store(time.Now().UnixNano())
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.serving.Load() {
		return n, err
	}
	if n > 0 {
		c.heard.Store(true)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.late.Store(true)
	}
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader) {
		_, _ = plain.Conn.Write(rawRefusal("400 Bad Request", "this server speaks HTTPS"))
	}
	return n, err
}

// Write passes an answer on. What net/http writes by itself, of a request that
// never becomes one, is plain text; it writes it in one piece.
func (c *conn) Write(p []byte) (int, error) {
	if c.serving.Load() { // a handler's own answer
		return c.Conn.Write(p)
	}
	own, found := ownRefusal(p)
	if !found {
		return c.Conn.Write(p)
	}
	c.told.Store(true)
	if c.late.Load() {
		own = rawRefusal(tooSlow, "the request came too slowly")
	}
	if n, err := c.Conn.Write(own); err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}

// CloseWrite ends the sending: net/http then gives a refusal the time to arrive.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close closes the connection; a request whose header came too slowly is told so.
func (c *conn) Close() error {
	defer c.from.remove(c)
	if !c.serving.Load() && c.late.Load() && c.heard.Load() && !c.told.Load() {
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = c.Conn.Write(rawRefusal(tooSlow, "the request came too slowly"))
	}
	return c.Conn.Close()
}

const tooSlow = "408 Request Timeout"

// ownMark stands behind the status line of net/http's own refusals, and of none of
// ours.
const ownMark = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// ownRefusal finds a refusal of net/http's own and gives it in this API's form.
func ownRefusal(p []byte) ([]byte, bool) {
	if !bytes.HasPrefix(p, []byte("HTTP/1.1 ")) {
		return nil, false
	}
	line, rest, _ := bytes.Cut(p[len("HTTP/1.1 "):], []byte("\r\n"))
	status := string(line)
	if strings.HasPrefix(status, "417 ") { // to an Expect it does not know; without a body
		return rawRefusal("417 Expectation Failed", "this Expect header is not understood"), true
	}
	if !bytes.HasPrefix(append([]byte("\r\n"), rest...), []byte(ownMark)) {
		return nil, false
	}
	code, text, _ := strings.Cut(status, " ")
	text, why, explained := strings.Cut(text, ": ")
	if !explained {
		why = strings.ToLower(text)
	}
	return rawRefusal(code+" "+text, why), true
}

// rawRefusal is a whole answer, for a request that has no handler.
func rawRefusal(status, text string) []byte {
	body := errorBody(text)
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Request-Id: %s\r\nConnection: close\r\n\r\n%s",
		status, len(body), newRequestID(), body)
}

func looksLikeHTTP(head [5]byte) bool {
	switch string(head[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		return true
	}
	return false
}
