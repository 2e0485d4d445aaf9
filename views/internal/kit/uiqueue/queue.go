// Package uiqueue stands in for Fyne's goroutine in tests: Fyne's test driver has none.
package uiqueue

import (
	"sync"
	"testing"
	"time"
)

// Queue stands in for Fyne's goroutine: the test runs what is queued, on its
// own goroutine.
type Queue struct {
	mu      sync.Mutex
	Waiting []func()
	more    chan struct{}
}

// New makes an empty queue.
func New() *Queue { return &Queue{more: make(chan struct{}, 1)} }

// Do queues a function. It may be called from any goroutine.
func (q *Queue) Do(f func()) {
	q.mu.Lock()
	q.Waiting = append(q.Waiting, f)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// Run runs what is queued, on the goroutine of the test.
func (q *Queue) Run() {
	for {
		q.mu.Lock()
		if len(q.Waiting) == 0 {
			q.mu.Unlock()
			return
		}
		f := q.Waiting[0]
		q.Waiting = q.Waiting[1:]
		q.mu.Unlock()
		f()
	}
}

// Until runs what is queued until the condition holds.
func (q *Queue) Until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		q.Run()
		if holds() {
			return
		}
		select {
		case <-q.more:
		case <-time.After(5 * time.Millisecond):
		case <-limit:
			t.Fatalf("never came: %s", what)
		}
	}
}
