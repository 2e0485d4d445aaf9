package gateway

import (
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
)

// field is a part that is wanted of a body.
type field struct {
	name string
	max  int64                          // bytes
	open func() (io.WriteCloser, error) // where its bytes go; nil: nowhere
	size int64                          // bytes that came
	came bool
}

var (
	errHead = refuse(http.StatusBadRequest, "the header of a part is too long")
	errEnd  = error(
		refuse(http.StatusBadRequest, "the body ends too early: a part is cut off or the last boundary is missing"),
	)
	errForm = refuse(http.StatusBadRequest, "the body is no valid multipart/form-data")
)

// boundary takes a multipart body's boundary from its Content-Type.
func boundary(contentType string) (string, error) {
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil || media != "multipart/form-data":
		return "", refuse(http.StatusBadRequest, "the body must be multipart/form-data")
	case params["boundary"] == "" || len(params["boundary"]) > 70: // RFC 2046
		return "", refuse(http.StatusBadRequest, "the multipart/form-data has no valid boundary")
	}
	return params["boundary"], nil
}

// readForm reads a multipart body to its end and hands the wanted parts on as they
// come, in any order. Others are thrown away: a client may send more than this
// version knows. Nothing of it is held in memory but the header of one part, and
// neither file names nor stated types are believed or kept. The errors are
// refusals, those of the places the bytes go to, or the reader's.
func readForm(ctx context.Context, body io.Reader, boundary string, wanted ...*field) error {
	// The library gives io.EOF as it is for the last boundary, and also for a header
	// that is cut off. So the end of the body is another error to it, and the line
	// break that may be missing behind the last boundary is there.
	m := &meter{from: io.MultiReader(body, strings.NewReader("\r\n"), cutOff{})}
	r := multipart.NewReader(m, boundary)
	for n := 0; ; n++ {
		m.allow(maxPartHead, errHead)
		part, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return m.failure(err)
		}
		if n == maxParts {
			return refuse(http.StatusBadRequest, fmt.Sprintf("the body has more than %d parts", maxParts))
		}
		if err := readPart(ctx, m, part, wanted); err != nil {
			return err
		}
	}
	m.allow(maxPartHead, refuse(http.StatusBadRequest, "there is too much behind the last part"))
	if _, err := io.Copy(io.Discard, m); err != errEnd {
		return m.failure(err)
	}
	return nil
}

// cutOff turns the end of a body into an error where more of it is expected.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, errEnd }

func readPart(ctx context.Context, m *meter, part *multipart.Part, wanted []*field) (err error) {
	to := &field{name: "another part", max: maxPart}
	for _, w := range wanted {
		if part.FormName() == w.name {
			to = w
		}
	}
	known := to.name != "another part"
	if known && to.came {
		return refuse(http.StatusBadRequest, "the part "+to.name+" came twice")
	}
	if known {
		if err := plain(to.name, part); err != nil {
			return err
		}
	}
	to.came = true
	sink := io.WriteCloser(nowhere{})
	if to.open != nil {
		if sink, err = to.open(); err != nil {
			return err
		}
	}
	defer func() {
		if closed := sink.Close(); err == nil {
			err = closed
		}
	}()
	large := tooLarge(to.name, to.max)
	m.allow(to.max+maxPartHead, large) // with the boundary behind it
	buffer := make([]byte, 32<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := part.Read(buffer)
		if to.size += int64(n); to.size > to.max {
			return large
		}
		if _, err := sink.Write(buffer[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return m.failure(err)
		}
	}
}

// plain refuses a part whose bytes are not the file's own.
func plain(name string, part *multipart.Part) error {
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "", "binary", "8bit", "7bit":
	default:
		return refuse(http.StatusBadRequest, "the part "+name+" must not be encoded")
	}
	if strings.HasPrefix(strings.ToLower(part.Header.Get("Content-Type")), "multipart/") {
		return refuse(http.StatusBadRequest, "the part "+name+" must be a file, not several")
	}
	return nil
}

func tooLarge(name string, most int64) *refusal {
	size := fmt.Sprintf("%d MB", most>>20)
	if most < 1<<20 {
		size = fmt.Sprintf("%d KB", most>>10)
	}
	return refuse(http.StatusRequestEntityTooLarge, "the part "+name+" is larger than "+size)
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// meter lets a bounded number of bytes through: the multipart reader itself would
// hold megabytes of a header.
type meter struct {
	from io.Reader
	left int64
	over error // where there are more
	err  error // the reader's own, or over
}

func (m *meter) allow(bytes int64, over error) { m.left, m.over = bytes, over }

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		m.err = m.over
		return 0, m.err
	}
	n, err := m.from.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

// failure says why the multipart reader stopped: because of what it read from, or
// because of what it read.
func (m *meter) failure(err error) error {
	if m.err != nil {
		return m.err
	}
	return errForm
}

// spill opens a new private file in a folder for a part.
func spill(dir, name string) (path string, open func() (io.WriteCloser, error)) {
	path = dir + string(os.PathSeparator) + name
	return path, func() (io.WriteCloser, error) {
		return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
}
