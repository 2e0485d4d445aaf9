package gateway

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// line is where requests with files wait: a bounded number is inside, and few of
// those are checked at once, first come first served.
type line struct {
	inside chan struct{}
	turns  *semaphore.Weighted
	atOnce int64
	took   atomic.Int64 // nanoseconds a check takes, as it was of late
}

func newLine(inside, atOnce int) *line {
	l := &line{inside: make(chan struct{}, inside), turns: semaphore.NewWeighted(int64(atOnce)), atOnce: int64(atOnce)}
	l.took.Store(int64(firstGuess))
	return l
}

// enter takes a place, or refuses at once where there is none.
func (l *line) enter() (leave func(), err error) {
	select {
	case l.inside <- struct{}{}:
		return func() { <-l.inside }, nil
	default:
		wait := time.Duration(int64(len(l.inside)) * l.took.Load() / l.atOnce / 2)
		return nil, retry("too many checks are waiting: try again later", min(max(wait, time.Second), longestWait))
	}
}

// turn waits until it is this one's turn, which ends with done. The error is the
// context's.
func (l *line) turn(ctx context.Context) (done func(), err error) {
	if err := l.turns.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	began := time.Now()
	return func() {
		before := l.took.Load()
		l.took.Store(before + (int64(time.Since(began))-before)/8)
		l.turns.Release(1)
	}, nil
}
