package gateway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

var (
	errSlow = refuse(http.StatusRequestTimeout, "the body came too slowly")
	errCut  = refuse(
		http.StatusBadRequest,
		"the body could not be read to its end: it is shorter than its length says, or of no valid form",
	)
)

// body is a request's body as it comes: not for ever, and not without end.
type body struct {
	from io.Reader
	conn *http.ResponseController
	g    *Gateway
	most *refusal // where it is longer than left
	left int64

	began time.Time
	taken int64
	ended bool // read to its end
}

// newBody takes a request's body of at most so many bytes. One that says it is
// longer is refused unread.
func (g *Gateway) newBody(q *request, most int64) (*body, error) {
	b := &body{
		from: q.Body, conn: http.NewResponseController(q.w), g: g, left: most, began: time.Now(),
		most: refuse(http.StatusRequestEntityTooLarge, "the body is too large"),
	}
	if most >= 1<<20 {
		b.most.text = "the body is too large: 50 MB a file are taken"
	}
	if q.ContentLength > most {
		return b, b.most
	}
	if q.Header.Get("Content-Encoding") != "" {
		return b, refuse(http.StatusBadRequest, "the body must not be compressed")
	}
	return b, nil
}

// Read reads on while the body comes at bodyRate in the mean.
func (b *body) Read(p []byte) (int, error) {
	if b.g.stopping.Err() != nil {
		return 0, retry(stopped, stopTime)
	}
	if b.left <= 0 {
		// One byte more is too much; none is the end.
		var more [1]byte
		if n, err := b.from.Read(more[:]); n == 0 && err != nil {
			return 0, b.note(err)
		}
		return 0, b.most
	}
	p = p[:min(int64(len(p)), b.left)]
	due := b.began.Add(b.g.patience.grace + time.Duration(b.taken+int64(len(p)))*time.Second/bodyRate)
	_ = b.conn.SetReadDeadline(due) // every connection of ours has one
	n, err := b.from.Read(p)
	b.taken, b.left = b.taken+int64(n), b.left-int64(n)
	return n, b.note(err)
}

func (b *body) note(err error) error {
	switch {
	case err == io.EOF:
		b.ended = true
		// The connection is watched now for the client's leaving, which may take long.
		_ = b.conn.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	case err != nil:
		return errCut
	}
	return err
}

// linger throws away what a client that was refused still sends, a little of it.
func (b *body) linger() {
	if b.g.stopping.Err() != nil {
		return
	}
	_ = b.conn.SetReadDeadline(time.Now().Add(b.g.patience.linger))
	_, _ = io.CopyN(io.Discard, b.from, lingerBytes)
}
