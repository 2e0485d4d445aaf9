package views

import (
	"sync"
	"sync/atomic"
	"time"
)

// paints decides when what moves by itself comes to the screen. Fyne paints the
// whole window anew for each thing that changes, which takes two cores where there
// is no graphics card and something always moves. So the live picture sets the time,
// and what else moves (outlines, the hint, how far a check is) comes with it; and the
// picture comes as often as the computer can afford.
type paints struct {
	do      func(func())                  // hands a function to the window's goroutine
	covered func() bool                   // a dialog lies over the window; asked on its goroutine
	drawn   func() (time.Duration, error) // CPU time that drawing has taken so far

	hurried atomic.Bool  // a check runs, which needs the computer too
	resting atomic.Bool  // a dialog lay over the newest picture
	count   atomic.Int64 // paints of the picture

	mu     sync.Mutex
	riders []func()    // wait for the next picture
	last   time.Time   // when the newest picture was handed over
	guard  *time.Timer // for riders, where no picture comes; nil: none wait

	// Of the feeder of pictures only:
	cost    time.Duration // of one paint; 0: not known yet
	since   time.Time     // when measuring began
	spent   time.Duration // drawn by then
	counted int64         // count by then
}

func newPaints(do func(func())) *paints {
	return &paints{do: do, covered: func() bool { return false }, drawn: drawingTime}
}

// now shows a picture, and with it what waits.
func (p *paints) now(show func()) {
	p.mu.Lock()
	p.last = time.Now()
	p.mu.Unlock()
	p.do(func() {
		show()
		p.flush()
	})
}

// soon shows something with the next picture, or by itself where none comes.
func (p *paints) soon(show func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.riders = append(p.riders, show)
	if p.guard != nil {
		return
	}
	wait := time.Duration(0)
	if time.Since(p.last) < riderWait {
		wait = riderWait
	}
	p.guard = time.AfterFunc(wait, func() { p.do(p.flush) })
}

// flush shows what waits, on the window's goroutine.
func (p *paints) flush() {
	p.mu.Lock()
	riders := p.riders
	p.riders = nil
	if p.guard != nil {
		p.guard.Stop()
		p.guard = nil
	}
	p.mu.Unlock()
	for _, show := range riders {
		show()
	}
}

// rests says whether a picture need not be painted, because a dialog covers it.
func (p *paints) rests() bool {
	covered := p.covered()
	p.resting.Store(covered)
	return covered
}

// every is how long to wait from one picture to the next. The feeder calls it once
// for each.
func (p *paints) every() time.Duration {
	if p.resting.Load() {
		return restInterval // only to see whether it still rests
	}
	p.measure(time.Now())
	most, share := leastOften, drawingShare
	if p.hurried.Load() {
		most, share = leastOftenHurried, drawingShareHurried
	}
	if p.cost == 0 {
		return most
	}
	return min(max(paintInterval, time.Duration(float64(p.cost)/share)), most)
}

// measure works out now and then what a paint costs: all that the window's own
// thread and the threads of a software renderer did, through the number of pictures
// shown meanwhile. What else was painted, such as a blinking cursor, so makes a paint
// dearer, and the pictures rarer.
func (p *paints) measure(now time.Time) {
	if !p.since.IsZero() && now.Sub(p.since) < measureEvery {
		return
	}
	spent, err := p.drawn()
	if err != nil { // there is no telling; a paint is taken to be cheap
		p.cost = time.Nanosecond
		p.since = now
		return
	}
	count := p.count.Load()
	if n := count - p.counted; !p.since.IsZero() && n >= measureLeast {
		p.cost = max(time.Nanosecond, (spent-p.spent)/time.Duration(n))
	}
	p.since, p.spent, p.counted = now, spent, count
}
