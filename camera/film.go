package camera

import (
	"context"
	"fmt"
	"image"
	"io"
	"sync"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// Film films for about this length and returns with the first frame: the film
// gives those that quality.Sampler chooses among all frames of the source, while
// it is filmed, at most 1280 pixels on their longer side. Times count from the
// first frame. Filming ends with the context.
//
// Progress is StageRecording in milliseconds. The error, here or of Film.Next, is
// the context's, ErrClosed, or a *matcher.Problem: the source's own where it gives
// no frame to begin with, camera.lost where it stops in the middle.
func (s *Source) Film(ctx context.Context, length time.Duration, progress matcher.ProgressFunc) (matcher.Film, error) {
	f := &film{news: make(chan struct{}, 1)}
	f.filming = newFilming(length, progress, func(frame matcher.Frame, sampled bool) {
		if sampled {
			f.push(frame)
		}
	})
	progress.Report(matcher.StageRecording, 0, int(f.length.Milliseconds()))
	if err := s.film(ctx, f.filming); err != nil {
		return nil, err
	}
	select {
	case <-f.begun:
		return f, nil
	case <-f.done:
		select {
		case <-f.begun: // a source that plays fast may be over by now
			return f, nil
		default:
			return nil, f.err
		}
	}
}

// film gives the filming each frame of the source from now on, until it is done or
// the context ends.
func (s *Source) film(ctx context.Context, f *filming) error {
	if err := ctx.Err(); err != nil { // a first frame could come before AfterFunc runs
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		f.end(ctx.Err())
		s.silence(f)
	})
	f.over = func() {
		stop()
		s.silence(f)
	}
	if err := s.listen(f); err != nil {
		stop()
		return err
	}
	if f.isDone() { // the context ended before there was anything to silence
		s.silence(f)
	}
	return nil
}

// filming takes the frames of a source, one after the other, and says which of
// them are sampled. It hands each on as soon as that is known: a sampled one at
// once, another one when the next has come, because both sides of a jump are
// sampled. So at most one frame is held.
type filming struct {
	length   time.Duration
	progress matcher.ProgressFunc
	keep     func(frame matcher.Frame, sampled bool) // it must not wait
	over     func()                                  // forgets it at the source; called without mu
	begun    chan struct{}                           // closed with the first frame
	done     chan struct{}                           // closed when the last frame was handed on

	mu        sync.Mutex
	sampler   *quality.Sampler
	first     time.Duration // when the first frame was taken
	held      *matcher.Frame
	lasted    time.Duration // up to the newest frame
	unsampled int           // read after done
	err       error         // why it is done; nil: it is long enough. Read after done
}

func newFilming(length time.Duration, progress matcher.ProgressFunc, keep func(matcher.Frame, bool)) *filming {
	length = max(length, shortestClip)
	return &filming{
		length: length, progress: progress, keep: keep, sampler: quality.NewSampler(length), over: func() {},
		begun: make(chan struct{}), done: make(chan struct{}),
	}
}

// take takes the next frame. It is called on the owner's goroutine, so that no
// frame is missed however busy the machine is.
func (f *filming) take(frame matcher.Frame) {
	at, taken := f.add(frame)
	if !taken {
		return
	}
	f.progress.Report(matcher.StageRecording, int(min(at, f.length).Milliseconds()), int(f.length.Milliseconds()))
	if at >= f.length {
		f.end(nil)
		f.over()
	}
}

// add hands on what is known of the frame and the one before, and says when it was
// taken; false where the filming is over.
func (f *filming) add(frame matcher.Frame) (at time.Duration, taken bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isDone() {
		return 0, false
	}
	if !f.isBegun() {
		f.first = frame.At
		close(f.begun)
	}
	frame.At -= f.first
	f.lasted = frame.At
	size := frame.Image.Rect.Size()
	before, this := f.sampler.Add(frame.At, quality.ThumbnailOf(frame.Image.Pix, size.X, size.Y, 4))
	if f.held != nil {
		f.keep(*f.held, before)
		f.held = nil
	}
	if this {
		f.keep(frame, true)
	} else {
		f.held = &frame
	}
	return frame.At, true
}

