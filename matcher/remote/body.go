package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"mime/multipart"
	"net/textproto"
	"sync"

	"facematch/matcher"
	"facematch/matcher/internal/blob"
)

// part is one file of a request, open.
type part struct {
	field, name, mediaType string
	size                   int64
	file                   io.ReadCloser
}

// openPart opens a file and finds out its size, which must be known before the
// first byte is sent. The area is "document" or "clip", as in the problems' keys.
// The name it is sent under says nothing of the person, as the file's own may.
func openPart(ctx context.Context, b matcher.Blob, area, field string) (part, error) {
	file, err := blob.Open(b, area)
	if err != nil {
		return part{}, err
	}
	p := part{field: field, file: file, size: b.Size}
	head := make([]byte, blob.HeadSize)
	n, err := io.ReadFull(file, head)
	switch {
	case errors.Is(err, io.EOF):
		err = matcher.NewProblem(area+".empty", nil)
	case err == nil || errors.Is(err, io.ErrUnexpectedEOF):
		err = p.measure(ctx, b, area)
	default:
		err = matcher.NewProblem(area+".unreadable", err)
	}
	if err == nil {
		head = head[:n]
		err = p.label(blob.Sniff(head), area)
	}
	if err != nil {
		return part{}, errors.Join(err, file.Close())
	}
	p.file = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), file), file}
	return p, nil
}

// measure finds the file's size: of a file on disk as it is now, otherwise by
// reading it once.
func (p *part) measure(ctx context.Context, b matcher.Blob, area string) error {
	if f, ok := p.file.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if i, err := f.Stat(); err == nil {
			p.size = i.Size()
		}
	} else if p.size < 0 {
		again, err := blob.Open(b, area)
		if err != nil {
			return err
		}
		defer again.Close()
		if p.size, err = io.Copy(io.Discard, io.LimitReader(blob.Until(ctx, again), maxFile+1)); err != nil {
			return matcher.NewProblem(area+".unreadable", err)
		}
	}
	if p.size > maxFile {
		return matcher.NewProblem("remote."+area+"_large", nil, "Megabytes", maxFile>>20)
	}
	return nil
}

var types = map[blob.Format]struct{ mediaType, extension string }{
	blob.JPEG: {"image/jpeg", ".jpg"},
	blob.PNG:  {"image/png", ".png"},
	blob.MP4:  {"video/mp4", ".mp4"},
	blob.MOV:  {"video/quicktime", ".mov"},
	blob.AVI:  {"video/x-msvideo", ".avi"},
	blob.MKV:  {"video/x-matroska", ".mkv"}, // and WebM, which begins in the same way
}

// label names the part by what it holds.
func (p *part) label(f blob.Format, area string) error {
	t, known := types[f]
	if area == "clip" && f.OtherFilm() {
		return matcher.NewProblem("clip.other_kind", nil, "Format", string(f))
	}
	if image := f == blob.JPEG || f == blob.PNG; !known || image != (area == "document") {
		return matcher.NewProblem(area+".unsupported", nil, "Format", string(f))
	}
	p.mediaType, p.name = t.mediaType, area+t.extension
	return nil
}

// body is a request's body: streamed from its files, its length known before.
type body struct {
	contentType string
	size        int64
	read        func() int64 // how much of it was taken so far

	io.Reader
	close func() error
}

// Close closes the files. It may be called again, and while somebody reads.
func (b *body) Close() error { return b.close() }

// newBody makes the body of the parts. It takes over their files; wrote is told
// how many bytes were handed on, each time before more are taken.
func newBody(wrote func(int64), parts ...part) (*body, error) {
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	var readers []io.Reader
	b := &body{contentType: form.FormDataContentType()}
	flush := func() {
		b.size += int64(frame.Len())
		readers = append(readers, bytes.NewReader(bytes.Clone(frame.Bytes())))
		frame.Reset()
	}
	for _, p := range parts {
		head := textproto.MIMEHeader{}
		head.Set("Content-Disposition", multipart.FileContentDisposition(p.field, p.name))
		head.Set("Content-Type", p.mediaType)
		if _, err := form.CreatePart(head); err != nil {
			return nil, err
		}
		flush()
		b.size += p.size
		readers = append(readers, &exact{from: p.file, left: p.size})
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	flush()
	counted := &counter{from: io.MultiReader(readers...), wrote: wrote}
	b.Reader, b.read = counted, counted.count
	b.close = sync.OnceValue(func() error {
		counted.stop()
		var errs []error
		for _, p := range parts {
			errs = append(errs, p.file.Close())
		}
		return errors.Join(errs...)
	})
	return b, nil
}

var errShrunk = errors.New("a file became shorter while it was sent")

// exact gives exactly as many bytes as were announced. What a file grew by
// meanwhile stays unsent; one that shrank is an error.
type exact struct {
	from io.Reader
	left int64
}

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.from.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); errors.Is(err, io.EOF) && e.left > 0 {
		err = errShrunk
	}
	return n, err
}

// counter tells how much was taken and passed on: a sender that asks for
// more has sent what it got before.
type counter struct {
	from  io.Reader
	wrote func(int64)

	mu     sync.Mutex
	taken  int64
	closed bool
}

func (c *counter) Read(p []byte) (int, error) {
	if !c.report() {
		return 0, io.ErrClosedPipe
	}
	n, err := c.from.Read(p[:min(len(p), writeSize)])
	c.mu.Lock()
	c.taken += int64(n)
	c.mu.Unlock()
	return n, err
}

// report tells what was written so far, unless the body is closed.
func (c *counter) report() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.wrote(c.taken)
	}
	return !c.closed
}

func (c *counter) count() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

func (c *counter) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}
