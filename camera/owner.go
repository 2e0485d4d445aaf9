package camera

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// owner is the one goroutine that holds a source's native capture. One that is
// stuck in native code is left behind and replaced: when it comes back it closes
// its capture and ends, and what it brings is thrown away.
type owner struct {
	*Source
	pace  pacer
	still stillness

	inside atomic.Int64 // when it went into native code, in the source's time; 0: it is not there
}

// newOwner starts an owner in the place of the one before. The caller holds mu.
func (s *Source) newOwner() {
	o := &owner{Source: s}
	s.owner = o
	s.busy.Add(1)
	go o.own()
}

// replaced says whether the owner was left behind.
func (o *owner) replaced() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.owner != o
}

// own opens and reads the source until Close, one session after another.
func (o *owner) own() {
	defer o.busy.Done()
	wait := retryFirst
	for {
		frames, problem := o.session()
		if o.isClosed() {
			return
		}
		if o.replaced() {
			o.mu.Lock()
			o.leftBehind--
			o.mu.Unlock()
			return
		}
		if frames > 0 {
			wait = retryFirst
		}
		if problem != nil {
			o.fail(o, problem)
			if !o.sleep(wait) {
				return
			}
			wait = min(2*wait, retryLast)
		}
	}
}

// native runs what may not come back.
func (o *owner) native(f func()) {
	o.inside.Store(int64(time.Since(o.opened)) + 1)
	f()
	o.inside.Store(0)
}

// guard replaces an owner that has been in native code for too long. FFmpeg's
// time-outs end with the first byte that comes, so a stream that trickles would
// hold its owner for ever; a new connection may well give pictures. A device has
// one owner only, and its driver gives up by itself.
func (s *Source) guard() {
	defer s.busy.Done()
	for s.sleep(guardEvery) {
		s.mu.Lock()
		since := time.Duration(s.owner.inside.Load())
		if since > 0 && time.Since(s.opened)-since > stuckAfter && s.leftBehind < mostLeftBehind && !s.closed {
			s.failLocked(matcher.NewProblem("camera.frozen", nil))
			s.p.Log.Warn("camera owner left behind", "source", s.from.kind.String())
			s.leftBehind++
			s.newOwner()
		}
		s.mu.Unlock()
	}
}

// session opens the source and reads it until it fails, is closed or the owner is
// replaced. It returns how many frames came; no problem means that it may start
// again at once.
func (o *owner) session() (frames int, problem *matcher.Problem) {
	from := o.target()
	if problem := o.check(from); problem != nil {
		return 0, problem
	}
	file, err := opening(from)
	if err != nil {
		return 0, o.failed(from, err)
	}
	var capture *gocv.VideoCapture
	o.native(func() { capture, err = o.open(from) })
	if err != nil {
		return 0, o.failed(from, err)
	}
	defer capture.Close()
	mat := gocv.NewMat()
	defer mat.Close()

	if file != nil {
		o.pace.period = time.Duration(float64(time.Second) / playRate(capture.Get(gocv.VideoCaptureFPS)))
	}
	o.still.reopened()
	rewound := false
	for !o.isClosed() {
		var read bool
		o.native(func() { read = capture.Read(&mat) })
		if o.replaced() {
			return frames, nil
		}
		if !read {
			switch {
			case file == nil || frames == 0:
				return frames, o.failed(from, errors.New("no more pictures"))
			case rewound: // this kind of file cannot be rewound: open it again
				return frames, nil
			}
			// Rewinding takes a fifth of the time opening does, less than a frame.
			capture.Set(gocv.VideoCapturePosFrames, 0)
			rewound = true
			continue
		}
		rewound = false
		picture, err := toRGBA(mat)
		if err != nil {
			return frames, o.failed(from, err)
		}
		part := o.p.Part.In(picture.Rect.Size()).Size()
		if size := frameSize(part); min(size.X, size.Y) < leastSide {
			return frames, matcher.NewProblem("camera.too_small", fmt.Errorf("pictures of %v", part))
		}
		if from.kind != device && o.still.stuck(picture, time.Now()) {
			o.p.Log.Info("camera stands still, opened anew", "source", from.kind.String())
			return frames, nil
		}
		if there, err := file.there(time.Now()); err != nil {
			return frames, o.failed(from, err)
		} else if !there {
			return frames, nil
		}
		if !o.sleep(o.pace.next(time.Now())) {
			break
		}
		o.show(o, picture)
		frames++
	}
	return frames, nil
}

