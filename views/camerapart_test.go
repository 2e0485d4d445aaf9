package views

import (
	"testing"

	"fyne.io/fyne/v2"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit/kittest"
)

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
