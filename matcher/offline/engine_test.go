package offline

import (
	"context"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
)

func TestFind(t *testing.T) {
	e := loadedEngine(t)
	img := readPicture(t, gocvPhoto(t, "face.jpg"))
	faces, err := e.Find(context.Background(), img)
	if err != nil || len(faces) != 1 {
		t.Fatalf("%d faces, %v", len(faces), err)
	}
	f := faces[0]
	near := func(got, want image.Point) bool {
		d := got.Sub(want)
		return math.Hypot(float64(d.X), float64(d.Y)) < 12
	}
	// Where they are on the photograph: looked up by eye.
	if !near(f.Eyes[0], image.Pt(313, 241)) || !near(f.Eyes[1], image.Pt(389, 240)) || !near(f.Nose, image.Pt(346, 301)) {
		t.Errorf("eyes %v, nose %v", f.Eyes, f.Nose)
	}
	if !f.Eyes[0].In(f.Box) || !f.Eyes[1].In(f.Box) || !f.Nose.In(f.Box) {
		t.Errorf("box %v", f.Box)
	}
}

func TestFindInOtherSizes(t *testing.T) {
	e := loadedEngine(t)
	photo := readPicture(t, gocvPhoto(t, "face.jpg"))
	eye := func(width int) float64 { return 76 * float64(width) / 640 }
	for name, img := range map[string]*image.RGBA{
		"large":                 picture.Resize(photo, image.Pt(2000, 1500)),
		"small, found enlarged": picture.Resize(photo, image.Pt(240, 180)),
		"a part of a picture":   photo.SubImage(image.Rect(100, 50, 600, 450)).(*image.RGBA),
	} {
		faces, err := e.Find(context.Background(), img)
		if err != nil || len(faces) != 1 {
			t.Errorf("%s: %d faces, %v", name, len(faces), err)
			continue
		}
		want := eye(img.Bounds().Dx())
		if name == "a part of a picture" {
			want = 76
			if d := faces[0].Eyes[0].Sub(image.Pt(313, 241)); d.X*d.X+d.Y*d.Y > 100 {
				t.Errorf("%s: eyes at %v, not in the picture's own coordinates", name, faces[0].Eyes)
			}
		}
		if got := quality.InterEye(faces[0].Eyes); math.Abs(got-want) > want/8 {
			t.Errorf("%s: eyes %.1f apart, want about %.1f", name, got, want)
		}
	}
}

