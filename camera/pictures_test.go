package camera

import (
	"image"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gocv.io/x/gocv"
)

func TestToRGBA(t *testing.T) {
	bgr, err := gocv.NewMatFromBytes(1, 3, gocv.MatTypeCV8UC3, []byte{1, 2, 3, 40, 50, 60, 255, 0, 7})
	if err != nil {
		t.Fatal(err)
	}
	defer bgr.Close()
	picture, err := toRGBA(bgr)
	if err != nil {
		t.Fatal(err)
	}
	want := []uint8{3, 2, 1, 255, 60, 50, 40, 255, 7, 0, 255, 255}
	if string(picture.Pix) != string(want) || picture.Rect != image.Rect(0, 0, 3, 1) || picture.Stride != 12 {
		t.Errorf("got %v in %v", picture.Pix, picture.Rect)
	}

	grey, err := gocv.NewMatFromBytes(2, 1, gocv.MatTypeCV8UC1, []byte{9, 200})
	if err != nil {
		t.Fatal(err)
	}
	defer grey.Close()
	if picture, err = toRGBA(grey); err != nil ||
		string(picture.Pix) != string([]uint8{9, 9, 9, 255, 200, 200, 200, 255}) {
		t.Errorf("grey gives %v, %v", picture, err)
	}

	// What OpenCV would end the program for is an error.
	empty := gocv.NewMat()
	defer empty.Close()
	if _, err := toRGBA(empty); err == nil {
		t.Error("an empty Mat gives a picture")
	}
	depth := gocv.NewMatWithSize(2, 2, gocv.MatTypeCV16UC1)
	defer depth.Close()
	if _, err := toRGBA(depth); err == nil {
		t.Error("a Mat of 16 bits gives a picture")
	}
}

// A real photograph comes out as Go's own decoder sees it.
func TestToRGBAOfAPhotograph(t *testing.T) {
	path := filepath.Join(gocvImages(t), "face.jpg")
	mat := gocv.IMRead(path, gocv.IMReadColor)
	defer mat.Close()
	got, err := toRGBA(mat)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rect.Size() != want.Bounds().Size() {
		t.Fatalf("%v, want %v", got.Rect, want.Bounds())
	}
	var off, n float64
	for y := 0; y < got.Rect.Dy(); y += 3 {
		for x := 0; x < got.Rect.Dx(); x += 3 {
			r, g, b, _ := want.At(x, y).RGBA()
			p := got.RGBAAt(x, y)
			for _, d := range []float64{float64(p.R) - float64(r>>8), float64(p.G) - float64(g>>8),
				float64(p.B) - float64(b>>8)} {
				off += math.Abs(d)
				n++
			}
		}
	}
	if off /= n; off > 3 {
		t.Errorf("the colours are off by %.1f on average", off)
	}
}

func TestShrink(t *testing.T) {
	small, err := shrink(scene(image.Pt(1280, 720), 0), image.Pt(640, 360))
	if err != nil {
		t.Fatal(err)
	}
	if small.Rect != image.Rect(0, 0, 640, 360) {
		t.Fatalf("size %v", small.Rect)
	}
	if p := small.RGBAAt(600, 300); !near(p.R, 600*255/640) || !near(p.G, 300*255/360) || p.A != 255 {
		t.Errorf("pixel %v", p)
	}
}

// gocvImages is the folder of photographs gocv's module brings along.
func gocvImages(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "images")
}

func BenchmarkToRGBA(b *testing.B) {
	mat := gocv.NewMatWithSize(720, 1280, gocv.MatTypeCV8UC3)
	defer mat.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := toRGBA(mat); err != nil {
			b.Fatal(err)
		}
	}
}

// What the straight way saves over OpenCV's own picture and a copy of it.
func BenchmarkToRGBAByCopy(b *testing.B) {
	mat := gocv.NewMatWithSize(720, 1280, gocv.MatTypeCV8UC3)
	defer mat.Close()
	rgba := gocv.NewMat()
	defer rgba.Close()
	b.ReportAllocs()
	for b.Loop() {
		gocv.CvtColor(mat, &rgba, gocv.ColorBGRToRGBA)
		data, err := rgba.DataPtrUint8()
		if err != nil {
			b.Fatal(err)
		}
		picture := image.NewRGBA(image.Rect(0, 0, 1280, 720))
		copy(picture.Pix, data)
	}
}
