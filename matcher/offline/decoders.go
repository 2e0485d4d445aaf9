package offline

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"facematch/matcher"
)

// decoders are the processes that read clips: at most as many as the computer has
// cores. They are started when first needed and stay for the next clip; where one
// is ended, another is started at once, so that nobody waits for it.
type decoders struct {
	program   string         // empty: this one
	arguments []string       // of its command line
	prepare   func(*decoder) // by tests; may be nil
	places    chan struct{}  // one for each clip that is read
	starter   starter
	open      context.Context // until close
	end       context.CancelFunc
	restarts  atomic.Int64 // how many were ended so that another takes their place

	mu       sync.Mutex
	closed   bool
	idle     []*decoder // the one used last comes last
	starting int
	waiting  []chan started // in the order they came
	trim     *time.Timer
	starts   sync.WaitGroup
}

// started is a decoder, or why there is none.
type started struct {
	decoder *decoder
	err     error
}

func newDecoders(most int, program string) *decoders {
	if program == "" {
		program = os.Getenv(programEnv)
	}
	open, end := context.WithCancel(context.Background())
	return &decoders{program: program, arguments: []string{DecodeCommand}, starter: starter{program: program},
		places: make(chan struct{}, most), open: open, end: end}
}

// film begins to read a clip in another process. The film ends with the context; it
// must be ended in any case. A clip that does a decoder harm harms no other: where
// one that had read other clips breaks, a new one reads this clip, as long as no
// frame of it was handed on. Afterwards nobody could tell which frames to believe.
// The problems of opening and reading are clip.reader_broke, clip.too_slow,
// clip.temp, what is wrong with the clip, and engine.failed where no process can be
// started.
func (p *decoders) film(ctx context.Context, j job, report func(read int)) (openedFilm, error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	d, err := p.take(ctx)
	if err != nil {
		<-p.places
		return nil, err
	}
	most := 0
	f := &clipFilm{decoders: p, ctx: ctx, job: j, decoder: d, usedBefore: d.clips > 0}
	f.report = func(read int) { // which may begin again
		if read > most {
			most = read
			report(read)
		}
	}
	if err := d.begin(ctx, j, f.report); err != nil {
		f.finish(err)
		return nil, err
	}
	return f, nil
}

// clipFilm is a matcher.Film of a clip that a decoder reads.
type clipFilm struct {
	decoders *decoders
	ctx      context.Context // of the whole film
	job      job
	report   func(int)

	mu         sync.Mutex // held while a frame is waited for
	decoder    *decoder
	usedBefore bool // it may suffer from another clip
	handed     bool // a frame
	err        error
	unsampled  int
}

var _ openedFilm = (*clipFilm)(nil)

// errEnded is a film that was ended before its last frame.
var errEnded = matcher.NewProblem("problem.internal", errors.New("the film was ended"))

// Next gives the next sampled frame; see matcher.Film.
func (f *clipFilm) Next(ctx context.Context) (matcher.Frame, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.err == nil {
		stop := context.AfterFunc(f.ctx, f.decoder.kill)
		frame, err := f.decoder.next(ctx)
		stop()
		if err == nil {
			f.handed = true
			return frame, nil
		}
		if f.ctx.Err() != nil {
			err = f.ctx.Err()
		}
		var broke *matcher.Problem
		if f.usedBefore && !f.handed && errors.As(err, &broke) && broke.Key == "clip.reader_broke" {
			err = f.again()
		}
		if err != nil {
			f.finish(err)
		}
	}
	return matcher.Frame{}, f.err
}

// again begins once more, with a new decoder.
func (f *clipFilm) again() error {
	f.decoder.close()
	f.decoders.restarts.Add(1)
	f.decoder, f.usedBefore = nil, false
	d, err := f.decoders.start()
	if err != nil {
		return err
	}
	f.decoder = d
	return d.begin(f.ctx, f.job, f.report)
}

// Unsampled is how many jumps of the picture were not sampled on both sides.
func (f *clipFilm) Unsampled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.unsampled
}

// end gives back what the film holds; see openedFilm.
func (f *clipFilm) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		if f.ctx.Err() != nil {
			f.finish(f.ctx.Err())
		} else {
			f.finish(errEnded)
		}
	}
}

