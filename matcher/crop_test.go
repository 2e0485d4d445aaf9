package matcher

import (
	"image"
	"image/color"
	"math"
	"testing"
)

var (
	red  = color.RGBA{220, 30, 30, 255}
	blue = color.RGBA{30, 30, 220, 255}
	skin = color.RGBA{200, 170, 150, 255}
)

// pictureWithEyes is a plain picture with a red dot for the left eye and a blue
// one for the right.
func pictureWithEyes(size, left, right image.Point) *image.RGBA {
	img := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			p := image.Pt(x, y)
			switch {
			case near(p, left, 6):
				img.SetRGBA(x, y, red)
			case near(p, right, 6):
				img.SetRGBA(x, y, blue)
			default:
				img.SetRGBA(x, y, skin)
			}
		}
	}
	return img
}

func near(p, q image.Point, d float64) bool {
	return math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y)) <= d
}

// centreOf is the middle of all pixels like this colour.
func centreOf(img *image.RGBA, c color.RGBA) (x, y float64) {
	n := 0.0
	for py := range img.Rect.Dy() {
		for px := range img.Rect.Dx() {
			p := img.RGBAAt(px, py)
			if math.Abs(float64(p.R)-float64(c.R))+math.Abs(float64(p.G)-float64(c.G))+math.Abs(float64(p.B)-float64(c.B)) < 60 {
				x, y, n = x+float64(px)+.5, y+float64(py)+.5, n+1
			}
		}
	}
	return x / n, y / n
}

func TestCropFaceLevelsTheEyes(t *testing.T) {
	for name, eyes := range map[string][2]image.Point{
		"level":       {{260, 240}, {330, 240}},
		"tilted":      {{260, 210}, {320, 260}},
		"other way":   {{260, 260}, {320, 210}},
		"upright now": {{300, 200}, {300, 280}},
	} {
		t.Run(name, func(t *testing.T) {
			crop := CropFace(pictureWithEyes(image.Pt(640, 480), eyes[0], eyes[1]), Face{Eyes: eyes})
			n := crop.Rect.Dx()
			if crop.Rect.Min != (image.Point{}) || n != crop.Rect.Dy() || crop.Stride != 4*n || n > 400 {
				t.Fatalf("bounds %v, stride %d", crop.Rect, crop.Stride)
			}
			lx, ly := centreOf(crop, red)
			rx, ry := centreOf(crop, blue)
			if math.Abs(ly-ry) > 1.5 {
				t.Errorf("eyes are at heights %.1f and %.1f", ly, ry)
			}
			if math.Abs((lx+rx)/2-float64(n)/2) > 1.5 {
				t.Errorf("eyes are at %.1f and %.1f of %d: not in the middle", lx, rx, n)
			}
			if got := (rx - lx) / float64(n); math.Abs(got-1/CropMargin) > 0.01 {
				t.Errorf("eyes are %.3f of the side apart, want %.3f", got, 1/CropMargin)
			}
		})
	}
}

func TestCropFaceIsAtMost400(t *testing.T) {
	eyes := [2]image.Point{{500, 500}, {800, 500}}
	crop := CropFace(pictureWithEyes(image.Pt(1400, 1400), eyes[0], eyes[1]), Face{Eyes: eyes})
	if crop.Rect != image.Rect(0, 0, 400, 400) {
		t.Errorf("bounds %v", crop.Rect)
	}
	small := [2]image.Point{{50, 50}, {70, 50}}
	if crop := CropFace(pictureWithEyes(image.Pt(140, 140), small[0], small[1]), Face{Eyes: small}); crop.Rect.Dx() != 92 {
		t.Errorf("a small face became %v, want 92 pixels a side", crop.Rect)
	}
}

func TestCropFaceAtTheEdgeIsGreyOutside(t *testing.T) {
	eyes := [2]image.Point{{20, 20}, {80, 20}}
	crop := CropFace(pictureWithEyes(image.Pt(200, 200), eyes[0], eyes[1]), Face{Eyes: eyes})
	if got := crop.RGBAAt(2, 2); got != (color.RGBA{128, 128, 128, 255}) {
		t.Errorf("outside is %v", got)
	}
	for i := 3; i < len(crop.Pix); i += 4 {
		if crop.Pix[i] != 255 {
			t.Fatal("the crop is not opaque")
		}
	}
}

func TestCropFaceWithoutEyes(t *testing.T) {
	img := pictureWithEyes(image.Pt(300, 300), image.Pt(140, 150), image.Pt(160, 150))
	crop := CropFace(img, Face{Box: image.Rect(100, 100, 200, 200)})
	if crop.Rect.Dx() != 200 {
		t.Fatalf("bounds %v, want twice the box", crop.Rect)
	}
	if x, y := centreOf(crop, red); math.Abs(x-90) > 1.5 || math.Abs(y-100) > 1.5 {
		t.Errorf("the box is not in the middle: eye at %.1f, %.1f", x, y)
	}
	if empty := CropFace(img, Face{}); empty.Rect.Empty() {
		t.Error("no face at all must still give a picture")
	}
}

func TestCropFaceOfAPart(t *testing.T) {
	eyes := [2]image.Point{{260, 240}, {330, 240}}
	img := pictureWithEyes(image.Pt(640, 480), eyes[0], eyes[1])
	whole := CropFace(img, Face{Eyes: eyes})
	part := CropFace(img.SubImage(image.Rect(50, 50, 600, 450)).(*image.RGBA), Face{Eyes: eyes})
	if string(whole.Pix) != string(part.Pix) {
		t.Error("a part of a picture with its own bounds gives another crop")
	}
}