// The folders of the models may be named after a person.
func TestNoPathIsLogged(t *testing.T) {
	good, empty, damaged := models(t), t.TempDir(), t.TempDir()
	for _, m := range calibration(t).Models {
		if err := os.Mkdir(filepath.Join(damaged, m.Name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{good, empty, damaged} {
		var log strings.Builder
		e := newEngine(t, Params{Folders: []string{folder}, Calibration: calibration(t),
			Log: slog.New(slog.NewTextHandler(&log, nil))})
		err := e.Load(context.Background())
		e.Close()
		if (err == nil) != (folder == good) || log.Len() == 0 {
			t.Errorf("%v; the log says %q", err, log.String())
		}
		if strings.Contains(log.String(), folder) || err != nil && strings.Contains(err.Error(), folder) {
			t.Errorf("a path is named: %v, %s", err, log.String())
		}
	}
	// Reading a model can fail as well, which the problem's cause says without it.
	gone := filepath.Join(empty, "gone")
	if err := hidden(&fs.PathError{Op: "open", Path: gone, Err: fs.ErrPermission}); !errors.Is(err, fs.ErrPermission) ||
		strings.Contains(err.Error(), gone) {
		t.Errorf("got %v", err)
	}
}

func TestFindNothing(t *testing.T) {
	e := loadedEngine(t)
	for name, img := range map[string]*image.RGBA{
		"empty":   image.NewRGBA(image.Rectangle{}),
		"a pixel": picture.Solid(image.Pt(1, 1), color.White),
		"a line":  picture.Solid(image.Pt(3000, 1), color.White),
		"plain":   picture.Solid(image.Pt(300, 300), color.White),
	} {
		if faces, err := e.Find(context.Background(), img); err != nil || len(faces) != 0 {
			t.Errorf("%s: %d faces, %v", name, len(faces), err)
		}
	}
}

// A head that leans is turned upright before go-face sees it, whose own detector
// finds upright faces only.
func TestLeaningFaceIsDescribedAsUpright(t *testing.T) {
	e := loadedEngine(t)
	photo := readPicture(t, gocvPhoto(t, "face.jpg"))
	reference := describedAt(t, e, photo)
	for _, degrees := range []float64{-45, -35, -15, 15, 35, 45} {
		d := describedAt(t, e, leaning(photo, degrees))
		apart := distance(reference.goFace, d.goFace)
		t.Logf("leaning by %.0f degrees: go-face's distance %.3f, cosine %.3f", degrees, apart, parts(reference, d).Cosine)
		if apart > 0.3 || parts(reference, d).Cosine < 0.85 {
			t.Errorf("leaning by %.0f degrees: go-face's distance %.3f, cosine %.3f", degrees, apart, parts(reference, d).Cosine)
		}
	}
}

// describedAt is the descriptor of the one face in a picture.
func describedAt(t *testing.T, e *Engine, img *image.RGBA) descriptor {
	t.Helper()
	all, err := e.find(context.Background(), img)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d faces, %v", len(all), err)
	}
	d, ok, err := e.describePortrait(context.Background(), img, all[0])
	if err != nil || !ok {
		t.Fatalf("described: %v, %v", ok, err)
	}
	return d
}

// leaning is a picture turned clockwise about its middle, in a larger grey square.
func leaning(img *image.RGBA, degrees float64) *image.RGBA {
	size := img.Rect.Size()
	side := int(math.Hypot(float64(size.X), float64(size.Y)))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	middle := similarity{a: cos, b: sin}.of(spot{float64(size.X) / 2, float64(size.Y) / 2})
	out := warped(img, similarity{a: cos, b: sin, dx: float64(side)/2 - middle.x, dy: float64(side)/2 - middle.y}, side)
	defer out.Close()
	turned, err := toRGBA(out, gocv.ColorBGRToBGRA)
	if err != nil {
		panic(err)
	}
	return turned
}

func copyInto(dst, src *image.RGBA, at image.Point) {
	for y := range src.Rect.Dy() {
		copy(dst.Pix[dst.PixOffset(at.X, at.Y+y):], src.Pix[src.PixOffset(0, y):src.PixOffset(0, y)+4*src.Rect.Dx()])
	}
}

func TestFindFromSeveralGoroutines(t *testing.T) {
	e := loadedEngine(t)
	img := readPicture(t, gocvPhoto(t, "face-detect.jpg"))
	first, err := e.find(context.Background(), img)
	if err != nil || len(first) != 1 {
		t.Fatalf("%d faces, %v", len(first), err)
	}
	var callers sync.WaitGroup
	for range 6 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			again, err := e.find(context.Background(), img)
			if err != nil || len(again) != 1 || again[0].Face != first[0].Face {
				t.Errorf("%d faces, %v: not the same as alone", len(again), err)
			}
		}()
	}
	callers.Wait()
}

