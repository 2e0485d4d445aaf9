package kit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Workers runs what takes time away from the window's goroutine, and owns it:
// stop ends all of it. start and stop are called on the window's goroutine.
type Workers struct {
	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup
	closed atomic.Bool
	Queue  func(func()) // hands a function to the window's goroutine: fyne.Do
}

// NewWorkers takes what hands functions to the window's goroutine.
func NewWorkers(queue func(func())) *Workers {
	ctx, cancel := context.WithCancel(context.Background())
	return &Workers{ctx: ctx, cancel: cancel, Queue: queue}
}

// Do runs f on the window's goroutine, soon. After stop nothing is run any
// more: the window is gone.
func (w *Workers) Do(f func()) {
	if w.closed.Load() {
		return
	}
	w.Queue(func() {
		if !w.closed.Load() {
			f()
		}
	})
}

// Job is one running worker. A nil job is one that never ran.
type Job struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// Stop cancels the worker; it does not wait for it.
func (j *Job) Stop() {
	if j != nil {
		j.cancel()
	}
}

// Wait waits until the worker has ended.
func (j *Job) Wait() {
	if j != nil {
		<-j.done
	}
}

// Start runs a worker until it returns; its context ends with the job or with
// all workers.
func (w *Workers) Start(work func(context.Context)) *Job {
	ctx, cancel := context.WithCancel(w.ctx)
	j := &Job{cancel: cancel, done: make(chan struct{})}
	if w.closed.Load() {
		cancel()
		close(j.done)
		return j
	}
	w.wait.Add(1)
	go func() {
		defer w.wait.Done()
		defer close(j.done)
		defer cancel()
		work(ctx)
	}()
	return j
}

// Stop cancels all workers; ended is closed when the last has returned.
func (w *Workers) Stop() (ended <-chan struct{}) {
	w.closed.Store(true)
	w.cancel()
	done := make(chan struct{})
	go func() {
		w.wait.Wait()
		close(done)
	}()
	return done
}

// Latest shows values on the window's goroutine: the newest wins, and at most
// one is on its way, because fyne.Do's queue has no bound.
type Latest[T any] struct {
	Do   func(func())
	Show func(T)

	mu      sync.Mutex
	value   T
	pending bool
}

// Put hands a value over. It may be called from any goroutine.
func (l *Latest[T]) Put(v T) {
	l.mu.Lock()
	l.value = v
	waiting := l.pending
	l.pending = true
	l.mu.Unlock()
	if waiting {
		return
	}
	l.Do(func() {
		l.mu.Lock()
		v := l.value
		l.pending = false
		l.mu.Unlock()
		l.Show(v)
	})
}

// Pause waits for a while. It is false where the context ended first.
func Pause(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
