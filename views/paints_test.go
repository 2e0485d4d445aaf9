package views

import (
	"errors"
	"image"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"facematch/app"
)

// What moves by itself comes with the next picture, in the same turn of the window's
// goroutine, so that Fyne paints once; and by itself where no picture comes.
func TestRidersComeWithThePicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newUIQueue()
		p := newPaints(q.do)
		var shown []string
		show := func(what string) func() { return func() { shown = append(shown, what) } }
		p.now(show("picture"))
		q.run()
		p.soon(show("outline"))
		p.soon(show("progress"))
		if q.run(); !slices.Equal(shown, []string{"picture"}) {
			t.Errorf("before the next picture: %v", shown)
		}
		time.Sleep(100 * time.Millisecond)
		p.now(show("next"))
		if n := len(q.queue); n != 1 {
			t.Errorf("%d turns for one picture and what comes with it", n)
		}
		if q.run(); !slices.Equal(shown, []string{"picture", "next", "outline", "progress"}) {
			t.Errorf("with the next picture: %v", shown)
		}
		p.soon(show("late"))
		time.Sleep(riderWait + time.Millisecond)
		synctest.Wait()
		if q.run(); shown[len(shown)-1] != "late" {
			t.Errorf("without a picture: %v", shown)
		}
		time.Sleep(time.Minute)
		began := time.Now()
		p.soon(show("alone"))
		synctest.Wait()
		if q.run(); shown[len(shown)-1] != "alone" || !time.Now().Equal(began) {
			t.Errorf("where no pictures come: %v, after %v", shown, time.Since(began))
		}
	})
}

// Many put, one shows; run with -race.
func TestRidersFromManySides(t *testing.T) {
	q := newUIQueue()
	p := newPaints(q.do)
	shown := 0
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				p.soon(func() { shown++ })
				p.now(func() {})
			}
		})
	}
	all.Wait()
	for end := time.Now().Add(5 * time.Second); shown < 800 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		q.run()
	}
	if shown != 800 {
		t.Errorf("%d of 800 were shown", shown)
	}
}

// As many pictures as the computer can afford, within bounds.
func TestHowOftenToPaint(t *testing.T) {
	for name, c := range map[string]struct {
		cost         time.Duration // of a paint
		err          error
		alone, hurry time.Duration
	}{
		"a graphics card":  {cost: 2 * time.Millisecond, alone: paintInterval, hurry: paintInterval},
		"a fast processor": {cost: 35 * time.Millisecond, alone: 50 * time.Millisecond, hurry: 87500 * time.Microsecond},
		"a slow one":       {cost: 300 * time.Millisecond, alone: leastOften, hurry: leastOftenHurried},
		"nobody can tell":  {err: errors.ErrUnsupported, alone: paintInterval, hurry: paintInterval},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaints(nil)
				p.drawn = func() (time.Duration, error) { return time.Hour + time.Duration(p.count.Load())*c.cost, c.err }
				if first := p.every(); c.err == nil && first != leastOften {
					t.Errorf("before anything is known: %v", first)
				}
				for range 12 {
					p.count.Add(1)
					time.Sleep(p.every())
				}
				if got := p.every(); got.Round(time.Millisecond) != c.alone.Round(time.Millisecond) {
					t.Errorf("alone every %v, want %v", got, c.alone)
				}
				p.hurried.Store(true)
				if got := p.every(); got.Round(time.Millisecond) != c.hurry.Round(time.Millisecond) {
					t.Errorf("while a check runs every %v, want %v", got, c.hurry)
				}
				p.resting.Store(true)
				if got := p.every(); got != restInterval {
					t.Errorf("under a dialog every %v", got)
				}
			})
		})
	}
}

// A dialog over the window lets the picture rest, and it goes on after.
func TestThePictureRestsUnderADialog(t *testing.T) {
	desk := newFakeDesk()
	source := newFakeSource()
	desk.source = func(string) app.Source { return source }
	w := open(t, desk, "")
	w.until(t, "a picture", func() bool { return w.check.preview.there })
	w.tell("drop.not_now", "drop.busy")
	if w.win.Canvas().Overlays().Top() == nil {
		t.Fatal("no dialog")
	}
	source.frame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	source.advise(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
	w.until(t, "that it rests", func() bool { return w.paints.resting.Load() })
	shown, count := w.check.preview.picture.Image, w.paints.count.Load()
	for range 5 {
		source.frame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
		source.advise(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
		time.Sleep(restInterval / 2)
		w.q.run()
	}
	if w.check.preview.picture.Image != shown || w.paints.count.Load() != count || w.check.hint.Text != "" {
		t.Errorf("under a dialog %d pictures were painted, the hint is %q", w.paints.count.Load()-count, w.check.hint.Text)
	}
	w.escape()
	source.frame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	w.until(t, "the picture", func() bool { return w.paints.count.Load() > count })
	source.problem(&app.Problem{Key: "camera.frozen"})
	w.until(t, "that there is none", func() bool { return !w.check.preview.there })
}

// Whom to ask aside is said as the clerk sees them: a mirror has left and right
// exchanged. The others are outlined unlike the person who is meant.
func TestWhomToAskAside(t *testing.T) {
	person := app.Face{Box: image.Rect(100, 100, 200, 200)}
	for _, c := range []struct {
		mirror bool
		aside  app.Aside
		key    string
	}{
		{false, "left", "coach.several_left"}, {true, "left", "coach.several_right"},
		{false, "right", "coach.several_right"}, {true, "right", "coach.several_left"},
		{true, "behind", "coach.several_behind"}, {true, "", "coach.several"},
	} {
		desk := newFakeDesk()
		source := newFakeSource()
		desk.source = func(string) app.Source { return source }
		desk.settings.Camera.Mirror = c.mirror
		w := open(t, desk, "")
		w.until(t, "a picture", func() bool { return w.check.preview.there })
		source.advise(app.Advice{
			Size: image.Pt(400, 300), Faces: []app.Face{person, {Box: image.Rect(250, 100, 330, 180)}},
			Hint: app.Notice{Key: "coach.several"}, Aside: c.aside,
		})
		w.until(t, c.key, func() bool { return w.check.hint.Text == w.words.T(c.key) })
		r := newOutlinesRenderer(w.check.preview.outlines)
		if r.whole.Visible() || !r.lines[0].Visible() || !r.others[0].frame.Visible() || !r.others[0].cross[0].Visible() || r.others[1].frame.Visible() {
			t.Error("the two are not told apart")
		}
		if first, second := r.lines[0].Position1, r.others[0].frame.Position(); c.mirror != (second.X < first.X) {
			t.Errorf("mirrored %v: the outlines are at %v and %v", c.mirror, first, second)
		}
	}
}
