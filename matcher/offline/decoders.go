package offline

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"facematch/matcher"
)

// decoders are the processes that read clips: at most as many as the computer has
// cores. They are started when first needed and stay for the next clip; where one
// is ended, another is started at once, so that nobody waits for it.
type decoders struct {
	arguments []string       // of the program's command line
	prepare   func(*decoder) // by tests; may be nil
	places    chan struct{}  // one for each clip that is read
	starter   starter
	open      context.Context // until close
	end       context.CancelFunc

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

func newDecoders(most int) *decoders {
	open, end := context.WithCancel(context.Background())
	return &decoders{arguments: []string{DecodeCommand}, places: make(chan struct{}, most), open: open, end: end}
}

// read is readClip in another process. A clip that does a decoder harm harms no
// other: where one that had read other clips breaks, a new one reads this clip.
// Its further problems are clip.reader_broke, clip.too_slow, clip.temp, and
// engine.failed where no process can be started.
func (p *decoders) read(ctx context.Context, path string, report func(read int)) ([]matcher.Frame, error) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	most := 0
	forward := func(read int) { // which may begin again
		if read > most {
			most = read
			report(read)
		}
	}
	d, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	usedBefore := d.clips > 0
	frames, err := p.readWith(ctx, d, path, forward)
	var broke *matcher.Problem
	if usedBefore && errors.As(err, &broke) && broke.Key == "clip.reader_broke" {
		if d, err = p.start(); err != nil {
			return nil, err
		}
		return p.readWith(ctx, d, path, forward)
	}
	return frames, err
}

// readWith reads with this decoder, and keeps it for the next clip unless it met
// anything but a good one: it may be in other hands.
func (p *decoders) readWith(ctx context.Context, d *decoder, path string, report func(read int)) ([]matcher.Frame, error) {
	before := d.clips
	frames, err := d.read(ctx, path, report)
	if err != nil && d.clips > before || d.worn() {
		d.close()
		p.warm()
		return frames, err
	}
	p.hand(started{decoder: d})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trim == nil {
		p.trim = time.AfterFunc(idleFor, p.rest)
	}
	p.trim.Reset(idleFor)
	return frames, err
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
	d, err := startDecoder(p.open, p.starter.do, p.arguments...)
	if err != nil && p.open.Err() == nil {
		d, err = startDecoder(p.open, p.starter.do, p.arguments...)
	}
	if err != nil {
		return nil, matcher.NewProblem("engine.failed", err)
	}
	if p.prepare != nil {
		p.prepare(d)
	}
	return d, nil
}

// hand gives a decoder to whoever waits for one, or lays it aside. That there is
// none is told to one who waits.
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
	once  sync.Once
	calls chan func()
}

// do calls start on the thread and returns what it returns.
func (s *starter) do(start func() error) error {
	s.once.Do(func() {
		s.calls = make(chan func())
		go func() {
			runtime.LockOSThread() // for good: the thread ends with this goroutine
			_ = confineStarts()    // as far as this system can
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
