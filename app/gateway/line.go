package gateway

import (
	"context"
	"slices"
	"sync"
	"time"
)

// line is where requests with files wait: a bounded number is inside, and few of
// those are checked at once. Callers take turns: one that asks for many checks at
// once waits for its own, and does not keep the counter beside it waiting.
type line struct {
	places int // for all
	share  int // for one caller
	atOnce int

	mu      sync.Mutex
	inside  map[string]int // places each caller holds
	taken   int            // all of them
	running int
	waiting map[string][]chan struct{} // each caller's, first come first served; closed when it is its turn
	callers []string                   // that have some waiting, the next one first
	took    time.Duration              // a check takes, as it was of late
}

func newLine(places, share, atOnce int) *line {
	return &line{
		places: places, share: share, atOnce: atOnce, took: firstGuess,
		inside: map[string]int{}, waiting: map[string][]chan struct{}{},
	}
}

// enter takes a place, or refuses at once where this caller has no free place.
func (l *line) enter(caller string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken >= l.places || l.inside[caller] >= l.share {
		wait := time.Duration(l.taken) * l.took / time.Duration(2*l.atOnce)
		return nil, retry("too many checks are waiting: try again later", min(max(wait, time.Second), longestWait))
	}
	l.taken++
	l.inside[caller]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.taken--
		if l.inside[caller]--; l.inside[caller] == 0 {
			delete(l.inside, caller)
		}
	}, nil
}

// turn waits until it is this one's turn, which ends with done. The error is the
// context's.
func (l *line) turn(ctx context.Context, caller string) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ticket := l.queue(caller)
	select {
	case <-ticket:
	case <-ctx.Done():
		l.leave(caller, ticket)
		return nil, ctx.Err()
	}
	began := time.Now()
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.took += (time.Since(began) - l.took) / 8
		l.next()
	}, nil
}

// queue takes a ticket; it is called at once where no other waits.
func (l *line) queue(caller string) (ticket chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ticket = make(chan struct{})
	if l.running < l.atOnce {
		l.running++
		close(ticket)
		return ticket
	}
	if len(l.waiting[caller]) == 0 {
		l.callers = append(l.callers, caller)
	}
	l.waiting[caller] = append(l.waiting[caller], ticket)
	return ticket
}

// queued is how many wait for their turn; l.mu is held.
func (l *line) queued() int {
	n := 0
	for _, tickets := range l.waiting {
		n += len(tickets)
	}
	return n
}

// leave gives a ticket back, whose turn may have come meanwhile.
func (l *line) leave(caller string, ticket chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.waiting[caller], ticket)
	if at < 0 {
		l.next()
		return
	}
	l.waiting[caller] = slices.Delete(l.waiting[caller], at, at+1)
	if len(l.waiting[caller]) == 0 {
		delete(l.waiting, caller)
		l.callers = slices.DeleteFunc(l.callers, func(c string) bool { return c == caller })
	}
}

// next gives the turn of one that has ended to the next caller's first. The caller
// holds the lock.
func (l *line) next() {
	if len(l.callers) == 0 {
		l.running--
		return
	}
	caller := l.callers[0]
	l.callers = l.callers[1:]
	first := l.waiting[caller][0]
	if l.waiting[caller] = l.waiting[caller][1:]; len(l.waiting[caller]) > 0 {
		l.callers = append(l.callers, caller)
	} else {
		delete(l.waiting, caller)
	}
	close(first)
}