// target is where the source's address leads now: a number counts the cameras
// that are plugged in.
func (o *owner) target() address {
	if n, ok := number(o.p.Address); ok {
		return address{device, o.sys.nth(n)}
	}
	return o.from
}

// check looks at a device or file before native code does, which could only say
// that it did not work. A stream is not looked at.
func (o *owner) check(from address) *matcher.Problem {
	switch from.kind {
	case device:
		return o.gone(o.sys.check(from.name))
	case file:
		return checkFile(from.name)
	}
	return nil
}

func (o *owner) open(from address) (*gocv.VideoCapture, error) {
	if from.kind != device {
		return openFile(from.name)
	}
	can, _ := o.sys.ask(from.name) // one that does not answer is asked for the usual
	o.mu.Lock()
	if o.owner == o {
		o.virtual = o.sys.virtual(from.name, can.driver)
	}
	o.mu.Unlock()
	capture, err := o.sys.open(from.name, choose(can.modes))
	if err != nil {
		capture.Close()
		return nil, errors.New("it does not open")
	}
	return capture, nil
}

// failed is what the clerk is told when a source that looked right gives no
// picture, or no more.
func (o *owner) failed(from address, cause error) *matcher.Problem {
	switch from.kind {
	case device:
		// It may have been pulled out; else the driver only refuses while another
		// program has it.
		if problem := o.gone(o.sys.check(from.name)); problem != nil {
			return problem
		}
		return matcher.NewProblem("camera.busy", cause)
	case stream:
		return matcher.NewProblem("camera.stream", cause)
	}
	return matcher.NewProblem("camera.file", cause)
}

// gone gives the problem of a camera that is not there the words of one that was.
func (o *owner) gone(problem *matcher.Problem) *matcher.Problem {
	o.mu.Lock()
	defer o.mu.Unlock()
	if problem != nil && problem.Key == "camera.none" && o.frames > 0 {
		return matcher.NewProblem("camera.unplugged", problem.Err)
	}
	return problem
}

// played is the file that is played, to be looked after: what was deleted still
// plays to its end, and a picture that is not there any more is a lying one. Nil
// for other sources.
type played struct {
	path   string
	info   os.FileInfo
	looked time.Time
}

func opening(from address) (*played, error) {
	if from.kind != file {
		return nil, nil
	}
	info, err := os.Stat(from.name)
	return &played{path: from.name, info: info, looked: time.Now()}, err
}

// there looks now and then whether the file is still in its place: false where
// another one lies there, an error where none does.
func (p *played) there(now time.Time) (bool, error) {
	if p == nil || now.Sub(p.looked) < fileLook {
		return true, nil
	}
	p.looked = now
	info, err := os.Stat(p.path)
	return err == nil && os.SameFile(info, p.info), err
}

// playRate is the frame rate a file is played at.
func playRate(named float64) float64 {
	if named > 0 && named <= highestRate { // false for NaN
		return named
	}
	return usualRate
}

func (s *Source) isClosed() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// sleep waits, and says whether the source is still open.
func (s *Source) sleep(d time.Duration) bool {
	if d <= 0 {
		return !s.isClosed()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.quit:
		return false
	}
}

// pacer keeps a file to its own frame rate, from one opening to the next. Without
// a period it never waits: cameras and streams keep their own time.
type pacer struct {
	period time.Duration
	due    time.Time
}

// next says how long the next frame has to wait.
func (p *pacer) next(now time.Time) time.Duration {
	if p.period == 0 {
		return 0
	}
	if p.due.IsZero() || now.Sub(p.due) > playLate {
		p.due = now
	}
	wait := p.due.Sub(now)
	p.due = p.due.Add(p.period)
	return wait
}
