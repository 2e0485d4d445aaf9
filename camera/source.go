// Package camera makes live sources out of cameras, network streams and video
// files: their newest picture, one hint about it, and short clips of it.
//
//	           ┌────────────── Source ──────────────┐
//	device ──▶ │ owner ─▶ newest frame or problem   │ ─▶ Next, Advise
//	stream     │   │     (one slot, newest wins)    │
//	file       │   └────▶ filming ─▶ sampled frames │ ─▶ Film: matcher.Film
//	           │             └─▶ encoder            │ ─▶ Record: matcher.Clip
//	           └────────────────────────────────────┘
//
// One goroutine, the owner, opens the source, reads it, cuts the part out that the
// settings name, and tries again by itself when it fails. Nobody else touches the
// native capture, so it is never closed during a read; an owner that is stuck in
// one is left behind. Nothing ever waits in the owner's way: readers take the
// newest frame, and filming only looks at a frame and puts it into a queue. So each
// frame that is read is watched.
package camera

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"facematch/matcher"
)

// ErrClosed says that the source was closed.
var ErrClosed = errors.New("camera: the source is closed")

// Params are the parts of a Source; all but Part are needed.
type Params struct {
	// Address is a camera's number, from 0 in the order of Devices, a device path ("/dev/video0"), an http,
	// https or rtsp address, or the path of a video file, which is played over
	// and over in real time. It may hold a password and is never logged.
	Address string
	Part    matcher.Part // of the pictures that is used; nothing outside it leaves the owner, but for Whole
	Faces   matcher.FaceFinder
	Temp    string // existing private folder for clips
	Log     *slog.Logger
}

// Source is one live source. All methods may be called from several goroutines
// at once.
type Source struct {
	p      Params
	sys    system
	from   address
	opened time.Time
	quit   chan struct{}  // closed by Close
	busy   sync.WaitGroup // the owner and the encoders

	coaching chan struct{} // holds one while the coach is asked
	coach    coach         // used by the holder of coaching

	mu       sync.Mutex
	live     matcher.Live
	virtual  string        // driver of the camera that was opened last, where it is no device
	news     chan struct{} // closed and replaced with each change of live
	frames   uint64        // read so far
	arrivals []time.Duration
	frozen   *time.Timer
	filmed   map[*filming]struct{}
	whole    []chan<- *image.RGBA // of who waits for the next picture as it was before the cut
	closed   bool

	owner      *owner
	leftBehind int // owners that were replaced and have not come back
}

// Open starts a source and returns at once; the source opens in the background
// and keeps trying until Close. What goes wrong shows in Next. A missing part is
// a mistake in the program and panics.
//
// The first Open of a program sets FFmpeg's time-outs through the environment,
// unless it has OPENCV_FFMPEG_CAPTURE_OPTIONS already.
func Open(p Params) *Source { return openOn(p, thisSystem()) }

func openOn(p Params, sys system) *Source {
	if p.Faces == nil || p.Temp == "" || p.Log == nil {
		panic("camera: Params.Faces, Temp or Log is missing")
	}
	if _, ok := os.LookupEnv(captureOptionsEnv); !ok {
		// Only a malformed name could fail; with cgo, Go tells C as well.
		_ = os.Setenv(captureOptionsEnv, captureOptions)
	}
	s := &Source{
		p: p, sys: sys, from: parseAddress(p.Address), opened: time.Now(),
		quit: make(chan struct{}), news: make(chan struct{}), filmed: map[*filming]struct{}{},
		coaching: make(chan struct{}, 1),
	}
	s.mu.Lock() // the timer's function must not look for the timer before it is set
	s.frozen = time.AfterFunc(frozenAfter, s.freeze)
	s.newOwner()
	s.mu.Unlock()
	if s.from.kind == stream {
		s.busy.Add(1)
		go s.guard()
	}
	return s
}

// Next waits for news after the given Live.Seq (0: the first) and returns the
// newest; frames nobody asked for in time are skipped. The error is the
// context's or ErrClosed.
func (s *Source) Next(ctx context.Context, after uint64) (matcher.Live, error) {
	for {
		s.mu.Lock()
		live, news, closed := s.live, s.news, s.closed
		s.mu.Unlock()
		switch {
		case closed:
			return matcher.Live{}, ErrClosed
		case ctx.Err() != nil:
			return matcher.Live{}, ctx.Err()
		case live.Seq > after:
			return live, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
		case <-s.quit:
		}
	}
}

// Virtual is the driver of a virtual camera, whose pictures another program makes. It is
// empty for devices, streams and files.
func (s *Source) Virtual() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.virtual
}

// Part is the part of the pictures that is used.
func (s *Source) Part() matcher.Part { return s.p.Part }

