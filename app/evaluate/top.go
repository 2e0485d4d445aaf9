package evaluate

import (
	"slices"
	"sync"
)

// top keeps the first so many of many values in an order; several goroutines may
// add to it. It holds at most twice as many.
type top[T any] struct {
	most    int
	compare func(a, b T) int

	mu   sync.Mutex
	all  []T
	last T // of the first, once there are so many
	full bool
}

func newTop[T any](most int, compare func(a, b T) int) *top[T] {
	return &top[T]{most: most, compare: compare}
}

// least is the last value that was among the first when they were last sorted. A value
// behind it need not be added. False: any value may be among the first.
func (t *top[T]) least() (T, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last, t.full
}

func (t *top[T]) add(values []T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all = append(t.all, values...); len(t.all) > 2*t.most {
		t.cut()
	}
}

// best are the first of all that were added, in order.
func (t *top[T]) best() []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cut()
	return t.all
}

func (t *top[T]) cut() {
	slices.SortFunc(t.all, t.compare)
	if len(t.all) >= t.most {
		t.all = t.all[:t.most]
		t.last, t.full = t.all[t.most-1], true
	}
}
