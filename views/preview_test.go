package views

import (
	"image"
	"sync"
	"testing"

	"fyne.io/fyne/v2/test"

	"facematch/views/internal/kit"
	"facematch/views/internal/kit/uiqueue"
)

// The painter reads a frame long after it was handed over, so the worker must
// never write into what is shown or waits; the race detector watches.
func TestThreeBuffersAndOneUpdate(t *testing.T) {
	test.NewTempApp(t)
	q := uiqueue.New()
	p := newPreview(kit.NewPaints(q.Do), "", func(error) (string, string) { return "", "" })
	frame := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for range 5 {
		p.live.Put(liveNews{buffer: p.keep(frame)})
	}
	if n := len(q.Waiting); n != 1 {
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
				p.live.Put(liveNews{buffer: p.keep(frame)})
			}
		}
	}()
	sum := 0
	for range 200 {
		q.Run()
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
