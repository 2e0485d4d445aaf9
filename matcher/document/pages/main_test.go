package pages

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/document/pages/internal/pdf"
	"facematch/matcher/internal/picture"
)

// raced says that the race detector is on.
var raced bool

// The readers of most tests: the PDF engine takes seconds to start. The shared
// one bears with a busy computer, the impatient one gives a PDF up after a second.
var shared, impatient *Reader

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	// Kept from run to run, for the processes of a fuzz test above all.
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "facematch-tests")
	} else {
		if cache, err = os.MkdirTemp("", "facematch-tests"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(cache)
	}
	if raced {
		// The race detector makes compiling twenty times as slow: a minute. What a
		// test without it leaves behind is the same.
		warm := exec.Command("go", "test", "-race=false", "-count=1", "-run", "^TestFormats$", ".")
		if out, err := warm.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%w: %s", err, out)
		}
	}
	shared = New(Params{Cache: cache, Log: slog.New(slog.DiscardHandler)})
	shared.pdf = pdf.New(shared.compiler, time.Minute)
	impatient = &Reader{turn: make(chan struct{}, 1), heif: shared.heif, pdf: pdf.New(shared.compiler, time.Second)}
	code := m.Run()
	return code, errors.Join(impatient.pdf.Close(), shared.Close())
}

// memory is a document without a file.
func memory(data []byte) matcher.Blob {
	return matcher.Blob{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// open opens a document and its first page.
func open(t testing.TB, data []byte) (*File, Page) {
	t.Helper()
	f, err := shared.Open(context.Background(), memory(data))
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Page(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// refused opens a document and its first page with little patience, and gives
// the problem's key; the empty one where there is no problem.
func refused(t testing.TB, data []byte) string {
	t.Helper()
	return keyOf(t, func() error {
		f, err := impatient.Open(context.Background(), memory(data))
		if err != nil {
			return err
		}
		_, err = f.Page(context.Background(), 1)
		return err
	}())
}

func keyOf(t testing.TB, err error) string {
	t.Helper()
	var p *matcher.Problem
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &p):
		t.Fatalf("no problem a person can act on: %v", err)
	}
	return p.Key
}

// The picture of most tests: four fields of one colour each, so that a turn, a
// mirror and exchanged colours all show.
var (
	cardSize   = image.Pt(120, 90)
	cardFields = [4]color.RGBA{{200, 30, 30, 255}, {30, 160, 60, 255}, {40, 60, 200, 255}, {230, 220, 120, 255}}
)

// card draws the picture with so many times the pixels a side.
func card(times int) *image.RGBA {
	size := cardSize.Mul(times)
	img := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			img.SetRGBA(x, y, cardFields[2*y/size.Y*2+2*x/size.X])
		}
	}
	return img
}

// field is the middle of one of the four fields of a picture of any size.
func field(img *image.RGBA, i int) color.RGBA {
	size := img.Rect.Size()
	return img.RGBAAt(size.X*(1+2*(i%2))/4, size.Y*(1+2*(i/2))/4)
}

// like says whether two colours are much the same.
func like(a, b color.RGBA) bool {
	const give = 24 // what a lossy format may do
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		if d < -give || d > give {
			return false
		}
	}
	return a.A == 255
}

// showsCard fails where a picture is not the card, in some size.
func showsCard(t testing.TB, img *image.RGBA) {
	t.Helper()
	size := img.Rect.Size()
	if d := size.X*cardSize.Y - size.Y*cardSize.X; d > size.X || d < -size.X {
		t.Errorf("the picture is %v", size)
	}
	showsFields(t, img)
}

// showsFields fails where a picture is not the card, in whatever proportions.
func showsFields(t testing.TB, img *image.RGBA) {
	t.Helper()
	if img.Rect.Min != (image.Point{}) || img.Stride != 4*img.Rect.Dx() {
		t.Errorf("the picture starts at %v, its rows are %d bytes", img.Rect.Min, img.Stride)
	}
	for i, want := range cardFields {
		if got := field(img, i); !like(got, want) {
			t.Errorf("field %d is %v, want %v", i, got, want)
		}
	}
}

// stored is how a camera held in this way (an EXIF orientation) stores an
// upright picture.
func stored(upright *image.RGBA, orientation int) *image.RGBA {
	switch orientation {
	case 2:
		return picture.Mirror(upright)
	case 3:
		return picture.Turn(upright, 180)
	case 4:
		return picture.Turn(picture.Mirror(upright), 180)
	case 5:
		return picture.Mirror(picture.Turn(upright, 90))
	case 6:
		return picture.Turn(upright, 270)
	case 7:
		return picture.Mirror(picture.Turn(upright, 270))
	case 8:
		return picture.Turn(upright, 90)
	}
	return upright
}
