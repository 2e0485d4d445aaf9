package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"runtime"
	"strings"
	"testing"
)

// kept is a place in memory that knows whether it was closed.
type kept struct {
	bytes.Buffer
	closed int
}

func (k *kept) Close() error { k.closed++; return nil }

// parse reads a body into two fields in memory.
func parse(body []byte, limit int64) (image, video *kept, fields [2]*field, err error) {
	image, video = &kept{}, &kept{}
	fields = [2]*field{
		{name: "image", max: limit, open: func() (io.WriteCloser, error) { return image, nil }},
		{name: "video", max: limit, open: func() (io.WriteCloser, error) { return video, nil }},
	}
	return image, video, fields, readForm(context.Background(), bytes.NewReader(body), "b", fields[0], fields[1])
}

// FuzzForm compares the parser with the library's own on whatever comes: what it
// takes it takes whole and in bounds, each place is closed once, and all else is a
// refusal of our own.
func FuzzForm(f *testing.F) {
	part := func(head, data string) string { return "--b\r\n" + head + "\r\n\r\n" + data + "\r\n" }
	image := part(`Content-Disposition: form-data; name="image"; filename="a.jpg"`, "picture")
	video := part(`Content-Disposition: form-data; name="video"`, "film")
	for _, seed := range []string{
		image + video + "--b--\r\n", video + image + "--b--", "preamble\r\n" + image + video + "--b--\r\nepilogue",
		image + image + "--b--", image + video, image + "--b", "--b--", "", "\r\n--b--\r\n", image + "--b\r\n\r\n--b--",
		part(`Content-Disposition: form-data; name="image"`, "") + "--b--",
		part("Content-Disposition: form-data; name=\"image\"\r\nContent-Transfer-Encoding: base64", "cGljdHVyZQ==") + "--b--",
		part("Content-Disposition: form-data; name=\"image\"\r\nContent-Transfer-Encoding: quoted-printable",
			"=41") + "--b--",
		part("Content-Disposition: form-data; name=\"image\"\r\nContent-Type: multipart/mixed; boundary=c",
			"--c\r\n\r\nx\r\n--c--") + "--b--",
		part(`Content-Disposition: attachment; name="image"`, "x") + "--b--",
		part(`Content-Disposition: form-data; name*=utf-8''image`, "x") + "--b--",
		part(`Content-Disposition: form-data; name="image"; name="video"`, "x") + "--b--",
		part("X: "+strings.Repeat("y", 2*maxPartHead), "x") + "--b--",
		strings.Repeat("--b\r\n\r\n\r\n", maxParts+2) + "--b--",
		part(`Content-Disposition: form-data; name="image"`, strings.Repeat("z", 5000)) + "--b--",
		"--b\n" + "Content-Disposition: form-data; name=image\n\nlines of Unix\n--b--\n",
		part(`Content-Disposition: form-data; name="image"`, "\r\n--b \r\n--bc\r\n--") + "--b--",
		strings.Repeat("no boundary\n", 2000),
	} {
		f.Add([]byte(seed))
	}
	const limit = 4096
	f.Fuzz(func(t *testing.T, body []byte) {
		image, video, fields, err := parse(body, limit)
		if image.closed > 1 || video.closed > 1 || fields[0].came != (image.closed == 1) && err == nil {
			t.Fatalf("closed %d and %d times", image.closed, video.closed)
		}
		if image.Len() > limit || video.Len() > limit {
			t.Fatalf("%d and %d bytes came through", image.Len(), video.Len())
		}
		var refused *refusal
		if err != nil {
			if !errors.As(err, &refused) || refused.status < 400 || refused.status > 499 {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		theirs, err := multipart.NewReader(bytes.NewReader(body), "b").ReadForm(1 << 20)
		if err != nil {
			t.Skip("the library is stricter about parts nobody asks for: " + err.Error())
		}
		defer theirs.RemoveAll()
		for i, mine := range []*kept{image, video} {
			name := fields[i].name
			var data []byte
			for _, v := range theirs.Value[name] {
				data = append(data, v...)
			}
			for _, h := range theirs.File[name] {
				file, err := h.Open()
				if err != nil {
					t.Fatal(err)
				}
				more, _ := io.ReadAll(file)
				_ = file.Close()
				data = append(data, more...)
			}
			if !bytes.Equal(data, mine.Bytes()) || int64(mine.Len()) != fields[i].size {
				t.Fatalf("%s: %q, the library has %q, size %d", name, mine.Bytes(), data, fields[i].size)
			}
		}
	})
}

// TestFormHoldsLittle reads 40 MB and looks at what was allocated for it.
func TestFormHoldsLittle(t *testing.T) {
	big := strings.Repeat("x", 20<<20)
	body, contentType := form(piece{"image", "", "", big}, piece{"video", "", "", big})
	limit, err := boundary(contentType)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := readForm(context.Background(), bytes.NewReader(body), limit, &field{name: "image", max: maxPart},
		&field{name: "video", max: maxPart}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if held := after.TotalAlloc - before.TotalAlloc; held > 1<<20 {
		t.Errorf("%d bytes are allocated for 40 MB", held)
	}
}

// slowReader gives one byte at a time: boundaries then lie across reads.
type slowReader struct{ r io.Reader }

func (s slowReader) Read(p []byte) (int, error) { return s.r.Read(p[:min(1, len(p))]) }

func TestFormByteByByte(t *testing.T) {
	body, contentType := form(both...)
	limit, _ := boundary(contentType)
	image, video := &kept{}, &kept{}
	err := readForm(context.Background(), slowReader{bytes.NewReader(body)}, limit,
		&field{name: "image", max: maxPart, open: func() (io.WriteCloser, error) { return image, nil }},
		&field{name: "video", max: maxPart, open: func() (io.WriteCloser, error) { return video, nil }})
	if err != nil || image.String() != aJPEG || video.String() != aClip {
		t.Errorf("%v, %d and %d bytes", err, image.Len(), video.Len())
	}
	for at := range 400 { // cut anywhere near the beginning and the end
		for _, cut := range []int{at, len(body) - at - 1} {
			if cut >= len(body)-2 {
				continue // without the line break behind the last boundary it is whole
			}
			if err := readForm(context.Background(), bytes.NewReader(body[:cut]), limit); err == nil {
				t.Fatalf("cut at %d of %d it is taken", cut, len(body))
			}
		}
	}
}
