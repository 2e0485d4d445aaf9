package background

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestRunReturnsTheResult(t *testing.T) {
	var g Group
	defer g.Close()
	if got, err := Run(context.Background(), &g, func() (int, error) { return 7, nil }); got != 7 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	broken := errors.New("broken")
	if _, err := Run(context.Background(), &g, func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestCallerLeavesAndCloseWaits(t *testing.T) {
	var g Group
	ctx, cancel := context.WithCancel(context.Background())
	release, started := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	go func() {
		<-started
		cancel()
	}()
	_, err := Run(ctx, &g, func() (int, error) {
		close(started)
		<-release
		finished.Store(true)
		return 1, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the context's error", err)
	}
	if finished.Load() {
		t.Fatal("the work cannot have finished yet")
	}
	go close(release)
	g.Close()
	if !finished.Load() {
		t.Error("Close returned before the work was done")
	}
}

func TestClosedAndCancelledDoNoWork(t *testing.T) {
	var g Group
	work := func() (int, error) {
		t.Error("the work ran")
		return 0, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, &g, work); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	g.Close()
	g.Close()
	if _, err := Run(context.Background(), &g, work); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// Close may come while others start work: each of them either runs to its end
// or is refused.
func TestCloseWhileOthersStart(t *testing.T) {
	var g Group
	var ran, refused atomic.Int32
	var callers sync.WaitGroup
	for range 20 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			_, err := Run(context.Background(), &g, func() (int, error) {
				ran.Add(1)
				return 0, nil
			})
			if errors.Is(err, ErrClosed) {
				refused.Add(1)
			}
		}()
	}
	g.Close()
	callers.Wait()
	if ran.Load()+refused.Load() != 20 {
		t.Errorf("%d ran, %d refused", ran.Load(), refused.Load())
	}
}
