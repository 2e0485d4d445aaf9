package views

import (
	"image"
	"image/color"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func TestPlacedFollowsTheContainedPicture(t *testing.T) {
	box, picture := image.Rect(0, 0, 100, 100), image.Pt(400, 200)
	at, size := placed(box, picture, fyne.NewSize(800, 800), false)
	if at != fyne.NewPos(0, 200) || size != fyne.NewSize(200, 200) {
		t.Errorf("at %v, %v", at, size)
	}
	if at, _ = placed(box, picture, fyne.NewSize(800, 800), true); at != fyne.NewPos(600, 200) {
		t.Errorf("mirrored at %v", at)
	}
	// A face that reaches over the picture's edge must not be drawn over it.
	at, size = placed(image.Rect(-50, -50, 50, 50), picture, fyne.NewSize(400, 200), false)
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
	plain := copyFrame(nil, frame, 0, false)
	if got := read(plain); string(got) != "\x01\x02\x03" {
		t.Errorf("copied %v", got)
	}
	if got := read(copyFrame(plain, frame, 3, true)); string(got) != "\x03\x02\x01" {
		t.Errorf("mirrored %v", got)
	}
	if copyFrame(plain, frame, 0, false) != plain {
		t.Error("a buffer that fits was not used again")
	}
	large := image.NewRGBA(image.Rect(0, 0, 3841, 2161))
	large.SetRGBA(0, 0, color.RGBA{R: 7, A: 255})
	for _, mirror := range []bool{false, true} {
		small := copyFrame(nil, large, 0, mirror)
		if small.Rect.Dx() > liveWidth || small.Rect.Dx() < liveWidth/2 {
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

// The painter reads a frame long after it was handed over, so the worker must
// never write into what is shown or waits; the race detector watches.
func TestThreeBuffersAndOneUpdate(t *testing.T) {
	test.NewTempApp(t)
	q := newUIQueue()
	p := newPreview(newPaints(q.do), "", func(error) (string, string) { return "", "" })
	frame := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for range 5 {
		p.live.put(liveNews{buffer: p.keep(frame)})
	}
	if n := len(q.queue); n != 1 {
		t.Fatalf("%d updates are pending", n)
	}
	var wait sync.WaitGroup
	wait.Add(1)
	stop := make(chan struct{})
	go func() {
		defer wait.Done()
		for {
			select {
			case <-stop:
				return
			default:
				p.live.put(liveNews{buffer: p.keep(frame)})
			}
		}
	}()
	sum := 0
	for range 200 {
		q.run()
		if shown, ok := p.picture.Image.(*image.RGBA); ok {
			for _, b := range shown.Pix { // as the painter does
				sum += int(b)
			}
		}
	}
	close(stop)
	wait.Wait()
	if sum != 0 || p.picture.Image == nil {
		t.Errorf("painted %v", p.picture.Image)
	}
}