// end ends the filming; the error says why it ends before its time.
func (f *filming) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isDone() {
		return
	}
	if f.held != nil && err == nil {
		f.keep(*f.held, false)
	}
	f.held = nil
	f.err, f.unsampled = err, f.sampler.Unsampled()
	close(f.done)
}

// lost ends it because its source has a problem.
func (f *filming) lost(problem *matcher.Problem) {
	if f.isBegun() {
		problem = matcher.NewProblem("camera.lost", problem)
	}
	f.end(problem)
}

func (f *filming) isBegun() bool { return closed(f.begun) }
func (f *filming) isDone() bool  { return closed(f.done) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// small is a frame as clips and the engine have it, at most longestSide pixels
// long. It is made as soon as a frame is kept: queues of large frames would take
// hundreds of MB.
func small(frame matcher.Frame) (matcher.Frame, error) {
	size := frameSize(frame.Image.Rect.Size())
	if size == frame.Image.Rect.Size() {
		return frame, nil
	}
	var err error
	if frame.Image, err = shrink(frame.Image, size); err != nil {
		return frame, fmt.Errorf("scaling a frame: %w", err)
	}
	return frame, nil
}

// film is the matcher.Film of a filming.
type film struct {
	*filming
	news chan struct{} // holds one where frames may have come since

	queue   sync.Mutex // guards what follows; never held with anything else
	frames  []matcher.Frame
	refused error // a frame could not be kept
}

func (f *film) push(frame matcher.Frame) {
	frame, err := small(frame)
	f.queue.Lock()
	defer f.queue.Unlock()
	if err != nil {
		f.refused = err
	} else {
		f.frames = append(f.frames, frame)
	}
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// Next is part of matcher.Film. A film that was cut short gives no more frames.
func (f *film) Next(ctx context.Context) (matcher.Frame, error) {
	for {
		if err := ctx.Err(); err != nil {
			return matcher.Frame{}, err
		}
		over := f.isDone() // asked before: what was pushed by then is in the queue
		if over && f.err != nil {
			return matcher.Frame{}, f.err
		}
		if frame, there, err := f.pop(); there || err != nil {
			return frame, err
		}
		if over {
			return matcher.Frame{}, io.EOF
		}
		select {
		case <-f.news:
		case <-f.done:
		case <-ctx.Done():
		}
	}
}

func (f *film) pop() (frame matcher.Frame, there bool, err error) {
	f.queue.Lock()
	defer f.queue.Unlock()
	if f.refused != nil || len(f.frames) == 0 {
		return matcher.Frame{}, false, f.refused
	}
	frame = f.frames[0]
	f.frames[0] = matcher.Frame{} // the reader may be the last who needs it
	f.frames = f.frames[1:]
	return frame, true, nil
}

// Unsampled is part of matcher.Film.
func (f *film) Unsampled() int {
	if !f.isDone() {
		return 0
	}
	return f.unsampled
}

// portrait keeps the sharpest of the frames of a film's middle quarter, or the
// first one where none falls there.
type portrait struct {
	length  time.Duration
	picture *image.RGBA
	sharp   float64 // of a picture from the middle
}

func (p *portrait) add(frame matcher.Frame) {
	inMiddle := frame.At >= p.length*3/8 && frame.At <= p.length*5/8
	if !inMiddle && p.picture != nil {
		return
	}
	sharp := 0.0
	if inMiddle {
		sharp = quality.Sharpness(frame.Image, middle(frame.Image.Rect)) + 1 // more than any from elsewhere
	}
	if p.picture == nil || sharp > p.sharp {
		p.picture, p.sharp = frame.Image, sharp
	}
}
