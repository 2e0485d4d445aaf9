package kit

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"facematch/views/internal/kit/uiqueue"
)

// What moves by itself comes with the next picture, in the same turn of the window's
// goroutine, so that Fyne paints once; and by itself where no picture comes.
func TestRidersComeWithThePicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := uiqueue.New()
		p := NewPaints(q.Do)
		var shown []string
		show := func(what string) func() { return func() { shown = append(shown, what) } }
		p.Now(show("picture"))
		q.Run()
		p.Soon(show("outline"))
		p.Soon(show("progress"))
		if q.Run(); !slices.Equal(shown, []string{"picture"}) {
			t.Errorf("before the next picture: %v", shown)
		}
		time.Sleep(100 * time.Millisecond)
		p.Now(show("next"))
		if n := len(q.Waiting); n != 1 {
			t.Errorf("%d turns for one picture and what comes with it", n)
		}
		if q.Run(); !slices.Equal(shown, []string{"picture", "next", "outline", "progress"}) {
			t.Errorf("with the next picture: %v", shown)
		}
		p.Soon(show("late"))
		time.Sleep(riderWait + time.Millisecond)
		synctest.Wait()
		if q.Run(); shown[len(shown)-1] != "late" {
			t.Errorf("without a picture: %v", shown)
		}
		time.Sleep(time.Minute)
		began := time.Now()
		p.Soon(show("alone"))
		synctest.Wait()
		if q.Run(); shown[len(shown)-1] != "alone" || !time.Now().Equal(began) {
			t.Errorf("where no pictures come: %v, after %v", shown, time.Since(began))
		}
	})
}

// Many put, one shows; run with -race.
func TestRidersFromManySides(t *testing.T) {
	q := uiqueue.New()
	p := NewPaints(q.Do)
	shown := 0
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				p.Soon(func() { shown++ })
				p.Now(func() {})
			}
		})
	}
	all.Wait()
	for end := time.Now().Add(5 * time.Second); shown < 800 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		q.Run()
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
				p := NewPaints(nil)
				p.drawn = func() (time.Duration, error) { return time.Hour + time.Duration(p.Count.Load())*c.cost, c.err }
				if first := p.Every(); c.err == nil && first != leastOften {
					t.Errorf("before anything is known: %v", first)
				}
				for range 12 {
					p.Count.Add(1)
					time.Sleep(p.Every())
				}
				if got := p.Every(); got.Round(time.Millisecond) != c.alone.Round(time.Millisecond) {
					t.Errorf("alone every %v, want %v", got, c.alone)
				}
				p.Hurried.Store(true)
				if got := p.Every(); got.Round(time.Millisecond) != c.hurry.Round(time.Millisecond) {
					t.Errorf("while a check runs every %v, want %v", got, c.hurry)
				}
				p.Resting.Store(true)
				if got := p.Every(); got != RestInterval {
					t.Errorf("under a dialog every %v", got)
				}
			})
		})
	}
}
