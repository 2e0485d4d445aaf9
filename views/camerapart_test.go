package views

import (
	"image"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit/kittest"
)

// drawOn drags a frame over a share of the picture that is shown.
func drawOn(c *cameraPart, fromX, fromY, toX, toY float32) {
	at, size := draw.Placed(image.Rectangle{Max: c.size}, c.size, c.page.Size(), false)
	point := func(x, y float32) fyne.Position { return at.AddXY(x*size.Width, y*size.Height) }
	c.page.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: point(fromX, fromY)}, Button: desktop.MouseButtonPrimary})
	c.page.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: point(toX, toY)}})
	c.page.DragEnd()
	c.page.MouseUp(nil)
}

// The part of the camera's picture is chosen on the whole picture, with the mouse
// or the keys, and in force once it is saved: then the camera is opened anew.
func TestChooseThePart(t *testing.T) {
	for _, mirror := range []bool{false, true} {
		desk := newFakeDesk()
		desk.Now.Camera.Mirror = mirror
		var sources []*kittest.Source
		desk.source = func(string) app.Source {
			s := kittest.NewSource()
			s.Cut = desk.Settings().Camera.Part
			sources = append(sources, s)
			return s
		}
		w := open(t, desk, "")
		w.win.Resize(fyne.NewSize(1600, 1000))
		w.tabs.SelectIndex(2)
		c := w.settings.part
		w.until(t, "the whole picture", func() bool { return c.size == image.Pt(128, 48) })
		if !strings.Contains(w.text(), w.Words.T("settings.part_all")) || !c.whole.Disabled() || !w.settings.save.Disabled() {
			t.Errorf("before: %q", c.now.Text)
		}
		drawOn(c, 0.25, 0, 0.75, 1)
		if c.part.X != 0.25 || c.part.Width != 0.5 || c.part.Height != 1 || w.settings.save.Disabled() {
			t.Fatalf("the middle half is %q", c.part)
		}
		drawOn(c, 0, 0, 0.5, 1) // what the clerk sees on the left
		if left := map[bool]float64{false: 0, true: 0.5}[mirror]; c.part.X != left || c.part.Width != 0.5 {
			t.Errorf("mirrored %v: the left half is %q", mirror, c.part)
		}
		if !strings.Contains(c.now.Text, "50 %") || c.whole.Disabled() || len(c.page.Faces) != 1 || c.page.Faces[0].Min.X != 0 {
			t.Errorf("it says %q and marks %v", c.now.Text, c.page.Faces)
		}
		test.Tap(w.settings.save)
		w.until(t, "the success", func() bool { return w.settings.message.Text == w.Words.T("settings.saved") })
		w.until(t, "the camera, opened anew", func() bool { return len(sources) == 2 && w.source == app.Source(sources[1]) })
		if !sources[0].IsClosed() || sources[1].Cut != c.part || desk.Settings().Camera.Part != c.part {
			t.Errorf("the new source has the part %q", sources[1].Cut)
		}

		test.Tap(c.whole)
		if !c.part.Whole() || w.settings.save.Disabled() {
			t.Errorf("undone: %q", c.part)
		}
		test.Tap(w.settings.undo)
		if c.part != desk.Settings().Camera.Part {
			t.Errorf("undone twice: %q", c.part)
		}
		test.Tap(c.whole)
		w.win.Canvas().Focus(c.page)
		for _, key := range []fyne.KeyName{fyne.KeyUp, fyne.KeyUp, fyne.KeyReturn} {
			c.page.KeyDown(&fyne.KeyEvent{Name: key})
			c.page.TypedKey(&fyne.KeyEvent{Name: key})
			c.page.KeyUp(&fyne.KeyEvent{Name: key})
		}
		if c.part.Whole() || c.part.Check() != nil {
			t.Errorf("by the keys: %q", c.part)
		}
		w.tabs.SelectIndex(0)
		if c.feed != nil {
			t.Error("the whole picture is watched though nobody sees it")
		}
	}
}

// The check records the part, and the history shows it.
func TestThePartIsRecorded(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	source.Cut = app.Part{X: 0.25, Width: 0.5, Height: 1}
	desk.source = func(string) app.Source { return source }
	given := make(chan app.CheckInput, 1)
	desk.check = checkGiving(given, compared(history.Pass, 90))
	w := open(t, desk, "")
	ready(t, w)
	w.press(t, fyne.KeyReturn)
	if in := <-given; in.CameraPart != source.Cut {
		t.Errorf("the check has the part %q", in.CameraPart)
	}
	w.until(t, "the result", func() bool { return w.check.result != nil })
}
