package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/matcher"
	"facematch/matcher/document"
	"facematch/matcher/document/pages"
	"facematch/matcher/internal/picture"
)

// shared is the one loaded engine of all tests that do not close it.
var shared struct {
	once   sync.Once
	engine *Engine
	reader *pages.Reader
}

// sharedDecoders are those of all tests that do not close or harm them.
var sharedDecoders = newDecoders(2, "")

func TestMain(m *testing.M) {
	if code, asked := tried(os.Args); asked {
		os.Exit(code)
	}
	if code, asked := decoded(os.Args); asked {
		os.Exit(code)
	}
	if folder := os.Getenv(plainEnv); folder != "" {
		if err := plainGoFace(folder, os.Args[1:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	sharedDecoders.close()
	if shared.engine != nil {
		shared.reader.Close()
		shared.engine.Close()
	}
	os.Exit(code)
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func calibration(t testing.TB) *matcher.Calibration {
	t.Helper()
	data, err := os.ReadFile("../../assets/calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := matcher.ParseCalibration(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// models is the folder with the models; the test is skipped where there is none.
func models(t testing.TB) string {
	t.Helper()
	for _, folder := range []string{os.Getenv("FACEMATCH_MODELS"), "../../assets/models"} {
		if folder == "" {
			continue
		}
		if _, err := modelFolder([]string{folder}, calibration(t).Models); err == nil {
			return folder
		}
	}
	need.Missing(t, "the face models are not here; make models fetches them")
	return ""
}

func newEngine(t testing.TB, p Params) *Engine {
	t.Helper()
	e, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func loadedEngine(t testing.TB) *Engine {
	t.Helper()
	folder, c := models(t), calibration(t)
	shared.once.Do(func() {
		shared.reader = pages.New(pages.Params{Log: discard()})
		shared.engine = newEngine(t, Params{Folders: []string{folder}, Calibration: c, Log: discard()})
	})
	if err := shared.engine.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	return shared.engine
}

func newMatcher(t testing.TB) *Matcher {
	t.Helper()
	engine := loadedEngine(t)
	return NewMatcher(MatcherParams{
		Engine:      engine,
		Portraits:   newFinder(t),
		Calibration: calibration(t),
		Temp:        t.TempDir(),
	})
}

// newFinder is the document finder over the shared engine.
func newFinder(t testing.TB) *document.Finder {
	t.Helper()
	engine := loadedEngine(t)
	return document.New(document.Params{Pages: shared.reader, Faces: engine})
}

func rules(t testing.TB) []matcher.Condition {
	t.Helper()
	r, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// gocvPhoto is one of the two photographs of one man that gocv ships.
func gocvPhoto(t testing.TB, name string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "images", name)
}

// testdata is a path among the shared test pictures; the test is skipped where
// they are not here.
func testdata(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("../../../shared/testdata", name)
	if _, err := os.Stat(path); err != nil {
		need.Missing(t, "the shared test pictures are not here")
	}
	return path
}

func readPicture(t testing.TB, path string) *image.RGBA {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	return picture.Fit(img, frameSide)
}

func jpegBlob(t testing.TB, img image.Image) matcher.Blob {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return memoryBlob(b.Bytes())
}

func memoryBlob(data []byte) matcher.Blob {
	return matcher.Blob{Name: "in memory", Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// allOf reads a film to its end.
func allOf(ctx context.Context, film matcher.Film) ([]matcher.Frame, error) {
	var frames []matcher.Frame
	for {
		f, err := film.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return frames, nil
		case err != nil:
			return nil, err
		}
		frames = append(frames, f)
	}
}

// moving is a clip of a still picture that wanders by a few pixels from frame
// to frame, as a person in front of a camera does.
func moving(img *image.RGBA, n int) []matcher.Frame {
	frames := make([]matcher.Frame, n)
	for i := range frames {
		shifted := picture.Solid(img.Rect.Size(), color.Gray{Y: 90})
		draw.Draw(shifted, shifted.Rect.Add(image.Pt(i%5*3, i%3*2)), img, image.Point{}, draw.Src)
		frames[i] = matcher.Frame{Image: shifted, At: time.Duration(i) * 100 * time.Millisecond, Seq: uint64(i + 1)}
	}
	return frames
}

// beside puts two pictures side by side.
func beside(a, b *image.RGBA) *image.RGBA {
	out := picture.Solid(image.Pt(a.Rect.Dx()+b.Rect.Dx(), max(a.Rect.Dy(), b.Rect.Dy())), color.Gray{Y: 90})
	draw.Draw(out, a.Rect, a, image.Point{}, draw.Src)
	draw.Draw(out, b.Rect.Add(image.Pt(a.Rect.Dx(), 0)), b, image.Point{}, draw.Src)
	return out
}

// wantProblem checks that an error is the problem of this key.
func wantProblem(t testing.TB, err error, key string) *matcher.Problem {
	t.Helper()
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != key {
		t.Fatalf("got %v, want the problem %s", err, key)
	}
	return p
}
