package views

import (
	"context"

	"fyne.io/fyne/v2/widget"

	"facematch/matcher"
)

// task runs one long piece of work at a time away from the window's goroutine. It
// shows on a bar how far the work is, and gives its answer only while that is still
// wanted. Its methods are for the window's goroutine.
type task struct {
	work    *workers
	bar     *widget.ProgressBar // nil: progress is not shown
	running *job                // the one whose answer is wanted; nil: none
	last    *job                // the newest, which may go on for a while after drop
}

// newTask makes a task that runs nothing yet.
func newTask(work *workers, bar *widget.ProgressBar) *task { return &task{work: work, bar: bar} }

// busy says whether an answer is awaited.
func (t *task) busy() bool { return t.running != nil }

// start runs work and then, on the window's goroutine, done with its error. Work that
// was running is dropped. The error is the context's where the work was cancelled.
func (t *task) start(work func(ctx context.Context, progress matcher.ProgressFunc) error, done func(err error)) {
	t.drop()
	if t.bar != nil {
		t.bar.SetValue(0)
		t.bar.Show()
	}
	var mine *job
	amount := &latest[matcher.Progress]{do: t.work.do, show: func(p matcher.Progress) {
		if t.running == mine && t.bar != nil && p.Total > 0 {
			t.bar.SetValue(float64(p.Done) / float64(p.Total))
		}
	}}
	mine = t.work.start(func(ctx context.Context) {
		err := work(ctx, amount.put)
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		t.work.do(func() {
			if t.running == mine {
				t.end()
				done(err)
			}
		})
	})
	t.running, t.last = mine, mine
}

// cancel asks the work to end. Its answer still comes.
func (t *task) cancel() { t.running.stop() }

// drop cancels the work and does without its answer.
func (t *task) drop() {
	t.running.stop()
	t.end()
}

func (t *task) end() {
	t.running = nil
	if t.bar != nil {
		t.bar.Hide()
	}
}
