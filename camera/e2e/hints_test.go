package e2e

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/matcher"
)

// spoils are what can be wrong with a clip, as FFmpeg's filters, and the hints
// that are right then. Every spoilt clip is 640x480.
var spoils = []struct {
	name, filter string
	right        []string
}{
	{"as it is", "null", []string{"good"}},
	{"dark, a fifth of the light",
		"lutyuv=y='16+(val-16)*0.18':u='128+(val-128)*0.18':v='128+(val-128)*0.18',noise=alls=6:allf=t",
		[]string{"dark", "none_dark"}},
	{"darker, a twelfth", "lutyuv=y='16+(val-16)*0.08':u='128+(val-128)*0.08':v='128+(val-128)*0.08',noise=alls=6:allf=t",
		[]string{"dark", "none_dark"}},
	{"bright, 2.6 times the light", "lutyuv=y='min(235,16+(val-16)*2.6)'", []string{"bright", "none_bright"}},
	{"washed out", "eq=brightness=0.45", []string{"bright", "none_bright"}},
	{"blurred by 3 pixels", "gblur=sigma=3", []string{"sharp", "none_sharp"}},
	{"blurred by 5 pixels", "gblur=sigma=5", []string{"sharp", "none_sharp"}},
	{"far, 0.4 of the size", "scale=iw*0.4:-2,pad=640:480:(ow-iw)/2:(oh-ih)/2:color=0x787c80", []string{"closer"}},
	{"far, a quarter", "scale=iw*0.25:-2,pad=640:480:(ow-iw)/2:(oh-ih)/2:color=0x787c80", []string{"closer"}},
	{"leaning by 30 degrees", "rotate=30*PI/180:c=0x787c80", []string{"upright"}},
	{"turned by 30 degrees", turnedBy, []string{"straight"}},
	{"two faces", twoFaces, []string{"several"}},
	{"nobody", "crop=120:90:0:0,scale=640:480", []string{"none", "none_dark", "none_bright", "none_sharp"}},
}

// These are not made by a filter alone.
const (
	turnedBy = "turned"
	twoFaces = "two"
)

// TestHintTable plays every test clip, as it is and spoilt in many ways, through
// the camera and the engine, and prints which hint stands after a moment. One
// clip is enough for everyday; FACEMATCH_SOAK takes all.
func TestHintTable(t *testing.T) {
	clips, played, ffmpeg := testClips(t)
	engine := loadedEngine(t)
	right, all := 0, 0
	for _, s := range spoils {
		t.Run(s.name, func(t *testing.T) {
			shown := map[string]int{}
			good := 0
			for i, clip := range played {
				path := filepath.Join(t.TempDir(), "spoilt.mp4")
				spoil(t, ffmpeg, engine, path, clip, clips[(slices.Index(clips, clip)+5)%len(clips)], s.filter)
				hint := hintFor(t, engine, path)
				shown[hint]++
				if slices.Contains(s.right, hint) {
					good++
				} else {
					t.Logf("clip %d: %s", i+1, hint)
				}
			}
			right, all = right+good, all+len(played)
			t.Logf("%-28s %2d of %2d right: %v", s.name, good, len(played), shown)
		})
	}
	t.Logf("all: %d of %d, %.1f %%", right, all, 100*float64(right)/float64(all))
	if float64(right) < 0.95*float64(all) {
		t.Error("fewer than 95 % of the hints are right")
	}
}

// hintFor is the hint that stands once a clip was looked at for a while.
func hintFor(t *testing.T, faces matcher.FaceFinder, path string) string {
	t.Helper()
	source := play(t, faces, path)
	defer source.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var a matcher.Advice
	for looks, begin := 0, time.Now(); looks < 8 || time.Since(begin) < 1800*time.Millisecond; looks++ {
		var err error
		if a, err = source.Advise(ctx, a.Seq); err != nil {
			t.Fatal(err)
		}
	}
	return strings.TrimPrefix(a.Hint.Key, "coach.")
}

