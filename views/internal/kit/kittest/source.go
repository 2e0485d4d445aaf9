package kittest

import (
	"context"
	"errors"
	"image"
	"sync"
	"time"

	"facematch/app"
)

// Source gives what the test puts into it.
type Source struct {
	Mu      sync.Mutex
	seq     uint64
	live    app.Live
	advice  app.Advice
	changed chan struct{} // closed at each change
	closed  bool
	Waiters int
	Fails   int // how many of the next advices are errors

	OnFilm func(context.Context, app.ProgressFunc) (app.Film, error)
	Cut    app.Part
	Driver string // of a virtual camera; set before the source is handed out
}

// NewSource makes a source with one picture.
func NewSource() *Source {
	s := &Source{changed: make(chan struct{})}
	s.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	return s
}

func (s *Source) change(f func()) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// ShowFrame gives the next picture.
func (s *Source) ShowFrame(picture *image.RGBA) {
	s.change(func() {
		s.seq++
		s.live.Seq = s.seq
		s.live.Problem = nil
		s.live.Frame = app.Frame{Image: picture, Seq: s.live.Seq}
	})
}

// ShowProblem gives a problem in place of a picture.
func (s *Source) ShowProblem(p *app.Problem) {
	s.change(func() {
		s.seq++
		s.live.Seq = s.seq
		s.live.Problem = p
		s.live.Frame = app.Frame{}
	})
}

// GiveAdvice gives the next advice.
func (s *Source) GiveAdvice(a app.Advice) {
	s.change(func() {
		s.seq++
		a.Seq = s.seq
		s.advice = a
	})
}

// wait waits until ready says so, the context ends or the source is closed.
func (s *Source) wait(ctx context.Context, ready func() bool) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Waiters++
	defer func() { s.Waiters-- }()
	for {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case s.closed:
			return errors.New("closed")
		case ready():
			return nil
		}
		changed := s.changed
		s.Mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.Mu.Lock()
	}
}

// Next is part of app.Source.
func (s *Source) Next(ctx context.Context, after uint64) (live app.Live, err error) {
	err = s.wait(ctx, func() bool { live = s.live; return s.live.Seq > after })
	return live, err
}

// Advise is part of app.Source.
func (s *Source) Advise(ctx context.Context, after uint64) (advice app.Advice, err error) {
	err = s.wait(ctx, func() bool { advice = s.advice; return s.Fails > 0 || s.advice.Seq > after })
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if err == nil && s.Fails > 0 {
		s.Fails--
		err = errors.New("no faces today")
	}
	return advice, err
}

// Film is part of app.Source.
func (s *Source) Film(ctx context.Context, _ time.Duration, p app.ProgressFunc) (app.Film, error) {
	return s.OnFilm(ctx, p)
}

// Record is part of app.Source.
func (s *Source) Record(context.Context, time.Duration, app.ProgressFunc) (app.Clip, error) {
	return app.Clip{}, nil
}

// Virtual is part of app.Source.
func (s *Source) Virtual() string { return s.Driver }

// Part is part of app.Source.
func (s *Source) Part() app.Part { return s.Cut }

// Whole gives a picture twice as wide as the one it has.
func (s *Source) Whole(ctx context.Context) (*image.RGBA, error) {
	var live app.Live
	if err := s.wait(ctx, func() bool { live = s.live; return s.live.Problem == nil }); err != nil {
		return nil, err
	}
	size := live.Frame.Image.Rect.Size()
	return image.NewRGBA(image.Rect(0, 0, 2*size.X, size.Y)), nil
}

// Close is part of app.Source.
func (s *Source) Close() error {
	s.change(func() { s.closed = true })
	return nil
}

// IsClosed says whether Close was called.
func (s *Source) IsClosed() bool {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.closed
}
