package offline

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestFitFindsTheSimilarity(t *testing.T) {
	want := similarity{a: 0.6, b: -0.35, dx: 12, dy: -7}
	from := []spot{{3, 4}, {40, 6}, {22, 30}, {9, 51}}
	var to []spot
	for _, p := range from {
		to = append(to, want.of(p))
	}
	got := fit(from, to)
	for _, pair := range [][2]float64{{got.a, want.a}, {got.b, want.b}, {got.dx, want.dx}, {got.dy, want.dy}} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
	for _, p := range from {
		if back := got.inverse().of(got.of(p)); math.Hypot(back.x-p.x, back.y-p.y) > 1e-9 {
			t.Errorf("%v there and back is %v", p, back)
		}
	}
}

// A part of a picture has gaps between its rows and does not begin at 0; it is laid
// onto the square by the same coordinates as the whole.
func TestWarpedPartOfAPicture(t *testing.T) {
	whole := readPicture(t, gocvPhoto(t, "face.jpg"))
	part := whole.SubImage(image.Rect(40, 30, whole.Rect.Dx()-10, whole.Rect.Dy()-10)).(*image.RGBA)
	for name, s := range map[string]similarity{
		"larger":  {a: 1.2, b: 0.1, dx: -200, dy: -260},
		"smaller": {a: 0.4, dx: -70, dy: -60},
	} {
		a, b := warped(whole, s, 112), warped(part, s, 112)
		if name == "larger" && !bytes.Equal(a.ToBytes(), b.ToBytes()) {
			t.Errorf("%s: the part shows something else than the whole", name)
		}
		if a.Rows() != 112 || b.Rows() != 112 || a.Channels() != 3 || b.Channels() != 3 {
			t.Errorf("%s: %dx%d", name, b.Cols(), b.Rows())
		}
		a.Close()
		b.Close()
	}
}

func TestWarpedWithoutASimilarity(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 30, 20))
	for _, s := range []similarity{{}, {a: math.NaN()}, {a: math.Inf(1)}, {a: 1, dx: 1e9}} {
		m := warped(img, s, 64)
		if m.Rows() != 64 || m.Cols() != 64 || m.ToBytes()[0] != outside {
			t.Errorf("%+v: %dx%d", s, m.Cols(), m.Rows())
		}
		m.Close()
	}
}

// Two processors see points that differ by 0.0001 of a pixel: faces are laid straight by
// the same ones, but for those near to the middle of a step.
func TestPointsOfTwoProcessors(t *testing.T) {
	const faces, apart = 2000, 1e-4
	r := rand.New(rand.NewPCG(20, 1))
	differ := 0
	for range faces {
		here, there := make([]spot, landmarkCount), make([]spot, landmarkCount)
		for i := range here {
			here[i] = spot{1280 * r.Float64(), 720 * r.Float64()}
			there[i] = spot{here[i].x + apart*(2*r.Float64()-1), here[i].y + apart*(2*r.Float64()-1)}
		}
		a, b := alignOn(here), alignOn(there)
		if !slices.Equal(a, b) {
			differ++
		}
		if off := math.Hypot(a[2].x-here[30].x, a[2].y-here[30].y); off > alignStep {
			t.Fatalf("the nose is moved by %.3f pixels", off)
		}
	}
	if differ > faces/12 {
		t.Errorf("%d of %d faces are laid by other points", differ, faces)
	}
}
