package views

import (
	"image"
	"testing"
	"time"

	"facematch/app"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// A dialog over the window lets the picture rest, and it goes on after.
func TestThePictureRestsUnderADialog(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = func(string) app.Source { return source }
	w := open(t, desk, "")
	w.until(t, "a picture", func() bool { return w.check.preview.there })
	w.tell("drop.not_now", "drop.busy")
	if w.win.Canvas().Overlays().Top() == nil {
		t.Fatal("no dialog")
	}
	source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
	w.until(t, "that it rests", func() bool { return w.Paints.Resting.Load() })
	shown, count := w.check.preview.picture.Image, w.Paints.Count.Load()
	for range 5 {
		source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
		source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
		time.Sleep(kit.RestInterval / 2)
		w.q.Run()
	}
	if w.check.preview.picture.Image != shown || w.Paints.Count.Load() != count || w.check.hint.Text != "" {
		t.Errorf("under a dialog %d pictures were painted, the hint is %q", w.Paints.Count.Load()-count, w.check.hint.Text)
	}
	w.escape()
	source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	w.until(t, "the picture", func() bool { return w.Paints.Count.Load() > count })
	source.ShowProblem(&app.Problem{Key: "camera.frozen"})
	w.until(t, "that there is none", func() bool { return !w.check.preview.there })
}

// The hint says where the person to be asked aside stands as the clerk sees them: a
// mirrored picture has left and right exchanged.
func TestWhomToAskAside(t *testing.T) {
	person := app.Face{Box: image.Rect(100, 100, 200, 200)}
	for mirror, cases := range map[bool]map[app.Aside]string{
		false: {"left": "coach.several_left", "right": "coach.several_right"},
		true: {
			"left": "coach.several_right", "right": "coach.several_left", "behind": "coach.several_behind", "": "coach.several",
		},
	} {
		desk := newFakeDesk()
		source := kittest.NewSource()
		desk.source = func(string) app.Source { return source }
		desk.Now.Camera.Mirror = mirror
		w := open(t, desk, "")
		w.until(t, "a picture", func() bool { return w.check.preview.there })
		for aside, key := range cases {
			source.GiveAdvice(app.Advice{
				Size: image.Pt(400, 300), Faces: []app.Face{person, {Box: image.Rect(250, 100, 330, 180)}},
				Hint: app.Notice{Key: "coach.several"}, Aside: aside,
			})
			w.until(t, key, func() bool { return w.check.hint.Text == w.Words.T(key) })
			if marks := w.check.preview.outlines; len(marks.Faces) != 2 || marks.Mirror != mirror || marks.Good || marks.Alike {
				t.Errorf("mirrored %v: outlined are %+v", mirror, marks)
			}
		}
	}
}
