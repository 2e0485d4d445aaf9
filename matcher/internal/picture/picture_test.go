package picture

import (
	"image"
	"image/color"
	"runtime"
	"testing"

	"golang.org/x/image/draw"
)

// numbered is a 3x2 picture whose red values are 0 to 5, row by row.
func numbered() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	for i := range 6 {
		img.SetRGBA(i%3, i/3, color.RGBA{R: uint8(i), A: 255})
	}
	return img
}

func TestTurnAndMirror(t *testing.T) {
	for name, c := range map[string]struct {
		got  *image.RGBA
		want [][]uint8
	}{
		"0":      {Turn(numbered(), 0), [][]uint8{{0, 1, 2}, {3, 4, 5}}},
		"90":     {Turn(numbered(), 90), [][]uint8{{3, 0}, {4, 1}, {5, 2}}},
		"180":    {Turn(numbered(), 180), [][]uint8{{5, 4, 3}, {2, 1, 0}}},
		"270":    {Turn(numbered(), 270), [][]uint8{{2, 5}, {1, 4}, {0, 3}}},
		"-90":    {Turn(numbered(), -90), [][]uint8{{2, 5}, {1, 4}, {0, 3}}},
		"450":    {Turn(numbered(), 450), [][]uint8{{3, 0}, {4, 1}, {5, 2}}},
		"mirror": {Mirror(numbered()), [][]uint8{{2, 1, 0}, {5, 4, 3}}},
		"part": {Turn(numbered().SubImage(image.Rect(1, 0, 3, 2)).(*image.RGBA), 90),
			[][]uint8{{4, 1}, {5, 2}}},
	} {
		if c.got.Bounds() != image.Rect(0, 0, len(c.want[0]), len(c.want)) {
			t.Errorf("%s: bounds are %v", name, c.got.Bounds())
			continue
		}
		for y, row := range c.want {
			for x, want := range row {
				if got := c.got.RGBAAt(x, y).R; got != want {
					t.Errorf("%s: (%d, %d) is %d, want %d", name, x, y, got, want)
				}
			}
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct{ in, want image.Point }{
		{image.Pt(640, 480), image.Pt(640, 480)},
		{image.Pt(1280, 720), image.Pt(640, 360)},
		{image.Pt(720, 1280), image.Pt(360, 640)},
		{image.Pt(5000, 1), image.Pt(640, 1)}, // never a side of 0
	} {
		img := Solid(c.in, color.RGBA{R: 10, G: 200, B: 30, A: 255})
		got := Fit(img, 640)
		if got.Bounds().Size() != c.want {
			t.Errorf("%v became %v, want %v", c.in, got.Bounds().Size(), c.want)
		}
		if p := got.RGBAAt(0, 0); p != (color.RGBA{R: 10, G: 200, B: 30, A: 255}) {
			t.Errorf("%v: colour became %v", c.in, p)
		}
		if same := got == img; same != (c.in == c.want) {
			t.Errorf("%v: the same picture back: %v", c.in, same)
		}
	}
}

func TestFitFlattensOnWhite(t *testing.T) {
	img := image.NewNRGBA(image.Rect(5, 5, 15, 15))
	img.SetNRGBA(5, 5, color.NRGBA{A: 128})
	got := Fit(img, 640)
	if p := got.RGBAAt(9, 9); p != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("transparent became %v, want white", p)
	}
	if p := got.RGBAAt(0, 0); p.A != 255 || p.R < 126 || p.R > 128 {
		t.Errorf("half transparent black became %v, want mid grey", p)
	}
}

func TestFitOfAPartHasNoGaps(t *testing.T) {
	part := numbered().SubImage(image.Rect(1, 0, 3, 2)).(*image.RGBA)
	got := Fit(part, 640)
	if got.Stride != 8 || got.Rect.Min != (image.Point{}) || got.RGBAAt(0, 1).R != 4 {
		t.Errorf("part became %v stride %d, value %d", got.Rect, got.Stride, got.RGBAAt(0, 1).R)
	}
}

// Row by row comes out as with bilinear in one piece, and in white where the
// picture is transparent.
func TestShrink(t *testing.T) {
	src := image.NewNRGBA(image.Rect(3, 5, 604, 418))
	for y := 5; y < 418; y++ {
		for x := 3; x < 604; x++ {
			src.SetNRGBA(x, y, color.NRGBA{uint8(x / 3), uint8(y / 2), uint8((x + y) / 5), 255})
		}
	}
	for _, size := range []image.Point{{601, 413}, {600, 412}, {301, 207}, {300, 206}, {200, 137}, {7, 5}, {1, 1},
		{601, 1}, {1, 413}} {
		got, want := image.NewRGBA(image.Rectangle{Max: size}), Resize(src, size)
		// In two bands, the same comes out.
		shrink(got, src, 0, size.Y/3, draw.Over)
		shrink(got, src, size.Y/3, size.Y, draw.Over)
		for i := range want.Pix {
			if d := int(got.Pix[i]) - int(want.Pix[i]); d < -6 || d > 6 { // bilinear weighs the middle more
				t.Fatalf("%v: byte %d is %d, bilinear has %d", size, i, got.Pix[i], want.Pix[i])
			}
		}
	}
	if p := Resize(image.NewNRGBA(image.Rect(0, 0, 4200, 2200)), image.Pt(4000, 2095)).RGBAAt(3999,
		2094); p != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("transparent became %v", p)
	}
}

// Bilinear would need 384 MB here.
func TestResizeOfALargePictureNeedsLittleMemory(t *testing.T) {
	src := image.NewYCbCr(image.Rect(0, 0, 6000, 3000), image.YCbCrSubsampleRatio420)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	Fit(src, 4000)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 40<<20 { // 32 MB are the result
		t.Errorf("%d MB", used>>20)
	}
}