// Whole waits for the next picture as it was before the cut, for who chooses the
// part. The error is the context's or ErrClosed.
func (s *Source) Whole(ctx context.Context) (*image.RGBA, error) {
	next := make(chan *image.RGBA, 1)
	s.mu.Lock()
	s.whole = append(s.whole, next)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.whole = slices.DeleteFunc(s.whole, func(c chan<- *image.RGBA) bool { return c == (chan<- *image.RGBA)(next) })
	}()
	select {
	case picture := <-next:
		return picture, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.quit:
		return nil, ErrClosed
	}
}

// Close ends the source and everything that waits for it, and removes the clips
// still being recorded. It waits for the owner, but not longer than about a
// second: a driver that hangs is left behind, closes its capture by itself when
// it comes back, and what it read by then is thrown away. The error is always
// nil; closing twice is allowed.
func (s *Source) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.frozen.Stop()
		close(s.quit)
		for f := range s.filmed {
			f.end(ErrClosed)
		}
		clear(s.filmed)
	}
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		s.busy.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(closeWait):
		s.p.Log.Warn("camera left behind", "source", s.from.kind.String())
	}
	return nil
}

// show makes a picture the newest frame, unless its owner was replaced. Only its
// part is seen, but by who asked for the whole.
func (s *Source) show(by *owner, whole *image.RGBA) {
	picture := cut(whole, s.p.Part.In(whole.Rect.Size()))
	frame, filmed := s.newest(by, whole, picture)
	for _, f := range filmed { // without mu: others must not wait for it
		f.take(frame)
	}
}

// newest puts a picture into the slot and says who films.
func (s *Source) newest(by *owner, whole, picture *image.RGBA) (matcher.Frame, []*filming) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.owner != by {
		return matcher.Frame{}, nil
	}
	s.frames++
	frame := matcher.Frame{Image: picture, At: time.Since(s.opened), Seq: s.frames}
	if s.live.Problem != nil || s.frames == 1 {
		s.p.Log.Info("camera picture", "source", s.from.kind.String(),
			"width", picture.Rect.Dx(), "height", picture.Rect.Dy())
	}
	s.arrivals = append(s.arrivals, frame.At)
	if len(s.arrivals) > rateFrames {
		s.arrivals = slices.Delete(s.arrivals, 0, 1)
	}
	for _, next := range s.whole {
		next <- whole
	}
	s.whole = nil
	s.frozen.Reset(frozenAfter)
	s.tell(matcher.Live{Frame: frame})
	return frame, slices.Collect(maps.Keys(s.filmed))
}

// fail makes a problem the newest state, unless its owner was replaced. The same
// problem again is no news.
func (s *Source) fail(by *owner, problem *matcher.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner == by {
		s.failLocked(problem)
	}
}

func (s *Source) failLocked(problem *matcher.Problem) {
	if s.closed || s.live.Problem != nil && s.live.Problem.Key == problem.Key {
		return
	}
	// Nobody is handed this error, so it is logged here.
	s.p.Log.Warn("camera problem", "source", s.from.kind.String(), "problem", problem.Key, "cause", problem.Err)
	s.arrivals = s.arrivals[:0]
	for f := range s.filmed {
		f.lost(problem)
	}
	clear(s.filmed)
	s.tell(matcher.Live{Problem: problem})
}

// freeze says that no frame came for too long. A source that already told why
// keeps its own words.
func (s *Source) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A frame may have come while the timer already ran.
	if n := len(s.arrivals); n > 0 && time.Since(s.opened)-s.arrivals[n-1] < frozenAfter {
		return
	}
	if s.live.Problem == nil {
		s.failLocked(matcher.NewProblem("camera.frozen", nil))
	}
}

// tell puts news into the slot and wakes those who wait. The caller holds mu.
func (s *Source) tell(live matcher.Live) {
	live.Seq = s.live.Seq + 1
	s.live = live
	close(s.news)
	s.news = make(chan struct{})
}

// listen lets a filming have each frame from now on, until silence. A source with
// a problem gives that problem.
func (s *Source) listen(f *filming) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.live.Problem != nil:
		return s.live.Problem
	}
	s.filmed[f] = struct{}{}
	return nil
}

func (s *Source) silence(f *filming) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.filmed, f)
}

// rate is how many frames a second the source gives now; false while too few
// came to say. It is the mean of the middle half of the gaps: a hiccup does not
// slow it down, frames caught up afterwards do not speed it up, and a camera that
// alternates between two gaps in dim light has a rate between them.
func (s *Source) rate() (float64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.arrivals)
	if n < 2 || n < rateLeast && time.Since(s.opened)-s.arrivals[0] < ratePatience {
		return 0, false
	}
	gaps := make([]time.Duration, 0, n-1)
	for i := 1; i < n; i++ {
		gaps = append(gaps, s.arrivals[i]-s.arrivals[i-1])
	}
	slices.Sort(gaps)
	gaps = gaps[len(gaps)/4 : len(gaps)-len(gaps)/4]
	var sum time.Duration
	for _, gap := range gaps {
		sum += gap
	}
	return float64(time.Second) * float64(len(gaps)) / float64(max(sum, 1)), true
}
