package live

import (
	"image"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
	"facematch/views/internal/kit/uiqueue"
)

// The painter reads a frame long after it was handed over, so the worker must
// never write into what is shown or waits; the race detector watches.
func TestThreeBuffersAndOneUpdate(t *testing.T) {
	test.NewTempApp(t)
	q := uiqueue.New()
	p := New(kit.Parts{Words: kittest.English(t), Paints: kit.NewPaints(q.Do)})
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

// shownPreview is a preview in a window of its own.
type shownPreview struct {
	*kittest.Window
	*Preview
	hint   string // the key of the newest one
	mu     sync.Mutex
	logged []error
}

func open(t *testing.T, source app.Source) *shownPreview {
	t.Helper()
	w := &shownPreview{Window: kittest.Open(t)}
	parts := w.Parts
	parts.Log = func(_ string, err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.logged = append(w.logged, err)
	}
	w.Preview = New(parts)
	w.OnHint = func(a app.Advice) { w.hint = a.Hint.Key }
	w.Window.Show(w.Preview)
	w.SetSource(source)
	w.Run(true, false)
	return w
}

// What is on its way from a source when it is taken away is not shown over the next one.
func TestLateNewsOfAnotherSourceIsDropped(t *testing.T) {
	w := open(t, kittest.NewSource())
	w.Until(t, "a picture", w.There)
	p := w.Preview
	old := p.number
	late := func() {
		p.live.Put(liveNews{source: old, seq: 99, buffer: p.keep(image.NewRGBA(image.Rect(0, 0, 8, 8)))})
		p.advice.Put(adviceNews{old, app.Advice{Seq: 99, Size: image.Pt(8, 8), Hint: app.Notice{Key: "coach.closer"}}})
	}
	late()
	w.SetSource(nil)
	w.Queue.Run()
	if w.There() || w.hint != "" {
		t.Errorf("without a source: picture %v, hint %q", w.There(), w.hint)
	}
	next := kittest.NewSource()
	next.ShowProblem(&app.Problem{Key: "camera.busy"})
	w.SetSource(next)
	w.Until(t, "the next source's fault",
		func() bool { return strings.Contains(w.Window.Text(), w.Words.T("camera.busy")) })
	late()
	w.Queue.Run()
	if w.There() || w.hint != "" {
		t.Errorf("over the next source: picture %v, hint %q", w.There(), w.hint)
	}
}

// A virtual camera is said in words over its picture, and only there.
func TestAVirtualCameraIsMarked(t *testing.T) {
	source := kittest.NewSource()
	source.Driver = "v4l2 loopback"
	w := open(t, source)
	w.Until(t, "a picture", w.There)
	const words = "Virtual camera (v4l2 loopback): another program makes this picture."
	if !w.banner.Visible() || !strings.Contains(w.Window.Text(), words) {
		t.Errorf("the screen says %q", w.Window.Text())
	}
	source.ShowProblem(&app.Problem{Key: "camera.frozen"})
	w.Until(t, "the fault", func() bool { return !w.There() })
	if w.banner.Visible() {
		t.Error("the mark stays where there is no picture")
	}
	w.SetSource(kittest.NewSource())
	w.Until(t, "another picture", w.There)
	if w.banner.Visible() {
		t.Error("a device is marked")
	}
}

// Advice on a picture from before the source failed is late.
func TestLateAdviceIsDropped(t *testing.T) {
	source := kittest.NewSource()
	w := open(t, source)
	w.Until(t, "a picture", w.There)
	source.ShowProblem(&app.Problem{Key: "camera.frozen"})
	w.Until(t, "the fault", func() bool { return !w.There() })
	w.showAdvice(adviceNews{w.number, app.Advice{Seq: 1, Hint: app.Notice{Key: "coach.good"}}})
	if w.hint != "" {
		t.Error("advice on an old picture is shown")
	}
}

func TestTheHintOutlivesAnError(t *testing.T) {
	source := kittest.NewSource()
	source.Fails = 1
	w := open(t, source)
	source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.closer"}})
	w.Until(t, "the hint", func() bool { return w.hint == "coach.closer" })
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.logged) != 1 {
		t.Errorf("logged %v", w.logged)
	}
}

// The outline and the words about who stands where are mirrored with the picture.
func TestAdviceIsMirroredWithThePicture(t *testing.T) {
	source := kittest.NewSource()
	w := open(t, source)
	var newest app.Advice
	w.OnHint = func(a app.Advice) { newest = a }
	for _, mirror := range []bool{false, true} {
		w.Run(true, mirror)
		w.Until(t, "a picture", w.There)
		source.GiveAdvice(app.Advice{
			Size: image.Pt(400, 300), Faces: make([]app.Face, 2), Hint: app.Notice{Key: "coach.several"}, Aside: "left",
		})
		want := app.Aside("left")
		if mirror {
			want = "right"
		}
		w.Until(t, string(want), func() bool { return newest.Aside == want })
		if marks := w.outlines; len(marks.Faces) != 2 || marks.Mirror != mirror || marks.Good || marks.Alike {
			t.Errorf("mirrored %v: outlined are %+v", mirror, marks)
		}
	}
}

// A dialog over the window lets the picture rest, and it goes on after.
func TestThePictureRestsUnderADialog(t *testing.T) {
	source := kittest.NewSource()
	w := open(t, source)
	covered := false
	w.Paints.Covered = func() bool { return covered }
	w.Until(t, "a picture", w.There)
	covered = true
	source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
	w.Until(t, "that it rests", func() bool { return w.Paints.Resting.Load() })
	shown, count := w.picture.Image, w.Paints.Count.Load()
	for range 5 {
		source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
		source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
		time.Sleep(kit.RestInterval / 2)
		w.Queue.Run()
	}
	if w.picture.Image != shown || w.Paints.Count.Load() != count || w.hint != "" {
		t.Errorf("under a dialog %d pictures were painted, the hint is %q", w.Paints.Count.Load()-count, w.hint)
	}
	covered = false
	source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	w.Until(t, "the picture", func() bool { return w.Paints.Count.Load() > count })
	source.ShowProblem(&app.Problem{Key: "camera.frozen"})
	w.Until(t, "that there is none", func() bool { return !w.There() })
}

// A hidden preview asks its source for nothing.
func TestAHiddenPreviewRests(t *testing.T) {
	source := kittest.NewSource()
	w := open(t, source)
	waiting := func(n int) func() bool {
		return func() bool {
			source.Mu.Lock()
			defer source.Mu.Unlock()
			return source.Waiters == n
		}
	}
	w.Until(t, "two feeders", waiting(2))
	w.Run(false, false)
	w.Until(t, "that nobody asks for frames", waiting(0))
	w.Run(true, false)
	w.Until(t, "two feeders again", waiting(2))
}
