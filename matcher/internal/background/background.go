// Package background runs work that cannot be interrupted, such as a call into
// a C library: the caller leaves when its context ends, the work is left to
// finish, and Close waits for it.
package background

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned by Go and Run after Close.
var ErrClosed = errors.New("closed")

// Group owns work in the background. The zero value is ready.
type Group struct {
	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup
}

// Go does the work in a goroutine of the group. After Close it is ErrClosed and
// the work is not done.
func (g *Group) Go(work func()) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	g.work.Add(1)
	go func() {
		defer g.work.Done()
		work()
	}()
	return nil
}

// Run does the work in a goroutine of the group and returns what it returns, or
// the context's error as soon as the context ends; the result then is dropped.
func Run[T any](ctx context.Context, g *Group, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none result
	if err := ctx.Err(); err != nil {
		return none.value, err
	}
	done := make(chan result, 1)
	err := g.Go(func() {
		value, err := work()
		done <- result{value, err}
	})
	if err != nil {
		return none.value, err
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none.value, ctx.Err()
	}
}

// Close refuses new work and waits for what still runs. It may be called again.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.work.Wait()
}