// finish keeps the decoder for the next clip if it has read a good one to its end,
// or was not even asked. After anything else it may be in other hands.
func (f *clipFilm) finish(err error) {
	f.err = err
	d, p := f.decoder, f.decoders
	defer func() { <-p.places }()
	if d == nil {
		return
	}
	unasked := d.hearing == nil
	if err == io.EOF {
		f.unsampled = d.hearing.unsampled
	}
	d.forget()
	if err != io.EOF && !unasked || d.worn() {
		d.close()
		p.restarts.Add(1)
		p.warm()
		return
	}
	p.hand(started{decoder: d})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trim == nil {
		p.trim = time.AfterFunc(idleFor, p.rest)
	}
	p.trim.Reset(idleFor)
}

// warm has a decoder started, unless there is one for the next clip.
func (p *decoders) warm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed && len(p.idle)+p.starting == 0 {
		p.startMore(1)
	}
}

// take gives the caller a decoder.
func (p *decoders) take(ctx context.Context) (*decoder, error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		d := p.idle[last]
		p.idle = p.idle[:last]
		if d.alive() {
			p.mu.Unlock()
			if d.clips == decoderClips-1 { // this is its last
				p.warm()
			}
			return d, nil
		}
		d.close()
		p.restarts.Add(1)
	}
	if p.closed {
		p.mu.Unlock()
		return nil, closed(errors.New("no clips are read any more"))
	}
	mine := make(chan started, 1)
	p.waiting = append(p.waiting, mine)
	p.startMore(len(p.waiting) - p.starting)
	p.mu.Unlock()
	select {
	case s := <-mine:
		return s.decoder, s.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.waiting = slices.DeleteFunc(p.waiting, func(w chan started) bool { return w == mine })
	p.mu.Unlock()
	select {
	case s := <-mine: // it came at the same moment
		p.hand(s)
	default:
	}
	return nil, ctx.Err()
}

// startMore has n decoders started in the background; p.mu is held.
func (p *decoders) startMore(n int) {
	for range n {
		p.starting++
		p.starts.Add(1)
		go func() {
			defer p.starts.Done()
			d, err := p.start()
			p.mu.Lock()
			p.starting--
			p.mu.Unlock()
			p.hand(started{d, err})
		}()
	}
}

// start starts a decoder, a second time where the first came to nothing: it may
// have been killed by a system short of memory.
func (p *decoders) start() (*decoder, error) {
	d, err := startDecoder(p.open, p.starter.do, p.program, p.arguments...)
	if err != nil && p.open.Err() == nil {
		d, err = startDecoder(p.open, p.starter.do, p.program, p.arguments...)
	}
	if err != nil {
		return nil, matcher.NewProblem("engine.failed", err)
	}
	if p.prepare != nil {
		p.prepare(d)
	}
	return d, nil
}

// hand gives a decoder to the one who waits, or lays it aside. An error that there is no
// decoder goes to the one who waits as well.
func (p *decoders) hand(s started) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.waiting) > 0:
		p.waiting[0] <- s
		p.waiting = p.waiting[1:]
	case s.err != nil:
	case p.closed:
		s.decoder.close()
	default:
		p.idle = append(p.idle, s.decoder)
	}
}

// rest ends all decoders but one, when none has been used for idleFor.
func (p *decoders) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 1 {
		p.idle[0].close()
		p.idle = p.idle[1:]
	}
}

// close ends all decoders. No clip may be read any more.
func (p *decoders) close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	p.end()
	if p.trim != nil {
		p.trim.Stop()
	}
	p.mu.Unlock()
	p.starts.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.idle {
		d.close()
	}
	p.idle = nil
	p.starter.close()
}

// starter starts processes from one thread of its own. What the thread may not do
// they may not do either, and the system ends them together with it.
type starter struct {
	program string // they may run it besides this one
	once    sync.Once
	calls   chan func()
}

// do calls start on the thread and returns what it returns.
func (s *starter) do(start func() error) error {
	s.once.Do(func() {
		s.calls = make(chan func())
		go func() {
			runtime.LockOSThread()       // for good: the thread ends with this goroutine
			_ = confineStarts(s.program) // as far as this system can
			for call := range s.calls {
				call()
			}
		}()
	})
	done := make(chan error, 1)
	s.calls <- func() { done <- start() }
	return <-done
}

// close ends the thread. Nothing may be started any more.
func (s *starter) close() {
	s.once.Do(func() {})
	if s.calls != nil {
		close(s.calls)
	}
}
