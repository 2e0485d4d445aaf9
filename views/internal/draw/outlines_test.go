package draw

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/matcher"
)

// The others are outlined unlike the person whom the check is about.
func TestOthersAreOutlinedUnlikeThePerson(t *testing.T) {
	test.NewTempApp(t)
	for _, mirror := range []bool{false, true} {
		o := NewOutlines()
		o.Resize(fyne.NewSize(400, 300))
		o.Set(
			[]matcher.Face{{Box: image.Rect(100, 100, 200, 200)}, {Box: image.Rect(250, 100, 330, 180)}}, image.Pt(400, 300),
			mirror, false,
		)
		r := newOutlinesRenderer(o)
		if r.whole.Visible() || !r.lines[0].Visible() || !r.others[0].frame.Visible() ||
			!r.others[0].cross[0].Visible() || r.others[1].frame.Visible() {
			t.Error("the two cannot be told apart")
		}
		if first, second := r.lines[0].Position1, r.others[0].frame.Position(); mirror != (second.X < first.X) {
			t.Errorf("mirrored %v: the outlines are at %v and %v", mirror, first, second)
		}
	}
}
