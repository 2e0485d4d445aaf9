package kit

import (
	"sync"
	"sync/atomic"
	"time"
)

// How often the live picture is painted. Each paint repaints the whole window. At
// most 30 a second; where paints are costly as many as drawingShare of a core
// affords, but one each leastOften at least. While a check runs, which needs the
// cores too, the values called Hurried apply. Reading and watching the camera takes
// about a third of a core besides.
const (
	paintInterval       = 33 * time.Millisecond
	leastOften          = time.Second / 8
	leastOftenHurried   = time.Second / 5
	drawingShare        = 0.7
	drawingShareHurried = 0.4
)

const (
	// RestInterval is how often a covered picture checks whether the dialog is gone.
	RestInterval = 200 * time.Millisecond

	// riderWait is how long other updates wait for a picture to be painted with:
	// longer than from one picture to the next.
	riderWait = 250 * time.Millisecond

	// The cost of paints is measured over measureEvery and at least measureLeast paints.
	measureEvery = time.Second
	measureLeast = 3
)

// Paints decides when what moves by itself comes to the screen. Fyne paints the
// whole window anew for each thing that changes, which takes two cores where there
// is no graphics card and something always moves. So the live picture sets the time,
// and what else moves (outlines, the hint, how far a check is) comes with it; and the
// picture comes as often as the computer can afford.
type Paints struct {
	do      func(func())                  // hands a function to the window's goroutine
	Covered func() bool                   // a dialog lies over the window; asked on its goroutine
	drawn   func() (time.Duration, error) // CPU time that drawing has taken so far

	Hurried atomic.Bool  // a check runs, which needs the computer too
	Resting atomic.Bool  // a dialog lay over the newest picture
	Count   atomic.Int64 // paints of the picture

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

// NewPaints takes what hands functions to the window's goroutine.
func NewPaints(do func(func())) *Paints {
	return &Paints{do: do, Covered: func() bool { return false }, drawn: drawingTime}
}

// Now shows a picture, and with it what waits.
func (p *Paints) Now(show func()) {
	p.mu.Lock()
	p.last = time.Now()
	p.mu.Unlock()
	p.do(func() {
		show()
		p.flush()
	})
}

// Soon shows something with the next picture, or by itself where none comes.
func (p *Paints) Soon(show func()) {
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
func (p *Paints) flush() {
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

// Rests says whether a picture need not be painted, because a dialog covers it.
func (p *Paints) Rests() bool {
	covered := p.Covered()
	p.Resting.Store(covered)
	return covered
}

// Every is how long to wait from one picture to the next. The feeder calls it once
// for each.
func (p *Paints) Every() time.Duration {
	if p.Resting.Load() {
		return RestInterval // only to see whether it still rests
	}
	p.measure(time.Now())
	most, share := leastOften, drawingShare
	if p.Hurried.Load() {
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
func (p *Paints) measure(now time.Time) {
	if !p.since.IsZero() && now.Sub(p.since) < measureEvery {
		return
	}
	spent, err := p.drawn()
	if err != nil { // the cost is not known: a paint is taken to be cheap
		p.cost = time.Nanosecond
		p.since = now
		return
	}
	count := p.Count.Load()
	if n := count - p.counted; !p.since.IsZero() && n >= measureLeast {
		p.cost = max(time.Nanosecond, (spent-p.spent)/time.Duration(n))
	}
	p.since, p.spent, p.counted = now, spent, count
}