// modelsBut makes a folder with all models but for one, which is left out or
// written as given.
func modelsBut(t *testing.T, name string, instead []byte) string {
	t.Helper()
	folder, dir := models(t), t.TempDir()
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range calibration(t).Models {
		if m.Name == name {
			continue
		}
		if err := os.Symlink(filepath.Join(folder, m.Name), filepath.Join(dir, m.Name)); err != nil {
			t.Fatal(err)
		}
	}
	if instead != nil {
		if err := os.WriteFile(filepath.Join(dir, name), instead, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const landmarks = "shape_predictor_5_face_landmarks.dat"

func TestLoadMissingThenThere(t *testing.T) {
	dir := modelsBut(t, landmarks, nil)
	e := newEngine(t, Params{Folders: []string{"", "/does/not/exist", dir}, Calibration: calibration(t), Log: discard()})
	defer e.Close()
	p := wantProblem(t, e.Load(context.Background()), "engine.model_missing")
	if p.Params["Model"] != landmarks {
		t.Errorf("parameters %v, want the model's name", p.Params)
	}
	if _, err := e.Find(context.Background(), picture.Solid(image.Pt(10, 10), color.White)); err == nil {
		t.Error("Find works without models")
	}
	whole, err := filepath.Abs(models(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(whole, landmarks), filepath.Join(dir, landmarks)); err != nil {
		t.Fatal(err)
	}
	if err := e.Load(context.Background()); err != nil {
		t.Errorf("the model is there now: %v", err)
	}
}

func TestLoadDamaged(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(models(t), landmarks))
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), data...)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{"a flipped bit": flipped, "cut short": data[:1000], "empty": {}} {
		// A good folder after the damaged one must not hide the damage.
		folders := []string{modelsBut(t, landmarks, content), models(t)}
		e := newEngine(t, Params{Folders: folders, Calibration: calibration(t), Log: discard()})
		p := wantProblem(t, e.Load(context.Background()), "engine.model_damaged")
		if p.Params["Model"] != landmarks {
			t.Errorf("%s: parameters %v", name, p.Params)
		}
		e.Close()
	}
}

func TestNoFolders(t *testing.T) {
	e := newEngine(t, Params{Calibration: calibration(t), Log: discard()})
	defer e.Close()
	wantProblem(t, e.Load(context.Background()), "engine.model_missing")
}

// Callers at the same time share one load; one that leaves does not end it.
func TestLoadIsShared(t *testing.T) {
	e := newEngine(t, Params{Folders: []string{models(t)}, Calibration: calibration(t), Log: discard()})
	ctx, cancel := context.WithCancel(context.Background())
	var callers sync.WaitGroup
	for i := range 5 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			if i == 0 {
				if err := e.Load(ctx); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("who leaves: %v", err)
				}
				return
			}
			if err := e.Load(context.Background()); err != nil {
				t.Errorf("who stays: %v", err)
			}
		}()
	}
	cancel()
	callers.Wait()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// Close comes while calls run whose callers have left: it waits for them, and
// a later call is refused.
func TestCloseWaitsForNativeCalls(t *testing.T) {
	e := newEngine(t, Params{Folders: []string{models(t)}, Calibration: calibration(t), Log: discard()})
	if err := e.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	img := picture.Resize(readPicture(t, gocvPhoto(t, "face.jpg")), image.Pt(640, 480))
	var callers sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for range 4 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			if _, err := e.Find(ctx, img); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}()
	}
	time.Sleep(10 * time.Millisecond) // so that most have begun; the outcome does not hang on it
	cancel()
	loaded := e.current
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if len(loaded.networks)+len(loaded.goFace.free) != 0 || e.current != nil {
		t.Error("Close came back with networks that were not closed")
	}
	callers.Wait()
	if _, err := e.Find(context.Background(), img); err == nil {
		t.Error("Find works after Close")
	} else {
		wantProblem(t, err, "engine.closed")
	}
	wantProblem(t, e.Load(context.Background()), "engine.closed")
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseWithoutLoad(t *testing.T) {
	if err := newEngine(t, Params{Calibration: calibration(t), Log: discard()}).Close(); err != nil {
		t.Error(err)
	}
}

func TestFindCancelled(t *testing.T) {
	e := loadedEngine(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Find(ctx, picture.Solid(image.Pt(99, 99), color.White)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkFind(b *testing.B) {
	e := loadedEngine(b)
	img := readPicture(b, gocvPhoto(b, "face.jpg"))
	for b.Loop() {
		if _, err := e.Find(context.Background(), img); err != nil {
			b.Fatal(err)
		}
	}
}
