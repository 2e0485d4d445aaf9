package app

import (
	"context"

	"facematch/app/history"
	"facematch/matcher"
)

// Stand-ins for what the history's other parts bring; their own replace this file.

type ExportInput struct {
	Filter history.Filter
	Checks []string
	Format string
	Names  bool
	File   string
}

type Exported struct {
	File   string
	Checks int64
	SHA256 string
	Head   history.Head
}

type OtherHistory interface {
	Checks(ctx context.Context, f history.Filter) ([]history.Row, error)
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Choices(ctx context.Context) (history.Choices, error)
	Detail(ctx context.Context, check string) (history.Detail, error)
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
	Close() error
}

func (d *Desk) Count(context.Context, history.Filter) (history.Counts, error) {
	return history.Counts{}, nil
}
func (d *Desk) Choices(context.Context) (history.Choices, error) { return history.Choices{}, nil }
func (d *Desk) Detail(context.Context, string) (history.Detail, error) {
	return history.Detail{}, matcher.NewProblem("store.check_unknown", nil)
}
func (d *Desk) Export(context.Context, ExportInput, matcher.ProgressFunc) (Exported, error) {
	return Exported{}, matcher.NewProblem("store.read_only", nil)
}
func (d *Desk) OpenHistory(context.Context, string) (OtherHistory, error) {
	return nil, matcher.NewProblem("store.foreign", nil)
}