// spoil writes a clip of a second.
func spoil(t *testing.T, ffmpeg string, faces matcher.FaceFinder, path, clip, other, filter string) {
	t.Helper()
	encode := []string{"-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p", path}
	switch filter {
	case twoFaces:
		runFFmpeg(t, ffmpeg, append([]string{"-t", "1", "-i", clip, "-t", "1", "-i", other,
			"-filter_complex", "[0]crop=320:480:160:0[a];[1]crop=320:480:160:0[b];[a][b]hstack"}, encode...)...)
	case turnedBy:
		still := path + ".png"
		runFFmpeg(t, ffmpeg, "-i", clip, "-frames:v", "1", still)
		turnHead(t, faces, still, 30)
		runFFmpeg(t, ffmpeg, append([]string{"-loop", "1", "-framerate", "25", "-t", "1", "-i", still, "-vf",
			"noise=alls=5:allf=t"}, encode...)...)
	default:
		runFFmpeg(t, ffmpeg, append([]string{"-t", "1", "-i", clip, "-vf", filter}, encode...)...)
	}
}

// turnHead turns the head on a still picture about its upright axis: the picture
// is laid over a head-like shape, an ellipsoid with a nose, and seen from the
// side. Sizes are those of an average adult's head, in inter-eye distances of
// 63 mm: 152 mm wide, 180 mm deep, the nose's tip 20 mm before the face.
func turnHead(t *testing.T, faces matcher.FaceFinder, path string, degrees float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	from := image.NewRGBA(decoded.Bounds())
	for y := range from.Rect.Dy() {
		for x := range from.Rect.Dx() {
			from.Set(x, y, decoded.At(x, y))
		}
	}
	found, err := faces.Find(context.Background(), from)
	found = matcher.Counting(found)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d faces, %v", len(found), err)
	}
	eyes := found[0].Eyes
	unit := math.Hypot(float64(eyes[1].X-eyes[0].X), float64(eyes[1].Y-eyes[0].Y))
	noseX, noseY := float64(found[0].Nose.X), float64(found[0].Nose.Y)
	centreX, centreY := float64(eyes[0].X+eyes[1].X)/2, float64(eyes[0].Y+eyes[1].Y)/2+0.35*unit
	depth := func(x, y float64) float64 { // towards the camera, in pixels
		u, v := (x-centreX)/(1.25*unit), (y-centreY)/(1.9*unit)
		if u*u+v*v >= 1 {
			return 0
		}
		n := ((x-noseX)*(x-noseX)/0.06 + (y-noseY+0.1*unit)*(y-noseY+0.1*unit)/0.12) / (unit * unit)
		return unit * (1.43*math.Sqrt(1-u*u-v*v) + 0.32*math.Exp(-n/2))
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	to := image.NewRGBA(from.Rect)
	for y := range to.Rect.Dy() {
		for x := range to.Rect.Dx() {
			// The point of the picture that lands here, by following the ray inwards.
			at := float64(x)
			best, bestZ := at, math.Inf(-1)
			for fromX := at - 1.6*unit; fromX <= at+1.6*unit; fromX += 0.5 {
				z := depth(fromX, float64(y))
				rotated := centreX + (fromX-centreX)*cos + z*sin
				if math.Abs(rotated-at) < 0.5 {
					if depthNow := z*cos - (fromX-centreX)*sin; z > 0 && depthNow > bestZ {
						best, bestZ = fromX, depthNow
					}
				}
			}
			to.SetRGBA(x, y, pixel(from, best, y))
		}
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := png.Encode(out, to); err != nil {
		t.Fatal(err)
	}
}

// pixel is the picture's colour between two pixels of a line.
func pixel(m *image.RGBA, x float64, y int) color.RGBA {
	left := int(math.Floor(x))
	share := x - float64(left)
	a, b := m.RGBAAt(min(max(left, 0), m.Rect.Dx()-1), y), m.RGBAAt(min(max(left+1, 0), m.Rect.Dx()-1), y)
	mix := func(a, b uint8) uint8 { return uint8(float64(a)*(1-share) + float64(b)*share) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
