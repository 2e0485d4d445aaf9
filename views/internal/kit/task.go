package kit

import (
	"context"

	"fyne.io/fyne/v2/widget"

	"facematch/matcher"
)

// Task runs one long piece of work at a time away from the window's goroutine. It
// shows on a bar how far the work is, and gives its answer only while that is still
// wanted. Its methods are for the window's goroutine.
type Task struct {
	work    *Workers
	bar     *widget.ProgressBar // nil: progress is not shown
	running *Job                // the one whose answer is wanted; nil: none
	Last    *Job                // the newest, which may go on for a while after drop
}

// NewTask makes a task that runs nothing yet.
func NewTask(work *Workers, bar *widget.ProgressBar) *Task { return &Task{work: work, bar: bar} }

// Busy says whether an answer is awaited.
func (t *Task) Busy() bool { return t.running != nil }

// Start runs work and then, on the window's goroutine, done with its error. Work that
// was running is dropped. The error is the context's where the work was cancelled.
func (t *Task) Start(work func(ctx context.Context, progress matcher.ProgressFunc) error, done func(err error)) {
	t.Drop()
	if t.bar != nil {
		t.bar.SetValue(0)
		t.bar.Show()
	}
	var mine *Job
	amount := &Latest[matcher.Progress]{Do: t.work.Do, Show: func(p matcher.Progress) {
		if t.running == mine && t.bar != nil && p.Total > 0 {
			t.bar.SetValue(float64(p.Done) / float64(p.Total))
		}
	}}
	mine = t.work.Start(func(ctx context.Context) {
		err := work(ctx, amount.Put)
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		t.work.Do(func() {
			if t.running == mine {
				t.end()
				done(err)
			}
		})
	})
	t.running, t.Last = mine, mine
}

// Cancel asks the work to end. Its answer still comes.
func (t *Task) Cancel() { t.running.Stop() }

// Drop cancels the work and does without its answer.
func (t *Task) Drop() {
	t.running.Stop()
	t.end()
}

func (t *Task) end() {
	t.running = nil
	if t.bar != nil {
		t.bar.Hide()
	}
}
