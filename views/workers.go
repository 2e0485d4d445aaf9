package views

import (
	"context"
	"sync"
	"sync/atomic"
)

// workers runs what takes time away from the window's goroutine, and owns it:
// stop ends all of it. start and stop are called on the window's goroutine.
type workers struct {
	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup
	closed atomic.Bool
	queue  func(func()) // hands a function to the window's goroutine: fyne.Do
}

func newWorkers(queue func(func())) *workers {
	ctx, cancel := context.WithCancel(context.Background())
	return &workers{ctx: ctx, cancel: cancel, queue: queue}
}

// do runs f on the window's goroutine, soon. After stop nothing is run any
// more: the window is gone.
func (w *workers) do(f func()) {
	if w.closed.Load() {
		return
	}
	w.queue(func() {
		if !w.closed.Load() {
			f()
		}
	})
}

// job is one running worker. A nil job is one that never ran.
type job struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func (j *job) stop() {
	if j != nil {
		j.cancel()
	}
}

// over waits until the worker has ended.
func (j *job) over() {
	if j != nil {
		<-j.done
	}
}

// start runs a worker until it returns; its context ends with the job or with
// all workers.
func (w *workers) start(work func(context.Context)) *job {
	ctx, cancel := context.WithCancel(w.ctx)
	j := &job{cancel: cancel, done: make(chan struct{})}
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

// stop cancels all workers; ended is closed when the last has returned.
func (w *workers) stop() (ended <-chan struct{}) {
	w.closed.Store(true)
	w.cancel()
	done := make(chan struct{})
	go func() {
		w.wait.Wait()
		close(done)
	}()
	return done
}

// latest shows values on the window's goroutine: the newest wins, and at most
// one is on its way, because fyne.Do's queue has no bound.
type latest[T any] struct {
	do   func(func())
	show func(T)

	mu      sync.Mutex
	value   T
	pending bool
}

func (l *latest[T]) put(v T) {
	l.mu.Lock()
	l.value = v
	waiting := l.pending
	l.pending = true
	l.mu.Unlock()
	if waiting {
		return
	}
	l.do(func() {
		l.mu.Lock()
		v := l.value
		l.pending = false
		l.mu.Unlock()
		l.show(v)
	})
}
