package draw

import (
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
)

func TestPointsOfThePage(t *testing.T) {
	for _, tt := range []struct {
		at      fyne.Position
		picture image.Point
		place   fyne.Size
		want    image.Point
	}{
		{fyne.NewPos(50, 50), image.Pt(1000, 1000), fyne.NewSize(100, 100), image.Pt(500, 500)},
		{fyne.NewPos(0, 0), image.Pt(1000, 500), fyne.NewSize(100, 100), image.Pt(0, 0)},       // over the page
		{fyne.NewPos(10, 25), image.Pt(1000, 500), fyne.NewSize(100, 100), image.Pt(100, 0)},   // its upper edge
		{fyne.NewPos(10, 99), image.Pt(1000, 500), fyne.NewSize(100, 100), image.Pt(100, 500)}, // under it
		{fyne.NewPos(25, 50), image.Pt(500, 1000), fyne.NewSize(100, 100), image.Pt(0, 500)},
		{fyne.NewPos(75, 50), image.Pt(500, 1000), fyne.NewSize(100, 100), image.Pt(500, 500)},
		{fyne.NewPos(-300, 900), image.Pt(500, 1000), fyne.NewSize(100, 100), image.Pt(0, 1000)},
		{fyne.NewPos(30, 30), image.Pt(40, 40), fyne.NewSize(400, 200), image.Pt(0, 6)}, // enlarged
		{fyne.NewPos(1, 1), image.Pt(40, 40), fyne.Size{}, image.Pt(0, 0)},
	} {
		if got := OnPicture(tt.at, tt.picture, tt.place); got != tt.want {
			t.Errorf("%v of %v in %v: got %v, want %v", tt.at, tt.picture, tt.place, got, tt.want)
		}
	}
}

func TestPlacedFollowsTheContainedPicture(t *testing.T) {
	box, picture := image.Rect(0, 0, 100, 100), image.Pt(400, 200)
	at, size := Placed(box, picture, fyne.NewSize(800, 800), false)
	if at != fyne.NewPos(0, 200) || size != fyne.NewSize(200, 200) {
		t.Errorf("at %v, %v", at, size)
	}
	if at, _ = Placed(box, picture, fyne.NewSize(800, 800), true); at != fyne.NewPos(600, 200) {
		t.Errorf("mirrored at %v", at)
	}
	// A face that reaches over the picture's edge must not be drawn over it.
	at, size = Placed(image.Rect(-50, -50, 50, 50), picture, fyne.NewSize(400, 200), false)
	if at != fyne.NewPos(0, 0) || size != fyne.NewSize(50, 50) {
		t.Errorf("cut off at %v, %v", at, size)
	}
}

func TestCopyFrame(t *testing.T) {
	frame := image.NewRGBA(image.Rect(0, 0, 3, 1))
	for x := range 3 {
		frame.SetRGBA(x, 0, color.RGBA{R: uint8(x + 1), A: 255})
	}
	read := func(m *image.RGBA) (got []uint8) {
		for x := range m.Rect.Dx() {
			got = append(got, m.RGBAAt(x, 0).R)
		}
		return got
	}
	plain := CopyFrame(nil, frame, 0, false)
	if got := read(plain); string(got) != "\x01\x02\x03" {
		t.Errorf("copied %v", got)
	}
	if got := read(CopyFrame(plain, frame, 3, true)); string(got) != "\x03\x02\x01" {
		t.Errorf("mirrored %v", got)
	}
	if CopyFrame(plain, frame, 0, false) != plain {
		t.Error("a buffer that fits was not used again")
	}
	large := image.NewRGBA(image.Rect(0, 0, 3841, 2161))
	large.SetRGBA(0, 0, color.RGBA{R: 7, A: 255})
	for _, mirror := range []bool{false, true} {
		small := CopyFrame(nil, large, 0, mirror)
		if small.Rect.Dx() > LiveWidth || small.Rect.Dx() < LiveWidth/2 {
			t.Errorf("a large frame became %v", small.Rect)
		}
		x := 0
		if mirror {
			x = small.Rect.Dx() - 1
		}
		if small.RGBAAt(x, 0).R != 7 {
			t.Errorf("mirror %v: the corner went elsewhere", mirror)
		}
	}
}
